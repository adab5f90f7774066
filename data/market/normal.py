"""From an upstream's frame to trusted bars: names, units, sessions, and a check of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import CalendarUnknown, NoData
from mentionstudy.data.market.base import (
    FIRST_DAY,
    PRICE_COLUMNS,
    bars_frame,
    factors_frame,
    floats,
)
from mentionstudy.data.market.outcomes import changed_shape

if TYPE_CHECKING:
    from mentionstudy.data.securities import Security

Arrays = dict[str, NDArray[Any]]
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

_EPOCH: Final = date(1970, 1, 1).toordinal()
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
    columns = {c: CHINESE.get(c, c) for c in map(str, raw.columns)} if "date" not in raw else {}
    first = {columns.get(c, c): i for i, c in reversed(list(enumerate(map(str, raw.columns))))}
    missing = [c for c in ("date", "close") if c not in first]
    if missing:
        given = ", ".join(str(c) for c in raw.columns)
        raise changed_shape(source, symbol, f"no column {missing[0]} among {given}")
    days = pd.to_datetime(raw.iloc[:, first["date"]], errors="coerce").to_numpy()
    if unreadable := int(np.isnat(days).sum()):
        raise changed_shape(source, symbol, f"{unreadable} unreadable dates")
    bars: Arrays = {"date": days.astype("datetime64[D]").view(np.int64)} | {
        c: floats(raw.iloc[:, first[c]]) if c in first else np.full(len(raw), np.nan)
        for c in PRICE_COLUMNS
    }
    bars = _sessions_only(bars, security, source, window)
    bars = _unique(_traded_only(bars, source, symbol), source, symbol)
    _check_order(bars, source, symbol)
    bars = _take(
        bars, (bars["date"] >= _number(window.start)) & (bars["date"] <= _number(window.end))
    )
    if not len(bars["date"]):
        raise NoData(
            source, symbol, f"it has no bars from {window.start} to {window.end} (not listed then?)"
        )
    bars["volume"] = shares(bars, security, unit)
    frame = pd.DataFrame(bars | {"date": bars["date"].astype("datetime64[D]")})
    return bars_frame(frame, symbol, source, window.now)


def _number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH


def _take(bars: Arrays, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Arrays:
    return {name: values[keep] for name, values in bars.items()}


def _day(number: int) -> str:
    return str(np.datetime64(int(number), "D"))


def _sessions_only(bars: Arrays, security: Security, source: str, window: Window) -> Arrays:
    """Leave out days without trading, and sessions that are not settled yet."""
    calendar = calendar_for(security.exchange)
    sessions = calendar.sessions.to_numpy().astype("datetime64[D]").view(np.int64)
    last = _number(last_complete_session(security.exchange, window.now))
    day = bars["date"]
    known = (day >= sessions[0]) & (day <= last)
    at = np.minimum(np.searchsorted(sessions, day), len(sessions) - 1)
    session = sessions[at] == day
    inside = known & (day >= _number(window.start)) & (day <= _number(window.end))
    foreign = int((inside & ~session).sum())
    if foreign > _MAX_FOREIGN_SHARE * max(int(inside.sum()), 1):
        raise changed_shape(
            source, security.symbol, f"{foreign} of {len(day)} rows are on days without trading"
        )
    return _take(bars, known & session)


def _traded_only(bars: Arrays, source: str, symbol: str) -> Arrays:
    """Leave out placeholders without a price; negative or impossible prices are an error."""
    prices = np.stack([bars[c] for c in ("open", "high", "low", "close")])
    wrong = ((prices < 0) | (prices == np.inf)).any(axis=0)
    if wrong.any():
        day = _day(bars["date"][wrong][0])
        raise changed_shape(source, symbol, f"an impossible price on {day}")
    priced = bars["close"] > 0
    sold = ~priced & (bars["volume"] > 0)
    if sold.any():
        raise changed_shape(
            source, symbol, f"volume without a price on {_day(bars['date'][sold][0])}"
        )
    out = _take(bars, priced)
    for column in ("open", "high", "low"):
        out[column] = np.where(out[column] > 0, out[column], np.nan)
    return out


def _unique(bars: Arrays, source: str, symbol: str) -> Arrays:
    """Ascending dates, one bar each; two different bars of a day are an error."""
    day = bars["date"]
    if (np.diff(day) <= 0).any():
        bars = _take(bars, np.argsort(day, kind="stable"))
        day = bars["date"]
    again = np.append(False, day[1:] == day[:-1])
    if not again.any():
        return bars
    other = again & (bars["close"] != np.append(np.nan, bars["close"][:-1]))
    if other.any():
        raise changed_shape(source, symbol, f"two different bars of {_day(day[other][0])}")
    return _take(bars, ~again)


def _check_order(bars: Arrays, source: str, symbol: str) -> None:
    """Columns in another order show as highs below lows on most days."""
    slack = 1e-6 + 0.001 * bars["close"]
    top = np.fmax(bars["open"], bars["close"])
    bottom = np.fmin(bars["open"], bars["close"])
    odd = (bars["high"] < top - slack) | (bars["low"] > bottom + slack)
    if len(odd) and odd.mean() > _MAX_ODD_SHARE:
        raise changed_shape(
            source,
            symbol,
            f"{int(odd.sum())} bars such as {_day(bars['date'][odd][0])} have high below low",
        )


def shares(bars: Mapping[str, NDArray[Any]], security: Security, unit: VolumeUnit) -> NDArray[Any]:
    """Return the volume in shares: amount / volume must be a price near the close.

    Of the upstreams some count lots of 100 (手), and akshare converts only some of them.

    Parameters
    ----------
    bars
        Arrays ``close, volume, amount`` of one length.
    security
        An index has no such price: there the unit is believed.
    unit
        What the volume is said to be counted in; decides where the amount is missing.
    """
    volume = bars["volume"]
    lots = volume * _LOT if unit == "lot" else volume
    if security.kind == "index":
        return lots
    with np.errstate(divide="ignore", invalid="ignore"):  # no volume, no price
        ratio = bars["amount"] / volume / bars["close"]
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    if not len(ratio):
        return lots
    middle = float(np.median(ratio))
    if 30.0 <= middle <= 300.0:
        return volume * _LOT
    if 0.003 <= middle <= 0.03:
        return volume / _LOT
    if 0.3 <= middle <= 3.0:
        return volume
    return np.full(len(volume), np.nan)  # neither shares nor lots: better none than a wrong one


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
