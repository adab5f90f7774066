"""What to ask for: one request a symbol that spans all its event windows, and the benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.errors import DataError
from mentionstudy.data.market.base import TableKind
from mentionstudy.data.securities import Security, parse_symbol

PLAN_COLUMNS: Final = ("symbol", "kind", "start", "end", "role", "n_events")

_BENCHMARKS: Final[Mapping[str, str]] = {
    "SH": "000300.SH",
    "SZ": "000300.SH",
    "BJ": "899050.BJ",
    "HK": "HSI.HK",
}
DEFAULT_WINDOW: Final = (-270, 30)
"""Sessions around day 0: the usual estimation window with room for halts, and a month after."""


class Request(NamedTuple):
    """One line of a plan: a table of a symbol for a range of dates, both included."""

    symbol: str
    kind: TableKind
    start: date
    end: date


def requests_of(plan: pd.DataFrame) -> list[Request]:
    """Return the lines of a plan in their order."""
    return [
        Request(str(symbol), kind, start, end)
        for symbol, kind, start, end in zip(
            plan["symbol"].tolist(),
            plan["kind"].tolist(),
            plan["start"].dt.date.tolist(),
            plan["end"].dt.date.tolist(),
            strict=True,
        )
    ]


def default_benchmark(security: Security) -> str:
    """Return the index that stands for a security's market.

    CSI 300 for Shanghai and Shenzhen, BSE 50 for Beijing, the Hang Seng Index for Hong Kong. All
    are price indices: an abnormal return on an ex-date contains the dividend.

    Raises
    ------
    DataError
        If the security trades on none of these exchanges.
    """
    if security.exchange not in _BENCHMARKS:
        raise DataError(f"{security.symbol}: there is no default benchmark for {security.exchange}")
    return _BENCHMARKS[security.exchange]


def plan_fetch(
    events: pd.DataFrame,
    window: tuple[int, int] = DEFAULT_WINDOW,
    *,
    benchmarks: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Say which bars and factors the events need.

    Parameters
    ----------
    events : pandas.DataFrame
        Columns ``symbol`` and ``day0``.
    window : (int, int)
        First and last session around day 0 that a study may look at. One more session is
        planned before it, because a return needs two bars.
    benchmarks : iterable of str, optional
        Index symbols; each is planned for all events of all exchanges with its calendar. By
        default the default benchmark of each event's exchange.

    Returns
    -------
    pandas.DataFrame
        `PLAN_COLUMNS`: one row a symbol and kind (``bars``, ``factors``), the range of dates
        that is needed (naive, both included), the role (``benchmark`` first, then ``event``)
        and the number of events that need it. Ends are cut off at the last known session.

    Raises
    ------
    DataError
        If the window is reversed or a column is missing.

    Examples
    --------
    >>> events = pd.DataFrame({"symbol": ["600718.SH"], "day0": [pd.Timestamp("2022-01-07")]})
    >>> plan_fetch(events, (-1, 1))[["symbol", "kind", "start", "end"]].iloc[0].tolist()
    ['000300.SH', 'bars', Timestamp('2022-01-05 00:00:00'), Timestamp('2022-01-10 00:00:00')]
    """
    low, high = window
    if low > high:
        raise DataError(f"the window {low}:{high} is reversed; write the earlier session first")
    missing = {"symbol", "day0"} - set(events.columns)
    if missing:
        raise DataError(f"the events have no column {', '.join(sorted(missing))}")
    ranges = _ranges(events, low, high)
    if ranges.empty:
        return _frame([])
    rows = []
    for symbol, need in _benchmark_ranges(ranges, benchmarks):
        rows.append((symbol, "bars", *need, "benchmark"))
    planned = {row[0] for row in rows}
    for symbol, start, end, count in zip(
        ranges["symbol"].tolist(),
        ranges["start"].tolist(),
        ranges["end"].tolist(),
        ranges["n_events"].tolist(),
        strict=True,
    ):
        if symbol in planned:
            continue
        rows.append((symbol, "bars", start, end, count, "event"))
        if parse_symbol(symbol).kind != "index":
            rows.append((symbol, "factors", start, end, count, "event"))
    return _frame(rows)


