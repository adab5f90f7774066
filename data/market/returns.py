"""Raw bars and adjustment factors in, a dates x symbols matrix of returns out.

Returns are derived when they are read, never downloaded: the adjusted series of the free
upstreams are additive in cash dividends, rewritten by later dividends and sometimes negative.
Here every return is the close over the *reference* close, which is the previous traded close
moved by the corporate actions that lie between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.errors import DataError

FLAG_COLUMNS: Final = ("symbol", "date", "flag", "detail")

FLAGS: Final[dict[str, str]] = {
    "ex_date": "a corporate action: the return is measured from the reference close",
    "halted": "a session without a trade between two traded ones",
    "multi_day_return": "the first return after a halt spans the sessions of the halt",
    "no_trade_bar": "a bar with volume 0 is a placeholder, not a trade",
    "gap": "too long without bars to form a return: a long halt, or not fetched",
    "stale": "the bars end before those of the other symbols of the exchange",
    "bad_price": "a close that is missing, infinite, zero or negative; the bar is not used",
    "bad_factor": "an adjustment factor that is missing, infinite, zero or negative",
    "bad_reference": "the corporate action leaves no positive reference close; no return",
    "non_session": "a bar on a day that is no session of the exchange; it is not used",
    "no_calendar": "no sessions are known for the exchange of the symbol; its bars are not used",
    "duplicate": "the same bar more than once; it is used once",
    "conflicting_duplicate": "bars of one day with different closes; none of them is used",
}
"""What each flag of `ReturnsPanel.flags` says."""

_BLOCK = 1 << 20  # cells handled at once: the working arrays stay near 50 MB whatever the panel


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsPanel:
    """Returns of many symbols over many sessions.

    Attributes
    ----------
    returns : pandas.DataFrame
        Decimal simple returns, sessions (naive, the union over the exchanges, ascending) by
        symbols. NaN where there is none: no session of that exchange, no trade, a first bar.
    spans : pandas.DataFrame
        Same shape, int16: 0 where there is no return, 1 for a one-session return, ``n`` where
        the return spans ``n`` sessions of the symbol's own exchange because it was halted.
    flags : pandas.DataFrame
        Long frame ``symbol, date, flag, detail``; the flags are the keys of `FLAGS`.
    """

    returns: pd.DataFrame
    spans: pd.DataFrame
    flags: pd.DataFrame


def returns_panel(
    bars: pd.DataFrame,
    factors: pd.DataFrame | None,
    sessions: Mapping[str, pd.DatetimeIndex],
    *,
    max_span: int = 250,
) -> ReturnsPanel:
    """Derive returns from raw bars and adjustment factors.

    Parameters
    ----------
    bars : pandas.DataFrame
        Columns ``symbol, date, close`` and optionally ``volume``; one row a symbol and traded
        session, in any order. Prices as traded, never adjusted.
    factors : pandas.DataFrame or None
        Columns ``symbol, ex_date, factor`` and optionally ``cash``: cumulative multiplicative
        factors, and for Hong Kong the cumulative cash of the affine rule. A symbol without
        rows, and every day before a symbol's first row, has factor 1 and cash 0.
    sessions : mapping of str to pandas.DatetimeIndex
        Exchange (the part of the symbol after the dot) to its sessions, naive and ascending.
        Halts are counted in the symbol's own sessions.
    max_span : int
        The longest halt, in sessions, that a return may bridge; beyond it the symbol starts
        anew and the day is flagged ``gap``.

    Returns
    -------
    ReturnsPanel
        Rows run from the first to the last traded session of any symbol.

    Raises
    ------
    DataError
        If a required column is missing.

    Notes
    -----
    With C the close, and (f0, c0), (f1, c1) the factor and cash in force at the previous
    traded session and at this one, ``reference = (C0*f0 + c0 - c1) / f1`` and
    ``return = C1/reference - 1``. With cash 0 that is the exchange's own definition of the
    daily change: the adjusted close over the previous adjusted close. The return is gross of
    tax and includes dividends.

    Examples
    --------
    >>> bars = pd.DataFrame({"symbol": "000066.SZ", "date": ["2022-07-19", "2022-07-20"],
    ...                      "close": [9.94, 9.88]})
    >>> factors = pd.DataFrame({"symbol": "000066.SZ", "ex_date": ["2022-07-20"],
    ...                         "factor": [9.94 / 9.89]})
    >>> days = pd.DatetimeIndex(["2022-07-19", "2022-07-20"])
    >>> panel = returns_panel(bars, factors, {"SZ": days})
    >>> round(100 * panel.returns.iloc[1, 0], 2)
    np.float64(-0.1)
    """
    _need(bars, ("symbol", "date", "close"), "bars")
    codes, symbols = pd.factorize(bars["symbol"], sort=True)
    names = [str(s) for s in symbols]
    raw = _Raw(
        codes=codes.astype(np.int32),
        days=_days(bars["date"]),
        close=pd.to_numeric(bars["close"], errors="coerce").to_numpy(np.float64, na_value=np.nan),
        volume=(
            pd.to_numeric(bars["volume"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            if "volume" in bars
            else None
        ),
    )
    log = _FlagLog()
    groups = _by_calendar(names, sessions, raw, log)
    parts = [_Part.build(g, raw, factors, names, max_span, log) for g in groups]
    return _assemble(parts, names, log)


@dataclass(frozen=True, slots=True)
class _Raw:
    """The bars as parallel arrays: symbol number, day since 1970, close, volume."""

    codes: NDArray[np.int32]
    days: NDArray[np.int64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class _Group:
    """Symbols that share one calendar; `column` maps a symbol number to its row, or -1."""

    exchanges: tuple[str, ...]
    sessions: NDArray[np.int64]
    members: NDArray[np.int64]
    column: NDArray[np.int32]


class _FlagLog:
    """Collects flags as arrays, so that a million halted sessions cost no Python objects."""

    def __init__(self) -> None:
        self._codes: list[NDArray[np.int64]] = []
        self._days: list[NDArray[np.int64]] = []
        self._flags: list[NDArray[np.int16]] = []
        self._details: dict[int, list[str]] = {}
        self._names = list(FLAGS)

    def add(
        self,
        flag: str,
        codes: NDArray[np.integer],
        days: NDArray[np.integer],
        details: list[str] | None = None,
    ) -> None:
        if not len(codes):
            return
        if details is not None:
            self._details[len(self._codes)] = details
        self._codes.append(np.asarray(codes, dtype=np.int64))
        self._days.append(np.asarray(days, dtype=np.int64))
        self._flags.append(np.full(len(codes), self._names.index(flag), dtype=np.int16))

    def frame(self, names: list[str]) -> pd.DataFrame:
        codes = np.concatenate([*self._codes, np.empty(0, np.int64)])
        days = np.concatenate([*self._days, np.empty(0, np.int64)])
        flags = np.concatenate([*self._flags, np.empty(0, np.int16)])
        detail = np.full(len(codes), "", dtype=object)
        start = 0
        for i, chunk in enumerate(self._codes):
            if i in self._details:
                detail[start : start + len(chunk)] = self._details[i]
            start += len(chunk)
        order = np.lexsort((flags, days, codes))
        return pd.DataFrame(
            {
                "symbol": pd.Categorical.from_codes(codes[order], categories=names).astype("str"),
                "date": _dates(days[order]),
                "flag": pd.Categorical.from_codes(flags[order], categories=self._names).astype(
                    "str"
                ),
                "detail": pd.array(detail[order], dtype="str"),
            }
        )


def _by_calendar(
    names: list[str], sessions: Mapping[str, pd.DatetimeIndex], raw: _Raw, log: _FlagLog
) -> list[_Group]:
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
        days = np.unique(_days(pd.Series(sessions[name])))
        calendars.setdefault(days.tobytes(), ([], days))[0].append(name)
    groups = []
    for exchanges, days in calendars.values():
        members = np.flatnonzero(np.isin(exchange, exchanges))
        column = np.full(len(names), -1, dtype=np.int32)
        column[members] = np.arange(len(members), dtype=np.int32)
        groups.append(
            _Group(exchanges=tuple(exchanges), sessions=days, members=members, column=column)
        )
    return groups


@dataclass(slots=True)
class _Part:
    """The returns of one calendar group: symbols x sessions."""

    group: _Group
    first: int = 0
    last: int = -1
    returns: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    spans: NDArray[np.int16] = field(default_factory=lambda: np.empty((0, 0), dtype=np.int16))

    @classmethod
    def build(
        cls,
        group: _Group,
        raw: _Raw,
        factors: pd.DataFrame | None,
        names: list[str],
        max_span: int,
        log: _FlagLog,
    ) -> _Part:
        part = cls(group=group)
        rows, position = _usable(raw, group, log)
        if not len(rows):
            return part
        part.first, part.last = int(position.min()), int(position.max())
        width = part.last - part.first + 1
        close = np.full((len(group.members), width), np.nan)
        close[group.column[raw.codes[rows]], position - part.first] = raw.close[rows]
        steps = _Steps.build(factors, names, group, log)
        part.returns = np.full(close.shape, np.nan)
        part.spans = np.zeros(close.shape, dtype=np.int16)
        per_block = max(1, _BLOCK // width)
        for start in range(0, len(close), per_block):
            part._fill(close, slice(start, start + per_block), max_span, log)
        part._apply(close, steps, log)
        part._stale(close, log)
        return part

    def _fill(self, close: NDArray[np.float64], block: slice, max_span: int, log: _FlagLog) -> None:
        """Plain close-to-close returns, spans, halts and gaps of a block of symbols."""
        width = close.shape[1]
        flat = close[block].ravel()
        at = np.flatnonzero(~np.isnan(flat))
        before, here = at[:-1], at[1:]
        same = before // width == here // width
        before, here = before[same], here[same]
        span = here - before
        short = span <= max_span
        value = np.full(len(flat), np.nan)
        value[here[short]] = flat[here[short]] / flat[before[short]] - 1.0
        spans = np.zeros(len(flat), dtype=np.int16)
        spans[here[short]] = span[short]
        self.returns[block] = value.reshape(-1, width)
        self.spans[block] = spans.reshape(-1, width)

        offset = block.start * width
        far = here[~short] + offset
        last = _dates(self.group.sessions[self.first + before[~short] % width])
        log.add(
            "gap",
            *self._where(far, width),
            [f"{n} sessions since {d:%Y-%m-%d}" for n, d in zip(span[~short], last, strict=True)],
        )
        multi = short & (span > 1)
        log.add(
            "multi_day_return",
            *self._where(here[multi] + offset, width),
            [f"spans {n} sessions" for n in span[multi]],
        )
        log.add("halted", *self._where(_between(before[multi], here[multi]) + offset, width))

    def _where(
        self, cells: NDArray[np.integer], width: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Symbol number and day of flat cell numbers."""
        return (
            self.group.members[cells // width],
            self.group.sessions[self.first + cells % width],
        )

    def _apply(self, close: NDArray[np.float64], steps: _Steps, log: _FlagLog) -> None:
        """Measure the returns that cross a corporate action from the reference close."""
        width = close.shape[1]
        cells = steps.crossings(close, self.first)
        have = self.spans.ravel()[cells] > 0
        cells = cells[have]
        if not len(cells):
            return
        column, t1 = cells // width, cells % width
        t0 = t1 - self.spans.ravel()[cells]
        f0, c0 = steps.at(column, t0 + self.first)
        f1, c1 = steps.at(column, t1 + self.first)
        previous = close[column, t0]
        reference = (previous * f0 + c0 - c1) / f1
        good = np.isfinite(reference) & (reference > 0)
        value = np.full(len(cells), np.nan)
        value[good] = close[column[good], t1[good]] / reference[good] - 1.0
        self.returns[column, t1] = value
        self.spans[column[~good], t1[~good]] = 0
        where = self._where(cells, width)
        text = [
            f"reference close {r:.4f} after {p:g}"
            for r, p in zip(reference[good], previous[good], strict=True)
        ]
        log.add("ex_date", where[0][good], where[1][good], text)
        log.add("bad_reference", where[0][~good], where[1][~good])

    def _stale(self, close: NDArray[np.float64], log: _FlagLog) -> None:
        """Flag symbols whose bars end before the end of the panel."""
        width = close.shape[1]
        traded = ~np.isnan(close)
        any_bar = traded.any(axis=1)
        last = width - 1 - np.argmax(traded[:, ::-1], axis=1)
        late = np.flatnonzero(any_bar & (last < width - 1))
        end = _dates(self.group.sessions[[self.last]])[0]
        log.add(
            "stale",
            self.group.members[late],
            self.group.sessions[self.first + last[late]],
            [
                f"{width - 1 - k} sessions before the last bar of the panel, {end:%Y-%m-%d}"
                for k in last[late]
            ],
        )


@dataclass(frozen=True, slots=True)
class _Steps:
    """Factor rows of a group, sorted by symbol and by the session from which they are in force.

    `key` is symbol row * stride + session position: one sorted array answers every look-up.
    """

    stride: int
    key: NDArray[np.int64]
    column: NDArray[np.int64]
    position: NDArray[np.int64]
    factor: NDArray[np.float64]
    cash: NDArray[np.float64]

    @classmethod
    def build(
        cls, factors: pd.DataFrame | None, names: list[str], group: _Group, log: _FlagLog
    ) -> _Steps:
        stride = len(group.sessions) + 1
        empty = np.empty(0)
        if factors is None or factors.empty:
            none = np.empty(0, np.int64)
            return cls(stride, none, none, none, empty, empty)
        _need(factors, ("symbol", "ex_date", "factor"), "factors")
        code = pd.Index(names).get_indexer(pd.Index(factors["symbol"].astype("str")))
        column = np.where(code >= 0, group.column[code], -1).astype(np.int64)
        mine = np.flatnonzero(column >= 0)
        day = _days(factors["ex_date"])[mine]
        factor = _numbers(factors, "factor")[mine]
        cash = _numbers(factors, "cash")[mine] if "cash" in factors else np.zeros(len(mine))
        cash = np.where(np.isnan(cash), 0.0, cash)
        bad = ~(np.isfinite(factor) & (factor > 0))
        log.add("bad_factor", code[mine][bad], day[bad], [f"factor {v:g}" for v in factor[bad]])
        factor = np.where(bad, np.nan, factor)
        position = np.searchsorted(group.sessions, day)
        # Several ex-dates between two sessions: the last one is in force.
        order = np.lexsort((day, position, column[mine]))
        key = (column[mine] * stride + position)[order]
        keep = np.append(key[1:] != key[:-1], True) if len(key) else np.empty(0, bool)
        rows = order[keep]
        return cls(stride, key[keep], column[mine][rows], position[rows], factor[rows], cash[rows])

    def at(
        self, column: NDArray[np.int64], position: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Factor and cash in force; 1 and 0 before a symbol's first row."""
        row = np.searchsorted(self.key, column * self.stride + position, side="right") - 1
        mine = (row >= 0) & (self.column[row] == column)
        return np.where(mine, self.factor[row], 1.0), np.where(mine, self.cash[row], 0.0)

    def crossings(self, close: NDArray[np.float64], first: int) -> NDArray[np.int64]:
        """Flat cells of the first traded session on or after each change of factor or cash."""
        width = close.shape[1]
        if not len(self.key):
            return np.empty(0, np.int64)
        before = np.maximum(self.position - 1, -1)
        f0, c0 = self.at(self.column, before)
        changed = ~((f0 == self.factor) & (c0 == self.cash))  # a NaN factor counts as a change
        inside = changed & (self.position - first < width)
        column = self.column[inside]
        start = np.maximum(self.position[inside] - first, 0)
        cells: list[int] = []
        for j, k in zip(column, start, strict=True):  # a handful of ex-dates a symbol
            ahead = ~np.isnan(close[j, k:])
            step = int(ahead.argmax())
            if ahead[step]:
                cells.append(int(j) * width + int(k) + step)
        return np.unique(np.array(cells, dtype=np.int64))


def _usable(raw: _Raw, group: _Group, log: _FlagLog) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
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


def _placeholders(zeros: NDArray[np.int64], raw: _Raw, ok: NDArray[np.bool_]) -> NDArray[np.bool_]:
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


def _unique(rows: NDArray[np.int64], raw: _Raw, log: _FlagLog) -> NDArray[np.int64]:
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


def _between(before: NDArray[np.int64], here: NDArray[np.int64]) -> NDArray[np.int64]:
    """All cells strictly between each pair, concatenated."""
    count = here - before - 1
    total = int(count.sum())
    ends = np.cumsum(count)
    step = np.arange(total) - np.repeat(ends - count, count)
    return np.repeat(before + 1, count) + step


def _assemble(parts: list[_Part], names: list[str], log: _FlagLog) -> ReturnsPanel:
    """Put the groups side by side on the union of their sessions."""
    spans_of = [p.group.sessions[p.first : p.last + 1] for p in parts]
    days = np.unique(np.concatenate([*spans_of, np.empty(0, np.int64)]))
    # Sessions of one exchange between the others' first and last bar belong to the panel too.
    inner = [
        p.group.sessions[(p.group.sessions >= days[0]) & (p.group.sessions <= days[-1])]
        for p in parts
        if len(days)
    ]
    days = np.unique(np.concatenate([days, *inner]))
    index = pd.DatetimeIndex(_dates(days), name="date")
    columns = pd.Index(names, dtype="str", name="symbol")
    if len(parts) == 1 and parts[0].returns.shape == (len(names), len(days)):
        values, spans = parts[0].returns, parts[0].spans  # one calendar: no copy
    else:
        values = np.full((len(names), len(days)), np.nan)
        spans = np.zeros((len(names), len(days)), dtype=np.int16)
        for part, own in zip(parts, spans_of, strict=True):
            if len(own):
                at = np.ix_(part.group.members, np.searchsorted(days, own))
                values[at], spans[at] = part.returns, part.spans
    return ReturnsPanel(
        returns=pd.DataFrame(values.T, index=index, columns=columns, copy=False),
        spans=pd.DataFrame(spans.T, index=index, columns=columns, copy=False),
        flags=log.frame(names),
    )


def _need(frame: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise DataError(
            f"the {what} have no column {', '.join(missing)}; needed are {', '.join(columns)}, "
            f"given were {', '.join(map(str, frame.columns)) or 'none'}"
        )


def _numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _days(values: pd.Series) -> NDArray[np.int64]:
    """Days since 1970 of naive dates; a time of day is cut off."""
    dates = pd.to_datetime(values)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    return dates.to_numpy().astype("datetime64[D]").view(np.int64)


def _dates(days: NDArray[np.integer]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.asarray(days).astype("datetime64[D]").astype("datetime64[us]"))
