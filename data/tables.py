"""The workspace's tables: their columns, keys and types, and frames to and from Arrow.

Times are stored in UTC and read in Asia/Shanghai; dates are tz-naive; both with microseconds.
Strings are never missing, an unknown text is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mentionstudy.data.calendars import as_utc
from mentionstudy.data.errors import FileSchemaError

FORMAT: Final = 1
"""Version of the tables' layout; a workspace with a higher one needs a newer program."""

TableName = Literal[
    "articles",
    "mentions",
    "bars",
    "factors",
    "fetch_log",
    "corrections",
    "files",
    "securities",
    "security_names",
    "name_changes",
    "rates",
]

_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_DATE, _TIME, _FLAG = pa.date32(), pa.timestamp("us", tz="UTC"), pa.bool_()
_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table's layout.

    Attributes
    ----------
    name
        Also its folder in the workspace.
    schema
        Columns in order.
    keys
        Columns that name a row; empty for a log, to which rows are only added.
    undated
        Columns that say when a row was written; a row that differs in nothing else is unchanged.
    categorical
        Text columns of few values that are read as pandas categories, to save time and memory.
    grows
        Whether nearly every row that is written is new. Such rows are appended instead of being
        joined with the table, so that filling a large one takes no longer than a small one; in
        return, of two processes that write at once one always has to look again.
    apart_by
        A text column of which each file of the table holds a range of its own, as far as rows are
        written in its order; empty for none. A row whose key says nothing of where it lies is
        then looked for in few files.
    """

    name: str
    schema: pa.Schema
    keys: tuple[str, ...]
    undated: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    grows: bool = False
    apart_by: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.schema.names)


def _table(
    name: str,
    columns: Mapping[str, pa.DataType],
    keys: tuple[str, ...],
    *,
    undated: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    grows: bool = False,
    apart_by: str = "",
) -> Table:
    schema = pa.schema([pa.field(column, kind) for column, kind in columns.items()])
    return Table(
        name=name,
        schema=schema,
        keys=keys,
        undated=undated,
        categorical=categorical,
        grows=grows,
        apart_by=apart_by,
    )


TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        _table(
            "articles",
            {
                "article_id": _TEXT,
                "path": _TEXT,
                "title": _TEXT,
                "source": _TEXT,
                "url": _TEXT,
                "categories": _TEXT,
                "tags": _TEXT,
                "published_at": _TIME,
                "published_precision": _TEXT,
                "published_from": _TEXT,
                "zone_policy": _TEXT,
                "text": _TEXT,
                "markup": _TEXT,
                "notes": _TEXT,
            },
            ("article_id",),
            grows=True,
            apart_by="path",
        ),
        _table(
            "mentions",
            {
                "article_id": _TEXT,
                "symbol": _TEXT,
                "kind": _TEXT,
                "dialect": _TEXT,
                "occurrences": _COUNT,
                "positions": _TEXT,
                "confidence": _NUMBER,
                "surface": _TEXT,
                "in_title": _FLAG,
                "role": _TEXT,
            },
            ("article_id", "symbol", "dialect"),
            grows=True,
        ),
        _table(
            "bars",
            {
                "symbol": _TEXT,
                "date": _DATE,
                "open": _NUMBER,
                "high": _NUMBER,
                "low": _NUMBER,
                "close": _NUMBER,
                "volume": _NUMBER,
                "amount": _NUMBER,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("symbol", "date"),
            undated=("fetched_at",),
            categorical=("symbol", "source"),
        ),
        _table(
            "factors",
            {
                "symbol": _TEXT,
                "ex_date": _DATE,
                "factor": _NUMBER,
                "cash": _NUMBER,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("symbol", "ex_date"),
            undated=("fetched_at",),
        ),
        _table(
            "fetch_log",
            {
                "symbol": _TEXT,
                "kind": _TEXT,
                "source": _TEXT,
                "outcome": _TEXT,
                "reason": _TEXT,
                "rows": _COUNT,
                "first": _DATE,
                "last": _DATE,
                "started_at": _TIME,
                "seconds": _NUMBER,
            },
            (),
        ),
        _table(
            "corrections",
            {
                "article_id": _TEXT,
                "field": _TEXT,
                "symbol": _TEXT,
                "action": _TEXT,
                "value": _TEXT,
                "note": _TEXT,
                "author": _TEXT,
                "created_at": _TIME,
            },
            ("article_id", "field", "symbol"),
            undated=("created_at",),
        ),
        _table(
            "files",
            {
                "path": _TEXT,
                "size": _COUNT,
                "mtime_ns": _COUNT,
                "article_ids": _TEXT,
                "code": _TEXT,
                "reason": _TEXT,
                "reader": _TEXT,
            },
            ("path",),
            grows=True,
        ),
        _table(
            "securities",
            {
                "symbol": _TEXT,
                "code": _TEXT,
                "exchange": _TEXT,
                "board": _TEXT,
                "kind": _TEXT,
                "name": _TEXT,
                "listed_on": _DATE,
                "delisted_on": _DATE,
                "pairs": _TEXT,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("symbol",),
        ),
        _table(
            "security_names",
            {
                "symbol": _TEXT,
                "name": _TEXT,
                "kind": _TEXT,
                "valid_from": _DATE,
                "valid_until": _DATE,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("symbol", "name", "kind"),
        ),
        _table(
            "name_changes",
            {
                "symbol": _TEXT,
                "changed_on": _DATE,
                "before": _TEXT,
                "after": _TEXT,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("symbol", "changed_on"),
        ),
        _table(
            "rates",
            {
                "name": _TEXT,
                "date": _DATE,
                "percent": _NUMBER,
                "source": _TEXT,
                "fetched_at": _TIME,
            },
            ("name", "date"),
            undated=("fetched_at",),
        ),
    )
}
"""Every table of a workspace by name."""


def empty_frame(table: Table, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Give a frame without rows, with the table's columns and types."""
    names = list(table.columns if columns is None else columns)
    return to_frame(table, table.schema.empty_table().select(names))


