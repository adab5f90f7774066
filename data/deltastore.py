"""One Delta table of the workspace: reading, idempotent merging, and errors in plain words.

Every write is one atomic commit of the Delta log, so that a process killed at any instant leaves
the table as it was before or after it, and readers never wait. Two writers that touch the same
rows make one of them fail with a conflict; it looks again and repeats.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    CommitProperties,
    DeltaTable,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import (
    CommitFailedError,
    TableNotFoundError,
)
from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from mentionstudy.data.deltarows import (
    bounds,
    is_in,
    news_in,
    scan,
    stale_values,
    stream,
    values_there,
)
from mentionstudy.data.deltawords import PATIENCE_SECONDS, in_words
from mentionstudy.data.errors import WorkspaceError
from mentionstudy.data.tables import FORMAT, Table

FORMAT_PROPERTY: Final = "mentionstudy.format"
SAMPLE_PROPERTY: Final = "mentionstudy.sample"

_WRITER: Final = WriterProperties(compression="ZSTD", max_row_group_size=1 << 17)
_WRITES: Final = "mentionstudy"  # names the writers that must not overlook each other
_MANY_FILES: Final = 64
_FILE_BYTES: Final = 32 << 20  # joining small files holds the rows of one such file


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaStore:
    """One table of a workspace.

    Attributes
    ----------
    layout
        Its columns and keys.
    uri
        Folder or object-store address of the table.
    options
        What the object store needs, as deltalake's ``storage_options``.
    version
        Read this version; None reads the newest.
    sample
        Whether a new table is marked as part of the bundled sample.
    """

    layout: Table
    uri: str
    options: Mapping[str, str] | None = None
    version: int | None = None
    sample: bool = False

    def open(self) -> DeltaTable | None:
        """Open the table; None if there is none.

        Raises
        ------
        WorkspaceError
            The table is damaged, or was written by a newer program.
        """
        with self._in_words("read"):
            try:
                table = DeltaTable(
                    self.uri,
                    version=self.version,
                    storage_options=dict(self.options or {}),
                )
            except TableNotFoundError:
                if "://" not in self.uri and any(Path(self.uri).glob("*.parquet")):
                    raise WorkspaceError(
                        f"{self.uri}: the table's log (_delta_log) is gone; restore it from a "
                        f"copy, or delete this folder and fill the table {self.layout.name} again"
                    ) from None
                return None
            self._check_format(table)
            return table

    def create(self) -> DeltaTable:
        """Open the table for writing, making an empty one if there is none.

        Columns that the layout has gained since the table was made are added to it.
        """
        found = self.open()
        if found is not None:
            return self._with_all_columns(found)
        with self._in_words("create"):
            DeltaTable.create(
                self.uri,
                schema=self.layout.schema,
                mode="ignore",
                name=f"mentionstudy {self.layout.name}",
                configuration={
                    FORMAT_PROPERTY: str(FORMAT),
                    SAMPLE_PROPERTY: str(self.sample).lower(),
                    "delta.checkpointInterval": "20",
                    # A study names the versions that it read; the log must keep them.
                    "delta.enableExpiredLogCleanup": "false",
                },
                storage_options=dict(self.options or {}),
                raise_if_key_not_exists=False,
            )
        made = self.open()
        if made is None:
            raise WorkspaceError(f"{self.uri}: the table could not be created")
        return made

    def read(
        self,
        columns: Sequence[str] | None = None,
        *,
        among: tuple[str, Sequence[str]] | None = None,
        where: Sequence[str] = (),
    ) -> pa.Table:
        """Read rows, in no particular order.

        Parameters
        ----------
        columns
            Columns to read; None reads all.
        among
            A text column and the values to keep.
        where
            Further conditions in SQL. Files and row groups that cannot hold a row that meets the
            conditions are skipped.

        Returns
        -------
        pyarrow.Table
            The layout's types, its categorical columns as dictionaries.
        """
        table = self.open()
        names = list(self.layout.columns if columns is None else columns)
        if table is None:
            return self.layout.schema.empty_table().select(names)
        with self._in_words("read"):
            return scan(table, self.layout, names, among=among, where=where, categorical=True)

    def stream(
        self,
        columns: Sequence[str],
        *,
        among: tuple[str, Sequence[str]] | None = None,
        where: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Read rows as `read` does, batch by batch, without dictionaries."""
        table = self.open()
        if table is not None:
            with self._in_words("read"):
                yield from stream(table, self.layout, columns, among=among, where=where)

    def merge(self, rows: pa.Table, *, scope: tuple[str, Sequence[str]] | None = None) -> int:
        """Insert new rows and update changed ones, in one commit.

        Rows that are there already cause no commit, so that repeating a merge changes nothing.

        Parameters
        ----------
        rows
            In the layout's schema, one row a key.
        scope
            A key column and values of it: rows with these values that `rows` does not have are
            deleted in the same commit.

        Returns
        -------
        int
            Number of rows inserted, updated and deleted.

        Raises
        ------
        WorkspaceError
            The table cannot be written, is damaged, or others kept writing for two minutes.
        """
        with self._in_words("write"):
            for attempt in _retrying():
                with attempt:
                    changed = self._merge_once(rows, scope)
        if changed:
            self._tidy()
        return changed

    def append(self, rows: pa.Table) -> None:
        """Add rows to a log."""
        if not len(rows):
            return
        self.create()
        with self._in_words("write"):
            for attempt in _retrying():
                with attempt:
                    write_deltalake(
                        self.uri,
                        rows,
                        mode="append",
                        storage_options=dict(self.options or {}),
                        writer_properties=_WRITER,
                    )
        self._tidy()

    def delete(self, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose `column` has one of `values`."""
        table = self.open() if values else None
        if table is None:
            return
        with self._in_words("write"):
            for attempt in _retrying():
                with attempt:
                    table = self.create()
                    table.delete(is_in(column, values), writer_properties=_WRITER)

    def compact(self, *, vacuum_days: int | None = None) -> None:
        """Join small files; with `vacuum_days`, remove files unused for so many days.

        Removing files ends the time travel to versions that used them. On an object store, see to
        it that no two processes do this at once; on a disk a lock does.
        """
        if self.open() is None:
            return
        with self._in_words("write"):
            for attempt in _retrying():
                with attempt:
                    self._compact_alone(timeout=PATIENCE_SECONDS)
            if vacuum_days is not None:
                self.create().vacuum(
                    retention_hours=24 * vacuum_days,
                    dry_run=False,
                    enforce_retention_duration=False,
                )

    def _compact_alone(self, *, timeout: float) -> None:
        """Compact while no other process of this machine does.

        deltalake lets two compactions of one version both succeed, which doubles every row
        (seen in 1.6.6: commits that change no data are not checked against each other). Any
        other two writes are checked. Hence the lock, and a snapshot taken inside of it.
        """
        if "://" in self.uri:
            lock: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        else:
            folder = Path(self.uri).parent / ".locks"
            folder.mkdir(exist_ok=True)
            lock = FileLock(folder / f"{self.layout.name}.lock", timeout=timeout)
        with lock:
            self.create().optimize.compact(
                target_size=_FILE_BYTES,
                max_concurrent_tasks=1,
                writer_properties=_WRITER,
            )

    def _with_all_columns(self, table: DeltaTable) -> DeltaTable:
        there = {field.name for field in table.schema().fields}
        missing = [field for field in self.layout.schema if field.name not in there]
        if not missing:
            return table
        with self._in_words("write"):
            for attempt in _retrying():
                with attempt:
                    table.update_incremental()
                    there = {field.name for field in table.schema().fields}
                    fields = Schema.from_arrow(pa.schema(missing)).fields
                    new = [field for field in fields if field.name not in there]
                    if new:
                        table.alter.add_columns(new)
        return self.create()

    def _merge_once(self, rows: pa.Table, scope: tuple[str, Sequence[str]] | None) -> int:
        table = self.create()
        if self.layout.grows and not self._knows_any(table, rows, scope):
            return self._append_new(table, rows)
        stale = stale_values(table, self.layout, rows, scope) if scope else []
        send, only_new = news_in(table, self.layout, rows)
        if scope and stale:
            # Rows are deleted where the source lacks them, so it must have all that stay.
            send |= pc.is_in(rows[scope[0]], pa.array(stale, type=pa.string())).to_numpy()
        elif not send.any():
            return 0
        source = rows.filter(pa.array(send))
        if self.layout.grows and only_new and not stale:
            return self._append_new(table, source)
        return self._join(table, source, scope, stale)

    def _knows_any(
        self, table: DeltaTable, rows: pa.Table, scope: tuple[str, Sequence[str]] | None
    ) -> bool:
        """Tell by the first key alone whether the table may have some of the rows or the scope."""
        key = self.layout.keys[0]
        values = set(rows[key].unique().to_pylist())
        if scope:
            if scope[0] != key:
                return True
            values |= set(scope[1])
        return bool(values_there(table, self.layout, key, sorted(values)))

    def _append_new(self, table: DeltaTable, rows: pa.Table) -> int:
        if len(rows):
            write_deltalake(
                table,
                rows,
                mode="append",
                writer_properties=_WRITER,
                commit_properties=self._commit(table),
            )
        return len(rows)

    def _join(
        self,
        table: DeltaTable,
        source: pa.Table,
        scope: tuple[str, Sequence[str]] | None,
        stale: Sequence[str],
    ) -> int:
        """Join rows with the table: update, insert, and delete what the scope no longer has."""
        match = [f"t.{key} = s.{key}" for key in self.layout.keys]
        if not stale:
            # Bounds let the merge skip files, and spare writers of other rows a conflict.
            match += bounds(self.layout, source, "t")
        merger = (
            table.merge(
                source,
                predicate=" AND ".join(match),
                source_alias="s",
                target_alias="t",
                writer_properties=_WRITER,
                commit_properties=self._commit(table),
            )
            .when_matched_update_all()
            .when_not_matched_insert_all()
        )
        if scope and stale:
            merger = merger.when_not_matched_by_source_delete("t." + is_in(scope[0], stale))
        done = merger.execute()
        return sum(
            int(done[f"num_target_rows_{what}"]) for what in ("inserted", "updated", "deleted")
        )

    def _commit(self, table: DeltaTable) -> CommitProperties | None:
        """Make writers of a growing table conflict, so that none appends what another did."""
        if not self.layout.grows:
            return None
        return CommitProperties(app_transactions=[Transaction(_WRITES, table.version() + 1)])

    def _tidy(self) -> None:
        """Join small files when there are many; another writer at work puts it off."""
        table = self.open()
        if "://" in self.uri or table is None or len(table.file_uris()) < _MANY_FILES:
            return
        sizes = pa.table(table.get_add_actions())["size_bytes"].to_numpy()
        if (sizes < _FILE_BYTES // 2).sum() < _MANY_FILES:  # the large ones stay as they are
            return
        with self._in_words("write"), contextlib.suppress(CommitFailedError, Timeout):
            self._compact_alone(timeout=0)

    def _check_format(self, table: DeltaTable) -> None:
        written = table.metadata().configuration.get(FORMAT_PROPERTY, "0")
        if written.isdecimal() and int(written) > FORMAT:
            raise WorkspaceError(
                f"{self.uri}: a newer version of mentionstudy wrote this workspace (format "
                f"{written}, this one knows up to {FORMAT}); update mentionstudy"
            )

    def _in_words(self, doing: str) -> contextlib.AbstractContextManager[None]:
        return in_words(doing, self.uri, self.layout.name, self.version)


def _retrying() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(CommitFailedError),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        stop=stop_after_delay(PATIENCE_SECONDS),
        reraise=True,
    )
