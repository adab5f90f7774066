"""An `ingest` stopped in the middle, by kill -9 and by Ctrl-C, and run again.

Run ``python tests/benchmarks/bench_ingest_stops.py COUNT [FOLDER]`` on COUNT made-up posts, or on
the first COUNT in FOLDER. It prints how many files that had been read were read again, and fails if
the tables differ from those of a run that nobody stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_cluster import fingerprint
from made_corpus import folders

from mentionstudy.data.ingest import ingest
from mentionstudy.data.workspace import Workspace

CHILD = "from bench_ingest_stops import child; child()"


def child() -> None:
    """Ingest and say after every batch how far it is."""
    place, *given = sys.argv[1:]
    workspace = Workspace.open(place, create=True)
    ingest(workspace, given, lambda done, *_: print(done, flush=True), workers=2)


def stopped(place: Path, given: list[Path], at: int, sign: signal.Signals) -> int:
    """Ingest in a process that gets a signal after `at` files; returns how many it had read."""
    command = [sys.executable, "-c", CHILD, str(place), *map(str, given)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parent,
        start_new_session=True,
    ) as process:
        assert process.stdout
        read = next(int(line) for line in process.stdout if int(line) >= at)
        if sign == signal.SIGKILL:
            os.killpg(process.pid, sign)
        else:
            process.send_signal(sign)
        return max([read, *(int(line) for line in process.stdout)])


def known(workspace: Workspace) -> int:
    """Return how many files the workspace has."""
    return sum(len(rows) for rows in workspace.file_batches())


def main() -> None:
    """Print one line a way to stop."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(sys.argv[2] if len(sys.argv) > 2 else f"{place}/posts").absolute()
        given = folders(corpus, count)
        whole = Workspace.open(f"{place}/whole", create=True)
        ingest(whole, given)
        for sign in (signal.SIGKILL, signal.SIGINT):
            home = Path(place) / sign.name
            read = stopped(home, given, count // 2, sign)
            workspace = Workspace.open(home)
            kept, started = known(workspace), time.perf_counter()
            report = ingest(workspace, given)
            seconds = time.perf_counter() - started
            assert report.read == count - kept, report
            assert fingerprint(workspace) == fingerprint(whole)
            print(
                f"{sign.name} after {read:,} of {count:,} files: {kept:,} were kept, "
                f"{max(read - kept, 0):,} are read twice; the rest took {seconds:.1f} s; "
                "the tables are the same",
                flush=True,
            )


if __name__ == "__main__":
    main()
