"""A user's own tables of events and returns, read with every fault named by file, line and column.

A fault costs its cell or its row and nothing else: the rest is read, and the faults come back as
sentences beside the table.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import FileSchemaError

ENCODINGS = ("utf-8-sig", "gb18030")
MAX_LISTED = 20
_DAILY_GAP = 4.0  # days; a weekend is three
_PARQUET = {".parquet", ".pq"}
_EVENT_SYNONYMS = {
    "symbol": (
        "symbol",
        "ticker",
        "code",
        "stock",
        "security",
        "firm",
        "permno",
        "证券代码",
        "代码",
    ),
    "date": ("date", "day0", "event_date", "event date", "日期", "事件日", "公告日期"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRead:
    """One file's content with what was wrong in it.

    Attributes
    ----------
    frame
        What could be read.
    problems
        One sentence a fault, each naming the file and the place; these cost data.
    notes
        What was put in order without loss, such as rows sorted by date.
    """

    frame: pd.DataFrame
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def read_returns_file(path: str | Path) -> TableRead:
    """Read a wide table of returns: the first column the date, every other column one symbol.

    Parameters
    ----------
    path
        A CSV (UTF-8 or GB18030) or Parquet file. Values are decimal returns (0.012 is 1.2 %).

    Returns
    -------
    TableRead
        ``frame`` has a sorted, unique, naive ``DatetimeIndex`` named ``date`` and float columns;
        an unreadable or infinite cell is missing and named in ``problems``. A value below -1, which
        only a log return can have, is kept and named in ``notes``.

    Raises
    ------
    FileSchemaError
        If there is no file, no date column or no column of numbers.
    """
    path = Path(path)
    raw, lines = _read_raw(path)
    if raw.shape[1] < 2:
        raise FileSchemaError(
            f"{path}: a returns file has the date in its first column and one column a symbol; "
            f"this one has {raw.shape[1]} column(s): {', '.join(map(str, raw.columns))}"
        )
    problems: list[str] = []
    dates = _dates(raw.iloc[:, 0], lines, path, problems)
    if dates.notna().sum() == 0:
        raise FileSchemaError(
            f"{path}: no date in the first column {str(raw.columns[0])!r}; write YYYY-MM-DD"
        )
    columns = {
        str(name): _numbers(raw[name], str(name), lines, path, problems) for name in raw.columns[1:]
    }
    frame = pd.DataFrame(columns)
    notes = _below_total_loss(frame, lines, path)
    frame.index = pd.DatetimeIndex(dates, name="date")
    keep = dates.notna().to_numpy()
    frame, lines = frame.loc[keep], lines[keep]
    frame, repaired = _put_in_order(frame, lines, path, problems)
    typical = float(np.nanmedian(np.abs(frame.to_numpy()))) if frame.notna().any(axis=None) else 0.0
    if typical > 0.2:
        problems.append(
            f"{path}: the typical return is {typical:.3g}, which looks like percent; "
            "returns are read as decimals (0.012 is 1.2 %), so divide by 100 if they are percent"
        )
    return TableRead(
        frame=frame,
        problems=_shortened(problems, path),
        notes=_shortened([*notes, *repaired], path),
    )


def read_factors_file(path: str | Path) -> TableRead:
    """Read daily factor returns: the first column the date, every other column one factor.

    Parameters
    ----------
    path
        As for `read_returns_file`: decimals; a column ``rf`` is the risk-free return.

    Returns
    -------
    TableRead
        As from `read_returns_file`. Days that are no session in Shanghai are named in ``notes``.

    Raises
    ------
    FileSchemaError
        As `read_returns_file`, and if the days lie too far apart for daily factors, or a column
        has no number.
    """
    read = read_returns_file(path)
    frame = read.frame
    empty = [str(name) for name in frame.columns if frame[name].isna().all()]
    if empty:
        raise FileSchemaError(f"{path}: the column {empty[0]!r} has no number")
    gaps = np.diff(frame.index.to_numpy().astype("datetime64[D]").astype(np.int64))
    if len(gaps) and float(np.median(gaps)) > _DAILY_GAP:
        raise FileSchemaError(
            f"{path}: its days lie {float(np.median(gaps)):g} days apart; a study of daily returns "
            "needs daily factors"
        )
    sessions = calendar_for("SH").sessions
    odd = frame.index[~frame.index.isin(sessions)]
    odd = odd[(odd >= sessions[0]) & (odd <= sessions[-1])]
    if not len(odd):
        return read
    note = f"{path}: {len(odd)} days are no session in Shanghai, such as {odd[0]:%Y-%m-%d}"
    return replace(read, notes=(*read.notes, note))


def read_events_file(path: str | Path) -> TableRead:
    """Read a table of events: columns ``symbol`` and ``date``, and any others as they are.

    Parameters
    ----------
    path
        A CSV (UTF-8 or GB18030) or Parquet file.

    Returns
    -------
    TableRead
        ``frame`` has ``symbol`` (text), ``date`` (naive midnight) and ``line`` (the line in the
        file) before the file's other columns. A row without a symbol or a readable date is left
        out and named in ``problems``.

    Raises
    ------
    FileSchemaError
        If there is no file or one of the two columns is missing.
    """
    path = Path(path)
    raw, lines = _read_raw(path, text=True)
    names = {str(c).strip().lower(): c for c in raw.columns}
    found = {}
    for wanted, synonyms in _EVENT_SYNONYMS.items():
        match = next((names[s] for s in synonyms if s in names), None)
        if match is None:
            raise FileSchemaError(
                f"{path}: an events file has the columns symbol and date; {wanted!r} is missing "
                f"among: {', '.join(map(str, raw.columns))}"
            )
        found[match] = wanted
    raw = raw.rename(columns=found)
    problems: list[str] = []
    dates = _dates(raw["date"], lines, path, problems)
    symbols = raw["symbol"].astype("str").str.strip()
    blank = raw["symbol"].isna() | (symbols == "")
    problems += [f"{path}, line {n}: no symbol; the row is left out" for n in lines[blank]]
    frame = raw.assign(symbol=symbols, date=dates, line=lines)[
        ["symbol", "date", "line", *[c for c in raw.columns if c not in ("symbol", "date")]]
    ]
    frame = frame.loc[(~blank & dates.notna()).to_numpy()].reset_index(drop=True)
    return TableRead(frame=frame, problems=_shortened(problems, path), notes=())


def _read_raw(path: Path, *, text: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table and the line in the file of each row."""
    if not path.is_file():
        raise FileSchemaError(f"{path}: there is no such file")
    if path.stat().st_size == 0:
        raise FileSchemaError(f"{path}: the file is empty")
    if path.suffix.lower() in _PARQUET:
        raw = _read_parquet(path)
        return raw, np.arange(1, len(raw) + 1)
    raw = _read_csv(path, text=text)
    lines = np.arange(2, len(raw) + 2)
    blank = raw.isna().all(axis=1).to_numpy()
    return raw.loc[~blank], lines[~blank]


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        raw = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise FileSchemaError(f"{path}: not a readable Parquet file ({error})") from error
    if isinstance(raw.index, pd.DatetimeIndex):
        raw = raw.rename_axis(str(raw.index.name or "date")).reset_index()
    return raw


