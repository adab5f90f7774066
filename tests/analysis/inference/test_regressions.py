"""Cross-sectional regression, group differences and calendar-time portfolios: statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.cross_section import cross_sectional_regression
from mentionstudy.analysis.inference.groups import difference_of_means
from mentionstudy.analysis.inference.portfolios import (
    calendar_time,
    default_lags,
    portfolio_alpha,
    portfolio_series,
)


@pytest.fixture
def data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    x = np.column_stack((rng.normal(20, 4, 80), rng.integers(0, 2, 80).astype(float)))
    y = 0.01 + 0.002 * x[:, 0] - 0.01 * x[:, 1] + rng.normal(0, 0.03, 80)
    return {"x": x, "y": y, "date": rng.integers(0, 15, 80), "var": rng.uniform(0.1, 2, 80)}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["classic", "hc1", "cluster"])
def test_regression_is_statsmodels(data: dict[str, np.ndarray], kind: str, weighted: bool) -> None:
    variance = data["var"] if weighted else None
    ours = cross_sectional_regression(
        data["y"],
        data["x"],
        ("size", "star"),
        covariance=kind,  # type: ignore[arg-type]
        clusters=data["date"],
        variance=variance,
    )
    weights = 1 / data["var"] if weighted else np.ones(80)
    model = sm.WLS(data["y"], sm.add_constant(data["x"]), weights=weights)
    if kind == "classic":
        fit = model.fit()
    elif kind == "hc1":
        fit = model.fit(cov_type="HC1", use_t=True)
    else:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": data["date"]}, use_t=True)
    np.testing.assert_allclose(ours.coefficient, fit.params, rtol=1e-9)
    np.testing.assert_allclose(ours.standard_error, fit.bse, rtol=1e-9)
    np.testing.assert_allclose(ours.p, fit.pvalues, rtol=1e-8)
    np.testing.assert_allclose(ours.r2, fit.rsquared, rtol=1e-10)
    np.testing.assert_allclose(ours.adjusted_r2, fit.rsquared_adj, rtol=1e-9)
    interval = fit.conf_int()
    np.testing.assert_allclose(ours.ci_low, interval[:, 0], rtol=1e-8)


def test_regression_of_case_a(shared) -> None:  # type: ignore[no-untyped-def]
    folder = shared / "reference-cases" / "caseA_sp500_additions" / "expected"
    events = pd.read_csv(folder / "sipemu_events.csv")
    events = events[(events["model"] == "MarketModel") & (events["return"] == "simple")]
    car = events[events["rel_day"].between(-1, 1)].groupby("event_id")["ar"].sum()
    x = pd.read_csv(folder / "sipemu_crosssection_regressors.csv").set_index("event_id")
    want = pd.read_csv(folder / "sipemu_crosssection_hc1.csv").set_index("term")
    ours = cross_sectional_regression(car, x.loc[car.index, ["year", "nasdaq"]], ("year", "nasdaq"))
    np.testing.assert_allclose(ours.coefficient, want["estimate"], rtol=1e-8)
    np.testing.assert_allclose(ours.standard_error, want["std.error"], rtol=1e-8)
    np.testing.assert_allclose(ours.p, want["p.value"], rtol=1e-8)
    np.testing.assert_allclose(ours.r2, want["r2"].iloc[0], rtol=1e-8)


def test_regression_drops_and_refuses(data: dict[str, np.ndarray]) -> None:
    y = data["y"].copy()
    y[3] = np.nan
    ours = cross_sectional_regression(y, data["x"], ("a", "b"))
    assert (ours.n, ours.n_dropped) == (79, 1)
    with pytest.raises(InputError, match="linearly dependent"):
        cross_sectional_regression(y, np.column_stack((data["x"][:, 0],) * 2), ("a", "b"))
    with pytest.raises(InputError, match="linearly dependent"):
        cross_sectional_regression(y, np.zeros((80, 1)), ("a",))
    with pytest.raises(InputError, match="exactly"):
        cross_sectional_regression(3 * data["x"][:, 0], data["x"], ("a", "b"))
    with pytest.raises(InputError, match="need"):
        cross_sectional_regression(y[:2], data["x"][:2], ("a", "b"))
    with pytest.raises(ConfigError, match="clusters"):
        cross_sectional_regression(y, data["x"], ("a", "b"), covariance="cluster")
    with pytest.raises(ConfigError, match="hc1"):
        cross_sectional_regression(y, data["x"], ("a", "b"), covariance="hc9")  # type: ignore[arg-type]


def test_a_coefficient_that_rests_on_one_event_has_no_error() -> None:
    """The mean of a class with a single member fits it exactly; rounding is no variance."""
    rng = np.random.default_rng(7)
    alone = np.zeros(12)
    alone[4] = 1.0
    dates = np.repeat([0, 1, 2], 4)
    dates[4] = 3
    ours = cross_sectional_regression(
        rng.normal(0, 0.02, 12), alone, ("alone",), covariance="cluster", clusters=dates
    )
    assert ours.reason[0] == ""
    for covariance in ("hc1", "cluster"):
        both = cross_sectional_regression(
            np.array([0.01, 0.02, 0.03, -0.01]),
            np.array([0.0, 0.0, 1.0, 1.0]),
            ("second",),
            covariance=covariance,  # type: ignore[arg-type]
            clusters=np.array([0, 0, 1, 1]),
        )
        defined = np.array([not reason for reason in both.reason])
        np.testing.assert_array_equal(np.isfinite(both.p), defined)
        assert defined.all() == (covariance == "hc1")


def test_group_difference_is_welch(data: dict[str, np.ndarray]) -> None:
    group = np.where(data["x"][:, 1] > 0, "star", "main")
    y = np.column_stack((data["y"], data["y"] * 3))
    y[5, 0] = np.nan
    ours = difference_of_means(y, group, first="star")
    theirs = stats.ttest_ind(
        y[group == "star"], y[group == "main"], equal_var=False, nan_policy="omit"
    )
    np.testing.assert_allclose(ours.statistic, theirs.statistic, rtol=1e-11)
    np.testing.assert_allclose(ours.df, theirs.df, rtol=1e-11)
    np.testing.assert_allclose(ours.p, theirs.pvalue, rtol=1e-10)
    other = difference_of_means(y, group, first="main", second="star")
    np.testing.assert_allclose(other.statistic, -ours.statistic)
    assert (ours.first, ours.second) == ("star", "main")


def test_clustered_group_difference_is_statsmodels(data: dict[str, np.ndarray]) -> None:
    group = data["x"][:, 1].astype(int)
    ours = difference_of_means(data["y"], group, first="1", clusters=data["date"])
    fit = sm.OLS(data["y"], sm.add_constant(group.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": data["date"]}, use_t=True
    )
    np.testing.assert_allclose(ours.difference[0], fit.params[1], rtol=1e-10)
    np.testing.assert_allclose(ours.standard_error[0], fit.bse[1], rtol=1e-10)
    np.testing.assert_allclose(ours.p[0], fit.pvalues[1], rtol=1e-9)


def test_group_difference_says_what_is_missing() -> None:
    y = np.array([0.1, 0.2, 0.3])
    one = difference_of_means(y, ["a", "a", "b"])
    assert "too few events" in one.reason[0]
    assert np.isnan(one.p[0])
    with pytest.raises(ConfigError, match="there are 3"):
        difference_of_means(y, ["a", "b", "c"])
    with pytest.raises(ConfigError, match="no event is in group"):
        difference_of_means(y, ["a", "b", "b"], first="x")


def test_portfolio_series_by_loop() -> None:
    rng = np.random.default_rng(2)
    ar = rng.normal(0, 1, (7, 3))
    ar[2, 1] = np.nan
    day = rng.integers(5, 9, 7)[:, None] + np.arange(3)
    day[6] = -1
    ours = portfolio_series(ar, day)
    for index, position in enumerate(ours.day):
        cells = [ar[i, j] for i in range(7) for j in range(3) if day[i, j] == position]
        cells = [c for c in cells if not np.isnan(c)]
        assert ours.count[index] == len(cells)
        assert ours.value[index] == pytest.approx(np.mean(cells))


@pytest.mark.parametrize("lags", [0, 3, None])
def test_alpha_is_statsmodels_hac(lags: int | None) -> None:
    rng = np.random.default_rng(4)
    f = rng.normal(0, 0.01, (120, 2))
    y = 0.0005 + f @ [1.1, 0.3] + rng.normal(0, 0.01, 120)
    ours = portfolio_alpha(y, np.arange(120), factors=f, names=("mkt", "smb"), lags=lags)
    fit = sm.OLS(y, sm.add_constant(f)).fit(
        cov_type="HAC",
        cov_kwds={"maxlags": default_lags(120) if lags is None else lags, "use_correction": True},
        use_t=True,
    )
    np.testing.assert_allclose(ours.coefficient, fit.params, rtol=1e-10)
    np.testing.assert_allclose(ours.standard_error, fit.bse, rtol=1e-10)
    np.testing.assert_allclose(ours.p, fit.pvalues, rtol=1e-8)


def test_days_apart_do_not_pair() -> None:
    y = np.random.default_rng(6).normal(0, 1, 40)
    apart = portfolio_alpha(y, np.arange(40) * 10, lags=4)
    white = portfolio_alpha(y, np.arange(40), lags=0)
    np.testing.assert_allclose(apart.standard_error, white.standard_error, rtol=1e-12)


def test_calendar_time_test_and_its_reasons() -> None:
    rng = np.random.default_rng(9)
    ar = rng.normal(0.01, 0.02, (50, 3))
    day = rng.integers(0, 60, 50)[:, None] + np.arange(3)
    members = np.array([[1, 0, 0], [1, 1, 1]], bool)
    ours = calendar_time(ar, day, members)
    series = portfolio_series(ar, day)
    whole = portfolio_alpha(series.value, series.day)
    np.testing.assert_allclose(ours.statistic[1], whole.statistic[0])
    assert ours.df[1] == series.day.size - 1
    one = calendar_time(ar[:1], day[:1], np.ones((1, 3), bool))
    assert "Fewer than 2 events" in one.reason[0]
    short = calendar_time(ar[:2, :1], np.zeros((2, 1), int), np.ones((1, 1), bool))
    assert "fewer than 3" in short.reason[0]
    flat = calendar_time(np.full((9, 1), 0.1), np.arange(9)[:, None], np.ones((1, 1), bool))
    assert "same on every day" in flat.reason[0]
    with pytest.raises(InputError, match="need at least"):
        portfolio_alpha(np.zeros(1), np.zeros(1, int))
    with pytest.raises(InputError, match="exactly"):
        portfolio_alpha(np.full(9, 0.1), np.arange(9))
    with pytest.raises(ConfigError, match="lags"):
        portfolio_alpha(np.arange(9.0), np.arange(9), lags=-1)
