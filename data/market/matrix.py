"""The coverage of a workspace as a matrix: a row a symbol, a column a year of its window."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.market.coverage import STATES, coverage, last_session

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
    now = now or datetime.now(UTC)
    table = coverage(workspace, plan, health=health, now=now)
    if table.empty:
        return pd.DataFrame(columns=list(MATRIX_COLUMNS))
    order = table["state"].map({state: i for i, state in enumerate(STATES)})
    worst = table.assign(_order=order).sort_values("_order", kind="stable")
    worst = worst.drop_duplicates("symbol").set_index("symbol")
    bars = table[table["kind"] == "bars"].drop_duplicates("symbol").set_index("symbol")
    symbols = list(dict.fromkeys(table["symbol"]))
    open_ones = table[table["state"] != "complete"]
    missing = open_ones.groupby("symbol")["kind"].agg(", ".join)
    years = _years(workspace, bars, now)
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
        age_days=_ages(workspace, now).reindex(symbols).to_numpy(),
        sources=bars["sources"].reindex(symbols).fillna("").to_numpy(),
        flags=_counted(flags).reindex(symbols).fillna("").to_numpy(),
        reason=worst["reason"].reindex(symbols).to_numpy(),
        retry_at=worst["retry_at"].reindex(symbols).to_numpy(),
    )


def _years(workspace: Workspace, bars: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Share of the sessions of each window and year for which there are bars."""
    stored = workspace.bars(list(bars.index), columns=["symbol", "date"])
    groups = stored.groupby("symbol", observed=True)["date"]
    held = {str(symbol): days.to_numpy() for symbol, days in groups}
    rows: dict[str, dict[str, float]] = {}
    for symbol, start, end in zip(bars.index, bars["start"], bars["end"], strict=True):
        exchange = str(symbol).rpartition(".")[2]
        last = min(pd.Timestamp(end), pd.Timestamp(last_session(exchange, now)))
        if exchange not in CALENDAR_OF or last < start:
            continue
        days = held.get(str(symbol), np.empty(0, dtype="datetime64[us]"))
        rows[str(symbol)] = {
            str(year): _share(exchange, days, max(start.date(), first), min(last.date(), final))
            for year in range(start.year, last.year + 1)
            for first, final in [(date(year, 1, 1), date(year, 12, 31))]
        }
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype="float64")
    return frame[sorted(frame.columns)]


def _share(exchange: str, days: NDArray[np.datetime64], first: date, last: date) -> float:
    sessions = calendar_for(exchange).sessions.to_numpy()
    low, high = np.datetime64(first), np.datetime64(last)
    needed = np.searchsorted(sessions, high, side="right") - np.searchsorted(sessions, low)
    there = np.searchsorted(days, high, side="right") - np.searchsorted(days, low)
    return float(there / needed) if needed else float("nan")


def _ages(workspace: Workspace, now: datetime) -> pd.Series[float]:
    """Days since each symbol's bars were last answered."""
    log = workspace.fetch_log()
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
