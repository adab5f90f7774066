"""Returns: the exchange's own reference prices, halts, a brute-force loop as second opinion."""

from __future__ import annotations

import itertools
import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.data.errors import DataError
from mentionstudy.data.market import (
    FLAGS,
    SampleSource,
    asked_until,
    flag_endings,
    returns_panel,
)

DAYS = pd.bdate_range("2022-07-01", periods=30)
HK_DAYS = DAYS.delete([3, 10]).append(pd.DatetimeIndex(["2022-07-23"])).sort_values()
SESSIONS = {"SH": DAYS, "SZ": DAYS, "HK": HK_DAYS}


def make_bars(symbol: str, closes: dict[str, float], **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"symbol": symbol, "date": list(closes), "close": list(closes.values())} | more
    )


def flags_of(panel, flag: str) -> list[tuple[str, str]]:
    rows = panel.flags.loc[panel.flags["flag"] == flag]
    return [(s, f"{d:%Y-%m-%d}") for s, d in zip(rows["symbol"], rows["date"], strict=True)]


# --- published figures --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "day_before", "day", "previous", "reference", "close", "percent"),
    [
        # waditu/tushare#1805: the exchange's change is -0.10 %, the raw one -0.60 %
        ("000066.SZ", "2022-07-19", "2022-07-20", 9.94, 9.89, 9.88, -0.10),
        # waditu/tushare#1830: 13.71 becomes 13.04 on 2023-08-25
        ("000002.SZ", "2023-08-24", "2023-08-25", 13.71, 13.04, 13.04, 0.0),
    ],
)
def test_ex_date_return_is_measured_from_the_exchange_reference(
    symbol, day_before, day, previous, reference, close, percent
):
    bars = make_bars(symbol, {day_before: previous, day: close})
    factors = pd.DataFrame({"symbol": [symbol], "ex_date": [day], "factor": [previous / reference]})
    days = pd.DatetimeIndex([day_before, day])
    panel = returns_panel(bars, factors, {"SZ": days})
    assert panel.returns[symbol].iloc[1] * 100 == pytest.approx(percent, abs=0.005)
    assert panel.returns[symbol].iloc[1] == pytest.approx(close / reference - 1, abs=1e-12)
    assert flags_of(panel, "ex_date") == [(symbol, day)]


def test_published_sina_factors_give_the_official_previous_close():
    f0, f1 = 160.8188465756604, 169.1453113717332  # 000002 around 2023-08-25
    bars = make_bars("000002.SZ", {"2023-08-24": 13.71, "2023-08-25": 13.04})
    factors = pd.DataFrame(
        {
            "symbol": "000002.SZ",
            "ex_date": ["1900-01-01", "2023-08-25"],
            "factor": [f0, f1],
        }
    )
    days = pd.DatetimeIndex(["2023-08-24", "2023-08-25"])
    panel = returns_panel(bars, factors, {"SZ": days})
    # 13.71 / 1.05177543 is 13.0351; the exchange measured the change from 13.04
    assert panel.returns.iloc[1, 0] == pytest.approx(0.0, abs=1e-12)
    assert panel.flags["detail"].iloc[0] == "reference close 13.0400 after 13.71"


@pytest.mark.parametrize(
    ("symbol", "previous", "factor", "close", "expected"),
    [
        ("900901.SH", 0.345, 1.01, 0.345, 0.345 / 0.342 - 1),  # mills: 0.34158 is 0.342
        ("510050.SH", 3.001, 1.02, 2.95, 2.95 / 2.942 - 1),  # funds too
        ("00700.HK", 360.0, 1.007, 360.0, 0.007),  # the tick depends on the price: unrounded
        ("600000.SH", 10.123, 1.01, 10.123, 0.01),  # no price of this exchange: left as it is
    ],
)
def test_the_reference_is_rounded_to_the_tick_as_the_exchange_does(
    symbol, previous, factor, close, expected
):
    days = ["2022-07-01", "2022-07-04"]
    bars = make_bars(symbol, dict(zip(days, [previous, close], strict=True)))
    factors = pd.DataFrame({"symbol": [symbol], "ex_date": days[1:], "factor": [factor]})
    panel = returns_panel(bars, factors, SESSIONS)
    assert panel.returns.iloc[1, 0] == pytest.approx(expected, abs=1e-12)


