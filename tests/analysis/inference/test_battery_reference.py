"""The battery against figures of independent programs on public data.

Where a program follows another convention, the test says which in one line and reproduces its
figure by computing that convention from our sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import EventStudy
from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.inference import (
    BatteryOptions,
    BatteryResult,
    bmp,
    clustered_t,
    collapse,
    generalized_sign,
    grank_t,
    patell,
    rank_sums,
    run_battery,
    window_mean_sar,
)

EXACT = {"rtol": 1e-8, "atol": 1e-12}
WITHOUT = BatteryOptions(bootstrap_draws=0, permutation_draws=0)
SETTINGS = {
    "caseA_sp500_additions": {
        "estimation": (-130, -11),
        "window": (-2, 2),
        "car_windows": ((-2, 2), (0, 0), (0, 1), (-1, 1)),
    },
    "caseB_covid_estudy2": {
        "estimation": (-240, -1),
        "window": (0, 4),
        "car_windows": ((0, 4), (0, 0), (0, 1)),
        "returns_are": "log",
        "return_kind": "log",
        "min_obs": 200,
    },
    "caseD_gafam_10k": {
        "estimation": (-235, -36),
        "window": (-5, 10),
        "car_windows": ((-5, 10), (0, 0), (0, 1), (-1, 1)),
    },
}
MARKET = {
    "caseA_sp500_additions": "SP500",
    "caseB_covid_estudy2": "GSPC",
    "caseD_gafam_10k": "SPY",
}
MODELS = {
    "market": "MarketModel",
    "market_adjusted": "MarketAdjustedModel",
    "mean_adjusted": "ComparisonPeriodMeanAdjustedModel",
}


@dataclass(frozen=True)
class Case:
    """One reference case, run through the study and the battery."""

    folder: Path
    arrays: EventArrays
    battery: BatteryResult

    def table(self, name: str, **where: str) -> pd.DataFrame:
        frame = pd.read_csv(self.folder / "expected" / name)
        for column, value in where.items():
            frame = frame[frame[column] == value]
        return frame


@pytest.fixture(scope="module")
def case(shared: Path):  # type: ignore[no-untyped-def]
    known: dict[tuple[str, str], Case] = {}

    def load(name: str, model: str = "market") -> Case:
        if (name, model) not in known:
            folder = shared / "reference-cases" / name
            returns = pd.read_csv(folder / "returns.csv", parse_dates=["date"], index_col="date")
            listed = folder / "events_sipemu.csv"
            events = pd.read_csv(listed if listed.exists() else folder / "events.csv")
            study = EventStudy(model=model, **SETTINGS[name])  # type: ignore[arg-type]
            arrays = study.run(events, returns, MARKET[name]).arrays
            known[name, model] = Case(folder, arrays, run_battery(arrays, WITHOUT))
        return known[name, model]

    return load


def residuals(of: Case) -> np.ndarray:
    return np.concatenate([block.residuals for block in of.arrays.iter_blocks()])


@pytest.mark.parametrize("name", ["caseA_sp500_additions", "caseD_gafam_10k"])
@pytest.mark.parametrize("model", list(MODELS))
def test_daily_statistics_equal_sipemu(case, name: str, model: str) -> None:  # type: ignore[no-untyped-def]
    of = case(name, model)
    peer = of.table("sipemu_aggregate.csv", model=MODELS[model]).query("`return` == 'simple'")
    same = {"CSectT": "cross_sectional_t", "SignT": "sign"}
    if model == "market":  # its Q is (M-2)/(M-4) and its s has M-2 (M-1) whatever the model
        same["PatellZ"] = "patell"
    if name.startswith("caseA"):  # in D it averages the share per firm, not per event
        same["GSignT"] = "generalized_sign"
    for theirs, ours in same.items():
        want = peer[peer["test"] == theirs].sort_values("rel_day")["stat_aar"]
        np.testing.assert_allclose(of.battery.day(ours).statistic, want, **EXACT, err_msg=theirs)
    want = peer[peer["test"] == "CSectT"].sort_values("rel_day")["p_aar"]
    np.testing.assert_allclose(of.battery.day("cross_sectional_t").p, want, **EXACT)


@pytest.mark.parametrize("name", ["caseA_sp500_additions", "caseD_gafam_10k"])
def test_sipemus_patell_over_a_window_is_our_sum_form(case, name: str) -> None:  # type: ignore[no-untyped-def]
    """Its W_i = sum SAR / sqrt(L); ours by default is the SCAR with its full variance."""
    of = case(name)
    peer = of.table("sipemu_aggregate.csv", model="MarketModel", test="PatellZ")
    want = peer.query("`return` == 'simple'").sort_values("rel_day")["stat_caar"].to_numpy()
    for days in range(1, want.size + 1):
        w = window_mean_sar(of.arrays.sar[:, :days])
        np.testing.assert_allclose(patell(w, of.arrays.df).statistic[0], want[days - 1], **EXACT)
    summed = run_battery(
        of.arrays, BatteryOptions(patell="sum", bootstrap_draws=0, permutation_draws=0)
    )
    np.testing.assert_allclose(summed.window("patell").statistic[0], want[-1], **EXACT)


@pytest.mark.parametrize("name", ["caseA_sp500_additions", "caseD_gafam_10k"])
def test_sipemus_bmp_leaves_the_forecast_error_out(case, name: str) -> None:  # type: ignore[no-untyped-def]
    of = case(name)
    peer = of.table("sipemu_aggregate.csv", model="MarketModel", test="BMP")
    peer = peer.query("`return` == 'simple'").sort_values("rel_day")
    z = of.arrays.ar / of.arrays.sigma[:, None]
    daily = bmp(z)
    np.testing.assert_allclose(daily.statistic, peer["stat_aar"], **EXACT)
    np.testing.assert_allclose(daily.p, peer["p_aar"], **EXACT)
    sums = bmp(np.cumsum(z, axis=1))
    np.testing.assert_allclose(sums.statistic, peer["stat_caar"], **EXACT)


def test_sipemus_rank_takes_the_deviation_about_its_own_mean(case) -> None:  # type: ignore[no-untyped-def]
    """And repeats the first day's value for every day."""
    of = case("caseA_sp500_additions")
    z = of.arrays.ar / of.arrays.sigma[:, None]
    sums = rank_sums(residuals(of), z, of.arrays.sar)
    mean = sums.rank / sums.count
    first = mean[120] / mean.std(ddof=1)
    want = of.table("sipemu_aggregate.csv", model="MarketModel", test="RankT")
    np.testing.assert_allclose(
        first, want.query("`return` == 'simple'")["stat_aar"].iloc[0], **EXACT
    )