def plan_symbols(
    symbols: Iterable[str], start: pd.Timestamp | str, end: pd.Timestamp | str
) -> pd.DataFrame:
    """Plan a range of dates for given symbols; as `plan_fetch` without events.

    Raises
    ------
    DataError
        If a day is none, or the range is reversed.
    """
    first, last = _day(start), _day(end)
    if first > last:
        raise DataError(
            f"the range from {first:%Y-%m-%d} to {last:%Y-%m-%d} is reversed; "
            "write the earlier day first"
        )
    rows = []
    for text in dict.fromkeys(symbols):
        security = parse_symbol(text)
        span = (first, last, 0)
        index = security.kind == "index"
        rows.append((security.symbol, "bars", *span, "benchmark" if index else "event"))
        if not index:
            rows.append((security.symbol, "factors", *span, "event"))
    return _frame(rows)


def _day(value: pd.Timestamp | str) -> pd.Timestamp:
    day = pd.to_datetime(value, errors="coerce")
    if pd.isna(day):
        raise DataError(f"{value!r} is no date; write it as 2020-01-31")
    return pd.Timestamp(day).normalize()


def _ranges(events: pd.DataFrame, low: int, high: int) -> pd.DataFrame:
    """First and last session needed, by symbol; events on unknown calendars need nothing."""
    frame = pd.DataFrame(
        {
            "symbol": events["symbol"].astype("str").to_numpy(),
            "day0": pd.to_datetime(events["day0"]).astype("datetime64[us]").to_numpy(),
        }
    )
    frame["exchange"] = frame["symbol"].str.split(".").str[-1]
    frame = frame.loc[frame["exchange"].isin(list(CALENDAR_OF)) & frame["day0"].notna()]
    parts = []
    for exchange, group in frame.groupby("exchange", sort=True):
        sessions = calendar_for(str(exchange)).sessions
        zero = np.searchsorted(sessions.to_numpy(), group["day0"].to_numpy())
        last = len(sessions) - 1
        parts.append(
            group.assign(
                start=sessions[np.clip(zero + low - 1, 0, last)],
                end=sessions[np.clip(zero + high, 0, last)],
            )
        )
    if not parts:
        return pd.DataFrame(columns=["symbol", "exchange", "start", "end", "n_events"])
    return (
        pd.concat(parts)
        .groupby("symbol", sort=True)
        .agg(
            exchange=("exchange", "first"),
            start=("start", "min"),
            end=("end", "max"),
            n_events=("day0", "size"),
        )
        .reset_index()
    )


def _benchmark_ranges(
    ranges: pd.DataFrame, benchmarks: Iterable[str] | None
) -> list[tuple[str, tuple[pd.Timestamp, pd.Timestamp, int]]]:
    if benchmarks is None:
        market = ranges["exchange"].map(_BENCHMARKS)
        named = {s: ranges.loc[market == s] for s in sorted(market.dropna().unique())}
    else:
        named = {}
        for text in benchmarks:
            security = parse_symbol(text)
            mine = CALENDAR_OF.get(security.exchange)
            same = ranges["exchange"].map(CALENDAR_OF) == mine
            named[security.symbol] = ranges.loc[same]
    return [
        (symbol, (rows["start"].min(), rows["end"].max(), int(rows["n_events"].sum())))
        for symbol, rows in named.items()
        if len(rows)
    ]


def _frame(
    rows: list[tuple[str, str, pd.Timestamp, pd.Timestamp, int, str]],
) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["symbol", "kind", "start", "end", "n_events", "role"])
    return frame.astype(
        {
            "symbol": "str",
            "kind": "str",
            "start": "datetime64[us]",
            "end": "datetime64[us]",
            "n_events": "int64",
            "role": "str",
        }
    )[list(PLAN_COLUMNS)]
