"""A server on loopback that speaks the formats of the exchanges' lists of securities."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd
from market_replay import ORIGINAL_HOST

FILLER = 12  # akshare takes a shorter Shenzhen list for an error page and leaves it as it is


def sse_rows() -> dict[str, list[dict[str, str]]]:
    """What Shanghai answers by STOCK_TYPE: main board, B shares, STAR, and the delisted."""

    def row(a, b, name, full, listed, delisted="-"):
        return {
            "A_STOCK_CODE": a,
            "B_STOCK_CODE": b,
            "SEC_NAME_CN": name,
            "SEC_NAME_FULL": name,
            "COMPANY_ABBR": name,
            "FULL_NAME": full,
            "LIST_DATE": listed,
            "DELIST_DATE": delisted,
            "COMPANY_CODE": a if a != "-" else b,
        }

    jinjiang = "上海锦江在线网络服务股份有限公司"
    return {
        "1": [
            row("600718", "-", "东软集团", "东软集团股份有限公司", "19960618"),
            row("600050", "-", "中国联通", "中国联合网络通信股份有限公司", "20021009"),
            row("600650", "900914", "锦江在线", jinjiang, "19930607"),
        ],
        "2": [row("600650", "900914", "锦在线B", jinjiang, "19931018")],
        "8": [row("688047", "-", "龙芯中科", "龙芯中科技术股份有限公司", "20220624")],
        "1,2,8": [row("600001", "-", "邯郸钢铁", "", "19980122", "20091229")],
    }


def szse_sheets() -> dict[tuple[str, str], pd.DataFrame]:
    """What Shenzhen's workbooks hold, by catalogue and tab."""
    a_codes = [1, 2, 571, 750, *range(300_001, 300_001 + FILLER)]
    a_names = ["平安银行", "万  科Ａ", "*ST大洲", "国海证券", *(f"深票{i}" for i in range(FILLER))]
    count = len(a_codes)
    shares = pd.DataFrame(
        {
            "板块": ["主板"] * count,
            "A股代码": [*map(float, a_codes)],
            "A股简称": a_names,
            "A股上市日期": ["1991-04-03"] * count,
            "A股总股本": ["1,000"] * count,
            "A股流通股本": ["900"] * count,
            "B股代码": [200_002 + i for i in range(count)],
            "B股简称": [f"深B{i}" for i in range(count)],
            "B股上市日期": ["1992-01-01"] * count,
            "B股总股本": ["1"] * count,
            "B股流通股本": ["1"] * count,
            "所属行业": ["J 金融业"] * count,
        }
    )
    delisted = pd.DataFrame(
        {
            "证券代码": [3, 5],
            "证券简称": ["PT金田A", "ST星源"],
            "上市日期": ["1991-01-14", "1990-12-10"],
            "终止上市日期": ["2002-06-14", "2024-04-26"],
        }
    )
    renames = pd.DataFrame(
        {
            "变更日期": ["2012-08-02", "2006-05-08", "2011-08-09"],
            "证券代码": [1, 571, 750],
            "证券简称": ["平安银行", "*ST大洲", "国海证券"],
            "变更前简称": ["深发展Ａ", "新大洲A", "SST集琦"],
            "变更后简称": ["平安银行", "S新大洲", "国海证券"],
        }
    )
    return {
        ("1110", "tab1"): shares,
        ("1110", "tab2"): shares,
        ("1110", "tab4"): shares,
        ("1793_ssgs", "tab2"): delisted,
        ("SSGSGMXX", "tab2"): renames,
    }


def _bse(_query: dict[str, str]) -> bytes:
    row: dict[str, object] = {f"c{place:02d}": place for place in range(48)}
    row |= {"c00": "20240530", "c22": "2024-03-31", "c38": "920002", "c40": "万达轴承"}
    return f"null({json.dumps([{'totalPages': 1, 'content': [row]}])})".encode()


def _sina_hk(query: dict[str, str]) -> bytes:
    rows = [("00700", "腾讯控股"), ("02066", "盛京银行"), ("00762", "中国联通")]
    if query["page"] != "1":
        return b"[]"
    columns = [f"f{place:02d}" for place in range(24)]
    full = [dict(zip(columns, [code, name, name, *["1"] * 21], strict=True)) for code, name in rows]
    return json.dumps(full).encode()


def _clist(query: dict[str, str], rows: list[dict[str, object]]) -> bytes:
    """A page of Eastmoney's list: the fields in the order of their numbers."""
    fields = set(query["fields"].split(","))
    fields |= {"f140", "f141"} if "f128" in fields else set()
    ordered = sorted(fields, key=lambda name: int(name[1:]))
    full = [{name: row.get(name, 1) for name in ordered} for row in rows]
    return json.dumps({"rc": 0, "data": {"total": len(full), "diff": full}}).encode()


def _eastmoney(query: dict[str, str]) -> bytes:
    if "DLMK0101" not in query["fs"]:
        return _clist(query, [{"f12": "00700", "f14": "腾讯控股"}])
    pairs = [("中国联通", "600050", "00762"), ("万科A", "000002", "02202")]
    return _clist(query, [{"f193": name, "f191": a, "f12": h} for name, a, h in pairs])


@dataclass
class MasterServer:
    """The lists, on a free port of loopback; `faults` maps the end of a host to a way to fail."""

    sse: dict[str, list[dict[str, str]]] = field(default_factory=sse_rows)
    szse: dict[tuple[str, str], pd.DataFrame] = field(default_factory=szse_sheets)
    faults: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, host: str, query: dict[str, str]) -> bytes:
        if "sse.com.cn" in host:
            return json.dumps({"result": self.sse[query["STOCK_TYPE"]]}).encode()
        if "szse.cn" in host:
            out = io.BytesIO()
            self.szse[query["CATALOGID"], query["TABKEY"]].to_excel(out, index=False)
            return out.getvalue()
        if "bse.cn" in host:
            return _bse(query)
        if "sina.com.cn" in host:
            return _sina_hk(query)
        return _eastmoney(query)

    def fault(self, host: str) -> str:
        return next((mode for end, mode in self.faults.items() if host.endswith(end)), "")


@contextlib.contextmanager
def serving(server: MasterServer) -> Iterator[MasterServer]:
    """Run the server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            host = self.headers.get(ORIGINAL_HOST, "")
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            server.log.append(host)
            mode = server.fault(host)
            if mode == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body, status = _SPOILT.get(mode, (b"", 200))
            body = body or server.answer(host, query)
            if mode == "columns":
                body = b'{"result": [{"X": 1}], "data": {"total": 1, "diff": [{"f3": 1}]}}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()


_PAGE = "<html><body>访问过于频繁</body></html>".encode("gbk")
_SPOILT = {
    "403": (_PAGE, 403),
    "456": (_PAGE, 456),
    "html": (_PAGE, 200),
    "null": (b'{"rc":102,"data":null}', 200),
}
