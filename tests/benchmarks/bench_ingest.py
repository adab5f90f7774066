"""What `ingest` takes: the first run, the second of the unchanged folder, and memory on the way.

Run ``python tests/benchmarks/bench_ingest.py COUNT [FOLDER [WORKERS]]`` on COUNT made-up posts, or
on the first COUNT that an earlier run left in FOLDER. Memory is told as a slope, by least squares
over the second half of the files, and as the most that the end took. It rises and falls with every
commit, so that the line goes through the lowest of every fiftieth of the way.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from made_corpus import write
from scipy.stats import linregress

from mentionstudy.data.ingest import ingest
from mentionstudy.data.workspace import Workspace

PER_FOLDER = 1000
STRETCHES = 50
FLAT = 100.0  # bytes a file: 20 MB for 200,000 files


def processor_seconds() -> float:
    """Return what this process and those it waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def resident() -> int:
    """Return the memory of this process now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def forget_peak() -> None:
    """Let the highest memory be counted from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the most memory of this process since `forget_peak`, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


class Watch:
    """Notes memory after every batch and prints it at every eighth of the way."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.highest = 0.0
        self.next = 0.125

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take notice."""
        self.seen.append((done, resident()))
        if done >= self.next * total:
            print(f"  {done:9,} of {total:,} files: {resident() >> 20} MiB", flush=True)
            self.next += 0.125
        if done == total:
            self.highest = peak()
            forget_peak()

    def slope(self) -> str:
        """Say by how many bytes memory grows with a file, over the second half."""
        done, memory = np.array(self.seen, dtype=np.float64).T
        stretch = np.minimum(done * STRETCHES // done[-1], STRETCHES - 1)
        late = [np.flatnonzero(stretch == n) for n in range(STRETCHES // 2, STRETCHES)]
        lowest = [where[memory[where].argmin()] for where in late if len(where)]
        if len(lowest) < 3:
            return "too few files for a slope"
        line = linregress(done[lowest], memory[lowest])
        verdict = "flat" if line.slope - 2 * line.stderr <= FLAT else "NOT FLAT"
        return f"{line.slope:.0f} bytes a file (standard error {line.stderr:.0f}): {verdict}"


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1])
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(sys.argv[2] if len(sys.argv) > 2 else f"{place}/posts").absolute()
        folders = [corpus / f"{n:05d}" for n in range(-(-count // PER_FOLDER))]
        if not folders[-1].exists():
            for _ in write(corpus, count):
                pass
        workspace = Workspace.open(f"{place}/ws", create=True)
        took = []
        for run in ("first", "second"):
            watch, before = Watch(), resident() >> 20
            forget_peak()
            started, used = time.perf_counter(), processor_seconds()
            report = ingest(workspace, folders, watch, workers=workers)
            seconds, used = time.perf_counter() - started, processor_seconds() - used
            took.append((seconds, used))
            print(
                f"{run} run: {report.read:,} files read, {report.unchanged:,} unchanged; "
                f"{seconds:.1f} s, {used:.1f} s of processors "
                f"({used / count * 1e6:.0f} µs a file)",
                flush=True,
            )
            print(
                f"  memory: {before} MiB before, at most {max(watch.highest, peak()):.0f}, "
                f"at the end at most {peak():.0f}, {resident() >> 20} after"
            )
            if watch.seen:
                print(f"  over the second half it grows by {watch.slope()}")
        (first, used), (second, again) = took
        print(f"the second run is {first / second:.0f}x faster by the clock")
        print(f"and takes {used / again:.0f}x fewer seconds of the processors")
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"the largest reading process took {children} MiB at most")


if __name__ == "__main__":
    main()
