"""Articles into the workspace: read what is new or changed, find its mentions, store both.

A file whose size and time of change are those of the last run is not opened; one that was merely
touched is opened and, if its content is what it was, not read again. Work is committed in parts,
so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import pandas as pd

from mentionstudy.data.articles import Failure, FeedTable
from mentionstudy.data.articles.places import (
    UNKNOWN_TIME,
    Place,
    is_address,
    normal,
    places_below,
)
from mentionstudy.data.corpus_pool import parse_all
from mentionstudy.data.corpus_step import FileRecord, Parsed, Step, Todo, batches
from mentionstudy.data.tables import TABLES
from mentionstudy.data.workspace import Workspace

if TYPE_CHECKING:
    from mentionstudy.data.names import NameBook

_COMMIT_FILES: Final = 20_000
_COMMIT_BYTES: Final = 64 << 20
_COMMIT_SECONDS: Final = 10.0
_PARALLEL_FILES: Final = 3000
_PARALLEL_BYTES: Final = 32 << 20


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


def ingest(
    workspace: Workspace,
    paths: Iterable[str | Path],
    progress: Progress | None = None,
    *,
    reread: bool = False,
    workers: int | None = None,
    names: NameBook | None = None,
    feeds: FeedTable | None = None,
    scheduler: str | None = None,
) -> IngestReport:
    """Read articles, find their mentions and store both.

    Parameters
    ----------
    workspace
        Where to.
    paths
        Files and folders, also at addresses that fsspec can open; folders with their subfolders,
        hidden files skipped.
    progress
        Called after every batch.
    reread
        Read files again that have not changed.
    workers
        Processes that read; by default one, or one a core when there are thousands of files.
    names
        Look for the companies of this book by name too. Files are read again when the book
        differs from the last run's.
    feeds
        What the stamps of feeds mean; the packaged table by default. Files are read again when it
        differs from the last run's.
    scheduler
        Address of a Dask scheduler whose workers read, instead of processes of this machine.

    Returns
    -------
    IngestReport
        Counts and failures; a bad file never stops the rest.

    Raises
    ------
    WorkspaceError
        The workspace cannot be written, or the cluster cannot be reached.

    Notes
    -----
    The same text in several files is one article, with the path that comes first. A file whose
    text has changed replaces its article and the mentions.
    """
    step = Step(names, FeedTable.load() if feeds is None else feeds)
    given = [normal(path) for path in map(str, paths)]
    found, failed = _list(given)
    run = _Run(workspace, step.reader, reread)
    todo = run.sort_out(found)
    finished = len(found) - len(todo)
    processes = _workers(todo) if workers is None else workers
    try:
        done = parse_all(step, batches(todo), workers=processes, scheduler=scheduler)
        for batch, parsed in done:
            run.add(parsed)
            finished += len(batch)
            if progress:
                progress(finished, len(found), batch[-1].place.path)
    finally:  # who stops a run keeps what was read
        run.flush()
    failed += run.failures + _barren(given, found, run)
    return IngestReport(
        read=len(todo) - run.same,
        unchanged=len(found) - len(todo) + run.same,
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
        rows = workspace.files()[list(FileRecord._fields)].to_numpy(dtype=object).tolist()
        self.known = {record.path: record for record in (FileRecord(*row) for row in rows)}
        self.ids = {path: record.article_ids for path, record in self.known.items()}
        self.owner: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.dialects: Counter[str] = Counter()
        self.articles = self.replaced = self.same = 0
        self.pending: list[Parsed] = []
        self.flushed_at = time.monotonic()

    def sort_out(self, found: Sequence[Place]) -> list[Todo]:
        """Give the files that must be read; take over what is known of the others."""
        changed = [file for file in found if self.reread or not self._unchanged(file)]
        again = {file.path for file in changed}
        for file in found:
            record = self.known.get(file.path)
            if record and record.code and file.path not in again:
                self.failures.append(Failure(file.path, record.code, record.reason))
        for path in sorted(self.ids.keys() - again):
            for article_id in _ids(self.ids[path]):
                self.owner.setdefault(article_id, path)
        return [Todo(file, self._known_id(file)) for file in changed]

    def add(self, parsed: Parsed) -> None:
        """Take a batch; store it with others when there are enough, or when it is time."""
        self.pending.append(parsed)
        n_files = sum(len(batch.records) for batch in self.pending)
        n_bytes = sum(batch.n_bytes for batch in self.pending)
        is_time = time.monotonic() - self.flushed_at >= _COMMIT_SECONDS
        if n_files >= _COMMIT_FILES or n_bytes >= _COMMIT_BYTES or is_time:
            self.flush()

    def flush(self) -> None:
        """Store the batches that wait."""
        waiting, self.pending = self.pending, []
        if waiting:
            self._commit(
                Parsed(
                    pd.concat([batch.articles for batch in waiting], ignore_index=True),
                    pd.concat([batch.mentions for batch in waiting], ignore_index=True),
                    [record for batch in waiting for record in batch.records],
                    [failure for batch in waiting for failure in batch.failures],
                    sum(batch.n_same for batch in waiting),
                )
            )
        self.flushed_at = time.monotonic()

    def _commit(self, parsed: Parsed) -> None:
        """Store parsed files; their records last, so that a run stopped before reads them again."""
        new_ids = {record.path: record.article_ids for record in parsed.records}
        for record in parsed.records:
            for article_id in record.ids:
                self.owner.setdefault(article_id, record.path)
        base = parsed.articles["path"].map(lambda path: path.partition("#")[0])
        mine = parsed.articles["article_id"].map(self.owner) == base
        articles = parsed.articles[mine].drop_duplicates("article_id")
        ids = set(articles["article_id"])
        mentions = parsed.mentions[parsed.mentions["article_id"].isin(ids)]
        mentions = mentions.drop_duplicates(list(TABLES["mentions"].keys))
        self.workspace.merge_articles(articles)
        self.workspace.merge_mentions(mentions, replacing=ids)
        self._drop_replaced(new_ids)
        self.workspace.merge_files(pd.DataFrame(parsed.records, columns=list(FileRecord._fields)))
        self.failures += parsed.failures
        self.same += parsed.n_same
        self.articles += len(articles)
        self.dialects.update(mentions["dialect"])

    def vanished(self, given: Sequence[str], found: Sequence[Place]) -> list[str]:
        """Give the known files below the given paths that are no longer there."""
        there = {file.path for file in found}
        below = tuple(f"{path}/" for path in given)
        return sorted(
            path
            for path in self.known.keys() - there
            if (path in given or path.startswith(below))
            and (is_address(path) or not os.path.exists(path))
        )

    def _unchanged(self, file: Place) -> bool:
        record = self.known.get(file.path)
        now = (file.size, file.mtime_ns, self.reader)
        return (
            record is not None
            and file.mtime_ns != UNKNOWN_TIME
            and (record.size, record.mtime_ns, record.reader) == now
        )

    def _known_id(self, file: Place) -> str:
        """Give the id whose text the file must have to be the same as before, empty for none."""
        record = self.known.get(file.path)
        if self.reread or record is None or record.code or len(record.ids) != 1:
            return ""
        same = (record.size, record.reader) == (file.size, self.reader)
        return record.article_ids if same else ""

    def _drop_replaced(self, new_ids: dict[str, str]) -> None:
        """Delete the articles that these files had and no file has now."""
        before = {old for path in new_ids for old in _ids(self.ids.get(path, ""))}
        self.ids |= new_ids
        gone = before - {one for joined in new_ids.values() for one in _ids(joined)}
        if gone:
            gone -= {one for joined in self.ids.values() for one in _ids(joined)}
        if gone:
            self.workspace.delete_articles(gone)
            self.replaced += len(gone)


def _ids(joined: str) -> list[str]:
    return joined.split(";") if joined else []


def _list(given: Sequence[str]) -> tuple[list[Place], list[Failure]]:
    """List the files below the given paths, each once, in sorted order."""
    found: dict[str, Place] = {}
    failed: list[Failure] = []
    for path in given:
        for entry in places_below(path):
            if isinstance(entry, Failure):
                failed.append(entry)
            else:
                found[entry.path] = entry
    return [found[path] for path in sorted(found)], failed


def _barren(given: Sequence[str], found: Sequence[Place], run: _Run) -> list[Failure]:
    """Report the folders that hold no article at all."""
    barren = []
    for folder in filter(os.path.isdir, given):
        inside = [file.path for file in found if file.path.startswith(f"{folder}{os.sep}")]
        if not any(run.ids.get(path) for path in inside):
            what = f"none of its {len(inside)} files is one" if inside else "it is empty"
            reason = f"this folder holds no article: {what}"
            barren.append(Failure(folder, "no_articles", reason))
    return barren


def _workers(todo: Sequence[Todo]) -> int:
    n_bytes = sum(file.place.size for file in todo)
    much = len(todo) >= _PARALLEL_FILES or n_bytes >= _PARALLEL_BYTES
    return min(os.cpu_count() or 1, 8) if much else 1
