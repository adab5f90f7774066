"""Shares in Beijing whose code became 920xxx in 2025, and what their old codes are today.

Upstreams know the new codes only, while articles before that year print the old ones. A part of the
pairs is a table, ``beijing_codes.csv``. For the others there is the rule by which the exchange gave
the new codes: 920 and the last three digits, moved on where these were taken. It is an inference,
used only where the list of Beijing's shares confirms it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

if TYPE_CHECKING:
    from mentionstudy.data.master.model import Master

Basis = Literal["table", "inferred", "unknown"]

RENUMBERED_COLUMNS: Final = ("symbol", "current", "since", "basis", "reason")
OLD_BEIJING: Final = re.compile(r"(?:43|8[2378])[0-9]{4}\.BJ")
_ALL_SINCE: Final = date(2025, 10, 9)
_NEW_LISTINGS_SINCE: Final = pd.Timestamp("2024-04-22")  # from then on new shares began at 920
_REFRESH: Final = "`mentionstudy securities --refresh` reads the list of Beijing's shares"


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A share whose code has changed.

    Attributes
    ----------
    symbol, current : str
        The old symbol, and that of today; the same where it is not known.
    since : datetime.date
        First day of the new code.
    basis : str
        ``table``, ``inferred`` or ``unknown``.
    reason : str
        The same in a sentence.
    """

    symbol: str
    current: str
    since: date
    basis: Basis
    reason: str


@lru_cache(maxsize=1)
def published_codes() -> Mapping[str, tuple[str, date]]:
    """Return new symbol and first day by old symbol, as far as the table goes."""
    text = files("mentionstudy.data.master").joinpath("beijing_codes.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        f"{row['old']}.BJ": (f"{row['new']}.BJ", date.fromisoformat(row["since"])) for row in rows
    }


def current_codes(symbols: Iterable[str], master: Master) -> dict[str, Renumbered]:
    """Say what the old codes among symbols are today.

    Parameters
    ----------
    symbols
        Canonical symbols; those that are no old code of Beijing are left out of the answer.
    master
        The securities that are known; confirms what is inferred.

    Returns
    -------
    dict
        By old symbol.
    """
    old = sorted({s for s in symbols if OLD_BEIJING.fullmatch(s)})
    if not old:
        return {}
    rows = master.securities
    listed = {
        str(symbol): (str(name), pd.Timestamp(day))
        for symbol, name, day in zip(rows["symbol"], rows["name"], rows["listed_on"], strict=True)
    }
    return {symbol: _current(symbol, old, listed) for symbol in old}


def renumbered(frame: pd.DataFrame, codes: Mapping[str, Renumbered]) -> pd.DataFrame:
    """Return rows with today's symbols in place of old ones."""
    known = {old: code.current for old, code in codes.items() if code.current != old}
    if not known:
        return frame
    return frame.assign(symbol=frame["symbol"].astype("str").replace(known))


_Listed = Mapping[str, tuple[str, pd.Timestamp]]
"""Short name and day of listing by symbol."""


def _current(symbol: str, asked: list[str], listed: _Listed) -> Renumbered:
    if symbol in published_codes():
        new, since = published_codes()[symbol]
        return Renumbered(symbol, new, since, "table", f"{symbol} is {new} since {since}")
    new = f"920{symbol[3:6]}.BJ"
    if why := _doubt(symbol, new, asked, listed):
        text = (
            f"{symbol} has had another code, 920xxx, since {_ALL_SINCE} at the latest; "
            f"which is not known: {why}"
        )
        return Renumbered(symbol, symbol, _ALL_SINCE, "unknown", text)
    text = (
        f"{symbol} is taken for {new} since {_ALL_SINCE} (inferred: the last three digits, and "
        f"{new} was listed on {listed[new][1]:%Y-%m-%d}, before codes began at 920)"
    )
    return Renumbered(symbol, new, _ALL_SINCE, "inferred", text)


def _doubt(symbol: str, new: str, asked: list[str], listed: _Listed) -> str:
    """Return why the rule cannot be used, or an empty text."""
    if new not in listed or pd.isna(listed[new][1]):
        return f"no list confirms {new}; {_REFRESH}"
    if listed[new][1] >= _NEW_LISTINGS_SINCE:
        return f"{new} is a share that was listed under this code"
    if taken := [old for old, (code, _) in published_codes().items() if code == new]:
        return f"{new} was {taken[0]}"
    if rival := [s for s in asked if s != symbol and s[3:6] == symbol[3:6]]:
        return f"{rival[0]} ends in the same digits"
    names = [listed[s][0] for s in (symbol, new) if s in listed]
    if len(names) == 2 and all(names) and names[0] != names[1]:
        return f"{symbol} was {names[0]}, and {new} is {names[1]}"
    return ""
