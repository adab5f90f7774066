"""Who runs the step of a corpus: this process, several of this machine, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Final

from mentionstudy.data.corpus_step import Parsed, Step, Todo
from mentionstudy.data.errors import WorkspaceError

if TYPE_CHECKING:
    from distributed import Client

_AHEAD: Final = 8  # batches a worker has waiting, so that it never waits for this process
_CONNECT_SECONDS: Final = 20
_DIED: Final = (
    "what was read until then is stored; run the same command again to go on, and with fewer "
    "--workers if memory is short"
)

_Done = tuple[list[Todo], Parsed]


def parse_all(
    step: Step, batches: Iterable[list[Todo]], *, workers: int = 1, scheduler: str | None = None
) -> Iterator[_Done]:
    """Run a step on batches and yield what they hold, in their order.

    Parameters
    ----------
    step
        What to do.
    batches
        Taken as workers get free, so that a corpus of any size needs little memory.
    workers
        Processes of this machine; 1 stays in this one.
    scheduler
        Address of a Dask scheduler, as ``tcp://host:8786``; its workers do the work. They need
        this package and must be able to open the files at the same paths.

    Raises
    ------
    WorkspaceError
        A process died and cannot be replaced, or the scheduler cannot be reached.
    """
    if scheduler is not None:
        yield from _on_cluster(step, batches, scheduler)
    elif workers > 1:
        yield from _in_processes(step, batches, workers)
    else:
        for batch in batches:
            yield batch, step(batch)


def _in_processes(step: Step, batches: Iterable[list[Todo]], workers: int) -> Iterator[_Done]:
    # Spawned, not forked: the storage engine's threads do not survive a fork.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(step,),
    )
    try:
        yield from _in_order(batches, lambda batch: pool.submit(_run, batch), workers * _AHEAD)
    except BrokenProcessPool as error:
        raise WorkspaceError(f"a process that read articles died; {_DIED}") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _on_cluster(step: Step, batches: Iterable[list[Todo]], scheduler: str) -> Iterator[_Done]:
    with _client(scheduler) as client:
        from distributed import CancelledError, KilledWorker

        # Sent once a worker: a book of names is as large as many batches.
        sent = client.scatter(step, broadcast=True, hash=False)

        def submit(batch: list[Todo]) -> Any:
            # As bytes: the client would look into every tuple for something to wait for.
            return client.submit(_apply, sent, pickle.dumps(batch), pure=False)

        n_threads = sum(client.nthreads().values())
        try:
            yield from _in_order(batches, submit, max(n_threads, 1) * _AHEAD)
        except (KilledWorker, CancelledError, OSError) as error:
            said = str(error)[:200] or type(error).__name__
            raise WorkspaceError(f"the cluster at {scheduler} gave up: {said}; {_DIED}") from error


def _client(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkspaceError(
            "a scheduler needs Dask; install it with: pip install 'mentionstudy[dask]'"
        ) from error
    try:
        made: Any = Client  # its constructor has no types
        client: Client = made(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:  # a timeout is one
        raise WorkspaceError(
            f"no Dask scheduler with a worker answers at {scheduler!r}: {error}; "
            "give an address such as tcp://host:8786"
        ) from error
    return client


def _in_order(
    batches: Iterable[list[Todo]], submit: Callable[[list[Todo]], Any], limit: int
) -> Iterator[_Done]:
    """Keep at most `limit` batches under way and yield the results in order."""
    under_way: deque[tuple[list[Todo], Any]] = deque()
    for batch in batches:
        under_way.append((batch, submit(batch)))
        if len(under_way) >= limit:
            first, future = under_way.popleft()
            yield first, future.result()
    while under_way:
        first, future = under_way.popleft()
        yield first, future.result()


def _apply(step: Step, batch: bytes) -> Parsed:
    return step(pickle.loads(batch))  # what this program sent


_worker_step: list[Step] = []  # in a worker: sent once, not with every batch


def _start_worker(step: Step) -> None:
    """Let the process that started this one answer Ctrl-C, and keep the step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker_step[:] = [step]


def _run(batch: list[Todo]) -> Parsed:
    return _worker_step[0](batch)
