"""Prices: where they come from, how they are fetched, and the returns that follow from them."""

from __future__ import annotations

from mentionstudy.data.market.base import BAR_COLUMNS, FACTOR_COLUMNS, PriceSource
from mentionstudy.data.market.flags import FLAGS
from mentionstudy.data.market.returns import ReturnsPanel, returns_panel
from mentionstudy.data.market.samples import SampleSource

__all__ = [
    "BAR_COLUMNS",
    "FACTOR_COLUMNS",
    "FLAGS",
    "PriceSource",
    "ReturnsPanel",
    "SampleSource",
    "returns_panel",
]
