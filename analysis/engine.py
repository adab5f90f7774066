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
from mentionstudy.analysis.places import Estimates, Places
from mentionstudy.analysis.prediction import Prediction, predict, windows_of
from mentionstudy.analysis.settings import StudySettings, Window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Series whose running sums fit a core's cache, and events whose event windows do.
_SERIES = 64
_EVENTS = 4096
_THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The design of a few series, padded so that every window of every session exists.

    Attributes
    ----------
    rows
        (B,) the events, as rows of the places that were asked for.
    series, position
        (B,) row and column of each event's day 0 in the design.
    design
        S series over the padded sessions.
    usable
        (S, D) days that may enter an estimation.
    """

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
        self._left = max(0, -min(first, low))
        self._right = max(0, max(last, high))
        self._taboo = [self._event_days(index, own_events) for index in range(len(panel.calendars))]

    @property
    def length(self) -> int:
        """L, days of the event window."""
        return self.settings.window[1] - self.settings.window[0] + 1

    @property
    def estimation_length(self) -> int:
        """T, days of the estimation window."""
        return self.settings.estimation[1] - self.settings.estimation[0] + 1

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
        scaled = self.estimation_length if self.model.conditional else 0
        result = Estimates.empty(len(places), self.length, len(windows), len(self.slopes), scaled)
        groups = list(self._groups(places))

        def work(group: tuple[int, Ints]) -> None:
            self._compute_chunk(self._chunk(places, *group), windows, result)

        if len(groups) == 1:
            work(groups[0])
        elif groups:
            with ThreadPoolExecutor(max_workers=_THREADS) as pool:
                list(pool.map(work, groups))
        return result

    def event_returns(self, places: Places) -> Floats:
        """(N, L) actual returns of the event window, as the model sees them."""
        return self._actual(places, self.settings.window[0], self.length)

    def estimation_returns(self, places: Places) -> Floats:
        """(N, T) actual returns of the estimation window."""
        return self._actual(places, self.settings.estimation[0], self.estimation_length)

    def _actual(self, places: Places, first: int, length: int) -> Floats:
        actual = np.empty((len(places), length))
        for group in self._groups(places):
            chunk = self._chunk(places, *group)
            values = windows_of(chunk.design.actual, length, chunk.series, chunk.position + first)
            actual[chunk.rows] = values
        return actual

    def market_returns(self, places: Places) -> Floats:
        """(N, L) benchmark returns of the event window; NaN without a benchmark."""
        market = np.full((len(places), self.length), np.nan)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero((places.calendar == index) & (places.benchmark >= 0))
            if rows.size:
                start = places.position[rows] + self._left + self.settings.window[0]
                padded = self._padded(calendar.market)
                market[rows] = windows_of(padded, self.length, places.benchmark[rows], start)
        return market

    def residuals(self, places: Places, estimates: Estimates) -> Floats:
        """(N, T) estimation-window residuals over their deviation; NaN on unusable days.

        Parameters
        ----------
        places, estimates
            The same N events.
        """
        length, first = self.estimation_length, self.settings.estimation[0]
        result = np.empty((len(places), length))
        for group in self._groups(places):
            chunk = self._chunk(places, *group)
            rows, start = chunk.rows, chunk.position + first
            intercept = estimates.alpha[rows] if chunk.design.intercept else None
            residual = _residuals(chunk, start, length, intercept, estimates.beta[rows])
            residual /= estimates.sigma[rows, None]
            if estimates.residual_scale is not None:
                residual /= estimates.residual_scale[rows]
            result[rows] = residual
        return result

    def estimation_days(self, places: Places) -> Ints:
        """(N, T) calendar position of each estimation day, -1 beyond the calendar's sessions."""
        days = np.empty((len(places), self.estimation_length), dtype=np.int64)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero(places.calendar == index)
            padded = self._padded(calendar.day[None, :], fill=-1)[0]
            view = sliding_window_view(padded, self.estimation_length)
            days[rows] = view[places.position[rows] + self._left + self.settings.estimation[0]]
        return days

    def usable_sessions(self, symbol: int, calendar: int, benchmark: int) -> Bools:
        """(D,) sessions on which an event of the series would have data enough."""
        single = Places(
            calendar=np.array([calendar]),
            symbol=np.array([symbol]),
            benchmark=np.array([benchmark]),
            position=np.array([0]),
        )
        chunk = self._chunk(single, calendar, np.array([0]))
        days = np.arange(len(self.panel.calendars[calendar].sessions))
        count = np.concatenate([[0], np.cumsum(chunk.usable[0])])
        first, last = self.settings.estimation
        at = days + self._left
        enough = count[at + last + 1] - count[at + first] >= self.settings.min_obs
        low, high = self.settings.window
        inside = (days + low >= 0) & (days + high < days.size)
        return np.asarray(enough & inside & np.isfinite(chunk.design.y[0, at]))

    def _keys(self, places: Places, rows: Ints) -> Ints:
        """(B,) one number for every (stock, benchmark) pair."""
        wide = len(self.panel.benchmarks) + 1
        return np.asarray(places.symbol[rows] * wide + places.benchmark[rows] + 1)

    def _groups(self, places: Places) -> Iterator[tuple[int, Ints]]:
        """Rows of the events, a calendar and a few series at a time."""
        for index in range(len(self.panel.calendars)):
            rows = np.flatnonzero(places.calendar == index)
            if not rows.size:
                continue
            key = self._keys(places, rows)
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
        unique, series = np.unique(self._keys(places, rows), return_inverse=True)
        wide = len(self.panel.benchmarks) + 1
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
            position=places.position[rows] + self._left,
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
        rows, days = values.shape
        padded = np.full((rows, self._left + days + self._right), fill, dtype=values.dtype)
        padded[:, self._left : self._left + days] = values
        return padded

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

    def _compute_chunk(self, chunk: _Chunk, windows: tuple[Window, ...], result: Estimates) -> None:
        sums = RunningSums(chunk.design, chunk.usable)
        first, low = self.settings.estimation[0], self.settings.window[0]
        days = [slice(a - low, b - low + 1) for a, b in windows]
        for begin in range(0, len(chunk.rows), _EVENTS):
            part = slice(begin, begin + _EVENTS)
            series, position = chunk.series[part], chunk.position[part]
            start = position + first
            fitted = fit(self.model, sums, self.n_coef, series, start, self.estimation_length)
            alpha = fitted.y_mean - (fitted.beta * fitted.x_mean).sum(axis=1)
            ratio = None
            if self.model.conditional:
                ratio = self._conditional(chunk, part, fitted, alpha, result)
            predicted = predict(
                chunk.design, fitted, series, position + low, days, self.length, ratio
            )
            _store(chunk, part, fitted, alpha, predicted, result)

    def _conditional(
        self, chunk: _Chunk, part: slice, fitted: Fit, alpha: Floats, result: Estimates
    ) -> Floats:
        """(B, L) conditional variances over sigma squared; stores those of the estimation."""
        rows, series = chunk.rows[part], chunk.series[part]
        start = chunk.position[part] + self.settings.estimation[0]
        few = _Chunk(
            rows=rows,
            series=series,
            position=chunk.position[part],
            design=chunk.design,
            usable=chunk.usable,
        )
        residual = _residuals(few, start, self.estimation_length, alpha, fitted.beta)
        low, high = self.settings.window
        ahead = np.arange(low, high + 1) - self.settings.estimation[1]
        ratio = np.full((len(rows), self.length), np.nan)
        for event in np.flatnonzero(fitted.n > self.n_coef):
            variances = self.model.variances(residual[event], ahead)
            scale = fitted.sigma[event] ** 2
            ratio[event] = variances.event / scale
            if result.residual_scale is not None:
                result.residual_scale[rows[event]] = np.sqrt(variances.estimation / scale)
        return ratio


