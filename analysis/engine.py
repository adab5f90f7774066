"""From (series, day 0) pairs to abnormal returns: the batch program behind every study."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mentionstudy.analysis.estimation import Fit, RunningSums, fit
from mentionstudy.analysis.models.base import Design, Model, SeriesInputs
from mentionstudy.analysis.panel import CalendarPanel, Panel
from mentionstudy.analysis.settings import StudySettings, Window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Series whose running sums fit a core's cache, and events whose event windows do.
_SERIES = 64
_EVENTS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where N events are in the panel.

    Attributes
    ----------
    calendar, symbol, benchmark
        (N,) int64 indices into the panel; benchmark is -1 without one.
    position
        (N,) int64, day 0 as a session of the event's calendar.
    """

    calendar: Ints
    symbol: Ints
    benchmark: Ints
    position: Ints

    def __len__(self) -> int:
        return len(self.position)

    def take(self, rows: Bools | Ints) -> Places:
        """Return some of the events."""
        return Places(
            calendar=self.calendar[rows],
            symbol=self.symbol[rows],
            benchmark=self.benchmark[rows],
            position=self.position[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What the models computed for N events; NaN rows where the event is not usable.

    Attributes
    ----------
    ar, sar
        (N, L) abnormal and standardised abnormal returns.
    car, car_var
        (N, K).
    n_days
        (N, K) int64.
    alpha
        (N,) intercept, NaN for a model without one.
    beta
        (N, Q) slopes.
    sigma, r2
        (N,) residual standard deviation, share of explained variance.
    n_est
        (N,) int64.
    singular, flat
        (N,) bool, see :class:`mentionstudy.analysis.estimation.Fit`.
    """

    ar: Floats
    sar: Floats
    car: Floats
    car_var: Floats
    n_days: Ints
    alpha: Floats
    beta: Floats
    sigma: Floats
    r2: Floats
    n_est: Ints
    singular: Bools
    flat: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The design of a few series, padded so that every window of every session exists."""

    rows: Ints
    series: Ints
    position: Ints
    design: Design
    usable: Bools


class Engine:
    """Computes abnormal returns for any events of a panel.

    Parameters
    ----------
    panel
        The aligned series.
    settings
        Windows and model options.
    model
        The normal-return model.
    own_events
        Events whose event windows are left out of their firm's estimation windows, or None.
    """

    def __init__(
        self, panel: Panel, settings: StudySettings, model: Model, own_events: Places | None = None
    ) -> None:
        self.panel, self.settings, self.model = panel, settings, model
        self.n_coef = model.n_coef(panel)
        self.slopes = model.slopes(panel)
        first, last = settings.estimation
        low, high = settings.window
        self.left = max(0, -min(first, low))
        self.right = max(0, max(last, high))
        self._taboo = [self._event_days(index, own_events) for index in range(len(panel.calendars))]

    def compute(self, places: Places, windows: tuple[Window, ...] | None = None) -> Estimates:
        """Estimate, predict and cumulate.

        Parameters
        ----------
        places
            N events.
        windows
            CAR windows; the settings' by default.
        """
        windows = self.settings.car_windows if windows is None else windows
        result = self._empty(len(places), windows)
        groups = list(self._groups(places))

        def work(group: tuple[int, Ints]) -> None:
            self._compute_chunk(self._chunk(places, *group), windows, result)

        if len(groups) == 1:
            work(groups[0])
        elif groups:
            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(work, groups))
        return result

    def event_window(self, places: Places) -> Floats:
        """(N, L) actual returns of the event window, as the model sees them."""
        low, high = self.settings.window
        actual = np.empty((len(places), high - low + 1))
        for group in self._groups(places):
            chunk = self._chunk(places, *group)
            view = sliding_window_view(chunk.design.actual, high - low + 1, axis=1)
            actual[chunk.rows] = view[chunk.series, chunk.position + low]
        return actual

    def estimation_returns(self, places: Places) -> Floats:
        """(N, T) actual returns of the estimation window."""
        first, last = self.settings.estimation
        actual = np.empty((len(places), last - first + 1))
        for group in self._groups(places):
            chunk = self._chunk(places, *group)
            view = sliding_window_view(chunk.design.actual, last - first + 1, axis=1)
            actual[chunk.rows] = view[chunk.series, chunk.position + first]
        return actual

    def market_window(self, places: Places) -> Floats:
        """(N, L) benchmark returns of the event window; NaN without a benchmark."""
        low, high = self.settings.window
        market = np.full((len(places), high - low + 1), np.nan)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero((places.calendar == index) & (places.benchmark >= 0))
            if rows.size:
                padded = self._padded(calendar.market)
                view = sliding_window_view(padded, high - low + 1, axis=1)
                start = places.position[rows] + self.left + low
                market[rows] = view[places.benchmark[rows], start]
        return market

    def residuals(self, places: Places, estimates: Estimates) -> Floats:
        """(N, T) estimation-window residuals over sigma; NaN on unusable days.

        Parameters
        ----------
        places, estimates
            The same N events.
        """
        first, last = self.settings.estimation
        length = last - first + 1
        result = np.empty((len(places), length))
        for group in self._groups(places):
            chunk = self._chunk(places, *group)
            design, rows = chunk.design, chunk.rows
            start = chunk.position + first
            residual = sliding_window_view(design.y, length, axis=1)[chunk.series, start]
            if design.intercept:
                residual -= estimates.alpha[rows, None]
            for slope, q in enumerate(design.predict):
                x = sliding_window_view(design.x[q], length, axis=1)[chunk.series, start]
                x *= estimates.beta[rows, slope, None]
                residual -= x
            residual /= estimates.sigma[rows, None]
            usable = sliding_window_view(chunk.usable, length, axis=1)[chunk.series, start]
            residual[~usable] = np.nan
            result[rows] = residual
        return result

    def estimation_days(self, places: Places) -> Ints:
        """(N, T) calendar position of each estimation day, -1 beyond the calendar's sessions."""
        first, last = self.settings.estimation
        days = np.empty((len(places), last - first + 1), dtype=np.int64)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero(places.calendar == index)
            padded = self._padded(calendar.day[None, :], fill=-1)[0]
            view = sliding_window_view(padded, last - first + 1)
            days[rows] = view[places.position[rows] + self.left + first]
        return days

    def usable_cells(self, symbol: int, calendar: int, benchmark: int) -> Bools:
        """(D,) sessions on which an event of the series would have data enough."""
        single = Places(
            calendar=np.array([calendar]),
            symbol=np.array([symbol]),
            benchmark=np.array([benchmark]),
            position=np.array([0]),
        )
        chunk = self._chunk(single, calendar, np.array([0]))
        days = len(self.panel.calendars[calendar].sessions)
        count = np.concatenate([[0], np.cumsum(chunk.usable[0])])
        first, last = self.settings.estimation
        start = np.arange(days) + self.left
        enough = count[start + last + 1] - count[start + first] >= self.settings.min_obs
        present = np.isfinite(chunk.design.y[0, self.left : self.left + days])
        low, high = self.settings.window
        inside = (np.arange(days) + low >= 0) & (np.arange(days) + high < days)
        return np.asarray(enough & present & inside)

    def _groups(self, places: Places) -> Iterator[tuple[int, Ints]]:
        """Rows of the events, a calendar and a few series at a time."""
        for index in range(len(self.panel.calendars)):
            rows = np.flatnonzero(places.calendar == index)
            if not rows.size:
                continue
            wide = len(self.panel.benchmarks) + 1
            key = places.symbol[rows] * wide + places.benchmark[rows] + 1
            # Small integers sort in linear time.
            small = key.astype(np.int16) if key.max(initial=0) < 2**15 else key
            order = np.argsort(small, kind="stable")
            ordered = key[order]
            starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
            for cut in range(0, len(starts), _SERIES):
                low = starts[cut]
                high = starts[cut + _SERIES] if cut + _SERIES < len(starts) else len(ordered)
                yield index, rows[order[low:high]]

    def _chunk(self, places: Places, calendar_index: int, rows: Ints) -> _Chunk:
        calendar = self.panel.calendars[calendar_index]
        wide = len(self.panel.benchmarks) + 1
        key = places.symbol[rows] * wide + places.benchmark[rows] + 1
        unique, series = np.unique(key, return_inverse=True)
        symbol, benchmark = unique // wide, unique % wide - 1
        design = self.model.design(self._inputs(calendar, symbol, benchmark))
        usable = np.isfinite(design.y)
        for one in design.x:
            usable &= np.isfinite(one)
        taboo = self._taboo[calendar_index]
        if taboo is not None:
            usable &= ~self._padded(taboo[symbol], fill=False)
        return _Chunk(
            rows=rows,
            series=series.astype(np.int64),
            position=places.position[rows] + self.left,
            design=design,
            usable=usable,
        )

    def _inputs(self, calendar: CalendarPanel, symbol: Ints, benchmark: Ints) -> SeriesInputs:
        returns = self._padded(calendar.returns[symbol])
        if calendar.spans is None:
            spans = np.ones(returns.shape, dtype=np.int64)
        else:
            spans = self._padded(calendar.spans[symbol], fill=0)
            if not self.model.uses_spans:
                # A return over a halt is no one-day return; it never enters as one.
                returns[spans > 1] = np.nan
        if len(calendar.market):
            market = self._padded(calendar.market[benchmark])
            market[benchmark < 0] = np.nan
        else:
            market = np.full(returns.shape, np.nan)
        free = calendar.risk_free
        return SeriesInputs(
            returns=returns,
            market=market,
            spans=spans,
            factors=self._padded(calendar.factors),
            risk_free=np.zeros(returns.shape[1])
            if free is None
            else self._padded(free[None, :])[0],
        )

    def _padded(self, values: np.ndarray, fill: float | int | bool = np.nan) -> np.ndarray:
        return np.pad(values, ((0, 0), (self.left, self.right)), constant_values=fill)

    def _event_days(self, index: int, events: Places | None) -> Bools | None:
        """(S, D) True on the days of any event window of the firm."""
        if events is None:
            return None
        shape = self.panel.calendars[index].returns.shape
        low, high = self.settings.window
        change = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
        rows = events.calendar == index
        symbol, position = events.symbol[rows], events.position[rows]
        np.add.at(change, (symbol, np.clip(position + low, 0, shape[1])), 1)
        np.add.at(change, (symbol, np.clip(position + high + 1, 0, shape[1])), -1)
        return np.asarray(np.cumsum(change[:, :-1], axis=1) > 0)

    def _empty(self, n: int, windows: tuple[Window, ...]) -> Estimates:
        low, high = self.settings.window
        length, k, q = high - low + 1, len(windows), len(self.slopes)
        return Estimates(
            ar=np.empty((n, length)),
            sar=np.empty((n, length)),
            car=np.empty((n, k)),
            car_var=np.empty((n, k)),
            n_days=np.empty((n, k), dtype=np.int64),
            alpha=np.empty(n),
            beta=np.empty((n, q)),
            sigma=np.empty(n),
            r2=np.empty(n),
            n_est=np.empty(n, dtype=np.int64),
            singular=np.empty(n, dtype=np.bool_),
            flat=np.empty(n, dtype=np.bool_),
        )

    def _compute_chunk(self, chunk: _Chunk, windows: tuple[Window, ...], result: Estimates) -> None:
        sums = RunningSums(chunk.design, chunk.usable)
        first, last = self.settings.estimation
        members = self._membership(windows)
        for low in range(0, len(chunk.rows), _EVENTS):
            part = slice(low, low + _EVENTS)
            series, position = chunk.series[part], chunk.position[part]
            fitted = fit(self.model, sums, self.n_coef, series, position + first, last - first + 1)
            self._predict(chunk.design, fitted, series, position, members, chunk.rows[part], result)

    def _membership(self, windows: tuple[Window, ...]) -> Floats:
        """(L, K) one where a day belongs to a window: cumulation is a matrix product."""
        low, high = self.settings.window
        tau = np.arange(low, high + 1)[:, None]
        starts = np.array([window[0] for window in windows])
        ends = np.array([window[1] for window in windows])
        return np.asarray((tau >= starts) & (tau <= ends), dtype=np.float64)

    def _predict(
        self,
        design: Design,
        fitted: Fit,
        series: Ints,
        position: Ints,
        members: Floats,
        rows: Ints,
        result: Estimates,
    ) -> None:
        low, length = self.settings.window[0], members.shape[0]
        start = position + low
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            ar = sliding_window_view(design.y, length, axis=1)[series, start]
            ar -= fitted.y_mean[:, None]
            distance = []
            for slope, q in enumerate(design.predict):
                x = sliding_window_view(design.x[q], length, axis=1)[series, start]
                x -= fitted.x_mean[:, slope, None]
                ar -= fitted.beta[:, slope, None] * x
                distance.append(x)
            scale = None
            if design.scale is not None:
                scale = sliding_window_view(design.scale, length, axis=1)[series, start]
                ar *= scale
                distance = [x * scale for x in distance]
            self._store_windows(design, fitted, ar, distance, scale, members, rows, result)
            error = np.sqrt(_forecast_variance(design, fitted, distance, scale))
            error *= fitted.sigma[:, None]
            sar = ar / error
        result.ar[rows], result.sar[rows] = ar, sar
        self._store_fit(design, fitted, rows, result)

    def _store_windows(
        self,
        design: Design,
        fitted: Fit,
        ar: Floats,
        distance: list[Floats],
        scale: Floats | None,
        members: Floats,
        rows: Ints,
        result: Estimates,
    ) -> None:
        present = np.isfinite(ar)
        whole = bool(present.all())
        shown = present.astype(np.float64)
        days = np.broadcast_to(members.sum(axis=0), (len(rows), members.shape[1]))
        if not whole:
            days = shown @ members
            distance = [np.where(present, x, 0.0) for x in distance]
        clean = ar if whole else np.where(present, ar, 0.0)
        scales = days if scale is None else np.where(present, scale * scale, 0.0) @ members
        moved = [x @ members for x in distance]
        spread = scales + _quadratic(fitted, moved)
        if design.intercept:
            spread = spread + days * days / fitted.n[:, None]
        result.car[rows] = np.where(days > 0, clean @ members, np.nan)
        result.car_var[rows] = np.where(days > 0, spread * (fitted.sigma**2)[:, None], np.nan)
        result.n_days[rows] = days

    def _store_fit(self, design: Design, fitted: Fit, rows: Ints, result: Estimates) -> None:
        if design.intercept:
            alpha = fitted.y_mean - (fitted.beta * fitted.x_mean).sum(axis=1)
        else:
            alpha = np.full(len(rows), np.nan)
        result.alpha[rows] = alpha
        result.beta[rows] = fitted.beta
        result.sigma[rows] = fitted.sigma
        with np.errstate(invalid="ignore", divide="ignore"):
            result.r2[rows] = 1.0 - fitted.rss / fitted.yy
        result.n_est[rows] = fitted.n
        result.singular[rows] = fitted.singular
        result.flat[rows] = fitted.flat


def _quadratic(fitted: Fit, x: list[Floats]) -> Floats | float:
    """Quadratic form x'Sx for every event and column, S the spread of the slopes."""
    total: Floats | float = 0.0
    for i, left in enumerate(x):
        for j, right in enumerate(x):
            total = total + fitted.spread[:, i, j, None] * left * right
    return total


def _forecast_variance(
    design: Design, fitted: Fit, distance: list[Floats], scale: Floats | None
) -> Floats:
    """Variance of an abnormal return over the residual variance (C): (B, L), or (B, 1)."""
    one = np.ones((len(fitted.n), 1)) if scale is None else scale * scale
    base = one + 1.0 / fitted.n[:, None] if design.intercept else one
    return np.asarray(base + _quadratic(fitted, distance))
