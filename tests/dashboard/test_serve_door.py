"""The door before the pages: foreign names, foreign pages and unwanted files stay outside."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from streamlit import config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from mentionstudy.dashboard import access, server
from mentionstudy.dashboard.server import Door, refusal

SECRET = "0123456789abcdef0123456789abcdef"
AUTH = {"cookie_secret": SECRET, "redirect_uri": "http://localhost:8501/oauth2callback"}
OURS = "localhost:8501"
UPLOAD = "/_stcore/upload_file/session/file"


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Give the server its names, and no guard but loopback's."""
    said = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", ["localhost", "*.firm.example"])
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "local")
    monkeypatch.delenv("MENTIONSTUDY_READ_ONLY", raising=False)
    yield
    config.set_option("server.allowedHosts", said)


@pytest.fixture
def guarded(monkeypatch):
    """Return a function that demands a login, under rules."""

    def demand(**rules):
        monkeypatch.setenv("MENTIONSTUDY_ACCESS", "login")
        monkeypatch.setattr(access, "_secrets", {"auth": AUTH, "mentionstudy": rules}.get)
        monkeypatch.setattr(
            "streamlit.web.server.starlette.starlette_websocket.get_cookie_secret", lambda: SECRET
        )

    return demand


def asked(path="/", method="GET", kind="http", **headers):
    given = {"host": OURS, **headers}
    scope = {
        "type": kind,
        "path": path,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    return scope if kind == "websocket" else {**scope, "method": method}


def cookie(claims, secret=SECRET):
    value = create_signed_value(secret, "_streamlit_user", json.dumps(claims)).decode()
    return f"_streamlit_user={value}"


def ann(**more):
    return {"is_logged_in": True, "iat": time.time(), "email": "ann@firm.example", **more}


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        (asked(), None),
        (asked(host="studies.firm.example"), None),
        (asked(host="rebinding.test"), 421),
        (asked(host=""), 421),
        (asked(host="localhost@evil.test"), 421),
        (asked("/_stcore/health", host="10.0.0.7:8501"), None),
        (asked("/studies/_stcore/health", host="10.0.0.7:8501"), None),
        (asked(kind="websocket", origin="http://localhost:8501"), None),
        (asked(kind="websocket", origin="http://LOCALHOST:8501"), None),
        (asked(kind="websocket"), None),
        (asked(kind="websocket", origin="http://evil.test"), 403),
        (asked(kind="websocket", origin="http://localhost:9999"), 403),
        (asked(kind="websocket", origin="null"), 403),
        (asked(origin="http://evil.test"), None),  # reading across sites the browser forbids
        (asked(UPLOAD, "PUT", origin="http://localhost:8501"), None),
        (asked(UPLOAD, "PUT", origin="http://evil.test"), 403),
        (asked(UPLOAD, "DELETE", origin="http://evil.test"), 403),
    ],
)
def test_names_and_origins(scope, status):
    assert refusal(scope) == status


def test_a_server_that_nobody_guards_takes_no_file(monkeypatch):
    assert refusal(asked(UPLOAD, "PUT")) is None
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "anything")
    assert refusal(asked(UPLOAD, "PUT")) == 403
    assert refusal(asked(UPLOAD, "GET")) is None


@pytest.mark.parametrize(
    ("rules", "header", "status"),
    [
        ({}, "", 403),
        ({}, cookie(ann()), None),
        ({}, cookie(ann(), secret="f" * 32), 403),
        ({}, cookie(ann(iat=0)), 403),
        ({}, cookie(["no claims"]), 403),
        ({"allowed_users": ["ben@firm.example"]}, cookie(ann()), 403),
        ({"editors": ["ben@firm.example"]}, cookie(ann()), None),  # a study to look at
        ({"allowed_user": ["ann@firm.example"]}, cookie(ann()), 403),
    ],
    # a cookie carries the second it was made in, which no name of a test may
    ids=[
        "no-cookie",
        "anybody",
        "another-secret",
        "long-ago",
        "no-claims",
        "not-listed",
        "no-editor",
        "misspelt-rule",
    ],
)
def test_only_one_who_may_enter_sends_a_file(guarded, rules, header, status):
    guarded(**rules)
    assert refusal(asked(UPLOAD, "PUT", cookie=header)) == status


def test_the_door_answers_itself_and_completes_what_passes():
    async def inside(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    def through(scope):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "websocket.connect"}

        asyncio.run(Door(inside)(scope, receive, send))
        return sent

    passed = through(asked())
    assert passed[1]["body"] == b"inside"
    assert {(k.decode(), v.decode()) for k, v in passed[0]["headers"]} == {
        (name.lower(), value) for name, value in server.HEADERS.items()
    }
    assert through(asked(host="rebinding.test"))[0]["status"] == 421
    assert through(asked(kind="websocket", origin="http://evil.test")) == [
        {"type": "websocket.close", "code": 1008}
    ]
