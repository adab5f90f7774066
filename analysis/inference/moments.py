"""Count, mean, deviation and third moment of each column, over the values that are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.outcome import FEW_EVENTS, NO_VARIANCE, Bools, Reasons

DEGENERATE = 1e-13
"""A deviation below this multiple of the largest value is rounding, not variance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Cross-section of N events per column.

    Attributes
    ----------
    n
        (K,) int64, values that are there.
    mean, sd
        (K,) mean and standard deviation (divisor n - 1); NaN where n is too small.
    skewness
        (K,) ``sum (x - mean)^3 / (n sd^3)``, as Lyon, Barber and Tsai (1999) define it.
    constant
        (K,) bool, all values equal up to rounding.
    """

    n: Ints
    mean: Floats
    sd: Floats
    skewness: Floats
    constant: Bools

    def reasons(self) -> Reasons:
        """Reasons that every test across events shares: too few events, no variance."""
        reasons = Reasons(self.n.size)
        reasons.mark(self.n < 2, FEW_EVENTS)
        reasons.mark(self.constant, NO_VARIANCE)
        return reasons


def as_columns(values: Floats) -> Floats:
    """View a vector or matrix as (N, K) float64, everything not finite as NaN."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, np.nan)


def moments(values: Floats) -> Moments:
    """Moments of each column of an (N, K) array; values that are not finite count as missing.

    Columns are scaled by their largest absolute value first, so that squares neither overflow
    nor vanish.
    """
    values = as_columns(values)
    present = ~np.isnan(values)
    n = present.sum(axis=0)
    filled = values if present.all() else np.where(present, values, 0.0)
    scale = np.abs(filled).max(axis=0, initial=0.0)
    unit = np.where(scale > 0, scale, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns become NaN on purpose
        scaled = filled / unit
        mean = scaled.sum(axis=0) / n
        deviation = np.where(present, scaled - mean, 0.0)
        square = deviation * deviation
        sd = np.sqrt(square.sum(axis=0) / np.where(n > 1, n - 1, np.nan))
        constant = (n > 1) & ~(sd > DEGENERATE)
        skewness = (square * deviation).sum(axis=0) / (n * np.where(constant, np.nan, sd) ** 3)
    return Moments(n=n, mean=mean * unit, sd=sd * unit, skewness=skewness, constant=constant)
