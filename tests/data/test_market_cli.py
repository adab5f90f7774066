"""`mentionstudy fetch` in a process of its own, through akshare, against made-up upstreams."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest
from market_replay import MarketServer, cli_command, seed_market

from mentionstudy.data import Workspace

SYMBOLS = ("600718.SH", "00762.HK", "000300.SH")
FETCH = (
    "fetch",
    "--symbols",
    ",".join(SYMBOLS),
    "--start",
    "2022-05-10",
    "--end",
    "2022-06-30",
)


@pytest.fixture(scope="module")
def server():
    # a source that is tried again is first asked for the last month of a symbol that trades
    with MarketServer(seed_market(date.today().isoformat())) as running:
        yield running


def test_fetch_fails_with_reasons_and_a_later_run_completes(server, tmp_path):
    def fetch():
        command = cli_command(server, *FETCH, "--workspace", str(tmp_path / "w"))
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    server.fail("drop")
    refused = fetch()
    assert refused.returncode == 1, refused.stderr
    for symbol in SYMBOLS:
        assert f"{symbol}: no bars (refused)" in refused.stderr
    assert "Traceback" not in refused.stderr
    server.recover()
    server.fail("502", "eastmoney", "tencent")  # the last source of the chain has to do
    done = fetch()
    assert done.returncode == 0, done.stderr
    bars = Workspace.open(tmp_path / "w").bars()
    assert set(bars["symbol"]) == set(SYMBOLS)
    assert set(bars["source"]) == {"sina"}
    asked = server.asked()
    again = fetch()
    assert again.returncode == 0
    assert server.asked() == asked
