"""Mean, sign and cluster tests against scipy, statsmodels, base R and loops from the papers."""

from __future__ import annotations

import itertools
from math import comb, sqrt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.clusters import clustered_t
from mentionstudy.analysis.inference.mean_tests import (
    cross_sectional_t,
    crude_dependence_t,
    portfolio_sums,
    skewness_adjusted_hall,
    skewness_adjusted_johnson,
)
from mentionstudy.analysis.inference.multiplicity import benjamini_hochberg
from mentionstudy.analysis.inference.outcome import student_p
from mentionstudy.analysis.inference.sign_tests import (
    generalized_sign,
    positive_shares,
    sign,
    signed_ranks,
    wilcoxon,
)
from mentionstudy.analysis.inference.standardized import (
    adjusted_patell,
    bmp,
    kp_bmp,
    patell,
    window_mean_sar,
)

CASES = ("caseA_sp500_additions", "caseD_gafam_10k")


def sample(kind: str, n: int = 40, k: int = 3, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.standard_t(4, (n, k)) * 0.02 + 0.004
    if kind == "gappy":
        x[rng.random(x.shape) < 0.2] = np.nan
    if kind == "tied":
        x = np.round(x, 2)
    if kind == "tiny":
        x = x[:3]
    return x


KINDS = ("clean", "gappy", "tied", "tiny")


@pytest.mark.parametrize("kind", KINDS)
def test_cross_sectional_t_is_scipys_one_sample_t(kind: str) -> None:
    x = sample(kind)
    ours = cross_sectional_t(x)
    theirs = stats.ttest_1samp(x, 0, nan_policy="omit")
    np.testing.assert_allclose(ours.statistic, theirs.statistic, rtol=1e-12)
    np.testing.assert_allclose(ours.p, theirs.pvalue, rtol=1e-11)
    interval = theirs.confidence_interval()
    np.testing.assert_allclose(ours.ci_low, interval.low, rtol=1e-10)
    np.testing.assert_allclose(ours.ci_high, interval.high, rtol=1e-10)
    assert ours.n.tolist() == (~np.isnan(x)).sum(axis=0).tolist()


def test_weighted_t_is_the_robust_t_of_weighted_least_squares() -> None:
    x = sample("clean")[:, 0]
    w = np.random.default_rng(3).uniform(0.1, 2, x.size)
    ours = cross_sectional_t(x, weight=w)
    # OLS of w x on w has the weighted moments with weights w^2; use WLS with HC1 errors instead.
    fit = sm.WLS(x, np.ones_like(x), weights=w).fit(cov_type="HC1", use_t=True)
    np.testing.assert_allclose(ours.estimate[0], fit.params[0], rtol=1e-12)
    np.testing.assert_allclose(ours.standard_error[0], fit.bse[0], rtol=1e-12)
    np.testing.assert_allclose(ours.p[0], fit.pvalues[0], rtol=1e-10)
    same = cross_sectional_t(x, weight=np.full(x.size, 7.0))
    np.testing.assert_allclose(same.statistic, cross_sectional_t(x).statistic, rtol=1e-12)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ConfigError, match="weight"):
        cross_sectional_t(np.ones(3), weight=np.array([1.0, -1.0, 1.0]))


