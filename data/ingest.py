"""Articles into the workspace: read what is new or changed, find its mentions, store both.

A file whose size and time of change are those of the last run is not opened; one that was merely
touched is opened and, if its content is what it was, not read again. Work is committed in parts,
so that a run that was stopped goes on where it was. Nothing is held for every file: files are
listed in the order of their paths and compared part by part with what is known of that part.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pandas as pd

from mentionstudy.data.articles import Failure, FeedTable
from mentionstudy.data.articles.places import normal
from mentionstudy.data.corpus_pool import parse_all
from mentionstudy.data.corpus_step import FileRecord, Parsed, Step, batches
from mentionstudy.data.stocktaking import Stocktaking, records_of
from mentionstudy.data.tables import TABLES
from mentionstudy.data.workspace import Workspace

if TYPE_CHECKING:
    from mentionstudy.data.names import NameBook

_COMMIT_FILES: Final = 10_000
_COMMIT_BYTES: Final = 32 << 20
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
    stock = Stocktaking(workspace, [normal(path) for path in map(str, paths)])
    with stock.compare(step.reader, reread=reread) as todo:
        run = _Run(workspace, stock)
        finished = stock.n_found - todo.count
        much = todo.count >= _PARALLEL_FILES or todo.n_bytes >= _PARALLEL_BYTES
        processes = workers or (min(os.cpu_count() or 1, 8) if much else 1)
        try:
            done = parse_all(step, batches(todo), workers=processes, scheduler=scheduler)
            for batch, parsed in done:
                run.add(parsed)
                finished += len(batch)
                if progress:
                    progress(finished, stock.n_found, batch[-1].place.path)
        finally:  # who stops a run keeps what was read
            run.flush()
    return IngestReport(
        read=todo.count - run.same,
        unchanged=stock.n_found - todo.count + run.same,
        failed=sorted(stock.failures + run.failures + stock.barren()),
        articles=run.articles,
        mentions=sum(run.dialects.values()),
        mentions_by_dialect=dict(sorted(run.dialects.items())),
        replaced=run.replaced,
        vanished=sorted(stock.vanished),
    )


class _Run:
    """What one run adds to the workspace."""

    def __init__(self, workspace: Workspace, stock: Stocktaking) -> None:
        self.workspace, self.stock = workspace, stock
        self.failures: list[Failure] = []
        self.dialects: Counter[str] = Counter()
        self.articles = self.replaced = self.same = 0
        self.pending: list[Parsed] = []
        self.flushed_at = time.monotonic()

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
            self._commit(_joined(waiting))
        self.flushed_at = time.monotonic()

    def _commit(self, parsed: Parsed) -> None:
        """Store parsed files; their records last, so that a run stopped before reads them again."""
        owner = self._owners(parsed.records)
        mine = [
            path == owner[article_id] or path.startswith(f"{owner[article_id]}#")
            for article_id, path in zip(
                parsed.articles["article_id"], parsed.articles["path"], strict=True
            )
        ]
        articles = parsed.articles[np.array(mine, dtype=np.bool_)].drop_duplicates("article_id")
        ids = set(articles["article_id"])
        mentions = parsed.mentions[parsed.mentions["article_id"].isin(ids)]
        mentions = mentions.drop_duplicates(list(TABLES["mentions"].keys))
        self.workspace.merge_articles(articles)
        self.workspace.merge_mentions(mentions, replacing=ids)
        self._drop_replaced(parsed.records)
        self.workspace.merge_files(pd.DataFrame(parsed.records, columns=list(FileRecord._fields)))
        self.stock.count_articles((record.path, bool(record.ids)) for record in parsed.records)
        self.failures += parsed.failures
        self.same += parsed.n_same
        self.articles += len(articles)
        self.dialects.update(mentions["dialect"])

    def _owners(self, records: Sequence[FileRecord]) -> dict[str, str]:
        """Give the file of which each article is: that which has it already, else the first.

        A file that waits to be read again has nothing until then.
        """
        owner: dict[str, str] = {}
        for record in records:
            for article_id in record.ids:
                owner.setdefault(article_id, record.path)
        mine = {record.path for record in records}
        paths = self.workspace.article_paths(owner)
        others = {path for place in paths.values() for path in _files_of(place)} - mine
        for record in records_of(self.workspace.file_batches(others)) if others else ():
            if not self.stock.is_to_come(record, done=records[-1].path):
                kept = [one for one in record.ids if record.path in _files_of(paths.get(one, ""))]
                owner.update(dict.fromkeys(kept, record.path))
        return owner

    def _drop_replaced(self, records: Sequence[FileRecord]) -> None:
        """Delete the articles that these files had and no file has now."""
        paths = {record.path for record in records}
        gone = {old for path in paths for old in self.stock.articles_before(path)}
        gone.difference_update(one for record in records for one in record.ids)
        if gone:
            for rows in self.workspace.file_batches():
                others = rows.loc[~rows["path"].isin(paths), "article_ids"]
                gone.difference_update(one for joined in others for one in joined.split(";"))
        if gone:
            self.workspace.delete_articles(gone)
            self.replaced += len(gone)


def _files_of(place: str) -> set[str]:
    """Give the files of which a place may be: itself, or what stands before one of its ``#``."""
    parts = place.split("#")
    return {"#".join(parts[:n]) for n in range(1, len(parts) + 1)}


def _joined(waiting: list[Parsed]) -> Parsed:
    """Join batches to one, freeing each part as soon as it has been joined."""
    return Parsed(
        pd.concat([batch.articles for batch in waiting], ignore_index=True),
        pd.concat([batch.mentions for batch in waiting], ignore_index=True),
        [record for batch in waiting for record in batch.records],
        [failure for batch in waiting for failure in batch.failures],
        sum(batch.n_same for batch in waiting),
    )
