"""The aligned arrays of a study: one block of series for every calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import InputError
from mentionstudy.analysis.frames import check_returns, dated, numbers, text_columns
from mentionstudy.analysis.settings import StudySettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]
RISK_FREE_NAMES = ("rf", "risk_free")
DEFAULT_CALENDAR = ""


@dataclass(frozen=True, kw_only=True)  # without slots, which a cached property does not go with
class CalendarPanel:
    """All series that count time in one calendar's sessions.

    Attributes
    ----------
    name
        Calendar name; empty when every row of the returns is a session.
    sessions
        (D,) datetime64[ns].
    day
        (D,) index of each session in :attr:`Panel.dates`.
    returns
        (S, D) over all symbols of the panel; NaN where no one-day return exists.
    market
        (B, D) benchmarks; B is 0 without one.
    spans
        (S, D) sessions that a return spans, or None. Multi-day returns are then in ``returns``
        and every model but trade-to-trade blanks them out.
    factors
        (F, D) factors, F may be 0.
    risk_free
        (D,) or None.
    """

    name: str
    sessions: Dates
    day: Ints
    returns: Floats
    market: Floats
    spans: Ints | None
    factors: Floats
    risk_free: Floats | None

    @cached_property
    def one_day(self) -> Floats:
        """(S, D) returns over one session; a return over a halt never counts as one."""
        if self.spans is None or not (self.spans > 1).any():
            return self.returns
        return np.where(self.spans > 1, np.nan, self.returns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Everything that a study computes from, aligned.

    Attributes
    ----------
    symbols, benchmarks, factors
        Names of the rows of ``returns``, ``market`` and ``factors`` in every calendar.
    calendars
        One block a calendar.
    dates
        Every session of every calendar, sorted.
    notes
        What was repaired on the way, in sentences.
    conversion
        The settings that went into it; see :func:`conversion`.
    """

    symbols: tuple[str, ...]
    benchmarks: tuple[str, ...]
    factors: tuple[str, ...]
    calendars: tuple[CalendarPanel, ...]
    dates: Dates
    notes: tuple[str, ...]
    conversion: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A frame's values and where each session's row is."""

    values: Floats
    index: pd.DatetimeIndex

    def on(self, sessions: pd.DatetimeIndex) -> Floats:
        """(columns, D) values on the sessions; NaN where the frame has no row."""
        if self.index.equals(sessions):
            return np.ascontiguousarray(self.values.T)
        rows = self.index.get_indexer(sessions)
        taken = self.values[rows].T
        taken[:, rows < 0] = np.nan
        return np.ascontiguousarray(taken)


def build_panel(
    returns: pd.DataFrame,
    market: pd.Series | pd.DataFrame | str | None,
    symbols: list[str] | None,
    *,
    settings: StudySettings,
    sessions: Mapping[str, pd.DatetimeIndex] | None = None,
    spans: pd.DataFrame | None = None,
    factors: pd.DataFrame | None = None,
    risk_free: pd.Series | None = None,
) -> Panel:
    """Validate a user's frames and align them.

    Parameters
    ----------
    returns
        Wide, dates × symbols, decimal.
    market
        Benchmark returns: a series, a column of ``returns``, a frame with one column a benchmark,
        or None for models without one.
    symbols
        The symbols that are needed; those without a column are left out. None takes all columns.
    settings
        Kind of the returns given and wanted, and the factors' names.
    sessions
        Sessions per calendar; None makes every row of ``returns`` a session.
    spans
        As ``returns``: the number of sessions that each return spans.
    factors
        Dates × factors, decimal; a column ``RF`` is the risk-free return.
    risk_free
        One-day risk-free return, decimal.

    Raises
    ------
    InputError
        If a frame cannot be used; names the frame, the column and the date.
    """
    notes: list[str] = []
    frame = text_columns(dated(returns, "returns", notes), "returns")
    wanted = frame.columns if symbols is None else dict.fromkeys(symbols)
    known = [symbol for symbol in wanted if symbol in frame.columns]
    stock = _source(frame, known, "returns", settings, notes)
    bench_names, bench = _market_source(market, frame, settings, notes)
    factor_names, factor, free = _factor_sources(factors, risk_free, settings, notes)
    span = _span_source(spans, known, notes)
    calendars = []
    named = _calendars(sessions, stock.index)
    dates = np.unique(np.concatenate([s.to_numpy() for s in named.values()]))
    for name, index in named.items():
        calendars.append(
            CalendarPanel(
                name=name,
                sessions=index.to_numpy(),
                day=np.searchsorted(dates, index.to_numpy()).astype(np.int64),
                returns=stock.on(index),
                market=bench.on(index) if bench else np.empty((0, len(index))),
                spans=_span_values(span, index),
                factors=factor.on(index) if factor else np.empty((0, len(index))),
                risk_free=free.on(index)[0] if free else None,
            )
        )
    notes += _gap_notes(calendars, factor_names)
    return Panel(
        symbols=tuple(known),
        benchmarks=bench_names,
        factors=factor_names,
        calendars=tuple(calendars),
        dates=dates,
        notes=tuple(notes),
        conversion=conversion(settings),
    )


def conversion(settings: StudySettings) -> tuple[object, ...]:
    """Return the settings that shape a panel: studies that agree in them can share one."""
    kinds = settings.measure, settings.returns_are, settings.return_kind
    return (*kinds, settings.factors)


def _source(
    frame: pd.DataFrame,
    columns: list[str],
    what: str,
    settings: StudySettings,
    notes: list[str],
) -> _Source:
    values = numbers(frame, columns, what) if columns else np.empty((len(frame), 0))
    if settings.measure == "return":
        values = np.array(values)
        if settings.returns_are == "simple":
            notes += check_returns(values, columns, frame.index, what)
        values = _converted(values, settings)
    return _Source(values=values, index=pd.DatetimeIndex(frame.index))


def _converted(values: Floats, settings: StudySettings) -> Floats:
    if settings.returns_are == settings.return_kind:
        return values
    if settings.returns_are == "log":
        return np.expm1(values)
    # A total loss has no logarithm: the day counts as missing.
    return np.log1p(np.where(values > -1.0, values, np.nan))


def _market_source(
    market: pd.Series | pd.DataFrame | str | None,
    frame: pd.DataFrame,
    settings: StudySettings,
    notes: list[str],
) -> tuple[tuple[str, ...], _Source | None]:
    if market is None:
        return (), None
    if isinstance(market, str):
        if market not in frame.columns:
            raise InputError(
                f"market: the returns have no column {market!r}; "
                "name one of their columns or give the benchmark as a series"
            )
        return (market,), _source(frame, [market], "returns", settings, notes)
    if isinstance(market, pd.Series):
        market = market.to_frame(str(market.name) if market.name is not None else "market")
    benchmark = text_columns(dated(market, "market", notes), "market")
    names = list(benchmark.columns)
    return tuple(names), _source(benchmark, names, "market", settings, notes)


def _factor_sources(
    factors: pd.DataFrame | None,
    risk_free: pd.Series | None,
    settings: StudySettings,
    notes: list[str],
) -> tuple[tuple[str, ...], _Source | None, _Source | None]:
    free: _Source | None = None
    if risk_free is not None:
        rate = dated(risk_free.to_frame("risk_free"), "risk_free", notes)
        free = _Source(
            values=numbers(rate, ["risk_free"], "risk_free"), index=pd.DatetimeIndex(rate.index)
        )
    if factors is None:
        return (), None, free
    frame = text_columns(dated(factors, "factors", notes), "factors")
    rates = [name for name in frame.columns if name.lower() in RISK_FREE_NAMES]
    names = list(settings.factors) or [name for name in frame.columns if name not in rates]
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(
            f"factors: there is no column {absent[0]!r}; the columns are {', '.join(frame.columns)}"
        )
    index = pd.DatetimeIndex(frame.index)
    if free is None and rates:
        free = _Source(values=numbers(frame, rates[:1], "factors"), index=index)
    values = numbers(frame, names, "factors")
    _refuse_percent(values, names)
    return tuple(names), _Source(values=values, index=index), free


def _refuse_percent(values: Floats, names: list[str]) -> None:
    """Kenneth French's files are in percent; decimals of that size do not exist."""
    with np.errstate(invalid="ignore"):
        typical = np.nanmedian(np.abs(values), axis=0) if len(values) else np.zeros(len(names))
    if (typical > 0.1).any():
        column = int(np.argmax(typical > 0.1))
        raise InputError(
            f"factors: column {names[column]!r} has a median size of {typical[column]:.2g} a day, "
            "which looks like percent; divide the frame by 100"
        )