@pytest.mark.parametrize("case", CASES)
def test_base_r_values(shared, case: str) -> None:  # type: ignore[no-untyped-def]
    folder = shared / "reference-cases" / case / "expected"
    expected = pd.read_csv(folder / "baseR_tests.csv")
    events = pd.read_csv(folder / "sipemu_events.csv")
    events = events[(events["model"] == "MarketModel") & (events["return"] == "simple")]
    for variable in ("ar", "car"):
        wide = events.pivot(index="event_id", columns="rel_day", values=variable)
        x = wide.to_numpy(float)
        want = expected[expected["variable"] == variable].set_index("rel_day").loc[wide.columns]
        t = cross_sectional_t(x)
        np.testing.assert_allclose(t.statistic, want["t"], rtol=1e-8)
        np.testing.assert_allclose(t.p, want["t_p"], rtol=1e-8)
        np.testing.assert_allclose(t.ci_low, want["ci_lo"], rtol=1e-8)
        np.testing.assert_allclose(t.ci_high, want["ci_hi"], rtol=1e-8)
        np.testing.assert_allclose(sign(x).p, want["binom_p"], rtol=1e-8)
        w = wilcoxon(x)
        plus = [signed_ranks(column).w_plus for column in x.T]
        np.testing.assert_allclose(plus, want["wilcox_V"], rtol=1e-12)
        np.testing.assert_allclose(w.p, want["wilcox_p_exact"], rtol=1e-8)
        normal = 2 * stats.norm.sf(np.abs(w.statistic))
        np.testing.assert_allclose(normal, want["wilcox_p_normal"], rtol=1e-8)
        adjusted = benjamini_hochberg(t.p)
        np.testing.assert_allclose(adjusted, want["t_p_BH_within_variable"], rtol=1e-8)
        g = want["skew_m3_over_s3"].to_numpy()
        s = want["mean"].to_numpy() / want["sd"].to_numpy()
        n = want["n"].to_numpy()
        johnson = np.sqrt(n) * (s + g * s**2 / 3 + g / (6 * n))
        np.testing.assert_allclose(skewness_adjusted_johnson(x).statistic, johnson, rtol=1e-8)
        hall = johnson + np.sqrt(n) * g**2 * s**3 / 27
        np.testing.assert_allclose(skewness_adjusted_hall(x).statistic, hall, rtol=1e-8)


def test_clustered_t_gives_the_published_repurchase_figures(shared) -> None:  # type: ignore[no-untyped-def]
    folder = shared / "reference-cases" / "caseE_crse_repurchases"
    data = pd.read_csv(folder / "share_repurchases.csv")
    want = pd.read_csv(folder / "expected" / "crseEventStudy.csv").set_index("quantity")["value"]
    x = data["ars"].to_numpy()
    date = pd.factorize(data["date"])[0]
    firm = pd.factorize(data["code"])[0]
    plain, by_date = cross_sectional_t(x), clustered_t(x, date)
    by_firm, both = clustered_t(x, firm), clustered_t(x, date, firm)
    np.testing.assert_allclose(plain.estimate[0], want["mean"], rtol=1e-8)
    for ours, name in (
        (plain, "t_nonclustered"),
        (by_date, "t_cluster_date"),
        (by_firm, "t_cluster_code"),
        (both, "t_twoway"),
    ):
        np.testing.assert_allclose(ours.statistic[0], want[name], rtol=1e-8)
    for ours, name in ((by_date, "var_cluster_date"), (both, "var_twoway")):
        np.testing.assert_allclose(ours.standard_error[0] ** 2, want[name], rtol=1e-8)
    # The peer takes df = G where one degree is spent on the mean; its p is ours with that df.
    p = student_p(by_date.statistic, np.array([want["n_date"]]))
    np.testing.assert_allclose(p[0], want["p_cluster_date"], rtol=1e-8)
    assert by_date.df[0] == want["n_date"] - 1


@pytest.mark.parametrize("kind", ["clean", "gappy"])
def test_clustered_t_is_statsmodels_ols_on_a_constant(kind: str) -> None:
    x = sample(kind, n=60)
    rng = np.random.default_rng(5)
    date, firm = rng.integers(0, 12, 60), rng.integers(0, 9, 60)
    one, two = clustered_t(x, date), clustered_t(x, date, firm)
    for column in range(x.shape[1]):
        keep = ~np.isnan(x[:, column])
        y, constant = x[keep, column], np.ones(keep.sum())
        fit = sm.OLS(y, constant).fit(cov_type="cluster", cov_kwds={"groups": date[keep]})
        np.testing.assert_allclose(one.statistic[column], fit.tvalues[0], rtol=1e-10)
        loop = 0.0
        e = y - y.mean()
        for labels, signum in (
            (date[keep], 1),
            (firm[keep], 1),
            (date[keep] * 100 + firm[keep], -1),
        ):
            groups = np.unique(labels)
            inner = sum(e[labels == g].sum() ** 2 for g in groups)
            loop += signum * groups.size / (groups.size - 1) * inner
        want = y.mean() / sqrt(loop / y.size**2)
        np.testing.assert_allclose(two.statistic[column], want, rtol=1e-10)


def test_singleton_clusters_give_the_plain_t() -> None:
    x = sample("clean")
    np.testing.assert_allclose(
        clustered_t(x, np.arange(40)).statistic, cross_sectional_t(x).statistic, rtol=1e-12
    )


