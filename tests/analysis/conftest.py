"""Made-up markets with the faults of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Market:
    """A panel of simple returns, its benchmark, and events in it."""

    returns: pd.DataFrame
    market: pd.Series
    events: pd.DataFrame


@pytest.fixture(scope="session")
def gappy_market() -> Market:
    """Return 12 firms over 500 sessions with halts, missing days, zeros and a shared date."""
    rng = np.random.default_rng(20220107)
    days = pd.bdate_range("2020-01-01", periods=500)
    index = rng.normal(0.0003, 0.011, 500)
    beta = rng.uniform(0.4, 1.6, 12)
    values = index[:, None] * beta + rng.standard_t(4, (500, 12)) * 0.015
    values[rng.random(values.shape) < 0.02] = 0.0
    values[rng.random(values.shape) < 0.03] = np.nan
    values[100:160, 3] = np.nan
    symbols = [f"S{number:02d}" for number in range(12)]
    returns = pd.DataFrame(values, index=days, columns=symbols)
    market = pd.Series(index, index=days, name="index")
    market.iloc[[50, 250, 304]] = np.nan
    positions = [300, 330, 330, 360, 400, 410, 420, 430, 440, 450, 460, 470, 330, 480]
    firms = [*range(12), 0, 1]
    for position, firm in zip(positions, firms, strict=True):
        if np.isnan(returns.iat[position, firm]):
            returns.iat[position, firm] = 0.004
    events = pd.DataFrame(
        {
            "symbol": [symbols[firm] for firm in firms],
            "date": [days[position] for position in positions],
            "group": ["a", "b"] * 7,
        }
    )
    return Market(returns=returns, market=market, events=events)
