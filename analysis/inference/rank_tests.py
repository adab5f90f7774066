"""Corrado's rank and sign tests and the generalised rank tests of Kolari and Pynnonen."""

from __future__ import annotations

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.moments import moments
from mentionstudy.analysis.inference.outcome import (
    Bools,
    Reasons,
    TestName,
    TestResult,
    result,
)
from mentionstudy.analysis.inference.rank_totals import RankSums
from mentionstudy.analysis.inference.reasons import REASONS


def collapse(standardized: Floats) -> Floats:
    """Scale standardised abnormal returns to unit cross-sectional deviation.

    Parameters
    ----------
    standardized
        (N, K) SAR of a day or SCAR of a window; NaN where missing.

    Returns
    -------
    Floats
        (N, K) ``SCAR* = SCAR / sd(SCAR)``, sd with divisor n - 1; NaN in a column without
        variance. The input of :func:`rank_sums` as ``thresholds``.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2011), Journal of Empirical Finance 18, 953-971,
    doi:10.1016/j.jempfin.2011.08.003.
    """
    m = moments(standardized)
    sd = np.where(m.constant | ~(m.sd > 0), np.nan, m.sd)
    scaled: Floats = standardized / sd
    return scaled


def _spread(daily: Floats, used: Bools) -> tuple[float, int]:
    """Root mean square over the days used, and their number."""
    days = int(used.sum())
    return (float(np.sqrt((daily[used] ** 2).mean())) if days else np.nan), days


def _rank_result(
    test: TestName, statistic: Floats, n: Ints, sd: float, convention: str
) -> TestResult:
    reasons = Reasons(n.size)
    reasons.mark(n < 2, REASONS["few_events"])
    reasons.mark(np.full(n.size, not sd > 1e-14), REASONS["flat_ranks"])
    return result(test, statistic, n, reasons, law="normal", convention=convention)


def corrado_rank(sums: RankSums, members: Bools, n: Ints) -> TestResult:
    """Corrado's rank test.

    Parameters
    ----------
    sums
        Sums over all events (:func:`rank_sums`).
    members
        (K, L) bool, the days of the event window that belong to each column.
    n
        (K,) int64, events with a value in the column, for the record.

    Returns
    -------
    TestResult
        ``sqrt(L) (mean rank - mean of all ranks) / S`` over the L days of the column and the
        events present, ``S^2`` the mean over all T estimation and window days of the squared
        mean rank deviation; N(0, 1).

    Notes
    -----
    Ranks are taken among each event's estimation and window days together. Robust to
    non-normal returns and to correlation between events of one date (S is the portfolio's);
    a variance that the event raises makes it reject too often.

    References
    ----------
    Corrado, C. (1989), Journal of Financial Economics 23, 385-395,
    doi:10.1016/0304-405X(89)90064-0. Window form: Cowan, A. (1992), Review of Quantitative
    Finance and Accounting 2, 343-358; Campbell, C. and Wasley, C. (1993), Journal of Financial
    Economics 33, 73-92.
    """
    used = sums.count > 0
    daily = np.where(used, sums.rank / np.maximum(sums.count, 1), 0.0)
    sd, _ = _spread(daily, used)
    weights, window = _members(sums, members)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        days = weights @ (sums.count[window] > 0)
        mean = (weights @ sums.rank[window]) / (weights @ sums.count[window])
        statistic = np.sqrt(days) * mean / sd
    return _rank_result(
        "corrado_rank",
        statistic,
        n,
        sd,
        "sqrt(L) (mean rank - (n+1)/2)/S, S over estimation and window days; N(0,1)",
    )


def _members(sums: RankSums, members: Bools) -> tuple[Floats, slice]:
    """Membership as numbers, and where the window days lie among all days."""
    start = sums.day_count.shape[0]
    weights = np.atleast_2d(np.asarray(members, dtype=np.float64))
    if weights.shape[1] != sums.count.size - start:
        raise ConfigError(
            f"members has {weights.shape[1]} days, the event window {sums.count.size - start}"
        )
    return weights, slice(start, None)


def _root_count_test(
    test: TestName, total: Floats, sums: RankSums, members: Bools, n: Ints, convention: str
) -> TestResult:
    """Sum of ``total_t / sqrt(N_t)`` over the column's L days, over ``sqrt(L) S``."""
    used = sums.count > 0
    daily = np.where(used, total / np.sqrt(np.maximum(sums.count, 1)), 0.0)
    sd, _ = _spread(daily, used)
    weights, window = _members(sums, members)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        days = weights @ used[window]
        statistic = (weights @ daily[window]) / (np.sqrt(days) * sd)
    return _rank_result(test, statistic, n, sd, convention)


