"""Sessions, closes and day 0: when a market could first react.

The sessions are those of the package exchange_calendars, corrected by ``calendar_overrides.toml``
where they are proven wrong. Shanghai, Shenzhen and Beijing share one calendar (XSHG), because all
three follow the State Council's holiday schedule. After the last known session nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import exchange_calendars as xc
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.errors import CalendarUnknown, FileSchemaError

BEIJING = ZoneInfo("Asia/Shanghai")
"""Zone of a stamp that states none: Chinese sites print Beijing time."""

Timing = Literal["pre_open", "in_session", "after_close", "non_trading_day", "date_only"]

CALENDAR_OF: Mapping[str, str] = {"SH": "XSHG", "SZ": "XSHG", "BJ": "XSHG", "HK": "XHKG"}
"""Which calendar an exchange follows."""

_ZONES = {"XSHG": ZoneInfo("Asia/Shanghai"), "XHKG": ZoneInfo("Asia/Hong_Kong")}
_REGULAR_HOURS = {
    "XSHG": (dt.time(9, 30), dt.time(15, 0)),
    "XHKG": (dt.time(9, 30), dt.time(16, 0)),
}
_OVERRIDES = Path(__file__).with_name("calendar_overrides.toml")
_MAX_CUTOFF_MINUTES = 240


@dataclass(frozen=True, slots=True, eq=False)
class SessionCalendar:
    """The sessions of one calendar, and the rule that turns a publication time into day 0.

    Day 0 is the first session whose close is strictly after the publication time. A lunch break
    is part of the session; the closing auction's end is the close.

    Attributes
    ----------
    exchange
        Market identifier of the calendar: ``XSHG`` or ``XHKG``.
    tz
        The exchange's zone.
    sessions
        tz-naive dates, ascending, unit microseconds.
    opens_utc, closes_utc
        Opening and closing instants of the sessions, in UTC, same length as `sessions`.
    """

    exchange: str
    tz: ZoneInfo
    sessions: pd.DatetimeIndex
    opens_utc: pd.DatetimeIndex
    closes_utc: pd.DatetimeIndex

    @property
    def first_session(self) -> pd.Timestamp:
        """First session that the calendar knows (tz-naive)."""
        return self.sessions[0]

    @property
    def last_session(self) -> pd.Timestamp:
        """Last session that the calendar knows (tz-naive); later days are unknown."""
        return self.sessions[-1]

    def day0(self, ts: dt.datetime, *, cutoff_minutes: int = 0) -> pd.Timestamp:
        """Give the first session whose close is strictly after a publication time.

        Parameters
        ----------
        ts
            The publication time; without a zone it is Beijing time.
        cutoff_minutes
            Minutes before the close from which an article counts for the next session.

        Returns
        -------
        pandas.Timestamp
            The session, tz-naive midnight.

        Raises
        ------
        CalendarUnknown
            The time lies before the first or after the last known session.
        """
        found = self.day0_many(pd.DatetimeIndex([_aware(ts)]), cutoff_minutes=cutoff_minutes)[0]
        if pd.isna(found):
            raise self._unknown(f"{ts:%Y-%m-%d %H:%M:%S}")
        return found

    def day0_many(self, ts: pd.DatetimeIndex, *, cutoff_minutes: int = 0) -> pd.DatetimeIndex:
        """Give day 0 of many publication times.

        Parameters
        ----------
        ts
            tz-aware times of any zone, or naive ones in Beijing time; NaT stays NaT.
        cutoff_minutes
            As in `day0`.

        Returns
        -------
        pandas.DatetimeIndex
            tz-naive sessions, NaT where the calendar does not know the answer.
        """
        if not 0 <= cutoff_minutes <= _MAX_CUTOFF_MINUTES:
            raise ValueError(
                f"cutoff_minutes is {cutoff_minutes}; it must lie in 0 to {_MAX_CUTOFF_MINUTES}"
            )
        utc = _to_utc(ts)
        edges = _micros(self.closes_utc) - cutoff_minutes * 60_000_000
        found = np.searchsorted(edges, _micros(utc), side="right")
        begin = self.first_session.tz_localize(self.tz)
        return self._take(found, np.asarray(utc.notna() & (utc >= begin)))

    def day0_date_only(self, date: dt.date) -> pd.Timestamp:
        """Give the first session on or after a date whose time of day is not known.

        Raises
        ------
        CalendarUnknown
            The date lies before the first or after the last known session.
        """
        found = self.day0_date_only_many(pd.DatetimeIndex([pd.Timestamp(date)]))[0]
        if pd.isna(found):
            raise self._unknown(f"{date:%Y-%m-%d}")
        return found

    def day0_date_only_many(self, dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Give day 0 of many dates without a time; NaT where the calendar does not know."""
        days = dates.tz_localize(None).normalize().as_unit("us")
        found = np.searchsorted(_micros(self.sessions), _micros(days), side="left")
        return self._take(found, np.asarray(days.notna() & (days >= self.first_session)))

    def timing(self, ts: dt.datetime) -> Timing:
        """Say where a publication time lies in the exchange's day (never ``date_only``)."""
        answer: Timing = self.timing_many(pd.DatetimeIndex([_aware(ts)]))[0]
        return answer

    def timing_many(self, ts: pd.DatetimeIndex) -> NDArray[np.object_]:
        """Say where each publication time lies in the exchange's own day.

        Parameters
        ----------
        ts
            tz-aware times, or naive ones in Beijing time; no NaT.

        Returns
        -------
        ndarray of str
            ``pre_open``, ``in_session`` (lunch break included), ``after_close`` (from the close
            on), or ``non_trading_day``.
        """
        utc = _to_utc(ts)
        days = utc.tz_convert(self.tz).tz_localize(None).normalize().as_unit("us")
        where = self.positions(days)
        row = np.maximum(where, 0)
        now = _micros(utc)
        return np.select(
            [
                where < 0,
                now < _micros(self.opens_utc)[row],
                now < _micros(self.closes_utc)[row],
            ],
            np.array(["non_trading_day", "pre_open", "in_session"], dtype=object),
            default=np.array("after_close", dtype=object),
        )

    def positions(self, dates: pd.DatetimeIndex) -> NDArray[np.intp]:
        """Give the running number of each date among the sessions, -1 where it is none."""
        return self.sessions.get_indexer(dates.as_unit("us"))

    def is_session(self, date: dt.date) -> bool:
        """Say whether the exchange traded, or will trade, on a date."""
        return pd.Timestamp(date).as_unit("us") in self.sessions

    def between(self, start: dt.date, end: dt.date) -> pd.DatetimeIndex:
        """Give the sessions from `start` to `end`, both included."""
        low = int(self.sessions.searchsorted(pd.Timestamp(start), side="left"))
        high = int(self.sessions.searchsorted(pd.Timestamp(end), side="right"))
        return self.sessions[low:high]

    def offset(self, session: dt.date, n: int) -> pd.Timestamp:
        """Give the session `n` sessions after (negative: before) a session.

        Raises
        ------
        CalendarUnknown
            `session` is no session, or the answer lies outside the known ones.
        """
        at = int(self.positions(pd.DatetimeIndex([pd.Timestamp(session)]))[0])
        if at < 0:
            raise CalendarUnknown(f"{session:%Y-%m-%d} is not a session of {self.exchange}")
        if not 0 <= at + n < len(self.sessions):
            raise self._unknown(f"{session:%Y-%m-%d} {n:+d} sessions")
        return self.sessions[at + n]

    def unknown_reason(self, what: str) -> str:
        """Say in one sentence why the calendar has no answer for `what`."""
        return (
            f"{what} lies outside the sessions that the {self.exchange} calendar knows "
            f"({self.first_session:%Y-%m-%d} to {self.last_session:%Y-%m-%d}); "
            "update the package exchange_calendars or give an override file"
        )

    def _unknown(self, what: str) -> CalendarUnknown:
        return CalendarUnknown(self.unknown_reason(what))

    def _take(self, found: NDArray[np.intp], known: NDArray[np.bool_]) -> pd.DatetimeIndex:
        known = known & (found < len(self.sessions))
        taken = self.sessions[np.where(known, found, 0)]
        return pd.DatetimeIndex(taken.where(known), name=None)


