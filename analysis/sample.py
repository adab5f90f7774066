"""From a frame of events to places in the panel, every event placed or excluded with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import InputError
from mentionstudy.analysis.frames import read_dates
from mentionstudy.analysis.literals import EXCLUSIONS
from mentionstudy.analysis.panel import DEFAULT_CALENDAR, Panel
from mentionstudy.analysis.places import Places
from mentionstudy.analysis.settings import StudySettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

CODES = tuple(EXCLUSIONS)
USED = -1
_DAY = 86_400 * 10**9  # nanoseconds
_OWN_COLUMNS = ("event_id", "symbol", "date", "day0", "group", "weight", "benchmark", "calendar")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """The events as given, column by column.

    Attributes
    ----------
    frame
        The user's rows, on a fresh index.
    symbol
        (N,) text, missing where the user's was.
    date
        (N,) datetime64[ns], NaT where it cannot be read.
    weight
        (N,) or None.
    notes
        What was repaired, in sentences.
    """

    frame: pd.DataFrame
    symbol: pd.Series
    date: pd.Series
    weight: Floats | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, column: str) -> pd.Series | None:
        """Return an optional column, or None if the user gave none."""
        if column not in self.frame.columns:
            return None
        return self.frame[column]


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The events in the panel.

    Attributes
    ----------
    places
        (N,) every event; meaningless where ``code`` is set before its place was known.
    code
        (N,) int8, index into :data:`CODES`, or -1 for an event that is not excluded.
    moved
        (N,) calendar days from the given date forward to day 0.
    """

    places: Places
    code: NDArray[np.int8]
    moved: Ints

    def exclude(self, where: Bools, code: str) -> None:
        """Give the code to those of a (N,) mask that have none yet."""
        self.code[where & (self.code == USED)] = CODES.index(code)


def read_events(events: pd.DataFrame, settings: StudySettings) -> EventTable:
    """Check the frame of events.

    Parameters
    ----------
    events
        Columns ``symbol`` and ``day0`` or ``date``; optional ``event_id``, ``group``, ``weight``,
        ``benchmark``, ``calendar``; others are kept for regressions.
    settings
        Says whether weights are needed.

    Raises
    ------
    InputError
        If a column is missing, an ``event_id`` occurs twice or a weight is no weight.
    """
    if not isinstance(events, pd.DataFrame):
        raise InputError(f"events: a pandas DataFrame is needed, not {type(events).__name__}")
    frame = events.reset_index(drop=True)
    frame.columns = pd.Index([str(column) for column in frame.columns])
    day = "day0" if "day0" in frame.columns else "date"
    for column in ("symbol", day):
        if column not in frame.columns:
            raise InputError(
                f"events: there is no column {column!r}; the columns are "
                f"{', '.join(frame.columns) or 'none'}; symbol and date are needed"
            )
    for column in _OWN_COLUMNS:
        if list(frame.columns).count(column) > 1:
            raise InputError(f"events: the column {column!r} occurs twice")
    notes: list[str] = []
    dates = read_dates(frame[day])
    timed = int((dates.notna() & (dates != dates.dt.normalize())).sum())
    if timed:
        notes.append(
            f"events: {timed} dates carry a time of day, which was dropped; "
            "after the close, the first session that could react is the next one."
        )
        dates = dates.dt.normalize()
    _check_ids(frame)
    return EventTable(
        frame=frame,
        symbol=frame["symbol"],
        date=dates,
        weight=_weights(frame, settings),
        notes=tuple(notes),
    )


def _check_ids(frame: pd.DataFrame) -> None:
    if "event_id" in frame.columns:
        repeated = frame["event_id"][frame["event_id"].duplicated()]
        if len(repeated):
            raise InputError(
                f"events: the event_id {repeated.iloc[0]!r} occurs twice; "
                "give each event its own or leave the column out"
            )


