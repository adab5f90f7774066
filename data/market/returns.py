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

from mentionstudy.data.market.flags import FlagLog, day_index, day_numbers
from mentionstudy.data.market.steps import FactorSteps
from mentionstudy.data.market.ticks import exchange_reference, tick_size
from mentionstudy.data.market.usable import (
    CalendarGroup,
    RawBars,
    group_by_calendar,
    need_columns,
    numbers,
    usable_rows,
)

_BLOCK: Final = 1 << 20  # cells handled at once: working arrays near 50 MB whatever the panel


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
    ``return = C1/reference - 1``. On the mainland the reference is rounded to the tick, as the
    exchange rounds it: this is then its own daily change. The return is gross of tax and
    includes dividends.

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
    need_columns(bars, ("symbol", "date", "close"), "bars")
    codes, symbols = pd.factorize(bars["symbol"], sort=True)
    names = [str(s) for s in symbols]
    raw = RawBars(
        codes=codes.astype(np.int32),
        days=day_numbers(bars["date"]),
        close=numbers(bars, "close"),
        volume=numbers(bars, "volume") if "volume" in bars else None,
    )
    log = FlagLog()
    groups = group_by_calendar(names, sessions, raw, log)
    parts = [_Part.build(g, raw, factors, names, max_span, log) for g in groups]
    return _assemble(parts, names, log)


@dataclass(slots=True)
class _Part:
    """The returns of one calendar group: symbols x sessions."""

    group: CalendarGroup
    first: int = 0
    last: int = -1
    returns: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    spans: NDArray[np.int16] = field(default_factory=lambda: np.empty((0, 0), dtype=np.int16))

    @classmethod
    def build(
        cls,
        group: CalendarGroup,
        raw: RawBars,
        factors: pd.DataFrame | None,
        names: list[str],
        max_span: int,
        log: FlagLog,
    ) -> _Part:
        part = cls(group=group)
        rows, position = usable_rows(raw, group, log)
        if not len(rows):
            return part
        part.first, part.last = int(position.min()), int(position.max())
        width = part.last - part.first + 1
        close = np.full((len(group.members), width), np.nan)
        close[group.column[raw.codes[rows]], position - part.first] = raw.close[rows]
        steps = FactorSteps.build(factors, names, group, log)
        part.returns = np.full(close.shape, np.nan)
        part.spans = np.zeros(close.shape, dtype=np.int16)
        per_block = max(1, _BLOCK // width)
        for start in range(0, len(close), per_block):
            part._fill(close, slice(start, start + per_block), max_span, log)
        part._apply(close, steps, names, log)
        return part

    def _fill(self, close: NDArray[np.float64], block: slice, max_span: int, log: FlagLog) -> None:
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
        last = day_index(self.group.sessions[self.first + before[~short] % width])
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

    def _apply(
        self, close: NDArray[np.float64], steps: FactorSteps, names: list[str], log: FlagLog
    ) -> None:
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
        exact = (previous * f0 + c0 - c1) / f1
        tick = np.array([tick_size(names[k]) for k in self.group.members[column]])
        reference = exchange_reference(exact, previous, tick)
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


def _between(before: NDArray[np.int64], here: NDArray[np.int64]) -> NDArray[np.int64]:
    """All cells strictly between each pair, concatenated."""
    count = here - before - 1
    total = int(count.sum())
    ends = np.cumsum(count)
    step = np.arange(total, dtype=np.int64) - np.repeat(ends - count, count)
    cells: NDArray[np.int64] = np.repeat(before + 1, count) + step
    return cells


def _assemble(parts: list[_Part], names: list[str], log: FlagLog) -> ReturnsPanel:
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
    index = pd.DatetimeIndex(day_index(days), name="date")
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