@pytest.mark.parametrize(
    "name", ["caseA_sp500_additions", "caseB_covid_estudy2", "caseD_gafam_10k"]
)
@pytest.mark.parametrize("model", list(MODELS))
def test_window_statistics_equal_vibe(case, name: str, model: str) -> None:  # type: ignore[no-untyped-def]
    of = case(name, model)
    peer = of.table("vibe_aggregate.csv", model=model)
    for column, (first, last) in enumerate(of.arrays.windows):
        want = peer[peer["window"] == f"[{first},{last}]"].set_index("stat")["value"]
        pairs = {"csect_t": "cross_sectional_t", "cowan_gsign_z": "generalized_sign"}
        if first == last and model == "market":  # one day: nothing is dropped from the variance
            pairs |= {"patell_z": "patell", "bmp_z": "bmp", "zt_grank_t": "grank_t"}
        for theirs, ours in pairs.items():
            if theirs in want.index:
                np.testing.assert_allclose(
                    of.battery.window(ours).statistic[column], want[theirs], **EXACT
                )


@pytest.mark.parametrize("name", ["caseA_sp500_additions", "caseB_covid_estudy2"])
def test_grank_t_with_the_peers_scar(case, name: str) -> None:  # type: ignore[no-untyped-def]
    """Vibe's SCAR drops the covariance between days; ranked with it, GRANK-T is the same."""
    of = case(name)
    events = of.table("vibe_events.csv", model="market")
    order = [of.arrays.symbols[code] for code in of.arrays.symbol]
    z = of.arrays.ar / of.arrays.sigma[:, None]
    for first, last in of.arrays.windows:
        label = f"[{first},{last}]"
        scar = events[events["window"] == label].set_index("symbol")["scar"][order].to_numpy()
        ours = grank_t(rank_sums(residuals(of), z, collapse(scar[:, None])), np.array([len(order)]))
        want = of.table("vibe_aggregate.csv", model="market", window=label).set_index("stat")
        np.testing.assert_allclose(ours.statistic[0], want.loc["zt_grank_t", "value"], **EXACT)
        np.testing.assert_allclose(ours.p[0], want.loc["zt_grank_t", "pvalue"], **EXACT)
        np.testing.assert_allclose(bmp(scar).statistic[0], want.loc["bmp_z", "value"], **EXACT)