def _weights(frame: pd.DataFrame, settings: StudySettings) -> Floats | None:
    if settings.weighting == "equal":
        return None
    if "weight" not in frame.columns:
        raise InputError("events: weighting='weight' needs a column 'weight'")
    weight = pd.to_numeric(frame["weight"], errors="coerce").to_numpy(dtype=np.float64)
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"events: the weight {str(frame['weight'].iloc[row])!r} in row {row + 1} is no weight; "
            "weights are finite and not negative"
        )
    if len(weight) and not weight.any():
        raise InputError("events: all weights are zero; give positive ones to the events to count")
    return np.asarray(weight)


def locate(table: EventTable, panel: Panel, settings: StudySettings) -> Located:
    """Find each event's series and day 0.

    Parameters
    ----------
    table
        N events.
    panel
        The aligned series.
    settings
        The rules for dates that are no session, duplicates and overlaps.
    """
    n = len(table)
    calendar = _calendar_codes(table, panel)
    benchmark = _benchmark_codes(table, panel)
    symbol = _codes(table.symbol, panel.symbols)
    position = np.zeros(n, dtype=np.int64)
    moved = np.zeros(n, dtype=np.int64)
    places = Places(calendar=calendar, symbol=symbol, benchmark=benchmark, position=position)
    located = Located(places=places, code=np.full(n, USED, dtype=np.int8), moved=moved)
    located.exclude(table.symbol.isna().to_numpy(dtype=bool), "symbol_missing")
    located.exclude(symbol < 0, "symbol_unknown")
    located.exclude(table.date.isna().to_numpy(dtype=bool), "date_invalid")
    located.exclude(calendar < 0, "calendar_unknown")
    if panel.benchmarks:
        located.exclude(benchmark < 0, "benchmark_unknown")
    for index in range(len(panel.calendars)):
        _place_in_calendar(table, panel, settings, located, index)
    _exclude_without_prices(panel, located)
    _apply_sample_rules(panel, settings, located)
    return located


def _codes(values: pd.Series, names: tuple[str, ...]) -> Ints:
    """(N,) index of each text among the names; -1 for another text or none."""
    codes, unique = pd.factorize(values)
    if not len(unique):
        return np.full(len(values), -1, dtype=np.int64)
    texts = [str(value).strip() for value in unique]
    lookup = pd.Index(names, dtype="object").get_indexer(pd.Index(texts))
    return np.where(codes < 0, -1, lookup[codes]).astype(np.int64)


def _calendar_codes(table: EventTable, panel: Panel) -> Ints:
    names = tuple(calendar.name for calendar in panel.calendars)
    given = table.column("calendar")
    if names == (DEFAULT_CALENDAR,) or (given is None and len(names) == 1):
        return np.zeros(len(table), dtype=np.int64)
    if given is None:
        raise InputError(
            "events: sessions of several calendars were given; "
            "the events need a column 'calendar' that says which"
        )
    return _codes(given, names)


def _benchmark_codes(table: EventTable, panel: Panel) -> Ints:
    given = table.column("benchmark")
    if len(panel.benchmarks) <= 1:
        return np.full(len(table), len(panel.benchmarks) - 1, dtype=np.int64)
    if given is None:
        raise InputError(
            f"events: there are {len(panel.benchmarks)} market series; "
            "the events need a column 'benchmark' that says which"
        )
    return _codes(given, panel.benchmarks)


def _place_in_calendar(
    table: EventTable, panel: Panel, settings: StudySettings, located: Located, index: int
) -> None:
    sessions = panel.calendars[index].sessions
    rows = np.flatnonzero((located.places.calendar == index) & (located.code == USED))
    every = _EveryDay(sessions)
    day = every.of(table.date.to_numpy()[rows])
    position, moved = every.position[day], every.wait[day]
    low, high = settings.window
    outside = every.outside[day]
    longest = settings.max_shift_days if settings.non_session == "next" else 0
    located.places.position[rows] = position
    located.moved[rows] = moved
    mark(located, rows[~every.before[day] & (moved > longest)], "date_not_a_session")
    if settings.incomplete_window == "exclude":
        outside |= (position + low < 0) | (position + high >= sessions.size)
    mark(located, rows[outside], "window_outside_data")


