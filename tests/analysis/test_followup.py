"""Groups, regressions on characteristics, placebo dates, volume: against independent routes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from mentionstudy.analysis import ConfigError, EventStudy, InputError, StudyResult
from mentionstudy.analysis.volume import log_volume


@pytest.fixture(scope="module")
def result() -> StudyResult:
    rng = np.random.default_rng(9)
    days = pd.bdate_range("2020-01-01", periods=400)
    market = rng.normal(0, 0.01, 400)
    names = [f"S{i:02d}" for i in range(30)]
    values = market[:, None] + rng.normal(0, 0.02, (400, 30))
    returns = pd.DataFrame(values, days, names)
    positions = rng.integers(160, 390, 40)
    symbols = rng.choice(names, 40)
    for position, symbol in zip(positions, symbols, strict=True):
        returns.loc[days[position], symbol] += 0.03
    events = pd.DataFrame(
        {
            "symbol": symbols,
            "date": days[positions],
            "group": rng.choice(["deal", "results"], 40),
            "size": rng.normal(10, 1, 40),
            "source": rng.choice(["a", "b", "c"], 40),
        }
    ).drop_duplicates(["symbol", "date"], ignore_index=True)
    events.loc[5, "size"] = np.nan
    study = EventStudy(estimation=(-130, -11), window=(-3, 3), seed=4)
    return study.run(events, returns, pd.Series(market, days))


def test_groups_have_their_own_t(result: StudyResult) -> None:
    frame = result.groups(-1, 1)
    cars = result.car(-1, 1)
    for _, row in frame.iterrows():
        own = cars.loc[cars["group"] == row["group"], "car"]
        expected = stats.ttest_1samp(own, 0)
        assert row["n"] == len(own)
        assert row["statistic"] == pytest.approx(expected.statistic, rel=1e-12)
        assert row["p"] == pytest.approx(expected.pvalue, rel=1e-10)


def test_one_group_is_the_study_of_its_events(result: StudyResult) -> None:
    deals = result.only("deal")
    assert set(deals.car()["group"]) == {"deal"}
    expected = result.groups(-1, 1).query("group == 'deal'").iloc[0]
    own = deals.tests(-1, 1).set_index("test").loc["cross_sectional_t"]
    assert own["statistic"] == pytest.approx(expected["statistic"], rel=1e-12)
    wide = result.ar.merge(result.events.query("group == 'deal'")["event_id"])
    by_day = wide.groupby("tau")["ar"].mean()
    np.testing.assert_allclose(deals.aar["aar"], by_day, atol=1e-15)
    with pytest.raises(ConfigError, match="the groups are deal, results"):
        result.only("rumour")


def test_difference_of_groups_is_welch(result: StudyResult) -> None:
    row = result.compare("deal", "results", window=(0, 1)).iloc[0]
    cars = result.car(0, 1)
    a, b = (cars.loc[cars["group"] == name, "car"] for name in ("deal", "results"))
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert row["difference"] == pytest.approx(a.mean() - b.mean(), rel=1e-12)
    assert row["statistic"] == pytest.approx(expected.statistic, rel=1e-10)
    assert row["p"] == pytest.approx(expected.pvalue, rel=1e-10)
    with pytest.raises(ConfigError, match="no event is in group 'rumour'"):
        result.compare("deal", "rumour")


@pytest.mark.parametrize(
    ("covariance", "options"),
    [
        ("hc1", {"cov_type": "HC1"}),
        ("classic", {}),
        ("cluster", {"cov_type": "cluster"}),
    ],
)
def test_regression_on_characteristics_equals_statsmodels(
    result: StudyResult, covariance, options
) -> None:
    frame = result.regress(["size", "source"], window=(-1, 1), covariance=covariance)
    data = result.sample.assign(car=result.car(-1, 1)["car"], day0=result.events["day0"]).dropna()
    if covariance == "cluster":
        options = options | {"cov_kwds": {"groups": data["day0"].factorize()[0]}}
    fitted = smf.ols("car ~ size + source", data).fit(use_t=True, **options)
    by_term = frame.set_index("term")
    for ours, theirs in (
        ("(Intercept)", "Intercept"),
        ("size", "size"),
        ("source[b]", "source[T.b]"),
        ("source[c]", "source[T.c]"),
    ):
        assert by_term["coefficient"][ours] == pytest.approx(fitted.params[theirs], rel=1e-9)
        assert by_term["se"][ours] == pytest.approx(fitted.bse[theirs], rel=1e-9)
    assert frame["n"].iloc[0] == len(data)
    assert frame["n_dropped"].iloc[0] == 1


def test_weighted_regression_equals_statsmodels(result: StudyResult) -> None:
    frame = result.regress(["size"], weighted=True, covariance="classic").set_index("term")
    cars = result.car(-3, 3)
    data = result.sample.assign(car=cars["car"], w=1 / cars["se"] ** 2).dropna()
    fitted = smf.wls("car ~ size", data, weights=data["w"]).fit()
    assert frame["coefficient"]["size"] == pytest.approx(fitted.params["size"], rel=1e-9)
    assert frame["se"]["size"] == pytest.approx(fitted.bse["size"], rel=1e-9)


def test_regression_refuses_what_it_cannot_use(result: StudyResult) -> None:
    with pytest.raises(InputError, match="no column 'beta'"):
        result.regress(["beta"])
    with pytest.raises(ConfigError, match="a list"):
        result.regress("size")


def test_placebo_finds_the_injected_effect_and_repeats(result: StudyResult) -> None:
    frame = result.placebo(0, 0, draws=99)
    pd.testing.assert_frame_equal(frame, result.placebo(0, 0, draws=99))
    by_test = frame.set_index("test")
    assert (by_test.loc[["cross_sectional_t", "patell", "bmp"], "p_placebo"] == 0.01).all()
    assert by_test["placebo_mean"].abs().max() < 0.5
    assert by_test["placebo_sd"].between(0.7, 1.4).all()
    quiet = result.placebo(-3, -2, draws=99)
    assert quiet["p_placebo"].min() > 0.01
    with pytest.raises(ConfigError, match="at least 19"):
        result.placebo(draws=5)


def test_placebo_tells_its_progress_and_ends_when_told_so(result: StudyResult) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        result.placebo(0, 0, draws=19, progress=tell)
    assert told == [(1, 19), (2, 19), (3, 19)]


def test_abnormal_volume_is_log_volume_over_its_mean() -> None:
    rng = np.random.default_rng(2)
    days = pd.bdate_range("2021-01-04", periods=200)
    volume = pd.DataFrame(np.exp(rng.normal(15, 0.3, (200, 2))), days, ["A", "B"])
    volume.iloc[150, 0] *= 5
    volume.iloc[40, 0] = 0
    study = EventStudy(
        model="mean_adjusted", measure="log_volume", estimation=(-120, -11), window=(-2, 2)
    )
    events = pd.DataFrame({"symbol": ["A"], "date": [days[150]]})
    result = study.run(events, log_volume(volume))
    logs = np.log(volume["A"].replace(0, np.nan))
    mean = logs.iloc[30:140].mean()
    np.testing.assert_allclose(result.ar["ar"], logs.iloc[148:153] - mean, atol=1e-13)
    assert result.events["n_est"].iloc[0] == 109
    assert result.car(0, 0)["bhar"].isna().all()
    assert "volume" in result.summary().splitlines()[0]
    with pytest.raises(InputError, match="a volume is not negative"):
        log_volume(-volume)
    turnover = log_volume(volume, shares=pd.Series({"A": 1e6, "B": 2e6}))
    np.testing.assert_allclose(turnover["A"], logs - np.log(1e6))
