"""Tests of a mean without standardisation: cross-section, portfolio time series, skewness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.moments import DEGENERATE, Moments, as_columns, moments
from mentionstudy.analysis.inference.outcome import (
    Reasons,
    TestResult,
    result,
)
from mentionstudy.analysis.inference.reasons import REASONS


def cross_sectional_t(
    values: Floats, *, weight: Floats | None = None, known: Moments | None = None
) -> TestResult:
    """Cross-sectional t test of a mean abnormal return.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window, decimal; NaN where missing.
    weight
        (N,) non-negative weights of the events, or None for equal weights.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        ``sqrt(n) mean / sd``, sd with divisor n - 1, law t(n - 1). Undefined below 2 events,
        and when all values are equal.

    Notes
    -----
    With weights the mean is ``sum(w x) / sum(w)`` and its variance
    ``n/(n-1) sum(w^2 (x - mean)^2) / sum(w)^2``, which is the unweighted one for equal weights.
    Robust to a variance that the event changes; not corrected for correlation between events
    (same-day clustering) nor for skewness.

    References
    ----------
    Brown, S. and Warner, J. (1980), Journal of Financial Economics 8, 205-258,
    doi:10.1016/0304-405X(80)90002-1. Campbell, Lo and MacKinlay (1997), ch. 4.

    Examples
    --------
    >>> import numpy as np
    >>> cross_sectional_t(np.array([0.01, 0.02, 0.03])).statistic.round(6).tolist()
    [3.464102]
    """
    if weight is not None:
        return _weighted_t(as_columns(values), np.asarray(weight, dtype=np.float64))
    m = moments(values) if known is None else known
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        error = m.sd / np.sqrt(m.n)
        statistic = m.mean / error
    return result(
        "cross_sectional_t",
        statistic,
        m.n,
        m.reasons(),
        law="t",
        df=m.n - 1.0,
        convention="sqrt(N) mean/sd, sd with N-1, equal weights; t(N-1)",
        estimate=m.mean,
        standard_error=error,
    )


def _weighted_t(values: Floats, weight: Floats) -> TestResult:
    if weight.shape != values.shape[:1]:
        raise ConfigError(f"weight has shape {weight.shape}; one weight for each of N events")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ConfigError("weight holds negative or missing values; weights are finite and >= 0")
    weight = weight / (weight.max(initial=0.0) or 1.0)  # squares of huge weights would be lost
    present = ~np.isnan(values) & (weight > 0)[:, None]
    n = present.sum(axis=0)
    w = np.where(present, weight[:, None], 0.0)
    filled = np.where(present, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        total = w.sum(axis=0)
        mean = (w * filled).sum(axis=0) / total
        spread = w * np.where(present, filled - mean, 0.0)
        error = np.sqrt(n / (n - 1.0) * (spread**2).sum(axis=0)) / total
        statistic = mean / error
    reasons = Reasons(n.size)
    reasons.mark(n < 2, REASONS["few_events"])
    reasons.mark(
        ~(error > DEGENERATE * np.abs(filled).max(axis=0, initial=0.0)), REASONS["no_variance"]
    )
    return result(
        "cross_sectional_t",
        statistic,
        n,
        reasons,
        law="t",
        df=n - 1.0,
        convention="weighted mean over its weighted standard error; t(N-1)",
        estimate=mean,
        standard_error=error,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSums:
    """Sums over events of the estimation residuals of each day, in event time.

    Attributes
    ----------
    total
        (T,) sum of the residuals, decimal returns.
    count
        (T,) int64, events with a residual on that day.
    """

    total: Floats
    count: Ints

    def __add__(self, other: PortfolioSums) -> PortfolioSums:
        """Join the sums of two disjoint sets of events."""
        return PortfolioSums(total=self.total + other.total, count=self.count + other.count)


def portfolio_sums(residuals: Floats, *, sigma: Floats | None = None) -> PortfolioSums:
    """Sum estimation residuals over the events, day by day.

    Parameters
    ----------
    residuals
        (B, T) decimal returns; NaN where missing.
    sigma
        (B,) residual standard deviations, if ``residuals`` were divided by them.

    Returns
    -------
    PortfolioSums
        (T,) sums in the unit of the residuals, and (T,) numbers of events.
    """
    scale = np.ones(len(residuals)) if sigma is None else sigma
    total = np.einsum("i,it->t", scale, residuals)
    if np.isfinite(total).all():
        return PortfolioSums(total=total, count=np.full(total.size, len(residuals)))
    present = np.isfinite(residuals)
    total = np.einsum("i,it->t", scale, np.where(present, residuals, 0.0))
    return PortfolioSums(total=total, count=present.sum(axis=0, dtype=np.int64))


def crude_dependence_t(
    values: Floats, sums: PortfolioSums, *, length: Ints, known: Moments | None = None
) -> TestResult:
    """Crude dependence adjustment: the portfolio's own time series gives the variance.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window, decimal; NaN where missing.
    sums
        Estimation residuals of all events, summed in event time (:func:`portfolio_sums`).
    length
        (K,) days of each column: 1 for a day, L for a window.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        ``mean / (S sqrt(L))`` with ``S^2 = sum (AAR_u - mean AAR)^2 / (T - 1)`` over the
        estimation days, law t(T - 1). Undefined with fewer than 2 estimation days.

    Notes
    -----
    Allows for correlation between events that share the calendar; not for a variance that the
    event raises, nor for the forecast error. Days are taken as independent of each other.

    References
    ----------
    Brown, S. and Warner, J. (1985), Journal of Financial Economics 14, 3-31,
    doi:10.1016/0304-405X(85)90042-X.
    """
    m = moments(values) if known is None else known
    used = sums.count > 0
    series = sums.total[used] / sums.count[used]
    days = series.size
    reasons = Reasons(m.n.size)
    reasons.mark(m.n < 2, REASONS["few_events"])
    if days < 2:
        spread = np.nan
        reasons.mark(np.ones(m.n.size, bool), REASONS["few_estimation_days"])
    else:
        spread = float(series.std(ddof=1))
        flat = not spread > DEGENERATE * float(np.abs(series).max())
        reasons.mark(np.full(m.n.size, flat), REASONS["flat_residuals"])
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        error = spread * np.sqrt(np.asarray(length, dtype=np.float64))
        statistic = m.mean / error
    return result(
        "crude_dependence_t",
        statistic,
        m.n,
        reasons,
        law="t",
        df=np.full(m.n.size, days - 1.0),
        convention="mean/(S sqrt L), S from the estimation-window AARs in event time; t(T-1)",
        estimate=m.mean,
        standard_error=error,
    )


def skewness_adjusted_t(
    values: Floats, *, form: Literal["johnson", "hall"], known: Moments | None = None
) -> TestResult:
    """Skewness-adjusted t test of a mean, for CARs and above all for BHARs.

    Parameters
    ----------
    values
        (N, K) CARs, BHARs or abnormal returns, decimal; NaN where missing.
    form
        ``"johnson"``: ``sqrt(n) (S + g S^2/3 + g/(6n))``; ``"hall"``:
        ``sqrt(n) (S + g S^2/3 + g^2 S^3/27 + g/(6n))``, monotone in S, with ``S = mean/sd``.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        Approximately N(0, 1).

    Notes
    -----
    ``g = sum (x - mean)^3 / (n sd^3)``, sd with divisor n - 1. Not corrected for correlation
    between events.

    References
    ----------
    Johnson, N. (1978), JASA 73, 536-544, doi:10.1080/01621459.1978.10480051. Hall, P. (1992),
    JRSS B 54, 221-228. Lyon, J., Barber, B. and Tsai, C. (1999), Journal of Finance 54,
    165-201, doi:10.1111/0022-1082.00101.
    """
    if form not in ("johnson", "hall"):
        raise ConfigError(f"form is {form!r}; allowed: 'johnson', 'hall'")
    m = moments(values) if known is None else known
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # reasons are given
        ratio, g = m.mean / m.sd, m.skewness
        core = ratio + g * ratio**2 / 3 + g / (6 * m.n)
        if form == "hall":
            core = core + g**2 * ratio**3 / 27
        statistic = np.sqrt(m.n) * core
    hall = " + g^2 S^3/27" if form == "hall" else ""
    return result(
        "skewness_adjusted_hall" if form == "hall" else "skewness_adjusted_johnson",
        statistic,
        m.n,
        m.reasons(),
        law="normal",
        convention=f"sqrt(N) (S + g S^2/3{hall} + g/(6N)), g = m3/s^3 (s with N-1); N(0,1)",
        estimate=m.mean,
    )


def skewness_adjusted_johnson(values: Floats, *, known: Moments | None = None) -> TestResult:
    """Johnson's form of :func:`skewness_adjusted_t`.

    Parameters
    ----------
    values
        (N, K) CARs, BHARs or abnormal returns, decimal; NaN where missing.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        Approximately N(0, 1).

    References
    ----------
    Johnson, N. (1978), JASA 73, 536-544, doi:10.1080/01621459.1978.10480051.
    """
    return skewness_adjusted_t(values, form="johnson", known=known)


def skewness_adjusted_hall(values: Floats, *, known: Moments | None = None) -> TestResult:
    """Hall's form of :func:`skewness_adjusted_t`.

    Parameters
    ----------
    values
        (N, K) CARs, BHARs or abnormal returns, decimal; NaN where missing.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        Approximately N(0, 1).

    References
    ----------
    Hall, P. (1992), JRSS B 54, 221-228.
    """
    return skewness_adjusted_t(values, form="hall", known=known)
