"""What the chain costs beyond akshare itself: N symbols x 500 sessions against a local server.

    python tests/benchmarks/bench_fetch_overhead.py [N]

The same akshare function is called for the same symbols twice: bare, and through the chain with
its breaker, deadline, observation, normalising and checks, and the writing into a workspace. The
difference by symbol is our overhead. The alternative in the ratio is akshare itself.
"""

from __future__ import annotations

import datetime as dt
import resource
import statistics
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

from mentionstudy.data import Workspace  # noqa: E402
from mentionstudy.data.market import (  # noqa: E402
    FamilyManners,
    Manners,
    SourceChain,
    SourceHealth,
    fetch,
    live_source,
    plan_symbols,
)
from mentionstudy.data.market.live import load_akshare  # noqa: E402

NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2020, 12, 8), dt.date(2022, 12, 30)  # 500 sessions
NO_PAUSE = Manners(families={"eastmoney": FamilyManners(spacing=0.0)})


def main(count: int) -> None:
    symbols = [f"60{i:04d}.SH" for i in range(count)]
    market = Market("2022-12-30").add(*symbols)
    akshare = load_akshare()
    with (
        MarketServer(market) as server,
        redirect(server.url),
        tempfile.TemporaryDirectory() as folder,
    ):
        for symbol in symbols:
            market.bars(symbol)  # the server's own work is not to be counted
        bare = []
        busy = time.process_time()
        for symbol in symbols:
            began = time.perf_counter()
            akshare.stock_zh_a_hist(
                symbol[:6], "daily", f"{FIRST:%Y%m%d}", f"{LAST:%Y%m%d}", "", 20.0
            )
            bare.append(time.perf_counter() - began)
        bare_busy = (time.process_time() - busy) / count
        workspace = Workspace.open(Path(folder) / "w", create=True)
        source = live_source("eastmoney", NO_PAUSE, SourceHealth(manners=NO_PAUSE), now=lambda: NOW)
        plan = plan_symbols(symbols, str(FIRST), str(LAST))
        plan = plan.loc[plan["kind"] == "bars"]
        half = memory()
        busy, began = time.process_time(), time.perf_counter()
        report = fetch(workspace, plan, SourceChain.of(source), now=lambda: NOW)
        ours = (time.perf_counter() - began) / count
        ours_busy = (time.process_time() - busy) / count
        assert report.complete, report.missing[:3]
        rows = len(workspace.bars(columns=["symbol"]))
    bare_mean = statistics.fmean(bare)
    print(f"{count} symbols, {rows} bars")
    print(f"akshare alone      {1000 * bare_mean:8.2f} ms a symbol")
    print(f"through the chain  {1000 * ours:8.2f} ms a symbol, workspace included")
    print(f"our overhead       {1000 * (ours - bare_mean):8.2f} ms a symbol")
    print(f"  of processor time {1000 * (ours_busy - bare_busy):7.2f} ms a symbol")
    print(f"ratio              {ours / bare_mean:8.2f}")
    print(f"memory             {half:8.0f} MB before, {memory():.0f} MB after")


def memory() -> float:
    """The peak of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
