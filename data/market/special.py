"""Special treatment (ST) and delisting periods, from the dated changes of short names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Treatment = Literal["st", "delisting"]

PERIOD_COLUMNS: Final = ("symbol", "start", "end", "status")
_FIRST: Final = pd.Timestamp("1990-01-01")
_LAST: Final = pd.Timestamp("2200-01-01")
# XD, XR and DR stand before a name on an ex-date, N and C in a new listing's first days, S before
# the share reform.
_ST: Final = r"^(?:XD|XR|DR|N|C)?S?\*?ST"
_LEAVING: Final = "退"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialTreatment:
    """When shares were under special treatment, and for whom that is known.

    Attributes
    ----------
    periods
        ``symbol, start, end, status``: both days included, an open end is NaT; ``status`` is
        ``st`` or ``delisting`` (the last weeks before a delisting).
    known_until
        By exchange, the day up to which its names are known. A share of an exchange that is not
        named, and a later day, is unknown. None: everything is known.
    """

    periods: pd.DataFrame
    known_until: Mapping[str, pd.Timestamp] | None = field(default_factory=dict)

    @classmethod
    def from_changes(cls, changes: pd.DataFrame) -> SpecialTreatment:
        """Read the periods from changes of names.

        Parameters
        ----------
        changes
            Every change of a short name: ``symbol, changed_on, before, after, fetched_at``. A
            share that is not in it never changed its name, so that its exchange's list has to be
            whole.
        """
        rows = changes.sort_values(["symbol", "changed_on"], kind="stable", ignore_index=True)
        first = rows.drop_duplicates("symbol")
        following = rows.groupby("symbol")["changed_on"].shift(-1)
        before = pd.DataFrame(
            {
                "symbol": first["symbol"],
                "start": _FIRST,
                "end": first["changed_on"] - pd.Timedelta(days=1),
                "name": first["before"],
            }
        )
        after = pd.DataFrame(
            {
                "symbol": rows["symbol"],
                "start": rows["changed_on"],
                "end": following - pd.Timedelta(days=1),
                "name": rows["after"],
            }
        )
        names = pd.concat([before, after], ignore_index=True)
        leaving = names["name"].str.contains(_LEAVING, regex=False)
        special = names["name"].str.contains(_ST, regex=True) & ~leaving
        status = np.select([leaving, special], ["delisting", "st"], default="")
        periods = names.assign(status=pd.Series(status, index=names.index, dtype="str"))
        read_on = changes["fetched_at"].dt.tz_localize(None).dt.normalize()
        until = read_on.groupby(changes["symbol"].str.split(".").str[-1]).max()
        return cls(
            periods=periods.loc[status != "", list(PERIOD_COLUMNS)].reset_index(drop=True),
            known_until={str(place): pd.Timestamp(day) for place, day in until.items()},
        )

    def under(
        self, symbol: pd.Series[str], date: pd.Series[pd.Timestamp], status: Treatment
    ) -> NDArray[np.bool_]:
        """Say of each stock-day whether it lies in a period of that status."""
        mine = self._of(status)
        at = self._latest(mine, symbol, date)
        found = at >= 0
        end = mine["end"].fillna(_LAST).to_numpy()
        inside = np.zeros(len(at), dtype=bool)
        inside[found] = date.to_numpy()[found] <= end[at[found]]
        return inside

    def starts(
        self, symbol: pd.Series[str], date: pd.Series[pd.Timestamp], status: Treatment
    ) -> NDArray[np.datetime64]:
        """Give the first day of the latest period that began; NaT before the first."""
        mine = self._of(status)
        at = self._latest(mine, symbol, date)
        out = np.full(len(at), np.datetime64("NaT", "us"))
        out[at >= 0] = mine["start"].to_numpy().astype("datetime64[us]")[at[at >= 0]]
        return out

    def known(self, symbol: pd.Series[str], date: pd.Series[pd.Timestamp]) -> NDArray[np.bool_]:
        """Say of each stock-day whether its status is known."""
        if self.known_until is None:
            return np.ones(len(symbol), dtype=bool)
        until = symbol.str.split(".").str[-1].map(dict(self.known_until))
        return (date <= pd.to_datetime(until)).to_numpy(dtype=bool)

    def _of(self, status: Treatment) -> pd.DataFrame:
        rows = self.periods
        if "status" in rows:
            rows = rows[rows["status"] == status]
        elif status != "st":
            rows = rows.iloc[:0]
        out = rows.assign(start=pd.to_datetime(rows["start"]), end=pd.to_datetime(rows["end"]))
        return out.sort_values(["symbol", "start"], ignore_index=True)

    @staticmethod
    def _latest(
        mine: pd.DataFrame, symbol: pd.Series[str], date: pd.Series[pd.Timestamp]
    ) -> NDArray[np.int64]:
        """Row of the last period of the symbol that began by the date, or -1."""
        if mine.empty or symbol.empty:
            return np.full(len(symbol), -1, dtype=np.int64)
        names = pd.Index(mine["symbol"].astype("str").unique())
        stride = 200_000  # days, more than any two dates are apart

        def key(code: NDArray[np.int64], days: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
            number = days.to_numpy().astype("datetime64[D]").astype(np.int64)
            return np.asarray(code * stride + number, dtype=np.int64)

        started = key(names.get_indexer(pd.Index(mine["symbol"].astype("str"))), mine["start"])
        order = np.argsort(started, kind="stable")
        code = names.get_indexer(pd.Index(symbol.astype("str")))
        at = np.searchsorted(started[order], key(code, date), side="right") - 1
        row = order[np.maximum(at, 0)]
        same = (at >= 0) & (code >= 0) & (mine["symbol"].to_numpy()[row] == symbol.to_numpy())
        return np.where(same, row, -1)


EVERYTHING_UNKNOWN: Final = SpecialTreatment(
    periods=pd.DataFrame(columns=list(PERIOD_COLUMNS)), known_until={}
)
