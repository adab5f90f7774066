"""The table of daily price limits, ``price_limits.toml``, and what a limit is in money."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mentionstudy.data.market.ticks import round_half_up
from mentionstudy.data.securities import MAINLAND, Security

Status = Literal["normal", "st", "delisting"]


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
    >>> from mentionstudy.data.securities import parse_symbol
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
            and security.exchange in MAINLAND
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
