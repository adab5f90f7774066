"""Bootstrap and permutation: laws drawn from the sample itself, reproducible by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.clusters import cluster_codes, cluster_sums
from mentionstudy.analysis.inference.moments import DEGENERATE, as_columns, moments
from mentionstudy.analysis.inference.outcome import Bools, Reasons, TestResult, result
from mentionstudy.analysis.inference.reasons import REASONS

EXACT_CLUSTERS = 14
"""Up to this many signs every pattern is tried (2^14 = 16,384) instead of drawing."""
_BATCH = 2**22  # signs held at once
_ROUNDING = 1e-12  # a resampled value this close to the observed one counts as equal


def _patterns(clusters: int, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield (rows, G) signs: every pattern when they are few, else ``draws`` random ones."""
    exact = clusters <= EXACT_CLUSTERS
    total = 2**clusters if exact else draws
    step = max(1, _BATCH // max(clusters, 1))
    for start in range(0, total, step):
        stop = min(start + step, total)
        if exact:
            number = np.arange(start, stop)[:, None]
            bits = ((number >> np.arange(clusters)) & 1).astype(np.uint8)
        else:
            words = rng.integers(0, 256, (stop - start, -(-clusters // 8)), dtype=np.uint8)
            bits = np.unpackbits(words, axis=1)[:, :clusters]
        yield 2.0 * bits.astype(np.float64) - 1.0


def _t_from_sums(total: Floats, square: Floats, n: Ints) -> Floats:
    """``sqrt(n) mean / sd`` from the sum of values and the sum of their squares."""
    with np.errstate(divide="ignore", invalid="ignore"):  # no spread left: an infinite t
        variance = np.maximum(square - total**2 / n, 0.0) / (n - 1.0)
        t: Floats = total / np.sqrt(n * variance)
    return t


def bootstrap(
    values: Floats,
    *,
    clusters: Ints | None = None,
    draws: int = 999,
    seed: int = 0,
) -> TestResult:
    """Wild bootstrap test of a mean, with percentile limits from a cluster bootstrap.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.
    clusters
        (N,) int64; the events of a cluster keep their dependence. Usually the date of day 0.
        None takes every event for itself.
    draws
        Resamples, at least 99.
    seed
        Seed of the draws.

    Returns
    -------
    TestResult
        The statistic is the cross-sectional t. p is the share of resamples whose ``|t*|``
        reaches ``|t|`` when every cluster's values are multiplied by one random sign (the null
        imposed): ``(count + 1)/(draws + 1)``, or exact over all patterns up to 14 clusters.
        ``ci_low, ci_high``: 2.5 and 97.5 % quantiles of the mean over resampled clusters.

    Raises
    ------
    ConfigError
        If ``draws`` is below 99.

    Notes
    -----
    The law is symmetrical by construction; strong skewness is not corrected.

    References
    ----------
    Liu, R. (1988), Annals of Statistics 16, 1696-1708, doi:10.1214/aos/1176351062. Cameron, A.,
    Gelbach, J. and Miller, D. (2008), Review of Economics and Statistics 90, 414-427,
    doi:10.1162/rest.90.3.414.
    """
    if draws < 99:
        raise ConfigError(f"draws is {draws}; a bootstrap needs at least 99")
    values = as_columns(values)
    codes = np.arange(values.shape[0]) if clusters is None else cluster_codes(clusters)
    rng = np.random.default_rng(seed)
    m = moments(values)
    scale = np.where(m.sd > 0, m.sd, 1.0)  # squares of tiny returns would lose digits
    total, count = cluster_sums(values / scale, codes)
    groups = (count > 0).sum(axis=0)
    p, exact = _wild(values / scale, total, m.n, draws, rng)
    low, high = _percentiles(total, count, draws, rng)
    reasons = m.reasons()
    reasons.mark(groups < 2, REASONS["one_cluster"])
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns have their reason
        statistic = np.sqrt(m.n) * m.mean / m.sd
    what = "event" if clusters is None else "cluster"
    law = f"all {2 ** total.shape[0]} sign patterns" if exact else f"{draws} draws, seed {seed}"
    return result(
        "bootstrap",
        statistic,
        m.n,
        reasons,
        law="resampling",
        p=p,
        convention=f"cross-sectional t; p from one random sign per {what} ({law}); "
        f"95 % limits: quantiles of the mean over resampled {what}s ({draws} draws)",
        estimate=m.mean,
        standard_error=m.sd / np.sqrt(np.maximum(m.n, 1)),
        limits=(low * scale, high * scale),
    )


def _wild(
    values: Floats, total: Floats, n: Ints, draws: int, rng: np.random.Generator
) -> tuple[Floats, bool]:
    """(K,) p of the sign-flipped t, and whether every pattern was tried."""
    square = np.nansum(values**2, axis=0)
    observed = np.abs(_t_from_sums(total.sum(axis=0), square, n))
    reached, tried = np.zeros(values.shape[1]), 0
    for signs in _patterns(total.shape[0], draws, rng):
        t = np.abs(_t_from_sums(signs @ total, square, n))
        reached += (t >= observed * (1 - _ROUNDING)).sum(axis=0)
        tried += signs.shape[0]
    exact = total.shape[0] <= EXACT_CLUSTERS
    return (reached / tried if exact else (reached + 1) / (tried + 1)), exact


def _percentiles(
    total: Floats, count: Ints, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """2.5 and 97.5 % quantiles of the mean over clusters drawn with replacement."""
    groups = total.shape[0]
    if groups == 0:
        nothing = np.full(total.shape[1], np.nan)
        return nothing, nothing
    means = np.empty((draws, total.shape[1]))
    step = max(1, _BATCH // groups)
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        drawn = rng.integers(0, groups, (rows, groups))
        drawn += np.arange(rows)[:, None] * groups
        times = np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups)
        number = times @ count
        means[start : start + rows] = np.divide(
            times @ total, number, out=np.full(number.shape, np.nan), where=number > 0
        )
    there = ~np.isnan(means).all(axis=0)
    low, high = np.full(there.size, np.nan), np.full(there.size, np.nan)
    if there.any():
        low[there], high[there] = np.nanquantile(means[:, there], (0.025, 0.975), axis=0)
    return low, high


def sign_flip(
    values: Floats, *, clusters: Ints | None = None, draws: int = 999, seed: int = 0
) -> TestResult:
    """Permutation test of a mean by flipping signs.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window; NaN where missing.
    clusters
        (N,) int64; the events of a cluster are flipped together. None flips every event alone.
    draws, seed
        Random patterns when there are more than 14 signs, and their seed.

    Returns
    -------
    TestResult
        The statistic is the mean; p the share of sign patterns with ``|mean*| >= |mean|``,
        exact over all of them up to 14 signs, else ``(count + 1)/(draws + 1)``.

    Notes
    -----
    Exact if abnormal returns are symmetrical about zero under the null and clusters
    independent. The placebo permutation needs no symmetry: :func:`placebo`.

    References
    ----------
    Fisher, R. (1935), The Design of Experiments, ch. 3.
    """
    values = as_columns(values)
    codes = np.arange(values.shape[0]) if clusters is None else cluster_codes(clusters)
    m = moments(values)
    unit = np.where(m.sd > 0, m.sd, 1.0)
    total, count = cluster_sums(values / unit, codes)
    observed = np.abs(total.sum(axis=0))
    rng = np.random.default_rng(seed)
    reached, tried = np.zeros(observed.size), 0
    slack = _ROUNDING * np.abs(total).sum(axis=0)
    for signs in _patterns(total.shape[0], draws, rng):
        reached += (np.abs(signs @ total) >= observed - slack).sum(axis=0)
        tried += signs.shape[0]
    exact = total.shape[0] <= EXACT_CLUSTERS
    p = reached / tried if exact else (reached + 1) / (tried + 1)
    reasons = Reasons(observed.size)
    reasons.mark((count > 0).sum(axis=0) < 2, REASONS["few_signs"])
    reasons.mark(np.abs(total).sum(axis=0) == 0, REASONS["no_variance"])
    how = f"all {tried} sign patterns" if exact else f"{draws} random sign patterns, seed {seed}"
    return result(
        "permutation",
        m.mean,
        m.n,
        reasons,
        law="resampling",
        p=p,
        convention=f"mean against {how}",
        estimate=m.mean,
    )


def placebo(
    values: Floats,
    draw: Callable[[np.random.Generator], Floats],
    *,
    draws: int = 199,
    seed: int = 0,
) -> TestResult:
    """Permutation test against placebo dates of the same firms.

    Parameters
    ----------
    values
        (N, K) abnormal returns of a day or CARs of a window at the real dates; NaN where missing.
    draw
        Returns (N, K) values of one placebo sample: for every event another session of its firm
        outside its own event windows.
    draws, seed
        Number of placebo samples, at least 19, and their seed.

    Returns
    -------
    TestResult
        The statistic is the mean of the values; p is
        ``(1 + number of placebo means at least as far from their centre) / (draws + 1)``, the
        centre being the mean of the placebo means. ``ci_low, ci_high`` are the 2.5 and 97.5 %
        quantiles of the placebo means: the range expected without an event.

    Raises
    ------
    ConfigError
        If ``draws`` is below 19.

    Notes
    -----
    Dates are drawn independently, so the correlation of events of one date is not in the
    placebo law. A variance that the event raises is not in it either.

    References
    ----------
    Brown, S. and Warner, J. (1985), Journal of Financial Economics 14, 3-31,
    doi:10.1016/0304-405X(85)90042-X, for the sampling of dates.
    """
    if draws < 19:
        raise ConfigError(f"draws is {draws}; a placebo test needs at least 19")
    values = as_columns(values)
    rng = np.random.default_rng(seed)
    observed = moments(values)
    means = np.stack([moments(draw(rng)).mean for _ in range(draws)])
    reasons = Reasons(observed.n.size)
    reasons.mark(observed.n < 1, REASONS["no_event"])
    reasons.mark(np.isnan(means.sum(axis=0)), REASONS["no_placebo_session"])
    centre = means.mean(axis=0)
    distance = np.abs(means - centre)
    flat: Bools = np.less_equal(distance.max(axis=0), DEGENERATE * np.abs(centre))
    reasons.mark(flat, REASONS["flat_placebo"])
    far = np.abs(observed.mean - centre) * (1 - _ROUNDING)
    count = (distance >= far).sum(axis=0)
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return result(
        "permutation",
        observed.mean,
        observed.n,
        reasons,
        law="resampling",
        p=(count + 1.0) / (draws + 1.0),
        convention=f"mean against {draws} samples of placebo dates of the same firms, "
        f"seed {seed}; limits: where 95 % of the placebo means lie",
        estimate=observed.mean,
        standard_error=means.std(axis=0, ddof=1),
        limits=(low, high),
    )
