"""The workspace: the folder, or object-store prefix, that holds a user's tables."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mentionstudy.data.deltarows import quoted
from mentionstudy.data.deltastore import SAMPLE_PROPERTY, DeltaStore
from mentionstudy.data.errors import WorkspaceError
from mentionstudy.data.roworder import batches_in_order, ordered
from mentionstudy.data.tables import TABLES, to_arrow, to_frame
from mentionstudy.data.workspace_root import checked_root

_MARKER = "articles"  # the first table that is made; its presence makes a folder a workspace


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """The tables of one user's corpus and prices.

    Reading works while others write; every write is one atomic commit and may be repeated
    without effect. Use `open` to get one.

    Attributes
    ----------
    path
        Folder or object-store address, as text.
    is_sample
        Whether it holds the bundled sample.
    """

    path: str
    is_sample: bool
    _stores: Mapping[str, DeltaStore]
    _as_of: Mapping[str, int]

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        create: bool = False,
        sample: bool = False,
        as_of: Mapping[str, int] | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> Workspace:
        """Open a workspace.

        Parameters
        ----------
        path
            A folder, or an object-store address such as ``s3://bucket/prefix``.
        create
            Make an empty one if the folder is missing or empty.
        sample
            Mark a workspace that is made now as the bundled sample.
        as_of
            Versions to read, by table, as `versions` gives them; such a workspace is read-only.
            A table that is not named is read in its newest version.
        storage_options
            What the object store needs: region, endpoint, credentials.

        Raises
        ------
        WorkspaceError
            The folder is no workspace, cannot be read or written, was written by a newer
            program, is damaged, or does not have a version that was asked for.
        """
        unknown = sorted(set(as_of or {}) - set(TABLES))
        if unknown:
            raise WorkspaceError(f"no table {unknown[0]!r}; there are {', '.join(TABLES)}")
        for name, version in (as_of or {}).items():
            if version < 0:
                raise WorkspaceError(
                    f"version {version} of the table {name}: there are none below 0"
                )
        root = checked_root(path, create=create)
        stores = {
            name: DeltaStore(
                layout=layout,
                uri=f"{root}/{name}",
                options=storage_options,
                version=(as_of or {}).get(name),
                sample=sample,
            )
            for name, layout in TABLES.items()
        }
        marker = replace(stores[_MARKER], version=None)
        table = marker.open()
        if table is None and not create:
            raise WorkspaceError(
                f"{root} is not a workspace; give the folder of one, or fill a new one "
                "with 'mentionstudy ingest' or 'mentionstudy fetch'"
            )
        if table is None:
            table = marker.create()
        is_sample = table.metadata().configuration.get(SAMPLE_PROPERTY) == "true"
        stores = {name: replace(store, sample=is_sample) for name, store in stores.items()}
        found = cls(root, is_sample, stores, dict(as_of or {}))
        for name in found._as_of:
            stores[name].open()
        return found

    def __repr__(self) -> str:
        versions = ", ".join(f"{name}={version}" for name, version in self._as_of.items())
        sample = ", the bundled sample" if self.is_sample else ""
        return f"Workspace({self.path!r}{', as of ' + versions if versions else ''}{sample})"

    def articles(
        self, article_ids: Iterable[str] | None = None, *, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Read articles, ordered by path.

        Parameters
        ----------
        article_ids
            Only these; None reads all.
        columns
            Only these columns; leaving out ``text`` and ``markup`` saves most of the memory.

        Returns
        -------
        pandas.DataFrame
            One row an article; ``published_at`` in Asia/Shanghai, lists joined with semicolons.
        """
        return self._read(
            _MARKER, columns, among=_among("article_id", article_ids), order=("path",)
        )

    def mentions(
        self, article_ids: Iterable[str] | None = None, *, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Read mentions, one row an (article, symbol, dialect), ordered by these."""
        return self._read("mentions", columns, among=_among("article_id", article_ids))

    def bars(
        self,
        symbols: Iterable[str] | None = None,
        start: dt.date | str | None = None,
        end: dt.date | str | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Read raw daily bars, ordered by symbol and date.

        Parameters
        ----------
        symbols
            Only these; None reads all.
        start, end
            First and last date, both included.
        columns
            Only these columns.

        Returns
        -------
        pandas.DataFrame
            Prices in the currency of listing, volume in shares; ``date`` is ``datetime64[us]``,
            ``symbol`` and ``source`` are categories in sorted order.
        """
        where = [
            f"date {sign} DATE '{pd.Timestamp(day):%Y-%m-%d}'"
            for sign, day in ((">=", start), ("<=", end))
            if day is not None
        ]
        return self._read("bars", columns, among=_among("symbol", symbols), where=where)

    def factors(self, symbols: Iterable[str] | None = None) -> pd.DataFrame:
        """Read adjustment factors, ordered by symbol and ex-date."""
        return self._read("factors", among=_among("symbol", symbols))

    def fetch_log(self) -> pd.DataFrame:
        """Read the log of what was asked of the price sources, oldest first."""
        return self._read("fetch_log", order=("started_at", "symbol", "kind", "source"))

    def corrections(self) -> pd.DataFrame:
        """Read the user's corrections of articles and mentions, oldest first."""
        return self._read("corrections", order=("created_at", "article_id", "field", "symbol"))

    def files(self) -> pd.DataFrame:
        """Read what was ingested: one row a file with the articles it gave, or why it gave none."""
        return self._read("files")

    def file_batches(
        self, paths: Iterable[str] | None = None, *, between: tuple[str, str] | None = None
    ) -> Iterator[pd.DataFrame]:
        """Read what was ingested part by part, in no particular order, to save memory.

        Parameters
        ----------
        paths
            Only these; None reads all.
        between
            Only paths that sort between these two, both included.

        Yields
        ------
        pandas.DataFrame
            Some rows of `files`.
        """
        where = [f'"path" BETWEEN {quoted(between[0])} AND {quoted(between[1])}'] if between else []
        layout = TABLES["files"]
        among = _among("path", paths)
        for rows in self._stores["files"].stream(layout.columns, among=among, where=where):
            yield to_frame(layout, pa.Table.from_batches([rows]))

    def article_paths(self, article_ids: Iterable[str]) -> dict[str, str]:
        """Give the path that each of some articles has, of those that are there."""
        store = self._stores[_MARKER]
        among = _among("article_id", article_ids)
        # The ids alone first: most often none is there, and paths take longer to read.
        read = store.stream(["article_id"], among=among)
        there = _among(
            "article_id", (one for rows in read for one in rows["article_id"].to_pylist())
        )
        paths: dict[str, str] = {}
        if not (there and there[1]):
            return paths
        for rows in store.stream(["article_id", "path"], among=there):
            paths.update(zip(rows["article_id"].to_pylist(), rows["path"].to_pylist(), strict=True))
        return paths

    def securities(self) -> pd.DataFrame:
        """Read the securities master, one row a symbol."""
        return self._read("securities")

    def security_names(self) -> pd.DataFrame:
        """Read the names of securities, one row a (symbol, name, kind)."""
        return self._read("security_names")

    def name_changes(self) -> pd.DataFrame:
        """Read the dated changes of short names, one row a (symbol, day)."""
        return self._read("name_changes")

    def rates(self) -> pd.DataFrame:
        """Read the interbank rates, one row a (name, day), in percent a year."""
        return self._read("rates")

    def merge_articles(self, rows: pd.DataFrame) -> int:
        """Insert or update articles; returns how many rows changed."""
        return self._merge("articles", rows)

    def merge_mentions(self, rows: pd.DataFrame, *, replacing: Iterable[str] = ()) -> int:
        """Insert or update mentions; returns how many rows changed.

        Parameters
        ----------
        rows
            Mentions.
        replacing
            Ids of articles whose mentions are exactly those in `rows`; others of theirs are
            deleted in the same commit.
        """
        return self._merge("mentions", rows, scope=("article_id", sorted(set(replacing))))

    def merge_bars(self, rows: pd.DataFrame) -> int:
        """Insert or update bars; returns how many rows changed."""
        return self._merge("bars", rows)

    def merge_factors(self, rows: pd.DataFrame) -> int:
        """Make the factors of the symbols in `rows` exactly those; returns how many changed."""
        symbols = sorted(set(rows["symbol"].astype("str"))) if "symbol" in rows else []
        return self._merge("factors", rows, scope=("symbol", symbols))

    def append_fetch_log(self, rows: pd.DataFrame) -> None:
        """Add rows to the log of requests."""
        self._writable("fetch_log").append(to_arrow(TABLES["fetch_log"], rows))

    def merge_corrections(self, rows: pd.DataFrame, *, replacing: Iterable[str] = ()) -> int:
        """Insert or update corrections; returns how many rows changed.

        Parameters
        ----------
        rows
            Corrections.
        replacing
            Ids of articles whose corrections are exactly those in `rows`; others are taken back.
        """
        return self._merge("corrections", rows, scope=("article_id", sorted(set(replacing))))

    def merge_files(self, rows: pd.DataFrame) -> int:
        """Insert or update the records of ingested files; returns how many rows changed."""
        return self._merge("files", rows)

    def merge_securities(self, rows: pd.DataFrame) -> int:
        """Insert or update securities; returns how many rows changed."""
        return self._merge("securities", rows)

    def merge_security_names(self, rows: pd.DataFrame) -> int:
        """Make the names of the symbols in `rows` exactly those; returns how many changed."""
        symbols = sorted(set(rows["symbol"].astype("str"))) if "symbol" in rows else []
        return self._merge("security_names", rows, scope=("symbol", symbols))

    def merge_name_changes(self, rows: pd.DataFrame) -> int:
        """Insert or update changes of names; returns how many rows changed."""
        return self._merge("name_changes", rows)

    def merge_rates(self, rows: pd.DataFrame) -> int:
        """Insert or update interbank rates; returns how many rows changed."""
        return self._merge("rates", rows)

    def delete_articles(self, article_ids: Iterable[str]) -> None:
        """Delete articles with their mentions."""
        ids = sorted(set(article_ids))
        for name in ("mentions", "articles"):
            self._writable(name).delete("article_id", ids)

    def versions(self) -> dict[str, int]:
        """Give the version of each table that this workspace reads."""
        opened = {name: store.open() for name, store in self._stores.items()}
        return {name: table.version() for name, table in opened.items() if table is not None}

    def pinned(self) -> Workspace:
        """Give a read-only view of the present versions, which later writes do not change."""
        versions = self.versions()
        stores = {
            name: replace(store, version=versions.get(name, store.version))
            for name, store in self._stores.items()
        }
        return replace(self, _stores=stores, _as_of=versions)

    def digest(self, *tables: str) -> str:
        """Name exactly this content in 16 hexadecimal digits; a cache key.

        Parameters
        ----------
        *tables
            Only these tables; by default all, so that any write gives another digest.
        """
        named = []
        for name in sorted(tables or self._stores):
            table = self._stores[name].open()
            named.append(f"{name} {table.metadata().id} {table.version()}" if table else name)
        return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]

    def compact(self, *, vacuum_days: int | None = None) -> None:
        """Join small files of all tables.

        Parameters
        ----------
        vacuum_days
            Also remove files that no version of the last so many days uses. Versions that are
            older can then no longer be read.
        """
        for name in self._stores:
            self._writable(name).compact(vacuum_days=vacuum_days)

    def _read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        *,
        among: tuple[str, Sequence[str]] | None = None,
        where: Sequence[str] = (),
        order: Sequence[str] = (),
    ) -> pd.DataFrame:
        layout = TABLES[name]
        order = [*order, *(key for key in layout.keys if key not in order)]
        names = list(layout.columns if columns is None else columns)
        unknown = [column for column in names if column not in layout.columns]
        if unknown:
            raise WorkspaceError(
                f"the table {name} has no column {unknown[0]!r}; it has {', '.join(layout.columns)}"
            )
        extra = [column for column in order if column not in names]
        # Nothing but the frame's maker holds the Arrow rows, so that it can free them as it goes.
        keys = order if set(order) <= set(layout.keys) else []
        frame = to_frame(
            layout,
            batches_in_order(
                self._stores[name].read([*names, *extra], among=among, where=where), keys
            ),
        )
        return ordered(frame, order)[names]

    def _merge(
        self, name: str, rows: pd.DataFrame, scope: tuple[str, Sequence[str]] | None = None
    ) -> int:
        layout = TABLES[name]
        store = self._writable(name)
        scope = scope if scope and scope[1] else None
        if not len(rows) and not scope:
            return 0
        return store.merge(to_arrow(layout, rows), scope=scope)

    def _writable(self, name: str) -> DeltaStore:
        if self._as_of:
            raise WorkspaceError(f"{self.path} was opened at fixed versions and is read-only")
        return self._stores[name]


def _among(column: str, values: Iterable[str] | None) -> tuple[str, list[str]] | None:
    return None if values is None else (column, sorted({str(value) for value in values}))
