"""The real akshare functions against a made-up market that speaks the upstreams' formats.

Nothing is patched below them but the address that a request goes to.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import requests
from market_replay import FAMILIES, Action, Market, MarketServer, Stock, redirect, seed_market

from mentionstudy.data.errors import (
    NoData,
    NotCovered,
    SourceError,
    SourceRefused,
    SourceSchemaChanged,
    SourceTimeout,
    SymbolNotFound,
)
from mentionstudy.data.market import FamilyManners, Manners, SourceHealth, live_chain, live_source
from mentionstudy.data.market.normal import Window
from mentionstudy.data.market.upstreams import ROUTES, chain_order, factors_order
from mentionstudy.data.securities import parse_symbol

pytestmark = pytest.mark.filterwarnings("ignore")

TODAY = "2022-12-30"
NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)  # 20:00 in Shanghai: the session is over
START, END = dt.date(2020, 7, 1), dt.date(2022, 8, 31)

IMPATIENT = Manners(
    timeout_retries=0,
    retry_wait=0.0,
    retry_wait_max=0.01,
    families={name: FamilyManners(spacing=0.0, refused_retries=0) for name in FAMILIES},
)

HASTY = replace(IMPATIENT, connect_timeout=1.0, read_timeout=1.0, deadline=3.0)
"""For what is meant to take too long; the others get the usual time, for slow machines."""

SPLIT = Stock("300750.SZ", (Action("2021-04-20", cash=0.5, ratio=1.8),))
CONSOLIDATION = Stock(
    "00593.HK", (Action("2021-03-03", cash=0.05), Action("2021-09-06", ratio=0.2))
)
HALTED = Stock("000066.SZ", halted=("2021-03-01", "2021-03-02", "2021-03-03"))


@pytest.fixture(scope="module")
def server():
    market = seed_market(TODAY).add(
        SPLIT,
        CONSOLIDATION,
        HALTED,
        Stock("900901.SH", (Action("2021-07-16", cash=0.01),)),
        Stock("200596.SZ", (Action("2021-07-02", cash=0.2),)),
        Stock("920002.BJ", (Action("2022-05-10", cash=0.3),)),
        "688981.SH",
        "689009.SH",
        Stock("510300.SH", (Action("2021-01-18", cash=0.068), Action("2022-01-20", cash=0.077))),
        "HSCEI.HK",
        "899050.BJ",
        "399006.SZ",
        Stock("000985.SH", listed="2011-08-02"),
    )
    with MarketServer(market, hang_seconds=4.0) as running, redirect(running.url):
        yield running


@pytest.fixture(autouse=True)
def _well(server):
    yield
    server.recover()


def source(name: str, manners: Manners = IMPATIENT, health: SourceHealth | None = None):
    health = health or SourceHealth(manners=manners)
    return live_source(name, manners, health, now=lambda: NOW)


def ask(name: str, symbol: str, start=START, end=END, **more):
    return source(name, **more).bars(parse_symbol(symbol), start, end)


def truth(server, symbol: str, start=START, end=END) -> pd.DataFrame:
    frame = server.market.bars(symbol)
    inside = frame["date"].between(pd.Timestamp(start), pd.Timestamp(end))
    return frame.loc[inside].reset_index(drop=True)


COVERED = [
    *[(n, s) for n in ("tencent", "sina", "eastmoney") for s in ("600718.SH", "000750.SZ")],
    *[(n, s) for n in ("tencent", "sina", "eastmoney") for s in ("300750.SZ", "688981.SH")],
    *[(n, "00762.HK") for n in ("tencent", "sina", "eastmoney")],
    *[(n, "000300.SH") for n in ("tencent", "sina", "eastmoney", "csindex")],
    *[(n, "399006.SZ") for n in ("tencent", "sina", "eastmoney")],
    *[(n, s) for n in ("sina", "eastmoney") for s in ("HSI.HK", "HSCEI.HK", "920002.BJ")],
    *[(n, s) for n in ("sina", "eastmoney") for s in ("899050.BJ", "200596.SZ", "510300.SH")],
    ("sina", "900901.SH"),
    ("sina", "689009.SH"),
    ("eastmoney", "689009.SH"),
    ("tencent", "689009.SH"),
]


@pytest.mark.parametrize(("name", "symbol"), COVERED)
def test_bars_are_those_of_the_market_in_shares_and_currency(server, name, symbol):
    bars, true = ask(name, symbol), truth(server, symbol)
    assert bars["date"].tolist() == true["date"].tolist()
    for column in ("open", "high", "low", "close"):
        np.testing.assert_allclose(bars[column], true[column], atol=1e-9)
    if bars["volume"].notna().any():
        np.testing.assert_allclose(bars["volume"], true["volume"], rtol=1e-6)
    if bars["amount"].notna().any():
        np.testing.assert_allclose(bars["amount"], true["amount"], rtol=0.01)
    assert set(bars["source"]) == {name}
    assert bars["fetched_at"].dt.tz is not None
    # only what the upstreams do not publish may be missing
    without_volume = {("eastmoney", "HSI.HK"), ("eastmoney", "HSCEI.HK")}
    assert bars["volume"].isna().all() == ((name, symbol) in without_volume)


class Spy:
    """Stands for akshare: remembers which function is called and with what."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def __getattr__(self, function: str):
        def call(*given, **named):
            self.called.append(f"{function}({', '.join([*given[:1], *named.values()])})")
            return pd.DataFrame(columns=["成交量", "成交金额"])

        return call


