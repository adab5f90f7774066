"""Count, mean, deviation and third moment of each column, over the values that are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.outcome import FEW_EVENTS, NO_VARIANCE, Bools, Reasons

_ROWS = 4096
_SMALL, _LARGE = 1e-90, 1e90  # cubes of anything between are normal numbers
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

    Each block of rows is centred on its own mean while it is in the cache, and the blocks are
    joined by the update formulas of Chan, Golub and LeVeque (1983), American Statistician 37,
    242-247. Columns of extreme size are scaled first, so that no power overflows or vanishes.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    blocks = [values[low : low + _ROWS] for low in range(0, len(values), _ROWS)]
    scale = np.zeros(values.shape[1])
    for block in blocks:
        np.maximum(scale, _largest(block), out=scale)
    extreme = (scale > 0) & ((scale < _SMALL) | (scale > _LARGE))
    unit = np.where(extreme, scale, 1.0)
    sums = _Sums.zero(values.shape[1])
    for block in blocks:
        sums.add(block / unit if extreme.any() else block)
    n = sums.n.astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns become NaN on purpose
        mean = np.where(n > 0, sums.mean, np.nan)
        sd = np.sqrt(sums.square / np.where(n > 1, n - 1, np.nan))
        constant = (n > 1) & ~(sd > DEGENERATE * scale / unit)
        skewness = sums.cube / (n * np.where(constant, np.nan, sd) ** 3)
    return Moments(n=n, mean=mean * unit, sd=sd * unit, skewness=skewness, constant=constant)


def _largest(block: Floats) -> Floats:
    """(K,) largest finite absolute value of a (B, K) block, 0 without one."""
    high, low = np.fmax.reduce(block, axis=0), np.fmin.reduce(block, axis=0)
    largest = np.maximum(high, -low)
    if np.isfinite(largest).all():
        return largest
    finite = np.where(np.isfinite(block), block, 0.0)
    return np.asarray(np.abs(finite).max(axis=0, initial=0.0))


@dataclass(slots=True, kw_only=True)
class _Sums:
    """Count, mean and central sums of the blocks so far, all (K,)."""

    n: Floats
    mean: Floats
    square: Floats
    cube: Floats

    @classmethod
    def zero(cls, columns: int) -> _Sums:
        """Begin without any value."""
        return cls(
            n=np.zeros(columns),
            mean=np.zeros(columns),
            square=np.zeros(columns),
            cube=np.zeros(columns),
        )

    def add(self, block: Floats) -> None:
        """Join the moments of a (B, K) block, whose squares and cubes must not overflow."""
        total = block.sum(axis=0)
        if np.isfinite(total).all():
            present, count = None, np.full(total.size, float(len(block)))
        else:
            present = np.isfinite(block)
            count = present.sum(axis=0).astype(np.float64)
            total = np.where(present, block, 0.0).sum(axis=0)
        mean = total / np.maximum(count, 1.0)
        deviation = block - mean
        if present is not None:
            deviation[~present] = 0.0
        squares = deviation * deviation
        square = squares.sum(axis=0)
        cube = np.einsum("bk,bk->k", squares, deviation)
        joined = np.maximum(self.n + count, 1.0)
        step = mean - self.mean
        share = self.n * count / joined
        self.cube += cube + step**3 * share * (self.n - count) / joined
        self.cube += 3.0 * step * (self.n * square - count * self.square) / joined
        self.square += square + step**2 * share
        self.mean += step * count / joined
        self.n += count
