"""Differences of mean abnormal returns between groups of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.clusters import cluster_codes, cluster_sums
from mentionstudy.analysis.inference.moments import Moments, as_columns, moments
from mentionstudy.analysis.inference.outcome import Reasons, student_p
from mentionstudy.analysis.inference.reasons import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDifference:
    """Difference of the mean of one group and another, per column.

    Attributes
    ----------
    first, second
        Names of the groups; the difference is first minus second.
    mean_first, mean_second, difference, standard_error
        (K,) in the units of the input.
    statistic, df, p
        (K,) t, its degrees of freedom and two-sided p; NaN where undefined.
    n_first, n_second
        (K,) int64, events that entered.
    ci_low, ci_high
        (K,) 95 % limits of the difference.
    reason
        K sentences, empty where the test is defined.
    convention
        What was computed.
    """

    __test__: ClassVar[bool] = False

    first: str
    second: str
    mean_first: Floats
    mean_second: Floats
    difference: Floats
    standard_error: Floats
    statistic: Floats
    df: Floats
    p: Floats
    n_first: Ints
    n_second: Ints
    ci_low: Floats
    ci_high: Floats
    reason: tuple[str, ...]
    convention: str


def difference_of_means(
    values: Floats,
    group: ArrayLike,
    *,
    first: str | None = None,
    second: str | None = None,
    clusters: Ints | None = None,
) -> GroupDifference:
    """Test whether two groups of events have the same mean abnormal return.

    Parameters
    ----------
    values
        (N, K) CARs of windows or abnormal returns of days; NaN where missing.
    group
        (N,) labels.
    first, second
        The two groups; may be left out when there are exactly two labels.
    clusters
        (N,) int64, usually the date of day 0: errors are then clustered.

    Returns
    -------
    GroupDifference
        Welch's t with Satterthwaite's degrees of freedom; with ``clusters`` the t of the group's
        coefficient in a regression on a constant and the group, errors clustered with
        ``G/(G-1) (n-1)/(n-2)``, law t(G - 1).

    Raises
    ------
    ConfigError
        If a group does not occur, or more than two do and none is chosen.

    Notes
    -----
    Without clusters the events are taken as independent.

    References
    ----------
    Welch, B. (1947), Biometrika 34, 28-35, doi:10.1093/biomet/34.1-2.28.
    """
    values = as_columns(values)
    labels = np.array([str(label) for label in np.asarray(group, dtype=object).ravel()])
    if labels.size != values.shape[0]:
        raise ConfigError(f"group has {labels.size} labels for {values.shape[0]} events")
    one, two = _choose(labels, first, second)
    left, right = labels == one, labels == two
    a, b = moments(values[left]), moments(values[right])
    if clusters is None:
        error, df, reasons = _welch(a, b)
        how = "Welch t, unequal variances, Satterthwaite df"
    else:
        error, df, reasons = _clustered(values, left, right, a, b, np.asarray(clusters))
        how = "OLS on the group with clustered errors, G/(G-1) (n-1)/(n-2); t(G-1)"
    difference = a.mean - b.mean
    bad = reasons.any
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        statistic = np.where(bad, np.nan, difference / error)
    reasons.mark(~np.isfinite(statistic), REASONS["not_finite"])
    bad = reasons.any
    half = special.stdtrit(np.where(bad, np.nan, df), 0.975) * error
    return GroupDifference(
        first=one,
        second=two,
        mean_first=a.mean,
        mean_second=b.mean,
        difference=difference,
        standard_error=np.where(bad, np.nan, error),
        statistic=statistic,
        df=np.where(bad, np.nan, df),
        p=student_p(statistic, np.where(bad, np.nan, df)),
        n_first=a.n,
        n_second=b.n,
        ci_low=difference - half,
        ci_high=difference + half,
        reason=tuple(str(text) for text in reasons.texts),
        convention=how,
    )


def _choose(labels: np.ndarray, first: str | None, second: str | None) -> tuple[str, str]:
    names = [str(name) for name in np.unique(labels)]
    for name in (first, second):
        if name is not None and name not in names:
            raise ConfigError(f"no event is in group {name!r}; groups: {', '.join(names)}")
    rest = [name for name in names if name not in (first, second)]
    if first is not None and second is not None:
        return first, second
    if len(names) != 2:
        raise ConfigError(
            f"two groups are compared and there are {len(names)}: {', '.join(names)}; "
            "name the first and the second"
        )
    return (first or rest.pop(0)), (second or rest.pop())


def _few(a: Moments, b: Moments, needed: int) -> Reasons:
    reasons = Reasons(a.n.size)
    reasons.mark((a.n < needed) | (b.n < needed), REASONS["few_in_group"])
    return reasons


def _welch(a: Moments, b: Moments) -> tuple[Floats, Floats, Reasons]:
    reasons = _few(a, b, 2)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        va = np.where(a.constant, 0.0, a.sd**2) / a.n
        vb = np.where(b.constant, 0.0, b.sd**2) / b.n
        df = (va + vb) ** 2 / (va**2 / (a.n - 1.0) + vb**2 / (b.n - 1.0))
    reasons.mark(~(va + vb > 0), REASONS["flat_groups"])
    return np.sqrt(va + vb), df, reasons


def _clustered(
    values: Floats,
    left: np.ndarray,
    right: np.ndarray,
    a: Moments,
    b: Moments,
    clusters: Ints,
) -> tuple[Floats, Floats, Reasons]:
    reasons = _few(a, b, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        # influence of each event on the difference of the two means
        influence = np.where(left[:, None], (values - a.mean) / a.n, np.nan)
        influence = np.where(right[:, None], -(values - b.mean) / b.n, influence)
        total, count = cluster_sums(influence, cluster_codes(clusters))
        groups = (count > 0).sum(axis=0)
        n = a.n + b.n
        scale = groups / (groups - 1.0) * (n - 1.0) / (n - 2.0)
        variance = scale * (total**2).sum(axis=0)
    reasons.mark(groups < 2, REASONS["one_cluster"])
    reasons.mark(n < 3, REASONS["few_in_group"])
    reasons.mark(~(variance > 0), REASONS["flat_groups"])
    return np.sqrt(np.where(variance > 0, variance, np.nan)), groups - 1.0, reasons