@pytest.mark.parametrize(
    ("symbol", "functions"),
    [
        *[
            (
                f"{code}.{place.upper()}",
                f"stock_zh_a_hist_tx({place}{code}) {sina}({place}{code}) stock_zh_a_hist({code})",
            )
            for place, code, sina in (
                ("sh", "600718", "stock_zh_a_daily"),
                ("sz", "000750", "stock_zh_a_daily"),
                ("sh", "688981", "stock_zh_a_daily"),  # STAR
                ("sz", "300750", "stock_zh_a_daily"),  # ChiNext
                ("sz", "302132", "stock_zh_a_daily"),
                ("sh", "689009", "stock_zh_a_cdr_daily"),
            )
        ],
        ("920002.BJ", "stock_zh_a_hist(920002) stock_zh_a_daily(bj920002)"),
        ("900901.SH", "fund_etf_hist_sina(sh900901)"),
        ("200596.SZ", "fund_etf_hist_sina(sz200596) stock_zh_a_hist(200596)"),
        ("510300.SH", "fund_etf_hist_sina(sh510300) fund_etf_hist_em(510300)"),
        ("159915.SZ", "fund_etf_hist_sina(sz159915) fund_etf_hist_em(159915)"),
        ("00700.HK", "stock_hk_hist(00700) stock_zh_ah_daily(00700) stock_hk_daily(00700)"),
        ("08083.HK", "stock_hk_hist(08083) stock_zh_ah_daily(08083) stock_hk_daily(08083)"),
        *[
            (
                f"{code}.SH",
                f"stock_zh_index_daily(sh{code}) stock_zh_index_daily_tx(sh{code}) "
                f"stock_zh_index_daily_em(sh{code}) stock_zh_index_hist_csindex({code})",
            )
            # CSI 300, SSE Composite, CSI All Share, CSI 500, CSI 1000, STAR 50
            for code in ("000300", "000001", "000985", "000905", "000852", "000688")
        ],
        (
            "399006.SZ",
            "stock_zh_index_daily(sz399006) stock_zh_index_daily_tx(sz399006) "
            "stock_zh_index_daily_em(sz399006)",
        ),
        ("899050.BJ", "stock_zh_index_daily(bj899050) stock_zh_index_daily_em(bj899050)"),
        ("HSI.HK", "stock_hk_index_daily_sina(HSI) index_global_hist_em(恒生指数)"),
        ("HSCEI.HK", "stock_hk_index_daily_sina(HSCEI) index_global_hist_em(国企指数)"),
        ("HSTECH.HK", "stock_hk_index_daily_sina(HSTECH)"),
    ],
)  # fmt: skip
def test_each_class_of_security_goes_through_the_function_that_is_right_for_it(symbol, functions):
    security, spy = parse_symbol(symbol), Spy()
    window = Window.of(START, END, NOW)
    for name in chain_order(security):
        route = next((r for r in ROUTES[name] if r.covers(security)), None)
        if route is not None:
            route.bars(spy, security, window)
    assert spy.called == functions.split()