def _read_csv(path: Path, *, text: bool) -> pd.DataFrame:
    head = path.read_bytes()[:4096]
    if b"\0" in head:
        raise FileSchemaError(f"{path}: a binary file; write a CSV or a Parquet file")
    for encoding in ENCODINGS:
        try:
            sample = head.decode(encoding, "ignore")
            return pd.read_csv(
                path,
                encoding=encoding,
                sep=_separator(sample),
                dtype="str" if text else None,
                skip_blank_lines=False,
                skipinitialspace=True,
                low_memory=False,
            )
        except UnicodeDecodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            raise FileSchemaError(f"{path}: not a readable CSV file ({error})") from error
    raise FileSchemaError(f"{path}: neither UTF-8 nor GB18030; save the file as UTF-8")


def _separator(sample: str) -> str:
    first = sample.splitlines()[0] if sample.strip() else ""
    try:
        return csv.Sniffer().sniff(first, delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def _dates(
    column: pd.Series, lines: np.ndarray, path: Path, problems: list[str]
) -> pd.Series[pd.Timestamp]:
    """Return naive midnights; a value that is no date is missing and named."""
    if pd.api.types.is_datetime64_any_dtype(column):
        parsed = column
    else:
        written = column.astype("str").str.strip().str.removesuffix(".0")
        compact = written.str.fullmatch(r"\d{8}")
        parsed = pd.to_datetime(written.where(~compact), errors="coerce", format="mixed")
        parsed = parsed.fillna(
            pd.to_datetime(written.where(compact), errors="coerce", format="%Y%m%d")
        )
    if isinstance(parsed.dtype, pd.DatetimeTZDtype):
        parsed = parsed.dt.tz_localize(None)
    bad = parsed.isna().to_numpy()
    for line, value in zip(lines[bad], column[bad], strict=True):
        problems.append(
            f"{path}, line {line}: {value!r} in column {str(column.name)!r} is no date; "
            "write YYYY-MM-DD; the row is left out"
        )
    days: pd.Series[pd.Timestamp] = parsed.dt.normalize().astype("datetime64[us]")
    return days


def _numbers(
    column: pd.Series, name: str, lines: np.ndarray, path: Path, problems: list[str]
) -> np.ndarray:
    """Return floats; a cell that is no possible return is missing and named."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        bad = np.zeros(len(values), dtype=bool)
    else:
        numbers = pd.to_numeric(column, errors="coerce")
        values = numbers.to_numpy(dtype="float64", na_value=np.nan, copy=True)
        bad = (numbers.isna() & column.notna()).to_numpy()
    infinite = np.isinf(values)
    for flaw, why in ((bad, "is no number"), (infinite, "is infinite")):
        for line, value in zip(lines[flaw], column[flaw], strict=True):
            problems.append(
                f"{path}, line {line}, column {name!r}: {value!r} {why}; the cell counts as missing"
            )
    return np.where(infinite, np.nan, values)


def _below_total_loss(frame: pd.DataFrame, lines: np.ndarray, path: Path) -> list[str]:
    values = frame.to_numpy(dtype="float64")
    return [
        f"{path}, line {lines[row]}, column {frame.columns[column]!r}: {values[row, column]} loses "
        "more than everything, which only a log return can; it is used as it stands"
        for row, column in np.argwhere(values < -1)
    ]


def _put_in_order(
    frame: pd.DataFrame, lines: np.ndarray, path: Path, problems: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Sort by date; equal rows of one date count once, contradicting ones count as missing."""
    notes: list[str] = []
    repeated = frame.index.duplicated(keep=False)
    if repeated.any():
        drop = np.zeros(len(frame), dtype=bool)
        for date in frame.index[repeated].unique():
            where = np.flatnonzero(frame.index == date)
            rows = frame.iloc[where]
            at = ", ".join(str(lines[k]) for k in where)
            drop[where[1:]] = True
            if rows.nunique(dropna=False).le(1).all():
                notes.append(f"{path}, lines {at}: {date:%Y-%m-%d} is there twice alike; used once")
                continue
            differs = rows.nunique(dropna=False).gt(1).to_numpy()
            frame.iloc[[where[0]], np.flatnonzero(differs)] = np.nan
            problems.append(
                f"{path}, lines {at}: {date:%Y-%m-%d} is there {len(where)} times with different "
                f"values in {int(differs.sum())} column(s); these count as missing on that day"
            )
        frame = frame.loc[~drop]
    if not frame.index.is_monotonic_increasing:
        notes.append(f"{path}: the dates were not in order and were sorted")
        frame = frame.sort_index()
    return frame, notes


def _shortened(problems: list[str], path: Path) -> tuple[str, ...]:
    if len(problems) <= MAX_LISTED:
        return tuple(problems)
    rest = len(problems) - MAX_LISTED
    return (*problems[:MAX_LISTED], f"{path}: and {rest} more of these")


def file_fingerprint(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, which names its content in a study's record."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
