"""``mentionstudy study`` on every reference case: all statistics are written, and those that
independent programs compute by our conventions equal theirs.

``SAME`` lists what agrees, file by file; ``OTHER`` names every remaining statistic of the peers'
files with the convention that sets it apart. Where a line says "reproduced", a test in
``tests/analysis/inference/test_battery_reference.py`` computes the peer's figure from our sums.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mentionstudy.analysis.inference import TestName
from mentionstudy.dashboard.cli import cli

CLOSE = {"rtol": 1e-8, "atol": 1e-12}
DAY, WINDOW = "aar.csv", "tests.csv"

# case: peer's file: {its statistic: (our test, our table, CAR windows it holds for; None for all)}
Same = dict[str, tuple[str, str, tuple[str, ...] | None]]
VIBE: Same = {
    "csect_t": ("cross_sectional_t", WINDOW, None),
    "cowan_gsign_z": ("generalized_sign", WINDOW, None),
    "patell_z": ("patell", WINDOW, ("[0,0]",)),
    "bmp_z": ("bmp", WINDOW, ("[0,0]",)),
    "zt_grank_t": ("grank_t", WINDOW, ("[0,0]",)),
}
BASE_R: Same = {
    "t": ("cross_sectional_t", DAY, None),
    "t_p": ("cross_sectional_t_p", DAY, None),
    "binom_p": ("sign_p", DAY, None),
    "wilcox_p_exact": ("wilcoxon_p", DAY, None),
}
SAME: dict[str, dict[str, Same]] = {
    "caseA_sp500_additions": {
        "sipemu_aggregate.csv": {
            "CSectT": ("cross_sectional_t", DAY, None),
            "PatellZ": ("patell", DAY, None),
            "SignT": ("sign", DAY, None),
            "GSignT": ("generalized_sign", DAY, None),
        },
        "vibe_aggregate.csv": VIBE,
        "baseR_tests.csv": BASE_R,
    },
    "caseB_covid_estudy2": {
        "estudy2_daily_tests.csv": {
            "t_test": ("cross_sectional_t", DAY, None),
            "bw_1985": ("crude_dependence_t", DAY, None),
            "sign": ("sign", DAY, None),
        },
        "estudy2_car_tests.csv": {
            "car_brown_warner_1985": ("crude_dependence_t", WINDOW, ("[0,4]",)),
        },
        "vibe_aggregate.csv": VIBE,
    },
    "caseC_nifty_splits": {
        "eventstudies_inference_ci.csv": {
            "center": ("caar", DAY, None),
            "lower": ("ci_low", DAY, None),
            "upper": ("ci_high", DAY, None),
        },
    },
    "caseD_gafam_10k": {
        "sipemu_aggregate.csv": {
            "CSectT": ("cross_sectional_t", DAY, None),
            "PatellZ": ("patell", DAY, None),
            "SignT": ("sign", DAY, None),
        },
        "vibe_aggregate.csv": VIBE,
        "baseR_tests.csv": BASE_R,
    },
    "caseE_crse_repurchases": {
        "crseEventStudy.csv": {
            "t_nonclustered": ("cross_sectional_t", WINDOW, None),
            "t_cluster_date": ("clustered_t", WINDOW, None),
        },
    },
}
OTHER: dict[str, dict[str, str]] = {
    "sipemu_aggregate.csv": {
        "GSignT": "in case D it averages the share of positives over firms, not events",
        "RankT": "its deviation is about its own mean, its first value repeated; reproduced",
        "BMP": "no forecast error in the denominator; reproduced",
        "CalTimeT": "its deviation is that of the event window, which holds the effect",
        "KP": "correlates residuals by event time, not by date, and has no forecast error",
    },
    "vibe_aggregate.csv": {
        "caar": "no statistic; the mean of CARs, which the tests of the study compare",
        "patell_z": "over several days its SCAR drops the covariance between days",
        "bmp_z": "over several days its SCAR drops the covariance between days; reproduced",
        "zt_grank_t": "ranks that SCAR; reproduced with it",
        "zt_grank_T": "no statistic; the number of ranked days",
        "corrado_rank_z": "deviation from the estimation days only; reproduced",
        "positive_car_fraction": "no statistic; a share",
        "zt_month_clustered_t": "clusters by month, ours by date; reproduced",
    },
    "estudy2_daily_tests.csv": {
        "bw_1980": "variance with M - 1 of the raw residuals and no forecast error",
        "patell": "s with M - 1, and absent firms count as average ones",
        "boehmer": "s with M - 1",
        "lamb": "Lamb's test is not in the battery",
        "gsign": "pools all firm-days for the share of positives; reproduced",
        "corrado_sign": "absent firms count as average ones; reproduced",
        "rank": "absent firms count as average ones; reproduced",
        "modified_rank": "absent firms count as average ones; reproduced",
        "wilcoxon": "is W+ itself, not its standardised form",
    },
    "estudy2_car_tests.csv": {
        "car_lamb": "Lamb's test is not in the battery",
        "car_rank_test": "absent firms count as average ones",
    },
    "baseR_tests.csv": {
        **dict.fromkeys(("n", "mean", "sd", "ci_lo", "ci_hi"), "a number behind the t"),
        **dict.fromkeys(("n_pos", "median", "skew_m3_over_s3"), "a number behind other tests"),
        "wilcox_V": "is W+ itself, not its standardised form",
        "wilcox_p_normal": "another law; ours is exact without ties up to 50 values",
        "wilcox_p_normal_cc": "another law; ours is exact without ties up to 50 values",
    },
    "eventstudies_inference_ci.csv": {
        "wilcox": "limits of the Hodges-Lehmann estimate, of which the battery has the test",
        "bootstrap": "limits drawn by R's generator",
        "classic_on_AR_no_remap": "the same formula on single days, not on the path",
    },
    "crseEventStudy.csv": {
        "N": "no statistic",
        "mean": "no statistic; compared as the mean beside the tests",
        "t_cluster_code": "clusters by firm alone, ours by date and by both; reproduced",
        "t_twoway": "a firm has several figures a month, and so no one series; reproduced",
        "p": "takes G degrees of freedom where one is spent on the mean",
        "n": "no statistic; number of clusters",
        "var": "the square of a standard error that the t holds already",
    },
    "eventstudy_py_aggregate.csv": {
        "t": "variance RSS/M, sums of daily variances, df added up over the events",
    },
}


def study(tmp_path: Path, *arguments: object) -> dict[str, pd.DataFrame]:
    """Run the command and read what it wrote."""
    out = tmp_path / "out"
    if "--config" not in arguments:
        arguments = (*arguments, "--config", config(tmp_path))
    given = [str(argument) for argument in ("study", *arguments, "--out", out)]
    done = CliRunner().invoke(cli, given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return {name: pd.read_csv(out / name) for name in (DAY, WINDOW, "ar.csv", "excluded.csv")}


def config(tmp_path: Path, *lines: str) -> Path:
    """Settings that take few draws, which no figure that is compared depends on."""
    path = tmp_path / "settings.toml"
    path.write_text("\n".join(["bootstrap_draws = 99", "permutation_draws = 19", *lines]))
    return path


def windows(*labels: str) -> list[str]:
    return [part for label in labels for part in ("--car", label)]


def case_a(folder: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    return study(
        tmp_path,
        *("--events", folder / "events.csv", "--returns", folder / "returns.csv"),
        *("--market", "SP500", "--estimation", "-130:-11", "--window", "-2:2"),
        *windows("-2:2", "0:0", "0:1", "-1:1"),
    )


def case_b(folder: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    settings = config(tmp_path, 'returns_are = "log"', 'return_kind = "log"', "min_obs = 200")
    return study(
        tmp_path,
        *("--events", folder / "events.csv", "--returns", folder / "returns.csv"),
        *("--market", "GSPC", "--estimation", "-240:-1", "--window", "0:4"),
        *windows("0:4", "0:0", "0:1"),
        *("--config", settings),
    )


def case_c(folder: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """The file is in percent; the peer's path starts at zero on day -6, so ours on day -5."""
    percent = pd.read_csv(folder / "returns_percent.csv", index_col="date")
    (percent / 100).to_csv(tmp_path / "returns.csv")
    outcomes = pd.read_csv(folder / "expected" / "eventstudies_outcomes.csv")
    used = outcomes[(outcomes["model"] == "marketModel") & (outcomes["outcome"] == "success")]
    events = pd.read_csv(folder / "events.csv")
    events[events["event_id"].isin(used["event_id"])].to_csv(tmp_path / "events.csv", index=False)
    return study(
        tmp_path,
        *("--events", tmp_path / "events.csv", "--returns", tmp_path / "returns.csv"),
        *("--market", "NiftyIndex", "--estimation", f"-{len(percent)}:-7", "--window", "-5:7"),
        *windows("-5:7", "0:1"),
        *("--min-obs", "20"),
    )


