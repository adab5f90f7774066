"""What each upstream answers, in its own format, from the made-up market.

The shapes are those that akshare's functions read; the data come from `replay_market`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
from replay_klc import PackedBar, pack_bars
from replay_market import Market

from mentionstudy.data.securities import Security, parse_symbol

JSON = "application/json; charset=UTF-8"
SCRIPT = "application/x-javascript"


@dataclass
class Reply:
    """Status, body, and what the request was about."""

    body: bytes
    content_type: str = JSON
    status: int = 200
    symbol: str = ""
    kind: str = "bars"


def answer(market: Market, host: str, path: str, query: dict[str, str], mode: str = "") -> Reply:
    """Answer one request; a mode damages the data (the transport is damaged elsewhere)."""
    for pattern, speak in _ROUTES:
        if found := re.fullmatch(pattern, f"{host}{path}"):
            return speak(market, found, query, mode)
    return Reply(f"nothing is at {host}{path}".encode(), "text/plain", 599)


def damaged(frame: pd.DataFrame, mode: str, today: str) -> pd.DataFrame:
    """Bars as a broken upstream would send them."""
    frame = frame.copy()
    middle = frame.index[len(frame) // 2]
    if mode == "duplicates":
        frame = pd.concat([frame, frame.iloc[-30:]])
    elif mode == "conflict":
        frame = pd.concat([frame, frame.iloc[-30:].assign(close=frame["close"].iloc[-30:] + 1)])
    elif mode == "unordered":
        frame = frame.sample(frac=1, random_state=5)
    elif mode == "future":
        later = pd.bdate_range(pd.Timestamp(today) + pd.Timedelta(days=1), periods=3)
        frame = pd.concat([frame, frame.iloc[-3:].assign(date=later)])
    elif mode == "zero":
        frame.loc[middle, ["open", "high", "low", "close", "volume", "amount"]] = 0
    elif mode == "negative":
        frame.loc[middle, ["open", "high", "low", "close"]] = -1.0
    return frame


def _rows(market: Market, symbol: str, mode: str) -> pd.DataFrame:
    frame = market.bars(symbol)
    if mode == "other_symbol":
        frame = market.bars("600000.SH")
    return damaged(frame, mode, market.today)


def _named(symbol: str, mode: str) -> Security:
    """The security that an answer says it is about."""
    return parse_symbol("600000.SH" if mode == "other_symbol" else symbol)


# --- Eastmoney ---------------------------------------------------------------------------------


def _eastmoney(market: Market, _found: re.Match[str], query: dict[str, str], mode: str) -> Reply:
    number, _, code = query["secid"].partition(".")
    symbol = _eastmoney_symbol(number, code)
    head = {"rc": 0, "rt": 17, "svr": 177617930, "lt": 1, "full": 0, "dlmkts": ""}
    if symbol not in market:
        return Reply(json.dumps(head | {"rc": 100, "data": None}).encode(), symbol=symbol)
    frame = _adjusted(market, symbol, _rows(market, symbol, mode), query.get("fqt", "0"))
    day = frame["date"].dt.strftime("%Y%m%d")
    frame = frame.loc[(day >= query.get("beg", "0")) & (day <= query["end"])]
    wanted = [f for f in query["fields2"].split(",") if f != "f116"]
    lot = 1 if number == "116" else 100
    klines = []
    previous = float("nan")
    for row in frame.itertuples():
        change = row.close - previous
        values = [
            f"{row.date:%Y-%m-%d}",
            f"{row.open:.3f}",
            f"{row.close:.3f}",
            f"{row.high:.3f}",
            f"{row.low:.3f}",
            str(int(row.volume) // lot),
            f"{row.amount:.2f}",
            f"{(row.high - row.low):.2f}",
            f"{100 * change / (previous or 1):.2f}",
            f"{change:.2f}",
            "0.31",
            "0.00",
            "0.00",
            "0.00",
        ]
        klines.append(",".join(values[: len(wanted)] if mode != "columns" else values[:4]))
        previous = row.close
    about = _named(symbol, mode)
    data = {
        "code": about.code,
        "market": int(number),
        "name": "某某股份",
        "decimal": 2,
        "dktotal": len(frame),
        "preKPrice": 11.08,
        "klines": klines,
    }
    text = json.dumps(head | {"data": data}, ensure_ascii=False)
    return Reply(text.encode("gbk" if mode == "gbk" else "utf-8"), symbol=symbol)


def _eastmoney_symbol(number: str, code: str) -> str:
    if number in {"116"}:
        return f"{code}.HK"
    if number == "100":
        return f"{code}.HK"
    if number == "1":
        return f"{code}.SH"
    if number == "0":
        return f"{code}.BJ" if re.match(r"92|43|8[2378]|899", code) else f"{code}.SZ"
    return f"{code}.CSI"


def _adjusted(market: Market, symbol: str, frame: pd.DataFrame, fqt: str) -> pd.DataFrame:
    """Eastmoney's adjustment: additive in cash, multiplicative in splits."""
    stock = market.stocks[symbol]
    if fqt == "0" or not stock.actions:
        return frame
    frame = frame.copy()
    slope = pd.Series(1.0, index=frame.index)
    offset = pd.Series(0.0, index=frame.index)
    for action in sorted(stock.actions, key=lambda a: a.ex_date):
        if fqt == "2":  # later prices are raised to the level of the beginning
            after = frame["date"] >= pd.Timestamp(action.ex_date)
            offset[after] += slope[after] * action.cash
            slope[after] *= action.ratio
    if fqt == "1":  # earlier prices are lowered to the level of the end
        for action in sorted(stock.actions, key=lambda a: a.ex_date, reverse=False):
            before = frame["date"] < pd.Timestamp(action.ex_date)
            offset[before] = (offset[before] - action.cash) / action.ratio
            slope[before] /= action.ratio
    for column in ("open", "high", "low", "close"):
        frame[column] = (frame[column] * slope + offset).round(3)
    return frame


