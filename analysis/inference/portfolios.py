"""Calendar-time portfolios: one return a day of all firms inside their event window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.clusters import Clusters
from mentionstudy.analysis.inference.moments import DEGENERATE, as_columns
from mentionstudy.analysis.inference.outcome import (
    Bools,
    Reasons,
    TestResult,
    result,
    student_p,
)
from mentionstudy.analysis.inference.reasons import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSeries:
    """Daily abnormal return of the portfolio of events inside their window.

    Attributes
    ----------
    day
        (D,) int64 calendar positions with at least one event, ascending.
    value
        (D,) mean abnormal return of the events on that day, decimal.
    count
        (D,) int64 events on that day.
    """

    day: Ints
    value: Floats
    count: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphaResult:
    """Mean abnormal return of a portfolio after its factors.

    Attributes
    ----------
    names
        ``"alpha"`` and the factors.
    coefficient, standard_error, statistic, p, ci_low, ci_high
        (P,) floats, per day; limits at 95 %.
    df, n, lags
        Degrees of freedom, days, Newey-West lags.
    convention
        What was computed.
    """

    names: tuple[str, ...]
    coefficient: Floats
    standard_error: Floats
    statistic: Floats
    p: Floats
    ci_low: Floats
    ci_high: Floats
    df: int
    n: int
    lags: int
    convention: str


def portfolio_series(ar: Floats, event_day: Ints) -> PortfolioSeries:
    """Average, day by calendar day, the abnormal returns of the events that are in their window.

    Parameters
    ----------
    ar
        (N, L) abnormal returns of the window's days; NaN where missing.
    event_day
        (N, L) int64 calendar position of each, -1 for none.

    Returns
    -------
    PortfolioSeries
        Equal weights among the events of a day.
    """
    good = np.isfinite(ar) & (event_day >= 0)
    position, value = event_day[good], ar[good]
    count = np.bincount(position)
    total = np.bincount(position, weights=value)
    day = np.flatnonzero(count)
    return PortfolioSeries(
        day=day.astype(np.int64), value=total[day] / count[day], count=count[day].astype(np.int64)
    )


class _Daily:
    """Sums of abnormal returns by day of the window and calendar day.

    Parameters
    ----------
    ar
        (N, L) abnormal returns; NaN where missing.
    day
        (G, L) int64 calendar positions of the days of each cluster, -1 for none.
    dates
        The events in G clusters that have all days in common.
    """

    def __init__(self, ar: Floats, day: Ints, dates: Clusters) -> None:
        total, count = dates.sums(ar)
        inside = day >= 0
        length = ar.shape[1]
        cell = (day * length + np.arange(length))[inside]
        size = (int(day.max(initial=-1)) + 1) * length
        shape = (-1, length)
        self._total = np.bincount(cell, total[inside], size).reshape(shape)
        self._count = np.rint(np.bincount(cell, count[inside], size)).reshape(shape)
        self._complete = int(count.sum()) == ar.size

    def series(self, member: Bools) -> PortfolioSeries:
        """Return the portfolio of the window days in an (L,) mask."""
        count = self._count[:, member].sum(axis=1).astype(np.int64)
        day = np.flatnonzero(count)
        total = self._total[day][:, member].sum(axis=1)
        return PortfolioSeries(day=day, value=total / count[day], count=count[day])

    def events(self, ar: Floats, members: Bools) -> Ints:
        """(K,) events with a value in each window."""
        if self._complete:
            return np.where(members.any(axis=1), len(ar), 0)
        present = ~np.isnan(ar)
        counts = [int(present[:, member].any(axis=1).sum()) for member in members]
        return np.array(counts, dtype=np.int64)


def default_lags(n: int) -> int:
    """Newey and West's (1994) rule of thumb, ``floor(4 (n/100)^(2/9))``."""
    return int(4 * (n / 100) ** (2 / 9)) if n > 0 else 0


def _long_run(score: Floats, day: Ints, lags: int) -> Floats:
    """Bartlett-weighted sum of score products; only days exactly ``lag`` sessions apart pair."""
    total = score.T @ score
    for lag in range(1, lags + 1):
        index = np.searchsorted(day, day + lag)
        index = np.minimum(index, day.size - 1)
        pair = day[index] == day + lag
        cross = score[index[pair]].T @ score[pair]
        total = total + (1 - lag / (lags + 1)) * (cross + cross.T)
    return np.asarray(total)