def to_arrow(table: Table, frame: pd.DataFrame) -> pa.Table:
    """Check a frame against a table's layout and give it as Arrow.

    Parameters
    ----------
    table
        The layout.
    frame
        Has the key columns; of the others, a missing one is filled with empty texts or nulls,
        and one that the layout does not know is dropped. Times without a zone are Beijing times.

    Returns
    -------
    pyarrow.Table
        Sorted by the keys, of rows with one key the last one.

    Raises
    ------
    FileSchemaError
        A key column is missing or has empty cells, or a column has values of another type.
    """
    missing = [key for key in table.keys if key not in frame.columns]
    if missing:
        raise FileSchemaError(
            f"rows for the table {table.name} lack the column {missing[0]!r}; "
            f"its keys are {', '.join(table.keys)}"
        )
    for key in table.keys:
        blank = frame[key].isna()
        if key == table.keys[0]:
            blank |= frame[key].astype("str") == ""
        if blank.any():
            raise FileSchemaError(
                f"{blank.sum()} of {len(frame)} rows for the table {table.name} have no {key}; "
                "every row needs one"
            )
    if table.keys:
        frame = frame.drop_duplicates(list(table.keys), keep="last")
    columns = [_column(table, field, frame) for field in table.schema]
    out = pa.Table.from_arrays(columns, schema=table.schema)
    return out.sort_by([(key, "ascending") for key in table.keys]) if table.keys else out