def test_hong_kong_affine_rule_in_the_shape_of_the_published_tables():
    # 00700 style: factor 5 in force all along, cash grows by factor * dividend
    dividend = 2.4
    bars = make_bars("00700.HK", {"2022-07-01": 360.0, "2022-07-04": 355.0})
    table = pd.DataFrame(
        {
            "symbol": "00700.HK",
            "ex_date": ["1900-01-01", "2022-07-04"],
            "factor": [5.0, 5.0],
            "cash": [35.54, 35.54 + 5 * dividend],
        }
    )
    panel = returns_panel(bars, table, SESSIONS)
    assert panel.returns.iloc[1, 0] == pytest.approx(355.0 / (360.0 - dividend) - 1, abs=1e-12)

    # 00593 style: five shares become one; the price is five times as high, the return is not
    bars = make_bars("00593.HK", {"2022-07-01": 0.30, "2022-07-04": 1.47})
    table = table.assign(symbol="00593.HK", factor=[1.0, 0.2], cash=[0.373, 0.373])
    panel = returns_panel(bars, table, SESSIONS)
    assert panel.returns.iloc[1, 0] == pytest.approx(1.47 / 1.5 - 1, abs=1e-12)


def test_sample_ex_date_and_placeholder_bar(sessions):
    panel = sample_panel(sessions)
    # 600050: reference 4.36 after 4.43 on 2021-06-30
    close = sample_bars().set_index(["symbol", "date"])["close"]
    day = pd.Timestamp("2021-06-30")
    expected = close["600050.SH", day] / 4.36 - 1
    assert panel.returns.at[day, "600050.SH"] == pytest.approx(expected, abs=1e-6)
    # 2022-01-31: Hong Kong half day, a bar with volume 0, no trade
    assert math.isnan(panel.returns.at[pd.Timestamp("2022-01-31"), "00762.HK"])
    assert panel.spans.at[pd.Timestamp("2022-02-04"), "00762.HK"] == 2
    assert ("00762.HK", "2022-01-31") in flags_of(panel, "no_trade_bar")


def test_sample_halts_are_counted_in_sessions(sessions):
    panel = sample_panel(sessions)
    # 600718 was halted from 2009-02-17 to 02-27: nine sessions, so the next return spans ten
    assert panel.spans.at[pd.Timestamp("2009-03-02"), "600718.SH"] == 10
    assert ("600718.SH", "2009-02-17") in flags_of(panel, "halted")
    # between its two periods there is no data, which is no halt
    resumed = pd.Timestamp("2020-12-01")
    assert math.isnan(panel.returns.at[resumed, "600718.SH"])
    assert ("600718.SH", "2020-12-01") in flags_of(panel, "gap")


@pytest.fixture(scope="module")
def sessions() -> dict[str, pd.DatetimeIndex]:
    import exchange_calendars as xc

    shanghai = xc.get_calendar("XSHG", start="2008-12-01", end="2022-12-30").sessions
    hong_kong = xc.get_calendar("XHKG", start="2008-12-01", end="2022-12-30").sessions
    return {"SH": shanghai, "SZ": shanghai, "BJ": shanghai, "HK": hong_kong}


class Named:
    def __init__(self, symbol: str) -> None:
        self.symbol = symbol


def sample_bars() -> pd.DataFrame:
    source = SampleSource()
    first, last = pd.Timestamp("2008-01-01"), pd.Timestamp("2022-12-31")
    return pd.concat([source.bars(Named(s), first, last) for s in source.symbols])


