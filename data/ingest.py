"""Articles into the workspace: read what is new or changed, find its mentions, store both.

A file whose size and time of change are those of the last run is not read again. Work is
committed in batches, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import pandas as pd

from mentionstudy.data.articles import (
    Article,
    Failure,
    articles_to_frame,
    read_articles_iter,
)
from mentionstudy.data.articles.reading import walk
from mentionstudy.data.mentions import Mention, dialects, mentions_of, mentions_to_frame
from mentionstudy.data.tables import TABLES
from mentionstudy.data.workspace import Workspace

if TYPE_CHECKING:
    from mentionstudy.data.names import NameBook

_BATCH_FILES: Final = 100
_BATCH_BYTES: Final = 4 << 20
_COMMIT_FILES: Final = 2000
_COMMIT_SECONDS: Final = 10.0
_PARALLEL_FROM: Final = 3000


class Progress(Protocol):
    """What is called after every batch."""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take notice that `done` of `total` files are finished; `note` says what was last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What one run of `ingest` did.

    Attributes
    ----------
    read
        Files that were read in this run, failures included.
    unchanged
        Files that an earlier run had read.
    failed
        What cannot be read and why, that of earlier runs included as long as it is there.
    articles
        Articles in the files that were read.
    mentions
        Mentions in these articles, one an article, security and dialect.
    mentions_by_dialect
        The same by dialect.
    replaced
        Articles that were deleted because their file has another text now.
    vanished
        Files of earlier runs below the given folders that are gone; their articles stay.
    """

    read: int = 0
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    articles: int = 0
    mentions: int = 0
    mentions_by_dialect: dict[str, int] = field(default_factory=dict)
    replaced: int = 0
    vanished: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """One file as the file system shows it."""

    path: str
    size: int
    mtime_ns: int


