"""Count, mean, deviation and third moment of each column, over the values that are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.outcome import Bools, Reasons
from mentionstudy.analysis.inference.reasons import REASONS

_ROWS = 2048  # of a block that stays in the cache
_WIDTH = 256
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
        reasons.mark(self.n < 2, REASONS["few_events"])
        reasons.mark(self.constant, REASONS["no_variance"])
        return reasons


def as_columns(values: Floats) -> Floats:
    """View a vector or matrix as (N, K) float64, everything not finite as NaN."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, np.nan)


def true_values(mask: Bools) -> Ints:
    """(B,) number of true values in each row of a (B, T) mask, eight at a time."""
    packed = np.packbits(mask, axis=1)
    return np.bitwise_count(packed).sum(axis=1, dtype=np.int64)


def moments(values: Floats) -> Moments:
    """Moments of each column of an (N, K) array; values that are not finite count as missing.

    Each block of rows is centred on its own mean while it is in the cache, and the blocks are
    joined by the update formulas of Chan, Golub and LeVeque (1983), American Statistician 37,
    242-247. Columns of extreme size are scaled first, so that no power overflows or vanishes.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    blocks = [_Block.of(values[low : low + _ROWS]) for low in range(0, len(values), _ROWS)]
    unit = np.ones(values.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # then the columns are scaled
        sums = _Sums.over(blocks, values.shape[1])
        sd = sums.deviation()
    if not ((sums.n < 2) | ((sd > _SMALL) & (sd < _LARGE))).all():
        unit = _largest(blocks, values.shape[1])
        sums = _Sums.over([block.over(unit) for block in blocks], values.shape[1])
        sd = sums.deviation()
    n = sums.n.astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns become NaN on purpose
        mean = np.where(n > 0, sums.mean, np.nan)
        constant = (n > 1) & ~(sd > DEGENERATE * np.abs(mean))
        skewness = sums.cube / (n * np.where(constant, np.nan, sd) ** 3)
    return Moments(n=n, mean=mean * unit, sd=sd * unit, skewness=skewness, constant=constant)


def _largest(blocks: list[_Block], columns: int) -> Floats:
    """(K,) largest finite absolute value of each column, 1 where all are zero or missing."""
    scale = np.zeros(columns)
    for block in blocks:
        np.maximum(scale, block.largest(), out=scale)
    return np.where(scale > 0, scale, 1.0)


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of a matrix, several of them side by side: numpy reduces long rows much faster.

    Attributes
    ----------
    wide
        (B / g, g K) view of B rows.
    columns
        K.
    """

    wide: Floats
    columns: int

    @classmethod
    def of(cls, rows: Floats) -> _Block:
        """Lay (B, K) rows side by side as far as their number allows."""
        count, columns = rows.shape
        beside = 1
        while count % (2 * beside) == 0 and 2 * beside * columns <= _WIDTH and count > 0:
            beside *= 2
        return cls(np.ascontiguousarray(rows).reshape(count // beside, beside * columns), columns)

    @property
    def n_rows(self) -> int:
        """B."""
        return self.wide.size // max(self.columns, 1)

    def fold(self, wide: Floats, how: np.ufunc) -> Floats:
        """Reduce a (g K,) row to (K,)."""
        return np.asarray(how.reduce(wide.reshape(-1, self.columns), axis=0))

    def over(self, unit: Floats) -> _Block:
        """Return the block with each column divided."""
        return _Block(self.wide / self.spread(unit), self.columns)

    def spread(self, row: Floats) -> Floats:
        """Repeat a (K,) row over the width."""
        return np.tile(row, self.wide.shape[1] // max(self.columns, 1))

    def largest(self) -> Floats:
        """(K,) largest finite absolute value, 0 without one."""
        finite = np.where(np.isfinite(self.wide), self.wide, 0.0)
        largest = np.abs(finite).max(axis=0, initial=0.0)
        return self.fold(largest, np.maximum)


@dataclass(slots=True, kw_only=True)
class _Sums:
    """Count, mean and central sums of the blocks so far, all (K,)."""

    n: Floats
    mean: Floats
    square: Floats
    cube: Floats

    @classmethod
    def over(cls, blocks: list[_Block], columns: int) -> _Sums:
        """Join all blocks of a matrix."""
        zeros = (np.zeros(columns) for _ in range(4))
        sums = cls(n=next(zeros), mean=next(zeros), square=next(zeros), cube=next(zeros))
        for block in blocks:
            sums.add(block)
        return sums

    def deviation(self) -> Floats:
        """(K,) standard deviation with divisor n - 1; NaN below two values."""
        return np.asarray(np.sqrt(self.square / np.where(self.n > 1, self.n - 1, np.nan)))

    def add(self, block: _Block) -> None:
        """Join the moments of a block."""
        wide = block.wide
        total = wide.sum(axis=0)
        present = None if np.isfinite(total).all() else np.isfinite(wide)
        if present is None:
            count = np.full(block.columns, float(block.n_rows))
        else:
            count = block.fold(present.sum(axis=0).astype(np.float64), np.add)
            total = np.where(present, wide, 0.0).sum(axis=0)
        mean = block.fold(total, np.add) / np.maximum(count, 1.0)
        deviation = wide - block.spread(mean)
        if present is not None:
            deviation[~present] = 0.0
        squares = deviation * deviation
        square = block.fold(squares.sum(axis=0), np.add)
        squares *= deviation
        cube = block.fold(squares.sum(axis=0), np.add)
        joined = np.maximum(self.n + count, 1.0)
        step = mean - self.mean
        share = self.n * count / joined
        self.cube += cube + step**3 * share * (self.n - count) / joined
        self.cube += 3.0 * step * (self.n * square - count * self.square) / joined
        self.square += square + step**2 * share
        self.mean += step * count / joined
        self.n += count
