"""What holds for any data: scale, order, market multiples, and a loop written from the paper."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.analysis import EventStudy, StudyResult, engine

STUDY = EventStudy(
    estimation=(-45, -6),
    window=(-3, 3),
    car_windows=((-3, 3), (0, 1)),
    min_obs=12,
    returns_are="log",
    return_kind="log",
    bootstrap_draws=0,
    permutation_draws=0,
)


def _data(seed: int, gaps: float) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2021-01-04", periods=150)
    market = rng.normal(0, 0.01, 150)
    values = market[:, None] * rng.uniform(-1, 2, 5) + rng.normal(0, 0.02, (150, 5))
    values[rng.random(values.shape) < gaps] = np.nan
    returns = pd.DataFrame(values, days, list("ABCDE"))
    events = pd.DataFrame(
        {
            "symbol": rng.choice(list("ABCDE"), 12),
            "date": days[rng.integers(50, 145, 12)],
        }
    ).drop_duplicates(ignore_index=True)
    return returns, pd.Series(market, days, name="m"), events


seeds = st.integers(0, 10_000)
gap_shares = st.sampled_from([0.0, 0.05, 0.4])


@given(seed=seeds, gaps=gap_shares, factor=st.sampled_from([1e-6, 0.01, 100.0, 1e4]))
@settings(max_examples=25)
def test_scaling_returns_scales_ar_and_leaves_sar(seed: int, gaps: float, factor: float) -> None:
    returns, market, events = _data(seed, gaps)
    one = STUDY.run(events, returns, market)
    other = STUDY.run(events, returns * factor, market * factor)
    np.testing.assert_allclose(other.ar["ar"] / factor, one.ar["ar"], rtol=1e-7, atol=1e-13)
    np.testing.assert_allclose(other.ar["sar"], one.ar["sar"], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(other.car()["scar"], one.car()["scar"], rtol=1e-7, atol=1e-10)


@given(seed=seeds, gaps=gap_shares)
@settings(max_examples=20)
def test_the_order_of_events_and_columns_changes_nothing(seed: int, gaps: float) -> None:
    returns, market, events = _data(seed, gaps)
    rng = np.random.default_rng(seed)
    shuffled = events.iloc[rng.permutation(len(events))]
    one = STUDY.run(events, returns, market)
    other = STUDY.run(shuffled, returns[list("DBEAC")], market)
    key = ["event_id", "tau"]
    pd.testing.assert_frame_equal(
        one.ar.sort_values(key, ignore_index=True), other.ar.sort_values(key, ignore_index=True)
    )
    np.testing.assert_allclose(one.aar["caar"], other.aar["caar"], atol=1e-15)
    assert sorted(one.excluded["reason"]) == sorted(other.excluded["reason"])


@given(seed=seeds, multiple=st.floats(-5, 5), shift=st.floats(-0.01, 0.01))
@settings(max_examples=20)
def test_adding_a_market_multiple_changes_nothing_under_the_market_model(
    seed: int, multiple: float, shift: float
) -> None:
    returns, market, events = _data(seed, 0.05)
    one = STUDY.run(events, returns, market)
    other = STUDY.run(events, returns.add(multiple * market + shift, axis=0), market)
    np.testing.assert_allclose(other.ar["ar"], one.ar["ar"], atol=1e-13)
    np.testing.assert_allclose(other.ar["sar"], one.ar["sar"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(
        other.events["beta"], one.events["beta"] + multiple, rtol=1e-9, atol=1e-11
    )


def _by_hand(
    returns: pd.DataFrame, market: pd.Series, symbol: str, day0: pd.Timestamp
) -> dict[str, np.ndarray | float]:
    """MacKinlay (1997), one event, in plain loops."""
    position = returns.index.get_loc(day0)
    stock, index = returns[symbol].to_numpy(), market.to_numpy()
    pairs = [
        (stock[t], index[t])
        for t in range(position - 45, position - 5)
        if t >= 0 and not np.isnan(stock[t]) and not np.isnan(index[t])
    ]
    r, m = (np.array(column) for column in zip(*pairs, strict=True))
    n = len(r)
    sxx = sum((x - m.mean()) ** 2 for x in m)
    beta = sum((x - m.mean()) * (y - r.mean()) for x, y in zip(m, r, strict=True)) / sxx
    alpha = r.mean() - beta * m.mean()
    s2 = sum((y - alpha - beta * x) ** 2 for x, y in zip(m, r, strict=True)) / (n - 2)
    window = range(position - 3, position + 4)
    ar = np.array([stock[t] - alpha - beta * index[t] for t in window])
    c = np.array([1 + 1 / n + (index[t] - m.mean()) ** 2 / sxx for t in window])
    present = [t for t in window if not np.isnan(stock[t])]
    length = len(present)
    distance = sum(index[t] - m.mean() for t in present)
    variance = s2 * (length + length**2 / n + distance**2 / sxx)
    return {"ar": ar, "sar": ar / np.sqrt(s2 * c), "car": np.nansum(ar), "var": variance}


@pytest.mark.parametrize("cost", [0, 1e18])
@given(seed=seeds, gaps=gap_shares)
@settings(max_examples=15)
def test_every_event_equals_the_loop_from_the_paper(cost: float, seed: int, gaps: float) -> None:
    returns, market, events = _data(seed, gaps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_SUMS_COST", cost)
        result = STUDY.run(events, returns, market)
    cars = result.car(-3, 3)
    for row, event in result.events.iterrows():
        expected = _by_hand(returns, market, event["symbol"], event["day0"])
        ours = result.ar[result.ar["event_id"] == event["event_id"]]
        np.testing.assert_allclose(ours["ar"], expected["ar"], atol=1e-13)
        np.testing.assert_allclose(ours["sar"], expected["sar"], rtol=1e-8)
        assert cars["car"].iloc[row] == pytest.approx(expected["car"], abs=1e-13)
        assert cars["se"].iloc[row] ** 2 == pytest.approx(expected["var"], rel=1e-8)


def _small(result: StudyResult) -> list[str]:
    return list(result.events["event_id"])


def test_overlap_rules_keep_first_or_drop() -> None:
    returns, market, _ = _data(0, 0.0)
    days = returns.index
    events = pd.DataFrame(
        {
            "symbol": ["A", "A", "A", "A", "B"],
            "date": days[[60, 64, 68, 90, 62]],
            "event_id": ["a60", "a64", "a68", "a90", "b62"],
        }
    ).sample(frac=1, random_state=3)
    kept = {
        rule: sorted(_small(EventStudy(overlap=rule, **_options()).run(events, returns, market)))
        for rule in ("keep", "first", "drop")
    }
    assert kept["keep"] == ["a60", "a64", "a68", "a90", "b62"]
    assert kept["first"] == ["a60", "a68", "a90", "b62"]
    assert kept["drop"] == ["a90", "b62"]


def _options() -> dict[str, object]:
    return {
        "estimation": (-45, -6),
        "window": (-3, 3),
        "min_obs": 12,
        "returns_are": "log",
        "return_kind": "log",
    }


def test_own_events_are_cut_out_of_the_estimation_window() -> None:
    returns, market, _ = _data(1, 0.0)
    days = returns.index
    events = pd.DataFrame({"symbol": ["A", "A", "B"], "date": days[[80, 100, 100]]})
    plain = EventStudy(**_options()).run(events, returns, market)
    cut = EventStudy(cut_own_events=True, **_options()).run(events, returns, market)
    assert list(plain.events["n_est"]) == [40, 40, 40]
    assert list(cut.events["n_est"]) == [40, 33, 40]
    blanked = returns.copy()
    blanked.loc[days[77:84], "A"] = np.nan
    alone = EventStudy(**_options()).run(events.iloc[[1]], blanked, market)
    np.testing.assert_allclose(cut.ar["ar"].iloc[7:14], alone.ar["ar"], atol=1e-15)


def test_user_weights_weigh_the_averages() -> None:
    returns, market, events = _data(2, 0.0)
    weights = np.arange(1.0, len(events) + 1)
    result = EventStudy(weighting="weight", **_options()).run(
        events.assign(weight=weights), returns, market
    )
    wide = result.ar.pivot(index="event_id", columns="tau", values="ar")
    wide = wide.loc[result.events["event_id"]]
    used = result.events["weight"].to_numpy()
    np.testing.assert_allclose(result.aar["aar"], (wide.T * used).sum(axis=1) / used.sum())


def test_winsorising_changes_averages_not_single_events_and_says_so() -> None:
    returns, market, events = _data(3, 0.0)
    plain = EventStudy(**_options()).run(events, returns, market)
    clipped = EventStudy(winsorize=0.1, **_options()).run(events, returns, market)
    pd.testing.assert_frame_equal(plain.ar, clipped.ar)
    day = plain.arrays.ar[:, 3]
    low, high = np.quantile(day, [0.1, 0.9])
    assert clipped.aar["aar"].iloc[3] == pytest.approx(np.clip(day, low, high).mean())
    assert any("winsorised at 10.00%" in note for note in clipped.notes)


def test_simple_and_log_returns_are_converted() -> None:
    returns, market, events = _data(4, 0.0)
    options = _options() | {"returns_are": "simple"}
    log = EventStudy(**_options()).run(events, np.log1p(returns), np.log1p(market))
    converted = EventStudy(**options).run(events, returns, market)
    np.testing.assert_allclose(converted.ar["ar"], log.ar["ar"], atol=1e-15)


def test_bhar_compounds_over_the_days_present() -> None:
    returns, market, events = _data(5, 0.1)
    options = _options() | {"returns_are": "simple", "return_kind": "simple"}
    for benchmark in ("model", "market"):
        result = EventStudy(bhar=benchmark, **options).run(events, returns, market)
        bhar = result.car(-3, 3)["bhar"]
        for row, (_, part) in enumerate(result.ar.groupby("event_id", sort=False)):
            normal = part["normal"]
            if benchmark == "market":
                at = returns.index.get_loc(part["day0"].iloc[0])
                normal = market.iloc[at - 3 : at + 4].set_axis(part.index)
            present = part["actual"].notna()
            expected = (1 + part["actual"][present]).prod() - (1 + normal[present]).prod()
            assert bhar.iloc[row] == pytest.approx(expected, abs=1e-14)


def test_any_window_inside_the_event_window_can_be_asked_for() -> None:
    returns, market, events = _data(6, 0.1)
    result = STUDY.run(events, returns, market)
    cars = result.car(-1, 2)
    for row, (_, part) in enumerate(result.ar.groupby("event_id", sort=False)):
        inside = part[part["tau"].between(-1, 2)]["ar"]
        expected = inside.sum() if inside.notna().any() else np.nan
        np.testing.assert_allclose(cars["car"].iloc[row], expected, atol=1e-15)
        assert cars["n"].iloc[row] == inside.notna().sum()
    assert set(result.tests(-1, 2)["window"]) == {"[-1,2]"}


def test_placebo_dates_avoid_the_firms_own_events_and_have_data() -> None:
    returns, market, events = _data(7, 0.05)
    result = STUDY.run(events, returns, market)
    source = result.arrays.placebo
    assert source is not None
    draw = source.draw(np.random.default_rng(0))
    again = source.draw(np.random.default_rng(0))
    np.testing.assert_array_equal(draw.car, again.car)
    assert draw.ar.shape == result.arrays.ar.shape
    usable = np.isfinite(draw.car[:, 0])
    assert usable.any()
    assert np.isfinite(draw.ar[usable, 3]).all()
    real = set(np.round(result.arrays.car[:, 0], 15))
    assert not real & set(np.round(draw.car[usable, 0], 15))
