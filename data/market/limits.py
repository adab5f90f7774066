"""Daily price limits: which was in force, what it meant in money, and who ran into it.

A close at the limit hides the rest of the reaction, which spills into the next sessions. The rules
are data with their sources, ``price_limits.toml``; this module only applies them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.market.flags import FLAG_COLUMNS
from mentionstudy.data.market.returns import ReturnsPanel
from mentionstudy.data.market.ticks import round_half_up, tick_size
from mentionstudy.data.market.usable import numbers
from mentionstudy.data.securities import Security, parse_symbol

Status = Literal["normal", "st"]

PRICES: Final = ("open", "high", "low", "close")
_LEAST: Final = 0.05  # no limit has ever been smaller
_ST_LIMIT: Final = 0.05
_ST_SESSIONS: Final = 60
_ST_HITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """One line of the table of limits.

    Attributes
    ----------
    board, status : str
        Whom it is for.
    first, last : datetime.date
        When it holds, both included.
    limit : float
        Share of the reference price; 0.1 is 10 %.
    source : str
        Where the exchange says so.
    """

    board: str
    status: str
    first: date
    last: date
    limit: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRule:
    """For how many trading days from the listing no limit can be told from the bars."""

    board: str
    first: date
    last: date
    days: int
    source: str


@cache
def limit_rules() -> tuple[tuple[LimitRule, ...], tuple[ListingRule, ...]]:
    """Return the rules for limits and for new listings."""
    text = (files("mentionstudy.data") / "price_limits.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    limits = tuple(
        LimitRule(
            board=row["board"],
            status=row["status"],
            first=row["from"],
            last=row.get("until", date.max),
            limit=row["limit"],
            source=row["source"],
        )
        for row in table["limit"]
    )
    listings = tuple(
        ListingRule(
            board=row["board"],
            first=row["from"],
            last=row.get("until", date.max),
            days=row["days"],
            source=row["source"],
        )
        for row in table["new_listing"]
    )
    return limits, listings


def price_limit(security: Security, day: date, *, st: bool = False) -> float | None:
    """Return the daily limit in force as a share of the reference price; None if there is none.

    Parameters
    ----------
    security
        Of any exchange; outside the mainland there is no daily limit.
    day
        A trading day that is not among the first of a new listing.
    st
        Whether the share is under special treatment (ST, *ST) on that day.

    Examples
    --------
    >>> price_limit(parse_symbol("300750.SZ"), date(2020, 8, 21))
    0.1
    >>> price_limit(parse_symbol("300750.SZ"), date(2020, 8, 24))
    0.2
    """
    status = "st" if st else "normal"
    for rule in limit_rules()[0]:
        if (
            rule.board == security.board
            and rule.status in {status, "any"}
            and rule.first <= day <= rule.last
            and security.exchange in {"SH", "SZ", "BJ"}
        ):
            return rule.limit
    return None


def limit_prices(
    reference: NDArray[np.float64],
    limit: NDArray[np.float64],
    tick: NDArray[np.float64] | float = 0.01,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest and the lowest price of the day.

    Both are rounded half up to the tick, as the exchanges do; where that is the reference itself,
    the limit is one tick away.

    Parameters
    ----------
    reference, limit, tick
        Reference price, limit as a share, tick size; of one shape or broadcast.
    """
    reference = round_half_up(reference, tick)
    up = round_half_up(reference * (1 + limit), tick)
    down = round_half_up(reference * (1 - limit), tick)
    up = np.where(up <= reference, reference + tick, up)
    down = np.where(down >= reference, reference - tick, down)
    return up, np.maximum(down, tick)


def flag_price_limits(
    panel: ReturnsPanel,
    bars: pd.DataFrame,
    *,
    st: pd.DataFrame | None = None,
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
        When a share was under special treatment: ``symbol, start, end``, both included; an open
        end is NaT. Without it the 5 % limit of main-board ST shares is inferred from prices:
        three closes exactly at 5 % and no move beyond within sixty traded sessions.
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
    frame["limit"] = _limits(frame, st)
    frame = frame.loc[frame["limit"].notna()]
    rows = frame.loc[~frame["new"]]
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
    mainland = found.exchange in {"SH", "SZ", "BJ"} and found.tradable
    return found if mainland else None


def _limits(frame: pd.DataFrame, st: pd.DataFrame | None) -> pd.Series[float]:
    """Return the limit in force on each row; notes in `inferred` where ST was inferred."""
    normal = _by_rule(frame, "normal")
    special = _by_rule(frame, "st")
    differs = (normal != special) & special.notna()
    if st is None:
        under = _st_from_prices(frame) & differs
        frame["inferred"] = under
    else:
        under = _st_from_table(frame, st) & differs
        frame["inferred"] = False
    return normal.mask(under, special)


def _by_rule(frame: pd.DataFrame, status: Status) -> pd.Series[float]:
    limit = pd.Series(np.nan, index=frame.index)
    for rule in limit_rules()[0]:
        if rule.status in {status, "any"}:
            limit[_in_force(frame, rule)] = rule.limit
    return limit


def _in_force(frame: pd.DataFrame, rule: LimitRule) -> pd.Series[bool]:
    last = pd.Timestamp(min(rule.last, date(2200, 1, 1)))
    return (frame["board"] == rule.board) & frame["date"].between(pd.Timestamp(rule.first), last)


def _st_from_table(frame: pd.DataFrame, st: pd.DataFrame) -> pd.Series[bool]:
    under = pd.Series(data=False, index=frame.index)
    rows = zip(st["symbol"].tolist(), st["start"].tolist(), st["end"].tolist(), strict=True)
    for symbol, start, end in rows:
        mine = (frame["symbol"] == symbol) & (frame["date"] >= pd.Timestamp(start))
        if not pd.isna(end):
            mine &= frame["date"] <= pd.Timestamp(end)
        under |= mine
    return under


def _st_from_prices(frame: pd.DataFrame) -> pd.Series[bool]:
    """Guess special treatment: closes exactly at 5 %, and none beyond, in the sessions around.

    Only days near a limit are looked at; no other day can be one or the other.
    """
    tick = frame["tick"].to_numpy()
    up, down = limit_prices(frame["reference"].to_numpy(), np.full(len(frame), _ST_LIMIT), tick)
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

    return pd.Series((around(hit) >= _ST_HITS) & (around(beyond) == 0), index=frame.index)


def _new_listing(
    known: list[Security | None],
    code: NDArray[np.integer],
    row: NDArray[np.integer],
    days: pd.DatetimeIndex,
    listed: Mapping[str, date],
) -> NDArray[np.bool_]:
    """Say which bars are among the first days of a listing, counted in rows of the panel."""
    new = np.zeros(len(code), dtype=bool)
    for number, security in enumerate(known):
        first = listed.get(security.symbol) if security else None
        if security is None or first is None:
            continue
        begin = int(days.searchsorted(pd.Timestamp(first)))
        for rule in limit_rules()[1]:
            if rule.board == security.board and rule.first <= first <= rule.last:
                new |= (code == number) & (row >= begin) & (row < begin + rule.days)
    return new
