"""The bundled sample as a price source."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from mentionstudy.data.errors import NoData, SymbolNotFound
from mentionstudy.data.market.base import bars_frame, factors_frame, unit_factors
from mentionstudy.data.sample import sample_prices

if TYPE_CHECKING:
    from datetime import date

    from mentionstudy.data.securities import Security

COLLECTED: Final = datetime(2026, 11, 22, tzinfo=UTC)
"""When the sample was collected; a constant, so that filling twice changes nothing."""


class SampleSource:
    """Real end-of-day prices around the sample articles; needs no network.

    Examples
    --------
    >>> "600718.SH" in SampleSource().symbols
    True
    """

    name = "sample"
    local = True

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that the sample has bars of."""
        return tuple(
            sorted(
                p.name.removesuffix(".csv")
                for p in sample_prices().iterdir()
                if p.name.endswith(".csv") and p.name != "factors.csv"
            )
        )

    def bars(self, security: Security, start: date, end: date) -> pd.DataFrame:
        """See `PriceSource.bars`."""
        symbol = security.symbol
        if symbol not in self.symbols:
            raise SymbolNotFound(self.name, symbol, "the bundled sample has no prices of it")
        frame = _bars(symbol)
        rows = frame["date"].between(pd.Timestamp(start), pd.Timestamp(end))
        if not rows.any():
            first, last = frame["date"].iloc[[0, -1]]
            raise NoData(
                self.name,
                symbol,
                f"the bundled sample has it from {first:%Y-%m-%d} to {last:%Y-%m-%d} only",
            )
        return frame.loc[rows].reset_index(drop=True)

    def factors(self, security: Security) -> pd.DataFrame:
        """See `PriceSource.factors`."""
        symbol = security.symbol
        if symbol not in self.symbols:
            raise SymbolNotFound(self.name, symbol, "the bundled sample has no prices of it")
        table = _factors()
        rows = table.loc[table["symbol"] == symbol]
        if rows.empty:
            return unit_factors(symbol, self.name, COLLECTED)
        return factors_frame(rows, symbol, self.name, COLLECTED)


@lru_cache(maxsize=32)
def _bars(symbol: str) -> pd.DataFrame:
    with (sample_prices() / f"{symbol}.csv").open(encoding="utf-8") as file:
        return bars_frame(pd.read_csv(file), symbol, SampleSource.name, COLLECTED)


@lru_cache(maxsize=1)
def _factors() -> pd.DataFrame:
    with (sample_prices() / "factors.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype={"symbol": "str"})
