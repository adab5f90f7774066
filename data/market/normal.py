"""From an upstream's frame to trusted bars: names, units, sessions, and a check of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import CalendarUnknown, NoData
from mentionstudy.data.market.base import FIRST_DAY, bars_frame, factors_frame
from mentionstudy.data.market.outcomes import changed_shape

if TYPE_CHECKING:
    from mentionstudy.data.securities import Security

VolumeUnit = Literal["share", "lot", "unknown"]

CHINESE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "日期": "date",
        "开盘": "open",
        "今开": "open",
        "最高": "high",
        "最低": "low",
        "收盘": "close",
        "最新价": "close",
        "latest": "close",
        "成交量": "volume",
        "成交额": "amount",
    }
)
"""Column names of akshare's frames."""

SETTLING: Final = timedelta(minutes=30)
"""How long after the close a bar of the same day may still change."""

_LOT: Final = 100
_MAX_ODD_SHARE: Final = 0.01
_MAX_FOREIGN_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The sessions that a request is about.

    Attributes
    ----------
    start, end : datetime.date
        As asked, both included.
    now : datetime.datetime
        Time zone aware; bars of sessions that are not settled by then are left out.
    """

    start: date
    end: date
    now: datetime

    @classmethod
    def of(cls, start: date, end: date, now: datetime | None = None) -> Window:
        """Return the window as seen now."""
        return cls(start=start, end=end, now=now or datetime.now(UTC))


def last_complete_session(exchange: str, now: datetime) -> date:
    """Return the last session whose bar is final: its close is half an hour past.

    Raises
    ------
    CalendarUnknown
        If the calendar of the exchange does not reach back to `now`.
    """
    calendar = calendar_for(exchange)
    closes = calendar.closes_utc
    settled = pd.Timestamp(now - SETTLING).tz_convert("UTC").as_unit("us")
    count = int(closes.searchsorted(settled, side="right"))
    if count == 0:
        raise CalendarUnknown(f"no session of {exchange} is complete at {now:%Y-%m-%d}")
    return calendar.sessions[count - 1].date()


def normal_bars(
    raw: pd.DataFrame, security: Security, source: str, window: Window, unit: VolumeUnit
) -> pd.DataFrame:
    """Turn an upstream's frame into the bars of the window, or say what is wrong with it.

    Parameters
    ----------
    raw
        As the upstream function returned it, not empty.
    security, source
        For the rows and the messages.
    window
        Rows outside it, of days that are no session and of unsettled sessions are left out.
    unit
        What the upstream is said to count volume in; the bars' own amount overrules it.

    Raises
    ------
    SourceSchemaChanged
        If columns are missing, dates or prices cannot be read, two bars of one day differ, or
        most rows contradict the calendar or each other.
    NoData
        If nothing is left in the window.
    """
    symbol = security.symbol
    frame = raw.rename(columns=dict(CHINESE)) if "date" not in raw.columns else raw
    frame = frame.loc[:, ~frame.columns.duplicated()]
    missing = [c for c in ("date", "close") if c not in frame.columns]
    if missing:
        given = ", ".join(str(c) for c in raw.columns)
        raise changed_shape(source, symbol, f"no column {missing[0]} among {given}")
    frame = frame.assign(date=pd.to_datetime(frame["date"], errors="coerce"))
    if frame["date"].isna().any():
        raise changed_shape(source, symbol, f"{int(frame['date'].isna().sum())} unreadable dates")
    bars = bars_frame(frame, symbol, source, window.now)
    bars = _sessions_only(bars, security, source, window)
    bars = _traded_only(bars, source, symbol)
    bars = _unique(bars, source, symbol)
    _check_order(bars, source, symbol)
    inside = bars["date"].between(pd.Timestamp(window.start), pd.Timestamp(window.end))
    bars = bars.loc[inside].reset_index(drop=True)
    if bars.empty:
        raise NoData(
            source, symbol, f"it has no bars from {window.start} to {window.end} (not listed then?)"
        )
    return in_shares(bars, security, unit)


def _sessions_only(
    bars: pd.DataFrame, security: Security, source: str, window: Window
) -> pd.DataFrame:
    calendar = calendar_for(security.exchange)
    last = pd.Timestamp(last_complete_session(security.exchange, window.now))
    known = bars["date"].between(calendar.first_session, last)
    session = bars["date"].isin(calendar.sessions)
    inside = bars["date"].between(pd.Timestamp(window.start), pd.Timestamp(window.end))
    foreign = int((known & inside & ~session).sum())
    if foreign > _MAX_FOREIGN_SHARE * max(int((known & inside).sum()), 1):
        raise changed_shape(
            source, security.symbol, f"{foreign} of {len(bars)} rows are on days without trading"
        )
    return bars.loc[known & session]


def _traded_only(bars: pd.DataFrame, source: str, symbol: str) -> pd.DataFrame:
    """Leave out placeholders without a price; negative or impossible prices are an error."""
    prices = bars[["open", "high", "low", "close"]]
    if ((prices < 0) | (prices == np.inf)).any(axis=None):
        row = bars.loc[((prices < 0) | (prices == np.inf)).any(axis=1)].iloc[0]
        raise changed_shape(source, symbol, f"an impossible price on {row['date']:%Y-%m-%d}")
    priced = bars["close"] > 0
    sold = bars.loc[~priced & (bars["volume"] > 0)]
    if len(sold):
        day = sold["date"].iloc[0]
        raise changed_shape(source, symbol, f"volume without a price on {day:%Y-%m-%d}")
    out = bars.loc[priced].copy()
    for column in ("open", "high", "low"):
        out[column] = out[column].where(out[column] > 0)
    return out


def _unique(bars: pd.DataFrame, source: str, symbol: str) -> pd.DataFrame:
    twice = bars["date"].duplicated(keep=False)
    if not twice.any():
        return bars
    close = bars.loc[twice].groupby("date")["close"].nunique()
    if (close > 1).any():
        day = close.index[close > 1][0]
        raise changed_shape(source, symbol, f"two different bars of {day:%Y-%m-%d}")
    return bars.drop_duplicates("date")


def _check_order(bars: pd.DataFrame, source: str, symbol: str) -> None:
    """Columns in another order show as highs below lows on most days."""
    slack = 1e-6 + 0.001 * bars["close"]
    top = bars[["open", "close"]].max(axis=1)
    bottom = bars[["open", "close"]].min(axis=1)
    odd = (bars["high"] < top - slack) | (bars["low"] > bottom + slack)
    if len(bars) and odd.mean() > _MAX_ODD_SHARE:
        day = bars.loc[odd, "date"].iloc[0]
        raise changed_shape(
            source, symbol, f"{int(odd.sum())} bars such as {day:%Y-%m-%d} have high below low"
        )


def in_shares(bars: pd.DataFrame, security: Security, unit: VolumeUnit) -> pd.DataFrame:
    """Volume in shares: amount / volume must be a price near the close.

    Of the upstreams some count lots of 100 (手), and akshare converts only some of them.
    """
    bars = bars.copy()
    if security.kind == "index":
        if unit == "lot":
            bars["volume"] *= _LOT
        return bars
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (bars["amount"] / bars["volume"] / bars["close"]).replace([np.inf, -np.inf], np.nan)
    middle = ratio[ratio > 0].median()
    if np.isnan(middle):
        if unit == "lot":
            bars["volume"] *= _LOT
    elif 30.0 <= middle <= 300.0:
        bars["volume"] *= _LOT
    elif 0.003 <= middle <= 0.03:
        bars["volume"] /= _LOT
    elif not 0.3 <= middle <= 3.0:
        bars["volume"] = np.nan  # neither shares nor lots: better none than a wrong one
    return bars


def normal_factors(
    raw: pd.DataFrame, security: Security, source: str, now: datetime
) -> pd.DataFrame:
    """Turn an upstream's factor table (``date, hfq_factor[, cash]``, texts) into factors.

    Raises
    ------
    SourceSchemaChanged
        If it is no factor table that reaches back to the listing.
    """
    symbol = security.symbol
    if not {"date", "hfq_factor"} <= set(raw.columns):
        given = ", ".join(str(c) for c in raw.columns)
        raise changed_shape(source, symbol, f"no factor table but {given}")
    renamed = raw.rename(columns={"date": "ex_date", "hfq_factor": "factor"})
    dates = pd.to_datetime(renamed["ex_date"], errors="coerce")
    if dates.isna().any():
        raise changed_shape(source, symbol, "an unreadable date in the factor table")
    out = factors_frame(renamed.assign(ex_date=dates), symbol, source, now)
    if not (np.isfinite(out["factor"]) & (out["factor"] > 0)).all():
        raise changed_shape(source, symbol, "a factor that is not a positive number")
    if out["ex_date"].duplicated().any():
        raise changed_shape(source, symbol, "two factors of one day")
    if out.empty or out["ex_date"].iloc[0] > FIRST_DAY:
        raise changed_shape(source, symbol, "the factor table does not reach back to the listing")
    return out
