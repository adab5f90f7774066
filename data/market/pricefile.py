"""One price file of a user's own, read with every fault named by file and line.

A fault costs its row and nothing else. What cannot be known, such as whether prices are adjusted,
is asked for and never guessed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from mentionstudy.data.errors import FileSchemaError, SymbolError
from mentionstudy.data.market.vendors import Columns, recognise
from mentionstudy.data.securities import candidates, parse_symbol

SUFFIXES: Final = frozenset({".csv", ".txt", ".tsv", ".parquet", ".pq", ".xlsx"})
MAX_LISTED: Final = 5
_BLANK: Final = frozenset({"", "-", "--", "nan", "none", "null", "na", "n/a"})
_NUMERIC: Final = ("open", "high", "low", "close", "adjusted_close", "volume", "amount", "factor")


@dataclass(slots=True)
class PriceFile:
    """What a file held.

    Attributes
    ----------
    path
        The file.
    frame
        ``symbol, date, open, high, low, close, volume, amount`` and, where the file has them,
        ``adjusted_close, factor``; ascending, one row a symbol and date.
    problems
        By symbol (empty for the whole file), sentences that name file and line.
    columns
        What its columns were taken for.
    flags
        Values of baostock's ``adjustflag`` by symbol: 3 raw, 1 and 2 adjusted.
    """

    path: Path
    frame: pd.DataFrame
    columns: Columns
    problems: dict[str, list[str]] = field(default_factory=dict)
    flags: dict[str, set[str]] = field(default_factory=dict)

    def told(self, symbol: str) -> str:
        """Return the problems of a symbol as one text, the first few in words."""
        told = self.problems.get(symbol, []) + self.problems.get("", [])
        more = len(told) - MAX_LISTED
        text = "; ".join(told[:MAX_LISTED])
        return f"{text}; and {more} more" if more > 0 else text


def symbol_of_name(stem: str) -> str:
    """Return the symbol that a file name or a cell stands for; empty if none.

    A code without exchange is read as a share, where a share has that code: ``000300`` is the
    share of Shenzhen. An index needs its exchange: ``000300.SH``.
    """
    word = stem.strip().replace("_", ".").replace("-", ".")
    try:
        return parse_symbol(word).symbol
    except SymbolError:
        pass
    digits = word.removesuffix(".0")
    found = candidates(digits) if digits.isdigit() and len(digits) >= 5 else ()
    return found[0].symbol if found else ""


def read_price_file(path: Path) -> PriceFile:
    """Read a file of one symbol, or a long or wide file of many.

    Parameters
    ----------
    path
        CSV (UTF-8, UTF-16 or GB18030; comma, semicolon or tab), Parquet or XLSX.

    Raises
    ------
    FileSchemaError
        If the file as a whole cannot be used; says why and what is accepted.
    """
    raw = _read_raw(path)
    if raw.empty:
        raise FileSchemaError(f"{path}: the file has no rows")
    columns = recognise(raw.columns)
    if "date" not in columns.fields:
        given = ", ".join(str(c) for c in raw.columns[:12])
        raise FileSchemaError(
            f"{path}: no column is a date; named date, trade_date, 日期 and the like are "
            f"recognised, given were {given}"
        )
    if "close" not in columns.fields:
        wide = _wide(path, raw, columns)
        if wide is None:
            raise FileSchemaError(
                f"{path}: no column is a close; named close, 收盘, Close, ClsPrc and the like are "
                "recognised, or name each column by its symbol"
            )
        raw, columns = wide, recognise(["symbol", "date", "close"])
    return _tidy(path, raw, columns)


def _wide(path: Path, raw: pd.DataFrame, columns: Columns) -> pd.DataFrame | None:
    """Turn a table of closes, one column a symbol, into a long one; None if it is none."""
    date = columns.fields["date"]
    named = {c: symbol_of_name(str(c)) for c in raw.columns if c != date and c != "_line"}
    known = {c: s for c, s in named.items() if s}
    if not known or len(known) < len(named) / 2:
        return None
    long = raw.melt([date, "_line"], list(known), "symbol", "close")
    long["symbol"] = long["symbol"].map(known)
    return long.rename(columns={date: "date"}).dropna(subset=["close"])


def _tidy(path: Path, raw: pd.DataFrame, columns: Columns) -> PriceFile:
    """Check every cell and put the rows in order."""
    out = PriceFile(path=path, frame=pd.DataFrame(), columns=columns)
    raw = raw.loc[~_footer(raw, columns)]
    frame = pd.DataFrame({"line": raw["_line"].to_numpy()})
    frame["symbol"] = _symbols(path, raw, columns)
    frame["date"] = _dates(raw[columns.fields["date"]]).to_numpy()
    text = raw[columns.fields["date"]].astype("str").to_numpy()
    _drop(out, frame, frame["date"].isna(), lambda i: f"{text[i]!r} is not a date")
    unnamed = frame["symbol"].eq("")
    _drop(out, frame, unnamed, lambda _i: "the symbol is not one that is known")
    for name in _NUMERIC:
        if name in columns.fields:
            cells = raw[columns.fields[name]]
            frame[name] = _numbers(cells).to_numpy() * columns.scale.get(name, 1.0)
            _name_bad_cells(out, frame, cells, name)
    bad = ~(frame["close"] > 0)
    closes = raw[columns.fields["close"]].astype("str").to_numpy()
    silent = raw[columns.fields["close"]].map(_is_blank).to_numpy()
    _drop(out, frame, bad & ~silent, lambda i: f"the close {closes[i]!r} is not a price")
    if "flag" in columns.fields:
        pairs = zip(frame["symbol"], raw[columns.fields["flag"]].astype("str"), strict=True)
        for symbol, flag in pairs:
            out.flags.setdefault(symbol, set()).add(flag.removesuffix(".0"))
    frame = frame.loc[~bad & frame["date"].notna() & ~unnamed]
    out.frame = _unique(out, frame).drop(columns="line").reset_index(drop=True)
    return out


def _symbols(path: Path, raw: pd.DataFrame, columns: Columns) -> list[str]:
    if "symbol" in columns.fields:
        cells = raw[columns.fields["symbol"]].astype("str")
        known = {c: _cell_symbol(c) for c in cells.unique()}
        return [known[c] for c in cells]
    symbol = symbol_of_name(path.stem)
    if not symbol:
        raise FileSchemaError(
            f"{path}: neither a column nor the file's name says which security it is; name it "
            "like 600718.SH.csv, or add a column symbol"
        )
    return [symbol] * len(raw)


def _cell_symbol(cell: str) -> str:
    """Return the symbol of a cell; spreadsheets lose leading zeros (``750`` for ``000750``)."""
    word = cell.strip().removesuffix(".0")
    return symbol_of_name(word.zfill(6) if word.isdigit() and len(word) < 5 else word)


def _drop(
    out: PriceFile, frame: pd.DataFrame, bad: pd.Series[bool], say: Callable[[int], str]
) -> None:
    """Note the rows that will be left out."""
    for i in np.flatnonzero(bad.to_numpy()):
        symbol = str(frame["symbol"].iloc[i])
        line = frame["line"].iloc[i]
        out.problems.setdefault(symbol, []).append(f"{out.path.name} line {line}: {say(int(i))}")


def _name_bad_cells(out: PriceFile, frame: pd.DataFrame, cells: pd.Series[str], name: str) -> None:
    if name == "close":
        return  # a row without a close is named as a row
    texts = cells.to_numpy()
    bad = frame[name].isna() & ~cells.map(_is_blank).astype("bool").reset_index(drop=True)
    _drop(out, frame, bad, lambda i: f"the {name} {str(texts[i])!r} is not a number")


def _unique(out: PriceFile, frame: pd.DataFrame) -> pd.DataFrame:
    """One row a symbol and date; of differing ones none."""
    frame = frame.sort_values(["symbol", "date"], kind="stable")
    key = ["symbol", "date"]
    twice = frame.duplicated(key, keep=False)
    if not twice.any():
        return frame
    keep = ~frame.duplicated(key)
    for (symbol, day), rows in frame.loc[twice].groupby(key):
        if rows["close"].nunique() > 1:
            lines = " and ".join(str(n) for n in rows["line"])
            out.problems.setdefault(str(symbol), []).append(
                f"{out.path.name} lines {lines}: different bars of {day:%Y-%m-%d}, none is used"
            )
            keep.loc[rows.index] = False
    return frame.loc[keep]


def _footer(raw: pd.DataFrame, columns: Columns) -> pd.Series[bool]:
    """Rows such as a source's name below the table: a text, and nothing in the other columns."""
    others = [c for c in raw.columns if c not in (raw.columns[0], "_line")]
    if not others:
        return pd.Series(data=False, index=raw.index)
    blank = pd.concat([raw[c].map(_is_blank) for c in others], axis=1).all(axis=1)
    return blank & (_dates(raw[columns.fields["date"]]).isna())