def sample_panel(sessions):
    source = SampleSource()
    factors = pd.concat([source.factors(Named(s)) for s in source.symbols])
    return returns_panel(sample_bars(), factors, sessions)


def test_sample_has_no_unusable_bar_and_no_implausible_return(sessions):
    panel = sample_panel(sessions)
    seen = set(panel.flags["flag"])
    assert seen <= {"ex_date", "halted", "multi_day_return", "gap", "no_trade_bar"}
    one_day = panel.returns.where(panel.spans == 1)
    assert one_day.abs().max().max() < 0.15
    assert one_day.notna().sum().min() > 300


# --- rules ---------------------------------------------------------------------------------


def test_first_bar_has_no_return_and_the_columns_are_typed():
    panel = returns_panel(
        make_bars("600000.SH", {"2022-07-01": 10, "2022-07-04": 11}), None, SESSIONS
    )
    assert panel.returns["600000.SH"].isna().tolist() == [True, False]
    assert panel.returns["600000.SH"].iloc[1] == pytest.approx(0.1)
    assert panel.spans["600000.SH"].tolist() == [0, 1]
    assert panel.returns.index.tz is None
    assert panel.spans.dtypes.iloc[0] == np.int16


def test_a_halt_makes_one_return_over_several_sessions_not_zero_returns():
    bars = make_bars("600000.SH", {"2022-07-01": 10.0, "2022-07-07": 12.0, "2022-07-08": 12.0})
    panel = returns_panel(bars, None, SESSIONS)
    column = panel.returns["600000.SH"]
    assert column.loc["2022-07-04":"2022-07-06"].isna().all()
    assert column["2022-07-07"] == pytest.approx(0.2)
    assert panel.spans["600000.SH"]["2022-07-07"] == 4
    assert flags_of(panel, "multi_day_return") == [("600000.SH", "2022-07-07")]
    assert [d for _, d in flags_of(panel, "halted")] == ["2022-07-04", "2022-07-05", "2022-07-06"]


def test_a_corporate_action_during_a_halt_is_in_the_return_of_the_resumption():
    bars = make_bars("600000.SH", {"2022-07-01": 10.0, "2022-07-08": 5.5})
    factors = pd.DataFrame({"symbol": "600000.SH", "ex_date": ["2022-07-05"], "factor": [2.0]})
    panel = returns_panel(bars, factors, SESSIONS)
    assert panel.returns["600000.SH"]["2022-07-08"] == pytest.approx(0.1)
    assert panel.spans["600000.SH"]["2022-07-08"] == 5
    assert flags_of(panel, "ex_date") == [("600000.SH", "2022-07-08")]


def test_an_ex_date_on_a_holiday_counts_on_the_next_session():
    bars = make_bars("600000.SH", {"2022-07-01": 10.0, "2022-07-04": 9.0})
    factors = pd.DataFrame({"symbol": "600000.SH", "ex_date": ["2022-07-02"], "factor": [10 / 9]})
    panel = returns_panel(bars, factors, SESSIONS)
    assert panel.returns["600000.SH"]["2022-07-04"] == pytest.approx(0.0, abs=1e-12)


def test_each_exchange_counts_in_its_own_sessions():
    # DAYS[3] is no session in Hong Kong: the same two dates are adjacent there
    dates = {f"{DAYS[2]:%Y-%m-%d}": 10.0, f"{DAYS[4]:%Y-%m-%d}": 11.0}
    bars = pd.concat([make_bars("600000.SH", dates), make_bars("00001.HK", dates)])
    panel = returns_panel(bars, None, SESSIONS)
    assert panel.spans.loc[DAYS[4]].to_dict() == {"00001.HK": 1, "600000.SH": 2}
    assert DAYS[3] in panel.returns.index


