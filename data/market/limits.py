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
from mentionstudy.data.securities import Security, parse_symbol

Status = Literal["normal", "st"]

_ST_LIMIT: Final = 0.05
_ST_SESSIONS: Final = 60
_ST_HITS: Final = 3
_HAIR: Final = 1e-6  # far below a tick of 0.001


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


def round_half_up(
    value: NDArray[np.float64], tick: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Round to a multiple of the tick, halves up (Python and numpy round halves to even)."""
    # The hair lifts 0.145 / 0.01 = 14.499999999999998 over the half that it stands for.
    return np.asarray(np.floor(value / tick + 0.5 + _HAIR) * tick, dtype=np.float64)


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
    frame = _traded(panel, bars)
    if frame.empty:
        return panel
    frame["limit"] = _limits(frame, st)
    frame["new"] = _new_listing(frame, listed or {})
    rows = frame.loc[frame["limit"].notna() & ~frame["new"]].copy()
    up, down = limit_prices(
        rows["reference"].to_numpy(), rows["limit"].to_numpy(), rows["tick"].to_numpy()
    )
    ex = panel.flags.loc[panel.flags["flag"] == "ex_date", ["symbol", "date"]]
    on_ex = pd.MultiIndex.from_frame(rows[["symbol", "date"]]).isin(pd.MultiIndex.from_frame(ex))
    parts = [panel.flags]
    for side, bound, edge, sign in (("up", up, "high", 1.0), ("down", down, "low", -1.0)):
        parts += _side_flags(rows, side, bound, edge, sign, on_ex)
    new = frame.loc[frame["new"] & frame["limit"].notna()]
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
    text = [
        f"{100 * limit:g} % limit {price:.3f}".rstrip("0").rstrip(".")
        + (" (ST inferred from prices)" if inferred else "")
        for limit, price, inferred in zip(rows["limit"], bound, rows["inferred"], strict=True)
    ]
    named = np.array(text, dtype=object)
    return [
        _flags(rows.loc[which], flag, list(named[which]))
        for flag, which in (
            (f"limit_{side}_locked", locked),
            (f"limit_{side}_close", closed & ~locked),
            (f"limit_{side}_touched", touched),
            ("suspect_corporate_action", beyond),
        )
    ]


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


def _traded(panel: ReturnsPanel, bars: pd.DataFrame) -> pd.DataFrame:
    """Bars of mainland shares that have a return, with their reference price, board and tick."""
    symbols = bars["symbol"].astype("str")
    known = {s: _security(s) for s in symbols.unique()}
    subject = {s for s, k in known.items() if k is not None}
    mine = symbols.isin(list(subject)).to_numpy()
    frame = pd.DataFrame({"symbol": symbols[mine], "date": pd.to_datetime(bars["date"])[mine]})
    for column in ("open", "high", "low", "close"):
        frame[column] = bars.loc[mine, column] if column in bars else np.nan
    row = panel.returns.index.get_indexer(pd.DatetimeIndex(frame["date"]))
    column_at = panel.returns.columns.get_indexer(pd.Index(frame["symbol"]))
    inside = (row >= 0) & (column_at >= 0)
    frame, row, column_at = frame.loc[inside], row[inside], column_at[inside]
    move = panel.returns.to_numpy()[row, column_at]
    frame = frame.assign(ret=move, reference=frame["close"] / (1 + move))
    frame = frame.loc[np.isfinite(move)].drop_duplicates(["symbol", "date"])
    frame = frame.sort_values(["symbol", "date"], ignore_index=True)
    security = frame["symbol"].map(known)
    mills = {s: k.kind == "b_share" and k.exchange == "SH" for s, k in known.items() if k}
    frame["board"] = [k.board for k in security]
    frame["tick"] = np.where(frame["symbol"].map(mills).astype(bool), 0.001, 0.01)
    traded: pd.DataFrame = frame
    return traded


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
        under = _st_from_prices(frame, differs)
        frame["inferred"] = under
    else:
        under = _st_from_table(frame, st)
        frame["inferred"] = False
    return normal.mask(under & differs, special)


def _by_rule(frame: pd.DataFrame, status: Status) -> pd.Series[float]:
    limit = pd.Series(np.nan, index=frame.index)
    for rule in limit_rules()[0]:
        if rule.status in {status, "any"}:
            limit[_in_force(frame, rule)] = rule.limit
    return limit


def _in_force(frame: pd.DataFrame, rule: LimitRule | ListingRule) -> pd.Series[bool]:
    last = pd.Timestamp(rule.last) if rule.last < date(2200, 1, 1) else pd.Timestamp("2200-01-01")
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


def _st_from_prices(frame: pd.DataFrame, differs: pd.Series[bool]) -> pd.Series[bool]:
    five = np.full(len(frame), _ST_LIMIT)
    reference, tick = frame["reference"].to_numpy(), frame["tick"].to_numpy()
    up, down = limit_prices(reference, five, tick)
    close, half = frame["close"].to_numpy(), tick / 2
    hit = (np.abs(close - up) <= half) | (np.abs(close - down) <= half)
    beyond = (close > up + half) | (close < down - half)
    window = pd.DataFrame({"hit": hit & differs, "beyond": beyond}).astype("float64")
    sums = window.groupby(frame["symbol"], sort=False).rolling(2 * _ST_SESSIONS + 1, 1, center=True)
    total = sums.sum().reset_index(level=0, drop=True).reindex(frame.index)
    return (total["hit"] >= _ST_HITS) & (total["beyond"] == 0) & differs


def _new_listing(frame: pd.DataFrame, listed: Mapping[str, date]) -> pd.Series[bool]:
    """Rows within the first days of a listing; the first of them has no return and no row."""
    new = pd.Series(data=False, index=frame.index)
    first = frame["symbol"].map({s: pd.Timestamp(d) for s, d in listed.items()})
    if first.isna().all():
        return new
    after = frame["date"] > first
    number = after.groupby(frame["symbol"]).cumsum() + 1
    number = number.mask(frame["date"] == first, 1)
    starts = frame.assign(date=first)
    for rule in limit_rules()[1]:
        new |= _in_force(starts, rule) & (number <= rule.days) & (frame["date"] >= first)
    return new
