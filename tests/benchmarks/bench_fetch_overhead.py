"""What the chain costs beyond akshare itself: N symbols x 500 sessions against a local server.

    python tests/benchmarks/bench_fetch_overhead.py [N]

After each answer of the chain the same akshare function is called bare for the same symbol, so
that both meet the machine in the same state. The difference by symbol is our overhead: breaker,
deadline, observation, normalising, checks, and the writing into a workspace. The processor's time
says more than the clock on a busy machine. Target: 15 ms a symbol, and memory that does not grow.
"""

from __future__ import annotations

import datetime as dt
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
    FetchProgress,
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
        workspace = Workspace.open(Path(folder) / "w", create=True)
        source = live_source("eastmoney", NO_PAUSE, SourceHealth(manners=NO_PAUSE), now=lambda: NOW)
        plan = plan_symbols(symbols, str(FIRST), str(LAST))
        plan = plan.loc[plan["kind"] == "bars"]
        bare, bare_busy, held = [], [], []

        def compare(step: FetchProgress) -> None:
            if not step.outcome:
                return
            busy, began = time.process_time(), time.perf_counter()
            akshare.stock_zh_a_hist(
                step.symbol[:6], "daily", f"{FIRST:%Y%m%d}", f"{LAST:%Y%m%d}", "", 20.0
            )
            bare.append(time.perf_counter() - began)
            bare_busy.append(time.process_time() - busy)
            if step.done % max(count // 5, 1) == 0:
                held.append(memory())

        busy, began = time.process_time(), time.perf_counter()
        report = fetch(workspace, plan, SourceChain.of(source), compare, now=lambda: NOW)
        ours = (time.perf_counter() - began - sum(bare)) / count
        ours_busy = (time.process_time() - busy - sum(bare_busy)) / count
        assert report.complete, report.missing[:3]
        rows = len(workspace.bars(columns=["symbol"]))
    bare_mean, busy_mean = statistics.fmean(bare), statistics.fmean(bare_busy)
    print(f"{count} symbols, {rows} bars            clock   processor")
    print(f"akshare alone      {1000 * bare_mean:8.2f} ms {1000 * busy_mean:8.2f} ms a symbol")
    print(f"through the chain  {1000 * ours:8.2f} ms {1000 * ours_busy:8.2f} ms a symbol")
    over, over_busy = 1000 * (ours - bare_mean), 1000 * (ours_busy - busy_mean)
    print(f"our overhead       {over:8.2f} ms {over_busy:8.2f} ms a symbol")
    print(f"ratio              {ours / bare_mean:8.2f}    {ours_busy / busy_mean:8.2f}")
    print("memory by fifths   " + ", ".join(f"{m:.0f}" for m in held) + " MB")


def memory() -> float:
    """Return what this process holds now, in MB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
