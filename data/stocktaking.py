"""What there is to read: the files that are there, compared with those that earlier runs knew.

Both come in the order of their paths and are compared part by part; what is to be read waits in a
temporary file. Memory therefore does not grow with the number of files.
"""

from __future__ import annotations

import heapq
import os
import pickle
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Final

import pandas as pd

from mentionstudy.data.articles import Failure
from mentionstudy.data.articles.places import (
    UNKNOWN_TIME,
    Place,
    is_address,
    place_of,
    places_below,
)
from mentionstudy.data.corpus_step import FileRecord, Todo
from mentionstudy.data.workspace import Workspace

_PART_FILES: Final = 10_000
_IN_MEMORY: Final = 4 << 20
_FIRST: Final = "\x01"  # of the characters that a path can have
_LAST: Final = "\U0010ffff"
_Columns = tuple[list[str], list[int], list[int]]  # path, size and time of some places


class Waiting:
    """Files to read, in order, in a temporary file; iterating gives each once.

    Attributes
    ----------
    count
        How many there are.
    n_bytes
        Their size.
    before
        The articles that an earlier run found in a file, of the files that were given out.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = self.n_bytes = 0
        self.before: dict[str, str] = {}

    def put(self, part: list[tuple[Todo, str]]) -> None:
        """Add files, each with the ids of the articles that it had, joined with semicolons."""
        if part:
            self.count += len(part)
            self.n_bytes += sum(todo.place.size for todo, _ in part)
            rows = [(*todo.place, todo.known_id, ids) for todo, ids in part]
            pickle.dump(rows, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Todo]:
        self._file.seek(0)
        given = 0
        while given < self.count:
            part = pickle.load(self._file)  # what `put` wrote, in a file of our own
            given += len(part)
            for path, size, mtime_ns, known_id, ids in part:
                if ids:
                    self.before[path] = ids
                yield Todo(Place(path, size, mtime_ns), known_id)


class Stocktaking:
    """The files at some paths beside what a workspace knows of them.

    Attributes
    ----------
    n_found
        Files that are there.
    failures
        What cannot be listed, and unchanged files that could not be read before.
    vanished
        Known files below the paths that are no longer there.
    """

    def __init__(self, workspace: Workspace, given: Sequence[str]) -> None:
        self._workspace = workspace
        self._given = sorted(set(given), key=_below)
        self._tops = [_below(path) for path in _outermost(self._given)]
        # Of each folder: how many files it has, and how many of these have an article.
        self._folders = {path: [0, 0] for path in self._given if os.path.isdir(path)}
        self._todo: Waiting | None = None
        self._reader, self._reread = "", False
        self.n_found = 0
        self.failures: list[Failure] = []
        self.vanished: list[str] = []

    @contextmanager
    def compare(self, reader: str, *, reread: bool) -> Iterator[Waiting]:
        """Give the files that `reader` must read: new or changed ones, with `reread` all."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            todo = self._todo = Waiting(file)
            self._reader, self._reread = reader, reread
            places, after = self._places(), None
            while (part := _columns(islice(places, _PART_FILES)))[0]:
                todo.put(self._compare_part(part, after, part[0][-1]))
                after = part[0][-1]
            self._compare_part(_columns(places), after, None)
            yield todo

    def articles_before(self, path: str) -> list[str]:
        """Take out the ids of the articles that a file had before this run."""
        joined = self._todo.before.pop(path, "") if self._todo else ""
        return joined.split(";") if joined else []

    def is_to_come(self, record: FileRecord, done: str) -> bool:
        """Tell whether a known file waits to be read when all up to the path `done` have been."""
        if record.path <= done or not self._is_inside(record.path):
            return False
        try:
            return self._is_to_read(place_of(record.path), record)
        except Exception:  # each store has errors of its own; what cannot be found is not read
            return False

    def count_articles(self, files: Iterable[tuple[str, bool]]) -> None:
        """Take notice which files have an article."""
        fruitful = sorted(path for path, has_article in files if has_article)
        for folder, counts in self._folders.items():
            counts[1] += _count_below(folder, fruitful)

    def barren(self) -> list[Failure]:
        """Report the folders that hold no article at all."""
        return [
            Failure(
                folder,
                "no_articles",
                "this folder holds no article: "
                + (f"none of its {n_inside} files is one" if n_inside else "it is empty"),
            )
            for folder, (n_inside, n_fruitful) in self._folders.items()
            if not n_fruitful
        ]

    def _places(self) -> Iterator[Place]:
        """List the files at the given paths, each once, in the order of their paths."""
        tops = set(_outermost(self._given))
        apart = [path for path in self._given if path in tops and not is_address(path)]
        apart.sort(key=lambda path: _below(path) if os.path.isdir(path) else path)
        mixed = [path for path in self._given if path not in tops or is_address(path)]
        streams = [self._listed(apart), *(self._listed([path]) for path in mixed)]
        last = None
        for place in heapq.merge(*streams) if mixed else streams[0]:
            if place.path != last:
                self.n_found += 1
                last = place.path
                yield place

    def _listed(self, paths: Iterable[str]) -> Iterator[Place]:
        for path in paths:
            for entry in places_below(path):
                if isinstance(entry, Failure):
                    self.failures.append(entry)
                else:
                    yield entry

    def _compare_part(
        self, part: _Columns, after: str | None, until: str | None
    ) -> list[tuple[Todo, str]]:
        """Give what must be read of all files that sort between two paths."""
        batches = self._batches(after, until)
        rows = _first_rows(batches, len(part[0]))
        fruitful = self._unchanged(part, rows)
        left = [] if fruitful else [Place(*row) for row in zip(*part, strict=True)]
        there = {place.path for place in left}
        known: dict[str, FileRecord] = {}
        for record in records_of(batches if fruitful else chain([rows], batches)):
            if record.path in there:
                known[record.path] = record
            elif self._is_inside(record.path) and _is_gone(record.path):
                self.vanished.append(record.path)
        out = []
        for place in left:
            before = known.get(place.path)
            if before is None:
                out.append((Todo(place), ""))
            elif self._is_to_read(place, before):
                out.append((Todo(place, self._known_id(place, before)), before.article_ids))
            else:
                fruitful.append((place.path, bool(before.article_ids)))
                if before.code:
                    self.failures.append(Failure(place.path, before.code, before.reason))
        for folder, counts in self._folders.items():
            counts[0] += _count_below(folder, part[0])
        self.count_articles(fruitful)
        return out

    def _unchanged(self, part: _Columns, rows: pd.DataFrame) -> list[tuple[str, bool]]:
        """Tell of each file whether it has an article if all are as these rows say, else nothing.

        That most parts of most runs are unchanged is seen without looking at each file by itself.
        """
        if self._reread or len(rows) != len(part[0]) or UNKNOWN_TIME in part[2]:
            return []
        if not ((rows["reader"] == self._reader) & (rows["code"] == "")).all():
            return []
        if not rows["path"].is_monotonic_increasing:
            rows = rows.sort_values("path")
        known = tuple([rows[name].tolist() for name in Place._fields])
        if known != part:
            return []
        return list(zip(part[0], rows["article_ids"].ne("").tolist(), strict=True))

    def _batches(self, after: str | None, until: str | None) -> Iterator[pd.DataFrame]:
        if not self._tops:
            return
        low = min(top.rstrip("/") for top in self._tops) if after is None else after + _FIRST
        high = self._tops[-1] + _LAST if until is None else until
        yield from self._workspace.file_batches(between=(low, high))

    def _is_inside(self, path: str) -> bool:
        """Tell whether a file is one of the given paths or below one."""
        at = bisect_right(self._tops, _below(path)) - 1
        return at >= 0 and _below(path).startswith(self._tops[at])

    def _is_to_read(self, place: Place, record: FileRecord) -> bool:
        now = (place.size, place.mtime_ns, self._reader)
        same = (record.size, record.mtime_ns, record.reader) == now
        return self._reread or place.mtime_ns == UNKNOWN_TIME or not same

    def _known_id(self, place: Place, record: FileRecord) -> str:
        """Give the id whose text the file must have to be the same as before, empty for none."""
        if self._reread or record.code or len(record.ids) != 1:
            return ""
        same = (record.size, record.reader) == (place.size, self._reader)
        return record.article_ids if same else ""


