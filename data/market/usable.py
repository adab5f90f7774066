"""Which bars are trades on sessions, one a symbol and day; the others are flagged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.errors import DataError
from mentionstudy.data.market.base import floats
from mentionstudy.data.market.flags import FlagLog, day_numbers


@dataclass(frozen=True, slots=True)
class RawBars:
    """The bars as parallel arrays: symbol number, day since 1970, close, volume."""

    codes: NDArray[np.int32]
    days: NDArray[np.int64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class CalendarGroup:
    """Symbols that share one calendar; `column` maps a symbol number to its row, or -1."""

    exchanges: tuple[str, ...]
    sessions: NDArray[np.int64]
    members: NDArray[np.int64]
    column: NDArray[np.int32]


def group_by_calendar(
    names: list[str], sessions: Mapping[str, pd.DatetimeIndex], raw: RawBars, log: FlagLog
) -> list[CalendarGroup]:
    """Group symbols by calendar; exchanges with the same sessions share one."""
    exchange = np.array([n.rpartition(".")[2] for n in names], dtype=object)
    calendars: dict[bytes, tuple[list[str], NDArray[np.int64]]] = {}
    for name in sorted(set(exchange)):
        if name not in sessions:
            lost = np.isin(raw.codes, np.flatnonzero(exchange == name))
            text = f"no sessions of exchange {name or '(none)'} were given"
            first = np.unique(raw.codes[lost], return_index=True)
            days = raw.days[lost][first[1]]
            log.add("no_calendar", first[0], days, [text] * len(days))
            continue
        days = np.unique(day_numbers(pd.Series(sessions[name])))
        calendars.setdefault(days.tobytes(), ([], days))[0].append(name)
    groups = []
    for exchanges, days in calendars.values():
        members = np.flatnonzero(np.isin(exchange, exchanges))
        column = np.full(len(names), -1, dtype=np.int32)
        column[members] = np.arange(len(members), dtype=np.int32)
        groups.append(
            CalendarGroup(exchanges=tuple(exchanges), sessions=days, members=members, column=column)
        )
    return groups


def usable_rows(
    raw: RawBars, group: CalendarGroup, log: FlagLog
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Rows of the group that are trades on sessions, one a symbol and day, and their sessions.

    The rows that are not are flagged.
    """
    mine = group.column[raw.codes] >= 0
    position = _positions(raw.days, group.sessions)
    bad = mine & ~((raw.close > 0) & (raw.close < np.inf))
    log.add("bad_price", raw.codes[bad], raw.days[bad], [f"close {v:g}" for v in raw.close[bad]])
    outside = mine & (position < 0)
    log.add("non_session", raw.codes[outside], raw.days[outside])
    ok = mine & ~bad & ~outside
    if raw.volume is not None:
        rows = np.flatnonzero(ok & (raw.volume == 0))
        rows = rows[_placeholders(rows, raw, ok)]
        log.add("no_trade_bar", raw.codes[rows], raw.days[rows])
        ok[rows] = False
    kept = _unique(np.flatnonzero(ok), raw, log)
    return kept, position[kept]


def _positions(days: NDArray[np.int64], sessions: NDArray[np.int64]) -> NDArray[np.int32]:
    """Place of each day among the sessions, -1 for none."""
    if not len(days) or not len(sessions):
        return np.full(len(days), -1, dtype=np.int32)
    low, high = int(sessions[0]), int(sessions[-1])
    table = np.full(high - low + 3, -1, dtype=np.int32)
    table[sessions - low + 1] = np.arange(len(sessions))
    return table[np.clip(days, low - 1, high + 1) - low + 1]


def _placeholders(
    zeros: NDArray[np.int64], raw: RawBars, ok: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the bars with volume 0 are placeholders.

    All, except those of symbols whose source reports no volume: such a source writes 0
    everywhere while the close moves. A halted share that is padded with placeholders also has
    0 everywhere, but one close.
    """
    if not len(zeros):
        return np.empty(0, dtype=bool)
    count = np.bincount(raw.codes[zeros], minlength=int(raw.codes.max(initial=0)) + 1)
    all_zero = (count > 0) & (count == np.bincount(raw.codes[ok], minlength=len(count)))
    rows = zeros[all_zero[raw.codes[zeros]]]
    closes = pd.Series(raw.close[rows]).groupby(raw.codes[rows]).nunique()
    return ~np.isin(raw.codes[zeros], closes.index[closes > 1].to_numpy())


def _unique(rows: NDArray[np.int64], raw: RawBars, log: FlagLog) -> NDArray[np.int64]:
    """One row a symbol and day; differing closes of one day cancel each other out."""
    key = raw.codes[rows].astype(np.int64) << 32 | (raw.days[rows] & 0xFFFFFFFF)
    if len(rows) < 2 or not (same := _repeated(key)).any():
        return rows
    frame = pd.DataFrame({"row": rows[same], "key": key[same], "close": raw.close[rows[same]]})
    span = frame.groupby("key")["close"].agg(["min", "max", "size"])
    first = frame.drop_duplicates("key").set_index("key").loc[span.index, "row"].to_numpy()
    clash = (span["min"] != span["max"]).to_numpy()
    for flag, which in (("duplicate", ~clash), ("conflicting_duplicate", clash)):
        text = [
            f"{n} bars, close {low:g}" + (f" to {high:g}" if low != high else "")
            for low, high, n in span.loc[which].itertuples(index=False)
        ]
        log.add(flag, raw.codes[first[which]], raw.days[first[which]], text)
    return np.sort(np.concatenate([rows[~same], first[~clash]]))


def _repeated(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    if (np.diff(key) > 0).all():  # the usual case: sorted by symbol and date
        return np.zeros(len(key), dtype=bool)
    return pd.Series(key).duplicated(keep=False).to_numpy()


def need_columns(frame: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    """Raise `DataError` if a column is missing."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise DataError(
            f"the {what} have no column {', '.join(missing)}; needed are {', '.join(columns)}, "
            f"given were {', '.join(map(str, frame.columns)) or 'none'}"
        )


def numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Floats of a column; what is no number becomes NaN."""
    return floats(frame[column])
