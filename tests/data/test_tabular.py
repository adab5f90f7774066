"""A user's own tables: every fault is named by file, line and column, and costs only its cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.tabular import read_events_file, read_returns_file


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_text_in_a_number_column_costs_one_cell(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "date,A,M\n2024-01-02,0.01,0\n2024-01-03,abc,0.01\n")
    read = read_returns_file(file)
    assert read.frame["A"].isna().tolist() == [False, True]
    assert read.frame["M"].tolist() == [0.0, 0.01]
    assert len(read.problems) == 1
    for part in ("r.csv", "line 3", "'A'", "'abc'"):
        assert part in read.problems[0]


def test_unsorted_dates_are_sorted_and_said(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "date,A\n2024-01-03,0.02\n2024-01-02,0.01\n")
    read = read_returns_file(file)
    assert read.frame["A"].tolist() == [0.01, 0.02]
    assert "sorted" in read.notes[0]


def test_equal_duplicates_count_once_and_contradictions_as_missing(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.csv",
        "date,A,B\n2024-01-02,0.01,0.03\n2024-01-02,0.01,0.03\n"
        "2024-01-03,0.02,0.01\n2024-01-03,0.05,0.01\n",
    )
    read = read_returns_file(file)
    assert read.frame.index.is_unique
    assert read.frame.loc["2024-01-02"].tolist() == [0.01, 0.03]
    assert np.isnan(read.frame.loc["2024-01-03", "A"])
    assert read.frame.loc["2024-01-03", "B"] == 0.01
    assert "lines 4, 5" in read.problems[0]
    assert "lines 2, 3" in read.notes[0]


def test_an_infinite_return_is_missing_and_a_loss_beyond_everything_is_told(tmp_path: Path) -> None:
    rows = ("2024-01-02,inf", "2024-01-03,-1.5", "2024-01-04,0.1", "2024-01-05,0.0")
    file = write(tmp_path / "r.csv", "\n".join(("date,A", *rows)) + "\n")
    read = read_returns_file(file)
    assert read.frame["A"].isna().tolist() == [True, False, False, False]
    assert len(read.problems) == 1
    assert "line 3" in read.notes[0]


def test_percent_is_suspected(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", "date,A\n2024-01-02,1.5\n2024-01-03,-0.9\n2024-01-04,0.7\n")
    assert any("percent" in p for p in read_returns_file(file).problems)


@pytest.mark.parametrize("stamp", ["2024-01-02", "20240102", "2024/01/02", "2024-01-02 00:00:00"])
def test_date_forms(tmp_path: Path, stamp: str) -> None:
    read = read_returns_file(write(tmp_path / "r.csv", f"date,A\n{stamp},0.01\n"))
    assert read.frame.index[0] == pd.Timestamp("2024-01-02")


def test_parquet_with_a_date_index_and_a_time_zone(tmp_path: Path) -> None:
    index = pd.date_range("2024-01-02", periods=2, tz="Asia/Shanghai", name="day")
    pd.DataFrame({"A": [1, 0]}, index=index).to_parquet(tmp_path / "r.parquet")
    read = read_returns_file(tmp_path / "r.parquet")
    assert read.frame.index.tz is None
    assert read.frame["A"].dtype == "float64"


def test_gb18030_and_a_row_without_a_date(tmp_path: Path) -> None:
    text = "日期,代码,类别\n2024-01-02,600718.SH,合作\n昨天,600050.SH,合作\n2024-01-05,,合作\n"
    read = read_events_file(write(tmp_path / "e.csv", text, "gb18030"))
    assert read.frame["symbol"].tolist() == ["600718.SH"]
    assert read.frame["类别"].tolist() == ["合作"]
    assert len(read.problems) == 2
    assert "line 3" in read.problems[0]
    assert "line 4" in read.problems[1]


def test_codes_keep_their_leading_zeros(tmp_path: Path) -> None:
    read = read_events_file(write(tmp_path / "e.csv", "symbol,date\n000750,2024-01-02\n"))
    assert read.frame["symbol"].tolist() == ["000750"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("e.csv", b"", "empty"),
        ("e.csv", b"\x00\x01\x02", "binary"),
        ("e.parquet", b"nonsense", "Parquet"),
        ("e.csv", b"symbol,when\nA,2024-01-02\n", "'date' is missing"),
    ],
)
def test_an_unusable_events_file_says_why(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileSchemaError, match=says):
        read_events_file(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileSchemaError, match="no such file"):
        read_returns_file(tmp_path / "nothing.csv")


def test_many_problems_are_listed_shortly(tmp_path: Path) -> None:
    rows = "\n".join(f"2024-01-{d:02d},x" for d in range(1, 31))
    read = read_returns_file(write(tmp_path / "r.csv", f"date,A\n{rows}\n"))
    assert read.problems[-1].endswith("and 10 more of these")
