"""What `ingest` takes: the first run, the second of the unchanged folder, and memory on the way.

Run ``python tests/benchmarks/bench_ingest.py COUNT [FOLDER [WORKERS]]`` on COUNT made-up posts.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from made_corpus import write

from mentionstudy.data.ingest import ingest
from mentionstudy.data.workspace import Workspace


def processor_seconds() -> float:
    """Return what this process and those it waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def resident() -> int:
    """Return the memory of this process now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


class Watch:
    """Prints memory at every eighth of the way."""

    def __init__(self) -> None:
        self.next = 0.125

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take notice."""
        if done >= self.next * total:
            print(f"  {done:9,} of {total:,} files: {resident()} MiB", flush=True)
            self.next += 0.125


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1])
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(sys.argv[2] if len(sys.argv) > 2 else f"{place}/posts").absolute()
        if not corpus.exists():
            for _ in write(corpus, count):
                pass
        workspace = Workspace.open(f"{place}/ws", create=True)
        took = []
        for run in ("first", "second"):
            started, used = time.perf_counter(), processor_seconds()
            report = ingest(workspace, [corpus], Watch(), workers=workers)
            seconds, used = time.perf_counter() - started, processor_seconds() - used
            took.append((seconds, used))
            print(
                f"{run} run: {report.read:,} files read, {report.unchanged:,} unchanged; "
                f"{seconds:.1f} s, {used:.1f} s of processors "
                f"({used / count * 1e6:.0f} µs a file), {resident()} MiB",
                flush=True,
            )
        (first, used), (second, again) = took
        print(f"the second run is {first / second:.0f}x faster by the clock")
        print(f"and takes {used / again:.0f}x fewer seconds of the processors")
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"the largest reading process took {children} MiB at most")


if __name__ == "__main__":
    main()
