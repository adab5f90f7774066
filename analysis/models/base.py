"""What a normal-return model is: a design for the regression and a rule for its coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mentionstudy.analysis.errors import ConfigError

if TYPE_CHECKING:
    from mentionstudy.analysis.panel import Panel
    from mentionstudy.analysis.settings import StudySettings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesInputs:
    """The raw series of S (stock, benchmark) pairs of one calendar, over D sessions.

    Attributes
    ----------
    returns
        (S, D) stock returns.
    market
        (S, D) each stock's benchmark; NaN everywhere without one.
    spans
        (S, D) sessions that each return spans.
    factors
        (F, D) factor returns.
    risk_free
        (D,) risk-free returns, zero when none are given.
    """

    returns: Floats
    market: Floats
    spans: Ints
    factors: Floats
    risk_free: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The regression of S series: response, regressors and scale.

    Attributes
    ----------
    actual
        (S, D) the stock's return, as reported.
    y
        (S, D) response.
    x
        (P, S, D) regressors of the estimation.
    predict
        Rows of ``x`` that predict the normal return; Q of them.
    intercept
        Whether the regression has a constant.
    scale
        (S, D) factor that turns a residual of ``y`` back into a return, or None for one. The
        residual variance of the return is then ``scale**2`` times that of ``y``.
    """

    actual: Floats
    y: Floats
    x: Floats
    predict: tuple[int, ...]
    intercept: bool
    scale: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over the M usable estimation days of B events.

    Attributes
    ----------
    n
        (B,) int64, M.
    y_mean, x_mean
        (B,) and (B, P) means; zero in a regression without intercept.
    yy, xy, xx
        (B,), (B, P) and (B, P, P) sums of products of deviations from those means.
    """

    n: Ints
    y_mean: Floats
    x_mean: Floats
    yy: Floats
    xy: Floats
    xx: Floats

    def take(self, rows: Bools | Ints) -> Moments:
        """Return the moments of some events."""
        return Moments(
            n=self.n[rows],
            y_mean=self.y_mean[rows],
            x_mean=self.x_mean[rows],
            yy=self.yy[rows],
            xy=self.xy[rows],
            xx=self.xx[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Prediction coefficients of B events.

    Attributes
    ----------
    beta
        (B, Q) slopes on the predicting regressors.
    spread
        (B, Q, Q) covariance of ``beta`` over the residual variance: ``(X'X)^-1`` in OLS.
    """

    beta: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Variances:
    """Conditional residual variances of one event.

    Attributes
    ----------
    estimation
        (T,) of the estimation days, NaN on unusable ones.
    event
        (L,) forecasts for the event-window days; NaN where the model failed.
    """

    estimation: Floats
    event: Floats


def inverse(xx: Floats) -> Floats:
    """Invert (B, P, P) cross-product matrices; singular ones become NaN.

    Regressors are scaled to unit length first, so that the test of singularity does not depend on
    their units: a regressor of which more than all but 1e-10 is explained by the others counts as
    singular.
    """
    if xx.shape[1] == 0:
        return xx.copy()
    if xx.shape[1] == 1:
        with np.errstate(divide="ignore"):
            inverted = 1.0 / xx
        return np.where(xx > 0.0, inverted, np.nan)
    result = np.full_like(xx, np.nan)
    size = np.sqrt(np.diagonal(xx, axis1=1, axis2=2))
    usable = (size > 0.0).all(axis=1) & np.isfinite(xx).all(axis=(1, 2))
    outer = size[usable, :, None] * size[usable, None, :]
    scaled = xx[usable] / outer
    smallest = np.linalg.eigvalsh(scaled)[:, 0]
    regular = smallest > 1e-10
    rows = np.flatnonzero(usable)[regular]
    result[rows] = np.linalg.inv(scaled[regular]) / outer[regular]
    return result


