"""The coverage of a workspace as a matrix: a row a symbol, a column a year of its window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import CALENDAR_OF
from mentionstudy.data.market.coverage import (
    STATES,
    Stored,
    judged,
    last_days,
    sessions_between,
)
from mentionstudy.data.market.held import Held, day_numbers

if TYPE_CHECKING:
    from mentionstudy.data.market.health import SourceHealth
    from mentionstudy.data.workspace import Workspace

MATRIX_COLUMNS: Final = (
    "symbol",
    "role",
    "n_events",
    "state",
    "share",
    "missing",
    "age_days",
    "sources",
    "flags",
    "reason",
    "retry_at",
)
"""The columns beside those of the years, which come after ``share``."""


def coverage_matrix(
    workspace: Workspace,
    plan: pd.DataFrame,
    *,
    health: SourceHealth | None = None,
    flags: pd.DataFrame | None = None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """Lay out for every symbol of a plan what is there by year, and what is not and why.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    health
        The breakers, for the time from which a source may be asked again.
    flags
        Marks on stock-days, as a returns panel has them: ``symbol, flag``.
    now
        Time zone aware.

    Returns
    -------
    pandas.DataFrame
        `MATRIX_COLUMNS` and, after ``share``, a column a year (text, ascending): the share of
        that year's sessions of the window for which there are bars, NaN outside the window.
        ``state`` is the worse of bars and factors; ``missing`` names the tables that are not
        complete; ``age_days`` counts from the last good answer; ``flags`` counts each mark.
    """
    stored = Stored.of(workspace, plan)
    return laid_out(plan, stored, health, flags, now or datetime.now(UTC))


def laid_out(
    plan: pd.DataFrame,
    stored: Stored,
    health: SourceHealth | None,
    flags: pd.DataFrame | None,
    now: datetime,
) -> pd.DataFrame:
    """As `coverage_matrix`, of what was read already."""
    if plan.empty:
        return pd.DataFrame(columns=list(MATRIX_COLUMNS))
    table = judged(plan, stored, health, now)
    order = table["state"].map({state: i for i, state in enumerate(STATES)})
    worst = table.assign(_order=order).sort_values("_order", kind="stable")
    worst = worst.drop_duplicates("symbol").set_index("symbol")
    bars = table[table["kind"] == "bars"].drop_duplicates("symbol").set_index("symbol")
    symbols = list(dict.fromkeys(table["symbol"]))
    open_ones = table[table["state"] != "complete"]
    missing = open_ones.groupby("symbol")["kind"].agg(", ".join)
    years = _years(stored.bars, bars, now)
    out = pd.DataFrame(
        {
            "symbol": symbols,
            "role": worst["role"].reindex(symbols).to_numpy(),
            "n_events": worst["n_events"].reindex(symbols).to_numpy(),
            "state": worst["state"].reindex(symbols).to_numpy(),
            "share": bars["share"].reindex(symbols).to_numpy(),
        }
    )
    for year in years.columns:
        out[year] = years[year].reindex(symbols).to_numpy()
    return out.assign(
        missing=missing.reindex(symbols).fillna("").to_numpy(),
        age_days=_ages(stored.log, now).reindex(symbols).to_numpy(),
        sources=bars["sources"].reindex(symbols).fillna("").to_numpy(),
        flags=_counted(flags).reindex(symbols).fillna("").to_numpy(),
        reason=worst["reason"].reindex(symbols).to_numpy(),
        retry_at=worst["retry_at"].reindex(symbols).to_numpy(),
    )


def _years(held: Held, bars: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Share of the sessions of each window and year for which there are bars."""
    symbols = bars.index.to_series()
    first, last = day_numbers(bars["start"]), last_days(bars.reset_index(), now)
    known = symbols.str.rpartition(".")[2].isin(list(CALENDAR_OF)).to_numpy() & (first <= last)
    begun = pd.DatetimeIndex(first[known].view("datetime64[D]")).year
    ended = pd.DatetimeIndex(last[known].view("datetime64[D]")).year
    shares = {}
    for year in range(begun.min(), ended.max() + 1) if known.any() else ():
        new_year = np.array([f"{year}-01-01", f"{year}-12-31"], dtype="datetime64[D]").view("int64")
        low, high = np.maximum(first, new_year[0]), np.minimum(last, new_year[1])
        needed = np.where(known, sessions_between(symbols, low, high), 0)
        begin, end = held.between(symbols, low, high)
        if (known & (low <= high)).any():
            with np.errstate(divide="ignore", invalid="ignore"):
                shares[str(year)] = np.where(needed > 0, (end - begin) / needed, np.nan)
    return pd.DataFrame(shares, index=bars.index, dtype="float64")


def _ages(log: pd.DataFrame, now: datetime) -> pd.Series[float]:
    """Days since each symbol's bars were last answered."""
    answered = log[(log["kind"] == "bars") & (log["outcome"] == "ok")]
    last = answered.groupby("symbol")["started_at"].max()
    seconds: pd.Series[float] = (pd.Timestamp(now) - last).dt.total_seconds()
    return seconds / 86_400


def _counted(flags: pd.DataFrame | None) -> pd.Series[str]:
    """Each symbol's marks in one text: ``ex_date 2, halted 5``."""
    if flags is None or flags.empty:
        return pd.Series(dtype="str")
    counts = flags.groupby(["symbol", "flag"], sort=True).size().reset_index(name="n")
    text = counts["flag"] + " " + counts["n"].astype("str")
    return text.groupby(counts["symbol"]).agg(", ".join)
