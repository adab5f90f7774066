"""Count, mean, deviation and third moment of each column, over the values that are there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.outcome import Bools, Reasons
from mentionstudy.analysis.inference.reasons import REASONS
from mentionstudy.analysis.scratch import Scratch

_ROWS = 2048  # of a block that stays in the cache
_PART = 128 * _ROWS  # of a thread's share
_THREADS = 2
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
    return np.asarray(np.bitwise_count(packed).sum(axis=1, dtype=np.int64))


def moments(values: Floats) -> Moments:
    """Moments of each column of an (N, K) array; values that are not finite count as missing.

    Each block of rows is centred on its own mean while it is in the cache, and the blocks are
    joined by the update formulas of Chan, Golub and LeVeque (1983), American Statistician 37,
    242-247. Columns of extreme size are scaled first, so that no power overflows or vanishes.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    unit = np.ones(values.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # then the columns are scaled
        sums = _joined(values)
        sd = sums.deviation()
    if not ((sums.n < 2) | ((sd > _SMALL) & (sd < _LARGE))).all():
        unit = _largest(values)
        sums = _joined(values / unit)
        sd = sums.deviation()
    n = sums.n.astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns become NaN on purpose
        mean = np.where(n > 0, sums.mean, np.nan)
        constant = (n > 1) & ~(sd > DEGENERATE * np.abs(mean))
        skewness = sums.cube / (n * np.where(constant, np.nan, sd) ** 3)
    return Moments(n=n, mean=mean * unit, sd=sd * unit, skewness=skewness, constant=constant)


def _joined(values: Floats) -> _Sums:
    """Join the blocks of a matrix, in their order; long matrices on two threads."""
    parts = [values[low : low + _PART] for low in range(0, len(values), _PART)]
    if len(parts) > 1:
        with ThreadPoolExecutor(max_workers=_THREADS) as pool:
            done = list(pool.map(_Sums.over, parts))
    else:
        done = [_Sums.over(part) for part in parts]
    sums = _Sums.none(values.shape[1])
    for one in done:
        sums.join(one)
    return sums


def _largest(values: Floats) -> Floats:
    """(K,) largest finite absolute value of each column, 1 where all are zero or missing."""
    size = np.abs(np.where(np.isfinite(values), values, 0.0)).max(axis=0, initial=0.0)
    return np.where(size > 0, size, 1.0)


@dataclass(slots=True, kw_only=True)
class _Sums:
    """Count, mean and central sums of the blocks so far, all (K,)."""

    n: Floats
    mean: Floats
    square: Floats
    cube: Floats

    @classmethod
    def none(cls, columns: int) -> _Sums:
        """Return the sums over no value."""
        return cls(**{name: np.zeros(columns) for name in ("n", "mean", "square", "cube")})

    @classmethod
    def over(cls, values: Floats) -> _Sums:
        """Sum over an (N, K) matrix, a block that stays in the cache at a time."""
        sums, room = cls.none(values.shape[1]), Scratch()
        with np.errstate(over="ignore", invalid="ignore"):  # threads do not take over the caller's
            for low in range(0, len(values), _ROWS):
                sums.join(cls.of_block(values[low : low + _ROWS], room))
        return sums

    @classmethod
    def of_block(cls, rows: Floats, room: Scratch) -> _Sums:
        """Sum over a block.

        Its rows are laid side by side as far as their number allows: numpy reduces long rows much
        faster.
        """
        count, columns = rows.shape
        beside = 1
        while count % (2 * beside) == 0 and 2 * beside * columns <= _WIDTH and count > 0:
            beside *= 2
        wide = np.ascontiguousarray(rows).reshape(count // beside, beside * columns)
        total = _folded(wide, columns)
        n = np.full(columns, float(count))
        present = None
        if not np.isfinite(total).all():
            present = np.isfinite(wide)
            n = _folded(present.astype(np.float64), columns)
            total = _folded(np.where(present, wide, 0.0), columns)
        mean = total / np.maximum(n, 1.0)
        deviation = np.subtract(wide, np.tile(mean, beside), out=room.array("d", wide.shape))
        if present is not None:
            deviation[~present] = 0.0
        powers = np.multiply(deviation, deviation, out=room.array("p", wide.shape))
        square = _folded(powers, columns)
        powers *= deviation
        return cls(n=n, mean=mean, square=square, cube=_folded(powers, columns))

    def deviation(self) -> Floats:
        """(K,) standard deviation with divisor n - 1; NaN below two values."""
        return np.asarray(np.sqrt(self.square / np.where(self.n > 1, self.n - 1, np.nan)))

    def join(self, other: _Sums) -> None:
        """Join the moments of other values."""
        joined = np.maximum(self.n + other.n, 1.0)
        step = other.mean - self.mean
        share = self.n * other.n / joined
        self.cube += other.cube + step**3 * share * (self.n - other.n) / joined
        self.cube += 3.0 * step * (self.n * other.square - other.n * self.square) / joined
        self.square += other.square + step**2 * share
        self.mean += step * other.n / joined
        self.n += other.n


def _folded(wide: Floats, columns: int) -> Floats:
    """(K,) column sums of rows that lie side by side."""
    return np.asarray(wide.sum(axis=0).reshape(-1, columns).sum(axis=0))