class _Record(NamedTuple):
    """One row of the table ``files``: what a file held when it was read."""

    path: str
    size: int
    mtime_ns: int
    article_ids: str
    code: str
    reason: str
    reader: str

    @property
    def ids(self) -> list[str]:
        return self.article_ids.split(";") if self.article_ids else []


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What a batch of files holds."""

    articles: pd.DataFrame
    mentions: pd.DataFrame
    records: list[_Record]
    failures: list[Failure]


def ingest(
    workspace: Workspace,
    paths: Iterable[str | Path],
    progress: Progress | None = None,
    *,
    reread: bool = False,
    workers: int | None = None,
    names: NameBook | None = None,
) -> IngestReport:
    """Read articles, find their mentions and store both.

    Parameters
    ----------
    workspace
        Where to.
    paths
        Files and folders; folders with their subfolders, hidden files skipped.
    progress
        Called after every batch.
    reread
        Read files again that have not changed.
    workers
        Processes that read; by default one, or one a core when there are thousands of files.
    names
        Look for the companies of this book by name too. Files are read again when the book
        differs from the last run's.

    Returns
    -------
    IngestReport
        Counts and failures; a bad file never stops the rest.

    Raises
    ------
    WorkspaceError
        The workspace cannot be written.

    Notes
    -----
    The same text in several files is one article, with the path that comes first. A file whose
    text has changed replaces its article and the mentions.
    """
    given = [os.path.abspath(path) for path in map(str, paths)]
    found, failed = _list(given)
    run = _Run(workspace, _reader(names), reread)
    todo = run.sort_out(found)
    finished = len(found) - len(todo)
    try:
        processes = workers or _workers(len(todo))
        for batch, parsed in _parse_all(_batches(todo), processes, names):
            run.add(parsed)
            finished += len(batch)
            if progress:
                progress(finished, len(found), batch[-1].path)
    finally:  # who stops a run keeps what was read
        run.flush()
    failed += run.failures + _barren(given, found, run)
    return IngestReport(
        read=len(todo),
        unchanged=len(found) - len(todo),
        failed=sorted(failed),
        articles=run.articles,
        mentions=sum(run.dialects.values()),
        mentions_by_dialect=dict(sorted(run.dialects.items())),
        replaced=run.replaced,
        vanished=run.vanished(given, found),
    )


class _Run:
    """The state of one run: what earlier runs know, and what this one adds to it."""

    def __init__(self, workspace: Workspace, reader: str, reread: bool) -> None:
        self.workspace, self.reader, self.reread = workspace, reader, reread
        rows = workspace.files()[list(_Record._fields)].to_numpy(dtype=object).tolist()
        self.known = {record.path: record for record in (_Record(*row) for row in rows)}
        self.ids = {path: record.ids for path, record in self.known.items()}
        self.owner: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.dialects: Counter[str] = Counter()
        self.articles = self.replaced = 0
        self.pending: list[_Parsed] = []
        self.flushed_at = time.monotonic()

    def sort_out(self, found: Sequence[_Found]) -> list[_Found]:
        """Give the files that must be read; take over what is known of the others."""
        todo = [file for file in found if self.reread or not self._unchanged(file)]
        again = {file.path for file in todo}
        for file in found:
            record = self.known.get(file.path)
            if record and record.code and file.path not in again:
                self.failures.append(Failure(file.path, record.code, record.reason))
        for path in sorted(self.ids.keys() - again):
            for article_id in self.ids[path]:
                self.owner.setdefault(article_id, path)
        return todo

    def add(self, parsed: _Parsed) -> None:
        """Take a batch; store it with others when there are enough, or when it is time."""
        self.pending.append(parsed)
        waiting = sum(len(batch.records) for batch in self.pending)
        if waiting >= _COMMIT_FILES or time.monotonic() - self.flushed_at >= _COMMIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store the batches that wait."""
        batches, self.pending = self.pending, []
        if batches:
            self._commit(
                _Parsed(
                    pd.concat([batch.articles for batch in batches], ignore_index=True),
                    pd.concat([batch.mentions for batch in batches], ignore_index=True),
                    [record for batch in batches for record in batch.records],
                    [failure for batch in batches for failure in batch.failures],
                )
            )
        self.flushed_at = time.monotonic()

    def _commit(self, parsed: _Parsed) -> None:
        """Store parsed files; their records last, so that a run stopped before reads them again."""
        new_ids = {record.path: record.ids for record in parsed.records}
        for record in parsed.records:
            for article_id in record.ids:
                self.owner.setdefault(article_id, record.path)
        base = parsed.articles["path"].str.partition("#")[0]
        mine = parsed.articles["article_id"].map(self.owner) == base
        articles = parsed.articles[mine].drop_duplicates("article_id")
        ids = set(articles["article_id"])
        mentions = parsed.mentions[parsed.mentions["article_id"].isin(ids)]
        mentions = mentions.drop_duplicates(list(TABLES["mentions"].keys))
        self.workspace.merge_articles(articles)
        self.workspace.merge_mentions(mentions, replacing=ids)
        self._drop_replaced(new_ids)
        rows = [record._replace(reader=self.reader) for record in parsed.records]
        self.workspace.merge_files(pd.DataFrame(rows, columns=list(_Record._fields)))
        self.failures += parsed.failures
        self.articles += len(articles)
        self.dialects.update(mentions["dialect"])

    def vanished(self, given: Sequence[str], found: Sequence[_Found]) -> list[str]:
        """Give the known files below the given paths that are no longer there."""
        there = {file.path for file in found}
        below = tuple(f"{path}{os.sep}" for path in given)
        return sorted(
            path
            for path in self.known.keys() - there
            if (path in given or path.startswith(below)) and not os.path.exists(path)
        )

    def _unchanged(self, file: _Found) -> bool:
        record = self.known.get(file.path)
        now = (file.size, file.mtime_ns, self.reader)
        return record is not None and (record.size, record.mtime_ns, record.reader) == now

    def _drop_replaced(self, new_ids: dict[str, list[str]]) -> None:
        """Delete the articles that these files had and no file has now."""
        before = {old for path in new_ids for old in self.ids.get(path, [])}
        self.ids |= new_ids
        gone = before - {one for ids in new_ids.values() for one in ids}
        if gone:
            gone -= {one for ids in self.ids.values() for one in ids}
        if gone:
            self.workspace.delete_articles(gone)
            self.replaced += len(gone)


