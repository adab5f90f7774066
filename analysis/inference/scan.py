"""One pass over the estimation residuals, block by block, for every test that needs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints
from mentionstudy.analysis.inference.calendar_rows import CalendarRows, LabelSums, label_sums
from mentionstudy.analysis.inference.correlation import (
    EXACT_PAIRS,
    ResidualCorrelation,
    mean_residual_correlation,
    overlapping_pairs,
)
from mentionstudy.analysis.inference.mean_tests import PortfolioSums, portfolio_sums
from mentionstudy.analysis.inference.moments import Moments
from mentionstudy.analysis.inference.outcome import Bools
from mentionstudy.analysis.inference.rank_kernel import rank_sums
from mentionstudy.analysis.inference.rank_totals import RankSums
from mentionstudy.analysis.inference.sign_tests import positive_shares
from mentionstudy.analysis.scratch import ThreadScratch

T = TypeVar("T")
BLOCK = 1024
"""Events a step: their residuals are small enough to stay near the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualScan:
    """What the tests need from the estimation windows of all events.

    Attributes
    ----------
    ranks
        Rank sums, the columns of all sides one after the other.
    portfolio
        Sums of the residuals by estimation day.
    positive
        (N,) share of positive residuals of each event.
    correlation
        Mean residual correlation of the same columns.
    """

    ranks: RankSums
    portfolio: PortfolioSums
    positive: Floats
    correlation: ResidualCorrelation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One block's contribution."""

    events: Ints
    ranks: RankSums
    portfolio: PortfolioSums
    positive: Floats
    rows: LabelSums


def window_members(arrays: EventArrays) -> Bools:
    """(K, L) bool, the days of each CAR window."""
    return np.array([(arrays.tau >= a) & (arrays.tau <= b) for a, b in arrays.windows], dtype=bool)


def event_days(arrays: EventArrays, events: Ints) -> Ints:
    """(B, L) int64, calendar position of every event-window day of some events.

    A day outside the calendar has no return; it gets the position it would have, so that the
    events keep their order in time.
    """
    counted = arrays.day0[events, None] + arrays.tau
    if arrays.event_day is None:
        return counted
    given = arrays.event_day[events]
    return np.where(given < 0, counted, given)


def _ends(arrays: EventArrays) -> Ints:
    """(N, 2) int64, calendar positions of the first and last day of each event window."""
    counted = arrays.day0[:, None] + arrays.tau[[0, -1]]
    if arrays.event_day is None:
        return counted
    given = arrays.event_day[:, [0, -1]]
    return np.where(given < 0, counted, given)


def map_in_order(function: Callable[[int], T], count: int, threads: int) -> Iterator[T]:
    """Yield ``function(0), function(1), ...``, at most ``threads + 1`` results in memory.

    Parameters
    ----------
    function
        Pure; called on several threads.
    count
        Number of calls.
    threads
        1 computes in this thread.
    """
    if threads <= 1 or count <= 1:
        yield from map(function, range(count))
        return
    with ThreadPoolExecutor(max_workers=threads) as pool:
        waiting: deque[Future[T]] = deque()
        for index in range(count):
            waiting.append(pool.submit(function, index))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def scan_residuals(
    arrays: EventArrays,
    sides: Sequence[tuple[Floats, Floats]],
    members: Bools,
    *,
    threads: int = 2,
    exact_pairs: int = EXACT_PAIRS,
) -> ResidualScan:
    """Stream all residual blocks once.

    Parameters
    ----------
    arrays
        N events.
    sides
        Standardised returns, (N, C) each, and the (C,) deviations that scale them for the
        generalised rank tests (:func:`unit`). Their columns follow each other.
    members
        (sum of C, L) bool, the window days of each column.
    threads
        Blocks computed at a time; the result does not depend on it.
    exact_pairs
        With more pairs of overlapping events the residual correlation is pooled by dates.

    Returns
    -------
    ResidualScan
        Memory does not grow with N beyond a number for each event and a row for each date.
    """
    exact = arrays.n_events < 2 or overlapping_pairs(_ends(arrays)) <= exact_pairs
    labels = np.arange(arrays.n_events) if exact else date_labels(arrays)
    order = np.argsort(labels, kind="stable")  # events of one date side by side

    own = ThreadScratch()

    def work(index: int) -> _Part:
        rows = order[index * BLOCK : (index + 1) * BLOCK]
        residuals, sigma = arrays.residuals.some(rows), arrays.sigma[rows]
        thresholds = np.concatenate([values[rows] / scale for values, scale in sides], axis=1)
        return _Part(
            events=rows,
            ranks=rank_sums(residuals, arrays.ar[rows] / sigma[:, None], thresholds, own.room),
            portfolio=portfolio_sums(residuals, sigma=sigma),
            positive=positive_shares(residuals),
            rows=label_sums(residuals, labels[rows]),
        )

    folded = _Fold(arrays, members.shape[0], exact, labels)
    for part in map_in_order(work, -(-order.size // BLOCK), threads):
        folded.add(part)
    return folded.finish(members)


def unit(standardized: Moments) -> Floats:
    """(K,) cross-sectional deviation, NaN where there is none."""
    return np.where(standardized.constant | ~(standardized.sd > 0), np.nan, standardized.sd)


def date_labels(arrays: EventArrays) -> Ints:
    """(N,) label of each event: those with one label have all their days in common."""
    key, other = arrays.day0, arrays.calendar
    if other is None and arrays.event_day is not None:
        other = arrays.symbol  # calendars differ and are not named: a firm has one
    if other is not None:
        key = key + other * (int(key.max(initial=0)) + 1)
    labels: Ints = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return labels


class _Fold:
    """Adds up the blocks in their order, so that rounding does not depend on threads."""

    def __init__(self, arrays: EventArrays, columns: int, exact: bool, labels: Ints) -> None:
        self._arrays, self._exact, self._labels = arrays, exact, labels
        length, n_labels = arrays.estimation_tau.size, int(labels.max(initial=-1)) + 1
        self._ranks = RankSums.none(length, arrays.tau.size, columns)
        self._portfolio = PortfolioSums(total=np.zeros(length), count=np.zeros(length, np.int64))
        self._positive = np.full(arrays.n_events, np.nan)
        self._total, self._count = np.zeros((2, n_labels, length))
        self._own, self._events = np.zeros((2, n_labels))

    def add(self, part: _Part) -> None:
        """Add one block."""
        self._ranks = self._ranks + part.ranks
        self._portfolio = self._portfolio + part.portfolio
        self._positive[part.events] = part.positive
        at = part.rows.labels
        self._total[at] += part.rows.total
        self._count[at] += part.rows.count
        self._own[at] += part.rows.own
        self._events[at] += part.rows.events

    def finish(self, members: Bools) -> ResidualScan:
        """Correlate and hand over."""
        arrays = self._arrays
        member = np.empty(self._own.size, dtype=np.int64)
        member[self._labels] = np.arange(self._labels.size)  # one event of each label
        rows = CalendarRows(
            total=self._total,
            count=self._count,
            own=self._own,
            events=self._events,
            day=arrays.residuals.days(member),
            event_day=event_days(arrays, member),
        )
        return ResidualScan(
            ranks=self._ranks,
            portfolio=self._portfolio,
            positive=self._positive,
            correlation=mean_residual_correlation(
                rows, members, pairwise=self._exact, consecutive=arrays.event_day is None
            ),
        )
