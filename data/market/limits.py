"""Daily price limits: which was in force, what it meant in money, and who ran into it.

A close at the limit hides the rest of the reaction, which spills into the next sessions. The rules
are data with their sources, ``price_limits.toml``; this module only applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.market.flags import FLAG_COLUMNS
from mentionstudy.data.market.limit_rules import (
    LimitRule,
    Status,
    limit_prices,
    limit_rules,
    price_limit,
)
from mentionstudy.data.market.returns import ReturnsPanel
from mentionstudy.data.market.special import EVERYTHING_UNKNOWN, SpecialTreatment
from mentionstudy.data.market.ticks import tick_size
from mentionstudy.data.market.usable import numbers
from mentionstudy.data.securities import MAINLAND, Security, parse_symbol

__all__ = ["flag_price_limits", "limit_prices", "limit_rules", "price_limit"]

PRICES: Final = ("open", "high", "low", "close")
_LEAST: Final = 0.05  # no limit has ever been smaller
_ST_LIMIT: Final = 0.05
_ST_SESSIONS: Final = 60
_ST_HITS: Final = 3
_NO_LIMIT_LEAVING: Final = pd.Timestamp("2020-12-31")
_WIDE_FUNDS_FROM: Final = pd.Timestamp("2020-08-21")
_WIDE_FUND: Final = 0.2


def flag_price_limits(
    panel: ReturnsPanel,
    bars: pd.DataFrame,
    *,
    st: SpecialTreatment | None = None,
    listed: Mapping[str, date] | None = None,
) -> ReturnsPanel:
    """Add the flags of price limits, and of moves that no limit allows, to a panel.

    Parameters
    ----------
    panel
        The returns of `bars`.
    bars
        Raw bars: ``symbol, date, close`` and optionally ``open, high, low``.
    st
        When shares were under special treatment. Where it is not known, the 5 % limit of
        main-board ST shares is inferred from prices: three closes exactly at 5 % and no move
        beyond within sixty traded sessions. One or two such closes are flagged ``st_unknown``.
    listed
        First trading day by symbol, for the days without a limit after a listing.

    Returns
    -------
    ReturnsPanel
        With further rows in ``flags``: ``limit_up_close``, ``limit_up_locked`` (one price all
        day), ``limit_up_touched`` and the same for down; ``new_listing`` for days on which no
        limit can be told; ``suspect_corporate_action`` for a close beyond the limit without a
        corporate action in the factors, which mostly means that one is missing.
    """
    frame = _near_a_limit(panel, bars, listed or {})
    if frame.empty:
        return panel
    frame["limit"] = _limits(frame, st or EVERYTHING_UNKNOWN)
    frame = frame.loc[frame["limit"].notna()]
    rows = frame.loc[~frame["new"] & ~frame["first_leaving"]]
    up, down = limit_prices(
        rows["reference"].to_numpy(), rows["limit"].to_numpy(), rows["tick"].to_numpy()
    )
    ex = panel.flags.loc[panel.flags["flag"] == "ex_date", ["symbol", "date"]]
    on_ex = pd.MultiIndex.from_frame(rows[["symbol", "date"]]).isin(pd.MultiIndex.from_frame(ex))
    parts = [panel.flags]
    for side, bound, edge, sign in (("up", up, "high", 1.0), ("down", down, "low", -1.0)):
        parts += _side_flags(rows, side, bound, edge, sign, on_ex)
    new = frame.loc[frame["new"]]
    parts.append(_flags(new, "new_listing", ["no limit can be told"] * len(new)))
    leaving = frame.loc[frame["first_leaving"] & ~frame["new"]]
    parts.append(_flags(leaving, "delisting_period", ["no limit on its first day"] * len(leaving)))
    unsure = rows.loc[rows["unsure"]]
    parts.append(_flags(unsure, "st_unknown", ["a close or a high or low at 5 %"] * len(unsure)))
    flags = pd.concat(parts, ignore_index=True)
    flags = flags.sort_values(["symbol", "date"], kind="stable", ignore_index=True)
    return replace(panel, flags=flags)


def _side_flags(
    rows: pd.DataFrame,
    side: str,
    bound: NDArray[np.float64],
    edge: str,
    sign: float,
    on_ex: NDArray[np.bool_],
) -> list[pd.DataFrame]:
    """Return the flags of one side; of locked, closed and touched only the strongest."""
    half = rows["tick"].to_numpy() / 2
    reach = {c: sign * (rows[c].to_numpy() - bound) for c in ("open", "high", "low", "close")}
    beyond = (reach["close"] > half) & ~on_ex
    closed = np.abs(reach["close"]) <= half
    locked = closed & np.all([np.abs(reach[c]) <= half for c in ("open", "high", "low")], axis=0)
    touched = (reach[edge] >= -half) & ~closed & ~beyond
    out = []
    for flag, which in (
        (f"limit_{side}_locked", locked),
        (f"limit_{side}_close", closed & ~locked),
        (f"limit_{side}_touched", touched),
        ("suspect_corporate_action", beyond),
    ):
        mine = rows.loc[which]
        text = [
            f"{100 * limit:g} % limit {price:.3f}".rstrip("0").rstrip(".")
            + (" (ST inferred from prices)" if inferred else "")
            for limit, price, inferred in zip(
                mine["limit"], bound[which], mine["inferred"], strict=True
            )
        ]
        out.append(_flags(mine, flag, text))
    return out


def _flags(rows: pd.DataFrame, flag: str, detail: list[str]) -> pd.DataFrame:
    out = pd.DataFrame(
        {
            "symbol": rows["symbol"].astype("str"),
            "date": rows["date"],
            "flag": pd.Series(flag, index=rows.index, dtype="str"),
            "detail": pd.Series(detail, index=rows.index, dtype="str"),
        }
    )
    return out[list(FLAG_COLUMNS)]


def _near_a_limit(
    panel: ReturnsPanel, bars: pd.DataFrame, listed: Mapping[str, date]
) -> pd.DataFrame:
    """Return the few bars of mainland shares that can have reached a limit, and new listings.

    Columns: ``symbol, date, open, high, low, close, reference, tick, board, nth, new``, where
    `nth` counts the traded sessions of a symbol. The rest, nearly all, need no second look.
    """
    codes, names = pd.factorize(bars["symbol"])
    known = [_security(str(name)) for name in names]
    column = panel.returns.columns.get_indexer(pd.Index([str(n) for n in names]))
    column[[k is None for k in known]] = -1
    day_codes, days = pd.factorize(pd.to_datetime(bars["date"]))
    row = panel.returns.index.get_indexer(pd.DatetimeIndex(days))[day_codes]
    at = np.flatnonzero((column[codes] >= 0) & (row >= 0))
    at = at[np.lexsort((row[at], codes[at]))]
    move = panel.returns.to_numpy()[row[at], column[codes[at]]]
    at, move = at[np.isfinite(move)], move[np.isfinite(move)]
    if not len(at):
        return pd.DataFrame()
    code = codes[at]
    starts = np.append(True, code[1:] != code[:-1])
    nth = np.arange(len(at)) - np.flatnonzero(starts)[np.cumsum(starts) - 1]
    price = {c: numbers(bars, c)[at] for c in ("open", "high", "low", "close") if c in bars}
    close = price["close"]
    tick = np.array([tick_size(str(name)) for name in names])[code]
    reference = close / (1 + move)
    high = np.fmax(price.get("high", close), close)
    low = np.fmin(price.get("low", close), close)
    new = _new_listing(known, code, row[at], pd.DatetimeIndex(panel.returns.index), listed)
    near = (high >= reference * (1 + _LEAST) - tick) | (low <= reference * (1 - _LEAST) + tick)
    pick = near | new
    frame = pd.DataFrame({c: price.get(c, np.full(len(at), np.nan)) for c in PRICES})[pick]
    text = np.array([str(n) for n in names], dtype=object)
    boards = np.array([k.board if k else "" for k in known], dtype=object)
    found: pd.DataFrame = frame.assign(
        symbol=pd.array(text[code[pick]], dtype="str"),
        date=panel.returns.index[row[at][pick]],
        reference=reference[pick],
        tick=tick[pick],
        board=boards[code[pick]],
        nth=nth[pick],
        new=new[pick],
    )
    return found.reset_index(drop=True)


def _security(symbol: str) -> Security | None:
    try:
        found = parse_symbol(symbol)
    except SymbolError:
        return None
    limited = found.tradable or found.kind == "fund"
    return found if limited and found.exchange in MAINLAND else None


def _limits(frame: pd.DataFrame, st: SpecialTreatment) -> pd.Series[float]:
    """Return the limit in force on each row, and fill in how far the status is known.

    Columns ``inferred`` (ST by the prices), ``unsure`` (may have been at the limit of an ST
    share) and ``first_leaving`` (first day of a delisting period, without a limit).
    """
    symbol, day = frame["symbol"], frame["date"]
    normal, special = _by_rule(frame, "normal"), _by_rule(frame, "st")
    differs = ((normal != special) & special.notna()).to_numpy()
    known = st.known(symbol, day)
    hits = _hits_of_st(frame)
    frame["inferred"] = differs & ~known & (hits >= _ST_HITS)
    frame["unsure"] = differs & ~known & _at_five_percent(frame) & (hits > 0) & (hits < _ST_HITS)
    leaving = st.under(symbol, day, "delisting")
    begun = st.starts(symbol, day, "delisting")
    # the first session on or after that day; a halt before the period leaves no other session
    frame["first_leaving"] = leaving & (day >= _NO_LIMIT_LEAVING) & _first_of(frame, begun)
    limit = normal.mask(differs & (st.under(symbol, day, "st") | frame["inferred"]), special)
    last_weeks = _by_rule(frame, "delisting")
    limit = limit.mask(leaving & last_weeks.notna(), last_weeks)
    return limit.where(~_is_wide_fund(frame, limit), _WIDE_FUND)


def _first_of(frame: pd.DataFrame, begun: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Say which rows are on the first session on or after a day."""
    days = calendar_for("SH").sessions.to_numpy().astype("datetime64[us]")
    known = ~np.isnat(begun)
    first = np.full(len(frame), np.datetime64("NaT", "us"))
    at = np.searchsorted(days, begun[known])
    first[known] = days[np.minimum(at, len(days) - 1)]
    return np.asarray(frame["date"].to_numpy().astype("datetime64[us]") == first)


