"""From (series, day 0) pairs to abnormal returns: the batch program behind every study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mentionstudy.analysis.estimation import Fit, fit
from mentionstudy.analysis.models.base import Model, n_sums
from mentionstudy.analysis.panel import Panel
from mentionstudy.analysis.places import Estimates, Places
from mentionstudy.analysis.prediction import Prediction, predict, windows_of
from mentionstudy.analysis.scratch import Scratch, ThreadScratch
from mentionstudy.analysis.settings import StudySettings, Window
from mentionstudy.analysis.tiles import Layout, Part, padded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Events whose event windows fit a core's cache.
_EVENTS = 2048
_THREADS = 2
# Running sums take a pass over every series for each of their columns. Where the estimation
# windows of all events are less work than that, over this factor, each is summed by itself.
_SUMS_COST = 1


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
    series
        Places of the events; every event that is ever computed belongs to one of their series.
    """

    def __init__(self, panel: Panel, settings: StudySettings, model: Model, series: Places) -> None:
        self.panel, self.settings, self.model = panel, settings, model
        self.n_coef = model.n_coef(panel)
        self.slopes = model.slopes(panel)
        first, last = settings.estimation
        low, high = settings.window
        self._pad = max(0, -min(first, low)), max(0, max(last, high))
        taboo = [
            self._event_days(index, series) if settings.cut_own_events else None
            for index in range(len(panel.calendars))
        ]
        self._layout = Layout(
            panel.calendars, len(panel.benchmarks), model, self._pad, taboo, series
        )

    @property
    def length(self) -> int:
        """L, days of the event window."""
        return self.settings.window[1] - self.settings.window[0] + 1

    @property
    def estimation_length(self) -> int:
        """T, days of the estimation window."""
        return self.settings.estimation[1] - self.settings.estimation[0] + 1

    def compute(
        self,
        places: Places,
        windows: tuple[Window, ...] | None = None,
        *,
        repeated: bool = False,
    ) -> Estimates:
        """Estimate, predict and cumulate.

        Parameters
        ----------
        places
            N events.
        windows
            CAR windows; the settings' by default.
        repeated
            Say that many such calls follow, which running sums make cheap.
        """
        windows = self.settings.car_windows if windows is None else windows
        scaled = self.estimation_length if self.model.conditional else 0
        result = Estimates.empty(len(places), self.length, len(windows), len(self.slopes), scaled)
        days = [slice(a - self.settings.window[0], b - self.settings.window[0] + 1)
                for a, b in windows]  # fmt: skip
        pieces = list(self._pieces(places))
        direct = not repeated and self._window_by_window(pieces)
        for piece in pieces:
            # Built before the threads start, so that they do not build it twice.
            _ = piece.tile.usable if direct else piece.tile.sums

        own = ThreadScratch()

        def work(piece: Part) -> None:
            self._compute_piece(piece, days, direct, result, own.room)

        _in_threads(work, pieces)
        if not (direct or repeated):
            for tile in {id(piece.tile): piece.tile for piece in pieces}.values():
                tile.drop_sums()
        return result

    def _window_by_window(self, pieces: list[Part]) -> bool:
        """Whether it is less work to sum each estimation window by itself than to run sums."""
        if not pieces:
            return True
        regressors = len(pieces[0].tile.design.x)
        days = sum(len(piece.series) for piece in pieces) * self.estimation_length
        # measured: a day of a window costs as much for each series as one of the running sums
        return _SUMS_COST * days * (1 + regressors) < self._layout.cells * n_sums(regressors)

    def event_returns(self, places: Places) -> Floats:
        """(N, L) actual returns of the event window, as the model sees them."""
        return self._actual(places, self.settings.window[0], self.length)

    def estimation_returns(self, places: Places) -> Floats:
        """(N, T) actual returns of the estimation window."""
        return self._actual(places, self.settings.estimation[0], self.estimation_length)

    def _actual(self, places: Places, first: int, length: int) -> Floats:
        actual = np.empty((len(places), length))
        for part in self._layout.parts(places):
            values = part.tile.design.actual
            actual[part.rows] = windows_of(values, length, part.series, part.position + first)
        return actual

    def market_returns(self, places: Places) -> Floats:
        """(N, L) benchmark returns of the event window; NaN without a benchmark."""
        market = np.full((len(places), self.length), np.nan)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero((places.calendar == index) & (places.benchmark >= 0))
            if rows.size:
                start = places.position[rows] + self._pad[0] + self.settings.window[0]
                values = padded(calendar.market, self._pad)
                market[rows] = windows_of(values, self.length, places.benchmark[rows], start)
        return market

    def residuals(self, places: Places, estimates: Estimates, events: Ints) -> Floats:
        """(B, T) estimation-window residuals over their deviation; NaN on unusable days.

        Parameters
        ----------
        places
            B events.
        estimates
            Of N events, those among them.
        events
            (B,) which of the N they are.
        """
        parts = self._layout.parts(places)
        if len(parts) == 1:  # all events, in their order
            return self._standardized(parts[0], estimates, events)
        result = np.empty((len(places), self.estimation_length))
        for part in parts:
            result[part.rows] = self._standardized(part, estimates, events[part.rows])
        return result

    def _standardized(self, part: Part, estimates: Estimates, events: Ints) -> Floats:
        residual = self._residuals(part, estimates.alpha[events], estimates.beta[events])
        residual /= estimates.sigma[events, None]
        if estimates.residual_scale is not None:
            residual /= estimates.residual_scale[events]
        return residual

    def estimation_days(self, places: Places) -> Ints:
        """(N, T) calendar position of each estimation day, -1 beyond the calendar's sessions."""
        days = np.empty((len(places), self.estimation_length), dtype=np.int64)
        for index, calendar in enumerate(self.panel.calendars):
            rows = np.flatnonzero(places.calendar == index)
            line = padded(calendar.day[None, :], self._pad, fill=-1)[0]
            view = sliding_window_view(line, self.estimation_length)
            days[rows] = view[places.position[rows] + self._pad[0] + self.settings.estimation[0]]
        return days

    def usable_sessions(self, places: Places) -> list[Bools]:
        """For each event's series, (D,) the sessions that would be an event with data enough.

        Parameters
        ----------
        places
            N events, one of each series that is asked for.
        """
        first, last = self.settings.estimation
        low, high = self.settings.window
        found: list[Bools] = [np.empty(0, dtype=np.bool_)] * len(places)
        for part in self._layout.parts(places):
            rows = np.arange(len(places))[part.rows]
            for row, series in zip(rows.tolist(), part.series.tolist(), strict=True):
                size = self.panel.calendars[int(places.calendar[row])].sessions.size
                count = np.concatenate([[0], np.cumsum(part.tile.usable[series])])
                day = np.arange(size)
                at = day + self._pad[0]
                enough = count[at + last + 1] - count[at + first] >= self.settings.min_obs
                inside = (day + low >= 0) & (day + high < size)
                present = np.isfinite(part.tile.design.y[series, at])
                found[row] = np.asarray(enough & inside & present)
        return found

    def _pieces(self, places: Places) -> Iterator[Part]:
        """Cut the events into pieces that fit a cache."""
        for part in self._layout.parts(places):
            for low in range(0, len(part.series), _EVENTS):
                cut = slice(low, min(low + _EVENTS, len(part.series)))
                rows = cut if isinstance(part.rows, slice) else part.rows[cut]
                yield Part(
                    tile=part.tile,
                    rows=rows,
                    series=part.series[cut],
                    position=part.position[cut],
                )

    def _event_days(self, index: int, events: Places) -> Bools:
        """(S, D) True on the days of any event window of the firm."""
        shape = self.panel.calendars[index].returns.shape
        low, high = self.settings.window
        change = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
        rows = events.calendar == index
        symbol, position = events.symbol[rows], events.position[rows]
        np.add.at(change, (symbol, np.clip(position + low, 0, shape[1])), 1)
        np.add.at(change, (symbol, np.clip(position + high + 1, 0, shape[1])), -1)
        return np.asarray(np.cumsum(change[:, :-1], axis=1) > 0)

    def _compute_piece(
        self, piece: Part, days: list[slice], direct: bool, result: Estimates, room: Scratch
    ) -> None:
        tile, settings = piece.tile, self.settings
        fitted = fit(
            self.model,
            tile.design,
            tile.usable,
            None if direct else tile.sums,
            self.n_coef,
            piece.series,
            piece.position + settings.estimation[0],
            self.estimation_length,
        )
        alpha = fitted.y_mean - (fitted.beta * fitted.x_mean).sum(axis=1)
        ratio = self._ratio(piece, fitted, alpha, result) if self.model.conditional else None
        start = piece.position + settings.window[0]
        out = _prediction(piece, len(days), result)
        predict(tile.design, fitted, piece.series, start, days, self.length, out, room, ratio)
        _store(piece, fitted, alpha, out, result)

    def _ratio(self, piece: Part, fitted: Fit, alpha: Floats, result: Estimates) -> Floats:
        """(B, L) conditional variances over sigma squared; stores those of the estimation."""
        low, high = self.settings.window
        ahead = np.arange(low, high + 1) - self.settings.estimation[1]
        residual = self._residuals(piece, alpha, fitted.beta)
        ratio = np.full((len(residual), self.length), np.nan)
        own = result.take(piece.rows).residual_scale
        scale = np.ones_like(residual) if own is None else own
        for event in np.flatnonzero(fitted.n > self.n_coef):
            variances = self.model.variances(residual[event], ahead)
            square = fitted.sigma[event] ** 2
            ratio[event] = variances.event / square
            scale[event] = np.sqrt(variances.estimation / square)
        if result.residual_scale is not None:
            result.residual_scale[piece.rows] = scale
        return ratio

    def _residuals(self, part: Part, alpha: Floats, beta: Floats) -> Floats:
        """(B, T) residuals of the estimation windows; NaN on unusable days."""
        design, usable = part.tile.design, part.tile.usable
        start, length = part.position + self.settings.estimation[0], self.estimation_length
        residual = windows_of(design.y, length, part.series, start)
        if design.intercept:
            residual -= alpha[:, None]
        for slope, q in enumerate(design.predict):
            x = windows_of(design.x[q], length, part.series, start)
            x *= beta[:, slope, None]
            residual -= x
        if part.tile.masked:
            view = sliding_window_view(usable.reshape(-1), length)
            np.copyto(residual, np.nan, where=~view[part.series * usable.shape[1] + start])
        return residual


