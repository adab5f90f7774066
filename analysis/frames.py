"""Reading a user's frames: dates, numbers, and one sentence for whatever cannot be meant."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import InputError

Floats = NDArray[np.float64]
_DATE = r"^\s*(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?$"
_LARGEST = 1e9  # no return, log volume or factor is larger; squares stay far from overflow
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def read_dates(values: pd.Series) -> pd.Series:
    """Read a column of calendar dates.

    Parameters
    ----------
    values
        Dates as datetimes, ``date`` objects, ISO texts, ``2022/1/7``, ``2022年1月7日`` or whole
        numbers such as 20220107. Day-first and month-first texts are ambiguous and not read.

    Returns
    -------
    Series
        datetime64[ns] without zone; NaT where no date can be read. A zone is dropped and the local
        date kept; a time of day is kept.
    """
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        dates: pd.Series = values.dt.as_unit("ns")
        return dates
    if pd.api.types.is_numeric_dtype(values.dtype):
        whole = values.where(values.notna() & (values % 1 == 0))
        return _from_texts(whole.astype("Int64").astype("string"))
    return _from_objects(values)


def _from_objects(values: pd.Series) -> pd.Series:
    """Read dates cell by cell where a column mixes texts, dates and stamps."""
    is_date = values.map(lambda cell: isinstance(cell, dt.date) and not pd.isna(cell)).astype(bool)
    result = _from_texts(values.where(~is_date).astype("string"))
    if is_date.any():
        naive = values[is_date].map(lambda cell: pd.Timestamp(cell).tz_localize(None))
        result[is_date] = pd.to_datetime(naive).dt.as_unit("ns")
    return result


def _from_texts(texts: pd.Series) -> pd.Series:
    parts = texts.str.extract(_DATE).apply(pd.to_numeric, errors="coerce")
    parts.columns = pd.Index(["year", "month", "day"])
    known = parts.dropna()
    known = known[known["year"].between(_FIRST_YEAR, _LAST_YEAR)].astype("int64")
    result = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    result.loc[known.index] = pd.to_datetime(known, errors="coerce").dt.as_unit("ns")
    return result


def dated(frame: pd.DataFrame, what: str, notes: list[str]) -> pd.DataFrame:
    """Return the frame on a sorted, unique, zone-free daily index.

    Parameters
    ----------
    frame
        Wide frame whose index, or whose column ``date``, holds the exchange's dates.
    what
        What the frame is, for the messages: ``"returns"``.
    notes
        Receives a sentence for every repair.

    Raises
    ------
    InputError
        If the index holds no dates, a date twice, or times of day.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{what}: a pandas DataFrame is needed, not {type(frame).__name__}")
    if frame.empty:
        raise InputError(f"{what}: the frame is empty; one row a session and one column a symbol")
    if not _holds_dates(frame.index):
        names = [column for column in frame.columns if str(column).strip().lower() == "date"]
        if len(names) != 1:
            raise InputError(
                f"{what}: the index holds no dates and there is no column 'date'; "
                "index the frame by date"
            )
        frame = frame.set_index(names[0])
    zoned = getattr(frame.index, "tz", None)
    dates = read_dates(pd.Series(frame.index))
    _check_dates(dates, frame.index, what)
    if zoned is not None:
        notes.append(f"{what}: the time zone {zoned} was dropped and its local dates kept.")
    if not dates.is_monotonic_increasing:
        notes.append(f"{what}: the dates were not in order and were sorted.")
        order = np.argsort(dates.to_numpy(), kind="stable")
        frame, dates = frame.iloc[order], dates.iloc[order]
    return frame.set_axis(pd.DatetimeIndex(dates, name="date"), axis=0)


def _holds_dates(index: pd.Index) -> bool:
    if isinstance(index, (pd.RangeIndex, pd.MultiIndex)):
        return False
    return bool(read_dates(pd.Series(index[:5])).notna().any())