# --- Tencent -----------------------------------------------------------------------------------


def _tencent_symbol(code: str) -> str:
    return f"{code[2:]}.{code[:2].upper()}"


def _tencent_start(market: Market, _found: re.Match[str], query: dict[str, str], _m: str) -> Reply:
    symbol = _tencent_symbol(query["code"])
    rows = []
    if symbol in market:
        first = market.bars(symbol).iloc[0]
        rows = [[f"{first['date']:%Y-%m-%d}", "11.10", "11.20", "11.25", "11.06", "600000"]]
    body = json.dumps({"code": 0, "msg": "", "data": rows})
    return Reply(f"{query['_var']}={body}".encode(), symbol=symbol, kind="probe")


def _tencent(market: Market, found: re.Match[str], query: dict[str, str], mode: str) -> Reply:
    code, _unit, first, last, count, adjust = query["param"].split(",")
    symbol = _tencent_symbol(code)
    about = _named(symbol, mode)
    name = f"{about.exchange.lower()}{about.code}"
    data: dict[str, object] = {"qt": {name: []}, "version": "16"}
    if symbol in market:
        security = parse_symbol(symbol)
        frame = _rows(market, symbol, mode)
        day = frame["date"].dt.strftime("%Y-%m-%d")
        frame = frame.loc[(day >= first) & (day <= last)] if first else frame
        lot = 1 if security.exchange == "HK" or security.board == "star" else 100
        key = f"{adjust}day" if adjust and security.kind != "index" else "day"
        data[key] = [
            [
                f"{row.date:%Y-%m-%d}",
                f"{row.open:.3f}",
                f"{row.close:.3f}",
                f"{row.high:.3f}",
                f"{row.low:.3f}",
                f"{row.volume / lot:.3f}",
                {},
                "0.31",
                f"{row.amount / 10000:.2f}",
                "",
            ][: 3 if mode == "columns" else 6 if security.exchange == "HK" else 10]
            for row in frame.tail(int(count)).itertuples()
        ]
    text = json.dumps({"code": 0, "msg": "", "data": {name: data}})
    body = f"{query['_var']}={text}".encode("gbk" if mode == "gbk" else "utf-8")
    return Reply(body, "text/html; charset=utf-8", symbol=symbol)


