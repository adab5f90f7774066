"""Time the whole battery of tests against a plain loop over events, and watch the memory.

Run ``python tests/benchmarks/bench_battery.py [EVENTS ...]``. The panel is 500 firms × 2,000
sessions, market model, 240 estimation days, event window [-10,+10], bootstrap and permutation
left out. The plain loop does for each event what the literature's programs do: least squares, the
ranks of its days for Corrado and GRANK, signs; it is timed on 300 events of the same study.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

from mentionstudy.analysis import EventStudy
from mentionstudy.analysis.inference import BatteryOptions, run_battery

WITHOUT = BatteryOptions(bootstrap_draws=0, permutation_draws=0)
LOOP = 300


def panel() -> tuple[pd.DataFrame, pd.Series]:
    """500 firms × 2,000 sessions with 1 % of the days missing."""
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2012-01-02", periods=2000)
    market = rng.normal(0.0003, 0.011, 2000)
    returns = market[:, None] * rng.uniform(0.5, 1.5, 500) + rng.standard_t(4, (2000, 500)) * 0.014
    returns[rng.random(returns.shape) < 0.01] = np.nan
    names = [f"S{number:03d}" for number in range(500)]
    return pd.DataFrame(returns, days, names), pd.Series(market, days)


def draw(returns: pd.DataFrame, n: int) -> pd.DataFrame:
    """Random firms and dates with a return, every window inside the data."""
    rng = np.random.default_rng(1)
    rows = rng.integers(250, len(returns) - 11, 2 * n)
    columns = rng.integers(0, returns.shape[1], 2 * n)
    good = np.flatnonzero(~np.isnan(returns.to_numpy()[rows, columns]))[:n]
    return pd.DataFrame(
        {"symbol": returns.columns[columns[good]], "date": returns.index[rows[good]]}
    )


def plain_loop(returns: pd.DataFrame, market: pd.Series, events: pd.DataFrame) -> float:
    """Seconds that a loop over events takes, per event."""
    values, index = returns.to_numpy(), market.to_numpy()
    rows = returns.index.get_indexer(events["date"])
    columns = returns.columns.get_indexer(events["symbol"])
    start = time.perf_counter()
    for row, column in zip(rows, columns, strict=True):
        y, x = values[row - 250 : row + 11, column], index[row - 250 : row + 11]
        est = np.flatnonzero(~np.isnan(y[:240]))
        design = np.column_stack((np.ones(est.size), x[est]))
        coefficient = np.linalg.lstsq(design, y[est], rcond=None)[0]
        residual = y - coefficient[0] - coefficient[1] * x
        spread = np.sqrt((residual[est] ** 2).sum() / (est.size - 2))
        inverse = np.linalg.inv(design.T @ design)
        day = np.column_stack((np.ones(21), x[240:]))
        sar = residual[240:] / (spread * np.sqrt(1 + np.einsum("ij,jk,ik->i", day, inverse, day)))
        stats.rankdata(residual[~np.isnan(residual)])
        for value in sar:  # GRANK ranks every day's value among the residuals
            stats.rankdata(np.append(residual[est] / spread, value))
        np.sign(residual - np.nanmedian(residual))
    return (time.perf_counter() - start) / len(events)


def main() -> None:
    """Print one line for each size."""
    sizes = [int(text) for text in sys.argv[1:]] or [1_000, 10_000, 100_000]
    returns, market = panel()
    loop = plain_loop(returns, market, draw(returns, LOOP))
    print(f"plain loop: {loop * 1000:.2f} s per 1,000 events")
    for n in sizes:
        events = draw(returns, n)
        study = EventStudy(window=(-10, 10), duplicates="keep")
        start = time.perf_counter()
        arrays = study.run(events, returns, market).arrays
        middle = time.perf_counter()
        run_battery(arrays, WITHOUT)
        end = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{arrays.n_events:>9,} events: study {middle - start:6.2f} s, "
            f"battery {end - middle:6.2f} s, together {(end - start) / n * 1000:.4f} s per 1,000, "
            f"{loop * n / (end - start):,.0f}x the loop, peak {peak:,.0f} MB"
        )


if __name__ == "__main__":
    main()