def _is_blank(cell: object) -> bool:
    return cell is None or str(cell).strip().lower() in _BLANK


def _numbers(cells: pd.Series[str]) -> pd.Series[float]:
    if pd.api.types.is_numeric_dtype(cells):
        numbers = cells.astype("float64")
    else:
        text = cells.astype("str").str.strip().str.replace(",", "", regex=False)
        numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    return numbers.replace([np.inf, -np.inf], np.nan)


def _dates(cells: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Dates in the ways that vendors write them; the time of day and its zone are cut off."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        days = pd.DatetimeIndex(cells)
        local = days.tz_localize(None) if days.tz is not None else days
        return pd.Series(local.normalize().as_unit("us"), index=cells.index)
    text = cells.astype("str").str.strip().str.removesuffix(".0")
    text = text.str.replace(r"[年月/.]", "-", regex=True).str.replace("日", "", regex=False)
    text = text.str.extract(r"^(\d{8}|\d{4}-\d{1,2}-\d{1,2})(?=$|[ T日])", expand=False)
    compact = text.str.fullmatch(r"\d{8}").fillna(value=False).astype(bool)
    out = pd.to_datetime(text.where(~compact), format="%Y-%m-%d", errors="coerce")
    packed = pd.to_datetime(text.where(compact), format="%Y%m%d", errors="coerce")
    return out.fillna(packed).astype("datetime64[us]")


def _read_raw(path: Path) -> pd.DataFrame:
    """Read cells as they are, with the line of the file that each row is on."""
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return _with_lines(_flat(pd.read_parquet(path)), 1)
        if path.suffix.lower() == ".xlsx":
            return _with_lines(pd.read_excel(path), 2)
        return _read_text(path)
    except FileSchemaError:
        raise
    except (OSError, ValueError, KeyError, csv.Error, BadZipFile, pd.errors.ParserError) as error:
        first = (str(error).splitlines() or [""])[0][:160]
        raise FileSchemaError(f"{path}: cannot be read as {path.suffix[1:]} ({first})") from error


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Dates and symbols in the index become columns."""
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()


def _read_text(path: Path) -> pd.DataFrame:
    text = _decoded(path)
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    header: list[str] | None = None
    cells: list[list[str]] = []
    lines: list[int] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = _distinct(row)
            continue
        cells.append((row + [""] * len(header))[: len(header)])
        lines.append(rows.line_num)
    if header is None:
        raise FileSchemaError(f"{path}: the file is empty")
    frame = pd.DataFrame(cells, columns=header, dtype="str")
    return frame.assign(_line=lines)


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\x00" in data[:4096]:
        raise FileSchemaError(f"{path}: this is no text file; give CSV, Parquet or XLSX")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileSchemaError(f"{path}: neither UTF-8 nor GB18030; save it as UTF-8")


def _distinct(names: Iterable[str]) -> list[str]:
    out: list[str] = []
    for i, name in enumerate(names):
        plain = name.strip() or f"column {i + 1}"
        out.append(plain if plain not in out else f"{plain} ({i + 1})")
    return out


def _with_lines(frame: pd.DataFrame, first: int) -> pd.DataFrame:
    return frame.assign(_line=np.arange(first, first + len(frame)))
