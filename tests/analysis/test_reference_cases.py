"""Figures that independent programs gave on public data, where their conventions are ours.

Tolerances: the programs print 15 to 17 digits; their least squares and ours differ in the last.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import EventStudy, StudyResult

TIGHT = 1e-12
CASES = {
    "caseA_sp500_additions": {
        "market": "SP500",
        "events": "events.csv",
        "settings": {"estimation": (-130, -11), "window": (-2, 2)},
    },
    "caseD_gafam_10k": {
        "market": "SPY",
        "events": "events_sipemu.csv",
        "settings": {"estimation": (-235, -36), "window": (-5, 10)},
    },
}
MODELS = {
    "market": "MarketModel",
    "market_adjusted": "MarketAdjustedModel",
    "mean_adjusted": "ComparisonPeriodMeanAdjustedModel",
}


def _case(shared: Path, name: str) -> Path:
    return shared / "reference-cases" / name


def _study(folder: Path, model: str, kind: str = "simple") -> StudyResult:
    case = CASES[folder.name]
    returns = pd.read_csv(folder / "returns.csv", parse_dates=["date"], index_col="date")
    events = pd.read_csv(folder / case["events"])
    study = EventStudy(model=model, return_kind=kind, **case["settings"])  # type: ignore[arg-type]
    return study.run(events, returns, case["market"])


def _paths(result: StudyResult) -> pd.DataFrame:
    return pd.concat(
        [result.car_path(event).assign(event_id=event) for event in result.events["event_id"]]
    )


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("model", list(MODELS))
def test_abnormal_returns_equal_sipemu(shared: Path, case: str, model: str) -> None:
    folder = _case(shared, case)
    result = _study(folder, model)
    peer = pd.read_csv(folder / "expected" / "sipemu_events.csv")
    peer = peer[(peer["model"] == MODELS[model]) & (peer["return"] == "simple")]
    both = _paths(result).merge(
        peer, left_on=["event_id", "tau"], right_on=["event_id", "rel_day"], suffixes=("", "_peer")
    )
    assert len(both) == len(peer) == result.n_events * len(result.arrays.tau)
    np.testing.assert_allclose(both["ar"], both["ar_peer"], atol=TIGHT)
    np.testing.assert_allclose(both["car"], both["car_peer"], atol=TIGHT)
    if model == "market":
        one = peer.drop_duplicates("event_id").merge(
            result.events, on="event_id", suffixes=("_peer", "")
        )
        for name in ("alpha", "beta", "sigma"):
            np.testing.assert_allclose(one[name], one[f"{name}_peer"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("case", list(CASES))
def test_forecast_errors_equal_sipemu(shared: Path, case: str) -> None:
    """Its ``fec_sigma`` is our SAR denominator; its own t leaves the correction out."""
    folder = _case(shared, case)
    result = _study(folder, "market")
    peer = pd.read_csv(folder / "expected" / "sipemu_events.csv")
    peer = peer[(peer["model"] == "MarketModel") & (peer["return"] == "simple")]
    both = result.ar.merge(
        peer, left_on=["event_id", "tau"], right_on=["event_id", "rel_day"], suffixes=("", "_peer")
    )
    np.testing.assert_allclose(both["ar"] / both["sar"], both["fec_sigma"], rtol=1e-9)


@pytest.mark.parametrize("case", list(CASES))
def test_running_cars_and_full_covariance_equal_sciana(shared: Path, case: str) -> None:
    folder = _case(shared, case)
    result = _study(folder, "market")
    peer = pd.read_csv(folder / "expected" / "sciana_events.csv")
    peer = peer[peer["model"] == "market_model"]
    both = _paths(result).merge(
        peer, left_on=["event_id", "tau"], right_on=["event_id", "rel_day"], suffixes=("", "_peer")
    )
    assert len(both) == len(peer)
    np.testing.assert_allclose(both["car"], both["car_peer"], atol=TIGHT)
    np.testing.assert_allclose(both["se"] ** 2, both["var_car"], rtol=1e-9)
    final = result.car(*result.settings.window).merge(
        peer.drop_duplicates("event_id"), on="event_id", suffixes=("", "_peer")
    )
    np.testing.assert_allclose(final["t"], final["final_t"], rtol=1e-9)
    np.testing.assert_allclose(final["p"], final["final_p"], rtol=1e-8)
    np.testing.assert_array_equal(final["df"], final["df_peer"])


def test_cars_equal_vibe(shared: Path) -> None:
    """CAR, alpha, beta and residual deviation; its standard error drops the covariances."""
    folder = _case(shared, "caseA_sp500_additions")
    peer = pd.read_csv(folder / "expected" / "vibe_events.csv")
    for model, rows in peer.groupby("model"):
        result = _study(folder, model)
        for window, part in rows.groupby("window"):
            first, last = (int(x) for x in window.strip("[]").split(","))
            ours = result.car(first, last).assign(date=lambda f: f["day0"].dt.strftime("%Y-%m-%d"))
            both = ours.merge(part, on=["symbol", "date"], suffixes=("", "_peer"))
            assert len(both) == 16
            np.testing.assert_allclose(both["car"], both["car_peer"], atol=TIGHT)


def test_missing_rows_of_case_b_are_left_out_as_estudy2_does(shared: Path) -> None:
    """Log returns with gaps: alpha, beta and the number of days of each firm."""
    folder = _case(shared, "caseB_covid_estudy2")
    returns = pd.read_csv(folder / "returns.csv", parse_dates=["date"], index_col="date")
    events = pd.read_csv(folder / "events.csv")
    study = EventStudy(
        estimation=(-240, -1), window=(0, 4), returns_are="log", return_kind="log", min_obs=200
    )
    result = study.run(events, returns, "GSPC")
    peer = pd.read_csv(folder / "expected" / "estudy2_models.csv")
    both = result.events.merge(peer[peer["model"] == "sim"], on="symbol", suffixes=("", "_peer"))
    assert len(both) == 7
    np.testing.assert_array_equal(both["n_est"], both["estimation_length"])
    np.testing.assert_allclose(both["alpha"], both["alpha_peer"], rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(both["beta"], both["beta_peer"], rtol=1e-10)
    abnormal = pd.read_csv(
        folder / "expected" / "estudy2_abnormal.csv", parse_dates=["date"]
    ).query("model == 'sim'")
    ar = result.ar.assign(date=lambda f: returns.index[returns.index.get_loc("2020-03-16") + f.tau])
    both = ar.merge(abnormal, on=["symbol", "date"])
    assert len(both) == 35
    np.testing.assert_allclose(both["ar"], both["abnormal"], atol=TIGHT)


def test_three_factor_model_of_case_d_equals_the_python_package(shared: Path) -> None:
    """AR and CAR of the excess returns; its variance is RSS/M and so is not ours."""
    folder = _case(shared, "caseD_gafam_10k")
    returns = pd.read_csv(folder / "returns.csv", parse_dates=["date"], index_col="date")
    factors = pd.read_csv(
        folder / "famafrench_percent.csv", parse_dates=["date"], index_col="date"
    ).div(100)
    peer = pd.read_csv(folder / "expected" / "eventstudy_py_events.csv")
    names = [name for name in peer["model"].unique() if "fama" in name.lower() or "FF" in name]
    peer = peer[peer["model"].isin(names)]
    assert len(peer)
    events = pd.read_csv(folder / "events.csv")
    study = EventStudy(model="factors", **CASES["caseD_gafam_10k"]["settings"])  # type: ignore[arg-type]
    result = study.run(events, returns, factors=factors)
    both = result.ar.merge(
        peer, left_on=["event_id", "tau"], right_on=["event_id", "rel_day"], suffixes=("", "_peer")
    )
    assert len(both) > 300
    np.testing.assert_allclose(both["ar"], both["ar_peer"], atol=1e-10)


def test_case_d_excludes_what_lies_beyond_its_data(shared: Path) -> None:
    folder = _case(shared, "caseD_gafam_10k")
    returns = pd.read_csv(folder / "returns.csv", parse_dates=["date"], index_col="date")
    events = pd.read_csv(folder / "events.csv")
    study = EventStudy(**CASES["caseD_gafam_10k"]["settings"])  # type: ignore[arg-type]
    result = study.run(events, returns, "SPY")
    assert result.n_events == 38
    assert set(result.excluded["code"]) == {"window_outside_data"}