@pytest.mark.parametrize(
    ("symbol", "functions"),
    [
        ("600718.SH", "stock_zh_a_daily(sh600718,hfq-factor) stock_zh_a_hist(600718)"),
        ("688981.SH", "stock_zh_a_daily(sh688981,hfq-factor) stock_zh_a_hist(688981)"),
        ("300750.SZ", "stock_zh_a_daily(sz300750,hfq-factor) stock_zh_a_hist(300750)"),
        ("689009.SH", "stock_zh_a_daily(sh689009,hfq-factor) stock_zh_a_hist(689009)"),
        ("920002.BJ", "stock_zh_a_daily(bj920002,hfq-factor) stock_zh_a_hist(920002)"),
        ("900901.SH", "stock_zh_b_daily(sh900901,hfq-factor)"),
        ("200596.SZ", "stock_zh_b_daily(sz200596,hfq-factor) stock_zh_a_hist(200596)"),
        ("510300.SH", "fund_etf_hist_em(510300) fund_etf_dividend_sina(sh510300)"),
        ("00700.HK", "stock_hk_daily(00700) stock_hk_hist(00700)"),
    ],
)
def test_factors_of_each_class_come_from_the_function_that_is_right_for_it(symbol, functions):
    security, spy = parse_symbol(symbol), Spy()
    for name in factors_order(security):
        route = next((r for r in ROUTES[name] if r.covers(security)), None)
        if route is not None:
            route.factors(spy, security)
    # raw and adjusted prices are two calls of one function
    assert list(dict.fromkeys(c.replace(", ", ",") for c in spy.called)) == functions.split()


def test_every_route_is_tested():
    routes = {(n, r.name) for n, group in ROUTES.items() for r in group}
    tested = set()
    for name, symbol in COVERED:
        security = parse_symbol(symbol)
        tested.add((name, next(r.name for r in ROUTES[name] if r.covers(security))))
    assert tested == routes


@pytest.mark.parametrize(
    "symbol",
    [
        *("600718.SH", "300750.SZ", "02066.HK", "00593.HK"),
        *("900901.SH", "200596.SZ", "920002.BJ", "510300.SH"),
    ],
)
def test_returns_from_bars_and_factors_are_the_true_returns(server, symbol):
    from mentionstudy.data.calendars import calendar_for
    from mentionstudy.data.market import returns_panel

    chain = live_chain(SourceHealth(manners=IMPATIENT), IMPATIENT, now=lambda: NOW)
    security = parse_symbol(symbol)
    bars, factors = chain.bars(security, START, END), chain.factors(security)
    sessions = {security.exchange: calendar_for(security.exchange).sessions}
    panel = returns_panel(bars, factors, sessions)
    true = truth(server, symbol).set_index("date")["ret"]
    got = panel.returns[symbol]
    np.testing.assert_allclose(got.iloc[1:], true.loc[got.index].iloc[1:], atol=1e-4)
    actions = len(server.market.stocks[symbol].actions)
    assert (panel.flags["flag"] == "ex_date").sum() == actions > 0
    plain = bars["close"].pct_change().to_numpy()[1:]
    assert np.abs(plain - true.to_numpy()[1:]).max() > np.abs(got - true).max()


def test_a_halt_is_a_gap_in_the_bars(server):
    bars = ask("tencent", "000066.SZ")
    assert not bars["date"].isin(pd.DatetimeIndex(HALTED.halted)).any()