def calendar_for(exchange: str, *, overrides: Path | None = None) -> SessionCalendar:
    """Give the session calendar of an exchange; built once a process.

    Parameters
    ----------
    exchange
        ``SH``, ``SZ``, ``BJ`` or ``HK`` (or a calendar's own name, ``XSHG`` or ``XHKG``).
    overrides
        A further file in the form of ``calendar_overrides.toml``, used after the bundled one.

    Raises
    ------
    CalendarUnknown
        There is no calendar for this exchange.
    FileSchemaError
        The override file cannot be understood.
    """
    name = CALENDAR_OF.get(exchange, exchange)
    if name not in _ZONES:
        known = ", ".join(CALENDAR_OF)
        raise CalendarUnknown(f"no calendar for the exchange {exchange!r}; there are {known}")
    return _build(name, overrides)


@functools.cache
def _build(name: str, overrides: Path | None) -> SessionCalendar:
    tz = _ZONES[name]
    files = [_OVERRIDES] if overrides is None else [_OVERRIDES, overrides]
    tables = [_read_overrides(path).get(name, {}) for path in files]
    # The end is explicit: the package's default moves with the clock. Hong Kong's holidays are
    # computed by rule up to 2049, so both calendars end where the last announced year does.
    end = xc.exchange_calendar_xshg.XSHGExchangeCalendar.bound_max()
    schedule = xc.get_calendar(name, start=pd.Timestamp(tables[0]["first"]), end=end).schedule
    hours = schedule[["open", "close"]].copy()
    for table, path in zip(tables, files, strict=True):
        try:
            hours = _apply(hours, table, tz, _REGULAR_HOURS[name])
        except (KeyError, TypeError, ValueError) as error:
            raise FileSchemaError(
                f"{path}: the calendar overrides of {name} cannot be used ({error!r}); "
                "compare with the bundled calendar_overrides.toml"
            ) from error
    return SessionCalendar(
        exchange=name,
        tz=tz,
        sessions=pd.DatetimeIndex(hours.index, name="session").as_unit("us"),
        opens_utc=pd.DatetimeIndex(hours["open"], name="open").as_unit("us"),
        closes_utc=pd.DatetimeIndex(hours["close"], name="close").as_unit("us"),
    )


