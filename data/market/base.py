"""What every price source promises, and the two frames it returns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datetime import date

    from mentionstudy.data.securities import Security

TableKind = Literal["bars", "factors"]
"""The two tables that a source fills."""

BAR_COLUMNS: Final = (
    "symbol",
    "date",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "amount",
    "source",
    "fetched_at",
)
FACTOR_COLUMNS: Final = ("symbol", "ex_date", "factor", "cash", "source", "fetched_at")
PRICE_COLUMNS: Final = ("open", "high", "low", "close", "volume", "amount")

FIRST_DAY: Final = pd.Timestamp("1900-01-01")
"""The ex-date of the row that is in force before any corporate action."""


@runtime_checkable
class PriceSource(Protocol):
    """One place that prices come from.

    Attributes
    ----------
    name : str
        Goes into the ``source`` column and the fetch log.

    A source may have an attribute ``local``; if it is true, reading costs nothing and is repeated
    at every fetch, so that changed files are noticed.
    """

    name: str

    def bars(self, security: Security, start: date, end: date) -> pd.DataFrame:
        """Return the bars as traded of the sessions from `start` to `end`, both included.

        Returns
        -------
        pandas.DataFrame
            `BAR_COLUMNS`, ascending by date, never empty. Prices in the currency of trading,
            volume in shares, amount in currency; NaN where the source has none.

        Raises
        ------
        SourceError
            One of its subclasses says what happened; an empty frame never does.
        """
        ...

    def factors(self, security: Security) -> pd.DataFrame:
        """Return the whole table of adjustment factors.

        Returns
        -------
        pandas.DataFrame
            `FACTOR_COLUMNS`, ascending by ex-date. A security without corporate actions has
            the one row 1900-01-01 with factor 1 and cash 0.

        Raises
        ------
        SourceError
            As for `bars`.
        """
        ...


def bars_frame(
    frame: pd.DataFrame, symbol: str, source: str, fetched_at: datetime | None = None
) -> pd.DataFrame:
    """Bring bars into the common schema: column order, types, ascending dates.

    Parameters
    ----------
    frame
        Any of ``date, open, high, low, close, volume, amount``; missing ones become NaN.
    symbol, source
        Written into every row.
    fetched_at
        When the rows were read, time zone aware; now by default.
    """
    stamp = pd.Timestamp(fetched_at or datetime.now(UTC)).tz_convert("UTC").as_unit("us")
    days = pd.DatetimeIndex(frame["date"]).normalize().as_unit("us")
    columns: dict[str, object] = {"symbol": _repeated(symbol, len(frame)), "date": days}
    for name in PRICE_COLUMNS:
        columns[name] = floats(frame[name]) if name in frame else np.full(len(frame), np.nan)
    columns["source"] = _repeated(source, len(frame))
    columns["fetched_at"] = pd.DatetimeIndex([stamp]).repeat(len(frame))
    out = pd.DataFrame(columns, columns=list(BAR_COLUMNS))
    if days.is_monotonic_increasing:
        return out
    return out.sort_values("date", kind="stable", ignore_index=True)


def _repeated(text: str, count: int) -> pd.Series[str]:
    return pd.Series(text, index=range(count), dtype="str")


def floats(column: pd.Series[float]) -> NDArray[np.float64]:
    """Return the floats of a column; what is no number becomes NaN."""
    if column.dtype != np.float64:
        column = pd.to_numeric(column, errors="coerce")
    return np.asarray(column.to_numpy(np.float64, na_value=np.nan), dtype=np.float64)


def factors_frame(
    frame: pd.DataFrame, symbol: str, source: str, fetched_at: datetime | None = None
) -> pd.DataFrame:
    """Bring factor rows (``ex_date, factor`` and optionally ``cash``) into the common schema."""
    stamp = fetched_at or datetime.now(UTC)
    out = pd.DataFrame(
        {
            "symbol": pd.array([symbol] * len(frame), dtype="str"),
            "ex_date": pd.to_datetime(frame["ex_date"]).dt.normalize().astype("datetime64[us]"),
            "factor": pd.to_numeric(frame["factor"], errors="coerce").astype("float64"),
            "cash": (
                pd.to_numeric(frame["cash"], errors="coerce").astype("float64").fillna(0.0)
                if "cash" in frame
                else 0.0
            ),
            "source": pd.array([source] * len(frame), dtype="str"),
            "fetched_at": pd.Timestamp(stamp).tz_convert("UTC").as_unit("us"),
        }
    )
    return out.sort_values("ex_date", kind="stable", ignore_index=True)[list(FACTOR_COLUMNS)]


def unit_factors(symbol: str, source: str, fetched_at: datetime | None = None) -> pd.DataFrame:
    """Return the factor table of a security without corporate actions: 1 from the beginning."""
    row = pd.DataFrame({"ex_date": [FIRST_DAY], "factor": [1.0], "cash": [0.0]})
    return factors_frame(row, symbol, source, fetched_at)
