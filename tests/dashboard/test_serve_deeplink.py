"""A link is still there after the login, and leads nowhere else."""

from __future__ import annotations

import asyncio

import pytest
from starlette.datastructures import Headers

from mentionstudy.dashboard import deeplink


def asked(path, query="", cookie="", **headers):
    given = {"accept": "text/html,*/*", **headers}
    if cookie:
        given["cookie"] = f"{deeplink.COOKIE}={cookie}"
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }


def answered(wrap, scope, status=200, **headers):
    """Send an answer through a wrapped `send`; return the headers that arrive."""
    arrived = []

    async def send(message):
        arrived.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    start = {"type": "http.response.start", "status": status, "headers": raw}
    asyncio.run(wrap(send, scope)(start))
    return Headers(raw=arrived[0]["headers"])


@pytest.mark.parametrize(
    ("path", "query", "wanted"),
    [
        (
            "/study",
            "model=market_adjusted&car=%5B0%2C0%5D",
            "study?model=market_adjusted&car=%5B0%2C0%5D",
        ),
        ("/studies/article", "article=1", "article?article=1"),
        ("/studies/", "lang=zh", "?lang=zh"),
        ("/", "", ""),
        ("/nowhere", "a=1", ""),
        ("/auth/login", "provider=default", ""),
        ("/studiesstudy/x", "a=1", ""),
        ("/_stcore/health", "", ""),
        ("/study", "x=" + "y" * 3_000, ""),
    ],
)
def test_a_page_is_known_by_its_address(monkeypatch, path, query, wanted):
    base = "studies" if path.startswith("/studies") else ""
    monkeypatch.setattr(deeplink.st, "get_option", {"server.baseUrlPath": base}.get)
    assert deeplink.wanted(asked(path, query)) == wanted


def test_only_a_reader_asks_for_a_page():
    assert deeplink.wanted(asked("/study", "a=1", accept="application/json")) == ""
    assert deeplink.wanted({**asked("/study", "a=1"), "method": "POST"}) == ""


def test_the_page_is_kept_and_led_to():
    kept = answered(deeplink.remembering, asked("/study", "model=garch&lang=zh"))["set-cookie"]
    assert all(word in kept for word in ("HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"))
    assert "Secure" not in kept
    proxied = asked("/study", "a=1", **{"x-forwarded-proto": "https"})
    assert "Secure" in answered(deeplink.remembering, proxied)["set-cookie"]
    cookie = kept.split(";")[0].partition("=")[2]
    led = answered(
        deeplink.returning,
        asked("/studies/oauth2callback", cookie=cookie),
        302,
        location="/studies/",
    )
    assert led["location"] == "/studies/study?model=garch&lang=zh"
    assert "Max-Age=0" in led["set-cookie"]


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.test/",
        "https://evil.test/",
        "study/../../evil",
        "\\\\evil.test",
        "study\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "oauth2callback?code=1",
    ],
)
def test_nothing_but_a_page_is_led_to(evil):
    assert deeplink.checked(evil) == ""
    led = answered(deeplink.returning, asked("/oauth2callback", cookie=evil), 302, location="/")
    assert led["location"] == "/"


def test_a_settings_text_cannot_break_out_of_the_address():
    target = deeplink.checked("study?q=a\r\nX: y&r=//evil.test")
    assert target == "study?q=a%0D%0AX%3A+y&r=%2F%2Fevil.test"


def test_a_redirect_to_the_provider_stays():
    scope = asked("/oauth2callback", cookie="study?a=1")
    led = answered(deeplink.returning, scope, 302, location="https://login.test/")
    assert led["location"] == "https://login.test/"
