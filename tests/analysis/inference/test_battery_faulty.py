"""Faulty and extreme samples: a reason or a finite number, never a silent NaN, no warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.inference import BatteryOptions, run_battery

SMALL = BatteryOptions(bootstrap_draws=99, permutation_draws=19, threads=1)


def fill(value: float) -> Callable[[EventArrays], None]:
    def change(arrays: EventArrays) -> None:
        for name in ("ar", "sar", "car", "scar"):
            getattr(arrays, name)[:] = value

    return change


def scale(factor: float) -> Callable[[EventArrays], None]:
    def change(arrays: EventArrays) -> None:
        for name in ("ar", "sar", "car", "scar"):
            getattr(arrays, name)[:] *= factor

    return change


def infinite(arrays: EventArrays) -> None:
    for name in ("ar", "sar", "car", "scar"):
        getattr(arrays, name)[0, 0] = -np.inf


def residuals(value: float, rows: slice = slice(None)) -> Callable[[EventArrays], None]:
    def change(arrays: EventArrays) -> None:
        arrays.residuals.residuals[rows] = value  # type: ignore[attr-defined]

    return change


def few_degrees(arrays: EventArrays) -> None:
    arrays.n_est[2] = 3


FAULTS: dict[str, tuple[Callable[[EventArrays], None], dict[str, object]]] = {
    "missing": (fill(np.nan), {}),
    "zero": (fill(0.0), {}),
    "equal": (fill(0.1), {}),
    "huge": (scale(1e300), {}),
    "vanishing": (scale(1e-300), {}),
    "infinite": (infinite, {}),
    "one event without residuals": (residuals(np.nan, slice(3, 4)), {}),
    "no residuals": (residuals(np.nan), {}),
    "flat residuals": (residuals(0.0), {}),
    "one degree of freedom": (few_degrees, {}),
    "one date": (scale(1.0), {"one_date": True}),
    "one firm": (scale(1.0), {"firms": 1}),
    "mostly gaps": (scale(1.0), {"gaps": 0.6, "n": 20}),
    "one event": (scale(1.0), {"n": 1}),
    "two events with gaps": (scale(1.0), {"n": 2, "gaps": 0.3}),
    "three events": (scale(1.0), {"n": 3}),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_reason_or_a_finite_number(simulated, fault: str) -> None:  # type: ignore[no-untyped-def]
    change, options = FAULTS[fault]
    arrays = simulated(**({"n": 12} | options))  # type: ignore[arg-type]
    change(arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = run_battery(arrays, SMALL)
    for one in (*ours.days, *ours.windows):
        assert np.isfinite(one.statistic[one.defined]).all(), one.test
        assert ((one.p >= 0) & (one.p <= 1))[one.defined].all(), one.test
        assert np.isnan(one.statistic[~one.defined]).all(), one.test
        assert np.isnan(one.p[~one.defined]).all(), one.test
        assert "other" not in one.reason_code, (one.test, one.reason)
        assert [bool(code) for code in one.reason_code] == (~one.defined).tolist()
    if fault in ("missing", "zero", "equal"):
        assert not ours.window("cross_sectional_t").defined.any()
    if fault == "huge":  # the same sample in other units
        plain = run_battery(simulated(12), SMALL)
        for name in ("cross_sectional_t", "clustered_t", "calendar_time", "wilcoxon", "bmp"):
            np.testing.assert_allclose(
                ours.window(name).statistic, plain.window(name).statistic, rtol=1e-9
            )
