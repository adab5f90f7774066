"""Made-up posts through `ingest` in one process and on a local Dask cluster of two workers.

Run ``python tests/benchmarks/bench_cluster.py COUNT [FOLDER]``. It shows that the tables are the
same, that time grows with the number of posts and no faster, and that a worker killed in the middle
changes nothing. FOLDER keeps the posts for another run.
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

import pandas as pd
from distributed import Client, LocalCluster
from made_corpus import write

from mentionstudy.data.articles import ARTICLE_COLUMNS
from mentionstudy.data.ingest import Progress, ingest
from mentionstudy.data.mentions import MENTION_COLUMNS
from mentionstudy.data.workspace import Workspace

PER_FOLDER = 1000


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def fingerprint(workspace: Workspace) -> str:
    """Name the content of the articles and mentions, column by column."""
    digest = hashlib.sha256()
    for read, columns in (
        (workspace.articles, ARTICLE_COLUMNS),
        (workspace.mentions, MENTION_COLUMNS),
    ):
        for column in columns:
            values = read(columns=[column])[column]
            digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def folders(corpus: Path, count: int) -> list[Path]:
    """Return the folders of the first posts."""
    return [corpus / f"{n:05d}" for n in range(-(-count // PER_FOLDER))]


def processor_seconds(scheduler: str | None) -> float:
    """Return what this process and the workers there are have used."""
    own = time.process_time()
    if scheduler is None:
        return own
    with Client(scheduler, set_as_default=False) as client:
        return own + sum(client.run(time.process_time).values())


def run(
    label: str,
    corpus: Path,
    count: int,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Ingest some posts into a new workspace and print what it took."""
    with tempfile.TemporaryDirectory(dir=corpus.parent) as place:
        workspace = Workspace.open(Path(place) / "ws", create=True)
        started, used = time.perf_counter(), processor_seconds(scheduler)
        report = ingest(workspace, folders(corpus, count), progress, scheduler=scheduler, workers=1)
        seconds = time.perf_counter() - started
        used = processor_seconds(scheduler) - used
        assert report.articles == count, report
        name = fingerprint(workspace)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        say(
            f"{label:34} {count:9,} posts {report.mentions:9,} mentions {seconds:8.1f} s "
            f"({count / seconds:7,.0f}/s), {used:7.1f} s of processors, at most {peak} MiB here; "
            f"tables {name}"
        )
        return name


def killer(cluster: LocalCluster, total: int) -> Progress:
    """Return what kills one worker when a third is done."""
    killed: list[int] = []

    def progress(done: int, of: int, note: str) -> None:
        if not killed and done >= total // 3:
            worker = next(iter(cluster.workers.values()))
            killed.append(worker.process.pid)
            os.kill(worker.process.pid, signal.SIGKILL)
            say(f"  worker {killed[0]} killed after {done:,} posts")

    return progress


def main() -> None:
    """Print one line a run and fail if the tables differ."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(sys.argv[2] if len(sys.argv) > 2 else f"{place}/posts").absolute()
        if not folders(corpus, count)[-1].exists():
            for _ in write(corpus, count):
                pass
        with LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster:
            address = cluster.scheduler_address
            for part in (count // 4, count // 2):
                run("two workers", corpus, part, address)
            whole = run("two workers", corpus, count, address)
            kill = killer(cluster, count)
            killed = run("two workers, one killed", corpus, count, address, kill)
        alone = run("one process", corpus, count)
    assert whole == killed == alone
    say("the three tables are the same")


if __name__ == "__main__":
    main()
