"""Rank tests against loops written from the papers."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.rank_kernel import rank_sums, tied_sums
from mentionstudy.analysis.inference.rank_tests import (
    collapse,
    corrado_rank,
    corrado_sign,
    corrado_zivney,
    grank_t,
    grank_z,
)
from mentionstudy.analysis.inference.rank_totals import RankSums

MEMBERS = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)


def sample(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals (N, 30), window returns (N, 5), SCAR (N, 4)."""
    rng = np.random.default_rng(seed)
    n = 3 if kind == "tiny" else 300 if kind == "many" else 17
    e, a = rng.standard_t(4, (n, 30)), rng.standard_t(4, (n, 5)) + 0.5
    scar = rng.standard_normal((n, 4)) * 1.7 + 0.4
    if kind in ("tied", "both"):
        e, a = np.round(e), np.round(a)
    if kind in ("gappy", "both", "many"):
        for x in (e, a, scar):
            x[rng.random(x.shape) < 0.1] = np.nan
        e[:, 4] = np.nan  # a day that no event has
    return e, a, scar


KINDS = ("clean", "gappy", "tied", "both", "tiny", "many")


def ranks(row: np.ndarray) -> np.ndarray:
    """Average ranks of a row's values, NaN left out."""
    out = np.full(row.size, np.nan)
    there = ~np.isnan(row)
    out[there] = stats.rankdata(row[there])
    return out


def corrado_by_loop(e: np.ndarray, a: np.ndarray) -> dict[str, list[float]]:
    x = np.hstack([e, a])
    k = np.array([ranks(row) for row in x])
    n = (~np.isnan(x)).sum(axis=1)
    deviation = k - ((n + 1) / 2)[:, None]
    u = k / (1 + n)[:, None] - 0.5
    g = np.sign(x - np.nanmedian(x, axis=1)[:, None])
    out: dict[str, list[float]] = {"rank": [], "zivney": [], "sign": []}
    days = [t for t in range(x.shape[1]) if not np.isnan(x[:, t]).all()]
    s = sqrt(sum(np.nanmean(deviation[:, t]) ** 2 for t in days) / len(days))
    for member in MEMBERS:
        window = [30 + j for j in range(5) if member[j]]
        cells = np.concatenate([deviation[:, t] for t in window])
        out["rank"].append(sqrt(len(window)) * np.nanmean(cells) / s)
    for name, value in (("zivney", u), ("sign", g)):
        day = {t: np.nansum(value[:, t]) / sqrt((~np.isnan(value[:, t])).sum()) for t in days}
        spread = sqrt(sum(v**2 for v in day.values()) / len(days))
        for member in MEMBERS:
            window = [30 + j for j in range(5) if member[j]]
            total = sum(day[t] for t in window)
            out[name].append(total / (sqrt(len(window)) * spread))
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_corrado_tests_by_loop(kind: str) -> None:
    e, a, scar = sample(kind)
    sums = rank_sums(e, a, scar)
    want = corrado_by_loop(e, a)
    n = np.full(4, e.shape[0])
    for name, test in (
        ("rank", corrado_rank),
        ("zivney", corrado_zivney),
        ("sign", corrado_sign),
    ):
        np.testing.assert_allclose(
            test(sums, MEMBERS, n).statistic, want[name], rtol=1e-10, err_msg=name
        )


def grank_by_loop(e: np.ndarray, scar: np.ndarray) -> tuple[list[float], list[float], list[int]]:
    t_values, z_values, dfs = [], [], []
    for column in range(scar.shape[1]):
        rows = [i for i in range(e.shape[0]) if not np.isnan(scar[i, column])]
        sd = np.std([scar[i, column] for i in rows], ddof=1)
        u = []
        theory = 0.0
        for i in rows:
            m = int((~np.isnan(e[i])).sum())
            u.append(ranks(np.append(e[i], scar[i, column] / sd)) / (m + 2) - 0.5)
            theory += m / (m + 2)
        table = np.array(u)
        n = len(rows)
        here = (~np.isnan(table)).sum(axis=0)
        days = [t for t in range(table.shape[1]) if here[t] > 0]
        s2 = sum(here[t] / n * np.nanmean(table[:, t]) ** 2 for t in days) / len(days)
        z = np.mean(table[:, -1]) / sqrt(s2)
        size = len(days)
        t_values.append(z * sqrt((size - 2) / (size - 1 - z**2)))
        dfs.append(size - 2)
        z_values.append(np.mean(table[:, -1]) / sqrt(theory / (12 * n**2)))
    return t_values, z_values, dfs


@pytest.mark.parametrize("kind", KINDS)
def test_generalized_rank_tests_by_loop(kind: str) -> None:
    e, a, scar = sample(kind)
    if kind in ("tied", "both"):  # a column that ties with the residuals
        scar[:, 0] = np.round(scar[:, 0])
    sums = rank_sums(e, a, collapse(scar))
    t_values, z_values, dfs = grank_by_loop(e, scar)
    n = (~np.isnan(scar)).sum(axis=0)
    ours = grank_t(sums, n)
    np.testing.assert_allclose(ours.statistic, t_values, rtol=1e-10)
    assert ours.df.tolist() == dfs
    np.testing.assert_allclose(grank_z(sums, n).statistic, z_values, rtol=1e-10)