def test_bad_bars_are_flagged_and_not_used():
    bars = pd.DataFrame(
        [
            ("600000.SH", "2022-07-01", 10.0),
            ("600000.SH", "2022-07-02", 10.5),  # Saturday
            ("600000.SH", "2022-07-04", 0.0),
            ("600000.SH", "2022-07-05", -1.0),
            ("600000.SH", "2022-07-06", np.nan),
            ("600000.SH", "2022-07-07", np.inf),
            ("600000.SH", "2022-07-08", 11.0),
            ("600000.SH", "2022-07-08", 11.0),
            ("600000.SH", "2022-07-11", 11.0),
            ("600000.SH", "2022-07-11", 12.0),
            ("600000.SH", "2022-07-12", 12.1),
            ("600000.XX", "2022-07-12", 12.1),
        ],
        columns=["symbol", "date", "close"],
    ).sample(frac=1, random_state=1)
    panel = returns_panel(bars, None, SESSIONS)
    column = panel.returns["600000.SH"]
    assert column.dropna().to_dict() == pytest.approx(
        {pd.Timestamp("2022-07-08"): 0.1, pd.Timestamp("2022-07-12"): 0.1}
    )
    assert flags_of(panel, "non_session") == [("600000.SH", "2022-07-02")]
    assert [d[-2:] for _, d in flags_of(panel, "bad_price")] == ["04", "05", "06", "07"]
    assert flags_of(panel, "duplicate") == [("600000.SH", "2022-07-08")]
    assert flags_of(panel, "conflicting_duplicate") == [("600000.SH", "2022-07-11")]
    assert flags_of(panel, "no_calendar") == [("600000.XX", "2022-07-12")]
    assert panel.returns["600000.XX"].isna().all()


def test_volume_zero_is_no_trade_unless_the_source_reports_no_volume():
    halted = make_bars("600000.SH", {"2022-07-01": 10.0, "2022-07-04": 10.0, "2022-07-05": 11.0})
    halted["volume"] = [5.0, 0.0, 5.0]
    silent = halted.assign(symbol="000300.SH", volume=0.0, close=[10.0, 11.0, 12.0])
    padded = halted.assign(symbol="600001.SH", volume=0.0, close=10.0)
    panel = returns_panel(pd.concat([halted, silent, padded]), None, SESSIONS)
    assert panel.spans["600000.SH"].tolist() == [0, 0, 2]
    assert panel.spans["000300.SH"].tolist() == [0, 1, 1]
    assert panel.spans["600001.SH"].tolist() == [0, 0, 0]


def test_a_bad_factor_spoils_the_returns_that_cross_it_and_no_other():
    bars = make_bars(
        "600000.SH", dict(zip(DAYS[:6].astype(str), [10.0, 11, 12, 13, 14, 15], strict=True))
    )
    factors = pd.DataFrame(
        {"symbol": "600000.SH", "ex_date": DAYS[[2, 4]], "factor": [np.nan, 2.0]}
    )
    panel = returns_panel(bars, factors, SESSIONS)
    assert panel.returns["600000.SH"].isna().tolist() == [True, False, True, False, True, False]
    assert flags_of(panel, "bad_factor") == [("600000.SH", f"{DAYS[2]:%Y-%m-%d}")]


def test_cash_larger_than_the_price_gives_no_return_and_a_flag():
    bars = make_bars("00001.HK", {"2022-07-01": 1.0, "2022-07-04": 1.0})
    factors = pd.DataFrame(
        {"symbol": "00001.HK", "ex_date": ["2022-07-04"], "factor": [1.0], "cash": [1.5]}
    )
    panel = returns_panel(bars, factors, SESSIONS)
    assert panel.returns["00001.HK"].isna().all()
    assert flags_of(panel, "bad_reference") == [("00001.HK", "2022-07-04")]


