"""Price limits: the table with its change dates, rounding, and the flags on bars."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.data.market import flag_price_limits, price_limit, returns_panel
from mentionstudy.data.market.limits import limit_prices, limit_rules
from mentionstudy.data.market.special import SpecialTreatment
from mentionstudy.data.market.ticks import round_half_up
from mentionstudy.data.securities import parse_symbol
from mentionstudy.data.tables import TABLES, empty_frame

day = dt.date


@pytest.mark.parametrize(
    ("symbol", "on", "special", "limit"),
    [
        ("600718.SH", day(1996, 12, 13), False, None),
        ("600718.SH", day(1996, 12, 16), False, 0.10),
        ("600718.SH", day(2022, 1, 7), False, 0.10),
        ("600718.SH", day(1998, 4, 21), True, None),
        ("600718.SH", day(1998, 4, 22), True, 0.05),
        ("600718.SH", day(2026, 7, 3), True, 0.05),
        ("600718.SH", day(2026, 7, 6), True, 0.10),
        ("300750.SZ", day(2020, 8, 21), False, 0.10),
        ("300750.SZ", day(2020, 8, 21), True, 0.05),
        ("300750.SZ", day(2020, 8, 24), False, 0.20),
        ("300750.SZ", day(2020, 8, 24), True, 0.20),
        ("688981.SH", day(2021, 1, 4), False, 0.20),
        ("689009.SH", day(2021, 1, 4), True, 0.20),
        ("920002.BJ", day(2024, 1, 4), True, 0.30),
        ("900901.SH", day(2021, 1, 4), False, 0.10),
        ("900901.SH", day(2021, 1, 4), True, 0.05),
        ("200596.SZ", day(2026, 7, 6), True, 0.10),
        ("510300.SH", day(2021, 1, 4), False, 0.10),
        ("159915.SZ", day(1996, 12, 13), False, None),
        ("920002.BJ", day(2021, 11, 12), False, None),
        ("688981.SH", day(2019, 7, 19), False, None),
        ("300750.SZ", day(2009, 10, 29), False, None),
        ("200596.SZ", day(2026, 7, 3), True, 0.05),
        ("00700.HK", day(2021, 1, 4), False, None),
        ("000300.SH", day(2021, 1, 4), False, None),
    ],
)
def test_the_limit_in_force(symbol, on, special, limit):
    assert price_limit(parse_symbol(symbol), on, st=special) == limit


def test_every_rule_names_its_source_and_no_two_hold_at_once():
    limits, listings = limit_rules()
    for rule in (*limits, *listings):
        assert rule.source.startswith("http")
        assert rule.first <= rule.last
    for board in {r.board for r in limits}:
        for status in ("normal", "st"):
            mine = sorted(
                (r.first, r.last)
                for r in limits
                if r.board == board and r.status in {status, "any"}
            )
            assert all(a[1] < b[0] for a, b in itertools.pairwise(mine))


SCOPES = {
    ("600718.SH", False): ("main_board", "XSHG"),
    ("600718.SH", True): ("st_main", "XSHG"),
    ("000750.SZ", False): ("main_board", "XSHE"),
    ("000750.SZ", True): ("st_main", "XSHE"),
    ("300750.SZ", False): ("chinext", "XSHE"),
    ("300750.SZ", True): ("st_chinext", "XSHE"),
    ("688981.SH", False): ("star", "XSHG"),
    ("688981.SH", True): ("st_star", "XSHG"),
    ("900901.SH", False): ("b_share", "XSHG"),
    ("900901.SH", True): ("st_b_share", "XSHG"),
    ("920002.BJ", False): ("bse", "BJSE"),
    ("920002.BJ", True): ("st_bse", "BJSE"),
    ("510300.SH", False): ("etf", "XSHG"),
}
DATES = [*pd.date_range("1996-12-01", "2026-12-01", freq="29D").date, day(2020, 8, 24)]


@pytest.mark.parametrize(("symbol", "special"), SCOPES)
def test_agrees_with_an_independent_collection_of_the_rules(symbol, special):
    marina = pytest.importorskip("marina_rules")
    scope, _market = SCOPES[symbol, special]
    for on in DATES:
        try:
            theirs = marina.rule_at("price_limit_pct", on.isoformat(), scope=scope)
        except KeyError:
            theirs = None
        assert price_limit(parse_symbol(symbol), on, st=special) == theirs, on


@given(st.integers(100, 30000), st.sampled_from([0.05, 0.1, 0.2, 0.3]))
def test_limit_prices_agree_with_exact_arithmetic(cents, limit):
    from decimal import ROUND_HALF_UP, Decimal

    up, down = limit_prices(np.array([cents / 100]), np.array([limit]))
    exact = [
        (Decimal(cents) / 100 * (1 + sign * Decimal(str(limit)))).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
        for sign in (1, -1)
    ]
    assert [round(float(up[0]), 2), round(float(down[0]), 2)] == [float(e) for e in exact]


def test_limit_prices_of_the_exchanges_examples():
    up, down = limit_prices(np.array([4.26, 10.05]), np.array([0.10, 0.05]))
    np.testing.assert_allclose(up, [4.69, 10.55])
    np.testing.assert_allclose(down, [3.83, 9.55])


def test_a_limit_below_a_tick_is_a_tick():
    up, down = limit_prices(np.array([0.06]), np.array([0.05]))
    np.testing.assert_allclose([up[0], down[0]], [0.07, 0.05])


def test_halves_are_rounded_up_unlike_pythons_round():
    assert round(0.145, 2) == 0.14
    assert round_half_up(np.array([0.145]), 0.01)[0] == pytest.approx(0.15)


# --- flags -------------------------------------------------------------------------------------

DAYS = pd.bdate_range("2022-01-04", periods=40)


def flagged(rows, symbol="600718.SH", factors=None, days=DAYS, **more):
    bars = pd.DataFrame(rows, columns=["open", "high", "low", "close"], dtype="float64")
    bars = bars.assign(symbol=symbol, date=days[: len(bars)])
    exchange = symbol.split(".")[1]
    panel = returns_panel(bars, factors, {exchange: days})
    flags = flag_price_limits(panel, bars, **more).flags
    return list(zip(flags["date"], flags["flag"], strict=True))


def flat(close):
    return (close, close, close, close)


def test_locked_closed_and_touched_are_told_apart():
    found = flagged(
        [
            flat(10.0),
            flat(11.0),  # locked up
            (11.5, 12.1, 11.4, 12.1),  # closed up
            (12.5, 13.31, 12.2, 12.9),  # touched up
            (12.0, 12.1, 11.61, 11.61),  # closed down
            (11.0, 11.2, 10.45, 10.9),  # touched down
            flat(9.81),  # locked down
            (9.9, 10.0, 9.8, 9.9),
        ]
    )
    assert found == [
        (DAYS[1], "limit_up_locked"),
        (DAYS[2], "limit_up_close"),
        (DAYS[3], "limit_up_touched"),
        (DAYS[4], "limit_down_close"),
        (DAYS[5], "limit_down_touched"),
        (DAYS[6], "limit_down_locked"),
    ]


def test_the_reference_on_an_ex_date_is_the_adjusted_close():
    factors = pd.DataFrame({"symbol": "600718.SH", "ex_date": [DAYS[1]], "factor": [2.0]})
    found = flagged([flat(10.0), (5.2, 5.5, 5.1, 5.5)], factors=factors)
    assert found == [(DAYS[1], "ex_date"), (DAYS[1], "limit_up_close")]
    assert flagged([flat(10.0), (5.2, 5.5, 5.1, 5.5)]) == [(DAYS[1], "suspect_corporate_action")]


def test_chinext_doubles_its_limit_on_2020_08_24():
    days = pd.DatetimeIndex(["2020-08-20", "2020-08-21", "2020-08-24"])
    found = flagged(
        [flat(10.0), (10.5, 11.0, 10.4, 11.0), (11.5, 12.1, 11.4, 12.1)], "300750.SZ", days=days
    )
    assert found == [(days[1], "limit_up_close")]


def test_no_limit_in_hong_kong_and_none_for_an_index():
    rows = [flat(10.0), flat(11.0), flat(16.5)]
    assert flagged(rows, "00700.HK") == []
    assert flagged(rows, "000300.SH") == []


def test_shanghai_b_shares_are_quoted_in_mills():
    rows = [flat(0.345), (0.35, 0.38, 0.34, 0.38)]  # 0.3795 rounds to 0.380
    assert flagged(rows, "900901.SH") == [(DAYS[1], "limit_up_close")]
    assert flagged([flat(0.345), (0.35, 0.379, 0.34, 0.379)], "900901.SH") == []


def test_the_first_days_of_a_listing_have_no_limit():
    days = pd.bdate_range("2023-05-08", periods=9)
    rows = [flat(10 * 1.3**i) for i in range(9)]
    found = flagged(rows, "688981.SH", days=days, listed={"688981.SH": days[0].date()})
    new = [d for d, f in found if f == "new_listing"]
    assert new == list(days[1:5])  # the listing day itself has no return
    assert [f for _, f in found if f != "new_listing"] == ["suspect_corporate_action"] * 4


def test_st_from_a_table_halves_the_limit():
    rows = [flat(10.0), (10.2, 10.5, 10.1, 10.5), (11, 11.55, 11, 11.55)]
    table = pd.DataFrame({"symbol": ["600718.SH"], "start": [DAYS[1]], "end": [DAYS[1]]})
    st_days = SpecialTreatment(periods=table, known_until=None)
    assert flagged(rows, st=st_days) == [(DAYS[1], "limit_up_close"), (DAYS[2], "limit_up_close")]
    nobody = SpecialTreatment(periods=table.iloc[:0], known_until=None)
    assert flagged(rows[:2], st=nobody) == []


def test_st_is_inferred_from_closes_at_five_percent():
    rng = np.random.default_rng(4)
    closes = [5.0]
    for i in range(39):
        step = 0.05 if i in (5, 6, 20) else float(rng.uniform(-0.02, 0.02))
        closes.append(float(round_half_up(np.array([closes[-1] * (1 + step)]), 0.01)[0]))
    rows = [(c - 0.02, c, c - 0.04, c) for c in closes]
    closed = [d for d, f in flagged(rows) if f == "limit_up_close"]
    assert {DAYS[6], DAYS[7], DAYS[21]} <= set(closed)
    calm = [(c - 0.02, c, c - 0.04, c) for c in closes[:20]]  # two such closes prove nothing
    found = flagged(calm)
    assert [f for _, f in found if f.startswith("limit")] == []
    assert [d for d, f in found if f == "st_unknown"] == [DAYS[6], DAYS[7]]  # but they are told


# --- special treatment from changes of names ---------------------------------------------------


def renamed(*rows, read_on="2024-06-01"):
    changes = pd.DataFrame(rows, columns=["symbol", "changed_on", "before", "after"])
    changes["changed_on"] = pd.to_datetime(changes["changed_on"])
    changes["fetched_at"] = pd.Timestamp(read_on, tz="Asia/Shanghai")
    return SpecialTreatment.from_changes(changes)


TWICE = renamed(
    ("000571.SZ", "2006-05-08", "*ST大洲", "S新大洲"),
    ("000571.SZ", "2019-04-30", "新大洲A", "ST大洲"),
    ("000571.SZ", "2021-05-10", "ST大洲", "新大洲A"),
    ("000571.SZ", "2022-05-05", "新大洲A", "*ST大洲"),
    ("000005.SZ", "2024-04-30", "ST星源", "星源退"),
    ("000750.SZ", "2011-08-09", "SST集琦", "国海证券"),
)


@pytest.mark.parametrize(
    ("symbol", "on", "st_then"),
    [
        ("000571.SZ", "2006-05-07", True),  # the first name has no beginning
        ("000571.SZ", "2006-05-08", False),
        ("000571.SZ", "2019-04-29", False),
        ("000571.SZ", "2019-04-30", True),  # the day of the change is the first of the new name
        ("000571.SZ", "2021-05-09", True),
        ("000571.SZ", "2021-05-10", False),
        ("000571.SZ", "2023-01-04", True),  # a second time, and to this day
        ("000005.SZ", "2024-04-29", True),
        ("000005.SZ", "2024-04-30", False),  # the delisting period has the ordinary limit
        ("000750.SZ", "2011-08-08", True),
        ("000001.SZ", "2023-01-04", False),
    ],
)
def test_st_periods_from_the_dated_names(symbol, on, st_then):
    one = pd.Series([symbol]), pd.Series([pd.Timestamp(on)])
    assert TWICE.under(*one, "st").tolist() == [st_then]
    assert TWICE.known(*one).tolist() == [True]


def test_what_the_list_does_not_reach_is_unknown():
    symbols = pd.Series(["000001.SZ", "000001.SZ", "600718.SH"])
    days = pd.Series(pd.to_datetime(["2024-06-01", "2024-06-03", "2020-01-06"]))
    assert TWICE.known(symbols, days).tolist() == [True, False, False]


def test_without_any_list_nothing_is_known():
    none = SpecialTreatment.from_changes(empty_frame(TABLES["name_changes"]))
    assert none.periods.empty
    assert none.known(pd.Series(["000001.SZ"]), pd.Series([DAYS[0]])).tolist() == [False]


@pytest.mark.parametrize(
    ("name", "is_st"),
    [
        ("*ST大洲", True),
        ("ST星源", True),
        ("S*ST集琦", True),
        ("XDST东海", True),
        ("S新大洲", False),
    ],
)
def test_which_names_mean_special_treatment(name, is_st):
    found = renamed(("000571.SZ", "2020-01-06", name, "新名"))
    assert (len(found.periods) == 1) == is_st


def test_st_by_the_list_decides_the_limit_and_an_unlisted_five_percent_is_told():
    rows = [flat(10.0), (10.2, 10.5, 10.1, 10.5), (10.6, 10.9, 10.5, 10.7)]
    days = pd.bdate_range("2023-01-04", periods=3)
    assert flagged(rows, "000571.SZ", days=days, st=TWICE) == [(days[1], "limit_up_close")]
    assert flagged(rows, "000001.SZ", days=days, st=TWICE) == []
    assert flagged(rows, "600718.SH", days=days, st=TWICE) == [(days[1], "st_unknown")]
    later = pd.bdate_range("2026-07-06", periods=3)  # from that day on 10 % for all
    assert flagged(rows, "600718.SH", days=later, st=TWICE) == []


def test_a_delisting_period_has_no_limit_on_its_first_day_and_ten_percent_after():
    days = pd.DatetimeIndex(["2024-04-29", "2024-04-30", "2024-05-06"])
    rows = [flat(1.0), flat(0.7), flat(0.63)]
    assert flagged(rows, "000005.SZ", days=days, st=TWICE) == [
        (days[1], "delisting_period"),
        (days[2], "limit_down_locked"),
    ]


def test_a_chinext_share_that_is_leaving_kept_ten_percent_in_2020():
    leaving = renamed(("300104.SZ", "2020-07-21", "乐视网", "乐视退"))
    days = pd.DatetimeIndex(["2020-08-21", "2020-08-24", "2020-08-25"])
    found = flagged([flat(0.3), flat(0.27), flat(0.24)], "300104.SZ", days=days, st=leaving)
    assert found == [(days[1], "limit_down_locked"), (days[2], "limit_down_locked")]


def test_funds_have_ten_percent_and_those_of_chinext_twenty():
    rows = [flat(2.0), flat(2.2), flat(2.5), flat(3.1)]
    assert flagged(rows, "159915.SZ") == [
        (DAYS[1], "limit_up_locked"),
        (DAYS[3], "suspect_corporate_action"),  # more than any fund may move: units were split
    ]


def test_listing_days_are_looked_up_for_many_symbols_at_once():
    days = pd.bdate_range("2023-05-08", periods=9)
    bars = pd.concat(
        pd.DataFrame({"symbol": s, "date": days, "close": 10 * 1.3 ** np.arange(9)})
        for s in ("688981.SH", "688001.SH", "920002.BJ")
    )
    panel = returns_panel(bars, None, {"SH": days, "BJ": days})
    listed = {"688981.SH": days[0], "920002.BJ": days[1], "688001.SH": pd.Timestamp("2019-07-22")}
    flags = flag_price_limits(panel, bars, listed=listed).flags
    new = flags.loc[flags["flag"] == "new_listing"].groupby("symbol")["date"].agg(list).to_dict()
    assert new == {"688981.SH": list(days[1:5]), "920002.BJ": [days[1]]}


@given(
    st.lists(st.sampled_from([-0.12, -0.1, -0.05, 0.0, 0.03, 0.1, 0.101, 0.15]), max_size=20),
)
def test_equals_a_loop_over_days(moves):
    closes = [10.0]
    for move in moves:
        closes.append(math.floor(closes[-1] * (1 + move) * 100 + 0.5 + 1e-6) / 100)
    found = flagged(
        [(c, c, c, c) for c in closes],
        st=SpecialTreatment(
            periods=pd.DataFrame(columns=["symbol", "start", "end"]), known_until=None
        ),
    )
    expected = []
    for i in range(1, len(closes)):
        before = round(closes[i - 1] * 100)
        up = (before * 110 + 50) // 100
        down = (before * 90 + 50) // 100
        now = round(closes[i] * 100)
        if now > up or now < down:
            expected.append((DAYS[i], "suspect_corporate_action"))
        elif now == up:
            expected.append((DAYS[i], "limit_up_locked"))
        elif now == down:
            expected.append((DAYS[i], "limit_down_locked"))
    assert found == expected


def test_real_bars_break_no_limit():
    import exchange_calendars as xc

    from mentionstudy.data.market import SampleSource

    source = SampleSource()
    symbols = [s for s in source.symbols if s.endswith((".SH", ".SZ")) and s != "000300.SH"]
    span = (day(2008, 1, 1), day(2023, 1, 1))
    bars = pd.concat([source.bars(parse_symbol(s), *span) for s in symbols])
    factors = pd.concat([source.factors(parse_symbol(s)) for s in symbols])
    days = xc.get_calendar("XSHG", start="2008-06-02", end="2022-12-30").sessions
    panel = returns_panel(bars, factors, {"SH": days, "SZ": days})
    flags = flag_price_limits(panel, bars).flags["flag"].value_counts()
    assert flags.get("suspect_corporate_action", 0) == 0
    assert flags["limit_up_close"] >= 3
