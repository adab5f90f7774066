"""Read a returns panel from the workspace: seconds, peak memory, and pandas on the same bars.

Run with ``python tests/benchmarks/bench_panel_reading.py [small|large]``. Targets: 500 x 2,000 in
0.3 s; 5,000 x 2,500 in 3 s and under 1.5 GB. Every measurement runs in a process of its own; the
processor's seconds are those of all threads, and say more than the clock on a busy machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.market import returns_panel
from mentionstudy.data.workspace import Workspace

SIZES = {"small": (500, 2000), "large": (5000, 2500)}
SYMBOLS_A_WRITE = 250


def _bars(symbols: list[str], days: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, (len(symbols), len(days))), axis=1))
    flat = close.round(2).ravel()
    return pd.DataFrame(
        {
            "symbol": np.repeat(symbols, len(days)),
            "date": np.tile(days, len(symbols)),
            "open": flat,
            "high": flat,
            "low": flat,
            "close": flat,
            "volume": rng.integers(1, 1 << 20, flat.size) * 100.0,
            "amount": flat,
            "source": "made up",
            "fetched_at": pd.Timestamp("2026-01-05", tz="UTC"),
        }
    )


def _fill(folder: Path, size: str) -> None:
    n_symbols, n_days = SIZES[size]
    days = calendar_for("SH").sessions[-n_days - 300 : -300]
    symbols = [f"{600000 + i:06d}.SH" for i in range(n_symbols)]
    rng = np.random.default_rng(7)
    workspace = Workspace.open(folder / "workspace", create=True)
    frames = []
    for start in range(0, n_symbols, SYMBOLS_A_WRITE):
        frame = _bars(symbols[start : start + SYMBOLS_A_WRITE], days, rng)
        workspace.merge_bars(frame)
        frames.append(frame)
    pd.concat(frames).to_parquet(folder / "bars.parquet", index=False)


def _ours(folder: Path) -> pd.DataFrame:
    workspace = Workspace.open(folder / "workspace")
    bars = workspace.bars(columns=["symbol", "date", "close"])
    return returns_panel(bars, workspace.factors(), {"SH": calendar_for("SH").sessions}).returns


def _bars_only(folder: Path) -> pd.DataFrame:
    return Workspace.open(folder / "workspace").bars(columns=["symbol", "date", "close"])


def _pandas(folder: Path) -> pd.DataFrame:
    bars = pd.read_parquet(folder / "bars.parquet", columns=["symbol", "date", "close"])
    return bars.pivot(index="date", columns="symbol", values="close").pct_change(fill_method=None)


WAYS = {"bars": _bars_only, "ours": _ours, "pandas": _pandas}


def _peak_mb() -> float:
    """Give the most memory that this process had so far (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _measure(way: str, folder: Path) -> None:
    calendar_for("SH")  # built once a process, whatever is read
    before = _peak_mb()
    times, cpu = [], []
    for turn in range(3):
        started, worked = time.perf_counter(), time.process_time()
        panel = WAYS[way](folder)
        times.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
        if turn == 0:
            peak, shape = _peak_mb(), panel.shape
        del panel
    print(
        f"{way:8} {shape!s:16} first {times[0]:6.3f} s   best {min(times):6.3f} s   "
        f"processor {min(cpu):6.3f} s   peak {peak:5.0f} MB, of it {before:3.0f} before"
    )


def main() -> None:
    """Fill a workspace and measure each way of reading it."""
    if len(sys.argv) == 3:
        _measure(sys.argv[1], Path(sys.argv[2]))
        return
    for size in sys.argv[1:] or list(SIZES):
        with tempfile.TemporaryDirectory() as name:
            started = time.perf_counter()
            _fill(Path(name), size)
            filled = time.perf_counter() - started
            print(f"{size}: {SIZES[size]} filled in {filled:.1f} s", flush=True)
            for way in WAYS:
                subprocess.run([sys.executable, "-W", "ignore", __file__, way, name], check=True)


if __name__ == "__main__":
    main()