def _check_dates(dates: pd.Series, given: pd.Index, what: str) -> None:
    if dates.isna().any():
        row = int(np.flatnonzero(dates.isna())[0])
        raise InputError(
            f"{what}: {given[row]!r} in row {row + 1} is no date; write dates as 2022-01-07"
        )
    timed = dates != dates.dt.normalize()
    if timed.any():
        raise InputError(
            f"{what}: {given[int(np.flatnonzero(timed)[0])]} carries a time of day; "
            "index the frame by the exchange's dates"
        )
    repeated = dates.duplicated(keep=False)
    if repeated.any():
        first = dates[repeated].iloc[0]
        raise InputError(
            f"{what}: the date {first:%Y-%m-%d} occurs {int((dates == first).sum())} times "
            f"({dates[repeated].nunique()} dates are repeated); keep one row a date"
        )


def text_columns(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the frame with its column labels as unique texts.

    Raises
    ------
    InputError
        If two columns have the same label.
    """
    labels = pd.Index([str(column) for column in frame.columns])
    if labels.has_duplicates:
        name = labels[labels.duplicated()][0]
        raise InputError(f"{what}: the column {name!r} occurs twice; keep one column a symbol")
    return frame.set_axis(labels, axis=1)


def numbers(
    frame: pd.DataFrame, columns: list[str], what: str, largest: float = _LARGEST
) -> Floats:
    """Return the named columns as float64, (rows, columns).

    Parameters
    ----------
    frame
        Dated frame with text columns.
    columns
        Names of existing columns.
    what
        What the frame is, for the messages.
    largest
        A cell beyond this size is a fault.

    Raises
    ------
    InputError
        If a cell is text, infinite or absurdly large: names the column, the date and the cell.
    """
    part = frame[columns]
    if all(isinstance(kind, np.dtype) and kind.kind in "fiu" for kind in part.dtypes):
        values = part.to_numpy(dtype=np.float64)
    else:
        values = np.column_stack([_one_column(part[name], what) for name in columns])
    with np.errstate(invalid="ignore"):
        absurd = np.abs(values) > largest
    if absurd.any():
        row, column = map(int, np.argwhere(absurd)[0])
        raise InputError(
            f"{what}: column {columns[column]!r} is {values[row, column]:g} on "
            f"{frame.index[row]:%Y-%m-%d} ({int(absurd.sum())} cells are infinite or beyond "
            f"{largest:g}); leave a day without a value empty"
        )
    return values


def _one_column(column: pd.Series, what: str) -> Floats:
    if pd.api.types.is_bool_dtype(column.dtype):
        raise InputError(f"{what}: column {column.name!r} holds true and false, not numbers")
    read = pd.to_numeric(column, errors="coerce")
    empty = column.isna() | column.astype("string").str.strip().isin(["", "NaN", "nan", "NA"])
    bad = read.isna() & ~empty
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy(dtype=bool))[0])
        raise InputError(
            f"{what}: column {column.name!r} holds the text {column.iloc[row]!r} on "
            f"{column.index[row]:%Y-%m-%d} ({int(bad.sum())} such cells); "
            "give numbers and leave a day without a value empty"
        )
    return read.to_numpy(dtype=np.float64, na_value=np.nan)


def check_returns(values: Floats, columns: list[str], index: pd.Index, what: str) -> list[str]:
    """Blank out impossible simple returns in place, unless the whole frame is in percent.

    Parameters
    ----------
    values
        (rows, columns) simple decimal returns; a lone value below -1 becomes NaN.
    columns, index
        Labels, for the messages.
    what
        What the frame is.

    Returns
    -------
    list of str
        A note if anything was blanked out.

    Raises
    ------
    InputError
        If more than one value in a hundred is beyond 50 %: the frame is in percent.
    """
    with np.errstate(invalid="ignore"):
        impossible = values < -1.0
    if not impossible.any():
        return []
    finite = int(np.isfinite(values).sum())
    row, column = map(int, np.argwhere(impossible)[0])
    where = f"column {columns[column]!r} on {index[row]:%Y-%m-%d} is {values[row, column]:g}"
    if np.count_nonzero(np.abs(values) > 0.5) > 0.01 * finite:
        raise InputError(
            f"{what}: {where}, below -1, and many values are large: these look like percent; "
            "divide by 100, or say returns_are='log' if they are log returns"
        )
    values[impossible] = np.nan
    return [
        f"{what}: {int(impossible.sum())} simple returns below -1 were treated as missing "
        f"(first: {where})."
    ]