def test_no_corporate_action_is_factor_one(server):
    factors = source("sina").factors(parse_symbol("688981.SH"))
    assert factors[["factor", "cash"]].to_numpy().tolist() == [[1.0, 0.0]]
    assert factors["ex_date"].iloc[0] == pd.Timestamp("1900-01-01")


def test_an_index_has_factor_one_and_nothing_is_asked(server):
    before = server.asked()
    assert source("sina").factors(parse_symbol("000300.SH"))["factor"].tolist() == [1.0]
    assert server.asked() == before


def test_tencent_asks_once_a_year_and_for_no_other_years(server):
    before = server.asked("tencent")
    ask("tencent", "600718.SH", dt.date(2021, 3, 1), dt.date(2022, 2, 1))
    assert server.asked("tencent") - before == 3  # the start of the series, 2021 and 2022


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("tencent", "920002.BJ"),
        ("eastmoney", "900901.SH"),
        ("csindex", "399006.SZ"),
        ("csindex", "600718.SH"),
        ("tencent", "HSI.HK"),
    ],
)
def test_what_a_source_does_not_carry_is_not_asked_for(server, name, symbol):
    before = server.asked()
    with pytest.raises(NotCovered, match="does not carry"):
        ask(name, symbol)
    assert server.asked() == before


def test_todays_bar_is_left_out_until_the_session_is_settled(server):
    noon = dt.datetime(2022, 12, 30, 4, 0, tzinfo=dt.UTC)
    half = live_source("eastmoney", IMPATIENT, SourceHealth(manners=IMPATIENT), now=lambda: noon)
    bars = half.bars(parse_symbol("600718.SH"), dt.date(2022, 12, 1), dt.date(2022, 12, 31))
    assert bars["date"].iloc[-1] == pd.Timestamp("2022-12-29")
    full = ask("eastmoney", "600718.SH", dt.date(2022, 12, 1), dt.date(2022, 12, 31))
    assert full["date"].iloc[-1] == pd.Timestamp("2022-12-30")


@pytest.mark.parametrize("symbol", ["600718.SH", "300750.SZ", "02066.HK", "00593.HK"])
def test_with_only_eastmoney_left_the_returns_are_still_right(server, symbol):
    from mentionstudy.data.calendars import calendar_for
    from mentionstudy.data.market import returns_panel

    server.fail("drop", "sina", "tencent")
    security = parse_symbol(symbol)
    bars = chain().bars(security, START, END)
    answer = chain().try_factors(security)
    assert [(a.source, a.outcome) for a in answer.attempts] == [
        ("sina", "refused"),
        ("eastmoney", "ok"),
    ]
    sessions = {security.exchange: calendar_for(security.exchange).sessions}
    panel = returns_panel(bars, answer.frame, sessions)
    true = truth(server, symbol).set_index("date")["ret"].iloc[1:]
    np.testing.assert_allclose(panel.returns[symbol].iloc[1:], true, atol=1e-4)
    ex_dates = panel.flags.loc[panel.flags["flag"] == "ex_date", "date"]
    actions = server.market.stocks[symbol].actions
    assert ex_dates.astype(str).tolist() == [a.ex_date for a in actions]


def test_the_factors_of_a_fund_are_what_it_paid_out_when_only_sina_answers(server):
    server.fail("drop", "eastmoney")
    answer = chain().try_factors(parse_symbol("510300.SH"))
    assert [(a.source, a.outcome) for a in answer.attempts] == [
        ("eastmoney", "refused"),
        ("sina", "ok"),
    ]
    assert answer.frame["cash"].tolist() == pytest.approx([0.0, 0.068, 0.145])
    server.market.add("510500.SH")  # has never paid anything
    assert source("sina").factors(parse_symbol("510500.SH"))["factor"].tolist() == [1.0]