def corrado_zivney(sums: RankSums, members: Bools, n: Ints) -> TestResult:
    """Corrado-Zivney rank test, which allows for missing returns.

    Parameters
    ----------
    sums, members, n
        As for :func:`corrado_rank`.

    Returns
    -------
    TestResult
        ``(1/sqrt L) sum_t N_t^(-1/2) sum_i U_it / S`` with ``U_it = K_it/(n_i + 1) - 1/2`` and
        ``S^2 = (1/T) sum_t (N_t^(-1/2) sum_i U_it)^2`` over all estimation and window days;
        N(0, 1).

    Notes
    -----
    As :func:`corrado_rank`: not corrected for a variance that the event raises.

    References
    ----------
    Corrado, C. and Zivney, T. (1992), Journal of Financial and Quantitative Analysis 27,
    465-478, doi:10.2307/2331331.
    """
    return _root_count_test(
        "corrado_zivney",
        sums.scaled,
        sums,
        members,
        n,
        "U=K/(n+1)-1/2 summed over events by sqrt(N_t), S over estimation and window days; N(0,1)",
    )


def corrado_sign(sums: RankSums, members: Bools, n: Ints) -> TestResult:
    """Corrado's sign test about each event's own median.

    Parameters
    ----------
    sums, members, n
        As for :func:`corrado_rank`.

    Returns
    -------
    TestResult
        As :func:`corrado_zivney` with ``G_it = sign(AR_it - median_i)`` in place of U, the
        median over estimation and window days; N(0, 1).

    Notes
    -----
    Robust to skewness, unlike the plain sign test.

    References
    ----------
    Corrado, C. and Zivney, T. (1992), Journal of Financial and Quantitative Analysis 27,
    465-478, doi:10.2307/2331331.
    """
    return _root_count_test(
        "corrado_sign",
        sums.sign,
        sums,
        members,
        n,
        "sign(AR - own median) summed over events by sqrt(N_t), S over all days; N(0,1)",
    )


def _generalized_u(sums: RankSums) -> tuple[Floats, Reasons]:
    """Mean U of each column's own value, and the reasons why some have none."""
    reasons = Reasons(sums.events.size)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        u = np.where(sums.events > 0, sums.event_total / sums.events, np.nan)
    return u, reasons


def _blame(reasons: Reasons, n: Ints, sums: RankSums) -> None:
    reasons.mark(n < 2, REASONS["few_events"])
    reasons.mark(sums.events < 1, REASONS["no_variance"])


def grank_t(sums: RankSums, n: Ints) -> TestResult:
    """Generalised rank t test.

    Parameters
    ----------
    sums
        Sums over all events, ranked with ``collapse(SCAR)`` as thresholds.
    n
        (K,) int64, events with a SCAR in the column.

    Returns
    -------
    TestResult
        ``t = Z sqrt((T - 2)/(T - 1 - Z^2))``, ``Z = Ubar_0 / S``,
        ``S^2 = (1/T) sum_t (N_t/N) Ubar_t^2`` over the L1 estimation days and the event itself,
        T = L1 + 1; law t(T - 2).

    Notes
    -----
    The window counts as one day, its SCAR rescaled by the cross-sectional deviation: robust to
    a variance that the event raises, and to correlation between events of one date.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2011), Journal of Empirical Finance 18, 953-971,
    doi:10.1016/j.jempfin.2011.08.003.
    """
    u, reasons = _generalized_u(sums)
    used = sums.day_count > 0
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        daily = np.where(used, sums.day_total / sums.day_count, 0.0)
        share = sums.day_count / sums.events
        days = used.sum(axis=0) + 1.0
        variance = ((share * daily**2).sum(axis=0) + u**2) / days
        z = u / np.sqrt(variance)
        room = days - 1.0 - z**2
        statistic = z * np.sqrt((days - 2.0) / np.where(room > 0, room, np.nan))
    _blame(reasons, n, sums)
    reasons.mark(~(variance > 0), REASONS["flat_ranks"])
    reasons.mark(days < 4, REASONS["few_estimation_days"])
    reasons.mark(~(room > 0), REASONS["rank_explains_all"])
    return result(
        "grank_t",
        statistic,
        n,
        reasons,
        law="t",
        df=days - 2.0,
        convention="SCAR/sd(SCAR) ranked among e/s, T=L1+1 days with the event; t(T-2)",
    )


def grank_z(sums: RankSums, n: Ints) -> TestResult:
    """Generalised rank Z test, for independent events.

    Parameters
    ----------
    sums, n
        As for :func:`grank_t`.

    Returns
    -------
    TestResult
        ``Ubar_0 / sqrt(sum_i (T_i - 1)/(T_i + 1) / (12 N^2))``, T_i = M_i + 1; N(0, 1).

    Notes
    -----
    The theoretical variance of a rank takes the events as independent: not for events that
    share dates, for which :func:`grank_t` is meant.

    References
    ----------
    Kolari, J. and Pynnonen, S. (2011), Journal of Empirical Finance 18, 953-971,
    doi:10.1016/j.jempfin.2011.08.003.
    """
    u, reasons = _generalized_u(sums)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        statistic = u / np.sqrt(sums.null_variance / (12.0 * sums.events**2))
    _blame(reasons, n, sums)
    reasons.mark(~(sums.null_variance > 0), REASONS["no_residuals"])
    return result(
        "grank_z",
        statistic,
        n,
        reasons,
        law="normal",
        convention="Ubar of the event over its theoretical deviation, events independent; N(0,1)",
    )
