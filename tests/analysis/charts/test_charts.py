"""The charts show the numbers they are given, for any reader, and nothing else."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import charts

TAUS = np.arange(-3, 4)


@pytest.fixture
def ar() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    ids = ["600718.SH@2022-01-07", "00762.HK@2022-06-15", "601328.SH@2021-04-12"]
    frame = pd.DataFrame(
        [(i, i.split("@")[0], i.split("@")[1], t, rng.normal(0, 0.02)) for i in ids for t in TAUS],
        columns=["event_id", "symbol", "day0", "tau", "ar"],
    )
    frame["sar"] = frame["ar"] / 0.02
    frame.loc[frame.index[2], "ar"] = np.nan  # a day without trading
    return frame


@pytest.fixture
def aar(ar: pd.DataFrame) -> pd.DataFrame:
    days = ar.groupby("tau")["ar"]
    out = pd.DataFrame({"n": days.count(), "aar": days.mean(), "se": days.sem()}).reset_index()
    out["caar"] = out["aar"].cumsum()
    spread = 1.96 * np.sqrt((out["se"] ** 2).cumsum())
    return out.assign(ci_low=out["caar"] - spread, ci_high=out["caar"] + spread)


@pytest.fixture
def bars() -> pd.DataFrame:
    days = pd.bdate_range("2022-01-03", periods=9)
    close = np.array([10, 10.5, 10.2, 11, 11.5, 11.1, 11.3, 11.2, 11.9])
    frame = pd.DataFrame({"date": days, "open": close - 0.1, "close": close, "volume": 1e6})
    frame["high"], frame["low"] = close + 0.3, close - 0.3
    return frame.drop(index=[5])  # halted on 2022-01-10


def test_caar_fan_draws_the_given_band_and_the_events_per_day(aar):
    fig = charts.caar_fan(aar)
    line = next(t for t in fig.data if t.name == "CAAR")
    np.testing.assert_allclose(line.y, aar["caar"])
    low, high = (t.y for t in fig.data if t.name == "95 % band")
    np.testing.assert_allclose(low, aar["ci_low"])
    np.testing.assert_allclose(high, aar["ci_high"])
    strip = next(t for t in fig.data if t.type == "bar")
    assert list(strip.y) == aar["n"].tolist()
    assert [row[0] for row in strip.customdata] == [f"tau:{tau}" for tau in aar["tau"]]
    assert "N = 3 events" in fig.layout.title.subtitle.text


def test_bars_are_dark_exactly_where_the_return_is_significant(ar):
    one = ar[ar["event_id"] == "00762.HK@2022-06-15"]
    fig = charts.ar_bars(one)
    strong = next(t for t in fig.data if t.name == "|t| > 1.96")
    assert set(strong.x) == set(one.loc[one["sar"].abs() > 1.96, "tau"])
    assert sum(len(t.x) for t in fig.data) == len(TAUS)


def test_heatmap_leaves_a_missing_day_empty_and_can_be_clicked(ar):
    fig = charts.event_heatmap(ar)
    heat, touch = fig.data
    assert np.isnan(heat.z).sum() == 1
    assert len(touch.x) == np.isfinite(heat.z).sum()
    assert {row[0] for row in touch.customdata} == set(ar["event_id"])
    sums = np.nansum(np.asarray(heat.z, dtype=float), axis=1)
    assert list(sums) == sorted(sums)


def test_heatmap_of_many_events_averages_rows_and_says_so():
    many = pd.DataFrame(
        [(f"E{i:04d}", t, (i - 500) / 1e4) for i in range(1000) for t in TAUS],
        columns=["event_id", "tau", "ar"],
    )
    fig = charts.event_heatmap(many)
    rows = len(fig.data[0].z)
    assert 12 <= rows <= charts.MAX_ROWS
    assert len(fig.data[1].x) == rows * len(TAUS) <= 1000, "each is a thing that a browser draws"
    assert "1,000 events" in fig.layout.title.subtitle.text
    behind = [charts.heatmap_row(many, row) for row in range(rows)]
    every = [event_id for ids in behind for event_id in ids]
    assert every == [f"E{i:04d}" for i in range(1000)], "each event is in one row"
    assert fig.data[1].customdata[0][0] == "row:0"
    assert fig.data[0].z[7][0] == pytest.approx(
        many.loc[many["event_id"].isin(behind[7]) & many["tau"].eq(TAUS[0]), "ar"].mean()
    )


def test_candles_mark_halted_sessions_and_keep_their_place(bars):
    sessions = pd.bdate_range("2022-01-03", periods=9)
    day0 = pd.Timestamp("2022-01-07")
    fig = charts.candles(bars, day0, sessions=sessions, name="600718.SH")
    assert list(fig.layout.xaxis.categoryarray) == [f"{d:%Y-%m-%d}" for d in sessions]
    halted = next(t for t in fig.data if t.name == "no trading")
    assert list(halted.x) == ["2022-01-10"]
    touch = next(t for t in fig.data if t.customdata is not None)
    assert dict(touch.customdata)["2022-01-07"] == 0
    assert fig.layout.shapes[0].x0 == "2022-01-07"


@pytest.mark.parametrize(("up", "colour"), [("red", "#d0021b"), ("green", "#0a8f3c")])
def test_rising_candles_take_the_chosen_colour(bars, up, colour):
    fig = charts.candles(bars, pd.Timestamp("2022-01-07"), look=charts.Look(up=up))
    candle = next(t for t in fig.data if t.type == "candlestick")
    assert candle.increasing.line.color == colour
    assert candle.decreasing.line.color != colour


def test_candles_of_closes_only_still_show():
    bars = pd.DataFrame({"date": pd.bdate_range("2022-01-03", periods=3), "close": [1.0, 2.0, 3.0]})
    fig = charts.candles(bars, pd.Timestamp("2022-01-04"))
    candle = next(t for t in fig.data if t.type == "candlestick")
    assert list(candle.high) == [1.0, 2.0, 3.0]


def test_distribution_shows_every_event_and_the_mean(ar):
    car = ar.groupby("event_id", as_index=False)["ar"].sum().rename(columns={"ar": "car"})
    fig = charts.car_distribution(car.assign(window="[-3,3]"))
    assert sorted(fig.data[-1].x) == sorted(car["car"])
    assert fig.layout.shapes[0].x0 == pytest.approx(car["car"].mean())
    assert f"{car['car'].mean():.2%}" in fig.layout.title.subtitle.text


def test_small_multiples_end_at_each_events_sum(ar):
    fig = charts.car_small_multiples(ar)
    ends = {t.customdata[0][0]: t.y[-1] for t in fig.data}
    expected = ar.groupby("event_id")["ar"].sum()
    assert ends == pytest.approx(expected.to_dict())


def test_small_multiples_keep_the_largest_moves_when_there_are_too_many():
    many = pd.DataFrame(
        [(f"E{i:02d}", t, i / 1e4) for i in range(40) for t in TAUS],
        columns=["event_id", "tau", "ar"],
    )
    fig = charts.car_small_multiples(many)
    assert {t.customdata[0][0] for t in fig.data} == {f"E{i:02d}" for i in range(16, 40)}
    assert "24 of 40" in fig.layout.title.subtitle.text


def test_calendar_counts_each_week():
    days = pd.to_datetime(["2021-01-04", "2021-01-05", "2022-12-31"])
    fig = charts.event_calendar(pd.DataFrame({"day0": days}))
    z = np.asarray(fig.data[0].z, dtype=float)
    assert np.nansum(z) == 3
    assert z[0, 0] == 2
    assert list(fig.data[0].y) == ["2021", "2022"]
    marks = [row[0] for row in fig.data[1].customdata]
    assert marks == ["week:2021:0", "week:2022:52"]
    for mark, day in zip(marks, ("2021-01-05", "2022-12-31"), strict=True):
        first, last = charts.days_of_week(*map(int, mark.split(":")[1:]))
        assert first <= pd.Timestamp(day) <= last


def test_the_bars_of_a_distribution_count_each_event_once():
    car = pd.DataFrame({"event_id": [f"E{i}" for i in range(500)], "window": "[-1,1]"})
    car["car"] = np.random.default_rng(3).standard_t(2, 500) / 50
    bars = charts.car_distribution(car).data[0]
    assert sum(bars.y) == 500
    assert len(bars.y) <= 60
    for n, (mark, low, high) in zip(bars.y, bars.customdata, strict=True):
        assert mark == f"car:{low!r}:{high!r}"
        last = high == bars.customdata[-1][2]
        inside = car["car"].between(low, high, inclusive="both" if last else "left")
        assert inside.sum() == n


@pytest.mark.parametrize("n", [40, 4000])
def test_a_cross_section_of_numbers_averages_only_what_is_too_much_to_draw(n):
    rng = np.random.default_rng(4)
    car = pd.DataFrame({"event_id": [f"E{i}" for i in range(n)], "window": "[-1,1]"})
    car["car"] = rng.normal(0, 0.02, n)
    values = pd.Series(rng.lognormal(size=n))
    (drawn,) = charts.cross_section(car, values, name="size").data
    if n == 40:
        assert list(drawn.y) == list(car["car"])
        return
    labels = charts.cross_section_bins(values)
    assert set(labels.value_counts()) == {n // 20}
    for (mark, size), mean in zip(drawn.customdata, drawn.y, strict=True):
        own = labels == mark.removeprefix("cross:")
        assert size == own.sum()
        assert mean == pytest.approx(car.loc[own.to_numpy(), "car"].mean())
    middles = [values[labels == row[0].removeprefix("cross:")].mean() for row in drawn.customdata]
    assert middles == sorted(middles)


def test_a_cross_section_of_kinds_puts_the_rare_ones_together():
    kinds = pd.Series([f"k{i}" for i in range(15) for _ in range(20 - i)])
    car = pd.DataFrame({"event_id": [f"E{i}" for i in range(len(kinds))], "window": "[0,0]"})
    car["car"] = 0.01
    (drawn,) = charts.cross_section(car, kinds).data
    assert sum(row[1] for row in drawn.customdata) == len(kinds)
    assert [row[0] for row in drawn.customdata][:2] == ["cross:…", "cross:k0"]


def test_every_text_exists_in_both_languages():
    assert set(charts.ENGLISH) == set(charts.CHINESE)
    fields = re.compile(r"{(\w+)}")
    for key, text in charts.ENGLISH.items():
        assert set(fields.findall(text)) == set(fields.findall(charts.CHINESE[key])), key


def _all(ar, aar, bars, look):
    one = ar[ar["event_id"] == ar["event_id"].iloc[0]]
    path = one.assign(car=one["ar"].fillna(0).cumsum(), ci_low=-0.1, ci_high=0.1)
    car = ar.groupby("event_id", as_index=False)["ar"].sum().rename(columns={"ar": "car"})
    events = ar.drop_duplicates("event_id")
    return [
        charts.candles(bars, pd.Timestamp("2022-01-07"), look=look),
        charts.ar_bars(one, look=look),
        charts.car_band(path, look=look),
        charts.aar_bars(aar, look=look),
        charts.caar_fan(aar, look=look),
        charts.event_heatmap(ar, look=look),
        charts.car_distribution(car.assign(window="[-3,3]"), look=look),
        charts.event_calendar(events, look=look),
        charts.car_small_multiples(ar, look=look),
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_carries_title_note_and_visible_lines(ar, aar, bars, dark):
    look = charts.Look(labels=charts.CHINESE, dark=dark, note="样例数据")
    for fig in _all(ar, aar, bars, look):
        assert fig.layout.title.text
        assert "样例数据" in fig.layout.title.subtitle.text
        assert all(s.line.color in {"#888888", look.line} for s in fig.layout.shapes)
        json.loads(fig.to_json())


def test_every_chart_of_nothing_says_so(ar, aar, bars):
    for fig in _all(ar, aar, bars, charts.Look()):
        assert fig.data
    car = pd.DataFrame({"event_id": [], "window": [], "car": []})
    empty = [
        charts.candles(bars[:0], pd.Timestamp("2022-01-07")),
        charts.ar_bars(ar[:0]),
        charts.car_band(ar[:0].assign(car=[])),
        charts.aar_bars(aar[:0]),
        charts.caar_fan(aar[:0]),
        charts.event_heatmap(ar[:0]),
        charts.car_distribution(car),
        charts.event_calendar(ar[:0]),
        charts.car_small_multiples(ar[:0]),
    ]
    for fig in empty:
        assert fig.layout.annotations[-1].text == "Nothing to draw for this choice"


def test_foreign_text_cannot_become_markup():
    shown = charts.plain("<a href='javascript:alert(1)'>\u202ekcilc\n</a>" + "x" * 500)
    assert "<" not in shown
    assert "\u202e" not in shown
    assert "\n" not in shown
    assert len(shown) < 250


def test_charts_leave_their_input_alone(ar, aar, bars):
    before = ar.copy(), aar.copy(), bars.copy()
    _all(ar, aar, bars, charts.Look())
    for old, new in zip(before, (ar, aar, bars), strict=True):
        pd.testing.assert_frame_equal(old, new)


def test_price_with_events_marks_each_day_0_at_its_close(bars):
    events = pd.DataFrame(
        {"event_id": ["A@1", "A@2"], "day0": pd.to_datetime(["2022-01-07", "2022-01-10"])}
    )
    fig = charts.price_with_events(bars, events, name="A")
    marks = fig.data[-1]
    close = bars.set_index("date")["close"]
    # the second day is a halt: the last close before it stands in
    assert list(marks.y) == [close[pd.Timestamp("2022-01-07")]] * 2
    assert [row[0] for row in marks.customdata] == ["A@1", "A@2"]


def test_a_long_gap_in_prices_is_not_bridged(bars):
    later = bars.assign(date=bars["date"] + pd.Timedelta(days=400))
    events = pd.DataFrame({"event_id": [], "day0": pd.to_datetime([])})
    fig = charts.price_with_events(pd.concat([bars, later]), events)
    assert np.isnan(np.asarray(fig.data[0].y, dtype=float)).sum() == 1


def test_car_by_event_stands_in_time_order(ar):
    car = ar.groupby(["event_id", "day0"], as_index=False)["ar"].sum().rename(columns={"ar": "car"})
    car = car.assign(window="[-3,3]", se=0.01, day0=pd.to_datetime(car["day0"]))
    fig = charts.car_by_event(car, name="x")
    assert list(fig.data[0].x) == ["2021-04-12", "2022-01-07", "2022-06-15"]


def test_groups_fan_ends_at_each_groups_sum_of_means(ar):
    grouped = ar.assign(group=np.where(ar["symbol"].str.endswith("HK"), "HK", "SH"))
    fig = charts.groups_fan(grouped)
    assert [t.name for t in fig.data] == ["SH (N = 2)", "HK (N = 1)"]
    expected = grouped[grouped["group"] == "SH"].groupby("tau")["ar"].mean().sum()
    assert fig.data[0].y[-1] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("language", "currency", "title"),
    [("en", "HKD", "price, HKD"), ("zh", "HKD", "价格（港元）"), ("en", "", "price"),
     ("zh", "EUR", "价格（EUR）")],
)  # fmt: skip
def test_the_axis_of_prices_says_their_currency(bars, language, currency, title):
    look = charts.Look(labels=charts.labels_for(language))
    events = pd.DataFrame({"event_id": ["A@1"], "day0": pd.to_datetime(["2022-01-07"])})
    candles = charts.candles(bars, pd.Timestamp("2022-01-07"), currency=currency, look=look)
    history = charts.price_with_events(bars, events, currency=currency, look=look)
    assert candles.layout.yaxis.title.text == history.layout.yaxis.title.text == title
