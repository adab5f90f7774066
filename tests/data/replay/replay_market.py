"""A made-up market with a known truth: bars, corporate actions, halts, and the true returns."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.securities import parse_symbol

FIRST_SESSION = "2019-01-02"


@dataclass(frozen=True)
class Action:
    """A corporate action: cash a share, and shares after for one share before."""

    ex_date: str
    cash: float = 0.0
    ratio: float = 1.0


@dataclass(frozen=True)
class Stock:
    """What happened to one symbol; everything else follows from the symbol's name."""

    symbol: str
    actions: tuple[Action, ...] = ()
    halted: tuple[str, ...] = ()
    listed: str = FIRST_SESSION
    last: str = ""
    base_factor: float = 1.0


@dataclass
class Market:
    """Symbols that exist, and where their series come from."""

    today: str
    stocks: dict[str, Stock] = field(default_factory=dict)

    def add(self, *stocks: Stock | str) -> Market:
        for stock in stocks:
            one = stock if isinstance(stock, Stock) else Stock(stock)
            self.stocks[one.symbol] = one
        return self

    def __contains__(self, symbol: str) -> bool:
        return symbol in self.stocks

    def bars(self, symbol: str) -> pd.DataFrame:
        """True raw bars up to the session of `today`: date, open, high, low, close, volume,
        amount, reference, ret."""
        return _series(self.stocks[symbol], self.today)

    def factors(self, symbol: str) -> pd.DataFrame:
        """The cumulative table as Sina prints it: ex_date, factor, cash; oldest first."""
        stock = self.stocks[symbol]
        frame = self.bars(symbol)
        rows = [("1900-01-01", stock.base_factor, 0.0)]
        hong_kong = symbol.endswith(".HK")
        for action in sorted(stock.actions, key=lambda a: a.ex_date):
            _, factor, cash = rows[-1]
            day = pd.Timestamp(action.ex_date)
            before = frame.loc[frame["date"] < day, "close"]
            at = frame.loc[frame["date"] >= day, "reference"]
            if before.empty or at.empty:
                continue
            if hong_kong:
                rows.append((action.ex_date, factor * action.ratio, cash + factor * action.cash))
            else:
                step = before.iloc[-1] / at.iloc[0]
                rows.append((action.ex_date, factor * step, 0.0))
        return pd.DataFrame(rows, columns=["ex_date", "factor", "cash"])


@lru_cache(maxsize=2048)  # the benchmarks have a thousand symbols
def _series(stock: Stock, today: str) -> pd.DataFrame:
    security = parse_symbol(stock.symbol)
    days = calendar_for(security.exchange).between(
        pd.Timestamp(stock.listed), pd.Timestamp(stock.last or today)
    )
    days = days[~days.isin(pd.DatetimeIndex(list(stock.halted)))]
    rng = np.random.default_rng(zlib.crc32(stock.symbol.encode()))
    index = security.kind == "index"
    mills = security.kind == "fund" or (security.exchange, security.kind) == ("SH", "b_share")
    digits = 3 if mills else 2
    returns = rng.normal(0.0003, 0.011 if index else 0.018, len(days)).clip(-0.09, 0.09)
    level = 3000.0 if index else float(rng.uniform(4, 40))
    actions = {pd.Timestamp(a.ex_date): a for a in stock.actions}
    pending = sorted(actions)
    rows = []
    close = level
    for day, step in zip(days, returns, strict=True):
        reference = close
        while pending and pending[0] <= day:
            action = actions[pending.pop(0)]
            if rows:
                reference = round((reference - action.cash) / action.ratio, digits)
        opened = round(reference * (1 + step * 0.3), digits)
        new = max(round(reference * (1 + step), digits), 0.05)
        high = round(max(opened, new) * 1.004, digits)
        low = round(min(opened, new) * 0.996, digits)
        volume = int(rng.integers(20_000, 900_000)) * 100
        amount = round((opened + high + low + new) / 4 * volume, 2)
        true = new / reference - 1 if rows else np.nan
        rows.append((day, opened, high, low, new, volume, amount, reference, true))
        close = new
    names = ["date", "open", "high", "low", "close", "volume", "amount", "reference", "ret"]
    return pd.DataFrame(rows, columns=names)
