"""The whole battery over a study: complete, reproducible, and honest about what is undefined."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference import (
    BatteryOptions,
    TestName,
    kp_bmp,
    run_battery,
    shared_day_share,
)
from mentionstudy.analysis.inference import test_order as order_of_tests
from mentionstudy.analysis.inference.moments import moments
from mentionstudy.analysis.inference.power import inject
from mentionstudy.analysis.inference.scan import scan_residuals, unit, window_members

WITHOUT = BatteryOptions(bootstrap_draws=0, permutation_draws=0)
QUICK = BatteryOptions(bootstrap_draws=0, permutation_draws=0, days=False, threads=1)
SMALL = BatteryOptions(bootstrap_draws=99, permutation_draws=19)


def statistics(result) -> dict[str, np.ndarray]:  # type: ignore[no-untyped-def]
    return {
        f"{side}.{one.test}": np.concatenate((one.statistic, one.p))
        for side, tests in (("day", result.days), ("window", result.windows))
        for one in tests
    }


def test_every_test_is_there_for_days_and_windows(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(60, effect=0.01, placebo=True)
    ours = run_battery(arrays, SMALL)
    for tests, width in ((ours.days, 5), (ours.windows, 3)):
        assert sorted(one.test for one in tests) == sorted(get_args(TestName))
        for one in tests:
            assert one.statistic.shape == one.p.shape == one.n.shape == (width,)
            assert len(one.reason) == len(one.warning) == width
            assert np.isfinite(one.statistic).all(), (one.test, one.reason)
            assert ((one.p >= 0) & (one.p <= 1)).all()
            assert one.convention
    middle = ours.day("bmp")
    assert middle.p[2] < 0.01 < middle.p[0]
    assert "placebo" in ours.window("permutation").convention


def test_a_window_of_one_day_equals_the_day(simulated) -> None:  # type: ignore[no-untyped-def]
    ours = run_battery(simulated(80, gaps=0.05), BatteryOptions(permutation_draws=0))
    for one in ours.windows:
        day = ours.day(one.test)
        np.testing.assert_allclose(one.statistic[0], day.statistic[2], rtol=1e-9, err_msg=one.test)
        np.testing.assert_allclose(one.p[0], day.p[2], rtol=1e-8, err_msg=one.test)


@pytest.mark.parametrize("gaps", [0.0, 0.04])
def test_blocks_and_threads_change_nothing(simulated, gaps: float) -> None:  # type: ignore[no-untyped-def]
    whole = statistics(run_battery(simulated(400, gaps=gaps), replace(SMALL, threads=1)))
    parts = statistics(run_battery(simulated(400, gaps=gaps, block=37), SMALL))
    again = statistics(run_battery(simulated(400, gaps=gaps, block=37), replace(SMALL, threads=1)))
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, rtol=1e-8, atol=1e-12, err_msg=name)
        np.testing.assert_array_equal(parts[name], again[name], err_msg=name)


def test_pooled_correlation_is_near_the_exact_one(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(500, common=0.2, gaps=0.02)
    side = [(arrays.scar, unit(moments(arrays.scar)))]
    members = window_members(arrays)
    exact = scan_residuals(arrays, side, members).correlation
    pooled = scan_residuals(arrays, side, members, exact_pairs=0).correlation
    assert "pair by pair" in exact.convention
    assert "pooled" in pooled.convention
    assert (exact.r > 0).all()
    np.testing.assert_allclose(pooled.r, exact.r, rtol=0.02)


def test_events_of_one_date_are_told_and_corrected(simulated) -> None:  # type: ignore[no-untyped-def]
    ours = run_battery(simulated(60, common=0.3, one_date=True), SMALL)
    assert ours.shared_day_share == 1.0
    assert ours.windows[0].test == "kp_bmp"
    assert [one.test for one in ours.windows] == list(order_of_tests(1.0))
    assert any("share day 0" in note for note in ours.notes)
    np.testing.assert_allclose(ours.mean_correlation, 0.3, atol=0.1)
    adjusted, plain = ours.window("kp_bmp"), ours.window("bmp")
    assert (np.abs(adjusted.statistic) < np.abs(plain.statistic)).all()
    again = kp_bmp(simulated(60, common=0.3, one_date=True).scar, correlation=ours.mean_correlation)
    np.testing.assert_allclose(again.statistic, adjusted.statistic)
    assert "one cluster" in ours.window("clustered_t").reason[0]
    assert "one cluster" in ours.window("bootstrap").reason[0]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_samples_have_reasons_and_no_wrong_number(simulated, n: int) -> None:  # type: ignore[no-untyped-def]
    ours = run_battery(simulated(n), SMALL)
    for one in (*ours.days, *ours.windows):
        undefined = ~one.defined
        assert np.isnan(one.statistic[undefined]).all()
        assert np.isnan(one.p[undefined]).all()
        assert np.isfinite(one.statistic[~undefined]).all()
        if n < 2:  # single events have their own tests
            assert undefined.all(), one.test


def test_few_events_carry_a_warning(simulated) -> None:  # type: ignore[no-untyped-def]
    ours = run_battery(simulated(7), SMALL)
    assert "Only 7 events" in ours.window("patell").warning[0]
    assert not ours.window("cross_sectional_t").warning[0]
    assert any("Only 7 events" in note for note in ours.notes)
    assert not any(run_battery(simulated(30), WITHOUT).window("patell").warning)


def test_all_equal_and_empty_columns(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(20)
    arrays.ar[:, 0] = arrays.sar[:, 0] = np.nan
    arrays.ar[:, 1] = 0.01
    ours = run_battery(arrays, SMALL)
    for one in ours.days:
        if one.test != "permutation":
            assert not one.defined[0], one.test
        assert np.isfinite(one.statistic[one.defined]).all()
    assert "same value" in ours.day("cross_sectional_t").reason[1]


def test_many_placebo_events_become_sign_flips_and_say_so(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(300, placebo=True)
    few = run_battery(arrays, replace(SMALL, permutation_draws=19))
    many = run_battery(arrays, replace(SMALL, permutation_draws=5000))
    assert "placebo" in few.day("permutation").convention
    assert "sign patterns" in many.day("permutation").convention


def test_windows_alone_are_the_same(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(40, gaps=0.02, placebo=True)
    both, alone = run_battery(arrays, SMALL), run_battery(arrays, replace(SMALL, days=False))
    assert alone.days == ()
    for one, other in zip(both.windows, alone.windows, strict=True):
        assert one.test == other.test
        np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-10)


def test_weights_reach_the_mean_only(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(30)
    weighted = replace(arrays, weight=np.arange(1.0, 31.0))
    plain, ours = run_battery(arrays, WITHOUT), run_battery(weighted, WITHOUT)
    assert not np.allclose(
        ours.day("cross_sectional_t").statistic, plain.day("cross_sectional_t").statistic
    )
    np.testing.assert_array_equal(ours.day("bmp").statistic, plain.day("bmp").statistic)
    assert any("weights" in note for note in ours.notes)


def test_options_and_shares() -> None:
    with pytest.raises(ConfigError, match="bootstrap_draws"):
        BatteryOptions(bootstrap_draws=5)
    with pytest.raises(ConfigError, match="patell"):
        BatteryOptions(patell="other")  # type: ignore[arg-type]
    assert shared_day_share(np.array([1, 1, 2, 3])) == 0.5
    assert shared_day_share(np.array([], dtype=np.int64)) == 0.0
    assert set(order_of_tests(0.0)) == set(order_of_tests(0.9)) == set(get_args(TestName))


NOMINAL = (
    "cross_sectional_t",
    "patell",
    "bmp",
    "kp_bmp",
    "sign",
    "generalized_sign",
    "wilcoxon",
    "corrado_rank",
    "corrado_zivney",
    "corrado_sign",
    "grank_t",
    "grank_z",
    "crude_dependence_t",
    "clustered_t",
)


@pytest.mark.slow
def test_size_at_five_percent_without_an_event(simulated) -> None:  # type: ignore[no-untyped-def]
    """2,000 samples of 40 independent events: rejections within the Monte Carlo error."""
    samples = 2000
    count = {name: np.zeros(2) for name in NOMINAL}
    for seed in range(samples):
        ours = run_battery(simulated(40, seed=seed, estimation=60), QUICK)
        for name in NOMINAL:
            count[name] += ours.window(name).p[:2] < 0.05  # a day, and five days
    for name, rejected in count.items():
        rate = rejected / samples
        # 3 standard errors of a share of 5 %; the sign test's exact law is discrete, below 5 %
        low, high = 0.05 - 3 * 0.0049, 0.05 + 3 * 0.0049
        if name == "sign":
            low = 0.01
        assert ((rate >= low) & (rate <= high)).all(), (name, rate)


@pytest.mark.slow
def test_common_dates_break_bmp_and_not_kolari_pynnonen(simulated) -> None:  # type: ignore[no-untyped-def]
    """One date, residual correlation 0.1: BMP rejects far too often, KP and GRANK-T do not."""
    samples = 400
    names = ("bmp", "kp_bmp", "grank_t", "adjusted_patell", "patell")
    count = dict.fromkeys(names, 0.0)
    for seed in range(samples):
        arrays = simulated(40, seed=seed, common=0.1, one_date=True, estimation=60)
        ours = run_battery(arrays, QUICK)
        for name in names:
            count[name] += ours.window(name).p[0] < 0.05
    rate = {name: value / samples for name, value in count.items()}
    assert rate["bmp"] > 0.25
    assert rate["patell"] > 0.25
    for name in ("kp_bmp", "grank_t", "adjusted_patell"):
        assert 0.02 < rate[name] < 0.10, (name, rate[name])


@pytest.mark.slow
def test_a_variance_that_the_event_raises_breaks_patell_and_not_bmp(simulated) -> None:  # type: ignore[no-untyped-def]
    """Three times the variance on day 0: the tests that were made for it keep their size."""
    samples = 400
    robust = ("bmp", "kp_bmp", "grank_t", "cross_sectional_t", "sign")
    count = dict.fromkeys((*robust, "patell", "corrado_rank", "crude_dependence_t"), 0.0)
    for seed in range(samples):
        arrays = inject(simulated(40, seed=seed, estimation=60), 0.0, variance_ratio=3.0)
        ours = run_battery(arrays, QUICK)
        for name in count:
            count[name] += ours.window(name).p[0] < 0.05
    rate = {name: value / samples for name, value in count.items()}
    assert rate["patell"] > 0.15
    assert rate["crude_dependence_t"] > 0.15
    for name in robust:
        assert rate[name] < 0.09, (name, rate[name])
