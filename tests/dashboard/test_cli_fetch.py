"""``mentionstudy fetch`` in a process of its own, against upstreams made up on loopback.

The real akshare functions speak to it; only the address of their requests is replaced.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from market_replay import MarketServer, cli_command, seed_market

from mentionstudy.data import Workspace
from mentionstudy.data.sample import sample_articles_path

SYMBOLS = {
    *("600718.SH", "02066.HK", "600050.SH", "00762.HK"),
    *("601328.SH", "601998.SH", "601229.SH", "000750.SZ"),
}
BENCHMARKS = {"000300.SH", "HSI.HK"}


@pytest.fixture(scope="module")
def server() -> Iterator[MarketServer]:
    with MarketServer(seed_market()) as running:
        yield running


@pytest.fixture
def workspace(server: MarketServer, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "workspace"
    done = call(server, "ingest", sample_articles_path(), "--workspace", folder)
    assert done.returncode == 0, done.stderr
    yield folder
    server.recover()


def call(server: MarketServer, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cli_command(server, *map(str, arguments)),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def sources(folder: Path) -> dict[str, str]:
    bars = Workspace.open(folder).bars()
    return dict(bars.astype({"symbol": "str", "source": "str"}).groupby("symbol")["source"].last())


def test_fetch_fills_an_empty_workspace_and_the_study_follows(
    server: MarketServer, workspace: Path
) -> None:
    done = call(server, "fetch", "--workspace", workspace)
    assert done.returncode == 0, done.stderr
    came_from = sources(workspace)
    assert set(came_from) == SYMBOLS | BENCHMARKS
    assert came_from["600718.SH"] == "tencent"
    assert came_from["02066.HK"] == "eastmoney"
    assert came_from["000300.SH"] == "sina"
    asked = server.asked()
    again = call(server, "fetch", "--workspace", workspace)
    assert again.returncode == 0
    assert server.asked() == asked, "what is there is not asked again"
    study = call(server, "study", "--workspace", workspace, "--out", workspace / "out")
    assert study.returncode == 0, study.stderr
    assert "8 events, 8 used, 0 excluded" in study.stdout


def test_with_the_first_source_refusing_the_next_one_answers(
    server: MarketServer, workspace: Path
) -> None:
    server.fail("403", "tencent")
    done = call(server, "fetch", "--workspace", workspace)
    assert done.returncode == 0, done.stderr
    assert sources(workspace)["600718.SH"] == "sina"
    log = Workspace.open(workspace).fetch_log()
    refused = log[(log["source"] == "tencent") & (log["outcome"] == "refused")]
    assert len(refused) >= 1
    assert refused["reason"].str.len().gt(10).all()


def test_with_all_refusing_every_symbol_is_listed_and_a_later_run_completes(
    server: MarketServer, workspace: Path
) -> None:
    server.fail("drop")
    done = call(server, "fetch", "--workspace", workspace)
    assert done.returncode == 1
    for symbol in SYMBOLS | BENCHMARKS:
        lines = [line for line in done.stderr.splitlines() if f" {symbol}: no bars" in line]
        assert len(lines) == 1, done.stderr
        assert "refused" in lines[0]
    assert "Traceback" not in done.stderr

    server.recover()
    let_time_pass(workspace)
    later = call(server, "fetch", "--workspace", workspace)
    assert later.returncode == 0, later.stderr
    assert set(sources(workspace)) == SYMBOLS | BENCHMARKS


def let_time_pass(workspace: Path) -> None:
    """Age the memory of the refusals, as if the pauses that they brought were over."""
    file = workspace / ".source_health.json"
    text = json.loads(file.read_text(encoding="utf-8"))
    for family in text["families"].values():
        family["open_until"] = 0.0
    file.write_text(json.dumps(text), encoding="utf-8")


def test_a_dry_run_asks_nothing(server: MarketServer, workspace: Path) -> None:
    asked = server.asked()
    done = call(server, "fetch", "--workspace", workspace, "--dry-run")
    assert done.returncode == 0
    assert server.asked() == asked
    plan = pd.read_csv(io.StringIO(done.stdout))
    assert set(plan["symbol"]) == SYMBOLS | BENCHMARKS
    assert "requests to web.ifzq.gtimg.cn, proxy.finance.qq.com" in done.stderr


def test_symbols_of_ones_own(server: MarketServer, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    done = call(
        server,
        *("fetch", "--workspace", folder, "--symbols", "sh600718,2066.HK"),
        *("--start", "2022-01-04", "--end", "2022-01-28"),
    )
    assert done.returncode == 0, done.stderr
    assert set(sources(folder)) == {"600718.SH", "02066.HK"}


@pytest.mark.parametrize("symbols", ["60071", "600718.XX", "hello"])
def test_a_symbol_that_no_grammar_knows(server: MarketServer, tmp_path: Path, symbols: str) -> None:
    done = call(
        server,
        *("fetch", "--workspace", tmp_path / "w", "--symbols", symbols, "--start", "2022-01-04"),
    )
    assert done.returncode == 2
    assert symbols in done.stderr
    assert "Traceback" not in done.stderr
