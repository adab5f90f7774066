"""What a user should know of answers that came: what was left out, contradicted or ends early."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from mentionstudy.data.calendars import calendar_for

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace

_CENT: Final = 0.01 + 1e-9
_LONG_HALT: Final = 20


class Note(NamedTuple):
    """What was left out of the bars of a symbol, such as unreadable rows of a user's file."""

    symbol: str
    text: str


def early_end(symbol: str, bars: pd.DataFrame, end: date) -> list[Note]:
    """Say that bars end long before the day that was asked for."""
    last = bars["date"].iloc[-1]
    exchange = symbol.rpartition(".")[2]
    after = len(calendar_for(exchange).between(last + pd.Timedelta(days=1), end))
    if after < _LONG_HALT:
        return []
    text = (
        f"its bars end on {last:%Y-%m-%d}, {after} sessions before {end}: a delisting or a long "
        "halt; `mentionstudy securities --refresh` brings the days of delisting"
    )
    return [Note(symbol, text)]


def disagreements(workspace: Workspace, fresh: pd.DataFrame) -> list[Note]:
    """Compare closes with those that are stored, which mostly another source delivered."""
    stored = workspace.bars(
        list(fresh["symbol"].unique()), columns=["symbol", "date", "close", "source"]
    )
    both = fresh.merge(stored.astype({"symbol": "str"}), on=["symbol", "date"], suffixes=("", "_o"))
    both = both.loc[(both["close"] - both["close_o"]).abs() > _CENT]
    notes = []
    for symbol, rows in both.groupby("symbol"):
        row = rows.iloc[0]
        notes.append(
            Note(
                str(symbol),
                f"{len(rows)} closes differ from those that were stored, such as "
                f"{row['date']:%Y-%m-%d}: {row['close_o']:g} ({row['source_o']}), now "
                f"{row['close']:g} ({row['source']}); the new ones are kept",
            )
        )
    return notes
