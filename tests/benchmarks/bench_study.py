"""Studies of a thousand to a million events: seconds, peak memory, and a plain loop beside them.

Run with ``python tests/benchmarks/bench_study.py [EVENTS...]``. The panel has 500 firms and 2,000
days; market model, 250-day estimation window, event window [-10,+10], 4 CAR windows, 2 threads.
Targets: AR, CAR and parametric tests 1,000,000 events in 1 s; full battery (without bootstrap and
permutation) 100,000 in 2 s, 1,000,000 in 20 s and under 3 GB; a first small study in 0.2 s after
the import, the import in 0.6 s.

Every measurement runs in a process of its own. The first of three rounds also pays for fresh
memory, which a virtual machine gets slowly; the processor's seconds are those of all threads, and
say more than the clock on a busy machine.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

FIRMS, DAYS, ROUNDS = 500, 2000, 3
LOOP_EVENTS = 300
LOOP = "BENCH_LOOP_SECONDS"  # of the plain loop per 1,000 events, for the ratios
FIRST = "import mentionstudy.analysis.inference as i, mentionstudy.analysis.validation as v"
DEFAULT = (1_000, 100_000, 1_000_000)


def _data(n_events: int):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    days = pd.bdate_range("2010-01-01", periods=DAYS)
    market = rng.normal(0, 0.01, DAYS)
    values = market[:, None] * rng.uniform(0.5, 1.5, FIRMS) + rng.normal(0, 0.02, (DAYS, FIRMS))
    returns = pd.DataFrame(values, days, [f"S{i:03d}" for i in range(FIRMS)])
    events = pd.DataFrame(
        {
            "symbol": returns.columns[rng.integers(0, FIRMS, n_events)],
            "date": days[rng.integers(260, DAYS - 11, n_events)],
        }
    )
    return events, returns, pd.Series(market, days, name="market")


def _study():
    from mentionstudy.analysis import EventStudy

    # A million dates among a million cells repeat; counting them twice is what is measured.
    return EventStudy(
        estimation=(-260, -11), duplicates="keep", bootstrap_draws=0, permutation_draws=0
    )


def _report(name: str, n_events: int, work: Callable[[], object]) -> None:
    clock, processor = [], []
    for _ in range(ROUNDS):
        wall, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - wall)
        processor.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = 1000 * min(clock) / n_events
    ratio = f"  {float(os.environ[LOOP]) / each:,.1f}x the loop" if LOOP in os.environ else ""
    print(
        f"{name:28s} {n_events:>9,} events  first {clock[0]:7.3f} s  best {min(clock):7.3f} s  "
        f"processor {min(processor):7.3f} s  {each:9.5f} s per 1,000  "
        f"peak {peak:6.0f} MB{ratio}",
        flush=True,
    )


def parametric(n_events: int) -> None:
    """AR, CAR, AAR, CAAR with the cross-sectional, Patell and BMP tests."""
    from mentionstudy.analysis.inference.mean_tests import cross_sectional_t
    from mentionstudy.analysis.inference.moments import moments
    from mentionstudy.analysis.inference.standardized import bmp, patell

    events, returns, market = _data(n_events)
    study = _study()

    def work() -> None:
        arrays = study.run(events, returns, market).arrays
        for values, scaled in ((arrays.ar, arrays.sar), (arrays.car, arrays.scar)):
            cross_sectional_t(values, known=moments(values))
            bmp(scaled, known=moments(scaled))
            patell(scaled, arrays.df)

    _report("AR, CAR, parametric", n_events, work)


def battery(n_events: int) -> None:
    """Every test of every day and window."""
    events, returns, market = _data(n_events)
    study = _study()

    def work() -> None:
        result = study.run(events, returns, market)
        result.day_tests()  # its run holds the windows too
        result.tests()

    _report("full battery", n_events, work)


def loop(n_events: int) -> None:
    """A plain loop: slice, least squares, AR, CAR and its variance, event by event."""
    import numpy as np

    events, returns, market = _data(n_events)
    values, index = returns.to_numpy(), market.to_numpy()

    def work() -> None:
        for symbol, date in zip(events["symbol"], events["date"], strict=True):
            column, at = returns.columns.get_loc(symbol), returns.index.get_loc(date)
            inside, window = slice(at - 260, at - 10), slice(at - 10, at + 11)
            x = np.column_stack([np.ones(250), index[inside]])
            y = values[inside, column]
            inverse = np.linalg.inv(x.T @ x)
            coefficients = inverse @ x.T @ y
            residual = y - x @ coefficients
            s2 = residual @ residual / 248
            z = np.column_stack([np.ones(21), index[window]])
            ar = values[window, column] - z @ coefficients
            error = np.sqrt(s2 * (1 + np.einsum("ti,ij,tj->t", z, inverse, z)))
            _ = ar / error
            for first, last in ((10, 11), (9, 12), (5, 16), (0, 21)):
                total = z[first:last].sum(axis=0)
                _ = ar[first:last].sum() / np.sqrt(s2 * (last - first + total @ inverse @ total))

    _report("plain loop: AR, CAR", n_events, work)


def importing(_: int) -> None:
    """The import, what it costs beside pandas, and the first small study."""
    marks = [(time.perf_counter(), time.process_time())]

    def mark(what: str) -> None:
        now, before = (time.perf_counter(), time.process_time()), marks[-1]
        wall, used = now[0] - before[0], now[1] - before[1]
        print(f"{what:54s} {wall:7.3f} s  processor {used:7.3f} s", flush=True)
        marks.append((time.perf_counter(), time.process_time()))

    import mentionstudy.analysis

    mark("import mentionstudy.analysis")
    import pandas  # noqa: F401

    mark("import pandas")
    _ = mentionstudy.analysis.EventStudy
    mark("from mentionstudy.analysis import EventStudy, on top")
    events, returns, market = _data(20)
    returns, study = returns.iloc[:, :20], _study()
    events["symbol"] = returns.columns
    marks.append((time.perf_counter(), time.process_time()))
    study.run(events, returns, market).car()
    mark("first study of 20 events, CARs with p-values")


def main() -> None:
    """Run every measurement in a process of its own."""
    tasks = {task.__name__: task for task in (importing, loop, parametric, battery)}
    if len(sys.argv) == 3 and sys.argv[1] in tasks:
        tasks[sys.argv[1]](int(sys.argv[2]))
        return
    sizes = [int(text.replace(",", "").replace("_", "")) for text in sys.argv[1:]] or DEFAULT
    # As installed: with bytecode, which a first import writes.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", FIRST], check=True, env=environment)

    def own(name: str, size: int) -> str:
        command = [sys.executable, __file__, name, str(size)]
        done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
        text = done.stdout.decode()
        print(text, end="", flush=True)
        return text

    own("importing", 0)
    environment[LOOP] = own("loop", LOOP_EVENTS).partition(" s per 1,000")[0].split()[-1]
    for name in ("parametric", "battery"):
        for size in sizes:
            own(name, size)


if __name__ == "__main__":
    main()
