"""Made-up posts through `ingest` in one process and on a local Dask cluster of two workers.

Run ``python tests/benchmarks/bench_cluster.py COUNT [FOLDER]``. It shows that the tables are the
same, that time grows with the number of posts and no faster, and that a worker killed in the middle
changes nothing. FOLDER keeps the posts for another run. A million posts take 5 GB for themselves,
2 GB for one workspace at a time and some 45 minutes of two cores.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from distributed import LocalCluster
from made_corpus import PER_FOLDER, folders

from mentionstudy.data.deltastore import DeltaStore
from mentionstudy.data.ingest import ingest
from mentionstudy.data.tables import TABLES
from mentionstudy.data.workspace import Workspace

PARTS = 16


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def fingerprint(workspace: Workspace) -> str:
    """Name the rows of the articles, mentions and files, whatever their order in the tables."""
    digest = hashlib.sha256()
    for name in ("articles", "mentions", "files"):
        layout = TABLES[name]
        sums = np.zeros(3, dtype=np.uint64)
        for rows in DeltaStore(layout=layout, uri=f"{workspace.path}/{name}").stream(
            layout.columns
        ):
            hashes = pd.util.hash_pandas_object(rows.to_pandas(), index=False).to_numpy()
            sums += np.array([len(hashes), hashes.sum(), (hashes**2).sum()], dtype=np.uint64)
        digest.update(sums.tobytes())
    return digest.hexdigest()[:16]


def processor_seconds() -> float:
    """Return what this process and its workers, those killed included, have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    live = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used) + sum(
        times.user + times.system for times in live
    )


def resident() -> int:
    """Return the memory of this process now, in MiB."""
    return int(psutil.Process().memory_info().rss) >> 20


class Pace:
    """Notes the clock, the processors and memory at every sixteenth of the way; may kill a worker.

    Parameters
    ----------
    cluster
        Whose first worker to kill when a third is done.
    """

    def __init__(self, cluster: LocalCluster | None = None) -> None:
        self.cluster = cluster
        self.marks = [(0, time.perf_counter(), processor_seconds(), resident())]

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take notice."""
        if done * PARTS >= len(self.marks) * total:
            self.marks.append((done, time.perf_counter(), processor_seconds(), resident()))
        if self.cluster and done * 3 >= total:
            worker = next(iter(self.cluster.workers.values())).process.pid
            os.kill(worker, signal.SIGKILL)
            say(f"  worker {worker} killed after {done:,} posts")
            self.cluster = None

    def say(self) -> None:
        """Print what each sixteenth took, and memory after it."""
        marks = np.array(self.marks, dtype=np.float64)
        done, clock, used, _ = np.diff(marks, axis=0).T
        for what, per_post in (("clock", clock / done), ("processors", used / done)):
            shown = " ".join(f"{value * 1e6:.0f}" for value in per_post)
            say(f"  by sixteenths, µs a post, {what}: {shown}")
        say(f"  MiB here after each: {' '.join(f'{v:.0f}' for v in marks[1:, 3])}")


def run(
    label: str, corpus: Path, count: int, scheduler: str | None = None, pace: Pace | None = None
) -> str:
    """Ingest some posts into a new workspace and print what it took."""
    with tempfile.TemporaryDirectory(dir=corpus.parent) as place:
        workspace = Workspace.open(Path(place) / "ws", create=True)
        pace = pace or Pace()
        started, used = time.perf_counter(), processor_seconds()
        report = ingest(workspace, folders(corpus, count), pace, scheduler=scheduler, workers=1)
        seconds, used = time.perf_counter() - started, processor_seconds() - used
        assert report.articles == count, report
        name = fingerprint(workspace)
        say(
            f"{label:24} {count:9,} posts {report.mentions:9,} mentions {seconds:8.1f} s "
            f"({count / seconds:7,.0f}/s), {used:7.1f} s of processors "
            f"({used / count * 1e6:.0f} µs a post); tables {name}"
        )
        pace.say()
        return name


def main() -> None:
    """Print one line a run and fail if the tables differ."""
    count = -(-int(sys.argv[1]) // PER_FOLDER) * PER_FOLDER
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(sys.argv[2] if len(sys.argv) > 2 else f"{place}/posts").absolute()
        folders(corpus, count)  # made before the clock starts
        with LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster:
            address = cluster.scheduler_address
            whole = run("two workers", corpus, count, address)
            killed = run("two workers, one killed", corpus, count, address, Pace(cluster))
            alone = run("one process", corpus, count)
            assert whole == killed == alone
            say("the three tables are the same")
            for part in (4, 16):
                few = max(PER_FOLDER, count // part // PER_FOLDER * PER_FOLDER)
                run("two workers", corpus, few, address)


if __name__ == "__main__":
    main()
