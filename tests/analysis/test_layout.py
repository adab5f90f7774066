"""However the work is cut into tiles, pieces and blocks, the numbers are the same."""

from __future__ import annotations

import pickle
import weakref

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import EventStudy, StudyResult, engine, residuals, tiles
from mentionstudy.analysis.estimation import RunningSums

STUDY = EventStudy(
    estimation=(-130, -11),
    window=(-5, 5),
    min_obs=50,
    cut_own_events=True,
    bootstrap_draws=0,
    permutation_draws=19,
)


def _tables(result: StudyResult) -> list[pd.DataFrame]:
    return [result.ar, result.events, result.car(), result.tests(), result.aar, result.diagnostics]


@pytest.mark.parametrize("cost", [0, 1e18])
@pytest.mark.parametrize(("values", "events"), [(1, 3), (20_000, 1), (10**9, 5)])
def test_tiles_and_pieces_change_nothing(
    gappy_market, monkeypatch: pytest.MonkeyPatch, cost: float, values: int, events: int
) -> None:
    monkeypatch.setattr(engine, "_SUMS_COST", cost)
    one = _tables(STUDY.run(gappy_market.events, gappy_market.returns, gappy_market.market))
    monkeypatch.setattr(tiles, "_TILE_VALUES", values)
    monkeypatch.setattr(engine, "_EVENTS", events)
    other = _tables(STUDY.run(gappy_market.events, gappy_market.returns, gappy_market.market))
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right, rtol=1e-12, atol=1e-15)


def test_residual_blocks_are_the_residuals_of_their_events(gappy_market) -> None:
    result = STUDY.run(gappy_market.events, gappy_market.returns, gappy_market.market)
    whole = next(result.arrays.iter_blocks())
    source = residuals.Residuals(result._data.engine, result._data.used, block=4)
    assert source.n_blocks == 4
    for index in range(source.n_blocks):
        block = source.block(index)
        rows = slice(block.start, block.stop)
        np.testing.assert_array_equal(block.residuals, whole.residuals[rows])
        np.testing.assert_array_equal(block.ar, result.arrays.ar[rows])
        np.testing.assert_array_equal(block.day, whole.day[rows])
    squares = np.nansum((whole.residuals * whole.sigma[:, None]) ** 2, axis=1)
    np.testing.assert_allclose(squares / result.arrays.df, whole.sigma**2, rtol=1e-10)


def test_many_events_take_the_running_sums_and_agree_with_single_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(12)
    days = pd.bdate_range("2015-01-01", periods=700)
    market = pd.Series(rng.normal(0, 0.01, 700), days)
    values = market.to_numpy()[:, None] + rng.standard_t(3, (700, 30)) * 0.02
    values[rng.random(values.shape) < 0.05] = np.nan
    returns = pd.DataFrame(values, days, [f"S{i}" for i in range(30)])
    events = pd.DataFrame(
        {
            "symbol": returns.columns[rng.integers(0, 30, 5000)],
            "date": days[rng.integers(140, 690, 5000)],
        }
    )
    study = EventStudy(estimation=(-130, -11), window=(-5, 5), min_obs=50)
    made = []
    monkeypatch.setattr(tiles, "RunningSums", lambda *of: made.append(RunningSums(*of)) or made[-1])
    many = study.run(events, returns, market)
    assert len(made) == 1
    gone = weakref.ref(made.pop())
    assert gone() is None, "several times the memory of the returns, for no one"
    few = study.run(many.events[["event_id", "symbol", "date"]].iloc[:40], returns, market)
    assert not made
    assert many.n_events > 3000
    same = many.ar.merge(few.ar, on=["event_id", "tau"])
    assert len(same) == 440
    np.testing.assert_allclose(same["ar_x"], same["ar_y"], atol=1e-14, rtol=0)
    np.testing.assert_allclose(same["sar_x"], same["sar_y"], rtol=1e-10, atol=1e-12)


def test_a_result_can_be_pickled(gappy_market) -> None:
    result = STUDY.run(gappy_market.events, gappy_market.returns, gappy_market.market)
    before = result.tests()
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.tests(), before)
