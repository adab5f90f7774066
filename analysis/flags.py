"""Marks on single days of a stock, such as halts and ex-dates, brought to the events they touch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import InputError
from mentionstudy.analysis.frames import read_dates
from mentionstudy.analysis.panel import Panel
from mentionstudy.analysis.places import Places
from mentionstudy.analysis.settings import Window

Ints = NDArray[np.int64]
HIT_COLUMNS = ("event", "tau", "flag", "detail")


def flag_hits(
    flags: pd.DataFrame | None, panel: Panel, places: Places, window: Window
) -> pd.DataFrame:
    """Find the flags inside the events' windows.

    Parameters
    ----------
    flags
        Columns ``symbol, date, flag`` and, if wanted, ``detail``: one row a mark. A date that is
        no session of the event's calendar marks nothing. None for no flags.
    panel, places
        Where the N events are.
    window
        Days around day 0 that are looked at.

    Returns
    -------
    DataFrame
        event (0 to N - 1), tau, flag, detail; sorted by event and day.

    Raises
    ------
    InputError
        If a column is missing.
    """
    if flags is None or not len(flags) or not len(places):
        return pd.DataFrame({name: [] for name in HIT_COLUMNS}).astype(
            {"event": "int64", "tau": "int64", "flag": "str", "detail": "str"}
        )
    absent = [name for name in ("symbol", "date", "flag") if name not in flags.columns]
    if absent:
        raise InputError(
            f"flags: there is no column {absent[0]!r}; symbol, date and flag are needed"
        )
    symbol = pd.Index(panel.symbols, dtype="object").get_indexer(
        pd.Index(flags["symbol"].astype("str"), dtype="object")
    )
    dates = read_dates(flags["date"].reset_index(drop=True)).dt.normalize().to_numpy()
    parts = [
        _in_calendar(index, panel, places, symbol, dates, window)
        for index in range(len(panel.calendars))
    ]
    found = np.concatenate(parts)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    details = flags["detail"] if "detail" in flags.columns else pd.Series("", flags.index)
    return pd.DataFrame(
        {
            "event": found[:, 0],
            "tau": found[:, 1],
            "flag": flags["flag"].astype("str").to_numpy()[found[:, 2]],
            "detail": details.astype("str").to_numpy()[found[:, 2]],
        }
    )


def _in_calendar(
    index: int,
    panel: Panel,
    places: Places,
    symbol: Ints,
    dates: NDArray[np.datetime64],
    window: Window,
) -> Ints:
    """(H, 3) event, tau and row of the flags for the events of one calendar."""
    sessions = panel.calendars[index].sessions
    position = np.minimum(np.searchsorted(sessions, dates), sessions.size - 1)
    rows = np.flatnonzero((symbol >= 0) & (sessions[position] == dates))
    wide = 4 * sessions.size + abs(window[0]) + abs(window[1])
    key = symbol[rows] * wide + position[rows] + sessions.size
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    events = np.flatnonzero(places.calendar == index)
    middle = places.symbol[events] * wide + places.position[events] + sessions.size
    low = np.searchsorted(key, middle + window[0], side="left")
    count = np.searchsorted(key, middle + window[1], side="right") - low
    event = np.repeat(np.arange(events.size), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    hit = low[event] + within
    return np.column_stack([events[event], key[hit] - middle[event], rows[hit]])
