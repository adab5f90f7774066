"""Tests that look at signs only, and Wilcoxon's signed ranks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from mentionstudy.analysis.arrays import Floats
from mentionstudy.analysis.inference.moments import as_columns, true_values
from mentionstudy.analysis.inference.outcome import (
    Reasons,
    TestResult,
    normal_p,
    result,
)
from mentionstudy.analysis.inference.reasons import REASONS

EXACT_LIMIT = 50
"""Wilcoxon's exact law up to this many values without ties, as base R does."""
# Keys of the smallest number above zero and of infinity, see :func:`signed_ranks`.
_KEYS = np.array([2, int(np.float64(np.inf).view(np.uint64)) << 1], dtype=np.uint64)
_COLUMNS = 8  # of doubles in a line of the cache


def sign(values: Floats) -> TestResult:
    """Sign test of whether half of the abnormal returns are positive.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.

    Returns
    -------
    TestResult
        ``(P - n/2) / (sqrt(n)/2)``, P the number of values > 0; the p-value is the exact
        two-sided binomial(n, 1/2).

    Notes
    -----
    A zero counts as not positive. Assumes independent events and a median of zero, which skewed
    returns do not have; the generalised sign test takes the share from the estimation window.

    References
    ----------
    Brown, S. and Warner, J. (1980), Journal of Financial Economics 8, 205-258,
    doi:10.1016/0304-405X(80)90002-1.
    """
    values = as_columns(values)
    n = (~np.isnan(values)).sum(axis=0)
    positive = (values > 0).sum(axis=0)
    reasons = Reasons(n.size)
    reasons.mark(n < 2, REASONS["few_events"])
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns have their reason
        statistic = (positive - n / 2) / (np.sqrt(n) / 2)
    extreme = np.maximum(positive, n - positive)
    tail = special.bdtrc(extreme - 1.0, n.astype(np.int64), 0.5)  # P(X >= extreme)
    return result(
        "sign",
        statistic,
        n,
        reasons,
        law="exact",
        p=np.minimum(1.0, 2.0 * tail),
        convention="(P-N/2)/(sqrt(N)/2), zeros not positive; p exact binomial(N,1/2)",
    )


def positive_shares(residuals: Floats) -> Floats:
    """Share of each event's estimation residuals that is positive.

    Parameters
    ----------
    residuals
        (B, T) estimation residuals in any unit; NaN where missing.

    Returns
    -------
    Floats
        (B,) between 0 and 1; NaN without a residual.
    """
    n, positive = true_values(np.isfinite(residuals)), true_values(residuals > 0)
    share: Floats = np.where(n > 0, positive / np.maximum(n, 1), np.nan)
    return share