# --- Sina --------------------------------------------------------------------------------------


def _sina_symbol(code: str) -> str:
    return f"{code[2:]}.{code[:2].upper()}" if code[:2] in {"sh", "sz", "bj"} else f"{code}.HK"


def _sina_bars(market: Market, found: re.Match[str], _query: dict[str, str], mode: str) -> Reply:
    code = found["code"]
    symbol = _sina_symbol(code)
    if symbol not in market:
        return Reply(b"/* not found */", SCRIPT, symbol=symbol)
    text = _packed(market.stocks[symbol], market.today, mode)
    if mode == "columns":
        text = text[: len(text) // 3]
    name = _named(symbol, mode)
    shown = code if mode != "other_symbol" else f"{name.exchange.lower()}{name.code}"
    body = f'var KLC_KL_{shown}="{text}";/* 新浪 */'
    return Reply(body.encode("gbk" if mode == "gbk" else "utf-8"), SCRIPT, symbol=symbol)


@lru_cache(maxsize=512)
def _packed(stock, today: str, mode: str) -> str:
    market = Market(today).add("600000.SH", stock)
    frame = _rows(market, stock.symbol, mode)
    security = parse_symbol(stock.symbol)
    three = security.kind == "fund" or (security.kind, security.exchange) == ("b_share", "SH")
    previous = None
    packed = []
    for row in frame.itertuples():
        moved = previous is not None and abs(row.reference - previous) > 1e-9
        packed.append(
            PackedBar(
                row.date.date(),
                row.open,
                row.high,
                row.low,
                row.close,
                int(row.volume),
                row.reference if moved else None,
            )
        )
        previous = row.close
    return pack_bars(packed, 3 if three else 2)


def _sina_shares(_market: Market, _found: re.Match[str], query: dict[str, str], _m: str) -> Reply:
    code = query["symbol"]
    rows = '{date:"1991-04-03",amount:"3710.0000"},{date:"2021-01-05",amount:"1940554.6950"}'
    body = (
        f'/*<script>location.href="//sina.com";</script>*/\nvar KKE_ShareAmount_{code}=([{rows}]);'
    )
    return Reply(body.encode(), SCRIPT, symbol=_sina_symbol(code), kind="shares")


def _sina_factors(market: Market, found: re.Match[str], _query: dict[str, str], mode: str) -> Reply:
    code, kind = found["code"], found["kind"]
    symbol = _sina_symbol(code)
    hong_kong = symbol.endswith(".HK")
    rows: list[dict[str, str]] = []
    if symbol in market and (market.stocks[symbol].actions or hong_kong):
        for row in market.factors(symbol).iloc[::-1].itertuples():
            entry = {"d": row.ex_date, "f": f"{row.factor:.13f}"}
            rows.append(entry | ({"c": f"{row.cash:.4f}"} if hong_kong else {}))
    if parse_symbol(symbol).kind == "fund":
        rows = _fund_rows(market, symbol) if rows else []
    if mode == "zero":
        rows = [r | {"f": "0.0"} for r in rows]
    if mode == "columns":
        rows = [{"d": r["d"]} for r in rows]
    shown = code if mode != "other_symbol" else "sh600000"
    text = json.dumps({"total": len(rows), "data": rows})
    body = f"var {shown}{kind}={text}\n/* remark */"
    return Reply(body.encode(), SCRIPT, symbol=symbol, kind="factors")


def _fund_rows(market: Market, symbol: str) -> list[dict[str, str]]:
    """Four columns where shares have two; the last is what has been paid out so far."""
    actions = sorted(market.stocks[symbol].actions, key=lambda a: a.ex_date)
    paid = 0.0
    rows = [{"d": "1900-01-01", "f": "1", "s": "1", "u": "0"}]
    for action in actions:
        paid += action.cash
        rows.append({"d": action.ex_date, "f": "1", "s": "1", "u": f"{paid:.4f}"})
    return rows[::-1]


# --- China Securities Index Company ------------------------------------------------------------


def _csindex(market: Market, _found: re.Match[str], query: dict[str, str], mode: str) -> Reply:
    code = query["indexCode"]
    symbol = f"{code}.SH"
    rows = []
    if symbol in market:
        frame = _rows(market, symbol, mode)
        day = frame["date"].dt.strftime("%Y%m%d")
        frame = frame.loc[(day >= query["startDate"]) & (day <= query["endDate"])]
        # the upstream starts with a row of the first day asked for, whatever that day is
        bogus = frame.head(1).assign(date=pd.Timestamp(query["startDate"]))
        for row in pd.concat([bogus, frame]).itertuples():
            values = [
                f"{row.date:%Y%m%d}", code, "沪深300指数", "沪深300", "CSI 300", "CSI 300",
                row.open, row.high, row.low, row.close, 1.0, 0.1,
                row.volume / 1e6, row.amount / 1e8, 300, 12.5,
            ]  # fmt: skip
            rows.append({f"c{i:02d}": v for i, v in enumerate(values)})
    body = json.dumps({"code": "200", "msg": "Success", "data": rows, "success": True})
    return Reply(body.encode(), symbol=symbol)


def _interbank(market: Market, _found: re.Match[str], _query: dict[str, str], mode: str) -> Reply:
    days = pd.bdate_range("2020-01-02", market.today)[::-1]
    rows = [
        {
            "REPORT_DATE": f"{day:%Y-%m-%d} 00:00:00", "REPORT_PERIOD": "3月",
            "IR_RATE": 2.52 if mode != "negative" else 252.0, "CHANGE_RATE": 0.1,
            "INDICATOR_ID": "203", "LATEST_RECORD": "0", "MARKET": "上海", "MARKET_CODE": "001",
            "CURRENCY": "人民币", "CURRENCY_CODE": "CNY",
        }
        for day in days
    ]  # fmt: skip
    if mode == "columns":
        rows = [{"REPORT_DATE": row["REPORT_DATE"]} for row in rows]
    body = json.dumps({"result": {"pages": 1, "data": rows}, "success": True})
    return Reply(body.encode(), symbol="shibor", kind="rate")


_ROUTES: tuple[tuple[str, Callable[..., Reply]], ...] = (
    (r"datacenter-web\.eastmoney\.com/api/data/v1/get", _interbank),
    (r"(?:\d+\.)?push2his\.eastmoney\.com/api/qt/stock/kline/get", _eastmoney),
    (r"web\.ifzq\.gtimg\.cn/other/klineweb/klineWeb/weekTrends", _tencent_start),
    (r"proxy\.finance\.qq\.com/ifzqgtimg/appstock/app/newfqkline/get", _tencent),
    (r"web\.ifzq\.gtimg\.cn/appstock/app/(?:kline/kline|hkfqkline/get)", _tencent),
    (
        r"finance\.sina\.com\.cn/realstock/company/(?P<code>\w+)/hisdata(?:_klc2)?/klc_kl\.js",
        _sina_bars,
    ),
    (r"finance\.sina\.com\.cn/stock/hkstock/(?P<code>\w+)/klc2_kl\.js", _sina_bars),
    (
        r"finance\.sina\.com\.cn/(?:realstock/company|stock/hkstock)/(?P<code>\w+)/(?P<kind>[hq]fq)\.js",
        _sina_factors,
    ),
    (
        r"stock\.finance\.sina\.com\.cn/stock/api/jsonp\.php/.*StockService\.getAmountBySymbol",
        _sina_shares,
    ),
    (r"www\.csindex\.com\.cn/csindex-home/perf/index-perf", _csindex),
)
