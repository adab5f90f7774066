"""Files of a study, opened again by programs that read them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mentionstudy.analysis import ConfigError, EventStudy, StudyResult, StudySettings, export

AR_COLUMNS = ("event_id", "symbol", "day0", "tau", "actual", "normal", "ar", "sar")

EVIL = '=HYPERLINK("http://x/","<b>a</b>")'


@pytest.fixture(scope="module")
def result(gappy_market) -> StudyResult:
    events = gappy_market.events.assign(group=["=1+1", "<script>x</script>"] * 7)
    events["event_id"] = [f"e{number}" for number in range(len(events))]
    events.loc[3, "symbol"] = EVIL
    draws = {"bootstrap_draws": 99, "permutation_draws": 19}
    study = EventStudy(estimation=(-130, -11), window=(-5, 5), **draws)  # type: ignore[arg-type]
    return study.run(events, gappy_market.returns, gappy_market.market)


def test_csv_folder_holds_the_contract(result: StudyResult, tmp_path: Path) -> None:
    files = {path.name for path in result.to_csv_dir(tmp_path / "out", {"source": "a file"})}
    assert {"ar.csv", "car.csv", "aar.csv", "tests.csv", "excluded.csv", "study.json"} <= files
    ar = pd.read_csv(tmp_path / "out" / "ar.csv")
    assert tuple(ar.columns) == AR_COLUMNS
    np.testing.assert_array_equal(ar["ar"], result.ar["ar"])
    car = pd.read_csv(tmp_path / "out" / "car.csv")
    assert {"event_id", "window", "car", "scar", "t", "p", "n"} <= set(car.columns)
    tests = pd.read_csv(tmp_path / "out" / "tests.csv")
    assert {"window", "test", "n", "statistic", "df", "p", "reason"} <= set(tests.columns)
    excluded = pd.read_csv(tmp_path / "out" / "excluded.csv")
    assert {"event_id", "code", "reason"} <= set(excluded.columns)
    facts = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert StudySettings.from_dict(facts["settings"]) == result.settings
    assert facts["provenance"] == {"source": "a file"}
    assert facts["data_fingerprint"] == result.fingerprint


def test_csv_carries_no_formula(result: StudyResult, tmp_path: Path) -> None:
    result.to_csv_dir(tmp_path)
    groups = pd.read_csv(tmp_path / "car.csv")["group"]
    assert set(groups) == {"'=1+1", "<script>x</script>"}
    excluded = pd.read_csv(tmp_path / "excluded.csv")
    assert not excluded["symbol"].str.startswith("=").any()


def test_a_workbook_keeps_the_zone_of_a_time_and_what_is_missing(
    result: StudyResult, tmp_path: Path
) -> None:
    stamp = pd.Timestamp("2022-01-06 15:11:41", tz="Asia/Shanghai")
    reach = pd.array([3, pd.NA], dtype="Int64")
    own = {"articles": pd.DataFrame({"published_at": [stamp, pd.NaT], "reach": reach})}
    export.to_excel(result, tmp_path / "study.xlsx", extra=own)
    sheet = openpyxl.load_workbook(tmp_path / "study.xlsx")["ARTICLES"]
    assert [row[0].value for row in sheet["A2:A3"]] == ["2022-01-06T15:11:41+08:00", None]
    assert [row[0].value for row in sheet["B2:B3"]] == [3, None]


def test_workbook_holds_texts_never_formulas(result: StudyResult, tmp_path: Path) -> None:
    result.to_excel(tmp_path / "study.xlsx")
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    assert book.sheetnames[0] == "Summary"
    assert {"TESTS", "AAR", "CAR", "AR", "EVENTS", "EXCLUDED"} <= set(book.sheetnames)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert [cell for cell in cells if cell.value == EVIL]
    summary = {row[0].value: row[1].value for row in book["Summary"].iter_rows()}
    assert json.loads(summary["window"]) == [-5, 5]
    sheet = book["AR"]
    cells = [sheet.cell(row, 7).value for row in range(2, 13)]
    got = np.array([np.nan if value is None else value for value in cells])
    np.testing.assert_allclose(got, result.ar["ar"].iloc[:11], rtol=1e-14)


def test_parquet_round_trip(result: StudyResult, tmp_path: Path) -> None:
    result.to_parquet(tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "car.parquet"), result.car())


def test_latex_escapes_and_lays_out_every_window(result: StudyResult) -> None:
    table = result.to_latex()
    assert table.startswith(r"\begin{tabular}")
    assert r"cross\_sectional\_t" in table
    assert table.count(r"\\") == 1 + 2 * len(result.settings.car_windows)
    assert r"\textless{}script\textgreater{}" in result.to_latex("car")
    with pytest.raises(ConfigError, match="is no table"):
        result.to_latex("nothing")


def test_html_escapes_what_comes_from_outside(gappy_market) -> None:
    events = pd.DataFrame(
        {"symbol": ["<img src=x>", "S00"], "date": gappy_market.events["date"][0]}
    )
    study = EventStudy(estimation=(-130, -11), window=(-5, 5))
    shown = study.run(events, gappy_market.returns, gappy_market.market)._repr_html_()
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_summary_reads_in_a_terminal(result: StudyResult) -> None:
    text = result.summary()
    assert text == repr(result)
    assert "14 events given, 13 used, 1 excluded" in text
    assert "symbol_unknown" in text
    assert "[-1,1]" in text


def test_a_stored_result_writes_the_same_bytes(result: StudyResult, tmp_path: Path) -> None:
    result.to_csv_dir(tmp_path / "a")
    again = pickle.loads(pickle.dumps(result))
    again.to_csv_dir(tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_diagnostics_against_statsmodels(gappy_market) -> None:
    from statsmodels.stats.stattools import jarque_bera

    study = EventStudy(estimation=(-130, -11), window=(-5, 5))
    result = study.run(gappy_market.events, gappy_market.returns, gappy_market.market)
    residuals = next(result.arrays.iter_blocks()).residuals
    for row, got in result.diagnostics.iterrows():
        e = residuals[row][np.isfinite(residuals[row])]
        statistic, p, *_ = jarque_bera(e)
        assert got["jarque_bera"] == pytest.approx(statistic, rel=1e-9)
        assert got["jarque_bera_p"] == pytest.approx(p, rel=1e-9)
        pairs = np.isfinite(residuals[row][1:]) & np.isfinite(residuals[row][:-1])
        now, before = residuals[row][1:][pairs], residuals[row][:-1][pairs]
        assert got["autocorrelation"] == pytest.approx((now * before).sum() / (e**2).sum())
        squares = np.corrcoef(
            (now - e.mean()) ** 2,
            (before - e.mean()) ** 2,
        )[0, 1]
        assert got["arch"] == pytest.approx(pairs.sum() * squares**2, rel=1e-9)