def _list(given: Sequence[str]) -> tuple[list[_Found], list[Failure]]:
    """List the files below the given paths, each once, in sorted order."""
    found: dict[str, _Found] = {}
    failed: list[Failure] = []
    for path in given:
        for entry in walk(path) if os.path.isdir(path) else [path]:
            if isinstance(entry, Failure):
                failed.append(entry)
                continue
            try:
                status = os.stat(entry)
            except OSError as error:
                missing = isinstance(error, FileNotFoundError)
                reason = "there is no such file or folder" if missing else str(error.strerror)
                failed.append(Failure(entry, "missing" if missing else "unreadable", reason))
                continue
            found[entry] = _Found(entry, status.st_size, status.st_mtime_ns)
    return [found[path] for path in sorted(found)], failed


def _barren(given: Sequence[str], found: Sequence[_Found], run: _Run) -> list[Failure]:
    """Report the folders that hold no article at all."""
    barren = []
    for folder in filter(os.path.isdir, given):
        inside = [file.path for file in found if file.path.startswith(f"{folder}{os.sep}")]
        if not any(run.ids.get(path) for path in inside):
            what = f"none of its {len(inside)} files is one" if inside else "it is empty"
            reason = f"this folder holds no article: {what}"
            barren.append(Failure(folder, "no_articles", reason))
    return barren


def _batches(files: Sequence[_Found]) -> Iterator[list[_Found]]:
    batch: list[_Found] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if len(batch) == _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parse_all(
    batches: Iterable[list[_Found]], workers: int, names: NameBook | None
) -> Iterator[tuple[list[_Found], _Parsed]]:
    """Parse batches in order, in this process or in several others."""
    if workers < 2:
        for batch in batches:
            yield batch, _parse(batch, names)
        return
    every = list(batches)
    # Spawned, not forked: the storage engine's threads do not survive a fork.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(names,),
    )
    try:
        yield from zip(every, pool.map(_parse_in_worker, every), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


_worker_names: list[NameBook | None] = [None]  # in a worker: sent once, not with every batch


def _start_worker(names: NameBook | None) -> None:
    """Let the process that started this one answer Ctrl-C, and keep the names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker_names[0] = names


def _parse_in_worker(batch: Sequence[_Found]) -> _Parsed:
    return _parse(batch, _worker_names[0])


def _parse(batch: Sequence[_Found], names: NameBook | None) -> _Parsed:
    articles: list[Article] = []
    mentions: list[Mention] = []
    failures: list[Failure] = []
    records = []
    for file in batch:
        ids: dict[str, None] = {}
        bad: list[Failure] = []
        for item in read_articles_iter(file.path):
            if isinstance(item, Failure):
                bad.append(item)
                continue
            articles.append(item)
            ids[item.article_id] = None
            mentions += mentions_of(item, names=names)
        failures += bad
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        code, reason = (bad[0].code, bad[0].reason + more) if bad else ("", "")
        joined = ";".join(ids)
        records.append(_Record(file.path, file.size, file.mtime_ns, joined, code, reason, ""))
    return _Parsed(articles_to_frame(articles), mentions_to_frame(mentions), records, failures)


def _workers(n_files: int) -> int:
    return min(os.cpu_count() or 1, 8) if n_files >= _PARALLEL_FROM else 1


def _reader(names: NameBook | None) -> str:
    """Name what reads: a file is read again when the program, its dialects or the names change."""
    try:
        version = metadata.version("mentionstudy")
    except metadata.PackageNotFoundError:
        version = "unknown"
    parts = [dialect.name for dialect in dialects()] + ([] if names is None else [names.digest])
    return f"{version}+{hashlib.sha256(','.join(parts).encode()).hexdigest()[:8]}"
