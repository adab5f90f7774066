"""One sort per event gives the ranks of every rank test; sums over events of bounded size.

Events without ties are ranked by :mod:`mentionstudy.analysis.inference.rank_positions`. Here those
with ties are: their ranks are kept doubled, as whole numbers, an average rank being a multiple of
one half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference import rank_positions
from mentionstudy.analysis.inference.moments import true_values
from mentionstudy.analysis.inference.outcome import Bools
from mentionstudy.analysis.inference.rank_totals import RankSums
from mentionstudy.analysis.scratch import Scratch

CHUNK = 255
"""Events per step: counts of a step fit into a byte, and its arrays into the cache."""
Ranks = NDArray[np.signedinteger[Any]]


def rank_sums(
    residuals: Floats, abnormal: Floats, thresholds: Floats, room: Scratch | None = None
) -> RankSums:
    """Rank each event's days and sum over the events.

    Parameters
    ----------
    residuals
        (B, T) estimation residuals over sigma; NaN where missing.
    abnormal
        (B, L) abnormal returns of the event window over sigma; NaN where missing.
    thresholds
        (B, K) values to be ranked among the residuals, one column at a time, for the
        generalised rank tests: ``SCAR / sd(SCAR)``; NaN where missing.
    room
        Working memory of the calling thread, to be used again by its next call.

    Returns
    -------
    RankSums
        Sums over the B events. Ties get average ranks.
    """
    size = true_values(np.isfinite(residuals))
    if size.size and size.min() != size.max():  # equal sizes side by side: counted together
        order = np.argsort(size, kind="stable")
        residuals, abnormal, thresholds = residuals[order], abnormal[order], thresholds[order]
    total = RankSums.none(residuals.shape[1], abnormal.shape[1], thresholds.shape[1])
    room = Scratch() if room is None else room
    step, quick = rank_positions.CHUNK, True
    for start in range(0, residuals.shape[0], step):
        rows = slice(start, start + step)
        chunk = residuals[rows], abnormal[rows], thresholds[rows]
        left_out = np.ones(len(chunk[0]), dtype=bool)
        if quick:
            found, left_out = rank_positions.quick_sums(*chunk, room)
            total = total + found
            quick = 2 * int(left_out.sum()) < left_out.size  # prices in ticks: most have ties
        if left_out.any():
            total = total + tied_sums(*(values[left_out] for values in chunk))
    return total


def tied_sums(residuals: Floats, abnormal: Floats, thresholds: Floats) -> RankSums:
    """Rank events whose values may repeat; parameters and sums as for :func:`rank_sums`."""
    total = RankSums.none(residuals.shape[1], abnormal.shape[1], thresholds.shape[1])
    for start in range(0, residuals.shape[0], CHUNK):
        rows = slice(start, start + CHUNK)
        chunk = _rank_chunk(residuals[rows], abnormal[rows], thresholds[rows])
        total = total + _chunk_sums(chunk)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class _RankedChunk:
    """Doubled ranks of at most CHUNK events.

    ``joint`` (B, A) among all days, 0 where missing; ``own`` (B, T) among the estimation days,
    0 where missing; ``below`` (B, K) twice the estimation days below the threshold, ties half.
    """

    joint: Ranks
    own: Ranks
    below: Ranks
    present: Bools
    missing: bool
    has_threshold: Bools
    tied: Bools
    above: Bools
    under: Bools


def _rank_chunk(residuals: Floats, abnormal: Floats, thresholds: Floats) -> _RankedChunk:
    n_own, n_days = residuals.shape[1], residuals.shape[1] + abnormal.shape[1]
    values = np.concatenate((residuals, abnormal, thresholds), axis=1)
    rows, width = values.shape
    absent = np.isnan(values)
    missing = bool(absent.any())
    if missing:
        values[absent] = np.inf  # sorted last as NaN is, but by the quick vectorised sort
    order = np.argsort(values, axis=1)
    flat = (order + np.arange(rows)[:, None] * width).ravel()
    in_order = values.ravel()[flat].reshape(rows, width)
    equal = in_order[:, 1:] == in_order[:, :-1]
    if missing:
        equal &= in_order[:, 1:] < np.inf
    tied = _tied(equal, order < n_days)
    joint, own = _doubled_ranks(order, flat, equal, n_days, n_own)
    present = ~absent[:, :n_days]
    joint = joint[:, :n_days]
    if missing:
        joint = np.where(present, joint, 0)
        own[:, :n_own] *= present[:, :n_own]
    above, under = _about_median(values[:, :n_days], joint, present, tied)
    return _RankedChunk(
        joint=joint,
        own=own[:, :n_own],
        below=own[:, n_days:],
        present=present,
        missing=missing,
        has_threshold=~absent[:, n_days:],
        tied=tied,
        above=above,
        under=under,
    )


def _tied(equal: Bools, counted: Bools) -> Bools:
    """Rows with a tie that a day takes part in; two thresholds may well be equal."""
    if not equal.any():
        return np.zeros(equal.shape[0], dtype=bool)
    return np.asarray((equal & (counted[:, 1:] | counted[:, :-1])).any(axis=1))


def _doubled_ranks(
    order: Ints, flat: Ints, equal: Bools, n_days: int, n_own: int
) -> tuple[Ranks, Ranks]:
    """Ranks among all days and among the estimation days, both counted in one running sum.

    A whole number carries the rank among all days in its lower and the other in its upper half.
    ``equal`` (B, W - 1) marks the sorted values that equal their left neighbour.
    """
    width = order.shape[1]
    small = 2 * width + 2 < 2**15
    half = 16 if small else 32
    dtype: Any = np.int32 if small else np.int64
    step: Any = np.zeros(width, dtype=dtype)
    step[:n_days] += 2
    step[:n_own] += 2 << half
    steps = step[order].ravel()
    both: Any = np.cumsum(steps.reshape(order.shape), axis=1, dtype=dtype).ravel()
    if equal.any():
        _average_ties(both, steps, equal)
    placed: Any = np.empty(order.size, dtype=dtype)
    placed[flat] = both
    placed = placed.reshape(order.shape)
    short: Any = np.int16 if small else np.int64
    joint: Ranks = (placed & ((1 << half) - 1)).astype(short)
    own: Ranks = (placed >> half).astype(short)
    return joint, own


def _average_ties(both: Ranks, steps: Ranks, equal: Bools) -> None:
    """Give the values of a tie their average rank, in place; a threshold gets the mid-count.

    Twice the average rank of m tied values after b others is ``2 b + m + 1``, of a value that is
    not counted ``2 b + m``: sums that both halves of the numbers allow at once, all being even.
    """
    continues = np.zeros((equal.shape[0], equal.shape[1] + 1), dtype=bool)
    continues[:, 1:] = equal
    member = continues.copy()
    member[:, :-1] |= equal
    at = np.flatnonzero(member)
    first = np.flatnonzero(~continues.ravel()[at])
    size = np.diff(np.r_[first, at.size])
    before = both[at[first]] - steps[at[first]]
    inside = both[at[first + size - 1]] - before
    both[at] = np.repeat(before + (inside >> 1), size) + (steps[at] >> 1)


def _about_median(values: Floats, joint: Ranks, present: Bools, tied: Bools) -> tuple[Bools, Bools]:
    """Which values lie above and which below the median of their row."""
    middle = (present.sum(axis=1) + 1).astype(joint.dtype)[:, None]  # doubled rank of the median
    above, under = joint > middle, (joint < middle) & present
    if tied.any():
        rows, there = values[tied], present[tied]
        ordered = np.sort(np.where(there, rows, np.inf), axis=1)
        n = there.sum(axis=1)[:, None]
        low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=1)
        median = (low + np.take_along_axis(ordered, n // 2, axis=1)) / 2
        above[tied], under[tied] = (rows > median) & there, (rows < median) & there
    return above, under


def _column_counts(mask: Bools) -> NDArray[np.uint8]:
    """Sum at most 255 rows of a mask in single bytes, which is several times quicker."""
    counts: NDArray[np.uint8] = np.add.reduce(mask.view(np.uint8), axis=0, dtype=np.uint8)
    return counts


def _weighted(weights: Floats, values: Ranks | Bools) -> Floats:
    """(R, T) sums of the rows of (B, T) values, weighted by (R, B).

    The library of matrix products would start threads of its own beside those of the blocks.
    """
    sums: Floats = np.einsum("rb,bt->rt", weights, values.astype(np.float64))
    return sums


def _chunk_sums(chunk: _RankedChunk) -> RankSums:
    present = chunk.present
    n = present.sum(axis=1)
    count = _column_counts(present).astype(np.float64)
    weights = np.stack((np.full(n.size, 0.5), 0.5 / (n + 1.0)))
    rank, scaled = _weighted(weights, chunk.joint)
    # the centre (n_i + 1)/2 is taken off where the event has a value on that day
    if chunk.missing:
        rank = rank - _weighted((n[None, :] + 1.0) / 2, present)[0]
    else:
        rank = rank - ((n + 1.0) / 2).sum()
    sign = _column_counts(chunk.above).astype(np.float64) - _column_counts(chunk.under)
    day_count, day_total, event_total = _generalized(chunk)
    size = present[:, : chunk.own.shape[1]].sum(axis=1)
    return RankSums(
        count=count,
        rank=rank,
        scaled=scaled - count / 2,
        sign=sign,
        day_count=day_count,
        day_total=day_total,
        event_total=event_total,
        events=chunk.has_threshold.sum(axis=0).astype(np.float64),
        null_variance=(size / (size + 2.0)) @ chunk.has_threshold,
    )


def _generalized(chunk: _RankedChunk) -> tuple[Floats, Floats, Floats]:
    """Count and sum of U on each estimation day, and sum of U of the columns' own values."""
    own, has = chunk.own, chunk.has_threshold.astype(np.float64)
    here = chunk.present[:, : own.shape[1]]
    size = here.sum(axis=1)
    weight = 1.0 / (size + 2.0)
    columns = np.ones(has.shape[1])
    day_count = np.outer(_column_counts(here), columns)
    base = np.outer(_weighted(weight[None, :] / 2, own)[0], columns)
    if not chunk.has_threshold.all():  # few values are missing: take their events off
        event, column = np.nonzero(~chunk.has_threshold)
        shape = (has.shape[1], size.size)
        off = sparse.csr_matrix((np.ones(event.size), (column, event)), shape=shape)
        day_count -= (off @ here.astype(np.float64)).T
        off.data = weight[off.indices] / 2
        base -= (off @ own.astype(np.float64)).T
    above = np.zeros(base.shape)
    for rows in _runs(size):
        above += weight[rows.start] * _above(
            own[rows], chunk.below[rows], bool(chunk.tied[rows].any())
        )
    event_total = (weight * (size + 1.0) - 0.5) @ has - above.sum(axis=0)
    return day_count, base + above - day_count / 2, event_total


def _runs(size: Ints) -> Iterator[slice]:
    """Yield the runs of equal values in a sorted array."""
    starts = np.flatnonzero(np.r_[True, size[1:] != size[:-1]])
    for start, stop in zip(starts, np.r_[starts[1:], size.size], strict=True):
        yield slice(int(start), int(stop))


def _above(own: Ranks, below: Ranks, tied: bool) -> Floats:
    """(T, K) number of events whose day lies above the column's value, a tie counting half."""
    total = np.empty((below.shape[1], own.shape[1]))
    mask = np.empty(own.shape, dtype=bool)
    for column in range(below.shape[1]):
        limit = below[:, column, None]
        np.greater(own, limit, out=mask)
        total[column] = _column_counts(mask)
        if tied:  # a tied day exceeds the doubled count by exactly one
            np.greater(own, limit + 1, out=mask)
            total[column] += _column_counts(mask)
            total[column] /= 2
    return total.T
