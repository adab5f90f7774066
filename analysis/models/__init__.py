"""Normal-return models by name."""

from __future__ import annotations

from mentionstudy.analysis.models.base import Model
from mentionstudy.analysis.models.garch import Garch
from mentionstudy.analysis.models.library import (
    RECIPES,
    Capm,
    Dimson,
    FactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    ScholesWilliams,
    TradeToTrade,
)

MODELS: dict[str, type[Model]] = {
    model.name: model
    for model in (
        MarketModel,
        MarketAdjusted,
        MeanAdjusted,
        Capm,
        FactorModel,
        ScholesWilliams,
        Dimson,
        TradeToTrade,
        Garch,
    )
}
"""Every model by the name that the setting ``model`` takes."""

__all__ = ["MODELS", "RECIPES", "Model"]
