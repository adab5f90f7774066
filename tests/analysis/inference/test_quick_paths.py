"""What is quick because of how it is laid out gives the numbers of the plain way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.analysis.inference import BatteryOptions, calendar_time, run_battery, scan
from mentionstudy.analysis.inference import moments as moments_module
from mentionstudy.analysis.inference.calendar_rows import (
    date_rows,
    event_rows,
    label_sums,
)
from mentionstudy.analysis.inference.clusters import Clusters, cluster_codes
from mentionstudy.analysis.inference.mean_tests import portfolio_sums
from mentionstudy.analysis.inference.moments import moments
from mentionstudy.analysis.inference.sign_tests import positive_shares, signed_ranks
from mentionstudy.analysis.sample import _EveryDay

QUICK = BatteryOptions(bootstrap_draws=0, permutation_draws=0)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    events=st.sampled_from([1, 2, 33]),
    labels=st.sampled_from([1, 5, 50]),
    gaps=st.sampled_from([0.0, 0.1, 0.9]),
)
def test_sums_over_labels_are_those_of_single_rows(
    seed: int, events: int, labels: int, gaps: float
) -> None:
    rng = np.random.default_rng(seed)
    residuals = rng.standard_normal((events, 20)) * rng.uniform(0.1, 3, (events, 1))
    residuals[rng.random(residuals.shape) < gaps] = np.nan
    label = np.sort(rng.integers(0, labels, events))
    days = np.arange(20) + label[:, None]
    rows = event_rows(residuals, days, days[:, :3])
    size = np.isfinite(residuals).sum(axis=1)
    squares = np.nansum(rows.total**2, axis=1)
    np.testing.assert_allclose(squares, np.where(squares > 0, size, 0.0))
    names, summed = date_rows(rows, label)
    quick = label_sums(residuals, label)
    np.testing.assert_array_equal(quick.labels, names)
    for name in ("total", "count", "own", "events"):
        np.testing.assert_allclose(getattr(quick, name), getattr(summed, name), atol=1e-12)
    sums = portfolio_sums(residuals)
    np.testing.assert_allclose(sums.total, np.nansum(residuals, axis=0), atol=1e-12)
    np.testing.assert_array_equal(sums.count, np.isfinite(residuals).sum(axis=0))
    positive = (residuals > 0).sum(axis=1)
    share = np.where(size > 0, positive / np.maximum(size, 1), np.nan)
    np.testing.assert_allclose(positive_shares(residuals), share)


@pytest.mark.parametrize("gaps", [0.0, 0.05])
@pytest.mark.parametrize("exact", [True, False])
def test_blocks_and_threads_change_nothing(
    simulated,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
    gaps: float,
    exact: bool,
) -> None:
    arrays = simulated(90, gaps=gaps, common=0.3)
    defaults = scan.scan_residuals.__kwdefaults__
    monkeypatch.setitem(defaults, "exact_pairs", 10**9 if exact else 0)
    whole = run_battery(arrays, QUICK)
    assert ("pooled" in whole.window("kp_bmp").convention) == (not exact)
    monkeypatch.setattr(scan, "BLOCK", 7)
    for threads in (1, 3):
        options = BatteryOptions(bootstrap_draws=0, permutation_draws=0, threads=threads)
        parts = run_battery(arrays, options)
        for one, other in zip(whole.windows + whole.days, parts.windows + parts.days, strict=True):
            assert one.test == other.test
            assert one.reason == other.reason
            np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-10, err_msg=one.test)
            np.testing.assert_allclose(one.p, other.p, rtol=1e-9, err_msg=one.test)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-200, 1e-3, 1e200]))
def test_moments_of_many_parts_are_those_of_the_whole(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.standard_t(4, (500, 3)) + 2.0) * scale
    values[rng.random(values.shape) < 0.1] = np.nan
    whole = moments(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments_module, "_ROWS", 16)
        patch.setattr(moments_module, "_PART", 64)
        parts = moments(values)
    np.testing.assert_array_equal(parts.n, whole.n)
    for name in ("mean", "sd", "skewness"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-11)
    frame = pd.DataFrame(values / scale)
    np.testing.assert_allclose(whole.mean / scale, frame.mean(), rtol=1e-12)
    np.testing.assert_allclose(whole.sd / scale, frame.std(), rtol=1e-12)


@settings(max_examples=40)
@given(
    st.lists(st.integers(-(10**12), 10**12) | st.integers(0, 9), max_size=40),
    st.integers(0, 10_000),
)
def test_numbered_labels_keep_the_labels_apart(labels: list[int], seed: int) -> None:
    first = np.array(labels, dtype=np.int64)
    second = np.random.default_rng(seed).integers(0, 3, first.size)
    np.testing.assert_array_equal(
        cluster_codes(first), np.unique(first, return_inverse=True)[1].astype(np.int64)
    )
    pairs = pd.DataFrame({"a": first, "b": second}).groupby(["a", "b"]).ngroup().to_numpy()
    np.testing.assert_array_equal(cluster_codes(first, second), pairs)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), gaps=st.sampled_from([0.0, 0.2]))
def test_portfolios_summed_by_date_are_those_of_single_events(seed: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    day0 = rng.integers(5, 25, 40)
    ar = rng.normal(0, 0.02, (40, 5))
    ar[rng.random(ar.shape) < gaps] = np.nan
    days = day0[:, None] + np.arange(-2, 3)
    days[days > 24] = -1  # beyond the calendar
    members = np.array([[0, 0, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
    dates = Clusters(cluster_codes(day0))
    one = calendar_time(ar, days, members)
    other = calendar_time(ar, days[dates.member], members, dates=dates)
    np.testing.assert_allclose(other.statistic, one.statistic, rtol=1e-10)
    np.testing.assert_array_equal(other.n, one.n)
    for column, member in enumerate(members):
        inside = days[:, member]
        frame = pd.DataFrame({"day": inside.ravel(), "ar": ar[:, member].ravel()})
        mean = frame[frame["day"] >= 0].groupby("day")["ar"].mean().mean()
        np.testing.assert_allclose(one.estimate[column], mean, atol=1e-15)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([-2.0, -1.0, -0.0, 0.0, 1.0, 2.0, np.nan, np.inf]) | st.floats(),
        max_size=40,
    )
)
def test_signed_ranks_of_any_numbers(numbers: list[float]) -> None:
    values = np.array(numbers, dtype=np.float64)
    kept = values[np.isfinite(values) & (values != 0)]
    ranks = pd.Series(np.abs(kept)).rank().to_numpy()
    ties = pd.Series(np.abs(kept)).value_counts().to_numpy(dtype=np.float64)
    ours = signed_ranks(values)
    assert ours.n == kept.size
    assert ours.w_plus == ranks[kept > 0].sum()
    assert ours.ties == (ties**3 - ties).sum()


def test_the_table_of_days_finds_the_next_session() -> None:
    sessions = pd.to_datetime(
        ["2021-02-09", "2021-02-10", "2021-02-18", "2021-02-19", "2021-02-22"]
    ).to_numpy().astype("datetime64[ns]")  # fmt: skip
    every = _EveryDay(sessions)
    dates = pd.date_range("2021-02-01", "2021-03-05").to_numpy().astype("datetime64[ns]")
    day = every.of(dates)
    for date, at in zip(dates, day, strict=True):
        later = np.flatnonzero(sessions >= date)
        assert every.before[at] == (date < sessions[0])
        assert every.outside[at] == (date < sessions[0] or not later.size)
        if date >= sessions[0] and later.size:
            assert every.position[at] == later[0]
            assert every.wait[at] == (sessions[later[0]] - date) / np.timedelta64(1, "D")
