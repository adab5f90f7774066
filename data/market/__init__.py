"""Prices: where they come from, how they are fetched, and the returns that follow from them."""

from __future__ import annotations

from mentionstudy.data.market.attempts import Attempt
from mentionstudy.data.market.base import BAR_COLUMNS, FACTOR_COLUMNS, PriceSource
from mentionstudy.data.market.chain import ChainAnswer, SourceChain
from mentionstudy.data.market.coverage import coverage
from mentionstudy.data.market.endings import asked_until, flag_endings
from mentionstudy.data.market.fetching import (
    FetchProgress,
    FetchReport,
    Missing,
    fetch,
    workspace_health,
)
from mentionstudy.data.market.flags import FLAGS, LIMIT_CLOSES
from mentionstudy.data.market.folder import FolderSource
from mentionstudy.data.market.forecast import planned_requests
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.limits import flag_price_limits, price_limit
from mentionstudy.data.market.manners import FamilyManners, Manners
from mentionstudy.data.market.matrix import coverage_matrix
from mentionstudy.data.market.plan import default_benchmark, plan_fetch, plan_symbols
from mentionstudy.data.market.returns import ReturnsPanel, returns_panel
from mentionstudy.data.market.samples import SampleSource
from mentionstudy.data.market.special import SpecialTreatment
from mentionstudy.data.market.upstreams import live_chain, live_source

__all__ = [
    "BAR_COLUMNS",
    "FACTOR_COLUMNS",
    "FLAGS",
    "LIMIT_CLOSES",
    "Attempt",
    "ChainAnswer",
    "FamilyManners",
    "FetchProgress",
    "FetchReport",
    "FolderSource",
    "Manners",
    "Missing",
    "PriceSource",
    "ReturnsPanel",
    "SampleSource",
    "SourceChain",
    "SourceHealth",
    "SpecialTreatment",
    "asked_until",
    "coverage",
    "coverage_matrix",
    "default_benchmark",
    "fetch",
    "flag_endings",
    "flag_price_limits",
    "live_chain",
    "live_source",
    "plan_fetch",
    "plan_symbols",
    "planned_requests",
    "price_limit",
    "returns_panel",
    "workspace_health",
]