def _columns(places: Iterable[Place]) -> _Columns:
    """Lay places out by column: ten thousand tuples at a time keep the search for garbage busy."""
    paths, sizes, times = list[str](), list[int](), list[int]()
    for path, size, mtime_ns in places:
        paths.append(path)
        sizes.append(size)
        times.append(mtime_ns)
    return paths, sizes, times


def _first_rows(batches: Iterator[pd.DataFrame], count: int) -> pd.DataFrame:
    """Take the first batches, until they have so many rows."""
    taken = [pd.DataFrame(columns=list(FileRecord._fields))]
    while sum(map(len, taken)) < count and (rows := next(batches, None)) is not None:
        taken.append(rows)
    return taken[-1] if len(taken) < 3 else pd.concat(taken[1:], ignore_index=True)


def records_of(batches: Iterable[pd.DataFrame]) -> Iterator[FileRecord]:
    """Give the rows of the table ``files`` one by one."""
    for rows in batches:
        columns = (rows[name].tolist() for name in FileRecord._fields)
        yield from map(FileRecord._make, zip(*columns, strict=True))


def _is_gone(path: str) -> bool:
    return is_address(path) or not os.path.exists(path)


def _below(path: str) -> str:
    """Give what the paths of all files at a path start with, if a slash is put after them."""
    return path.rstrip("/") + "/"


def _outermost(given: Sequence[str]) -> list[str]:
    """Leave out the paths that are below another one; they come sorted by `_below`."""
    out: list[str] = []
    for path in given:
        if not (out and _below(path).startswith(_below(out[-1]))):
            out.append(path)
    return out


def _count_below(folder: str, paths: Sequence[str]) -> int:
    """Count the paths, which are in order, that are below a folder."""
    low = bisect_left(paths, _below(folder))
    return bisect_left(paths, _below(folder) + _LAST, lo=low) - low
