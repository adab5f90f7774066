"""Rows of a Delta table: reading them by SQL, and telling which rows of a batch are news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError
from numpy.typing import NDArray

from mentionstudy.data.tables import Table

_FEW_VALUES: Final = 1000
_BATCH_ROWS: Final = 1 << 16


def scan(
    table: DeltaTable,
    layout: Table,
    columns: Sequence[str],
    *,
    among: tuple[str, Sequence[str]] | None = None,
    where: Sequence[str] = (),
    categorical: bool = False,
) -> pa.Table:
    """Read with deltalake's own engine; pyarrow's stumbles over the text views that it writes."""
    read = stream(table, layout, columns, among=among, where=where, categorical=categorical)
    return pa.Table.from_batches(read, schema=_schema(layout, columns, categorical=categorical))


def stream(
    table: DeltaTable,
    layout: Table,
    columns: Sequence[str],
    *,
    among: tuple[str, Sequence[str]] | None = None,
    where: Sequence[str] = (),
    categorical: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Read as `scan` does, batch by batch, so that a table of any size needs little memory."""
    schema = _schema(layout, columns, categorical=categorical)
    there = {field.name for field in table.schema().fields}
    shown = [
        f"arrow_cast({_name(name)}, 'Dictionary(Int32, Utf8)') AS {_name(name)}"
        if pa.types.is_dictionary(schema.field(name).type)
        else _shown(layout, name, there)
        for name in columns
    ]
    conditions = [*where, *_conditions(among)]
    query = f"SELECT {', '.join(shown)} FROM t" + (
        f" WHERE {' AND '.join(conditions)}" if conditions else ""
    )
    sift = among is not None and len(among[1]) > _FEW_VALUES
    wanted = pa.array(among[1], type=pa.string()) if among and sift else None
    engine = QueryBuilder({"datafusion.execution.batch_size": str(_BATCH_ROWS)})
    try:
        for read in pa.RecordBatchReader.from_stream(engine.register("t", table).execute(query)):
            rows = read.cast(schema)
            if among and wanted is not None:
                rows = rows.filter(pc.is_in(rows[among[0]], wanted))
            if len(rows):
                yield rows
    except (DeltaError, OSError):
        raise
    except Exception as error:  # what fails amid the stream comes as a plain Exception
        raise DeltaError(str(error)) from error


def _schema(layout: Table, columns: Sequence[str], *, categorical: bool) -> pa.Schema:
    dictionaries = set(layout.categorical) if categorical else set()
    return pa.schema(
        pa.field(name, pa.dictionary(pa.int32(), pa.string()))
        if name in dictionaries
        else layout.schema.field(name)
        for name in columns
    )


def _shown(layout: Table, column: str, there: set[str]) -> str:
    """Give the SQL for one column; rows from before it was added have empty texts or nulls."""
    text = pa.types.is_string(layout.schema.field(column).type)
    blank = "''" if text else "NULL"
    if column not in there:
        return f"{blank} AS {_name(column)}"
    return f"coalesce({_name(column)}, {blank}) AS {_name(column)}" if text else _name(column)


def _conditions(among: tuple[str, Sequence[str]] | None) -> list[str]:
    """Give the SQL for a column's values; many values only by their bounds, to be sifted after."""
    if among is None:
        return []
    column, values = among
    if not values:
        return ["FALSE"]
    if len(values) <= _FEW_VALUES:
        return [is_in(column, values)]
    return [f"{_name(column)} BETWEEN {quoted(min(values))} AND {quoted(max(values))}"]


def values_there(table: DeltaTable, layout: Table, column: str, values: Sequence[str]) -> list[str]:
    """Give those of some values that a text column has, in order."""
    read = stream(table, layout, [column], among=(column, values))
    return sorted({value for rows in read for value in rows[column].to_pylist()})


class News(NamedTuple):
    """What of some rows is news to a table.

    Attributes
    ----------
    changed
        Of each row, whether the table lacks it or has another version of it.
    only_new
        Whether the table lacks all of them.
    """

    changed: NDArray[np.bool_]
    only_new: bool


def news_in(table: DeltaTable, layout: Table, rows: pa.Table) -> News:
    """Compare rows with those of a table."""
    if not len(rows):
        return News(np.zeros(0, dtype=np.bool_), False)
    among = (layout.keys[0], rows[layout.keys[0]].unique().to_pylist())
    where = bounds(layout, rows)
    wanted = _index(rows, layout)
    # Keys first: the other columns of a large table are read only when some row is there.
    apart_by = [layout.apart_by] if layout.apart_by else []
    found = scan(table, layout, [*layout.keys, *apart_by], among=among, where=where)
    there = _index(found, layout)
    if not there.is_unique:
        raise DeltaError(f"{there.duplicated().sum()} rows are there twice")
    if not wanted.isin(there).any():
        return News(np.ones(len(rows), dtype=np.bool_), True)
    for name in apart_by:
        ends = pc.min_max(found[name]).as_py()
        where.append(f"{_name(name)} BETWEEN {quoted(ends['min'])} AND {quoted(ends['max'])}")
    stored = scan(table, layout, layout.columns, among=among, where=where)
    at = _index(stored, layout).get_indexer(wanted)
    changed = at < 0
    before = stored.take(pa.array(np.maximum(at, 0)))
    for name in layout.columns:
        if name in layout.keys or name in layout.undated:
            continue
        old, new = before[name], rows[name]
        same = pc.fill_null(pc.equal(old, new), fill_value=False)
        same = pc.or_(same, pc.and_(pc.is_null(old), pc.is_null(new)))
        changed |= ~same.to_numpy()
    return News(changed, False)


def stale_values(
    table: DeltaTable, layout: Table, rows: pa.Table, scope: tuple[str, Sequence[str]]
) -> list[str]:
    """Give the scope's values for which the table has a row that `rows` lacks."""
    column, values = scope
    stored = scan(table, layout, layout.keys, among=(column, values))
    gone = ~_index(stored, layout).isin(_index(rows, layout))
    return sorted(set(stored[column].filter(pa.array(gone)).to_pylist()))


def _index(rows: pa.Table, layout: Table) -> pd.Index:
    """Give the key of each row as an index."""
    keys = [rows[key].to_pandas() for key in layout.keys]
    return pd.Index(keys[0]) if len(keys) == 1 else pd.MultiIndex.from_arrays(keys)


def is_in(column: str, values: Sequence[str]) -> str:
    """Give the SQL condition that a text column has one of some values."""
    return f"{_name(column)} IN ({', '.join(quoted(value) for value in values)})"


def bounds(layout: Table, rows: pa.Table, alias: str = "") -> list[str]:
    """Give SQL conditions that hold for every stored row with a key of `rows`.

    They let the engine skip files, and spare writers of other rows a conflict.
    """
    conditions = []
    for key in layout.keys:
        kind = layout.schema.field(key).type
        ends = pc.min_max(rows[key]).as_py()
        name = f"{alias}.{_name(key)}" if alias else _name(key)
        if pa.types.is_date(kind):
            low, high = (f"DATE '{ends[end]:%Y-%m-%d}'" for end in ("min", "max"))
        elif key == layout.keys[0]:
            low, high = quoted(ends["min"]), quoted(ends["max"])
        else:
            continue
        conditions += [f"{name} >= {low}", f"{name} <= {high}"]
    return conditions


def _name(column: str) -> str:
    return f'"{column}"'


def quoted(value: str) -> str:
    """Give a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