def _is_wide_fund(frame: pd.DataFrame, limit: pd.Series[float]) -> NDArray[np.bool_]:
    """Say which rows are of funds that moved more than the ordinary limit of funds allows.

    A fund of STAR or ChiNext shares has 20 %, and its code does not tell what it holds.
    """
    fund = ((frame["board"] == "fund") & (frame["date"] >= _WIDE_FUNDS_FROM)).to_numpy()
    if not fund.any():
        return fund
    up, down = limit_prices(
        frame["reference"].to_numpy(),
        np.asarray(limit.fillna(0.1), dtype=np.float64),
        frame["tick"].to_numpy(),
    )
    half = frame["tick"].to_numpy() / 2
    high = frame[["high", "close"]].max(axis=1).to_numpy()
    low = frame[["low", "close"]].min(axis=1).to_numpy()
    return np.asarray(fund & ((high > up + half) | (low < down - half)))


def _by_rule(frame: pd.DataFrame, status: Status) -> pd.Series[float]:
    limit = pd.Series(np.nan, index=frame.index)
    for rule in limit_rules()[0]:
        if rule.status in {status, "any"}:
            limit[_in_force(frame, rule)] = rule.limit
    return limit


def _in_force(frame: pd.DataFrame, rule: LimitRule) -> pd.Series[bool]:
    last = pd.Timestamp(min(rule.last, date(2200, 1, 1)))
    return (frame["board"] == rule.board) & frame["date"].between(pd.Timestamp(rule.first), last)


