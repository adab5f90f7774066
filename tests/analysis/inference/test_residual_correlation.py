"""Mean residual correlation against a loop over all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mentionstudy.analysis.inference.calendar_rows import CalendarRows, date_rows, event_rows
from mentionstudy.analysis.inference.correlation import (
    mean_residual_correlation,
    overlapping_pairs,
)

T, L = 60, 5
COLUMNS = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)


def sample(day0: np.ndarray, *, gaps: float = 0.0, seed: int = 0) -> CalendarRows:
    """Residuals with a common shock of each calendar day, so that correlation is real."""
    rng = np.random.default_rng(seed)
    shock = rng.normal(0, 1, 400)
    day = day0[:, None] + np.arange(-T - 3, -3)
    e = 0.6 * shock[day] + rng.normal(0, 1, day.shape)
    e[rng.random(e.shape) < gaps] = np.nan
    e -= np.nanmean(e, axis=1, keepdims=True)
    return event_rows(e, day, day0[:, None] + np.arange(-2, 3))


def loop(rows: CalendarRows, weighted: bool = True) -> np.ndarray:
    out = []
    n = len(rows.events)
    for member in COLUMNS:
        total, known, weight = 0.0, 0.0, 0.0
        for i, j in itertools.combinations(range(n), 2):
            common = set(rows.event_day[i, member]) & set(rows.event_day[j, member])
            w = len(common) / member.sum() if weighted else 1.0
            weight += w
            left = {
                d: v for d, v, c in zip(rows.day[i], rows.total[i], rows.count[i], strict=True) if c
            }
            right = {
                d: v for d, v, c in zip(rows.day[j], rows.total[j], rows.count[j], strict=True) if c
            }
            shared = sorted(set(left) & set(right))
            if len(shared) < 30:
                continue
            r = np.corrcoef([left[d] for d in shared], [right[d] for d in shared])[0, 1]
            total += w * r
            known += w
        if weighted:
            out.append(total / known * weight / (n * (n - 1) / 2) if weight else 0.0)
        else:
            out.append(total / known)
    return np.array(out)


COMMON = np.full(9, 100)
SPREAD = np.array([100, 100, 101, 103, 104, 120, 140, 141, 141, 230])


@pytest.mark.parametrize("day0", [COMMON, SPREAD], ids=["common", "spread"])
@pytest.mark.parametrize("gaps", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [True, False])
def test_pair_by_pair_is_the_loop(day0: np.ndarray, gaps: float, weighted: bool) -> None:
    rows = sample(day0, gaps=gaps)
    ours = mean_residual_correlation(rows, COLUMNS, pairwise=True, weighted=weighted)
    np.testing.assert_allclose(ours.r, loop(rows, weighted), rtol=1e-10, atol=1e-14)
    assert not any(ours.reason)


def test_common_date_closed_form() -> None:
    rows = sample(COMMON)
    n = COMMON.size
    z = rows.total / np.sqrt((rows.total**2).sum(axis=1, keepdims=True))
    want = ((z.sum(axis=0) ** 2).sum() - n) / (n * (n - 1))
    for pairwise in (True, False):
        given = rows if pairwise else date_rows(rows, COMMON)[1]
        ours = mean_residual_correlation(given, COLUMNS, pairwise=pairwise)
        np.testing.assert_allclose(ours.r, want, rtol=1e-11)


def test_pooled_by_dates_equals_pairs_on_one_date_and_is_near_it_else() -> None:
    rows = sample(SPREAD, gaps=0.05)
    _, merged = date_rows(rows, SPREAD)
    assert merged.events.tolist() == [2, 1, 1, 1, 1, 1, 2, 1]
    exact = mean_residual_correlation(rows, COLUMNS, pairwise=True).r
    pooled = mean_residual_correlation(merged, COLUMNS, pairwise=False).r
    np.testing.assert_allclose(pooled, exact, atol=0.01)
    tiles = mean_residual_correlation(merged, COLUMNS, pairwise=False, consecutive=False).r
    np.testing.assert_allclose(pooled, tiles, rtol=1e-10)
    one = sample(COMMON)
    _, single = date_rows(one, COMMON)
    np.testing.assert_allclose(
        mean_residual_correlation(single, COLUMNS, pairwise=False).r,
        mean_residual_correlation(one, COLUMNS, pairwise=True).r,
        rtol=1e-11,
    )


def test_many_rows_cross_the_tiles() -> None:
    day0 = np.sort(np.random.default_rng(1).integers(80, 280, 140))
    rows = sample(day0, gaps=0.02)
    ours = mean_residual_correlation(rows, COLUMNS, pairwise=True)
    np.testing.assert_allclose(ours.r, loop(rows), rtol=1e-9)
    shuffled = rows.take(np.random.default_rng(2).permutation(140))
    np.testing.assert_allclose(
        mean_residual_correlation(shuffled, COLUMNS, pairwise=True).r, ours.r, rtol=1e-9
    )
    assert overlapping_pairs(rows.event_day) == sum(
        abs(a - b) < L for a, b in itertools.combinations(day0.tolist(), 2)
    )


def test_two_calendars_share_only_common_dates() -> None:
    first, second = sample(np.array([100, 100])), sample(np.array([100, 101]), seed=5)
    # the second calendar has no session on position 99 and 70: its windows reach one day back
    shifted = np.where(second.event_day <= 99, second.event_day - 1, second.event_day)
    days = np.where(second.day <= 70, second.day - 1, second.day)
    other = CalendarRows(
        total=second.total,
        count=second.count,
        own=second.own,
        events=second.events,
        day=days,
        event_day=shifted,
    )
    rows = CalendarRows(
        **{
            name: np.concatenate((getattr(first, name), getattr(other, name)))
            for name in CalendarRows.__slots__
        }
    )
    ours = mean_residual_correlation(rows, COLUMNS, pairwise=True, consecutive=False)
    np.testing.assert_allclose(ours.r, loop(rows), rtol=1e-10)


def test_no_shared_day_is_zero_and_too_few_common_days_is_told() -> None:
    apart = sample(np.array([100, 200, 300]))
    assert mean_residual_correlation(apart, COLUMNS, pairwise=True).r.tolist() == [0, 0, 0, 0]
    rows = sample(np.array([100, 100]))
    sparse_days = CalendarRows(
        total=rows.total * (np.arange(T) < 20),
        count=rows.count * (np.arange(T) < 20),
        own=rows.own,
        events=rows.events,
        day=rows.day,
        event_day=rows.event_day,
    )
    for pairwise in (True, False):
        given = sparse_days if pairwise else date_rows(sparse_days, np.zeros(2, int))[1]
        ours = mean_residual_correlation(given, COLUMNS, pairwise=pairwise)
        assert np.isnan(ours.r).all()
        assert all("30 estimation days" in text for text in ours.reason)


def test_one_event_has_no_pair() -> None:
    rows = sample(np.array([100]))
    assert mean_residual_correlation(rows, COLUMNS, pairwise=True).r.tolist() == [0, 0, 0, 0]