def _read_overrides(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise FileSchemaError(f"{path}: {error.strerror}; give a readable TOML file") from error
    except ValueError as error:
        raise FileSchemaError(f"{path}: not a TOML file ({error})") from error


def _apply(
    hours: pd.DataFrame, table: Mapping[str, Any], tz: ZoneInfo, regular: tuple[dt.time, dt.time]
) -> pd.DataFrame:
    """Apply one override table to the sessions' opening and closing instants."""
    removed = [pd.Timestamp(entry["date"]) for entry in table.get("removed", [])]
    hours = hours.drop(index=hours.index[hours.index.isin(removed)])
    rows = {
        pd.Timestamp(entry["date"]): (regular[0], _time(entry.get("close", regular[1])))
        for entry in table.get("added", [])
    }
    for entry in table.get("year", []):
        days = pd.bdate_range(f"{entry['year']}-01-01", f"{entry['year']}-12-31")
        closed = pd.DatetimeIndex([pd.Timestamp(day) for day in entry["closed"]])
        rows |= dict.fromkeys(days[~days.isin(closed) & ~days.isin(hours.index)], regular)
    if not rows:
        return hours
    extra = pd.DataFrame(
        [
            [pd.Timestamp.combine(day, t).tz_localize(tz).tz_convert("UTC") for t in times]
            for day, times in rows.items()
        ],
        index=pd.DatetimeIndex(list(rows)),
        columns=["open", "close"],
    )
    merged = pd.concat([hours[~hours.index.isin(extra.index)], extra])
    return merged.sort_index()


def _time(value: dt.time | str) -> dt.time:
    return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)


def as_utc(values: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """Give a column of times as UTC with microseconds; those without a zone are Beijing times."""
    if values.dtype == object:
        stamps = [pd.NaT if pd.isna(value) else pd.Timestamp(value) for value in values]
        aware = [stamp.tz_localize(BEIJING) if stamp.tzinfo is None else stamp for stamp in stamps]
        return pd.Series(pd.to_datetime(aware, utc=True).as_unit("us"), index=values.index)
    times = pd.to_datetime(values)
    if times.dt.tz is None:
        times = times.dt.tz_localize(BEIJING)
    return times.dt.tz_convert("UTC").dt.as_unit("us")


def _aware(ts: dt.datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(ts)
    return stamp.tz_localize(BEIJING) if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _to_utc(ts: pd.DatetimeIndex) -> pd.DatetimeIndex:
    aware = ts.tz_localize(BEIJING) if ts.tz is None else ts
    return aware.tz_convert("UTC").as_unit("us")


def _micros(index: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Give microseconds since the epoch; NaT becomes the smallest integer."""
    return index.asi8