class _EveryDay:
    """A calendar's next session for every day from before its first to after its last.

    Parameters
    ----------
    sessions
        (D,) datetime64.

    Attributes
    ----------
    position, wait
        (C,) int64 next session, and calendar days until it; the last session beyond it.
    before, outside
        (C,) bool: the day lies before the first session; before it or after the last.
    """

    def __init__(self, sessions: Dates) -> None:
        days = sessions.astype("datetime64[D]").astype(np.int64)
        self._first = int(days[0]) - 1
        every = np.arange(self._first, int(days[-1]) + 2)
        position = np.searchsorted(days, every)
        self.before = every < days[0]
        self.outside = self.before | (position == days.size)
        self.position = np.minimum(position, days.size - 1)
        self.wait = np.where(position < days.size, days[self.position] - every, 0)

    def of(self, dates: Dates) -> Ints:
        """(B,) which of the C days each date is; the first and the last stand for all beyond."""
        day = dates.astype("datetime64[ns]").view(np.int64) // _DAY
        day -= self._first
        return np.clip(day, 0, self.position.size - 1, out=day)


def mark(located: Located, rows: Ints, code: str) -> None:
    """Give the code to those of the events in ``rows`` that have none yet."""
    if rows.size:
        mask = np.zeros(len(located.code), dtype=np.bool_)
        mask[rows] = True
        located.exclude(mask, code)


def _exclude_without_prices(panel: Panel, located: Located) -> None:
    empty = np.array(
        [[np.isnan(row).all() for row in calendar.returns] for calendar in panel.calendars],
        dtype=np.bool_,
    ).reshape(len(panel.calendars), -1)
    if empty.any():
        places = located.places
        known = located.code == USED
        none = np.zeros(len(known), dtype=np.bool_)
        none[known] = empty[places.calendar[known], places.symbol[known]]
        located.exclude(none, "no_prices")


def _apply_sample_rules(panel: Panel, settings: StudySettings, located: Located) -> None:
    """Exclude duplicates and, if asked, overlapping event windows of one firm."""
    if settings.duplicates == "keep" and settings.overlap == "keep":
        return
    rows = np.flatnonzero(located.code == USED)
    if not rows.size:
        return
    places = located.places
    longest = max(calendar.sessions.size for calendar in panel.calendars)
    firm = places.calendar[rows] * (len(panel.symbols) + 1) + places.symbol[rows]
    key = firm * (2 * longest) + places.position[rows]
    if settings.duplicates == "exclude":
        mark(located, rows[_repeated(key)], "duplicate_event")
    if settings.overlap == "keep":
        return
    rows, key = rows[located.code[rows] == USED], key[located.code[rows] == USED]
    order = np.argsort(key, kind="stable")
    length = settings.window[1] - settings.window[0] + 1
    overlaps = _overlapping(key[order], length, settings.overlap == "drop")
    mark(located, rows[order[overlaps]], "overlapping_event")


def _repeated(key: Ints) -> Bools:
    """(n,) True for every occurrence of a key after its first."""
    order = np.argsort(key, kind="stable")
    again = np.zeros(len(key), dtype=np.bool_)
    again[order[1:]] = key[order[1:]] == key[order[:-1]]
    return again


def _overlapping(key: Ints, length: int, drop_all: bool) -> Bools:
    """Sorted keys of event windows: which to leave out, all that touch or all but the first."""
    left_out = np.zeros(len(key), dtype=np.bool_)
    if drop_all:
        close = np.diff(key) < length
        left_out[1:] |= close
        left_out[:-1] |= close
        return left_out
    last = None
    for index, place in enumerate(key.tolist()):
        if last is not None and place - last < length:
            left_out[index] = True
        else:
            last = place
    return left_out