def case_d(folder: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    return study(
        tmp_path,
        *("--events", folder / "events_sipemu.csv", "--returns", folder / "returns.csv"),
        *("--market", "SPY", "--estimation", "-235:-36", "--window", "-5:10"),
        *windows("-5:10", "0:0", "0:1", "-1:1"),
    )


def case_e(folder: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """The file holds abnormal returns: with a market of zero and nothing to estimate they stay so.

    A firm's second figure in a month goes to a second series. Days of noise before the first month
    give every series a variance, which the tests that are compared here do not look at.
    """
    data = pd.read_csv(folder / "share_repurchases.csv")
    data["date"] = pd.to_datetime(data["date"].astype(str) + "01")
    data["ars"] /= 1000.0  # figures without unit, which as returns would be refused
    again = data.groupby(["code", "date"]).cumcount().astype(str)
    data["symbol"] = data["code"] + "#" + again
    wide = data.pivot(index="date", columns="symbol", values="ars")
    before = pd.bdate_range(end=wide.index[0] - pd.Timedelta(days=1), periods=60)
    noise = np.random.default_rng(0).normal(0, 0.01, (60, wide.shape[1]))
    wide = pd.concat([pd.DataFrame(noise, before, wide.columns), wide])
    wide.assign(NONE=0.0).rename_axis("date").to_csv(tmp_path / "returns.csv")
    data[["symbol", "date"]].to_csv(tmp_path / "events.csv", index=False)
    return study(
        tmp_path,
        *("--events", tmp_path / "events.csv", "--returns", tmp_path / "returns.csv"),
        *("--market", "NONE", "--model", "market_adjusted", "--estimation", f"-{len(wide)}:-1"),
        *("--window", "0:0", "--car", "0:0", "--min-obs", "60"),
    )


CASES: dict[str, Callable[[Path, Path], dict[str, pd.DataFrame]]] = {
    "caseA_sp500_additions": case_a,
    "caseB_covid_estudy2": case_b,
    "caseC_nifty_splits": case_c,
    "caseD_gafam_10k": case_d,
    "caseE_crse_repurchases": case_e,
}
EVENTS = {"A": 16, "B": 7, "C": 5, "D": 38, "E": 2340}


def peer_values(path: Path) -> pd.DataFrame:
    """Bring a peer's file to the columns ``stat, at, value``: at is a day or a window."""
    frame = pd.read_csv(path)
    if path.name.startswith("sipemu"):
        frame = frame[(frame["model"] == "MarketModel") & (frame["return"] == "simple")]
        return frame.rename(columns={"test": "stat", "rel_day": "at", "stat_aar": "value"})
    if path.name.startswith("vibe"):
        frame = frame[frame["model"] == "market"].rename(columns={"window": "at"})
        return frame.assign(stat=frame["stat"].str.partition("(")[0])
    if path.name.startswith("estudy2"):
        frame = frame[frame["model"] == "sim"]
        at = frame.groupby("test").cumcount() if "daily" in path.name else "[0,4]"
        return frame.assign(at=at).rename(columns={"test": "stat", "stat": "value"})
    if path.name.startswith("baseR"):
        days = frame[frame["variable"] == "ar"].drop(columns="variable")
        return days.melt("rel_day", var_name="stat").rename(columns={"rel_day": "at"})
    if path.name.startswith("eventstudies"):
        frame = frame[(frame["model"] == "marketModel") & (frame["rel_day"] > -6)]
        path_limits = frame[frame["inference"] == "classic"].drop(columns=["model", "inference"])
        return path_limits.melt("rel_day", var_name="stat").rename(columns={"rel_day": "at"})
    frame = frame.rename(columns={"quantity": "stat"})
    return frame.assign(at="[0,0]")


@pytest.mark.parametrize("case", list(CASES))
def test_every_statistic_is_written_and_the_agreeing_ones_agree(
    shared: Path, tmp_path: Path, case: str
) -> None:
    folder = shared / "reference-cases" / case
    written = CASES[case](folder, tmp_path)
    tests, days = written[WINDOW], written[DAY].set_index("tau")
    names = set(get_args(TestName))
    for window, rows in tests.groupby("window"):
        assert set(rows["test"]) == names, window
        assert (rows["statistic"].notna() ^ rows["reason"].notna()).all(), window
        assert rows.loc[rows["statistic"].notna(), "p"].between(0, 1).all(), window
    assert names <= set(days.columns)
    assert tests["n"].max() == EVENTS[case[4]]
    wide = tests.pivot(index="window", columns="test", values="statistic")
    percent = 100.0 if case[4] == "C" else 1.0
    for file, same in SAME[case].items():
        peers = peer_values(folder / "expected" / file)
        for theirs, (ours, table, only) in same.items():
            want = peers[peers["stat"] == theirs].set_index("at")["value"]
            want = want if only is None else want.loc[list(only)]
            assert len(want), (file, theirs)
            got = (days if table == DAY else wide)[ours].loc[want.index] * percent
            np.testing.assert_allclose(got, want, **CLOSE, err_msg=f"{file}: {theirs} is {ours}")
    if case[4] == "C":  # the other cases' abnormal returns: tests/analysis/test_reference_cases.py
        same_abnormal_returns(folder, written["ar.csv"])


def same_abnormal_returns(folder: Path, ar: pd.DataFrame) -> None:
    """Compare with the package of case C, which prints percent."""
    peer = pd.read_csv(folder / "expected" / "eventstudies_ar_percent.csv")
    peer = peer[(peer["model"] == "marketModel") & (peer["rel_day"] > -6)]
    keys = {"left_on": ["event_id", "tau"], "right_on": ["event_id", "rel_day"]}
    both = ar.merge(peer, **keys, suffixes=("", "_peer"))
    assert len(both) == len(peer) == 5 * 13
    np.testing.assert_allclose(both["ar"] * 100, both["ar_peer"], rtol=1e-10, atol=1e-12)


def test_no_statistic_of_a_peer_is_passed_over(shared: Path) -> None:
    """Each is listed as agreeing, or with the convention that sets it apart."""
    for case in CASES:
        for path in sorted((shared / "reference-cases" / case / "expected").glob("*.csv")):
            if path.name not in OTHER:
                continue  # tables of single events: tests/analysis/test_reference_cases.py
            known = set(SAME[case].get(path.name, {})) | set(OTHER[path.name])
            stats = (
                set(map(str, peer_values(path)["stat"].unique()))
                if path.name in SAME[case]
                else {"t"}
            )
            if path.name.startswith("eventstudies"):
                stats |= set(pd.read_csv(path)["inference"]) - {"classic"}
            missing = {
                stat
                for stat in stats
                if stat not in known
                and stat.split("_")[0] not in known
                and not stat.endswith("_within_variable")
            }
            assert not missing, (path.name, missing)
