"""Where a symbol's bars end before what was asked for: delisted, halted, or a source that is late.

That symbols were fetched for different windows says nothing; only the log of what was asked and
answered tells an end from a window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.market.flags import FLAG_COLUMNS
from mentionstudy.data.market.returns import ReturnsPanel


def asked_until(log: pd.DataFrame) -> dict[str, pd.Timestamp]:
    """Return the last day for which each symbol's bars were asked for and answered.

    Parameters
    ----------
    log
        A workspace's fetch log.
    """
    answered = log.loc[(log["kind"] == "bars") & (log["outcome"] == "ok")]
    last = answered.groupby("symbol")["last"].max()
    return {str(symbol): pd.Timestamp(day) for symbol, day in last.items()}


def flag_endings(
    panel: ReturnsPanel,
    bars: pd.DataFrame,
    asked: Mapping[str, pd.Timestamp],
    delisted: Mapping[str, pd.Timestamp] | None = None,
) -> ReturnsPanel:
    """Flag the last bar of symbols whose bars end early.

    Parameters
    ----------
    panel, bars
        Returns and the bars behind them: ``symbol, date``.
    asked
        By symbol, the last day asked for (`asked_until`). Symbols that are not named are left
        alone.
    delisted
        By symbol, the day of its delisting, where it is known.

    Returns
    -------
    ReturnsPanel
        With further rows in ``flags``: ``delisted`` where the delisting explains the end, else
        ``stale``.
    """
    ends = bars.groupby("symbol", observed=True)["date"].max()
    rows = []
    for symbol, last in zip(ends.index.astype("str"), ends, strict=True):
        exchange = symbol.rpartition(".")[2]
        until = asked.get(symbol)
        if until is None or until <= last or exchange not in CALENDAR_OF:
            continue
        gone = (delisted or {}).get(symbol, pd.NaT)
        if pd.notna(gone) and gone <= until:
            rows.append((symbol, last, "delisted", f"delisted on {gone:%Y-%m-%d}"))
            continue
        missing = len(calendar_for(exchange).between(last + pd.Timedelta(days=1), until))
        if missing:
            text = f"{missing} sessions before {until:%Y-%m-%d}, up to which it was asked for"
            rows.append((symbol, last, "stale", text))
    if not rows:
        return panel
    found = pd.DataFrame(rows, columns=list(FLAG_COLUMNS)).astype(
        {"symbol": "str", "flag": "str", "detail": "str"}
    )
    flags = pd.concat([panel.flags, found], ignore_index=True)
    flags = flags.sort_values(["symbol", "date"], kind="stable", ignore_index=True)
    return replace(panel, flags=flags)