def _in_threads(work: Callable[[Part], None], pieces: list[Part]) -> None:
    if len(pieces) <= 1:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        list(pool.map(work, pieces))


def _prediction(piece: Part, windows: int, result: Estimates) -> Prediction:
    """Return the piece's rows of the result themselves; other arrays where rows are scattered."""
    names = ("ar", "sar", "car", "car_var", "n_days")
    if isinstance(piece.rows, slice):
        return Prediction(**{name: getattr(result, name)[piece.rows] for name in names})
    own = Estimates.empty(len(piece.rows), result.ar.shape[1], windows, 0, 0)
    return Prediction(**{name: getattr(own, name) for name in names})


def _store(
    piece: Part, fitted: Fit, alpha: Floats, predicted: Prediction, result: Estimates
) -> None:
    rows = piece.rows
    if not isinstance(rows, slice):
        for name in ("ar", "sar", "car", "car_var", "n_days"):
            getattr(result, name)[rows] = getattr(predicted, name)
    result.alpha[rows] = alpha if piece.tile.design.intercept else np.nan
    result.beta[rows] = fitted.beta
    result.sigma[rows] = fitted.sigma
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant stock has no R squared
        result.r2[rows] = 1.0 - fitted.rss / fitted.yy
    result.n_est[rows] = fitted.n
    result.singular[rows] = fitted.singular
    result.flat[rows] = fitted.flat
