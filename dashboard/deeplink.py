"""The page that a visitor asked for before the login, kept for after it.

Streamlit leads everybody who has logged in to the first page. So the door remembers, in a cookie of
ten minutes, which page was asked for by one who may not enter yet, and leads there from the
provider's callback. Only a page of this dashboard is led to, whatever the cookie says.
"""

from __future__ import annotations

from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import Message, Scope, Send

COOKIE = "mentionstudy_page"
CALLBACK = "/oauth2callback"
_SECONDS = 600
_LONGEST = 2_000  # characters of an address; browsers keep cookies of 4,096


@cache
def _pages() -> frozenset[str]:
    """Name the pages as they stand in an address; the first has no name there."""
    views = Path(__file__).resolve().parent / "views"
    return frozenset(path.stem for path in views.glob("*.py")) - {"__init__", "overview"} | {""}


def wanted(scope: Scope) -> str:
    """Return the page and settings that a request asks for, or an empty text.

    Parameters
    ----------
    scope
        An ASGI scope of a request.

    Returns
    -------
    str
        Such as ``study?model=market``; empty for the bare first page and for anything that is no
        page.
    """
    if scope.get("method") != "GET" or "text/html" not in HTTPConnection(scope).headers.get(
        "accept", ""
    ):
        return ""
    base = f"{st.get_option('server.baseUrlPath') or ''}".strip("/")
    page = scope["path"].strip("/").removeprefix(base).strip("/")
    return checked(f"{page}?{scope.get('query_string', b'').decode('latin-1')}")


def checked(target: str) -> str:
    """Return an address if it is one of a page here, written anew; else an empty text.

    Parameters
    ----------
    target
        What `wanted` gave, back from a browser.
    """
    page, _, query = target.partition("?")
    if page not in _pages() or len(target) > _LONGEST:
        return ""
    again = urlencode(parse_qsl(query, keep_blank_values=True))
    return f"{page}?{again}" if again else page


def remembering(send: Send, scope: Scope) -> Send:
    """Wrap `send` so that the answer carries the page that was asked for."""
    target = wanted(scope)
    if not target:
        return send
    secure = HTTPConnection(scope).headers.get("x-forwarded-proto", scope.get("scheme")) == "https"
    return _with_cookie(send, target, _SECONDS, secure=secure)


def returning(send: Send, scope: Scope) -> Send:
    """Wrap `send` so that the callback's redirect leads to the page that was asked for."""
    target = checked(HTTPConnection(scope).cookies.get(COOKIE, ""))
    if not target:
        return send
    clearing = _with_cookie(send, "", 0, secure=False)

    async def led(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 302:
            headers = MutableHeaders(scope=message)
            home = headers.get("location", "")
            if home.endswith("/") and "//" not in home:  # ours, and not the provider's
                headers["location"] = home + target
        await clearing(message)

    return led


def _with_cookie(send: Send, value: str, seconds: int, *, secure: bool) -> Send:
    cookie: SimpleCookie = SimpleCookie({COOKIE: value})
    facts = {"path": "/", "max-age": seconds, "samesite": "Lax", "httponly": True, "secure": secure}
    for name, fact in facts.items():
        cookie[COOKIE][name] = fact

    async def carried(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie[COOKIE].OutputString())
        await send(message)

    return carried
