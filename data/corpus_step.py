"""The step from files to articles and mentions: pure, so that it runs in any process.

`ingest` runs it in this process, in processes of this machine or on a Dask cluster; what it gives
is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final, NamedTuple

import pandas as pd

from mentionstudy.data.articles import (
    Article,
    Failure,
    FeedTable,
    ReadOptions,
    articles_to_frame,
)
from mentionstudy.data.articles.model import content_id
from mentionstudy.data.articles.places import Place, open_binary
from mentionstudy.data.articles.reading import read_files
from mentionstudy.data.mentions import dialects, find_mentions
from mentionstudy.data.names.book import NameBook

BATCH_FILES: Final = 250
BATCH_BYTES: Final = 4 << 20


class Todo(NamedTuple):
    """One file to read.

    Attributes
    ----------
    place
        Where it is.
    known_id
        The id of its only article when it was last read by this program, empty for none: if its
        content still has this id, it is not read again.
    """

    place: Place
    known_id: str = ""


class FileRecord(NamedTuple):
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
        """The ids of its articles."""
        return self.article_ids.split(";") if self.article_ids else []


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a batch of files holds.

    Attributes
    ----------
    articles, mentions
        Frames as the workspace stores them.
    records
        One a file, those included that turned out not to have changed.
    failures
        What could not be read.
    n_same
        Files whose content is what it was.
    n_bytes
        Size of the files.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    records: list[FileRecord]
    failures: list[Failure]
    n_same: int = 0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How to read: travels to the processes that do.

    Attributes
    ----------
    names
        Look for the companies of this book by name too.
    feeds
        What the stamps of feeds mean.
    """

    names: NameBook | None = None
    feeds: FeedTable = field(default_factory=FeedTable.load)

    @property
    def reader(self) -> str:
        """Name what reads: a file is read again when the program, the names or the feeds change."""
        try:
            version = metadata.version("mentionstudy")
        except metadata.PackageNotFoundError:
            version = "unknown"
        parts = [dialect.name for dialect in dialects()]
        parts += [] if self.names is None else [self.names.digest]
        parts += [] if self.feeds == FeedTable.load() else [repr(self.feeds)]
        return f"{version}+{hashlib.sha256(','.join(parts).encode()).hexdigest()[:8]}"

    def __call__(self, batch: Sequence[Todo]) -> Parsed:
        """Read the files of a batch and find their mentions; a bad file is a failure."""
        options = ReadOptions(engine="lxml", feeds=self.feeds)
        reader = self.reader
        articles: list[Article] = []
        failures: list[Failure] = []
        records: list[FileRecord] = []
        same = [bool(todo.known_id) and _has_id(*todo, options) for todo in batch]
        news = (todo.place for todo, known in zip(batch, same, strict=True) if not known)
        found = read_files(news, options)
        for (place, known_id), known in zip(batch, same, strict=True):
            if known:
                records.append(FileRecord(*place, known_id, "", "", reader))
                continue
            ids: dict[str, None] = {}
            bad: list[Failure] = []
            for item in next(found):
                if isinstance(item, Failure):
                    bad.append(item)
                    continue
                articles.append(item)
                ids[item.article_id] = None
            failures += bad
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            code, reason = (bad[0].code, bad[0].reason + more) if bad else ("", "")
            records.append(FileRecord(*place, ";".join(ids), code, reason, reader))
        return Parsed(
            articles_to_frame(articles),
            find_mentions(articles, names=self.names),
            records,
            failures,
            sum(same),
            sum(todo.place.size for todo in batch),
        )


def batches(files: Iterable[Todo]) -> Iterator[list[Todo]]:
    """Part files into batches of similar work."""
    batch: list[Todo] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.place.size
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _has_id(place: Place, known_id: str, options: ReadOptions) -> bool:
    """Tell whether a file that looks changed holds the text that it held."""
    if place.size > options.max_bytes:
        return False
    try:
        with open_binary(place.path) as file:
            return content_id(file.read()) == known_id
    except Exception:  # whoever reads it says why it cannot be read
        return False
