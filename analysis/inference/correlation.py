"""Mean correlation of estimation residuals between events, matched by calendar date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.calendar_rows import CalendarRows
from mentionstudy.analysis.inference.outcome import Bools
from mentionstudy.analysis.inference.reasons import REASONS

MIN_COMMON_DAYS = 30
"""Fewer common days than this give no correlation of a pair of events."""
EXACT_PAIRS = 100_000
"""Up to this many pairs of events are correlated one by one."""
_TILE = 128
_SPARSE = 0.1  # below this share of wanted pairs a tile is computed pair by pair
_SMALL = 5_000_000  # multiplications
_FAR = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualCorrelation:
    """Mean residual correlation per column.

    Attributes
    ----------
    r
        (K,) mean over all N(N-1)/2 pairs; NaN where undefined.
    reason
        K sentences, empty where r is defined.
    convention
        How it was computed.
    """

    r: Floats
    reason: tuple[str, ...]
    convention: str


def overlapping_pairs(event_day: Ints) -> int:
    """Count the pairs of events whose windows may share a day.

    Parameters
    ----------
    event_day
        (N, L) int64 calendar positions of the event-window days.
    """
    first = np.sort(event_day[:, 0])
    upto = np.searchsorted(first, first + _reach(event_day), side="left")
    return int((upto - np.arange(first.size) - 1).sum())


def _reach(event_day: Ints) -> int:
    """Two windows that start this many positions apart share no day."""
    return int((event_day[:, -1] - event_day[:, 0]).max(initial=0)) + 1


def mean_residual_correlation(
    rows: CalendarRows,
    columns: Bools,
    *,
    pairwise: bool,
    weighted: bool = True,
    consecutive: bool = True,
) -> ResidualCorrelation:
    """Average the residual correlations of all pairs of events, for the Kolari-Pynnonen tests.

    Parameters
    ----------
    rows
        One row per event; if not ``pairwise``, one per set of days (:func:`date_rows`).
    columns
        (K, L) bool, the event-window days of each column.
    pairwise
        True: the sample correlation of every pair over its common estimation days, their means
        taken out. False: per pair of dates, the sum of residual products over the number of
        products; the same number where the estimation windows coincide and no day is missing.
    weighted
        Multiply the correlation of a pair by the share of window days that the two events have
        in common, zero if none: only common days make two CARs dependent. For events of one
        date this changes nothing. False averages the plain correlations of the pairs that have
        common estimation days.
    consecutive
        Every calendar position is a session of every event: the days of a window, and of an
        estimation window, have consecutive positions. Not so when calendars are mixed.

    Returns
    -------
    ResidualCorrelation
        r = 0 where no two events share a window day.

    Notes
    -----
    A pair with fewer than 30 common estimation days takes the mean of the other pairs.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2010), Review of Financial Studies 23, 3996-4025,
    doi:10.1093/rfs/hhq072. The share of common days follows Kolari, Pape and Pynnonen (2018).
    """
    rows = rows.take(np.argsort(rows.event_day[:, 0], kind="stable"))
    expand = np.arange(columns.shape[0])
    if consecutive:  # columns of one length overlap alike
        _, first, expand = np.unique(columns.sum(axis=1), return_index=True, return_inverse=True)
        columns = columns[first]
    sums = np.zeros((3, columns.shape[0]))
    if not pairwise:
        sums += _within(rows)[:, None]
    if consecutive and weighted and not pairwise:
        sums += _shifted(rows, columns)
    else:
        for left, right in _tiles(rows.event_day, weighted):
            sums += _tile_sums(
                rows,
                left,
                right,
                columns,
                pairwise=pairwise,
                weighted=weighted,
                consecutive=consecutive,
            )
    total, known, weight = sums[:, expand]
    n = float(rows.events.sum())
    every = n * (n - 1) / 2 if weighted else 1.0
    mean = np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)
    if weighted:
        mean = np.where(weight > 0, mean * weight / max(every, 1.0), 0.0)
    missing = REASONS["few_common_days"]
    how = "pair by pair" if pairwise else "pooled by pairs of dates"
    share = ", times the share of common window days" if weighted else ""
    return ResidualCorrelation(
        r=mean,
        reason=tuple("" if np.isfinite(value) else missing for value in mean),
        convention=f"r = mean residual correlation by calendar date, {how}{share}",
    )


def _tiles(event_day: Ints, weighted: bool) -> Iterator[tuple[slice, slice]]:
    """Yield runs of rows and, for each, runs of the rows from it on that it may overlap."""
    first = event_day[:, 0]
    reach = _reach(event_day) if weighted else _FAR
    for start in range(0, first.size, _TILE):
        stop = min(start + _TILE, first.size)
        last = int(np.searchsorted(first, first[stop - 1] + reach, side="left"))
        for begin in range(start, last, 4 * _TILE):
            yield slice(start, stop), slice(begin, min(begin + 4 * _TILE, last))


def _within(rows: CalendarRows) -> Floats:
    """Pairs of events of one row, which share all days: their r, known and all pairs."""
    products = (rows.total**2).sum(axis=1) - rows.own
    number = (rows.count**2).sum(axis=1) - rows.count.sum(axis=1)
    pairs = rows.events * (rows.events - 1) / 2
    known = (pairs > 0) & (number >= MIN_COMMON_DAYS * 2 * pairs)
    r = np.divide(products, number, out=np.zeros(number.shape), where=known)
    return np.array([(pairs * r).sum(), pairs[known].sum(), pairs.sum()])


def _shifted(rows: CalendarRows, columns: Bools) -> Floats:
    """(3, K) sums over the pairs of dates d = 1, 2, ... sessions apart."""
    first, width = rows.event_day[:, 0], rows.total.shape[1]
    length = columns.sum(axis=1).astype(np.float64)
    sums = np.zeros((3, length.size))
    for shift in range(1, min(int(length.max(initial=0)), width)):
        later = np.minimum(np.searchsorted(first, first + shift), first.size - 1)
        a = np.flatnonzero(first[later] == first + shift)
        b = later[a]
        products = np.einsum("it,it->i", rows.total[a, shift:], rows.total[b, : width - shift])
        number = np.einsum("it,it->i", rows.count[a, shift:], rows.count[b, : width - shift])
        pairs = rows.events[a] * rows.events[b]
        known = (number > 0) & (number >= MIN_COMMON_DAYS * pairs)
        r = np.divide(products, number, out=np.zeros(number.shape), where=known)
        share = np.maximum(length - shift, 0.0) / length
        sums += np.outer([(pairs * r).sum(), pairs[known].sum(), pairs.sum()], share)
    return sums


def _tile_sums(
    rows: CalendarRows,
    left: slice,
    right: slice,
    columns: Bools,
    *,
    pairwise: bool,
    weighted: bool,
    consecutive: bool,
) -> Floats:
    """(3, K) sums over the pairs of a tile: weighted r, weight of known pairs, all weight."""
    a, b = rows.take(left), rows.take(right)
    later = np.arange(right.start, right.stop) > np.arange(left.start, left.stop)[:, None]
    weight = np.where(later, a.events[:, None] * b.events[None, :], 0.0)  # each pair once
    share = [np.ones(weight.shape)] * columns.shape[0]
    if weighted:
        share = [_share(a.event_day, b.event_day, member, consecutive) for member in columns]
    wanted = later & np.any([one > 0 for one in share], axis=0)
    if not wanted.any():
        return np.zeros((3, columns.shape[0]))
    x, y, m, w = _aligned(a, b)
    at = np.nonzero(wanted) if wanted.mean() < _SPARSE else None
    r, known = _pair_correlations(x, y, m, w, weight, at, pairwise)
    if at is not None:
        weight, share = weight[at], [one[at] for one in share]
    factor = [weight * one for one in share]
    return np.array(
        [
            [(one * r).sum() for one in factor],
            [(one * known).sum() for one in factor],
            [one.sum() for one in factor],
        ]
    )


def _aligned(a: CalendarRows, b: CalendarRows) -> tuple[Floats, Floats, Floats, Floats]:
    """Residuals and counts of both on the calendar days that they may share."""
    origin = max(int(a.day.min()), int(b.day.min()), 0)
    width = max(min(int(a.day.max()), int(b.day.max())) - origin + 1, 1)
    return (
        _dense(a.day, a.total, origin, width),
        _dense(b.day, b.total, origin, width),
        _dense(a.day, a.count, origin, width),
        _dense(b.day, b.count, origin, width),
    )


def _dense(position: Ints, values: Floats, origin: int, width: int) -> Floats:
    """Lay (R, T) values out on the calendar positions from ``origin`` on."""
    out = np.zeros((values.shape[0], width))
    column = position - origin
    row, day = np.nonzero((position >= 0) & (column >= 0) & (column < width))
    out[row, column[row, day]] = values[row, day]
    return out


_Pairs = tuple[np.ndarray, ...] | None


def _product(a: Floats, b: Floats, at: _Pairs) -> Floats:
    """Dot products of the rows of two matrices: of the pairs ``at``, or of all pairs."""
    product: Floats
    if at is not None:
        product = np.empty(at[0].size)
        step = max(1, 2**21 // a.shape[1])
        for low in range(0, product.size, step):
            part = slice(low, low + step)
            product[part] = np.einsum("pw,pw->p", a[at[0][part]], b[at[1][part]])
    elif a.size * b.shape[0] < _SMALL:  # threads of the matrix library cost more than they save
        product = np.einsum("rw,sw->rs", a, b)
    else:
        product = a @ b.T
    return product


def _pair_correlations(
    x: Floats, y: Floats, m: Floats, w: Floats, pairs: Floats, at: _Pairs, pairwise: bool
) -> tuple[Floats, Bools]:
    """Correlation of left and right rows over their common days, and whether it is known.

    Pair by pair the means over the common days are taken out; pooled, the products are divided
    by their number.
    """
    number, products = _product(m, w, at), _product(x, y, at)
    pairs = pairs if at is None else pairs[at]
    known: Bools = (number > 0) & (number >= MIN_COMMON_DAYS * pairs)
    n = np.maximum(number, 1.0)
    if not pairwise:
        return np.where(known, products / n, 0.0), known
    sum_x, sum_y = _product(x, w, at), _product(m, y, at)
    var_x = _product(x * x, w, at) - sum_x**2 / n
    var_y = _product(m, y * y, at) - sum_y**2 / n
    scale = np.sqrt(np.maximum(var_x, 0.0) * np.maximum(var_y, 0.0))
    moving = known & (scale > 1e-12 * n)
    covariance = products - sum_x * sum_y / n
    return np.divide(covariance, scale, out=np.zeros(scale.shape), where=moving), known


def _share(a: Ints, b: Ints, member: Bools, consecutive: bool) -> Floats:
    """(R, S) share of a window's days that two rows have in common."""
    length = int(member.sum())
    if consecutive:
        apart = np.abs(b[:, 0] - a[:, 0, None])
        overlap: Floats = np.maximum(length - apart, 0.0) / length
        return overlap
    one, other = a[:, member], b[:, member]
    if length == 1:
        same: Floats = (one == other.T).astype(np.float64)
        return same
    origin = min(int(one.min()), int(other.min()))
    width = max(int(one.max()), int(other.max())) - origin + 1
    left = _dense(one, np.ones(one.shape), origin, width)
    right = _dense(other, np.ones(other.shape), origin, width)
    shared: Floats = _product(left, right, None) / length
    return shared
