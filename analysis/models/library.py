"""The models. Adding one is adding one class here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mentionstudy.analysis.models.base import (
    Coefficients,
    Design,
    Floats,
    Model,
    Moments,
    SeriesInputs,
    inverse,
)

if TYPE_CHECKING:
    from mentionstudy.analysis.panel import Panel


def _shifted(values: Floats, days: int) -> Floats:
    """Values of ``days`` sessions later (lead, positive) or earlier (lag, negative)."""
    moved = np.full_like(values, np.nan)
    if days > 0:
        moved[:, :-days] = values[:, days:]
    elif days < 0:
        moved[:, -days:] = values[:, :days]
    else:
        moved[:] = values
    return moved


def _no_regressors(inputs: SeriesInputs) -> Floats:
    return np.empty((0, *inputs.returns.shape))


class MeanAdjusted(Model):
    """The stock's own mean return of the estimation window.

    References
    ----------
    Brown, S. J. and Warner, J. B. (1980). Measuring security price performance. Journal of
    Financial Economics 8, 205-258.
    """

    name = "mean_adjusted"
    title = "Mean-adjusted returns"
    formula = "E[R_it] = mean of R_i over the estimation window"
    source = "Brown and Warner (1980)"

    def slopes(self, panel: Panel) -> tuple[str, ...]:
        """No slope."""
        return ()

    def n_coef(self, panel: Panel) -> int:
        """One, the mean."""
        return 1

    def design(self, inputs: SeriesInputs) -> Design:
        """Regress on a constant."""
        return Design(
            actual=inputs.returns,
            y=inputs.returns,
            x=_no_regressors(inputs),
            predict=(),
            intercept=True,
        )


class MarketAdjusted(Model):
    """The benchmark's return of the same day; nothing is estimated but the variance.

    References
    ----------
    Brown, S. J. and Warner, J. B. (1985). Using daily stock returns. Journal of Financial
    Economics 14, 3-31.
    """

    name = "market_adjusted"
    title = "Market-adjusted returns"
    formula = "E[R_it] = R_mt"
    source = "Brown and Warner (1985)"
    needs_market = True

    def slopes(self, panel: Panel) -> tuple[str, ...]:
        """No slope."""
        return ()

    def n_coef(self, panel: Panel) -> int:
        """None."""
        return 0

    def design(self, inputs: SeriesInputs) -> Design:
        """Take the excess over the benchmark; no regression."""
        return Design(
            actual=inputs.returns,
            y=inputs.returns - inputs.market,
            x=_no_regressors(inputs),
            predict=(),
            intercept=False,
        )


class MarketModel(Model):
    """Ordinary least squares on the benchmark.

    References
    ----------
    MacKinlay, A. C. (1997). Event studies in economics and finance. Journal of Economic
    Literature 35, 13-39.
    """

    name = "market"
    title = "Market model"
    formula = "E[R_it] = a_i + b_i R_mt"
    source = "MacKinlay (1997)"
    needs_market = True

    def design(self, inputs: SeriesInputs) -> Design:
        """Regress the stock on the benchmark."""
        return Design(
            actual=inputs.returns,
            y=inputs.returns,
            x=inputs.market[None],
            predict=(0,),
            intercept=True,
        )


class Capm(Model):
    """The market model in excess of the risk-free return, with a free intercept.

    References
    ----------
    Campbell, J. Y., Lo, A. W. and MacKinlay, A. C. (1997). The econometrics of financial
    markets, chapters 4 and 5. Princeton University Press.
    """

    name = "capm"
    title = "CAPM"
    formula = "E[R_it] = R_ft + a_i + b_i (R_mt - R_ft)"
    source = "Campbell, Lo and MacKinlay (1997)"
    needs_market = True
    needs_risk_free = True

    def design(self, inputs: SeriesInputs) -> Design:
        """Regress the stock's excess return on the benchmark's."""
        return Design(
            actual=inputs.returns,
            y=inputs.returns - inputs.risk_free,
            x=(inputs.market - inputs.risk_free)[None],
            predict=(0,),
            intercept=True,
        )


class FactorModel(Model):
    """Any linear factor model: the named columns of a factor frame.

    With a risk-free return the response is the stock's excess return. Three- and five-factor,
    Carhart and the Chinese factor models differ only in the columns, see :data:`RECIPES`.

    References
    ----------
    Fama, E. F. and French, K. R. (1993). Common risk factors in the returns on stocks and bonds.
    Journal of Financial Economics 33, 3-56.
    """

    name = "factors"
    title = "Linear factor model"
    formula = "E[R_it] = R_ft + a_i + sum over j of b_ij F_jt"
    source = "Fama and French (1993)"
    needs_factors = True

    def slopes(self, panel: Panel) -> tuple[str, ...]:
        """One slope for every factor."""
        return tuple(f"beta_{name}" for name in panel.factors)

    def n_coef(self, panel: Panel) -> int:
        """Intercept and slopes."""
        return 1 + len(panel.factors)

    def design(self, inputs: SeriesInputs) -> Design:
        """Regress the excess return on the factors."""
        count, days = inputs.factors.shape
        shape = (count, inputs.returns.shape[0], days)
        return Design(
            actual=inputs.returns,
            y=inputs.returns - inputs.risk_free,
            x=np.broadcast_to(inputs.factors[:, None, :], shape),
            predict=tuple(range(count)),
            intercept=True,
        )


class ScholesWilliams(Model):
    """Betas for stocks that trade at other times of the day than the benchmark.

    ``b = (b_-1 + b_0 + b_+1) / (1 + 2 rho)`` from three single regressions on yesterday's, today's
    and tomorrow's market; rho is the market's first autocorrelation and
    ``a = mean(R) - b mean(R_m)``. The forecast error takes the market model's form, with the
    residuals of this line.

    References
    ----------
    Scholes, M. and Williams, J. (1977). Estimating betas from nonsynchronous data. Journal of
    Financial Economics 5, 309-327.
    """

    name = "scholes_williams"
    title = "Scholes-Williams"
    formula = "E[R_it] = a_i + b_i R_mt, b_i = (b_-1 + b_0 + b_+1) / (1 + 2 rho_m)"
    source = "Scholes and Williams (1977)"
    needs_market = True

    def design(self, inputs: SeriesInputs) -> Design:
        """Provide the same-day, the lagged and the leading market."""
        market = inputs.market
        return Design(
            actual=inputs.returns,
            y=inputs.returns,
            x=np.stack([market, _shifted(market, -1), _shifted(market, 1)]),
            predict=(0,),
            intercept=True,
        )

    def solve(self, moments: Moments) -> Coefficients:
        """Combine the three single slopes."""
        variance = np.diagonal(moments.xx, axis1=1, axis2=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            single = np.where(variance > 0.0, moments.xy / variance, np.nan)
            rho = moments.xx[:, 0, 1] / np.sqrt(variance[:, 0] * variance[:, 1])
            beta = single.sum(axis=1) / (1.0 + 2.0 * rho)
        return Coefficients(beta=beta[:, None], spread=inverse(moments.xx[:, :1, :1]))


class Dimson(Model):
    """Betas for thinly traded stocks: the sum of the slopes on lags, today and leads.

    One regression on all of them; ``b`` is the sum of its slopes and
    ``a = mean(R) - b mean(R_m)``. The variance of ``b`` in the forecast error is that of the sum,
    ``1'(X'X)^-1 1``; the residuals are those of this line.

    References
    ----------
    Dimson, E. (1979). Risk measurement when shares are subject to infrequent trading. Journal of
    Financial Economics 7, 197-226.
    """

    name = "dimson"
    title = "Dimson"
    formula = "E[R_it] = a_i + b_i R_mt, b_i = sum of the slopes on lags, today and leads"
    source = "Dimson (1979)"
    needs_market = True

    def n_coef(self, panel: Panel) -> int:
        """Intercept and all slopes of the regression."""
        return 2 + self.settings.lags + self.settings.leads

    def design(self, inputs: SeriesInputs) -> Design:
        """Provide today's market and its lags and leads."""
        lags = range(-self.settings.lags, 0)
        leads = range(1, self.settings.leads + 1)
        shifted = [_shifted(inputs.market, days) for days in (0, *lags, *leads)]
        return Design(
            actual=inputs.returns,
            y=inputs.returns,
            x=np.stack(shifted),
            predict=(0,),
            intercept=True,
        )

    def solve(self, moments: Moments) -> Coefficients:
        """Sum the slopes of the one regression."""
        spread = inverse(moments.xx)
        slopes = np.einsum("bij,bj->bi", spread, moments.xy)
        return Coefficients(
            beta=slopes.sum(axis=1, keepdims=True),
            spread=spread.sum(axis=(1, 2))[:, None, None],
        )