def _span_source(spans: pd.DataFrame | None, known: list[str], notes: list[str]) -> _Source | None:
    if spans is None:
        return None
    frame = text_columns(dated(spans, "spans", notes), "spans")
    absent = [symbol for symbol in known if symbol not in frame.columns]
    if absent:
        raise InputError(
            f"spans: there is no column {absent[0]!r}; give spans for every column of the returns"
        )
    values = numbers(frame, known, "spans") if known else np.empty((len(frame), 0))
    return _Source(values=values, index=pd.DatetimeIndex(frame.index))


def _span_values(span: _Source | None, index: pd.DatetimeIndex) -> Ints | None:
    if span is None:
        return None
    return np.nan_to_num(span.on(index), nan=1.0).astype(np.int64)


def _calendars(
    sessions: Mapping[str, pd.DatetimeIndex] | None, rows: pd.DatetimeIndex
) -> dict[str, pd.DatetimeIndex]:
    """Sessions per calendar, cut to the days that the returns cover."""
    if sessions is None:
        return {DEFAULT_CALENDAR: rows}
    if not sessions:
        raise InputError("sessions: no calendar was given; give None or at least one calendar")
    cut = {}
    for name, index in sessions.items():
        days = pd.DatetimeIndex(index).unique().sort_values()
        if days.tz is not None:
            days = days.tz_localize(None)
        days = days.normalize().as_unit("ns")
        cut[str(name)] = days[(days >= rows[0]) & (days <= rows[-1])]
        if not len(cut[str(name)]):
            raise InputError(
                f"sessions: the calendar {name!r} has no session between "
                f"{rows[0]:%Y-%m-%d} and {rows[-1]:%Y-%m-%d}, the days of the returns"
            )
    return cut


def _gap_notes(calendars: list[CalendarPanel], factors: tuple[str, ...]) -> list[str]:
    """Say how many sessions lack a benchmark or a factor; those days are missing days."""
    notes = []
    for panel in calendars:
        label = f" of {panel.name}" if panel.name else ""
        named = [("factors", panel.factors)] if factors else []
        named += [("market", panel.market)] if len(panel.market) else []
        if panel.risk_free is not None:
            named.append(("risk_free", panel.risk_free[None, :]))
        for what, values in named:
            # each of several benchmarks follows its own calendar; only a day without any counts
            combine = np.all if what == "market" else np.any
            lacks = combine(np.isnan(values), axis=0)
            gaps = np.flatnonzero(lacks)
            if gaps.size:
                first = np.datetime_as_string(panel.sessions[gaps[0]], unit="D")
                notes.append(
                    f"{what}: {gaps.size} of {panel.sessions.size} sessions{label} lack a value "
                    f"(first {first}); they count as missing days."
                )
    return notes