def generalized_sign(values: Floats, share: Floats) -> TestResult:
    """Generalised sign test: the expected share of positives is the estimation window's.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.
    share
        (N,) share of positive residuals of each event (:func:`positive_shares`).

    Returns
    -------
    TestResult
        ``(w - n p) / sqrt(n p (1 - p))``, w the number of values > 0, p the mean share over the
        events that have a value; N(0, 1). Undefined where p is 0 or 1.

    Notes
    -----
    A zero counts as not positive. Assumes independent events.

    References
    ----------
    Cowan, A. (1992), Review of Quantitative Finance and Accounting 2, 343-358,
    doi:10.1007/BF00939016.
    """
    values = as_columns(values)
    share = np.asarray(share, dtype=np.float64)
    present = ~np.isnan(values) & ~np.isnan(share)[:, None]
    n = present.sum(axis=0)
    positive = ((values > 0) & present).sum(axis=0)
    reasons = Reasons(n.size)
    reasons.mark(n < 2, REASONS["few_events"])
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        p = np.where(present, np.nan_to_num(share)[:, None], 0.0).sum(axis=0) / n
        statistic = (positive - n * p) / np.sqrt(n * p * (1 - p))
    reasons.mark(~((p > 0) & (p < 1)), REASONS["one_sign"])
    return result(
        "generalized_sign",
        statistic,
        n,
        reasons,
        law="normal",
        convention="(w-Np)/sqrt(Np(1-p)), p = mean over events of the share of residuals > 0; "
        "zeros not positive; N(0,1)",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRanks:
    """Wilcoxon's rank sums of one sample.

    Attributes
    ----------
    n
        Values that are not zero and not missing.
    w_plus
        Sum of the ranks of the absolute values that belong to positive values.
    ties
        Sum of ``t^3 - t`` over the groups of t equal absolute values.
    """

    n: int
    w_plus: float
    ties: float


def signed_ranks(values: Floats) -> SignedRanks:
    """Rank absolute values: zeros dropped, ties averaged.

    Parameters
    ----------
    values
        (N,) numbers in any unit; those that are not finite are left out.

    Returns
    -------
    SignedRanks
        W+, and the sizes of the ties.
    """
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    # The order of positive doubles is the order of their bits; the last bit carries the sign.
    key = (bits << 1) | (bits >> 63)
    key.sort()
    first, last = np.searchsorted(key, _KEYS)  # between zeros and what is not finite
    key = key[first:last]
    n = key.size
    if n == 0:
        return SignedRanks(n=0, w_plus=0.0, ties=0.0)
    negative = (key & 1).astype(bool)
    at = np.flatnonzero(negative)
    w_minus, cubes = float(int(at.sum()) + at.size), 0.0
    again = np.flatnonzero((key[1:] ^ key[:-1]) < 2)
    if again.size:  # within a tie the negative values are last; they get the average rank
        first = np.flatnonzero(np.r_[True, np.diff(again) > 1])
        start, size = again[first], np.diff(np.r_[first, again.size]) + 1
        member = np.repeat(start - (np.cumsum(size) - size), size) + np.arange(size.sum())
        count = np.add.reduceat(negative[member].astype(np.float64), np.cumsum(size) - size)
        w_minus += float((count * (count - size) / 2).sum())
        cubes = float((size.astype(np.float64) ** 3 - size).sum())
    return SignedRanks(n=n, w_plus=n * (n + 1) / 2 - w_minus, ties=cubes)


def _all_signed_ranks(values: Floats) -> list[SignedRanks]:
    """Rank each column of (N, K) values; a few columns at a time, which share their memory."""
    sums = []
    for low in range(0, values.shape[1], _COLUMNS):
        beside = np.ascontiguousarray(values[:, low : low + _COLUMNS].T)
        sums += [signed_ranks(column) for column in beside]
    return sums


@lru_cache(maxsize=EXACT_LIMIT)
def _subset_counts(n: int) -> Floats:
    """Share of the 2^n sign patterns that give each value of W+."""
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, n + 1):
        counts[rank:] += counts[:-rank].copy()
    share: Floats = np.cumsum(counts / 2.0**n)
    return share


def wilcoxon_exact_p(w_plus: float, n: int) -> float:
    """Exact two-sided p-value of W+ for n values without ties and zeros."""
    low = min(w_plus, n * (n + 1) / 2 - w_plus)
    return min(1.0, 2.0 * float(_subset_counts(n)[int(low)]))


def wilcoxon(values: Floats) -> TestResult:
    """Wilcoxon's signed-rank test.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.

    Returns
    -------
    TestResult
        The statistic is ``(W+ - n(n+1)/4) / sqrt(n(n+1)(2n+1)/24 - sum(t^3 - t)/48)``, without
        continuity correction; p from the exact law for n <= 50 without ties, else normal.
        :func:`signed_ranks` gives W+ itself. n counts the values that are not zero.

    Notes
    -----
    Zeros are dropped, ties averaged. Assumes independent events, symmetrical about the median.

    References
    ----------
    Wilcoxon, F. (1945), Biometrics Bulletin 1, 80-83, doi:10.2307/3001968. Corrado, C. (1989),
    Journal of Financial Economics 23, 385-395, compares it for event studies.
    """
    values = as_columns(values)
    sums = _all_signed_ranks(values)
    n = np.array([s.n for s in sums], dtype=np.int64)
    plus = np.array([s.w_plus for s in sums])
    ties = np.array([s.ties for s in sums])
    size = n.astype(np.float64)
    variance = size * (size + 1) * (2 * size + 1) / 24 - ties / 48
    reasons = Reasons(n.size)
    reasons.mark((~np.isnan(values)).sum(axis=0) < 2, REASONS["few_events"])
    reasons.mark(n < 1, REASONS["only_zeros"])
    with np.errstate(divide="ignore", invalid="ignore"):  # empty columns have their reason
        statistic = (plus - size * (size + 1) / 4) / np.sqrt(variance)
    p = normal_p(statistic)
    for column in np.flatnonzero((n >= 1) & (n <= EXACT_LIMIT) & (ties == 0)):
        p[column] = wilcoxon_exact_p(plus[column], int(n[column]))
    return result(
        "wilcoxon",
        statistic,
        n,
        reasons,
        law="exact",
        p=p,
        convention="standardised W+, zeros dropped, ties averaged, no continuity "
        f"correction; p exact for N <= {EXACT_LIMIT} without ties, else N(0,1)",
    )