def test_crude_dependence_by_hand() -> None:
    rng = np.random.default_rng(8)
    e = rng.normal(0, 0.02, (5, 30))
    e[rng.random(e.shape) < 0.1] = np.nan
    x = rng.normal(0, 0.03, (5, 2))
    ours = crude_dependence_t(x, portfolio_sums(e), length=np.array([1, 4]))
    series = np.nanmean(e, axis=0)
    s = series.std(ddof=1)
    want = x.mean(axis=0) / (s * np.sqrt([1, 4]))
    np.testing.assert_allclose(ours.statistic, want, rtol=1e-12)
    assert ours.df.tolist() == [29, 29]
    halves = portfolio_sums(e[:2]) + portfolio_sums(e[2:])
    again = crude_dependence_t(x, halves, length=np.array([1, 4]))
    np.testing.assert_allclose(again.statistic, ours.statistic, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_sign_tests_by_loop(kind: str) -> None:
    x = sample(kind)
    rng = np.random.default_rng(2)
    e = rng.normal(0.001, 0.02, (x.shape[0], 50))
    e[rng.random(e.shape) < 0.1] = np.nan
    plain, general = sign(x), generalized_sign(x, positive_shares(e))
    for column in range(x.shape[1]):
        value = [v for v in x[:, column] if not np.isnan(v)]
        n, positive = len(value), sum(v > 0 for v in value)
        np.testing.assert_allclose(
            plain.statistic[column], (positive - n / 2) / (sqrt(n) / 2), atol=1e-12
        )
        np.testing.assert_allclose(plain.p[column], stats.binomtest(positive, n).pvalue, rtol=1e-12)
        shares = []
        for i in range(x.shape[0]):
            if not np.isnan(x[i, column]):
                row = e[i][~np.isnan(e[i])]
                shares.append(sum(row > 0) / row.size)
        p = sum(shares) / n
        want = (positive - n * p) / sqrt(n * p * (1 - p))
        np.testing.assert_allclose(general.statistic[column], want, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_wilcoxon_is_scipys(kind: str) -> None:
    x = sample(kind)
    ours = wilcoxon(x)
    for column in range(x.shape[1]):
        value = x[:, column]
        value = value[~np.isnan(value) & (value != 0)]
        rank = stats.rankdata(np.abs(value))
        plus = signed_ranks(x[:, column]).w_plus
        np.testing.assert_allclose(plus, rank[value > 0].sum(), rtol=1e-12)
        tied = np.unique(np.abs(value)).size < value.size
        method = "approx" if tied else "exact"
        theirs = stats.wilcoxon(value, correction=False, method=method)
        np.testing.assert_allclose(ours.p[column], theirs.pvalue, rtol=1e-10)


def test_wilcoxon_exact_law_by_enumeration_and_large_values() -> None:
    x = np.array([3.0, -1.0, 4.0, 1.5, -9.0, 2.6])  # above 2.0 the bit trick meets the sign bit
    ranks = stats.rankdata(np.abs(x))
    plus = ranks[x > 0].sum()
    every = [
        sum(r for r, s in zip(ranks, signs, strict=True) if s)
        for signs in itertools.product((0, 1), repeat=6)
    ]
    low = min(plus, 21 - plus)
    want = min(1.0, 2 * sum(v <= low for v in every) / 64)
    assert signed_ranks(x).w_plus == plus
    np.testing.assert_allclose(wilcoxon(x).p[0], want, rtol=1e-14)


def test_sign_p_in_the_far_tail_is_exact() -> None:
    ours = sign(np.ones((300, 1)))
    np.testing.assert_allclose(ours.p[0], 2 * 0.5**300, rtol=1e-10)
    assert comb(300, 300) == 1


def test_patell_and_bmp_by_loop() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0.2, 1.3, (12, 4))
    x[2, 1] = x[5, 1] = np.nan
    df = rng.integers(90, 240, 12)
    ours, standard = patell(x, df), bmp(x)
    for column in range(4):
        rows = [i for i in range(12) if not np.isnan(x[i, column])]
        total = sum(x[i, column] for i in rows)
        variance = sum(df[i] / (df[i] - 2) for i in rows)
        np.testing.assert_allclose(ours.statistic[column], total / sqrt(variance), rtol=1e-12)
        value = np.array([x[i, column] for i in rows])
        t = stats.ttest_1samp(value, 0).statistic
        np.testing.assert_allclose(standard.statistic[column], t, rtol=1e-12)
    r = np.full(4, 0.03)
    adjusted = adjusted_patell(x, df, correlation=r)
    np.testing.assert_allclose(
        adjusted.statistic, ours.statistic / np.sqrt(1 + (ours.n - 1) * 0.03), rtol=1e-12
    )
    kp = kp_bmp(x, correlation=r)
    np.testing.assert_allclose(
        kp.statistic,
        standard.statistic * np.sqrt(0.97 / (1 + (standard.n - 1) * 0.03)),
        rtol=1e-12,
    )


def test_patells_own_window_form() -> None:
    sar = np.array([[1.0, 2.0, np.nan], [0.5, -0.5, 3.0], [np.nan, np.nan, np.nan]])
    w = window_mean_sar(sar)
    np.testing.assert_allclose(w[:2], [3 / sqrt(2), 3 / sqrt(3)])
    assert np.isnan(w[2])


def test_a_negative_correlation_leaves_a_reason() -> None:
    x = sample("clean", k=1)
    ours = kp_bmp(x, correlation=np.array([-0.5]))
    assert np.isnan(ours.statistic[0])
    assert "not positive" in ours.reason[0]
    told = kp_bmp(x, correlation=np.array([np.nan]), correlation_reason=("too few common days",))
    assert told.reason == ("too few common days",)


@pytest.mark.parametrize(
    "test",
    [
        cross_sectional_t,
        skewness_adjusted_johnson,
        skewness_adjusted_hall,
        bmp,
        lambda x: clustered_t(x, np.arange(x.shape[0])),
    ],
)
def test_undefined_samples_have_a_reason_and_no_number(test) -> None:  # type: ignore[no-untyped-def]
    one = test(np.array([[0.01, np.nan], [np.nan, np.nan]]))
    assert all("Fewer than 2 events" in reason for reason in one.reason)
    same = test(np.full((7, 1), 0.1))
    assert "same value" in same.reason[0]
    for outcome in (one, same):
        assert np.isnan(outcome.statistic).all()
        assert np.isnan(outcome.p).all()


@pytest.mark.parametrize("test", [sign, wilcoxon])
def test_no_event_has_a_reason(test) -> None:  # type: ignore[no-untyped-def]
    ours = test(np.full((3, 2), np.nan))
    assert all(ours.reason)
    assert np.isnan(ours.p).all()


def test_infinite_and_huge_values() -> None:
    huge = cross_sectional_t(np.array([1e300, 2e300, 4e300]))
    usual = cross_sectional_t(np.array([1.0, 2.0, 4.0]))
    np.testing.assert_allclose(huge.statistic, usual.statistic, rtol=1e-12)
    assert cross_sectional_t(np.array([1.0, 2.0, np.inf])).n[0] == 2


def test_benjamini_hochberg_keeps_nan_and_refuses_nonsense() -> None:
    p = np.random.default_rng(0).random(30)
    want = stats.false_discovery_control(p)
    mixed = np.insert(p, 4, np.nan)
    ours = benjamini_hochberg(mixed)
    assert np.isnan(ours[4])
    np.testing.assert_allclose(np.delete(ours, 4), want, rtol=1e-12)
    with pytest.raises(InputError, match="between 0 and 1"):
        benjamini_hochberg([0.5, 1.2])


ELEMENTARY = {
    "cross_sectional_t": cross_sectional_t,
    "johnson": skewness_adjusted_johnson,
    "hall": skewness_adjusted_hall,
    "sign": sign,
    "wilcoxon": wilcoxon,
    "bmp": bmp,
}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(3, 30),
    scale=st.sampled_from([1e-6, 0.25, 8.0, 1e6]),
)
@pytest.mark.parametrize("name", sorted(ELEMENTARY))
def test_scale_and_order_change_nothing(name: str, seed: int, n: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(0.1, 1, (n, 2))
    ours = ELEMENTARY[name](x)
    other = ELEMENTARY[name](rng.permutation(x * scale, axis=0))
    np.testing.assert_allclose(other.statistic, ours.statistic, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(other.p, ours.p, rtol=1e-8)
    mirrored = ELEMENTARY[name](-x)
    np.testing.assert_allclose(mirrored.p, ours.p, rtol=1e-8)
