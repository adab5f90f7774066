"""Tests on standardised abnormal returns: Patell, BMP, and both adjusted for correlation."""

from __future__ import annotations

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.moments import Moments, as_columns, moments
from mentionstudy.analysis.inference.outcome import (
    Reasons,
    TestName,
    TestResult,
    result,
)
from mentionstudy.analysis.inference.reasons import REASONS


def window_mean_sar(sar: Floats) -> Floats:
    """Patell's own window form, ``W_i = sum of SAR / sqrt(L_i)``, as input of :func:`patell`.

    Parameters
    ----------
    sar
        (N, L) standardised abnormal returns of the days of one window; NaN where missing.

    Returns
    -------
    Floats
        (N,) W; NaN for an event without any day. It takes the days as independent, which the
        common estimation error makes them not; the exact form standardises the CAR instead.

    References
    ----------
    Patell, J. (1976), Journal of Accounting Research 14, 246-276, doi:10.2307/2490543.
    """
    sar = as_columns(sar)
    present = ~np.isnan(sar)
    days = present.sum(axis=1)
    total = np.where(present, sar, 0.0).sum(axis=1)
    w: Floats = np.where(days > 0, total / np.sqrt(np.maximum(days, 1)), np.nan)
    return w


def patell(
    standardized: Floats, df: Ints, *, convention: str = "SAR or SCAR with full variance"
) -> TestResult:
    """Patell's Z: the sum of standardised abnormal returns over its theoretical deviation.

    Parameters
    ----------
    standardized
        (N, K) SAR of a day or SCAR of a window, forecast error included; NaN where missing.
    df
        (N,) int64, residual degrees of freedom M - k of each event.
    convention
        What ``standardized`` is, for the record.

    Returns
    -------
    TestResult
        ``sum SCAR / sqrt(sum Q)``, ``Q_i = (M_i - k)/(M_i - k - 2)``, both over the events that
        have a value; N(0, 1). Undefined where an event has M - k <= 2.

    Notes
    -----
    Assumes independent events and a variance that the event does not change; rejects too often
    where either fails.

    References
    ----------
    Patell, J. (1976), Journal of Accounting Research 14, 246-276, doi:10.2307/2490543.
    """
    values = as_columns(standardized)
    n, statistic, reasons = _patell(values, df)
    return result(
        "patell",
        statistic,
        n,
        reasons,
        law="normal",
        convention=f"sum/sqrt(sum Q), Q=(M-k)/(M-k-2), {convention}; N(0,1)",
    )


