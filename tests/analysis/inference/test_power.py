"""Size and power on a user's own panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import EventStudy
from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference import BatteryOptions, run_battery
from mentionstudy.analysis.inference.power import inject, rejection_rates, split, wilson
from mentionstudy.analysis.validation import validate

WITHOUT = BatteryOptions(bootstrap_draws=0, permutation_draws=0, threads=1)


def panel(days: int = 420, firms: int = 15, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2019-01-01", periods=days)
    market = rng.normal(0, 0.01, days)
    returns = market[:, None] + rng.normal(0, 0.02, (days, firms))
    frame = pd.DataFrame(returns, index, [f"S{i}" for i in range(firms)])
    return frame.mask(rng.random(frame.shape) < 0.02), pd.Series(market, index)


def study() -> EventStudy:
    return EventStudy(
        estimation=(-130, -6), window=(-5, 5), car_windows=((0, 0), (-1, 1)), min_obs=80
    )


def test_an_injected_effect_is_that_of_changed_returns() -> None:
    """Adding 2 % to the day's returns and running the study again gives the same arrays."""
    returns, market = panel()
    days = [200, 240, 280, 320]
    events = pd.DataFrame({"symbol": list(returns.columns[:4]), "date": returns.index[days]})
    for symbol, day in zip(returns.columns[:4], days, strict=True):
        returns.iloc[day, returns.columns.get_loc(symbol)] = 0.004
    before = study().run(events, returns, market).arrays
    changed = returns.copy()
    for symbol, day in zip(returns.columns[:4], days, strict=True):
        changed.iloc[day, changed.columns.get_loc(symbol)] += 0.02
    after = study().run(events, changed, market).arrays
    ours = inject(before, 0.02)
    for name in ("ar", "sar", "car", "scar"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(after, name), rtol=1e-9, atol=1e-13, err_msg=name
        )
    raised = inject(before, 0.0, variance_ratio=4.0)
    np.testing.assert_allclose(raised.ar[:, 5], 2 * before.ar[:, 5])


def test_samples_stream_through_blocks_of_any_size(simulated) -> None:  # type: ignore[no-untyped-def]
    samples = [np.arange(0, 20), np.arange(25, 45), np.arange(45, 65), np.arange(75, 95)]
    small, large = simulated(97, block=11), simulated(97)
    for rows, one, other in zip(samples, split(small, samples), split(large, samples), strict=True):
        np.testing.assert_array_equal(one.ar, large.ar[rows])
        block, again = one.residuals.block(0), other.residuals.block(0)
        np.testing.assert_array_equal(block.residuals, again.residuals)
        np.testing.assert_array_equal(block.sigma, one.sigma)
        result = run_battery(one, WITHOUT)
        np.testing.assert_allclose(
            result.window("grank_t").statistic,
            run_battery(other, WITHOUT).window("grank_t").statistic,
        )


def test_rates_grow_with_the_effect_and_count_what_is_undefined(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays = simulated(30 * 20, estimation=60, one_date=True)
    samples = [np.arange(i * 20, i * 20 + 20) for i in range(30)]
    seen: list[int] = []
    power = rejection_rates(
        arrays, samples, effects=(0.0, 0.05), progress=lambda done, total: seen.append(done)
    )
    assert seen == list(range(1, 31))
    rates = power.rates("[0,0]")
    assert (rates.loc["cross_sectional_t", 0.05], rates.loc["bmp", 0.05]) == (1.0, 1.0)
    assert rates.loc["patell", 0.0] < 0.3
    clustered = power.table.query("test == 'clustered_t'")
    assert (clustered["undefined"] == 30).all()
    assert clustered["rate"].isna().all()
    size = power.table.query("test == 'patell' and effect == 0 and window == '[0,0]'").iloc[0]
    assert size["well_specified"] == (size["low"] <= 0.05 <= size["high"])
    assert power.shared_day_share == 1.0
    with pytest.raises(ConfigError, match="windows are"):
        power.rates("[7,9]")


def test_validate_on_a_users_panel() -> None:
    returns, market = panel()
    events = pd.DataFrame({"symbol": returns.columns, "date": returns.index[300]})
    power = validate(
        study(), events, returns, market, n_events=12, samples=25, effects=(0.0, 0.03), seed=4
    )
    again = validate(
        study(), events, returns, market, n_events=12, samples=25, effects=(0.0, 0.03), seed=4
    )
    pd.testing.assert_frame_equal(power.table, again.table)
    assert power.samples == 25
    rates = power.rates()
    assert rates.loc["bmp", 0.03] > 0.9
    assert rates.loc["bmp", 0.0] < 0.3
    assert power.shared_day_share < 0.5
    together = validate(
        study(), events, returns, market, n_events=10, samples=5, effects=(0.0,), clustered=True
    )
    assert together.shared_day_share == 1.0


def test_validate_says_why_it_cannot() -> None:
    returns, market = panel(days=140)
    events = pd.DataFrame({"symbol": returns.columns, "date": returns.index[100]})
    with pytest.raises(InputError, match="sessions"):
        validate(study(), events, returns.iloc[:100], market)
    empty = returns.mask(returns.notna())
    with pytest.raises(InputError, match="no sample"):
        validate(study(), events, empty.fillna(np.nan), market, samples=3)
    with pytest.raises(ConfigError, match="n_events"):
        validate(study(), events, returns, market, n_events=1)


def test_refused_numbers(simulated) -> None:  # type: ignore[no-untyped-def]
    arrays, rows = simulated(20), [np.arange(20)]
    for change in ({"alpha": 0.0}, {"variance_ratio": 0.0}, {"effects": ()}):
        with pytest.raises(ConfigError):
            rejection_rates(arrays, rows, **change)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="day 0"):
        rejection_rates(replace(arrays, tau=arrays.tau + 9), rows)


def test_wilson_limits() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for count, n in ((0, 20), (3, 50), (50, 50)):
        np.testing.assert_allclose(
            wilson(count, n), proportion_confint(count, n, method="wilson"), atol=1e-12
        )
    assert np.isnan(wilson(0, 0)).all()
