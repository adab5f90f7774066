"""A folder of a user's own price files as a price source."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.errors import (
    FileSchemaError,
    NoData,
    SourceSchemaChanged,
    SymbolNotFound,
)
from mentionstudy.data.market.base import FIRST_DAY, bars_frame, factors_frame, unit_factors
from mentionstudy.data.market.normal import shares
from mentionstudy.data.market.pricefile import (
    SUFFIXES,
    PriceFile,
    read_price_file,
    symbol_of_name,
)

if TYPE_CHECKING:
    from datetime import date

    from mentionstudy.data.securities import Security

Adjustment = Literal["raw", "adjusted"]

FACTORS_STEM: Final = "factors"
_RAW_FLAG: Final = "3"
_STEP: Final = 2e-5
_KEPT_FILES: Final = 64


class FolderSource:
    """Price files of a user's own: one a symbol, or long or wide ones of many symbols.

    Parameters
    ----------
    path
        The folder; CSV, TXT, TSV, Parquet and XLSX files in it and below it are read, hidden
        ones are not. The column names of common vendors are recognised.
    adjusted
        ``raw``: prices as traded. Their corporate actions come from ``factors.csv`` in the folder
        (``symbol, ex_date, factor`` and optionally ``cash``; cumulative, 1 before the first row),
        or from a column with the adjusted close or the factor in the price files themselves.
        ``adjusted``: the closes are multiplicatively adjusted already, and nothing is added.

    Raises
    ------
    FileSchemaError
        If there is no such folder, or no price file in it, or both adjusted prices and factors.

    Examples
    --------
    >>> source = FolderSource("prices")  # doctest: +SKIP
    >>> source.symbols  # doctest: +SKIP
    """

    name = "folder"
    local = True

    def __init__(self, path: str | Path, *, adjusted: Adjustment = "raw") -> None:
        self.path = Path(path)
        self.adjusted: Adjustment = adjusted
        if not self.path.is_dir():
            raise FileSchemaError(f"{self.path}: there is no such folder")
        self._files = sorted(
            p
            for p in self.path.rglob("*")
            if p.is_file()
            and p.suffix.lower() in SUFFIXES
            and not any(part.startswith((".", "~$")) for part in p.relative_to(self.path).parts)
        )
        self._factor_files = [p for p in self._files if p.stem.lower() == FACTORS_STEM]
        self._files = [p for p in self._files if p not in self._factor_files]
        if not self._files:
            kinds = ", ".join(sorted(s[1:] for s in SUFFIXES))
            raise FileSchemaError(f"{self.path}: no price file in this folder ({kinds} are read)")
        if adjusted == "adjusted" and self._factor_files:
            raise FileSchemaError(
                f"{self._factor_files[0]}: the prices are said to be adjusted already, so factors "
                "would count twice; remove this file, or say that the prices are raw"
            )
        self._read: dict[Path, PriceFile] = {}

    @cached_property
    def failures(self) -> dict[Path, str]:
        """The files that could not be used, each with its reason."""
        failed = {}
        for path in self._files:
            try:
                self._file(path)
            except FileSchemaError as error:
                failed[path] = str(error)
        return failed

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that the folder has bars of."""
        return tuple(sorted(self._where))

    def bars(self, security: Security, start: date, end: date) -> pd.DataFrame:
        """See `PriceSource.bars`; what was left out is in ``frame.attrs["notes"]``."""
        symbol = security.symbol
        files = self._files_of(security)
        frame = pd.concat([f.frame.loc[f.frame["symbol"] == symbol] for f in files])
        notes = "; ".join(told for f in files if (told := f.told(symbol)))
        frame = self._one_bar_a_day(frame, symbol)
        inside = frame["date"].between(pd.Timestamp(start), pd.Timestamp(end))
        if not inside.any():
            if frame.empty:
                raise NoData(self.name, symbol, f"no usable row: {notes}")
            first, last = frame["date"].min(), frame["date"].max()
            raise NoData(
                self.name,
                symbol,
                f"{files[0].path.name} has it from {first:%Y-%m-%d} to {last:%Y-%m-%d} only",
            )
        out = bars_frame(frame.loc[inside], symbol, self.name)
        columns = {c: out[c].to_numpy() for c in ("close", "volume", "amount")}
        out["volume"] = shares(columns, security, "share")
        if foreign := _off_sessions(out, security):
            notes = "; ".join(filter(None, [notes, foreign]))
        if notes:
            out.attrs["notes"] = notes
        return out

    def factors(self, security: Security) -> pd.DataFrame:
        """See `PriceSource.factors`."""
        symbol = security.symbol
        files = self._files_of(security)
        if security.kind == "index" or self.adjusted == "adjusted":
            return unit_factors(symbol, self.name)
        if self._factor_files:
            return self._from_table(symbol)
        for file in files:
            rows = file.frame.loc[file.frame["symbol"] == symbol].set_index("date")
            if "factor" in rows and rows["factor"].notna().any():
                return self._from_days(rows["factor"], rows["close"] * 0 + np.inf, symbol)
            if "adjusted_close" in rows and rows["adjusted_close"].notna().any():
                return self._from_days(
                    rows["adjusted_close"] / rows["close"], rows["adjusted_close"], symbol
                )
        raise NoData(
            self.name,
            symbol,
            f"no factors.csv in {self.path.name}, and no column with a factor or an adjusted "
            "close: returns on ex-dates will be those of the raw prices. Add factors.csv, or say "
            "that the prices are adjusted",
        )

    def _from_table(self, symbol: str) -> pd.DataFrame:
        rows = self._table.loc[self._table["symbol"] == symbol]
        if rows.empty:
            return unit_factors(symbol, self.name)
        return factors_frame(rows, symbol, self.name)

    def _from_days(
        self, factor: pd.Series[float], price: pd.Series[float], symbol: str
    ) -> pd.DataFrame:
        """Factor rows where a daily factor changes by more than the rounding of its prices."""
        factor = factor.dropna().sort_index()
        price = price.reindex(factor.index)
        slack = np.maximum(_STEP, 1.5 * _resolution(price) / price)
        steps: list[tuple[pd.Timestamp, float]] = []
        base = level = float(factor.iloc[0])
        for day, value, near in zip(factor.index, factor, slack, strict=True):
            if abs(value / level - 1) > near:
                level = float(value)
                steps.append((day, level / base))
        rows = pd.DataFrame(steps, columns=["ex_date", "factor"])
        first = unit_factors(symbol, self.name)
        if rows.empty:
            return first
        table = factors_frame(rows, symbol, self.name)
        return pd.concat([first, table], ignore_index=True)

    @cached_property
    def _table(self) -> pd.DataFrame:
        """The rows of all ``factors.csv``."""
        parts = []
        for path in self._factor_files:
            try:
                raw = (
                    pd.read_parquet(path)
                    if path.suffix in {".parquet", ".pq"}
                    else pd.read_csv(path, dtype="str", encoding="utf-8-sig")
                )
            except (OSError, ValueError, pd.errors.ParserError) as error:
                raise FileSchemaError(f"{path}: cannot be read ({error})") from error
            lacking = {"symbol", "ex_date", "factor"} - set(raw.columns)
            if lacking:
                raise FileSchemaError(
                    f"{path}: no column {min(lacking)}; a table of factors has symbol, ex_date, "
                    "factor and optionally cash"
                )
            parts.append(_checked_factors(path, raw))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def _where(self) -> dict[str, list[Path]]:
        """Which files hold which symbol; a file that is named like a symbol is not opened."""
        where: dict[str, list[Path]] = {}
        for path in self._files:
            named = symbol_of_name(path.stem)
            try:
                symbols = [named] if named else list(self._file(path).frame["symbol"].unique())
            except FileSchemaError:
                continue  # told by `failures`
            for symbol in symbols:
                where.setdefault(str(symbol), []).append(path)
        return where

    def _file(self, path: Path) -> PriceFile:
        if path not in self._read:
            if len(self._read) >= _KEPT_FILES:  # a folder may hold more than the memory
                self._read.pop(next(iter(self._read)))
            self._read[path] = read_price_file(path)
        return self._read[path]

    def _files_of(self, security: Security) -> list[PriceFile]:
        symbol = security.symbol
        if symbol not in self._where:
            raise SymbolNotFound(self.name, symbol, self._absence(security))
        try:
            files = [self._file(path) for path in self._where[symbol]]
        except FileSchemaError as error:
            raise SourceSchemaChanged(self.name, symbol, str(error)) from error
        for file in files:
            told = file.flags.get(symbol, set()) - {_RAW_FLAG}
            if told and self.adjusted == "raw":
                raise SourceSchemaChanged(
                    self.name,
                    symbol,
                    f"{file.path.name}: its column adjustflag says that the prices are adjusted "
                    f"({', '.join(sorted(told))}); say so, or export raw prices (adjustflag 3)",
                )
        return files

    def _absence(self, security: Security) -> str:
        text = f"no file in {self.path.name} has it"
        for symbol, paths in self._where.items():
            if symbol.split(".")[0] == security.code and symbol != security.symbol:
                return (
                    f"{text}; {paths[0].name} was read as {symbol}: name it "
                    f"{security.symbol}{paths[0].suffix} if it is this one"
                )
        if self.failures:
            return f"{text}; {next(iter(self.failures.values()))}"
        return text

    def _one_bar_a_day(self, frame: pd.DataFrame, symbol: str) -> pd.DataFrame:
        frame = frame.sort_values("date", kind="stable")
        clash = frame.groupby("date")["close"].nunique()
        if (clash > 1).any():
            names = " and ".join(p.name for p in self._where[symbol])
            raise SourceSchemaChanged(
                self.name,
                symbol,
                f"{names} have different bars of {clash.index[clash > 1][0]:%Y-%m-%d}; keep one",
            )
        return frame.drop_duplicates("date")