def test_an_unknown_symbol_has_no_factors_at_eastmoney(server):
    with pytest.raises(SymbolNotFound):
        source("eastmoney").factors(parse_symbol("600999.SH"))


# --- failures: class, message, and that nothing half-good gets through --------------------------

NAMES = ("tencent", "sina", "eastmoney", "csindex")
SYMBOL = {"tencent": "600718.SH", "sina": "600718.SH", "eastmoney": "600718.SH"}


def failing(name: str) -> str:
    return SYMBOL.get(name, "000300.SH")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("mode", "error", "words"),
    [
        ("drop", SourceRefused, "connection failed"),
        ("403", SourceRefused, "HTTP 403"),
        ("456", SourceRefused, "HTTP 456"),
        ("502", SourceRefused, "HTTP 502"),
        ("null", SourceRefused, "HTTP 502"),
        ("html", SourceRefused, "a page in place of data"),
        ("empty", SourceRefused, "an empty answer"),
        ("truncated", SourceRefused, "connection failed"),
        ("hang", SourceTimeout, "no answer within"),
    ],
)
def test_transport_failures_have_a_class_and_a_reason(server, name, mode, error, words):
    server.fail(mode, name)
    with pytest.raises(error, match=words) as caught:
        ask(name, failing(name), manners=HASTY if mode == "hang" else IMPATIENT)
    assert caught.value.source == name
    assert caught.value.symbol == failing(name)


def test_a_slow_drip_ends_at_the_deadline(server):
    server.fail("drip", "eastmoney")
    with pytest.raises(SourceTimeout, match="no answer within 3 s"):
        ask("eastmoney", "600718.SH", manners=HASTY)


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("tencent", "columns", "known shape"),
        ("eastmoney", "columns", "known shape"),
        ("sina", "columns", "known shape"),
        ("tencent", "other_symbol", "answered for .*600000"),
        ("eastmoney", "other_symbol", "answered for 600000"),
        ("sina", "other_symbol", "answered for 600000"),
        ("tencent", "conflict", "two different bars of 2022-"),
        ("eastmoney", "conflict", "two different bars of 2022-"),
        ("eastmoney", "negative", "impossible price on 20"),
        ("tencent", "negative", "impossible price on 20"),
    ],
)
def test_changed_answers_are_named_and_never_used(server, name, mode, words):
    server.fail(mode, name)
    with pytest.raises(SourceSchemaChanged, match=words):
        ask(name, "600718.SH", end=dt.date(2022, 12, 30))


@pytest.mark.parametrize("name", ["tencent", "eastmoney", "sina"])
@pytest.mark.parametrize("mode", ["duplicates", "unordered", "future", "gbk"])
def test_harmless_faults_are_put_in_order(server, name, mode):
    if (name, mode) == ("sina", "unordered"):
        pytest.skip("the packed format cannot go back in time on its own terms")
    server.fail(mode, name)
    end = dt.date(2023, 1, 31)
    bars = ask(name, "600718.SH", end=end)
    true = truth(server, "600718.SH", end=end)
    assert bars["date"].tolist() == true["date"].tolist()
    np.testing.assert_allclose(bars["close"], true["close"], atol=1e-9)


@pytest.mark.parametrize("name", ["tencent", "eastmoney"])
def test_a_row_without_price_and_volume_is_a_placeholder(server, name):
    server.fail("zero", name)
    bars, true = ask(name, "600718.SH"), truth(server, "600718.SH")
    assert len(true) - len(bars) == 1
    assert (bars["close"] > 0).all()


@pytest.mark.parametrize(
    ("mode", "error", "words"),
    [
        ("zero", SourceSchemaChanged, "not a positive number"),
        ("columns", SourceSchemaChanged, "known shape"),
        ("other_symbol", SourceSchemaChanged, "answered for 600000"),
        ("456", SourceRefused, "HTTP 456"),
        ("html", SourceRefused, "page in place of data"),
    ],
)
def test_bad_factors_never_become_factor_one(server, mode, error, words):
    server.fail(mode, "sina", kind="factors")
    with pytest.raises(error, match=words):
        source("sina").factors(parse_symbol("600718.SH"))


