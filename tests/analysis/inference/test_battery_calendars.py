"""Shares of two exchanges with different holidays in one study."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

from mentionstudy.analysis import EventStudy
from mentionstudy.analysis.inference import BatteryOptions, run_battery
from mentionstudy.analysis.inference.scan import scan_residuals


def test_correlation_and_portfolio_match_by_date_across_calendars() -> None:
    rng = np.random.default_rng(12)
    every = pd.bdate_range("2019-01-01", periods=260)
    closed_a = rng.choice(240, 12, replace=False) + 5
    closed_b = rng.choice(240, 9, replace=False) + 5
    sessions = {"A": every.delete(closed_a), "B": every.delete(closed_b)}
    common = rng.normal(0, 0.01, len(every))
    returns, events = {}, []
    day0 = {"A": sessions["A"][200], "B": sessions["B"][200]}
    for number, calendar in enumerate("AAABBB"):
        symbol = f"{calendar}{number}"
        values = pd.Series(rng.normal(0, 0.015, len(every)) + common, every)
        returns[symbol] = values.where(every.isin(sessions[calendar]))
        shift = (0, 1, 3)[number % 3]
        position = sessions[calendar].get_loc(day0[calendar]) + shift
        events.append((symbol, sessions[calendar][position], calendar))
    frame = pd.DataFrame(events, columns=["symbol", "date", "calendar"])
    study = EventStudy(
        model="mean_adjusted", estimation=(-120, -6), window=(-5, 5), car_windows=((-2, 2),),
        min_obs=60,
    )  # fmt: skip
    result = study.run(frame, pd.DataFrame(returns), sessions=sessions)
    arrays = result.arrays
    assert arrays.event_day is not None
    ours = run_battery(arrays, BatteryOptions(bootstrap_draws=0, permutation_draws=0))

    block = arrays.residuals.block(0)
    dates = arrays.dates
    inside = (arrays.tau >= -2) & (arrays.tau <= 2)
    total = 0.0
    for i, j in itertools.combinations(range(6), 2):
        window_i = set(dates[arrays.event_day[i, inside]])
        window_j = set(dates[arrays.event_day[j, inside]])
        left = pd.Series(block.residuals[i], dates[block.day[i]])
        right = pd.Series(block.residuals[j], dates[block.day[j]])
        total += len(window_i & window_j) / 5 * left.corr(right)
    np.testing.assert_allclose(ours.mean_correlation, total / 15, rtol=1e-9)

    for given in (arrays, replace(arrays, calendar=None)):
        side = [(given.scar, np.ones(1))]
        pooled = scan_residuals(given, side, np.array([inside]), exact_pairs=0).correlation
        np.testing.assert_allclose(pooled.r, total / 15, rtol=0.02)

    long = pd.DataFrame(
        {
            "day": dates[arrays.event_day[:, inside]].ravel(),
            "ar": arrays.ar[:, inside].ravel(),
        }
    )
    portfolio = long.groupby("day")["ar"].mean()
    np.testing.assert_allclose(
        ours.window("calendar_time").estimate[0], portfolio.mean(), rtol=1e-10
    )
