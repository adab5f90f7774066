"""A session without a browser: it speaks the dashboard's WebSocket as a browser does."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

_RERUN = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


@dataclass(slots=True)
class Widget:
    """A control that the server has sent.

    Attributes
    ----------
    id
        As the server names it.
    fragment
        The part of the page that runs again when it changes; empty for the whole page.
    options
        What can be chosen, as text.
    """

    id: str
    fragment: str
    options: list[str]


@dataclass(slots=True)
class Client:
    """One visitor.

    Attributes
    ----------
    widgets
        What stood on the last page, by key.
    pages
        The script of each page, by the end of its address.
    exceptions
        Messages of every exception that a page has shown.
    received
        Bytes that the server has sent.
    """

    url: str
    locale: str
    widgets: dict[str, Widget] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)
    received: int = 0
    _socket: Any = None
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _page: str = ""
    _query: str = ""

    async def arrive(self) -> None:
        """Open the dashboard as a new visitor."""
        await self.leave()
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await websockets.connect(
            address,
            subprotocols=["streamlit", secrets.token_hex(8)],
            origin=self.url,
            max_size=None,
            ping_interval=None,
        )
        await self._run()

    async def leave(self) -> None:
        """Close the connection and forget everything."""
        if self._socket is not None:
            await self._socket.close()
        self._states, self._page, self._query, self._socket = {}, "", "", None

    async def go(self, page: str) -> None:
        """Change the page."""
        self._page = self.pages[page]
        await self._run()

    async def set(self, key: str, value: str | list[str]) -> None:
        """Change a control of the page and wait for what it changes."""
        widget = self.widgets[key]
        state = WidgetState(id=widget.id)
        if isinstance(value, str):
            state.string_value = value
        else:
            state.string_array_value.data.extend(value)
        self._states[widget.id] = state
        await self._run(widget.fragment)

    async def click(self, chart: str, mark: str) -> None:
        """Click the point of a chart that carries a mark."""
        point = {"curve_number": 0, "point_index": 0, "customdata": [mark]}
        chosen = {"points": [point], "point_indices": [0], "box": [], "lasso": []}
        await self.set(f"chart_{chart}", json.dumps({"selection": chosen}))

    async def _run(self, fragment: str = "") -> None:
        if not fragment:
            self.widgets = {}
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self._query, self._page
        asked.fragment_id = fragment
        asked.widget_states.widgets.extend(self._states.values())
        asked.context_info.locale, asked.context_info.url = self.locale, self.url
        asked.context_info.timezone = "Asia/Shanghai"
        await self._socket.send(message.SerializeToString())
        while not self._take(await self._socket.recv()):
            pass

    def _take(self, data: bytes) -> bool:
        """Read one message; return whether the run is over."""
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
        elif kind == "navigation":
            for page in message.navigation.app_pages:
                self.pages[page.url_pathname] = page.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta":
            self._element(message.delta)
        return kind == "script_finished" and message.script_finished != _RERUN

    def _element(self, delta: Any) -> None:
        if not delta.HasField("new_element"):
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind) if kind else None
        if kind == "exception":
            self.exceptions.append(f"{element.type}: {element.message[:200]}")
        name = getattr(element, "id", "")
        if name.startswith("$$ID-"):
            options = [getattr(o, "content", o) for o in getattr(element, "options", ())]
            self.widgets[name.split("-", 2)[2]] = Widget(name, delta.fragment_id, options)