def _residuals(
    chunk: _Chunk, start: Ints, length: int, intercept: Floats | None, beta: Floats
) -> Floats:
    """(B, T) residuals from ``start`` on; NaN on unusable days."""
    design = chunk.design
    residual = windows_of(design.y, length, chunk.series, start)
    if intercept is not None:
        residual -= intercept[:, None]
    for slope, q in enumerate(design.predict):
        x = windows_of(design.x[q], length, chunk.series, start)
        x *= beta[:, slope, None]
        residual -= x
    usable = sliding_window_view(chunk.usable.reshape(-1), length)
    residual[~usable[chunk.series * chunk.usable.shape[1] + start]] = np.nan
    return residual


def _store(
    chunk: _Chunk,
    part: slice,
    fitted: Fit,
    alpha: Floats,
    predicted: Prediction,
    result: Estimates,
) -> None:
    rows = chunk.rows[part]
    for name in ("ar", "sar", "car", "car_var", "n_days"):
        getattr(result, name)[rows] = getattr(predicted, name)
    result.alpha[rows] = alpha if chunk.design.intercept else np.nan
    result.beta[rows] = fitted.beta
    result.sigma[rows] = fitted.sigma
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant stock has no R squared
        result.r2[rows] = 1.0 - fitted.rss / fitted.yy
    result.n_est[rows] = fitted.n
    result.singular[rows] = fitted.singular
    result.flat[rows] = fitted.flat