def to_frame(table: Table, rows: pa.Table) -> pd.DataFrame:
    """Give rows of a table, all its columns or some, as a frame.

    Times come in Asia/Shanghai and dates tz-naive, both ``datetime64[us]``; texts as ``str`` or,
    for the layout's categorical columns, as categories in sorted order.
    """
    columns = {name: rows[name] for name in rows.column_names}
    n = len(rows)
    del rows  # each column's Arrow memory is freed as soon as it has been converted
    series = {
        name: _series(table.schema.field(name).type, name, columns.pop(name))
        for name in list(columns)
    }
    return pd.DataFrame(series, index=pd.RangeIndex(n), copy=False)


def _series(kind: pa.DataType, name: str, column: pa.ChunkedArray) -> pd.Series[Any]:
    """Give a column as a series of its own memory."""
    if pa.types.is_dictionary(column.type):
        return pd.Series(_categories(column), name=name)
    if kind == _DATE:
        return pd.Series(_days(column), name=name)
    if kind == _TIME:
        times: pd.Series[Any] = column.cast(pa.timestamp("us", tz=_ZONE)).to_pandas()
        return times.copy()
    if kind == _TEXT:
        texts: pd.Series[Any] = column.to_pandas().astype("str")
        return texts
    values = column.to_numpy()
    return pd.Series(values if values.flags.writeable else values.copy(), name=name)


def _days(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    days = np.empty(len(column), dtype="datetime64[us]")
    start = 0
    for chunk in column.chunks:
        stop = start + len(chunk)
        days[start:stop] = chunk.to_numpy(zero_copy_only=False)
        start = stop
    return days


def _categories(column: pa.ChunkedArray) -> pd.Categorical:
    """Join the chunks' dictionaries to sorted categories, so that they compare as texts."""
    texts = sorted({text for chunk in column.chunks for text in chunk.dictionary.to_pylist()})
    place = {text: code for code, text in enumerate(texts)}
    kind: type[np.signedinteger[Any]] = np.int16 if len(texts) < 1 << 15 else np.int32
    codes = np.empty(len(column), dtype=kind)
    start = 0
    for chunk in column.chunks:
        own = np.array([place[text] for text in chunk.dictionary.to_pylist()], dtype=kind)
        stop = start + len(chunk)
        if len(chunk):
            codes[start:stop] = own[chunk.indices.to_numpy(zero_copy_only=False)]
        start = stop
    return pd.Categorical.from_codes(codes, categories=pd.Index(texts, dtype="str"), validate=False)


def _column(table: Table, field: pa.Field, frame: pd.DataFrame) -> pa.Array:
    kind = field.type
    if field.name not in frame.columns:
        blank = pa.scalar("", _TEXT) if kind == _TEXT else pa.scalar(None, kind)
        return pa.repeat(blank, len(frame))
    values = frame[field.name]
    try:
        if kind == _TEXT:
            return _texts(values)
        if kind == _DATE:
            days = pd.to_datetime(values)
            local = days.dt.tz_localize(None) if days.dt.tz is not None else days
            return pa.array(local.dt.normalize(), type=_DATE)
        if kind == _TIME:
            return pa.array(as_utc(values), type=_TIME)
        return pa.array(values, type=kind, from_pandas=True)
    except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        raise FileSchemaError(
            f"the column {field.name!r} of rows for the table {table.name} has values that are "
            f"no {_KIND_WORDS[kind]} ({str(error).splitlines()[0]})"
        ) from error


_KIND_WORDS: Final = {
    _TEXT: "texts",
    _NUMBER: "numbers",
    _COUNT: "whole numbers",
    _DATE: "dates",
    _TIME: "times",
    _FLAG: "yes/no values",
}


def _texts(values: pd.Series[str]) -> pa.Array:
    """Give texts; a list or tuple is joined with semicolons, a missing value is empty."""
    if values.dtype == object:
        values = values.map(
            lambda value: (
                value
                if isinstance(value, str) or pd.api.types.is_scalar(value)
                else ";".join(str(part) for part in value)
            )
        )
    texts = pa.array(values.astype("str"), from_pandas=True)
    flat = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return pc.fill_null(flat.cast(_TEXT), "")
