"""Writers that compete and writers that are killed: errors, lost or doubled rows, seconds.

Run with ``python tests/benchmarks/bench_workspace_writers.py [fetchers|together|killed] [N]``.
``fetchers``: two fetches of 60 symbols each through akshare and a local server, half of them the
same, and three readers at once. ``together``: the same with two bare writers of 100 symbols each.
``killed``: one writer after another is killed with SIGKILL at a random moment, 200 times by
default.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from multiprocessing.synchronize import Event
from pathlib import Path

import pandas as pd

from mentionstudy.data.market import FamilyManners, Manners
from mentionstudy.data.workspace import Workspace

DAYS = 250
SYMBOLS = 100
FETCHED = 60
CANARY = "600000.SH"  # asked for to learn whether the upstream answers at all
NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)
NO_PAUSE = Manners(
    families={n: FamilyManners(spacing=0.0) for n in ("tencent", "sina", "eastmoney", "csindex")}
)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data" / "replay"))


warnings.simplefilter("ignore")


def _bars(symbol: str, close: float) -> pd.DataFrame:
    days = pd.bdate_range("2024-01-02", periods=DAYS)
    return pd.DataFrame({"symbol": symbol, "date": days, "close": close, "source": "made up"})


def _write(path: str, first: int, turn: float = 1.0) -> None:
    workspace = Workspace.open(path, create=True)
    for number in range(first, first + SYMBOLS):
        workspace.merge_bars(_bars(f"{number:06d}.SZ", turn))
        log = {"symbol": [f"{number:06d}.SZ"], "kind": "bars", "outcome": "ok", "rows": DAYS}
        workspace.append_fetch_log(pd.DataFrame(log))


def _read(path: str, stop: Event, seen: list[int]) -> None:
    workspace = Workspace.open(path)
    reads = 0
    while not stop.is_set():
        rows = workspace.bars(columns=["symbol", "close"])
        if len(rows) % DAYS:
            raise AssertionError(f"a reader saw half a symbol: {len(rows)} rows")
        reads += 1
    seen.append(reads)


def _check(path: str, expected: int | None) -> None:
    rows = Workspace.open(path).bars()
    doubled = int(rows.duplicated(["symbol", "date"]).sum())
    sizes = rows.groupby("symbol", observed=True).size()
    print(f"  symbols {len(sizes)}, doubled rows {doubled}, whole {bool((sizes == DAYS).all())}")
    if doubled or not (sizes == DAYS).all() or expected not in (None, len(sizes)):
        raise SystemExit("the table is not what was written")


def together(path: str) -> None:
    """Let two writers and three readers work at once."""
    Workspace.open(path, create=True)
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        stop, seen = context.Event(), manager.list()
        writers = [
            context.Process(target=_write, args=(path, first)) for first in (0, SYMBOLS // 2)
        ]
        readers = [context.Process(target=_read, args=(path, stop, seen)) for _ in range(3)]
        started = time.perf_counter()
        for process in (*writers, *readers):
            process.start()
        for process in writers:
            process.join()
        stop.set()
        for process in readers:
            process.join()
        seconds = time.perf_counter() - started
        failed = [process.exitcode for process in (*writers, *readers) if process.exitcode]
        print(f"two writers, three readers: {seconds:.1f} s, {sum(seen)} reads, failed {failed}")
    if failed:
        raise SystemExit("a process failed")
    _check(path, SYMBOLS + SYMBOLS // 2)


def _fetch(path: str, url: str, first: int, done: list[tuple[int, int, int]]) -> None:
    from market_replay import redirect

    from mentionstudy.data.market import fetch, live_chain, workspace_health

    workspace = Workspace.open(path, create=True)
    with redirect(url):
        chain = live_chain(workspace_health(workspace, NO_PAUSE), NO_PAUSE, now=lambda: NOW)
        report = fetch(workspace, _plan(first), chain, now=lambda: NOW)
    done.append((report.ok, report.covered, len(report.missing)))


def _plan(first: int) -> pd.DataFrame:
    from mentionstudy.data.market import plan_symbols

    symbols = [f"60{i:04d}.SH" for i in range(first, first + FETCHED)]
    return plan_symbols(symbols, "2022-01-04", "2022-12-30")


def _watch(path: str, stop: Event, seen: list[int]) -> None:
    workspace = Workspace.open(path)
    reads = 0
    while not stop.is_set():
        bars, log = workspace.bars(columns=["symbol", "date"]), workspace.fetch_log()
        if bars.duplicated().any():
            raise AssertionError("a reader saw a row twice")
        vouched = log.loc[(log["kind"] == "bars") & (log["outcome"] == "ok"), "symbol"]
        later = set(workspace.bars(columns=["symbol"])["symbol"])
        if not set(vouched) <= later:
            raise AssertionError("the log vouches for bars that are not there")
        reads += 1
    seen.append(reads)


def fetchers(path: str) -> None:
    """Let two fetches and three readers work at once."""
    from market_replay import MarketServer
    from replay_market import Market

    Workspace.open(path, create=True)
    market = Market("2022-12-30").add(*(f"60{i:04d}.SH" for i in range(2 * FETCHED)))
    context = multiprocessing.get_context("spawn")
    with MarketServer(market) as server, context.Manager() as manager:
        stop, seen, done = context.Event(), manager.list(), manager.list()
        fetching = [
            context.Process(target=_fetch, args=(path, server.url, first, done))
            for first in (0, FETCHED // 2)
        ]
        readers = [context.Process(target=_watch, args=(path, stop, seen)) for _ in range(3)]
        started = time.perf_counter()
        for process in (*fetching, *readers):
            process.start()
        for process in fetching:
            process.join()
        stop.set()
        for process in readers:
            process.join()
        seconds = time.perf_counter() - started
        failed = [process.exitcode for process in (*fetching, *readers) if process.exitcode]
        print(f"two fetchers, three readers: {seconds:.1f} s, {sum(seen)} reads, failed {failed}")
        print(f"  answered, there already, missing: {sorted(done)}")
        asked = [s.symbol for s in server.log if "hfq" in s.path and s.symbol != CANARY]
        twice = pd.Series(asked, dtype="str")
        print(f"  factor files asked for twice: {int(twice.duplicated().sum())}")
    rows = Workspace.open(path).bars()
    doubled = int(rows.duplicated(["symbol", "date"]).sum())
    print(f"  symbols {rows['symbol'].nunique()}, doubled rows {doubled}")
    if failed or doubled or rows["symbol"].nunique() != FETCHED + FETCHED // 2:
        raise SystemExit("the tables are not what was fetched")


def killed(path: str, times: int) -> None:
    """Kill a writer at random moments, then let one finish."""
    chance = random.Random(7)
    started = time.perf_counter()
    for turn in range(times):
        child = os.fork()  # this process never touches the tables, so that no thread is lost
        if not child:
            _write(path, 0, float(turn))
            os._exit(0)
        time.sleep(chance.uniform(0.01, 0.8))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        reader = os.fork()
        if not reader:
            rows = Workspace.open(path, create=True).bars(columns=["symbol"])
            os._exit(1 if len(rows) % DAYS else 0)
        if os.waitpid(reader, 0)[1]:
            raise SystemExit(f"after kill {turn + 1} a table cannot be read")
    print(
        f"{times} kills in {time.perf_counter() - started:.1f} s, every table readable after each"
    )
    _write(path, 0, -1.0)
    _check(path, SYMBOLS)


def main() -> None:
    """Run one benchmark or all of them."""
    chosen = sys.argv[1] if len(sys.argv) > 1 else "all"
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as folder:
        if chosen in ("killed", "all"):
            killed(f"{folder}/killed", times)
        if chosen in ("together", "all"):
            together(f"{folder}/together")
        if chosen in ("fetchers", "all"):
            fetchers(f"{folder}/fetchers")


if __name__ == "__main__":
    main()
