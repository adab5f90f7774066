"""``mentionstudy study`` on a user's own files, against statsmodels and published programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from click.testing import CliRunner, Result

from mentionstudy.dashboard.cli import cli

ESTIMATION, WINDOW = (-120, -11), (-5, 5)
FILES = ("ar.csv", "car.csv", "aar.csv", "tests.csv", "excluded.csv", "study.json")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def gappy(tmp_path: Path) -> tuple[Path, Path, pd.DataFrame, pd.DataFrame]:
    """Return events and returns with gaps, a halt in one event window and a hole in the market."""
    rng = np.random.default_rng(7)
    dates = pd.bdate_range("2020-01-01", periods=400)
    market = rng.normal(0, 0.01, 400)
    returns = pd.DataFrame({"M": market}, index=dates)
    for k, name in enumerate("ABCDEF"):
        returns[name] = 0.0003 * k + (0.5 + 0.2 * k) * market + rng.normal(0, 0.02, 400)
        returns.loc[rng.choice(dates, 25, replace=False), name] = np.nan
    returns.loc[dates[[150, 161, 303]], "M"] = np.nan
    events = pd.DataFrame(
        {"symbol": list("ABCDEFA"), "date": dates[[200, 230, 230, 260, 300, 320, 340]]}
    )
    for event in events.itertuples():
        day = int(dates.get_loc(event.date))
        returns.iloc[day, returns.columns.get_loc(event.symbol)] = 0.03
        returns.iloc[day + 2, returns.columns.get_loc(event.symbol)] = np.nan
    returns.index.name = "date"
    returns.to_csv(tmp_path / "r.csv")
    events.to_csv(tmp_path / "e.csv", index=False)
    return tmp_path / "e.csv", tmp_path / "r.csv", events, returns


def brute_force(returns: pd.DataFrame, symbol: str, date: pd.Timestamp) -> pd.DataFrame:
    """Return AR and its standard error day by day, one OLS and one prediction at a time."""
    at = int(returns.index.get_loc(date))
    est = returns.iloc[at + ESTIMATION[0] : at + ESTIMATION[1] + 1][[symbol, "M"]].dropna()
    fit = sm.OLS(est[symbol], sm.add_constant(est["M"])).fit()
    rows = []
    for tau in range(WINDOW[0], WINDOW[1] + 1):
        actual, market = returns.iloc[at + tau][[symbol, "M"]]
        if np.isnan(actual) or np.isnan(market):
            continue
        predicted = fit.get_prediction([[1.0, market]])
        error = np.sqrt(fit.scale + predicted.var_pred_mean[0])
        normal = predicted.predicted_mean[0]
        rows.append((tau, actual, normal, actual - normal, (actual - normal) / error))
    return pd.DataFrame(rows, columns=["tau", "actual", "normal", "ar", "sar"])


def test_the_files_equal_statsmodels(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    events_file, returns_file, events, returns = gappy
    out = tmp_path / "out"
    done = run(
        *("study", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--estimation", "-120:-11", "--window", "-5:5", "--car", "-1:1", "--car", "0:3"),
        *("--min-obs", "60", "--out", out),
    )
    assert done.exit_code == 0, done.output
    assert set(FILES) <= {p.name for p in out.iterdir()}
    ar = pd.read_csv(out / "ar.csv", parse_dates=["day0"])
    assert list(ar.columns) == [
        "event_id",
        "symbol",
        "day0",
        "tau",
        "actual",
        "normal",
        "ar",
        "sar",
    ]
    for event in events.itertuples():
        ours = ar[(ar["symbol"] == event.symbol) & (ar["day0"] == event.date)].dropna(subset="ar")
        expected = brute_force(returns, event.symbol, event.date)
        assert len(expected) < WINDOW[1] - WINDOW[0] + 1  # the halted day is there
        for column in expected.columns:
            np.testing.assert_allclose(
                ours[column], expected[column], rtol=1e-10, atol=1e-14, err_msg=column
            )


def test_a_car_has_the_full_covariance_variance(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    events_file, returns_file, events, returns = gappy
    run(
        *("study", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--estimation", "-120:-11", "--window", "-5:5", "--car", "0:3", "--min-obs", "60"),
        *("--out", tmp_path / "out"),
    )
    car = pd.read_csv(tmp_path / "out" / "car.csv", parse_dates=["day0"])
    car = car[car["window"] == "[0,3]"]
    for event in events.itertuples():
        row = car[(car["symbol"] == event.symbol) & (car["day0"] == event.date)].iloc[0]
        at = int(returns.index.get_loc(event.date))
        est = returns.iloc[at - 120 : at - 10][[event.symbol, "M"]].dropna()
        x = sm.add_constant(est["M"]).to_numpy()
        fit = sm.OLS(est[event.symbol].to_numpy(), x).fit()
        days = returns.iloc[at : at + 4][[event.symbol, "M"]].dropna()
        new = np.column_stack([np.ones(len(days)), days["M"]])
        total = days[event.symbol].sum() - (new @ fit.params).sum()
        summed = new.sum(axis=0)
        variance = fit.scale * (len(days) + summed @ np.linalg.inv(x.T @ x) @ summed)
        np.testing.assert_allclose(row["car"], total, rtol=1e-10)
        np.testing.assert_allclose(row["scar"], total / np.sqrt(variance), rtol=1e-10)
        assert row["n"] == len(days)


def test_every_event_is_used_or_excluded_with_a_reason(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    _, returns_file, events, _ = gappy
    extra = pd.DataFrame(
        {"symbol": ["NOBODY", "A", "B"], "date": ["2021-01-05", "2020-01-10", "2030-01-01"]}
    )
    file = tmp_path / "more.csv"
    pd.concat([events.astype("str"), extra]).to_csv(file, index=False)
    out = tmp_path / "out"
    done = run(
        *("study", "--events", file, "--returns", returns_file, "--market", "M", "--out", out),
        *("--estimation", "-120:-11", "--window", "-5:5", "--min-obs", "60"),
    )
    assert done.exit_code == 0, done.output
    excluded = pd.read_csv(out / "excluded.csv")
    used = pd.read_csv(out / "ar.csv")["event_id"].nunique()
    assert used + len(excluded) == len(events) + len(extra)
    assert excluded["code"].notna().all()
    assert excluded["reason"].str.len().gt(15).all()


def test_the_record_names_settings_versions_and_data(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    events_file, returns_file, *_ = gappy
    out = tmp_path / "out"
    run(
        *("study", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--estimation", "-120:-11", "--window", "-5:5", "--min-obs", "60", "--out", out),
    )
    record = json.loads((out / "study.json").read_text(encoding="utf-8"))
    text = json.dumps(record)
    assert record["settings"]["estimation"] == [-120, -11]
    assert "versions" in text
    assert "returns_sha256" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--window", "5:-5"), "reversed"),
        (("--estimation", "-60:-5", "--window", "-10:10", "--min-obs", "30"), "overlaps"),
        (("--window", "ten"), "is no window"),
        (("--model", "astrology"), "astrology"),
        (("--min-obs", "500"), "min_obs is 500"),
        (("--market", "NOSUCH"), "NOSUCH"),
    ],
)
def test_impossible_settings_get_one_sentence(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], arguments: tuple[str, ...], says: str
) -> None:
    events_file, returns_file, *_ = gappy
    market = () if "--market" in arguments else ("--market", "M")
    done = run("study", "--events", events_file, "--returns", returns_file, *market, *arguments)
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output


def test_an_estimation_window_longer_than_the_data_excludes_with_that_reason(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame],
) -> None:
    events_file, returns_file, *_ = gappy
    done = run(
        *("study", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--estimation", "-900:-500", "--min-obs", "200"),
    )
    assert done.exit_code == 2
    assert "estimation" in done.output


def test_faults_of_the_input_are_named_and_the_rest_goes_on(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    events_file, returns_file, *_ = gappy
    lines = returns_file.read_text().splitlines()
    cells = lines[50].split(",")
    cells[2] = "n.a.?"
    lines[50] = ",".join(cells)
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(lines))
    done = run(
        *("study", "--events", events_file, "--returns", broken, "--market", "M"),
        *("--estimation", "-120:-11", "--window", "-5:5", "--min-obs", "60"),
    )
    assert done.exit_code == 1
    assert "line 51" in done.output


@pytest.mark.parametrize(
    ("case", "market", "estimation", "window"),
    [
        ("caseA_sp500_additions", "SP500", "-130:-11", "-2:2"),
        ("caseD_gafam_10k", "SPY", "-235:-36", "-5:10"),
    ],
)
def test_reference_cases(
    shared: Path, tmp_path: Path, case: str, market: str, estimation: str, window: str
) -> None:
    folder = shared / "reference-cases" / case
    peers = pd.read_csv(folder / "expected" / "sipemu_events.csv")
    peers = peers[(peers["model"] == "MarketModel") & (peers["return"] == "simple")]
    out = tmp_path / "out"
    done = run(
        *("study", "--events", folder / "events.csv", "--returns", folder / "returns.csv"),
        *("--market", market, "--estimation", estimation, "--window", window),
        *("--car", window, "--out", out),
    )
    assert done.exit_code == 0, done.output
    ar = pd.read_csv(out / "ar.csv")
    keys = {"event_id": ar["event_id"].astype("str"), "rel_day": ar["tau"]}
    peers["event_id"] = peers["event_id"].astype("str")
    both = ar.assign(**keys).merge(peers, on=["event_id", "rel_day"], suffixes=("", "_peer"))
    assert len(both) == len(peers)
    # the peer's file carries 15 significant digits
    np.testing.assert_allclose(both["ar"], both["ar_peer"], rtol=1e-10, atol=1e-14)
    last = peers.loc[peers.groupby("event_id")["rel_day"].idxmax(), ["event_id", "car"]]
    car = pd.read_csv(out / "car.csv")
    car = car.assign(event_id=car["event_id"].astype("str")).merge(
        last, on="event_id", suffixes=("", "_peer")
    )
    assert len(car) == len(last)
    np.testing.assert_allclose(car["car"], car["car_peer"], rtol=1e-10, atol=1e-14)


def test_validate_measures_size_and_power(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    events_file, returns_file, *_ = gappy
    done = run(
        *("validate", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--estimation", "-120:-11", "--window", "-5:5", "--min-obs", "60"),
        *("--n-events", "10", "--samples", "40", "--effects", "0,0.1", "--out", tmp_path / "p"),
    )
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "p" / "power.csv")
    bmp = table[(table["test"] == "bmp") & (table["window"] == "[0,0]")].set_index("effect")["rate"]
    assert bmp[0.0] < 0.3
    assert bmp[0.1] > 0.9  # five standard deviations are hard to miss
    assert (tmp_path / "p" / "power.html").stat().st_size > 10_000


def test_validate_says_what_effects_are(
    gappy: tuple[Path, Path, pd.DataFrame, pd.DataFrame],
) -> None:
    events_file, returns_file, *_ = gappy
    done = run(
        *("validate", "--events", events_file, "--returns", returns_file, "--market", "M"),
        *("--effects", "none"),
    )
    assert done.exit_code == 2
    assert "--effects" in done.output
