"""The t test of a mean with standard errors clustered by date, by firm, or by both."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.moments import Moments, as_columns, moments
from mentionstudy.analysis.inference.outcome import TestName, TestResult, result
from mentionstudy.analysis.inference.reasons import REASONS

_DENSE = 4  # labels at most this many times as many as events are numbered by a table


def cluster_codes(first: Ints, second: Ints | None = None) -> Ints:
    """Give the distinct labels, or pairs of two labels, the numbers 0, 1, ...

    Parameters
    ----------
    first, second
        (N,) integer labels.

    Returns
    -------
    Ints
        (N,) int64 codes in the order of the labels; equal codes for equal labels (pairs).
    """
    codes = _numbered(np.asarray(first))
    if second is None:
        return codes
    other = _numbered(np.asarray(second))
    return _numbered(codes * (int(other.max(initial=0)) + 1) + other)


def _numbered(labels: Ints) -> Ints:
    """(N,) number of each label: by a table where labels lie close together, else by sorting."""
    low = int(labels.min(initial=0))
    span = int(labels.max(initial=0)) - low + 1
    if span > _DENSE * labels.size + 1024:
        return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
    occurs = np.zeros(span, dtype=bool)
    occurs[labels - low] = True
    return np.asarray((np.cumsum(occurs) - 1)[labels - low])


class Clusters:
    """The events of a sample, divided into clusters.

    Parameters
    ----------
    codes
        (N,) int64 cluster of each event, :func:`cluster_codes`.

    Attributes
    ----------
    member
        (G,) int64, an event of each cluster.
    """

    def __init__(self, codes: Ints) -> None:
        self._size = np.bincount(codes)
        self.member = np.empty(self._size.size, dtype=np.int64)
        self.member[codes] = np.arange(codes.size)
        shape = (self._size.size, codes.size)
        self._add = sparse.csr_matrix((np.ones(codes.size), (codes, np.arange(codes.size))), shape)

    def sums(self, values: Floats) -> tuple[Floats, Ints]:
        """Sum the columns of (N, K) values within clusters, NaN counted as absent.

        Returns
        -------
        tuple of arrays
            (G, K) sums and (G, K) int64 number of values.
        """
        total = self._add @ values
        if not np.isnan(total).any():
            return total, np.repeat(self._size[:, None], values.shape[1], axis=1)
        present = ~np.isnan(values)
        count = np.rint(self._add @ present.astype(np.float64)).astype(np.int64)
        return self._add @ np.where(present, values, 0.0), count

    def component(self, deviation: Floats) -> tuple[Floats, Ints]:
        """``G/(G-1) sum over clusters of (sum of residuals)^2`` and G, per column.

        Parameters
        ----------
        deviation
            (N, K) distances from the mean; NaN where missing.
        """
        total, count = self.sums(deviation)
        groups = (count > 0).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):  # one cluster: the caller's reason
            return groups / (groups - 1.0) * np.einsum("gk,gk->k", total, total), groups


def cluster_sums(values: Floats, codes: Ints) -> tuple[Floats, Ints]:
    """Sum the columns of (N, K) values within clusters; see :meth:`Clusters.sums`."""
    return Clusters(codes).sums(values)


class TwoWays:
    """Clusters by one label, by another, and by both.

    Parameters
    ----------
    first, second
        (N,) integer labels.
    """

    def __init__(self, first: Ints, second: Ints) -> None:
        self.first = Clusters(cluster_codes(first))
        self.second = Clusters(cluster_codes(second))
        self.both = Clusters(cluster_codes(first, second))


def clustered_t(
    values: Floats, first: Ints, second: Ints | None = None, *, known: Moments | None = None
) -> TestResult:
    """T test of a mean with one- or two-way clustered standard errors.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.
    first
        (N,) int64 cluster of each event, usually the date of day 0.
    second
        (N,) int64 second cluster, usually the firm, for two-way clustering.
    known
        ``moments(values)``, where they were computed before.

    Returns
    -------
    TestResult
        ``mean / sqrt(V)``, ``V = G/(G-1) sum_g (sum of residuals in g)^2 / n^2``; two-way
        ``V = V_first + V_second - V_both``. Law t(G - 1), with the smaller G if two-way.
        Undefined with one cluster only, or where the two-way V is not positive.

    Notes
    -----
    Allows any correlation within a cluster, none between clusters: windows that overlap from
    neighbouring dates are still taken as independent. Rough below about 20 clusters.

    References
    ----------
    Cameron, A., Gelbach, J. and Miller, D. (2011), JBES 29, 238-249,
    doi:10.1198/jbes.2010.07136. Petersen, M. (2009), Review of Financial Studies 22, 435-480,
    doi:10.1093/rfs/hhn053.
    """
    values = as_columns(values)
    for label in (first,) if second is None else (first, second):
        if np.shape(label) != values.shape[:1]:
            raise ConfigError("cluster labels: one for each of the N events is needed")
    if second is not None:
        return clustered_tests(values, TwoWays(first, second), known=known)[1]
    m = moments(values) if known is None else known
    deviation, unit = _deviations(values, m)
    variance, groups = Clusters(cluster_codes(first)).component(deviation)
    return _clustered("clustered_t", m, unit, variance, groups)


def clustered_tests(
    values: Floats, ways: TwoWays, *, known: Moments | None = None
) -> tuple[TestResult, TestResult]:
    """Both tests of :func:`clustered_t`, one-way by the first label and two-way.

    Parameters
    ----------
    values, known
        As for :func:`clustered_t`.
    ways
        The labels of the N events.
    """
    values = as_columns(values)
    m = moments(values) if known is None else known
    deviation, unit = _deviations(values, m)
    variance, groups = ways.first.component(deviation)
    other, other_groups = ways.second.component(deviation)
    both, _ = ways.both.component(deviation)
    one_way = _clustered("clustered_t", m, unit, variance, groups)
    smaller = np.minimum(groups, other_groups)
    return one_way, _clustered("clustered_t_two_way", m, unit, variance + other - both, smaller)


def _deviations(values: Floats, m: Moments) -> tuple[Floats, Floats]:
    """Distances from the mean in units of the deviation, and that unit.

    Squares of huge or tiny values would be lost.
    """
    unit = np.where(m.sd > 0, m.sd, 1.0)
    deviation = values - m.mean
    deviation /= unit
    return deviation, unit


def _clustered(
    test: TestName, m: Moments, unit: Floats, variance: Floats, groups: Ints
) -> TestResult:
    two_way = test == "clustered_t_two_way"
    how = "one way, V=G/(G-1) sum of squared cluster sums/N^2; t(G-1)"
    if two_way:
        how = "two way, V=V_1+V_2-V_12, each with G/(G-1); t(min G - 1)"
    reasons = m.reasons()
    reasons.mark(groups < 2, REASONS["one_cluster"])
    # a two-way variance is a difference: what is left of it by rounding is larger
    tiny = (1e-10 if two_way else 1e-20) * m.n
    reasons.mark(
        ~(variance > tiny),
        REASONS["no_two_way_variance"] if two_way else REASONS["no_variance"],
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        error = np.sqrt(np.where(variance > 0, variance, np.nan)) / m.n * unit
        statistic = m.mean / error
    return result(
        test,
        statistic,
        m.n,
        reasons,
        law="t",
        df=groups - 1.0,
        independent=groups,
        convention=how,
        estimate=m.mean,
        standard_error=error,
    )
