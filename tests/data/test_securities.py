from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentionstudy.data.errors import DataError, SymbolError
from mentionstudy.data.securities import (
    Security,
    candidates,
    classify,
    currency_of,
    from_eastmoney,
    parse_symbol,
)


@pytest.mark.parametrize(
    ("text", "symbol", "kind", "board"),
    [
        ("600718.SH", "600718.SH", "stock", "main"),
        ("600718.SS", "600718.SH", "stock", "main"),
        ("600718.XSHG", "600718.SH", "stock", "main"),
        ("SH600718", "600718.SH", "stock", "main"),
        ("sh600718", "600718.SH", "stock", "main"),
        ("sh.600718", "600718.SH", "stock", "main"),
        ("SH:600718", "600718.SH", "stock", "main"),
        ("６００７１８．ＳＨ", "600718.SH", "stock", "main"),
        (" 600718.sh ", "600718.SH", "stock", "main"),
        ("605499.SH", "605499.SH", "stock", "main"),
        ("688981.SH", "688981.SH", "stock", "star"),
        ("689009.SH", "689009.SH", "cdr", "star"),
        ("900914.SH", "900914.SH", "b_share", "b"),
        ("000001.SH", "000001.SH", "index", "sse"),
        ("000300.SH", "000300.SH", "index", "sse"),
        ("510300.SH", "510300.SH", "fund", "fund"),
        ("113050.SH", "113050.SH", "bond", "bond"),
        ("000001.SZ", "000001.SZ", "stock", "main"),
        ("SZ000750", "000750.SZ", "stock", "main"),
        ("300750.XSHE", "300750.SZ", "stock", "chinext"),
        ("302132.SZ", "302132.SZ", "stock", "chinext"),
        ("200002.SZ", "200002.SZ", "b_share", "b"),
        ("399006.SZ", "399006.SZ", "index", "szse"),
        ("159742.SZ", "159742.SZ", "fund", "fund"),
        ("123456.SZ", "123456.SZ", "bond", "bond"),
        ("920002.BJ", "920002.BJ", "stock", "bse"),
        ("bj430510", "430510.BJ", "stock", "bse"),
        ("899050.BJ", "899050.BJ", "index", "bse"),
        ("02066.HK", "02066.HK", "stock", "hk"),
        ("2066.HK", "02066.HK", "stock", "hk"),
        ("hk02066", "02066.HK", "stock", "hk"),
        ("HK:03690", "03690.HK", "stock", "hk"),
        ("08367.HK", "08367.HK", "stock", "hk_gem"),
        ("02800.HK", "02800.HK", "fund", "hk"),
        ("12345.HK", "12345.HK", "unknown", "hk_derivative"),
        ("HSI.HK", "HSI.HK", "index", "hk"),
        ("hkHSTECH", "HSTECH.HK", "index", "hk"),
        ("BK0493.EM", "BK0493.EM", "board", "eastmoney"),
        ("000859.CSI", "000859.CSI", "index", "csi"),
        ("NIO.US", "NIO.US", "foreign", "us"),
        ("CS.N", "CS.US", "foreign", "us"),
        ("BRK.B.US", "BRK.B.US", "foreign", "us"),
        ("430000.SH", "430000.SH", None, None),
    ],
)
def test_every_spelling_gives_the_canonical_symbol(
    text: str, symbol: str, kind: str | None, board: str | None
) -> None:
    if kind is None:
        with pytest.raises(SymbolError, match=r"430000\.BJ"):
            parse_symbol(text)
        return
    security = parse_symbol(text)
    assert (security.symbol, security.kind, security.board) == (symbol, kind, board)
    assert parse_symbol(security.symbol) == security


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("600718", r"Did you mean 600718\.SH"),
        ("000001", r"000001\.SZ or 000001\.SH"),
        ("700", r"Did you mean 00700\.HK"),
        ("300104.SH", r"another exchange: 300104\.SZ"),
        ("600718.SZ", r"another exchange: 600718\.SH"),
        ("sh920002", r"920002\.BJ"),
        ("1234567.SH", "six digits"),
        ("00000.HK", "five digits"),
        ("202201.HK", "five digits"),
        ("600718.LON", "is not a symbol"),
        ("=HYPERLINK(1)", "is not a symbol"),
        ("", "is not a symbol"),
        ("A" * 10_000, "is not a symbol"),
    ],
)
def test_junk_is_refused_with_a_sentence_that_helps(text: str, says: str) -> None:
    with pytest.raises(SymbolError, match=says) as caught:
        parse_symbol(text)
    assert isinstance(caught.value, DataError)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("market", "code", "symbol"),
    [
        (1, "600718", "600718.SH"),
        (0, "002752", "002752.SZ"),
        ("0", "830799", "830799.BJ"),
        ("0", "920002", "920002.BJ"),
        ("0", "399001", "399001.SZ"),
        ("1", "000300", "000300.SH"),
        ("1", "512660", "512660.SH"),
        ("2", "000859", "000859.CSI"),
        ("90", "BK0493", "BK0493.EM"),
        ("100", "HSI", "HSI.HK"),
        ("100", "DJIA", "DJIA.GI"),
        ("105", "NVDA", "NVDA.US"),
        ("106", "BRK_B", "BRK.B.US"),
        ("116", "02066", "02066.HK"),
        ("124", "HSCCI", "HSCCI.HK"),
        ("113", "au2206", "AU2206.EM113"),
    ],
)
def test_eastmoney_market_numbers(market: int | str, code: str, symbol: str) -> None:
    security = from_eastmoney(market, code)
    assert security.symbol == symbol
    assert parse_symbol(symbol) == security