TOUCH = '__import__("pathlib").Path("PLACE").touch()'


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        *[(s, TOUCH) for s in ("600718.SH", "900901.SH", "689009.SH", "02066.HK", "510300.SH")],
        ("600718.SH", f'{{"total": 1, "data": [{{"d": str({TOUCH}), "f": 1}}]}}'),
        ("600718.SH", f'[{TOUCH} for _ in "a"]'),
        ("510300.SH", f"{TOUCH}#"),  # of funds akshare evaluates up to the last brace
        ("510300.SH", f"[\n{TOUCH}][0] or {{"),
    ],
)
def test_a_factor_file_that_holds_code_is_not_run(server, tmp_path, symbol, code):
    place = tmp_path / "was_run"
    server.script = code.replace("PLACE", str(place))
    server.fail("code", "sina", kind="factors")
    with pytest.raises(SourceSchemaChanged, match="holds code where a table was expected"):
        source("sina").factors(parse_symbol(symbol))
    assert not place.exists()


def test_without_the_check_akshare_would_run_it(server, tmp_path):
    # what the check is for: if this fails, akshare has mended it and the check can go
    place = tmp_path / "was_run"
    server.script = f'__import__("pathlib").Path("{place}").touch()'
    server.fail("code", "sina", kind="factors")
    from mentionstudy.data.market.live import load_akshare

    with pytest.raises(TypeError):
        load_akshare().stock_zh_a_daily("sh600718", adjust="hfq-factor")
    assert place.exists()


# --- the canary --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tencent", "eastmoney", "sina"])
def test_an_unknown_symbol_is_not_found_because_a_known_one_is_answered(server, name):
    with pytest.raises(SymbolNotFound, match="does not know"):
        ask(name, "600999.SH")
    with pytest.raises(SymbolNotFound):
        ask(name, "09999.HK")


@pytest.mark.parametrize("symbol", ["600718.SH", "600000.SH"])
def test_no_data_for_what_exists_is_a_refusal(server, symbol):
    server.fail("no_data", "eastmoney")
    with pytest.raises(SourceRefused, match="it answers without data"):
        ask("eastmoney", symbol)


@pytest.mark.parametrize("name", ["tencent", "sina", "eastmoney"])
def test_a_format_that_not_even_the_canary_has_is_a_changed_format(server, name):
    server.fail("columns", name)
    with pytest.raises(SourceSchemaChanged, match=r"600000\.SH"):
        ask(name, "600999.SH")


def test_the_canary_is_asked_once_for_many_unknown_symbols(server):
    one = source("eastmoney")
    before = server.asked()
    for code in range(600900, 600910):
        with pytest.raises(SymbolNotFound):
            one.bars(parse_symbol(f"{code}.SH"), START, END)
    assert server.asked() - before == 11


def test_a_range_before_the_listing_is_empty_not_unknown(server):
    server.market.add(Stock("601000.SH", listed="2022-03-01"))
    for name in ("eastmoney", "tencent", "sina"):
        with pytest.raises(NoData):
            ask(name, "601000.SH", dt.date(2020, 1, 2), dt.date(2020, 6, 30))


# --- the chain ---------------------------------------------------------------------------------


def chain(manners: Manners = IMPATIENT):
    return live_chain(SourceHealth(manners=manners), manners, now=lambda: NOW)


