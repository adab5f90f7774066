"""The arrays that the models hand to the tests.

Shapes: N used events, L event-window days, K CAR windows, T estimation-window days, B events of
one block. Everything is float64 unless said otherwise; NaN means "no value on that day", never
zero. Returns are decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualBlock:
    """Estimation-window residuals of a run of consecutive events, in event time.

    Attributes
    ----------
    start, stop
        The block holds the events ``start:stop`` of :class:`EventArrays`.
    residuals
        (B, T) residuals divided by the event's ``sigma``; NaN where stock or benchmark is missing
        or the day was cut out. Multiply by ``sigma[:, None]`` for the residuals themselves.
    ar
        (B, L) abnormal returns of the event window, not standardised.
    sar
        (B, L) abnormal returns over their forecast standard error.
    sigma
        (B,) residual standard deviations.
    day
        (B, T) calendar position of each estimation day: an index into
        :attr:`EventArrays.dates`. The same date has the same position whatever the exchange;
        -1 where the day lies before the exchange's first session.
    """

    start: int
    stop: int
    residuals: Floats
    ar: Floats
    sar: Floats
    sigma: Floats
    day: Ints


class ResidualSource(Protocol):
    """Where residual blocks come from; computed on demand so that memory stays bounded."""

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""

    def block(self, index: int) -> ResidualBlock:
        """One block. Safe to call from several threads; the arrays belong to the caller."""

    def some(self, rows: slice | Ints) -> Floats:
        """(B, T) residuals of some events, as in a block. Safe to call from several threads."""

    def days(self, rows: slice | Ints) -> Ints:
        """(B, T) calendar positions of their estimation days, as in a block."""


class PlaceboSource(Protocol):
    """Draws the same study on other dates of the same firms."""

    def draw(self, rng: np.random.Generator) -> PlaceboDraw:
        """Draw one placebo sample of N events: each firm's own non-event sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboDraw:
    """One placebo sample.

    Attributes
    ----------
    ar
        (N, L) abnormal returns around the drawn dates.
    car, scar
        (N, K) per CAR window; NaN for a firm without any eligible session.
    """

    ar: Floats
    car: Floats
    scar: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArrays:
    """What the models computed for the N used events; all that a test may look at.

    Attributes
    ----------
    tau
        (L,) int64, event-window days relative to day 0.
    estimation_tau
        (T,) int64, estimation-window days relative to day 0.
    windows
        The K CAR windows as (first, last) days.
    ar, sar
        (N, L) abnormal returns, and the same over ``sigma * sqrt(C)`` (forecast error).
    car, car_var, scar
        (N, K) sum over the days present, its full-covariance variance, ``car / sqrt(car_var)``.
    bhar_source
        Computes :attr:`bhar`; nothing but the skewness-adjusted tests of BHAR needs it.
    n_days
        (N, K) int64, days present in the window.
    sigma
        (N,) residual standard deviation ``sqrt(RSS / (M - k))``.
    n_est
        (N,) int64, M: estimation days used.
    n_coef
        k: coefficients estimated by the model (market model 2, constant mean 1, adjusted 0).
    day0
        (N,) int64, day 0 as an index into ``dates``: events sharing a date share it.
    symbol
        (N,) int64, index into ``symbols``.
    symbols
        The S symbol names.
    dates
        (D,) datetime64[ns], every session of every calendar, sorted.
    weight
        (N,) non-negative weights for the averages, or None for equal weights.
    residuals
        The estimation-window residuals, block by block.
    placebo
        Draws placebo samples, or None when the panel allows none.
    event_day
        (N, L) int64, calendar position (index into ``dates``) of each event-window day, -1 where
        the day lies outside the calendar. None means ``day0 + tau`` for every event, which is
        right when all events follow one calendar.
    calendar
        (N,) int64, number of the calendar that each event follows; None if there is one. Events
        of one calendar and day 0 have the same estimation and event-window days.
    """

    tau: Ints
    estimation_tau: Ints
    windows: tuple[tuple[int, int], ...]
    ar: Floats
    sar: Floats
    car: Floats
    car_var: Floats
    scar: Floats
    bhar_source: Callable[[], Floats] | None = None
    n_days: Ints
    sigma: Floats
    n_est: Ints
    n_coef: int
    day0: Ints
    symbol: Ints
    symbols: tuple[str, ...]
    dates: NDArray[np.datetime64]
    weight: Floats | None
    residuals: ResidualSource
    placebo: PlaceboSource | None
    event_day: Ints | None = None
    calendar: Ints | None = None

    @property
    def bhar(self) -> Floats:
        """(N, K) buy-and-hold abnormal returns over the days present; NaN without a source."""
        return np.full_like(self.car, np.nan) if self.bhar_source is None else self.bhar_source()

    @property
    def n_events(self) -> int:
        """N."""
        return int(self.ar.shape[0])

    @property
    def df(self) -> Ints:
        """(N,) residual degrees of freedom, M - k."""
        return self.n_est - self.n_coef

    def columns(self, first: int, last: int) -> slice:
        """Columns of ``ar`` and ``sar`` that a window covers."""
        origin = int(self.tau[0])
        return slice(first - origin, last - origin + 1)

    def iter_blocks(self) -> Iterator[ResidualBlock]:
        """Residual blocks one after the other."""
        for index in range(self.residuals.n_blocks):
            yield self.residuals.block(index)

    def map_blocks(self, function: Callable[[ResidualBlock], T], *, threads: int = 2) -> list[T]:
        """Apply a function to every residual block, on several threads, results in block order.

        Parameters
        ----------
        function
            Must be a pure function of its block; numpy releases the interpreter lock in the
            sorts and sums that take the time.
        threads
            Number of threads; one block per thread is in memory at a time.
        """
        indices = range(self.residuals.n_blocks)
        if threads <= 1 or len(indices) <= 1:
            return [function(self.residuals.block(index)) for index in indices]
        with ThreadPoolExecutor(max_workers=threads) as pool:
            return list(pool.map(lambda index: function(self.residuals.block(index)), indices))
