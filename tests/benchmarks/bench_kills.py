"""Kill a fetch at random moments, again and again: is every table readable, is anything lost?

    python tests/benchmarks/bench_kills.py [KILLS] [SYMBOLS]

Each round starts a fetch in a process of its own and ends it with SIGKILL after a random time.
Then a fresh process reads every table, and what had been logged as fetched must not be asked for
again in the next round. A workspace that is full is put aside and a new one begun. The last run
is left alone and has to complete.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "data" / "replay"))
warnings.simplefilter("ignore")

from market_replay import MarketServer, redirect  # noqa: E402
from replay_market import Market  # noqa: E402

from mentionstudy.data.market import (  # noqa: E402
    FamilyManners,
    Manners,
    fetch,
    live_chain,
    plan_symbols,
    workspace_health,
)
from mentionstudy.data.market.live import load_akshare  # noqa: E402

NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)
NO_PAUSE = Manners(
    families={n: FamilyManners(spacing=0.0) for n in ("tencent", "sina", "eastmoney", "csindex")}
)


def fill(folder: Path, symbols: list[str]) -> bool:
    """Fetch everything; runs in a process that may be killed."""
    from mentionstudy.data import Workspace

    workspace = Workspace.open(folder, create=True)
    chain = live_chain(workspace_health(workspace, NO_PAUSE), NO_PAUSE, now=lambda: NOW)
    plan = plan_symbols(symbols, "2022-06-01", "2022-06-30")
    return fetch(workspace, plan, chain, now=lambda: NOW).complete


def check(folder: Path) -> dict[str, list[str]]:
    """Read every table; returns the symbols whose bars and factors are vouched for."""
    from mentionstudy.data import Workspace

    workspace = Workspace.open(folder, create=True)
    bars, factors, log = workspace.bars(), workspace.factors(), workspace.fetch_log()
    assert not bars.duplicated(["symbol", "date"]).any(), "duplicate bars"
    assert not factors.duplicated(["symbol", "ex_date"]).any(), "duplicate factors"
    done = {}
    for kind, table in (("bars", bars), ("factors", factors)):
        logged = set(log.loc[(log["kind"] == kind) & (log["outcome"] == "ok"), "symbol"])
        assert logged <= set(table["symbol"]), "the log vouches for rows that are not there"
        done[kind] = sorted(logged)
    return done


def in_child(work, *arguments, kill_after: float | None = None):
    """Run in a forked process, which alone touches the tables; None if it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            answer = json.dumps(work(*arguments)).encode()
            os.write(writing, answer)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None
    assert os.waitstatus_to_exitcode(status) == 0, "the child failed"
    return json.loads(answer)


def main(kills: int, count: int) -> None:
    symbols = [f"60{i:04d}.SH" for i in range(1, count + 1)]
    load_akshare()
    chance = random.Random(20221230)
    rounds = again = fresh = 0
    with (
        MarketServer(Market("2022-12-30").add(*symbols)) as server,
        redirect(server.url),
        tempfile.TemporaryDirectory() as folder,
    ):
        space = Path(folder) / "w"
        began = time.perf_counter()
        in_child(fill, space, symbols)
        whole = time.perf_counter() - began
        shutil.rmtree(space)
        done: dict[str, list[str]] = {"bars": [], "factors": []}
        while rounds < kills:
            server.log.clear()
            in_child(fill, space, symbols, kill_after=chance.uniform(0.0, 0.7 * whole))
            rounds += 1
            for seen in server.log:
                kind = "factors" if "hfq" in seen.path else "bars"
                again += seen.symbol in done[kind]
            done = in_child(check, space)
            if len(done["bars"]) + len(done["factors"]) == 2 * count:
                shutil.rmtree(space)
                fresh += 1
                done = {"bars": [], "factors": []}
        complete = in_child(fill, space, symbols)
        in_child(check, space)
    print(f"{rounds} kills, {count} symbols, a whole run takes {whole:.1f} s")
    print(f"tables unreadable after a kill      0 of {rounds}")
    print(f"requests for what was committed     {again}")
    print(f"workspaces filled although killed   {fresh}")
    print(f"the last run, left alone, completed {complete}")
    assert complete
    assert again == 0


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]]
    main(numbers[0] if numbers else 200, numbers[1] if len(numbers) > 1 else 60)