class TradeToTrade(Model):
    """Returns from trade to trade, for stocks that are halted or rarely traded.

    A return over n sessions is compared with the benchmark compounded over the same n sessions;
    response, benchmark and intercept are divided by ``sqrt(n)``. The abnormal return of the whole
    span is booked on the day of the trade, with n times the one-day residual variance.

    References
    ----------
    Maynes, E. and Rumsey, J. (1993). Conducting event studies with thinly traded stocks. Journal
    of Banking and Finance 17, 145-157.
    """

    name = "trade_to_trade"
    title = "Trade-to-trade market model"
    formula = "E[R_it] = n_it a_i + b_i R_mt over the n_it sessions since the last trade"
    source = "Maynes and Rumsey (1993)"
    needs_market = True
    uses_spans = True

    def design(self, inputs: SeriesInputs) -> Design:
        """Compound the benchmark over each span and scale by its root."""
        root = np.sqrt(inputs.spans.astype(np.float64))
        root[inputs.spans < 1] = np.nan
        market = self._compounded(inputs.market, inputs.spans)
        return Design(
            actual=inputs.returns,
            y=inputs.returns / root,
            x=np.stack([market / root, root]),
            predict=(0, 1),
            intercept=False,
            scale=root,
        )

    def _compounded(self, market: Floats, spans: np.ndarray) -> Floats:
        simple = self.settings.return_kind == "simple"
        total = market.copy()
        for series, day in np.argwhere(spans > 1):
            first = day - spans[series, day] + 1
            over = market[series, max(first, 0) : day + 1]
            whole = np.prod(1.0 + over) - 1.0 if simple else over.sum()
            total[series, day] = whole if first >= 0 else np.nan
        return total

    def slopes(self, panel: Panel) -> tuple[str, ...]:
        """Name the slope, and the intercept that is a regressor here."""
        return ("beta", "alpha")


RECIPES: dict[str, tuple[str, ...]] = {
    "ff3": ("MKT", "SMB", "HML"),
    "carhart": ("MKT", "SMB", "HML", "MOM"),
    "ff5": ("MKT", "SMB", "HML", "RMW", "CMA"),
    "ch3": ("MKT", "SMB", "VMG"),
    "ch4": ("MKT", "SMB", "VMG", "PMO"),
}
"""Columns of the usual factor models. CH-3 and CH-4: Liu, Stambaugh and Yuan (2019), Size and
value in China, Journal of Financial Economics 134, 48-69."""