def _at_five_percent(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which rows have a close, a high or a low at the limit of an ST share."""
    up, down = _st_bounds(frame)
    half = frame["tick"].to_numpy() / 2
    at = np.zeros(len(frame), dtype=bool)
    for column, bound in (("close", up), ("high", up), ("close", down), ("low", down)):
        at |= np.abs(frame[column].to_numpy() - bound) <= half
    return at


def _st_bounds(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tick = frame["tick"].to_numpy()
    return limit_prices(frame["reference"].to_numpy(), np.full(len(frame), _ST_LIMIT), tick)


def _hits_of_st(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Count closes exactly at 5 % in the sessions around; 0 where a close lies beyond.

    Only days near a limit are looked at; no other day can be one or the other.
    """
    tick = frame["tick"].to_numpy()
    up, down = _st_bounds(frame)
    close = frame["close"].to_numpy()
    hit = (np.abs(close - up) <= tick / 2) | (np.abs(close - down) <= tick / 2)
    beyond = (close > up + tick / 2) | (close < down - tick / 2)
    stride = int(frame["nth"].max()) + 4 * _ST_SESSIONS
    place = pd.factorize(frame["symbol"])[0].astype(np.int64) * stride + frame["nth"].to_numpy()

    def around(what: NDArray[np.bool_]) -> NDArray[np.int64]:
        marks = np.sort(place[what])
        last = np.searchsorted(marks, place + _ST_SESSIONS, side="right")
        first = np.searchsorted(marks, place - _ST_SESSIONS, side="left")
        return np.asarray(last - first, dtype=np.int64)

    return np.where(around(beyond) == 0, around(hit), 0)


def _new_listing(
    known: list[Security | None],
    code: NDArray[np.integer],
    row: NDArray[np.integer],
    days: pd.DatetimeIndex,
    listed: Mapping[str, date],
) -> NDArray[np.bool_]:
    """Say which bars are among the first days of a listing, counted in rows of the panel."""
    begin = np.full(len(known), np.iinfo(np.int64).max)
    count = np.zeros(len(known), dtype=np.int64)
    for number, security in enumerate(known):
        first = listed.get(security.symbol) if security else None
        if security is None or first is None or pd.isna(first) or pd.Timestamp(first) < days[0]:
            continue
        begin[number] = days.searchsorted(pd.Timestamp(first))
        on = pd.Timestamp(first).date()
        for rule in limit_rules()[1]:
            if rule.board == security.board and rule.first <= on <= rule.last:
                count[number] = rule.days
    after = row - begin[code]
    return np.asarray((after >= 0) & (after < count[code]))
