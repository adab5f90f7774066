"""Tiny and degenerate samples: a reason in place of a number, never a silent NaN or a wrong one."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.analysis import EventStudy, InputError, StudyResult
from mentionstudy.analysis.inference import TestName
from mentionstudy.analysis.models import MODELS

DAYS = pd.bdate_range("2021-01-04", periods=90)
NAMES = get_args(TestName)


def _study(**options: object) -> EventStudy:
    usual = {
        "estimation": (-40, -6),
        "window": (-2, 2),
        "min_obs": 10,
        "bootstrap_draws": 99,
        "permutation_draws": 19,
        "returns_are": "log",
        "return_kind": "log",
    }
    return EventStudy(**(usual | options))  # type: ignore[arg-type]


def _panel(seed: int = 0, firms: int = 6) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 90)
    values = market[:, None] + rng.normal(0, 0.02, (90, firms))
    return pd.DataFrame(values, DAYS, [f"S{i}" for i in range(firms)]), pd.Series(market, DAYS)


def _events(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"symbol": [f"S{i % 6}" for i in range(n)], "date": DAYS[[60 + i // 6 for i in range(n)]]}
    )


def _every_number_or_a_reason(result: StudyResult) -> None:
    for frame, label in ((result.tests(), "window"), (result.day_tests(), "tau")):
        for name in NAMES:
            assert (frame["test"] == name).sum() == frame[label].nunique(), name
        undefined = frame["statistic"].isna()
        assert (frame.loc[undefined, "reason"].str.len() > 0).all()
        assert (frame.loc[~undefined, "reason"] == "").all()
        assert frame.loc[~undefined, "p"].between(0, 1).all()
        assert frame.loc[undefined, "p"].isna().all()
        assert np.isfinite(frame.loc[~undefined, "statistic"]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 12])
def test_every_test_has_a_number_or_a_reason(n: int) -> None:
    returns, market = _panel()
    result = _study().run(_events(n), returns, market)
    assert result.n_events == n
    _every_number_or_a_reason(result)
    tests = result.tests(-1, 1).set_index("test")
    if n == 1:
        across = ["cross_sectional_t", "bmp", "kp_bmp", "clustered_t", "grank_t"]
        assert tests.loc[across, "statistic"].isna().all()
        assert np.isfinite(result.car(-1, 1)["t"]).all()
        assert np.isfinite(result.aar["caar"]).all()


def test_all_abnormal_returns_equal() -> None:
    returns, market = _panel()
    same = pd.DataFrame({name: returns["S0"] for name in returns.columns})
    result = _study().run(_events(5), same, market)
    _every_number_or_a_reason(result)
    assert pd.isna(result.tests(0, 0).set_index("test")["statistic"]["cross_sectional_t"])


def test_a_window_of_one_day() -> None:
    returns, market = _panel()
    result = _study(window=(0, 0)).run(_events(6), returns, market)
    assert list(result.aar["tau"]) == [0]
    assert result.settings.car_windows == ((0, 0),)
    np.testing.assert_allclose(result.aar["aar"], result.car(0, 0)["car"].mean())
    _every_number_or_a_reason(result)


def test_an_estimation_window_of_three_days() -> None:
    returns, market = _panel()
    study = _study(estimation=(-8, -6), min_obs=3)
    result = study.run(_events(6), returns, market)
    assert (result.car()["df"] == 1).all()
    _every_number_or_a_reason(result)
    patell = result.tests(0, 0).set_index("test").loc["patell"]
    assert pd.isna(patell["statistic"])
    assert "degrees of freedom" in patell["reason"]


def test_two_estimation_days_left_by_gaps_are_too_few_for_the_market_model() -> None:
    returns, market = _panel()
    returns.iloc[:53, 0] = np.nan
    study = _study(estimation=(-8, -6), min_obs=3)
    result = study.run(_events(1), returns, market)
    assert list(result.excluded["code"]) == ["insufficient_estimation"]


def test_weights_of_any_size_count_by_their_ratios() -> None:
    returns, market = _panel()
    events = _events(6).assign(weight=[1.0, 2, 3, 4, 5, 6])
    usual = _study(weighting="weight").run(events, returns, market)
    huge = _study(weighting="weight").run(events.assign(weight=events["weight"] * 1e300), returns,
                                          market)  # fmt: skip
    pd.testing.assert_frame_equal(huge.tests(), usual.tests(), rtol=1e-12)
    for wrong, message in ((0.0, "all weights are zero"), (-1.0, "'-1.0' in row 1 is no weight")):
        with pytest.raises(InputError, match=message):
            _study(weighting="weight").run(events.assign(weight=wrong), returns, market)


def test_nan_everywhere() -> None:
    returns, market = _panel()
    result = _study().run(_events(6), returns * np.nan, market)
    assert set(result.excluded["code"]) == {"no_prices"}
    result = _study().run(_events(6), returns, market * np.nan)
    assert result.n_events == 0
    assert result.excluded["reason"].str.len().gt(0).all()


@pytest.mark.parametrize("model", [name for name in MODELS if name not in ("garch",)])
def test_every_model_on_a_gappy_panel_gives_finite_numbers_or_reasons(model: str) -> None:
    returns, market = _panel(3)
    rng = np.random.default_rng(1)
    returns = returns.mask(rng.random(returns.shape) < 0.1)
    factors = pd.DataFrame({"A": market, "B": rng.normal(0, 0.01, 90), "RF": 1e-4}, DAYS)
    result = _study(model=model).run(
        _events(12), returns, market, factors=factors, spans=returns.notna().astype(int)
    )
    assert result.n_events + len(result.excluded) == 12
    assert result.n_events >= 8
    assert np.isfinite(result.events["sigma"]).all()
    _every_number_or_a_reason(result)


def test_a_factor_that_repeats_another_is_a_reasoned_exclusion() -> None:
    returns, market = _panel()
    factors = pd.DataFrame({"A": market, "B": 2 * market, "C": -market}, DAYS)
    result = _study(model="factors").run(_events(3), returns, factors=factors)
    assert set(result.excluded["code"]) == {"constant_market"}


@given(seed=st.integers(0, 1000), n=st.integers(1, 14), gaps=st.sampled_from([0.0, 0.3, 0.8]))
@settings(max_examples=12)
def test_no_sample_gives_a_silent_nan(seed: int, n: int, gaps: float) -> None:
    returns, market = _panel(seed)
    rng = np.random.default_rng(seed)
    returns = returns.mask(rng.random(returns.shape) < gaps)
    returns = returns.mask(rng.random(returns.shape) < 0.1, 0.0)
    result = _study(require_day0=False).run(_events(n), returns, market)
    assert result.n_events + len(result.excluded) == n
    _every_number_or_a_reason(result)