def _checked_factors(path: Path, raw: pd.DataFrame) -> pd.DataFrame:
    symbols = raw["symbol"].astype("str").map(symbol_of_name)
    days = pd.to_datetime(raw["ex_date"].astype("str"), errors="coerce", format="mixed")
    factor = pd.to_numeric(raw["factor"], errors="coerce")
    for column, bad in (
        ("symbol", symbols.eq("")),
        ("ex_date", days.isna()),
        ("factor", ~(factor > 0)),
    ):
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise FileSchemaError(
                f"{path} line {i + 2}: {str(raw[column].iloc[i])!r} is not a usable {column}"
            )
    table = raw.assign(symbol=symbols, ex_date=days, factor=factor)
    twice = table.duplicated(["symbol", "ex_date"])
    if twice.any():
        i = int(np.flatnonzero(twice)[0])
        raise FileSchemaError(f"{path} line {i + 2}: a second factor of the same day")
    before = table["ex_date"] < FIRST_DAY
    return table.loc[~before]


def _resolution(values: pd.Series[float]) -> float:
    """Return the step in which prices are written: 0.01 for two decimals."""
    sample = values.dropna().head(500).to_numpy()
    for decimals in range(7):
        if np.allclose(sample, np.round(sample, decimals), rtol=0, atol=1e-9):
            return float(10.0**-decimals)
    return 1e-6


def _off_sessions(bars: pd.DataFrame, security: Security) -> str:
    if security.exchange not in CALENDAR_OF:
        return ""
    calendar = calendar_for(security.exchange)
    known = bars["date"].between(calendar.first_session, calendar.last_session)
    off = bars.loc[known & ~bars["date"].isin(calendar.sessions), "date"]
    if off.empty:
        return ""
    return f"{len(off)} bars on days without trading, such as {off.iloc[0]:%Y-%m-%d}, are not used"