def test_vibes_rank_takes_its_deviation_from_the_estimation_days_only(case) -> None:  # type: ignore[no-untyped-def]
    """And ranks each window with its own days, where we rank with the whole event window."""
    of = case("caseA_sp500_additions")
    z = of.arrays.ar / of.arrays.sigma[:, None]
    for first, last in of.arrays.windows:
        days = of.arrays.columns(first, last)
        sums = rank_sums(residuals(of), z[:, days], of.arrays.sar[:, days])
        mean = sums.rank / sums.count
        length = mean.size - 120
        statistic = mean[120:].sum() / np.sqrt(length * (mean[:120] ** 2).mean())
        want = of.table(
            "vibe_aggregate.csv", model="market", window=f"[{first},{last}]", stat="corrado_rank_z"
        )
        np.testing.assert_allclose(statistic, want["value"].iloc[0], **EXACT)


def test_clusters_of_months_equal_vibes_add_on(case) -> None:  # type: ignore[no-untyped-def]
    of = case("caseA_sp500_additions")
    month = of.arrays.dates[of.arrays.day0].astype("datetime64[M]").astype(int)
    ours = clustered_t(of.arrays.car, month)
    for column, (first, last) in enumerate(of.arrays.windows):
        want = of.table(
            "vibe_aggregate.csv",
            model="market",
            window=f"[{first},{last}]",
            stat="zt_month_clustered_t(G=13)",
        )
        np.testing.assert_allclose(ours.statistic[column], want["value"].iloc[0], **EXACT)
        np.testing.assert_allclose(ours.p[column], want["pvalue"].iloc[0], **EXACT)


def test_daily_statistics_equal_estudy2_despite_missing_days(case) -> None:  # type: ignore[no-untyped-def]
    of = case("caseB_covid_estudy2")
    peer = of.table("estudy2_daily_tests.csv", model="sim")
    for theirs, ours in {
        "t_test": "cross_sectional_t",
        "bw_1985": "crude_dependence_t",
        "sign": "sign",
    }.items():
        want = peer[peer["test"] == theirs]["stat"]
        np.testing.assert_allclose(of.battery.day(ours).statistic, want, **EXACT, err_msg=theirs)
    cars = of.table("estudy2_car_tests.csv", model="sim", test="car_brown_warner_1985")
    np.testing.assert_allclose(
        of.battery.window("crude_dependence_t").statistic[0], cars["stat"].iloc[0], **EXACT
    )


def test_estudy2s_oddities_on_missing_days(case) -> None:  # type: ignore[no-untyped-def]
    """It pools firm-days for p, and takes mean x 7 for a day's sum, T = mean of M_i + L."""
    of = case("caseB_covid_estudy2")
    peer = of.table("estudy2_daily_tests.csv", model="sim")
    e, arrays = residuals(of), of.arrays
    share = np.full(7, (e > 0).sum() / np.isfinite(e).sum())
    np.testing.assert_allclose(
        generalized_sign(arrays.ar, share).statistic,
        peer[peer["test"] == "gsign"]["stat"],
        **EXACT,
    )
    sums = rank_sums(e, arrays.ar / arrays.sigma[:, None], arrays.sar)
    days = arrays.n_est.mean() + 5
    for name, daily in {
        "rank": sums.rank * 7 / sums.count**2,
        "modified_rank": sums.scaled * 7 / sums.count**1.5,
        "corrado_sign": sums.sign * 7 / sums.count**1.5,
    }.items():
        statistic = daily[240:] / np.sqrt((daily**2).sum() / days)
        want = peer[peer["test"] == name]["stat"]
        np.testing.assert_allclose(statistic, want, **EXACT, err_msg=name)