def portfolio_alpha(
    value: Floats,
    day: Ints,
    *,
    factors: Floats | None = None,
    names: tuple[str, ...] = (),
    lags: int | None = None,
) -> AlphaResult:
    """Regress portfolio returns on factors, with Newey-West errors.

    Parameters
    ----------
    value
        (D,) portfolio returns, in excess of the risk-free rate if the factors are; or abnormal
        returns, without factors.
    day
        (D,) int64 session numbers, ascending: days further apart than a lag do not pair.
    factors
        (D, F) factor returns on the same days, or None.
    names
        F names.
    lags
        Newey-West lags; ``floor(4 (D/100)^(2/9))`` if None.

    Returns
    -------
    AlphaResult
        ``"alpha"`` first; law t(D - P), small-sample factor D/(D - P).

    Raises
    ------
    InputError
        With too few days, dependent factors, or returns that the factors explain exactly.
    ConfigError
        With negative lags.

    References
    ----------
    Jaffe, J. (1974), Journal of Business 47, 410-428. Mandelker, G. (1974), Journal of
    Financial Economics 1, 303-335. Fama, E. (1998), Journal of Financial Economics 49, 283-306,
    doi:10.1016/S0304-405X(98)00026-9. Newey, W. and West, K. (1987), Econometrica 55, 703-708,
    doi:10.2307/1913610.
    """
    n = value.size
    x = np.ones((n, 1)) if factors is None else np.column_stack((np.ones(n), factors))
    p = x.shape[1]
    if len(names) != p - 1:
        raise InputError(f"{p - 1} factors have {len(names)} names")
    if n <= p:
        raise InputError(f"{n} portfolio days; {p} coefficients need at least {p + 1}")
    if lags is not None and lags < 0:
        raise ConfigError(f"lags is {lags}; it is 0 or more")
    used = default_lags(n) if lags is None else lags
    used = min(used, n - 1)
    if np.linalg.matrix_rank(x) < p:
        raise InputError("the factors and the constant are linearly dependent")
    unit = float(np.abs(value).max()) or 1.0  # squares of huge or tiny values would be lost
    bread = np.linalg.inv(x.T @ x)
    coefficient = bread @ (x.T @ (value / unit))
    residual = value / unit - x @ coefficient
    if not np.abs(residual).max() > DEGENERATE:
        raise InputError("the portfolio's returns are explained exactly; there is no error to test")
    meat = _long_run(x * residual[:, None], day, used)
    matrix = bread @ meat @ bread * n / (n - p)
    coefficient = coefficient * unit
    error = np.sqrt(np.maximum(np.diag(matrix), 0.0)) * unit
    with np.errstate(divide="ignore", invalid="ignore"):  # lags can cancel all of the variance
        statistic = coefficient / error
    half = float(special.stdtrit(n - p, 0.975)) * error
    return AlphaResult(
        names=("alpha", *names),
        coefficient=coefficient,
        standard_error=error,
        statistic=statistic,
        p=student_p(statistic, np.full(p, float(n - p))),
        ci_low=coefficient - half,
        ci_high=coefficient + half,
        df=n - p,
        n=n,
        lags=used,
        convention=f"calendar-time portfolio, Newey-West {used} lags, n/(n-k); t({n - p})",
    )


def calendar_time(
    ar: Floats,
    event_day: Ints,
    members: Bools,
    *,
    lags: int | None = None,
    dates: Clusters | None = None,
) -> TestResult:
    """Test the mean daily abnormal return of calendar-time portfolios, window by window.

    Parameters
    ----------
    ar
        (N, L) abnormal returns; NaN where missing.
    event_day
        (N, L) int64 calendar positions of the days, -1 for none; with ``dates``, (G, L) those of
        each cluster.
    members
        (K, L) bool, the days of each window.
    lags
        Newey-West lags; ``floor(4 (D/100)^(2/9))`` of the D portfolio days if None.
    dates
        The events in G clusters that have all days in common, where they are known.

    Returns
    -------
    TestResult
        t of the mean over the D days that have an event, law t(D - 1); ``estimate`` is the mean
        abnormal return per day. Undefined below 3 days.

    Notes
    -----
    Allows for any correlation between events of one day and, by the lags, of neighbouring days.
    Every day counts alike, whether one event or a hundred are in the portfolio.

    References
    ----------
    See :func:`portfolio_alpha`.
    """
    members = np.atleast_2d(members)
    k = members.shape[0]
    statistic, df = np.full(k, np.nan), np.full(k, np.nan)
    estimate, error = np.full(k, np.nan), np.full(k, np.nan)
    few = np.zeros(k, dtype=bool)
    ar = as_columns(ar)
    daily = _Daily(ar, event_day, dates or Clusters(np.arange(len(ar))))
    events = daily.events(ar, members)
    for column, member in enumerate(members):
        series = daily.series(member)
        if series.day.size < 3:
            few[column] = True
            continue
        if np.ptp(series.value) <= DEGENERATE * np.abs(series.value).max():
            continue
        alpha = portfolio_alpha(series.value, series.day, lags=lags)
        estimate[column], error[column] = alpha.coefficient[0], alpha.standard_error[0]
        statistic[column], df[column] = alpha.statistic[0], alpha.df
    reasons = Reasons(k)
    reasons.mark(events < 2, REASONS["few_events"])
    reasons.mark(few, REASONS["few_calendar_days"])
    reasons.mark(np.isnan(statistic), REASONS["flat_portfolio"])
    used = "floor(4 (D/100)^(2/9))" if lags is None else str(lags)
    return result(
        "calendar_time",
        statistic,
        events,
        reasons,
        law="t",
        df=df,
        convention=f"mean daily abnormal return of the portfolio of events in their window, "
        f"Newey-West {used} lags, D/(D-1); t(D-1)",
        estimate=estimate,
        standard_error=error,
    )
