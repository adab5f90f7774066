"""Rows in the order of some columns, without a copy of those that are in order already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


def batches_in_order(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Put the batches, which parallel readers mix, in the order of their first rows.

    Rows are written in order, so that this alone often sorts a large table without a copy.
    """
    if not keys:
        return rows
    batches = [batch for batch in rows.to_batches() if len(batch)]
    batches.sort(key=lambda batch: tuple(batch[key][0].as_py() for key in keys))
    return pa.Table.from_batches(batches, schema=rows.schema)


def ordered(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Sort by `columns`, unless the rows are in order already."""
    keys = [_ranks(frame[column]) for column in columns]
    tied = np.ones(max(len(frame) - 1, 0), dtype=np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if (tied & (after < before)).any():
            order = np.lexsort(keys[::-1])
            return frame.take(order).reset_index(drop=True)
        tied &= after == before
    return frame


def _ranks(values: pd.Series[Any]) -> NDArray[Any]:
    """Give numbers in the order of the values."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes)
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(values).asi8
    return pd.factorize(values, sort=True)[0]