@pytest.mark.parametrize(
    ("symbol", "order"),
    [
        ("600718.SH", ["tencent", "sina", "eastmoney"]),
        ("900901.SH", ["sina"]),
        ("200596.SZ", ["sina", "eastmoney"]),
        ("920002.BJ", ["eastmoney", "sina"]),
        ("02066.HK", ["eastmoney", "tencent", "sina"]),
        ("000300.SH", ["sina", "tencent", "eastmoney", "csindex"]),
        ("HSI.HK", ["sina", "eastmoney"]),
    ],
)
def test_each_source_of_the_chain_takes_over_from_the_one_before(server, symbol, order):
    security = parse_symbol(symbol)
    true = truth(server, symbol)
    for place, name in enumerate(order):
        server.recover()
        if order[:place]:
            server.fail("drop", *order[:place])
        answer = chain().try_bars(security, START, END)
        asked = [(a.source, a.outcome) for a in answer.attempts if a.outcome != "not_covered"]
        assert asked == [*[(n, "refused") for n in order[:place]], (name, "ok")]
        np.testing.assert_allclose(answer.frame["close"], true["close"], atol=1e-9)
    server.fail("456")
    last = chain().try_bars(security, START, END)
    assert last.frame is None
    assert {a.outcome for a in last.attempts} <= {"refused", "not_covered"}
    with pytest.raises(SourceRefused) as caught:
        chain().bars(security, START, END)
    for name in order:
        assert name in caught.value.reason


def test_the_chain_asks_on_after_data_that_contradicts_itself(server):
    server.fail("negative", "tencent")
    server.fail("columns", "sina")
    answer = chain().try_bars(parse_symbol("600718.SH"), START, END)
    assert [a.outcome for a in answer.attempts] == ["schema", "schema", "ok"]


def test_a_board_is_carried_by_no_source(server):
    with pytest.raises(SourceError, match="no live source"):
        chain().bars(parse_symbol("BK0493.EM"), START, END)


# --- manners -----------------------------------------------------------------------------------


def test_refusals_are_retried_where_it_helps_and_not_where_it_deepens_a_ban(server):
    families = {
        "tencent": FamilyManners(spacing=0.0, refused_retries=2),
        "eastmoney": FamilyManners(spacing=0.0, refused_retries=0),
    }
    manners = Manners(retry_wait=0.0, retry_wait_max=0.01, families=families)
    server.fail("drop", "tencent", times=2)
    assert len(ask("tencent", "600718.SH", manners=manners))
    server.fail("drop", "eastmoney", times=1)
    with pytest.raises(SourceRefused):
        ask("eastmoney", "600718.SH", manners=manners)


def test_requests_to_one_family_keep_their_distance(server):
    manners = Manners(families={"tencent": FamilyManners(spacing=0.15)})
    server.log.clear()
    ask("tencent", "600718.SH", manners=manners)
    times = [seen.at for seen in server.log]
    assert len(times) == 4
    assert min(np.diff(times)) >= 0.14


def test_a_time_limit_is_set_only_for_our_own_calls(server):
    ask("eastmoney", "600718.SH")  # installs the observer
    server.fail("hang", "eastmoney")
    began = dt.datetime.now(dt.UTC)
    with pytest.raises(requests.ConnectionError):  # the server gives up first, after 4 s
        requests.get(
            "https://push2his.eastmoney.com/api/qt/stock/kline/get"
            "?secid=1.600718&end=20220101&fields2=f51,f52"
        )
    assert (dt.datetime.now(dt.UTC) - began).total_seconds() > 3


def test_nothing_is_printed_and_akshare_is_not_imported_early(server, capsys):
    ask("tencent", "600718.SH")
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err == ""


def test_the_budget_of_eastmoney_is_kept_without_asking(server):
    from mentionstudy.data.market.manners import Budget

    families = {
        "eastmoney": FamilyManners(spacing=0.0, budgets=(Budget(requests=2, seconds=600.0),))
    }
    one = source("eastmoney", Manners(families=families))
    for _ in range(2):
        one.bars(parse_symbol("600718.SH"), START, END)
    before = server.asked()
    with pytest.raises(SourceRefused, match="not asked: 2 requests"):
        one.bars(parse_symbol("600718.SH"), START, END)
    assert server.asked() == before


def test_market_truth_has_no_future(server):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = Market(TODAY).add("600718.SH").bars("600718.SH")
    assert frame["date"].max() == pd.Timestamp(TODAY)
