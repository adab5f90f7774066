"""Events of one firm so close to each other that their windows overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import calendar_for


def sessions_to_nearest(
    events: pd.DataFrame, firms: Mapping[str, str] | None = None
) -> pd.Series[int]:
    """Count the sessions from each event to the nearest other event of the same firm.

    Parameters
    ----------
    events
        A frame with ``symbol, exchange, day0`` as `find_events` gives it, and with
        ``article_ids`` if `firms` are given.
    firms
        A name for the firm of each symbol that has other shares; a symbol that is missing is a
        firm of its own. Events of two shares that share an article are one piece of news, and not
        near each other in this sense.

    Returns
    -------
    pandas.Series of Int64
        Same index; NA where the firm has no other event. Events whose windows of ``a`` to ``b``
        sessions overlap are those with a value of at most ``b - a``. Sessions are those of the
        event's own exchange.
    """
    at = pd.Series(-1, index=events.index, dtype="int64")
    for exchange, rows in events.groupby("exchange", observed=True):
        days = pd.DatetimeIndex(rows["day0"])
        at.loc[rows.index] = calendar_for(str(exchange)).positions(days)
    ordered = at.to_frame("at").assign(symbol=events["symbol"]).sort_values(["symbol", "at"])
    gaps = ordered.groupby("symbol", observed=True)["at"].diff()
    after = gaps.shift(-1).where(ordered["symbol"] == ordered["symbol"].shift(-1))
    nearest = pd.concat([gaps, after], axis=1).min(axis=1).reindex(events.index)
    if firms and len(events):
        other = _to_other_shares(events, firms)
        nearest = pd.concat([nearest, other], axis=1).min(axis=1)
    return nearest.astype("Int64")


def confounded(
    events: pd.DataFrame, *, within: int, firms: Mapping[str, str] | None = None
) -> pd.Series[bool]:
    """Flag the events that lie at most `within` sessions from another one of their firm."""
    return sessions_to_nearest(events, firms).le(within).fillna(value=False).astype(bool)


def _to_other_shares(events: pd.DataFrame, firms: Mapping[str, str]) -> pd.Series[float]:
    """Count the sessions to the nearest event of another share of the firm with other articles."""
    found = np.full(len(events), np.nan)
    members: dict[str, list[tuple[int, str, pd.Timestamp, frozenset[str]]]] = defaultdict(list)
    for place, (symbol, day0, ids) in enumerate(
        zip(events["symbol"], events["day0"], events["article_ids"], strict=True)
    ):
        if symbol in firms:
            members[firms[symbol]].append((place, symbol, day0, frozenset(ids.split(";"))))
    for group in members.values():
        for place, symbol, day0, ids in group:
            sessions = calendar_for(symbol.rpartition(".")[2]).sessions
            here = int(sessions.searchsorted(day0))
            gaps = [
                abs(int(sessions.searchsorted(other_day)) - here)
                for _, other, other_day, other_ids in group
                if other != symbol and not ids & other_ids
            ]
            if gaps:
                found[place] = min(gaps)
    return pd.Series(found, index=events.index)