def test_only_shares_are_tradable() -> None:
    tradable = ["600718.SH", "900914.SH", "689009.SH", "920002.BJ", "02066.HK"]
    others = ["000300.SH", "BK0493.EM", "510300.SH", "NIO.US", "113050.SH", "12345.HK"]
    assert all(parse_symbol(symbol).tradable for symbol in tradable)
    assert not any(parse_symbol(symbol).tradable for symbol in others)


def test_a_code_without_exchange_lists_its_readings() -> None:
    assert [s.symbol for s in candidates("000001")] == ["000001.SZ", "000001.SH"]
    assert [s.symbol for s in candidates("600718")] == ["600718.SH"]
    assert [s.symbol for s in candidates("9988")] == ["09988.HK"]
    assert candidates("999999") == ()
    assert candidates("NIO") == ()


@given(code=st.from_regex(r"[0-9]{6}", fullmatch=True), place=st.sampled_from(["SH", "SZ", "BJ"]))
def test_parsing_undoes_formatting_on_the_mainland(code: str, place: str) -> None:
    try:
        security = classify(code, place)
    except SymbolError:
        return
    assert security.symbol == f"{code}.{place}"
    assert parse_symbol(security.symbol) == security
    assert parse_symbol(f"{place.lower()}{code}") == security


@given(number=st.integers(1, 99_999))
def test_parsing_undoes_formatting_in_hong_kong(number: int) -> None:
    security = classify(str(number), "HK")
    assert security.symbol == f"{number:05d}.HK"
    assert parse_symbol(security.symbol) == security == parse_symbol(f"{number}.HK")


@given(
    market=st.integers(0, 400),
    code=st.from_regex(
        r"BK[0-9]{4}|[A-Z]{1,6}(_[A-Z])?|[0-9]{5,6}|[A-Z]{1,3}[0-9]{1,4}", fullmatch=True
    ),
)
def test_parsing_undoes_formatting_for_eastmoney(market: int, code: str) -> None:
    try:
        security = from_eastmoney(market, code)
    except SymbolError:
        return
    assert parse_symbol(security.symbol) == security


@given(text=st.text(max_size=60))
@example("٣٠٠١٠٤.SZ")
@example("²²²²²².SH")
def test_any_text_is_a_symbol_or_a_symbol_error(text: str) -> None:
    try:
        security = parse_symbol(text)
    except SymbolError:
        return
    assert isinstance(security, Security)
    assert security.symbol.isascii()
    assert parse_symbol(security.symbol) == security


@pytest.mark.parametrize(
    ("symbol", "currency"),
    [
        ("600718.SH", "CNY"),
        ("920002.BJ", "CNY"),
        ("900901.SH", "USD"),
        ("200012.SZ", "HKD"),
        ("02066.HK", "HKD"),
        ("08083.HK", "HKD"),
        ("80700.HK", "CNY"),
        ("NIO.US", "USD"),
        ("000300.SH", ""),
        ("BK0493.EM", ""),
        ("my own fund", ""),
    ],
)
def test_what_a_security_is_traded_in(symbol: str, currency: str) -> None:
    assert currency_of(symbol) == currency
