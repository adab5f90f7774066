"""A user's own price files on the command line: raw or adjusted is said, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mentionstudy.dashboard.cli import cli
from mentionstudy.data import Workspace

DAYS = ("2022-01-04", "2022-01-05", "2022-01-06", "2022-01-07")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mine"
    path.mkdir()
    lines = [f"{day},10,11,9,10.5,1000" for day in DAYS]
    text = "\n".join(["date,open,high,low,close,volume", *lines])
    (path / "600718.SH.csv").write_text(text, encoding="utf-8")
    return path


def fetch(tmp_path: Path, *arguments: object) -> Result:
    asked = ("--symbols", "600718.SH", "--start", DAYS[0], "--end", DAYS[-1])
    given = ["fetch", "--workspace", tmp_path / "w", *asked, *arguments]
    return CliRunner().invoke(cli, [str(a) for a in given], catch_exceptions=False)


def test_raw_prices_without_factors_say_what_is_missing(tmp_path, folder):
    done = fetch(tmp_path, "--prices", folder)
    assert done.exit_code == 1
    assert "Add factors.csv, or say that the prices are adjusted" in done.stderr
    assert len(Workspace.open(tmp_path / "w").bars()) == len(DAYS)


def test_adjusted_prices_need_no_factors(tmp_path, folder):
    done = fetch(tmp_path, "--prices", folder, "--prices-are", "adjusted")
    assert done.exit_code == 0, done.stderr
    assert "2 answered, 0 there already, 0 missing" in done.stderr


def test_adjusted_prices_with_factors_contradict_themselves(tmp_path, folder):
    (folder / "factors.csv").write_text(
        "symbol,ex_date,factor\n600718.SH,2022-01-05,1.1\n", encoding="utf-8"
    )
    done = fetch(tmp_path, "--prices", folder, "--prices-are", "adjusted")
    assert done.exit_code == 2
    assert "factors.csv: the prices are said to be adjusted already" in done.stderr


def test_what_files_hold_needs_files(tmp_path):
    done = fetch(tmp_path, "--prices-are", "raw")
    assert done.exit_code == 2
    assert "name their folder with --prices" in done.stderr
