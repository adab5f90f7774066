"""A server on loopback that speaks the upstreams' formats, and the redirect that leads to it.

The real akshare functions run against it unchanged: only the address of a request is replaced, at
`requests.adapters.HTTPAdapter.send`. The original host travels in a header, so that one server
plays all of them. `MarketServer.fail` makes a family of hosts misbehave in the ways that were seen.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests.adapters
from replay_market import Action, Market, Stock
from replay_upstreams import Reply, answer

ORIGINAL_HOST = "X-Replay-Host"
CANARIES = (
    Stock("600000.SH", (Action("2021-07-21", cash=0.48),)),
    Stock("00700.HK", (Action("2021-05-24", cash=1.6),)),
    Stock("900901.SH", (Action("2021-07-16", cash=0.01),)),
    Stock("510050.SH", (Action("2021-11-29", cash=0.037),)),
    *(Stock(s) for s in ("000001.SH", "HSI.HK", "000300.SH")),
)
"""Symbols that the sources believe every upstream knows."""

MODES = (
    "drop", "403", "456", "502", "html", "empty", "null", "truncated", "hang", "drip",
    "columns", "other_symbol", "duplicates", "conflict", "unordered", "future", "zero",
    "negative", "gbk", "code", "no_data",
)  # fmt: skip
"""Ways to fail. From "columns" on they change the data, before that the transport."""


class Seen(NamedTuple):
    """One request that came in."""

    host: str
    path: str
    symbol: str
    at: float


@dataclass
class Fault:
    """A family of hosts misbehaving: for one symbol or all, a number of times or for ever."""

    family: str
    mode: str
    symbol: str = ""
    times: int = -1
    kind: str = ""

    def matches(self, host: str, symbol: str, kind: str) -> bool:
        return (
            self.times != 0
            and any(name in host for name in FAMILY_HOSTS[self.family])
            and (not self.symbol or self.symbol == symbol)
            and (not self.kind or self.kind == kind)
        )


FAMILY_HOSTS = {
    "tencent": ("qq.com", "gtimg.cn"),
    "sina": ("sina.com.cn",),
    "eastmoney": ("eastmoney.com",),
    "csindex": ("csindex.com.cn",),
}
FAMILIES = tuple(FAMILY_HOSTS)


@dataclass
class MarketServer:
    """The upstreams of a made-up market, on a free port of loopback.

    Examples
    --------
    >>> with MarketServer(Market("2024-06-28").add("600718.SH")) as server:  # doctest: +SKIP
    ...     with redirect(server.url):
    ...         akshare.stock_zh_a_hist("600718")
    """

    market: Market
    hang_seconds: float = 3.0
    faults: list[Fault] = field(default_factory=list)
    log: list[Seen] = field(default_factory=list)
    url: str = ""
    script: str = ""

    def __post_init__(self) -> None:
        self.market.add(*(c for c in CANARIES if c.symbol not in self.market))
        self._stop = threading.Event()

    def fail(
        self, mode: str, *families: str, symbol: str = "", times: int = -1, kind: str = ""
    ) -> None:
        """Make families (all by default) fail in one of `MODES`; kind is bars or factors."""
        assert mode in MODES, mode
        for family in families or FAMILIES:
            self.faults.append(Fault(family, mode, symbol, times, kind))

    def recover(self) -> None:
        """Behave again."""
        self.faults.clear()

    def __enter__(self) -> MarketServer:
        self._httpd = _Quiet(("127.0.0.1", 0), _handler(self))
        self._httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._httpd.server_address[1]}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._httpd.shutdown()
        self._httpd.server_close()

    def asked(self, family: str = "") -> int:
        """Number of requests to a family, or to all."""
        names = FAMILY_HOSTS[family] if family else ("",)
        return sum(any(n in seen.host for n in names) for seen in self.log)

    def _fault(self, host: str, symbol: str, kind: str) -> str:
        for fault in self.faults:
            if fault.matches(host, symbol, kind):
                fault.times -= 1
                return fault.mode
        return ""


class _Quiet(ThreadingHTTPServer):
    """Clients that are killed in the middle of a request are part of the tests."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: MarketServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            host = self.headers.get(ORIGINAL_HOST, "")
            query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            reply = answer(server.market, host, parts.path, query)
            server.log.append(Seen(host, parts.path, reply.symbol, time.monotonic()))
            mode = server._fault(host, reply.symbol, reply.kind)
            if mode:
                changed = answer(server.market, host, parts.path, query, mode)
                reply = changed if changed.body != reply.body else reply
            with contextlib.suppress(ConnectionError):
                _SEND.get(mode, _plain)(self, reply, server)

        def reply(self, status: int, body: bytes, kind: str, length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _plain(handler, reply: Reply, _server: MarketServer) -> None:
    handler.reply(reply.status, reply.body, reply.content_type)


def _page(status: int) -> Callable:
    page = "<html><head><title>拒绝访问</title></head><body>访问过于频繁</body></html>"

    def send(handler, _reply: Reply, _server: MarketServer) -> None:
        handler.reply(status, page.encode("gbk"), "text/html; charset=gbk")

    return send


def _drop(handler, _reply: Reply, _server: MarketServer) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def _empty(handler, _reply: Reply, _server: MarketServer) -> None:
    handler.reply(200, b"", "text/html")


def _null(handler, reply: Reply, _server: MarketServer) -> None:
    body = b'{"rc":102,"rt":17,"svr":1,"data":null}'
    handler.reply(502, body, reply.content_type)


def _no_data(handler, reply: Reply, _server: MarketServer) -> None:
    """Refuse politely: a good status, and no data for any symbol."""
    handler.reply(200, b'{"rc":102,"rt":17,"svr":1,"data":null}', reply.content_type)


def _code(handler, reply: Reply, server: MarketServer) -> None:
    """Send a program where data belong."""
    handler.reply(200, f"var x={server.script}".encode(), reply.content_type)


def _truncated(handler, reply: Reply, _server: MarketServer) -> None:
    half = reply.body[: len(reply.body) // 2]
    handler.reply(200, half, reply.content_type, length=len(reply.body))
    handler.close_connection = True


def _hang(handler, _reply: Reply, server: MarketServer) -> None:
    server._stop.wait(server.hang_seconds)
    handler.close_connection = True


def _drip(handler, reply: Reply, server: MarketServer) -> None:
    """A byte now and then: no single read ever runs into its limit."""
    handler.send_response(200)
    handler.send_header("Content-Type", reply.content_type)
    handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    for byte in reply.body:
        if server._stop.wait(0.1):
            break
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
    handler.close_connection = True


_SEND: dict[str, Callable] = {
    "drop": _drop,
    "403": _page(403),
    "456": _page(456),
    "502": _page(502),
    "html": _page(200),
    "empty": _empty,
    "null": _null,
    "truncated": _truncated,
    "code": _code,
    "no_data": _no_data,
    "hang": _hang,
    "drip": _drip,
}


@contextlib.contextmanager
def redirect(url: str) -> Iterator[None]:
    """Send every request of this process to `url`, the original host in a header."""
    real = requests.adapters.HTTPAdapter.send

    def send(self, request, **options):
        parts = urlsplit(request.url)
        if parts.hostname != "127.0.0.1":
            request.headers[ORIGINAL_HOST] = parts.hostname
            request.headers.pop("Host", None)
            request.url = f"{url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
            options["proxies"] = {}
        return real(self, request, **options)

    requests.adapters.HTTPAdapter.send = send
    try:
        yield
    finally:
        requests.adapters.HTTPAdapter.send = real


def cli_command(server: MarketServer, *arguments: str) -> list[str]:
    """The command line that runs `mentionstudy` with its upstreams replaced by the server."""
    script = Path(__file__).with_name("run_cli.py")
    return [sys.executable, str(script), server.url, *arguments]


def seed_market(today: str = "2022-12-30") -> Market:
    """The symbols of the seed articles and their benchmarks, with an ex-date each."""
    return Market(today).add(
        Stock("600718.SH", (Action("2021-06-18", cash=0.1),)),
        Stock("02066.HK", (Action("2021-06-10", cash=0.3),)),
        Stock("600050.SH", (Action("2021-06-30", cash=0.07), Action("2022-06-29", cash=0.04))),
        Stock("00762.HK", (Action("2021-05-20", cash=0.2), Action("2022-05-19", cash=0.11))),
        Stock("601328.SH", (Action("2020-07-14", cash=0.31),)),
        Stock("601998.SH", (Action("2020-07-15", cash=0.24),)),
        Stock("601229.SH", (Action("2020-07-08", cash=0.4),)),
        Stock("000750.SZ", (Action("2020-05-15", cash=0.03),)),
        "000300.SH",
        "HSI.HK",
    )


__all__ = [
    "FAMILIES",
    "MODES",
    "Action",
    "Market",
    "MarketServer",
    "Stock",
    "cli_command",
    "redirect",
    "seed_market",
]