def test_bars_that_end_before_what_was_asked_for_are_flagged_and_windows_are_not():
    days = {"2022-07-01": 10.0, "2022-07-04": 10.0}
    symbols = ("600000.SH", "600001.SH", "600002.SH", "00001.HK", "600003.SH")
    bars = pd.concat([make_bars(s, days) for s in symbols])
    bars["date"] = pd.to_datetime(bars["date"])
    panel = returns_panel(bars, None, SESSIONS)
    assert panel.flags.empty
    log = pd.DataFrame(
        [
            ("600000.SH", "bars", "ok", "2022-07-08"),
            ("600001.SH", "bars", "ok", "2022-07-04"),  # a shorter window: nothing is missing
            ("600002.SH", "bars", "ok", "2022-07-08"),
            ("600003.SH", "bars", "refused", "2022-07-08"),
            ("600003.SH", "factors", "ok", "2022-07-08"),
        ],
        columns=["symbol", "kind", "outcome", "last"],
    )
    log["last"] = pd.to_datetime(log["last"])
    gone = {"600002.SH": pd.Timestamp("2022-07-06"), "600000.SH": pd.Timestamp("2022-08-01")}
    flags = flag_endings(panel, bars, asked_until(log), gone).flags
    assert flags[["symbol", "flag", "detail"]].to_numpy().tolist() == [
        ["600000.SH", "stale", "4 sessions before 2022-07-08, up to which it was asked for"],
        ["600002.SH", "delisted", "delisted on 2022-07-06"],
    ]
    assert set(flags["date"]) == {pd.Timestamp("2022-07-04")}


def test_nothing_in_nothing_out():
    empty = pd.DataFrame(
        {"symbol": pd.Series(dtype="str"), "date": pd.Series(dtype="M8[us]"), "close": []}
    )
    panel = returns_panel(empty, None, SESSIONS)
    assert panel.returns.shape == (0, 0)
    assert list(panel.flags.columns) == ["symbol", "date", "flag", "detail"]
    only_bad = make_bars("600000.SH", {"2022-07-02": 10.0})
    assert returns_panel(only_bad, None, SESSIONS).returns.shape == (0, 1)


def test_missing_column_is_named():
    with pytest.raises(DataError, match="no column close"):
        returns_panel(pd.DataFrame({"symbol": [], "date": []}), None, SESSIONS)


# --- the brute-force loop --------------------------------------------------------------------


def slow_returns(bars, factors, sessions, max_span=250):
    """One symbol and one day at a time, straight from the definition."""
    returns, spans = {}, {}
    for symbol in bars["symbol"].unique():
        days = list(sessions[symbol.split(".")[1]])
        mine = bars.loc[bars["symbol"] == symbol]
        table = factors.loc[factors["symbol"] == symbol].sort_values("ex_date", kind="stable")
        real = mine.loc[(mine["close"] > 0) & mine["date"].isin(days)]
        zero_everywhere = (real["volume"] == 0).all() and real["close"].nunique() > 1
        traded = []
        for day in sorted(set(mine["date"])):
            rows = mine.loc[(mine["date"] == day) & (mine["close"] > 0)]
            if not zero_everywhere:
                rows = rows.loc[rows["volume"] != 0]
            if day in days and rows["close"].nunique() == 1:
                traded.append((day, rows["close"].iloc[0]))

        def force(day, table=table):
            rows = table.loc[table["ex_date"] <= day]
            if rows.empty:
                return 1.0, 0.0
            return rows["factor"].iloc[-1], rows["cash"].iloc[-1]

        for (d0, c0), (d1, c1) in itertools.pairwise(traded):
            span = days.index(d1) - days.index(d0)
            (f0, k0), (f1, k1) = force(d0), force(d1)
            reference = (c0 * f0 + k0 - k1) / f1
            if (f0, k0) != (f1, k1) and not symbol.endswith(".HK") and np.isfinite(reference):
                cents = Decimal(f"{reference:.9f}").quantize(Decimal("0.01"), ROUND_HALF_UP)
                reference = float(cents) if cents > 0 else reference
            if span <= max_span and reference > 0:
                returns[d1, symbol] = c1 / reference - 1
                spans[d1, symbol] = span
    return returns, spans


