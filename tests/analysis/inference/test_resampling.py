"""Bootstrap, sign flips and placebo dates."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.mean_tests import cross_sectional_t
from mentionstudy.analysis.inference.resampling import bootstrap, placebo, sign_flip


def sample(n: int, k: int = 2, seed: int = 0, mean: float = 0.5) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, (n, k)) * 0.01


def test_few_events_try_every_pattern_of_signs() -> None:
    x = sample(9)
    ours, flips = bootstrap(x), sign_flip(x)
    t = np.abs(stats.ttest_1samp(x, 0).statistic)
    mean = np.abs(x.mean(axis=0))
    reached, means = np.zeros(2), np.zeros(2)
    for signs in itertools.product((-1.0, 1.0), repeat=9):
        y = x * np.array(signs)[:, None]
        reached += np.abs(stats.ttest_1samp(y, 0).statistic) >= t * (1 - 1e-9)
        means += np.abs(y.mean(axis=0)) >= mean * (1 - 1e-9)
    np.testing.assert_allclose(ours.p, reached / 512)
    np.testing.assert_allclose(flips.p, means / 512)
    assert "512" in ours.convention


def test_clusters_flip_together_and_gaps_stay_gaps() -> None:
    x = sample(12)
    x[3, 0] = x[7, 1] = np.nan
    clusters = np.repeat([5, 9, 2, 7], 3)
    ours = bootstrap(x, clusters=clusters)
    for column in range(2):
        keep = ~np.isnan(x[:, column])
        value, code = x[keep, column], clusters[keep]
        t = abs(stats.ttest_1samp(value, 0).statistic)
        reached = 0
        for signs in itertools.product((-1.0, 1.0), repeat=4):
            sign = dict(zip((5, 9, 2, 7), signs, strict=True))
            y = value * np.array([sign[c] for c in code])
            reached += abs(stats.ttest_1samp(y, 0).statistic) >= t * (1 - 1e-9)
        assert ours.p[column] == pytest.approx(reached / 16)


def test_drawn_patterns_agree_with_the_enumeration_and_repeat_by_seed() -> None:
    x = sample(22, mean=0.3)
    one, again = bootstrap(x, draws=4999, seed=3), bootstrap(x, draws=4999, seed=3)
    assert one.p.tolist() == again.p.tolist()
    assert one.ci_low.tolist() == again.ci_low.tolist()
    theory = cross_sectional_t(x).p
    np.testing.assert_allclose(one.p, theory, atol=0.03)  # normal data: the t law is right
    np.testing.assert_allclose(sign_flip(x, draws=4999).p, theory, atol=0.03)
    np.testing.assert_allclose(one.statistic, cross_sectional_t(x).statistic, rtol=1e-12)


def test_percentile_limits_near_the_normal_ones() -> None:
    x = sample(400)
    ours, t = bootstrap(x, draws=1999), cross_sectional_t(x)
    width = t.ci_high - t.ci_low
    np.testing.assert_allclose(ours.ci_low, t.ci_low, atol=0.1 * width.max())
    np.testing.assert_allclose(ours.ci_high, t.ci_high, atol=0.1 * width.max())
    np.testing.assert_allclose(
        bootstrap(x * 1e6, draws=199).ci_low, bootstrap(x, draws=199).ci_low * 1e6, rtol=1e-9
    )


def test_wild_bootstrap_of_case_a_within_its_monte_carlo_error(shared) -> None:  # type: ignore[no-untyped-def]
    folder = shared / "reference-cases" / "caseA_sp500_additions" / "expected"
    events = pd.read_csv(folder / "sipemu_events.csv")
    events = events[(events["model"] == "MarketModel") & (events["return"] == "simple")]
    want = pd.read_csv(folder / "sipemu_wild_bootstrap_seed1.csv")
    for variable, column in (("ar", "boot_p_aar"), ("car", "boot_p_caar")):
        wide = events.pivot(index="event_id", columns="rel_day", values=variable)
        ours = bootstrap(wide[want["relative_index"]].to_numpy(), draws=9999)
        # 999 draws of the peer: standard error of its p at most 0.016
        np.testing.assert_allclose(ours.p, want[column], atol=0.04)


def test_placebo_p_counts_the_placebo_means() -> None:
    x = sample(30, mean=0.4)
    drawn: list[np.ndarray] = []

    def draw(rng: np.random.Generator) -> np.ndarray:
        drawn.append(rng.normal(0, 0.01, x.shape))
        return drawn[-1]

    ours = placebo(x, draw, draws=99, seed=1)
    means = np.array([d.mean(axis=0) for d in drawn])
    centre = means.mean(axis=0)
    count = (np.abs(means - centre) >= np.abs(x.mean(axis=0) - centre)).sum(axis=0)
    np.testing.assert_allclose(ours.p, (count + 1) / 100)
    np.testing.assert_allclose(ours.ci_low, np.quantile(means, 0.025, axis=0))


def test_undefined_resampling_has_a_reason() -> None:
    one = np.array([[0.01]])
    assert "Fewer than 2 events" in bootstrap(one).reason[0]
    assert "one cluster" in bootstrap(sample(5), clusters=np.zeros(5, int)).reason[0]
    assert bootstrap(np.full((5, 1), 0.2)).reason[0]
    assert sign_flip(one).reason[0]
    assert sign_flip(np.zeros((5, 1))).reason[0]
    nothing = placebo(one, lambda rng: np.full((1, 1), np.nan), draws=19)
    assert "no session" in nothing.reason[0]
    flat = placebo(one, lambda rng: np.ones((1, 1)), draws=19)
    assert "the same" in flat.reason[0]
    empty = bootstrap(np.empty((0, 2)))
    assert all(empty.reason)
    with pytest.raises(ConfigError, match="99"):
        bootstrap(one, draws=5)
    with pytest.raises(ConfigError, match="19"):
        placebo(one, lambda rng: one, draws=5)
