"""The t test of a mean with standard errors clustered by date, by firm, or by both."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.moments import Moments, as_columns, moments
from mentionstudy.analysis.inference.outcome import TestName, TestResult, result
from mentionstudy.analysis.inference.reasons import REASONS


def cluster_codes(first: Ints, second: Ints | None = None) -> Ints:
    """Give the distinct labels, or pairs of two labels, the numbers 0, 1, ...

    Parameters
    ----------
    first, second
        (N,) integer labels.

    Returns
    -------
    Ints
        (N,) int64 codes; equal codes for equal labels (pairs).
    """
    codes: Ints = np.unique(first, return_inverse=True)[1].astype(np.int64)
    if second is None:
        return codes
    other = np.unique(second, return_inverse=True)[1].astype(np.int64)
    pairs = codes * (int(other.max(initial=0)) + 1) + other
    codes = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    return codes


def cluster_sums(values: Floats, codes: Ints) -> tuple[Floats, Ints]:
    """Sum the columns of (N, K) values within clusters, NaN counted as absent.

    Returns
    -------
    tuple of arrays
        (G, K) sums and (G, K) int64 number of values.
    """
    groups = int(codes.max(initial=-1)) + 1
    add = sparse.csr_matrix(
        (np.ones(codes.size), (codes, np.arange(codes.size))), shape=(groups, codes.size)
    )
    present = ~np.isnan(values)
    if present.all():
        single = np.bincount(codes, minlength=groups).astype(np.int64)
        return add @ values, np.repeat(single[:, None], values.shape[1], axis=1)
    count = np.rint(add @ present.astype(np.float64)).astype(np.int64)
    return add @ np.where(present, values, 0.0), count


def _component(deviation: Floats, codes: Ints) -> tuple[Floats, Ints]:
    """``G/(G-1) sum over clusters of (sum of residuals)^2`` and G, per column."""
    total, count = cluster_sums(deviation, codes)
    groups = (count > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # one cluster: the caller's reason
        return groups / (groups - 1.0) * (total**2).sum(axis=0), groups


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
    m = moments(values) if known is None else known
    unit = np.where(m.sd > 0, m.sd, 1.0)  # squares of huge or tiny values would be lost
    deviation = (values - m.mean) / unit
    variance, groups = _component(deviation, cluster_codes(first))
    test: TestName = "clustered_t"
    how = "one way, V=G/(G-1) sum of squared cluster sums/N^2; t(G-1)"
    if second is not None:
        test = "clustered_t_two_way"
        other, other_groups = _component(deviation, cluster_codes(second))
        both, _ = _component(deviation, cluster_codes(first, second))
        variance = variance + other - both
        groups = np.minimum(groups, other_groups)
        how = "two way, V=V_1+V_2-V_12, each with G/(G-1); t(min G - 1)"
    reasons = m.reasons()
    reasons.mark(groups < 2, REASONS["one_cluster"])
    # a two-way variance is a difference: what is left of it by rounding is larger
    tiny = (1e-20 if second is None else 1e-10) * m.n
    reasons.mark(
        ~(variance > tiny),
        REASONS["no_variance"] if second is None else REASONS["no_two_way_variance"],
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
