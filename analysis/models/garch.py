"""The market model whose residual variance moves: GARCH(1,1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.models.base import Floats, Ints, Variances
from mentionstudy.analysis.models.library import MarketModel

if TYPE_CHECKING:
    from mentionstudy.analysis.panel import Panel


class Garch(MarketModel):
    """The market model, standardised by a GARCH(1,1) forecast of the residual variance.

    Coefficients and abnormal returns are those of the market model by least squares. A zero-mean
    GARCH(1,1) is fitted to each event's residuals by maximum likelihood; its variances of the
    estimation days standardise the residuals, and its forecasts from the last estimation day on
    take the place of the constant variance in the forecast error of the event window. Days
    without a return are passed over as if the next followed at once.

    Needs the package ``arch`` and takes some milliseconds an event.

    References
    ----------
    Bollerslev, T. (1986). Generalized autoregressive conditional heteroskedasticity. Journal of
    Econometrics 31, 307-327. Savickas, R. (2003). Event-induced volatility and tests for abnormal
    performance. Journal of Financial Research 26, 165-178.
    """

    name = "garch"
    title = "Market model with GARCH(1,1) variance"
    formula = "E[R_it] = a_i + b_i R_mt, h_t = w + c e_{t-1}^2 + d h_{t-1}"
    source = "Bollerslev (1986)"
    conditional = True

    def check(self, panel: Panel) -> None:
        """Also demand that the estimation window comes first and that ``arch`` is installed."""
        super().check(panel)
        if self.settings.estimation[1] >= self.settings.window[0]:
            raise ConfigError(
                "the model 'garch' forecasts from the estimation window into the event window; "
                "put the estimation window before the event window"
            )
        try:
            import arch  # noqa: F401
        except ImportError as error:
            raise ConfigError(
                "the model 'garch' needs the package arch; install mentionstudy[garch]"
            ) from error

    def variances(self, residuals: Floats, ahead: Ints) -> Variances:
        """Fit one event's residuals and forecast; NaN where the likelihood has no maximum.

        Parameters
        ----------
        residuals
            (T,) residuals, NaN on unusable days.
        ahead
            (L,) sessions from the last estimation day to each event-window day.
        """
        from arch.univariate import GARCH, ZeroMean

        present = np.isfinite(residuals)
        e = residuals[present]
        # The optimiser is tuned for series of about unit size.
        unit = e.std() or 1.0
        fitted = ZeroMean(e / unit, volatility=GARCH(p=1, q=1), rescale=False).fit(
            disp="off", show_warning=False
        )
        estimation = np.full(residuals.shape, np.nan)
        if fitted.convergence_flag != 0:
            return Variances(estimation=estimation, event=np.full(len(ahead), np.nan))
        estimation[present] = (np.asarray(fitted.conditional_volatility) * unit) ** 2
        forecast = fitted.forecast(horizon=int(ahead.max()), reindex=False)
        path = np.asarray(forecast.variance)[-1] * unit**2
        return Variances(estimation=estimation, event=path[ahead - 1])