def test_a_column_value_that_ties_with_residuals_gets_the_average_rank() -> None:
    e = np.array([[0.0, 1.0, 1.0, 2.0], [3.0, -1.0, 0.0, 5.0]])
    value = np.array([[1.0], [0.0]])
    sums = rank_sums(e, np.zeros((2, 1)), value)
    u = [ranks(np.append(row, v)) / 6 - 0.5 for row, v in zip(e, value[:, 0], strict=True)]
    np.testing.assert_allclose(sums.event_total[0], u[0][-1] + u[1][-1], atol=1e-14)
    np.testing.assert_allclose(sums.day_total[:, 0], (u[0] + u[1])[:-1], atol=1e-14)


def assert_same_sums(one: RankSums, other: RankSums) -> None:
    for name in RankSums.__slots__:
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-9, err_msg=name
        )


@hypothesis_settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    events=st.sampled_from([1, 9, 700]),
    gaps=st.sampled_from([0.0, 0.02, 0.6]),
    tied=st.sampled_from([0.0, 0.1, 1.0]),
    scale=st.sampled_from([1e-200, 1.0, 1e200, 1e305]),
)
def test_the_quick_way_is_the_general_way(
    seed: int, events: int, gaps: float, tied: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.standard_normal((events, width)) for width in (40, 7, 9)]
    rows = rng.random(events) < tied
    for x in parts:
        x[rows] = np.round(x[rows], 1) * rng.choice([-1.0, 1.0])  # zeros of both signs among them
        x *= scale
        x[rng.random(x.shape) < gaps] = np.nan
    parts[2][:, 3] = parts[2][:, 5]  # two columns may be one window
    parts[0][:: max(1, events // 2)] = np.nan  # events without any residual
    assert_same_sums(rank_sums(*parts), tied_sums(*parts))


def test_values_that_differ_in_the_last_bits_are_no_ties() -> None:
    e = np.linspace(1.0, 2.0, 64)[None, :].repeat(3, axis=0)
    a = np.array([[1.5, 1.2]]).repeat(3, axis=0)
    e[1, 10] = np.nextafter(e[1, 40], 3.0)
    a[2, 0] = np.nextafter(a[2, 1], 0.0)
    apart = rank_sums(e, a, a)
    assert_same_sums(apart, tied_sums(e, a, a))
    e[1, 10] = e[1, 40]
    assert rank_sums(e, a, a).rank[10] == pytest.approx(apart.rank[10] - 0.5)


@pytest.mark.parametrize("kind", ["clean", "both", "many"])
def test_blocks_of_events_add_up(kind: str) -> None:
    e, a, scar = sample(kind)
    whole = rank_sums(e, a, scar)
    part = rank_sums(e[:7], a[:7], scar[:7]) + rank_sums(e[7:], a[7:], scar[7:])
    for name in RankSums.__slots__:
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name), atol=1e-10)


@hypothesis_settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.01, 3.0]))
def test_monotone_scale_and_order_of_events_change_nothing(seed: int, scale: float) -> None:
    e, a, scar = sample("gappy", seed)
    order = np.random.default_rng(seed).permutation(e.shape[0])
    factor = np.random.default_rng(seed + 1).uniform(0.5, 2, (e.shape[0], 1)) * scale
    ours = rank_sums(e, a, collapse(scar))
    scaled = rank_sums((e * factor)[order], (a * factor)[order], (collapse(scar) * factor)[order])
    n = np.full(4, e.shape[0])
    for test in (corrado_rank, corrado_zivney, corrado_sign):
        np.testing.assert_allclose(
            test(scaled, MEMBERS, n).statistic, test(ours, MEMBERS, n).statistic, rtol=1e-9
        )
    np.testing.assert_allclose(grank_t(scaled, n).statistic, grank_t(ours, n).statistic, rtol=1e-9)


def test_undefined_samples_have_a_reason() -> None:
    e, a, scar = np.zeros((4, 10)), np.zeros((4, 5)), np.full((4, 4), np.nan)
    sums = rank_sums(e, a, collapse(scar))
    n = np.zeros(4, dtype=np.int64)
    for ours in (
        corrado_rank(sums, MEMBERS, n + 4),
        corrado_sign(sums, MEMBERS, n + 4),
        grank_t(sums, n),
        grank_z(sums, n),
    ):
        assert np.isnan(ours.statistic).all()
        assert all(ours.reason)
    with pytest.raises(ConfigError, match="days"):
        corrado_rank(sums, np.ones((1, 3), bool), n)


def test_no_events_at_all() -> None:
    sums = rank_sums(np.empty((0, 10)), np.empty((0, 5)), np.empty((0, 4)))
    n = np.zeros(4, dtype=np.int64)
    assert all(corrado_zivney(sums, MEMBERS, n).reason)
    assert all(grank_t(sums, n).reason)