def _patell(values: Floats, df: Ints) -> tuple[Ints, Floats, Reasons]:
    total = values.sum(axis=0)
    degrees = np.asarray(df, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # reasons are given below
        q = np.where(degrees > 2, degrees / (degrees - 2), np.nan)
        if np.isfinite(total).all():
            n = np.full(total.size, len(values))
            variance = np.full(total.size, q.sum())
        else:
            present = ~np.isnan(values)
            n = present.sum(axis=0)
            variance = (np.where(present, q[:, None], 0.0)).sum(axis=0)
            total = np.where(present, values, 0.0).sum(axis=0)
        statistic = total / np.sqrt(variance)
    reasons = Reasons(n.size)
    reasons.mark(n < 2, REASONS["few_events"])
    reasons.mark(np.isnan(variance), REASONS["few_degrees"])
    return n, statistic, reasons


def bmp(standardized: Floats, *, known: Moments | None = None) -> TestResult:
    """Standardised cross-sectional test, robust to a variance that the event raises.

    Parameters
    ----------
    standardized
        (N, K) SAR of a day or SCAR of a window, forecast error and, for a window, the full
        covariance included; NaN where missing.
    known
        ``moments(standardized)``, where they were computed before.

    Returns
    -------
    TestResult
        ``sqrt(n) mean / sd``, sd with divisor n - 1, law t(n - 1).

    Notes
    -----
    Not corrected for correlation between events; see :func:`kp_bmp`.

    References
    ----------
    Boehmer, E., Musumeci, J. and Poulsen, A. (1991), Journal of Financial Economics 30,
    253-272, doi:10.1016/0304-405X(91)90032-F.
    """
    m = moments(standardized) if known is None else known
    return _t_of_mean(
        "bmp", m, _t(m), m.reasons(), "sqrt(N) mean/sd of SAR or SCAR, sd with N-1; t(N-1)"
    )


def _t(m: Moments) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        statistic: Floats = np.sqrt(m.n) * m.mean / m.sd
    return statistic


def _t_of_mean(
    test: TestName, m: Moments, statistic: Floats, reasons: Reasons, convention: str
) -> TestResult:
    return result(test, statistic, m.n, reasons, law="t", df=m.n - 1.0, convention=convention)


def _inflation(n: Ints, r: Floats, why: tuple[str, ...], reasons: Reasons) -> Floats:
    """``1 + (n - 1) r`` where it is positive; columns where it is not get their reason."""
    for column, text in enumerate(why):
        if text:
            reasons.mark(np.arange(n.size) == column, text)
    factor = 1.0 + (n - 1) * r
    reasons.mark(
        ~(factor > 0),
        REASONS["negative_correlation"],
    )
    return np.where(factor > 0, factor, np.nan)


def adjusted_patell(
    standardized: Floats,
    df: Ints,
    *,
    correlation: Floats,
    correlation_reason: tuple[str, ...] = (),
    convention: str = "",
) -> TestResult:
    """Patell's Z adjusted for correlation between events.

    Parameters
    ----------
    standardized, df
        As for :func:`patell`.
    correlation
        (K,) mean residual correlation r, see :func:`mean_residual_correlation`.
    correlation_reason
        K sentences telling why r is undefined, empty where it is defined.
    convention
        How r was computed.

    Returns
    -------
    TestResult
        ``Z / sqrt(1 + (N-1) r)``, N(0, 1).

    Notes
    -----
    Still assumes that the event does not change the variance.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2010), Review of Financial Studies 23, 3996-4025,
    doi:10.1093/rfs/hhq072.
    """
    n, statistic, reasons = _patell(as_columns(standardized), df)
    factor = _inflation(n, correlation, correlation_reason, reasons)
    return result(
        "adjusted_patell",
        statistic / np.sqrt(factor),
        n,
        reasons,
        law="normal",
        convention=f"Patell Z / sqrt(1+(N-1)r); {convention}; N(0,1)",
    )


def kp_bmp(
    standardized: Floats,
    *,
    correlation: Floats,
    correlation_reason: tuple[str, ...] = (),
    convention: str = "",
    known: Moments | None = None,
) -> TestResult:
    """Kolari-Pynnonen adjusted BMP test, for events that share calendar days.

    Parameters
    ----------
    standardized
        (N, K) SAR of a day or SCAR of a window, as for :func:`bmp`.
    correlation
        (K,) mean residual correlation r, see :func:`mean_residual_correlation`.
    correlation_reason
        K sentences telling why r is undefined, empty where it is defined.
    convention
        How r was computed.
    known
        ``moments(standardized)``, where they were computed before.

    Returns
    -------
    TestResult
        ``t_BMP sqrt((1 - r) / (1 + (N-1) r))``, law t(n - 1). Undefined where
        ``1 + (N-1) r <= 0`` or ``r >= 1``.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2010), Review of Financial Studies 23, 3996-4025,
    doi:10.1093/rfs/hhq072.
    """
    m = moments(standardized) if known is None else known
    reasons = m.reasons()
    factor = _inflation(m.n, correlation, correlation_reason, reasons)
    reasons.mark(~(correlation < 1), REASONS["unit_correlation"])
    shrink = np.sqrt(np.where(correlation < 1, 1.0 - correlation, np.nan) / factor)
    return _t_of_mean(
        "kp_bmp",
        m,
        _t(m) * shrink,
        reasons,
        f"t_BMP sqrt((1-r)/(1+(N-1)r)); {convention}; t(N-1)",
    )
