"""The server: the pages behind a door that looks at every request before Streamlit does.

``mentionstudy dashboard`` runs this file with Streamlit, which finds `app` in it. The door refuses

- a name that this server was not told it has, on every path and not only on the WebSocket;
- a WebSocket or an upload that another site's page asks for. Streamlit refuses these too, but
  asks a host on the internet for this machine's address first;
- an upload by one who may not enter. What becomes of a file, the page decides that takes it.

And it leads one who has logged in to the page that was asked for; see `deeplink`.

What the pages import takes a second and a half, and reading a workspace of 10,000 events two more:
both are done while nobody waits for a page yet.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mentionstudy.dashboard import access, deeplink
from mentionstudy.dashboard.logins import LoginError

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}
_CHANGING = ("PUT", "POST", "DELETE", "PATCH")
_HEALTH = "/_stcore/health"  # probes ask by address
_UPLOAD = "/_stcore/upload_file/"


class Door:
    """ASGI middleware that refuses what must not reach the pages.

    Parameters
    ----------
    app
        What lies behind the door.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on and complete the answer's headers."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status = refusal(scope)
        if status is None:
            await self.app(scope, receive, _leading(_completing(send), scope))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            answer = PlainTextResponse(status.phrase, status, headers=HEADERS)
            await answer(scope, receive, send)


def refusal(scope: Scope) -> HTTPStatus | None:
    """Return the status with which a request is refused, or None.

    Parameters
    ----------
    scope
        An ASGI scope of a request or a WebSocket.
    """
    request = HTTPConnection(scope)
    path, host = scope["path"], request.headers.get("host", "")
    if not path.endswith(_HEALTH) and not _is_ours(host):
        return HTTPStatus.MISDIRECTED_REQUEST
    changing = scope["type"] == "websocket" or scope["method"] in _CHANGING
    origin = request.headers.get("origin")
    if changing and origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return HTTPStatus.FORBIDDEN
    uploading = changing and _UPLOAD in path and scope["type"] == "http"
    return HTTPStatus.FORBIDDEN if uploading and not _may_enter(request) else None


def _is_ours(host: str) -> bool:
    from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

    return is_host_allowed(host)


def _may_enter(request: HTTPConnection) -> bool:
    """Whether the bearer of the request's cookie may enter; nobody is asked without a login."""
    try:
        return access.lets_in(_claims(request) if access.needs_login() else {}, time.time())
    except LoginError:
        return False


def _claims(request: HTTPConnection) -> dict[str, Any]:
    """Return what the signed cookie says; Streamlit opens it for sessions only, not for uploads."""
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
    from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

    found = _get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    claims = json.loads(found) if found else {}
    return claims if isinstance(claims, dict) else {}


def _leading(send: Send, scope: Scope) -> Send:
    """Remember the page of one who has to log in first, and lead back to it afterwards."""
    if scope["type"] != "http" or not access.needs_login():
        return send
    if scope["path"].endswith(deeplink.CALLBACK):
        return deeplink.returning(send, scope)
    if not deeplink.wanted(scope) or _may_enter(HTTPConnection(scope)):
        return send
    return deeplink.remembering(send, scope)


def _completing(send: Send) -> Send:
    async def completed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return completed


@asynccontextmanager
async def _opening(_: st.App) -> AsyncIterator[None]:
    threading.Thread(target=_prepare, daemon=True, name="preparing").start()
    yield


def _prepare() -> None:
    """Do what the first page needs in its own order: who comes meanwhile waits for the rest."""
    from mentionstudy.dashboard import preferences, services, state  # noqa: F401
    from mentionstudy.dashboard.parts import averages, behind, frame, moves, sidebar  # noqa: F401

    try:
        frame.read_ahead()
    except Exception:  # the page meets it again, and says it to the one who can mend it
        logging.getLogger(__name__).debug("nothing was read ahead", exc_info=True)


app = st.App(
    Path(__file__).resolve().with_name("app.py"),
    lifespan=_opening,
    middleware=[Middleware(Door)],
)
