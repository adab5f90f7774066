"""Adjustment factors as steps in time: what is in force on a session, and where it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.market.flags import FlagLog, day_numbers
from mentionstudy.data.market.usable import CalendarGroup, need_columns, numbers


@dataclass(frozen=True, slots=True)
class FactorSteps:
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
        cls, factors: pd.DataFrame | None, names: list[str], group: CalendarGroup, log: FlagLog
    ) -> FactorSteps:
        """Sort the rows of the symbols of the group; a bad factor becomes NaN and is flagged."""
        stride = len(group.sessions) + 1
        empty = np.empty(0)
        if factors is None or factors.empty:
            none = np.empty(0, np.int64)
            return cls(stride, none, none, none, empty, empty)
        need_columns(factors, ("symbol", "ex_date", "factor"), "factors")
        code = pd.Index(names).get_indexer(pd.Index(factors["symbol"].astype("str")))
        column = np.where(code >= 0, group.column[code], -1).astype(np.int64)
        mine = np.flatnonzero(column >= 0)
        day = day_numbers(factors["ex_date"])[mine]
        factor = numbers(factors, "factor")[mine]
        cash = numbers(factors, "cash")[mine] if "cash" in factors else np.zeros(len(mine))
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
