"""Which days of which symbols are stored, as sorted arrays: every range is found at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace

Ints = NDArray[np.int64]
_WIDE: Final = 2**32  # more than the days between any two dates


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The rows of one table, by symbol and day.

    Attributes
    ----------
    symbols
        The S symbols that have rows.
    keys
        (n,) ascending: a row's place among `symbols` and its day since 1970 in one number.
    sources
        (n,) the place of each row's source among `names`.
    names
        Sources in their order.
    """

    symbols: pd.Index[str]
    keys: Ints
    sources: Ints
    names: list[str]

    @classmethod
    def of(cls, rows: pd.DataFrame, date: str = "date") -> Held:
        """Index a table.

        Parameters
        ----------
        rows
            Columns ``symbol, source`` and the date's.
        date
            Name of the date's column.
        """
        symbol = rows["symbol"].astype("category").cat
        source = rows["source"].astype("str").astype("category").cat
        keys = symbol.codes.to_numpy().astype(np.int64) * _WIDE + day_numbers(rows[date])
        order = np.argsort(keys, kind="stable")
        return cls(
            symbols=pd.Index(symbol.categories.astype("str")),
            keys=keys[order],
            sources=source.codes.to_numpy().astype(np.int64)[order],
            names=[str(name) for name in source.categories],
        )

    @classmethod
    def bars(cls, workspace: Workspace, symbols: list[str]) -> Held:
        """Index the stored bars of some symbols."""
        return cls.of(workspace.bars(symbols, columns=["symbol", "date", "source"]))

    def between(self, symbols: pd.Series[str], first: Ints, last: Ints) -> tuple[Ints, Ints]:
        """Return where the rows of each range begin and end; nothing for one that is reversed.

        Parameters
        ----------
        symbols
            (r,) whose rows.
        first, last
            (r,) days since 1970, both included.

        Returns
        -------
        tuple of ndarray
            (r,) the first row, and the one after the last.
        """
        place = self.symbols.get_indexer(pd.Index(symbols)).astype(np.int64) * _WIDE
        low = np.searchsorted(self.keys, place + first, side="left")
        high = np.searchsorted(self.keys, place + last, side="right")
        return low, np.maximum(low, high)

    def whole(self, symbols: pd.Series[str]) -> tuple[Ints, Ints]:
        """Return where all rows of each symbol begin and end, as `between` does."""
        far = np.full(len(symbols), _WIDE // 2 - 1, dtype=np.int64)
        return self.between(symbols, -far, far)

    def days(self, rows: Ints, there: NDArray[np.bool_]) -> NDArray[np.datetime64]:
        """Return the days of rows; NaT where there are none."""
        out = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[us]")
        number = (self.keys[rows[there]] + _WIDE // 2) % _WIDE - _WIDE // 2
        out[there] = number.view("datetime64[D]")
        return out

    def sources_in(self, low: Ints, high: Ints) -> list[str]:
        """Return the sources of the rows of each range in one text, in their order.

        Parameters
        ----------
        low, high
            (r,) as `between` gives them.
        """
        starts = np.flatnonzero(np.diff(self.sources, prepend=-1))  # of the same source in a row
        begin = np.searchsorted(starts, low, side="right") - 1
        count = np.where(high > low, np.searchsorted(starts, high, side="left") - begin, 0)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        source = self.sources[starts[np.repeat(begin, count) + within]]
        wide = max(len(self.names), 1)
        found: list[list[str]] = [[] for _ in range(len(low))]
        for pair in np.unique(np.repeat(np.arange(len(low)), count) * wide + source).tolist():
            found[pair // wide].append(self.names[pair % wide])
        return [", ".join(names) for names in found]


def day_numbers(dates: pd.Series[pd.Timestamp] | pd.DatetimeIndex) -> Ints:
    """Return days since 1970; hours are cut off."""
    return dates.to_numpy().astype("datetime64[D]").view(np.int64)