@st.composite
def markets(draw):
    symbols = draw(
        st.lists(
            st.sampled_from(["600000.SH", "000001.SZ", "00700.HK", "600001.SH", "00001.HK"]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    bar = st.tuples(
        st.sampled_from(symbols),
        st.integers(0, 34),
        # few distinct prices: ties and identical duplicates happen often
        st.sampled_from([0.0, -1.0, 5.0, 5.0, 5.5, 6.0, 7.25, 11.0]),
        st.sampled_from([0.0, 100.0, 100.0, 100.0, float("nan")]),
    )
    rows = draw(st.lists(bar, max_size=70))
    start = pd.Timestamp("2022-07-01")
    bars = pd.DataFrame(rows, columns=["symbol", "date", "close", "volume"])
    bars["date"] = start + pd.to_timedelta(bars["date"], unit="D")
    bars["symbol"] = bars["symbol"].astype("str")
    action = st.tuples(
        st.sampled_from(symbols),
        st.integers(-3, 38),
        st.sampled_from([0.2, 1.0, 1.05, 2.0]),
        st.sampled_from([0.0, 0.0, 0.3, 9.0]),
    )
    rows = draw(st.lists(action, max_size=8, unique_by=lambda r: r[:2]))
    factors = pd.DataFrame(rows, columns=["symbol", "ex_date", "factor", "cash"])
    factors["ex_date"] = start + pd.to_timedelta(factors["ex_date"], unit="D")
    factors["symbol"] = factors["symbol"].astype("str")
    return bars, factors


@settings(max_examples=100)
@given(markets(), st.integers(1, 30))
def test_equals_a_loop_over_days(market, max_span):
    bars, factors = market
    panel = returns_panel(bars, factors, SESSIONS, max_span=max_span)
    returns, spans = slow_returns(bars, factors, SESSIONS, max_span)
    got = panel.returns.stack()
    got = got[got.notna()]
    assert got.to_dict() == pytest.approx(returns, rel=1e-12, abs=1e-12)
    wide = panel.spans.stack()
    assert wide[wide > 0].to_dict() == spans
    assert set(panel.flags["flag"]) <= set(FLAGS)


@settings(max_examples=50)
@given(markets(), st.randoms())
def test_order_of_rows_and_scale_of_prices_do_not_matter(market, random):
    bars, factors = market
    order = list(range(len(bars)))
    random.shuffle(order)
    plain = returns_panel(bars, factors, SESSIONS)
    shuffled = returns_panel(bars.iloc[order], factors, SESSIONS)
    pd.testing.assert_frame_equal(plain.returns, shuffled.returns, check_freq=False)
    pd.testing.assert_frame_equal(plain.spans, shuffled.spans)
    scaled = bars.iloc[order].assign(close=bars["close"].iloc[order] * 4)
    other, plain = (returns_panel(b, None, SESSIONS) for b in (scaled, bars))
    pd.testing.assert_frame_equal(plain.returns, other.returns, rtol=1e-12, check_freq=False)


def test_blocks_of_symbols_equal_one_block(monkeypatch):
    import mentionstudy.data.market.returns as module

    rng = np.random.default_rng(3)
    bars = pd.DataFrame(
        {
            "symbol": np.repeat([f"60000{i}.SH" for i in range(7)], 30),
            "date": np.tile(DAYS.to_numpy(), 7),
            "close": rng.uniform(5, 6, 210),
        }
    ).sample(frac=0.7, random_state=2)
    whole = returns_panel(bars, None, SESSIONS)
    monkeypatch.setattr(module, "_BLOCK", 70)
    blocks = returns_panel(bars, None, SESSIONS)
    pd.testing.assert_frame_equal(whole.returns, blocks.returns)
    pd.testing.assert_frame_equal(whole.spans, blocks.spans)
    pd.testing.assert_frame_equal(whole.flags, blocks.flags)
