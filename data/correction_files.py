"""Corrections as files, to keep and to share: CSV with a row a correction."""

from __future__ import annotations

import csv
import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Final

import pandas as pd

from mentionstudy.data.calendars import BEIJING, as_utc
from mentionstudy.data.corrections import correction
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.tables import TABLES, empty_frame

# the signs of `analysis.export`, which this package may not import; a test holds them together
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def corrections_csv(corrections: pd.DataFrame) -> str:
    """Return corrections as CSV that a spreadsheet can open without harm."""
    frame = corrections.copy()
    frame["created_at"] = [
        "" if pd.isna(stamp) else stamp.isoformat() for stamp in frame["created_at"]
    ]
    for column in frame.columns:
        frame[column] = [f"'{c}" if _is_guarded(c) else c for c in frame[column].astype("str")]
    # all in quotes: a carriage return in a note without them would end its row
    text: str = frame.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)
    return text


def export_corrections(corrections: pd.DataFrame, path: str | Path) -> None:
    """Write corrections to a CSV file in UTF-8; see `corrections_csv`."""
    Path(path).write_bytes(corrections_csv(corrections).encode())


def import_corrections(path: str | Path) -> pd.DataFrame:
    """Read corrections from a file of `export_corrections`.

    Raises
    ------
    FileSchemaError
        The file cannot be read, lacks a column, or has a row that makes no sense.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise FileSchemaError(f"{path}: cannot be read ({error.strerror or error})") from error
    return read_corrections(data, str(path))


def read_corrections(data: bytes, path: str) -> pd.DataFrame:
    """Read corrections from the bytes of such a file; `path` is what errors call it.

    Raises
    ------
    FileSchemaError
        As for `import_corrections`.
    """
    try:
        lines = list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileSchemaError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error
    rows = [empty_frame(TABLES["corrections"])]
    for number, line in enumerate(lines, start=2):
        cells = {name: _plain(cell or "") for name, cell in line.items() if name is not None}
        try:
            stamp = cells.pop("created_at", "")
            row = correction(
                cells.pop("article_id"),
                cells.pop("field"),
                cells.pop("action"),
                symbol=cells.get("symbol", ""),
                value=cells.get("value", ""),
                note=cells.get("note", ""),
                author=cells.get("author", ""),
                created_at=dt.datetime.fromisoformat(stamp) if stamp else None,
            )
        except KeyError as error:
            raise FileSchemaError(f"{path}: the first line lacks the column {error}") from error
        except ValueError as error:
            raise FileSchemaError(f"{path}, line {number}: {error}") from error
        rows.append(row)
    merged = pd.concat([row.astype(object) for row in rows], ignore_index=True)
    merged["created_at"] = as_utc(merged["created_at"]).dt.tz_convert(BEIJING)
    return merged.astype({name: "str" for name in merged.columns if name != "created_at"})


def _is_guarded(cell: str) -> bool:
    """Tell whether a cell begins as a formula; apostrophes of its own before that count as well."""
    return cell.lstrip("'").startswith(_FORMULA_STARTS)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_guarded(cell) else cell