class Model:
    """A normal-return model.

    A new model is one subclass in :mod:`mentionstudy.analysis.models.library`: it names itself,
    says what it needs, and builds its :class:`Design`. Models that are not plain least squares
    override :meth:`solve`.

    Parameters
    ----------
    settings
        The study's settings.
    """

    name: ClassVar[str]
    """Value of the setting ``model``."""
    title: ClassVar[str]
    """Name for people."""
    formula: ClassVar[str]
    """The normal return, written out."""
    source: ClassVar[str]
    """The paper."""
    needs_market: ClassVar[bool] = False
    needs_factors: ClassVar[bool] = False
    needs_risk_free: ClassVar[bool] = False
    uses_spans: ClassVar[bool] = False
    """Whether returns that span a halt enter the regression."""
    conditional: ClassVar[bool] = False
    """Whether the residual variance moves; then :meth:`variances` is asked event by event."""

    def __init__(self, settings: StudySettings) -> None:
        self.settings = settings

    def check(self, panel: Panel) -> None:
        """Refuse a panel that lacks what the model needs.

        Parameters
        ----------
        panel
            The aligned series of the study.

        Raises
        ------
        ConfigError
            If a benchmark, factors or a risk-free return is missing.
        """
        if self.needs_market and not panel.benchmarks:
            raise ConfigError(
                f"the model {self.name!r} needs a benchmark; give market=, "
                "or choose the model 'mean_adjusted'"
            )
        if self.needs_factors and not panel.factors:
            raise ConfigError(f"the model {self.name!r} needs factors; give factors=, a frame")
        if self.needs_risk_free and any(c.risk_free is None for c in panel.calendars):
            raise ConfigError(
                f"the model {self.name!r} needs a risk-free return; give risk_free=, a series, "
                "or a column RF in factors="
            )

    def slopes(self, panel: Panel) -> tuple[str, ...]:
        """Return the names of the Q slopes, as columns of the results.

        Parameters
        ----------
        panel
            The aligned series of the study.
        """
        return ("beta",)

    def n_coef(self, panel: Panel) -> int:
        """Return k, the number of estimated coefficients.

        Parameters
        ----------
        panel
            The aligned series of the study.
        """
        return 2

    def design(self, inputs: SeriesInputs) -> Design:
        """Build the regression of S series.

        Parameters
        ----------
        inputs
            Returns, benchmarks and factors of the series, decimal.

        Returns
        -------
        Design
            Response and regressors.
        """
        raise NotImplementedError

    def n_sums(self, n_factors: int) -> int:
        """Bound the running sums a series and day, on which the memory of a study depends.

        Parameters
        ----------
        n_factors
            Columns of the factor frame.

        Returns
        -------
        int
            Numbers held for each series and day.
        """
        return n_sums(max(n_factors, 1 + self.settings.lags + self.settings.leads))

    def solve(self, moments: Moments) -> Coefficients:
        """Ordinary least squares; override for another estimator.

        Parameters
        ----------
        moments
            Of B events.

        Returns
        -------
        Coefficients
            NaN where the regressors are singular.
        """
        spread = inverse(moments.xx)
        if spread.shape[1] == 1:
            return Coefficients(beta=moments.xy * spread[:, 0], spread=spread)
        return Coefficients(beta=np.einsum("bij,bj->bi", spread, moments.xy), spread=spread)

    def variances(self, residuals: Floats, ahead: Ints) -> Variances:
        """Conditional variances of one event, for models whose ``conditional`` is true.

        Parameters
        ----------
        residuals
            (T,) residuals, NaN on unusable days.
        ahead
            (L,) sessions from the last estimation day to each event-window day.

        Returns
        -------
        Variances
            Of the estimation and the event-window days, in squares of the residuals' unit.
        """
        raise NotImplementedError


def n_sums(regressors: int) -> int:
    """Return how many running sums a regression needs: days, means, squares and products."""
    return 3 + 2 * regressors + regressors * (regressors + 1) // 2
