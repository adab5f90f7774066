"""One pass over the estimation residuals, block by block, for every test that needs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints
from mentionstudy.analysis.inference.correlation import (
    EXACT_PAIRS,
    CalendarRows,
    ResidualCorrelation,
    date_rows,
    event_rows,
    mean_residual_correlation,
    overlapping_pairs,
)
from mentionstudy.analysis.inference.mean_tests import PortfolioSums, portfolio_sums
from mentionstudy.analysis.inference.moments import Moments
from mentionstudy.analysis.inference.outcome import Bools
from mentionstudy.analysis.inference.rank_kernel import RankSums, rank_sums
from mentionstudy.analysis.inference.sign_tests import positive_shares

T = TypeVar("T")


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
    event_day
        (N, L) int64 calendar positions of the event-window days.
    """

    ranks: RankSums
    portfolio: PortfolioSums
    positive: Floats
    correlation: ResidualCorrelation
    event_day: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One block's contribution."""

    start: int
    stop: int
    ranks: RankSums
    portfolio: PortfolioSums
    positive: Floats
    labels: Ints
    rows: CalendarRows


def window_members(arrays: EventArrays) -> Bools:
    """(K, L) bool, the days of each CAR window."""
    return np.array([(arrays.tau >= a) & (arrays.tau <= b) for a, b in arrays.windows], dtype=bool)


def event_days(arrays: EventArrays) -> Ints:
    """(N, L) int64, calendar position of every event-window day.

    A day outside the calendar has no return; it gets the position it would have, so that the
    events keep their order in time.
    """
    counted = arrays.day0[:, None] + arrays.tau
    if arrays.event_day is None:
        return counted
    return np.where(arrays.event_day < 0, counted, arrays.event_day)


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
    days = event_days(arrays)
    exact = arrays.n_events < 2 or overlapping_pairs(days) <= exact_pairs
    labels = np.arange(arrays.n_events) if exact else date_labels(arrays)

    def work(index: int) -> _Part:
        block = arrays.residuals.block(index)
        rows = slice(block.start, block.stop)
        thresholds = np.concatenate([values[rows] / scale for values, scale in sides], axis=1)
        own = event_rows(block.residuals, block.day, days[rows])
        chosen = labels[rows]
        if not exact:
            chosen, own = date_rows(own, chosen)
        return _Part(
            start=block.start,
            stop=block.stop,
            ranks=rank_sums(block.residuals, arrays.ar[rows] / block.sigma[:, None], thresholds),
            portfolio=portfolio_sums(block.residuals, sigma=block.sigma),
            positive=positive_shares(block.residuals),
            labels=chosen,
            rows=own,
        )

    folded = _Fold(arrays, members.shape[0], exact, int(labels.max(initial=-1)) + 1)
    for part in map_in_order(work, arrays.residuals.n_blocks, threads):
        folded.add(part)
    return folded.finish(members, days, consecutive=arrays.event_day is None)


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

    def __init__(self, arrays: EventArrays, columns: int, exact: bool, n_labels: int) -> None:
        self._exact = exact
        length = arrays.estimation_tau.size
        self._ranks = rank_sums(
            np.empty((0, length)), np.empty((0, arrays.tau.size)), np.empty((0, columns))
        )
        self._portfolio = PortfolioSums(total=np.zeros(length), count=np.zeros(length, np.int64))
        self._positive = np.full(arrays.n_events, np.nan)
        self._rows = CalendarRows(
            total=np.zeros((n_labels, length)),
            count=np.zeros((n_labels, length)),
            own=np.zeros(n_labels),
            events=np.zeros(n_labels),
            day=np.zeros((n_labels, length), np.int64),
            event_day=np.zeros((n_labels, arrays.tau.size), np.int64),
        )

    def add(self, part: _Part) -> None:
        """Add one block."""
        self._ranks = self._ranks + part.ranks
        self._portfolio = self._portfolio + part.portfolio
        self._positive[part.start : part.stop] = part.positive
        rows, at = self._rows, part.labels
        rows.total[at] += part.rows.total
        rows.count[at] += part.rows.count
        rows.own[at] += part.rows.own
        rows.events[at] += part.rows.events
        rows.day[at], rows.event_day[at] = part.rows.day, part.rows.event_day

    def finish(self, members: Bools, event_day: Ints, *, consecutive: bool) -> ResidualScan:
        """Correlate and hand over."""
        return ResidualScan(
            ranks=self._ranks,
            portfolio=self._portfolio,
            positive=self._positive,
            correlation=mean_residual_correlation(
                self._rows, members, pairwise=self._exact, consecutive=consecutive
            ),
            event_day=event_day,
        )
