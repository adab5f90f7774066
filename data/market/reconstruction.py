"""Adjustment factors recovered from Eastmoney's raw and backward-adjusted closes.

Eastmoney publishes no factors, and its adjusted series cannot be used for returns: cash is added
and only splits are multiplied, ``adjusted = a * raw + b``. But between two corporate actions a and
b are constant, and the pair is exactly what the affine rule of `returns_panel` needs as factor and
cash. Recovering the pieces of the line therefore recovers the true returns, up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.market.base import FIRST_DAY

_FIRST_DAYS: Final = 4

_Line = tuple[float, float, float]  # slope, offset, standard error of the slope


@dataclass(frozen=True, slots=True)
class _Piece:
    """One line ``adjusted = slope * raw + offset``, from row `start` on, before row `stop`."""

    start: int
    stop: int
    slope: float
    offset: float
    error: float


def factors_from_adjusted(raw: pd.DataFrame, adjusted: pd.DataFrame) -> pd.DataFrame:
    """Recover factor and cash from raw and additively adjusted closes.

    Parameters
    ----------
    raw, adjusted : pandas.DataFrame
        Columns ``date`` and ``close``, prices of the same days before and after adjustment.

    Returns
    -------
    pandas.DataFrame
        ``date, hfq_factor, cash``, oldest first, beginning 1900-01-01: in the shape of the tables
        that other upstreams publish.

    Raises
    ------
    ValueError
        If the two series have fewer than four days in common, or no line fits them.

    Notes
    -----
    A corporate action shows as the first day that is off the line of the days before by more
    than the rounding of the prices. Where the slope of the days before also fits the days after,
    it is kept: a cash dividend moves the offset only.
    """
    both = raw[["date", "close"]].merge(adjusted[["date", "close"]], on="date", suffixes=("", "_a"))
    both = both.apply(pd.to_numeric, errors="coerce") if both.empty else both
    both = both.dropna().sort_values("date", ignore_index=True)
    if len(both) < _FIRST_DAYS:
        raise ValueError(f"{len(both)} days in common are too few to tell the adjustment")
    x = pd.to_numeric(both["close"]).to_numpy(np.float64)
    y = pd.to_numeric(both["close_a"]).to_numpy(np.float64)
    pieces: list[_Piece] = []
    start = 0
    while start < len(x):
        piece = _piece(x, y, start, pieces[-1] if pieces else None)
        pieces.append(piece)
        start = piece.stop
    dates = [FIRST_DAY, *(pd.Timestamp(both["date"].iloc[p.start]) for p in pieces[1:])]
    return pd.DataFrame(
        {
            "date": dates,
            "hfq_factor": [p.slope for p in pieces],
            "cash": [p.offset for p in pieces],
        }
    )


def _piece(
    x: NDArray[np.float64], y: NDArray[np.float64], start: int, before: _Piece | None
) -> _Piece:
    """Return the longest line from `start` on that passes within the rounding of every day.

    If a line fits some days it fits the first of them too, so the length can be searched for by
    doubling and halving.
    """
    noise = _rounding(y)

    def line(days: int) -> _Line | None:
        part = slice(start, start + days)
        lines = [_through(x[part], y[part], before)] if before else []
        lines.append(_fit(x[part], y[part], noise))
        for slope, offset, error in lines:
            if np.abs(y[part] - slope * x[part] - offset).max() <= noise:
                return slope, offset, error
        return None

    rest = len(x) - start
    good, bad = 1, rest + 1
    step = min(_FIRST_DAYS, rest)
    while good + 1 < bad:
        if line(step) is None:
            bad = step
            step = (good + bad) // 2
        else:
            good = step
            step = min(2 * good, rest) if bad > rest else (good + bad) // 2
        step = min(max(step, good + 1), bad - 1)
    found = line(good)
    if before is None and good < min(_FIRST_DAYS, rest):
        raise ValueError("the adjusted prices are no line of the raw ones")
    if found is None:  # a single day always has a line
        found = (1.0, float(y[start] - x[start]), 0.0)
    return _Piece(start, start + good, *found)


def _through(x: NDArray[np.float64], y: NDArray[np.float64], before: _Piece) -> _Line:
    """Return the line with the slope of the piece before: cash moves the offset only."""
    return before.slope, float((y - before.slope * x).mean()), before.error


def _fit(x: NDArray[np.float64], y: NDArray[np.float64], noise: float) -> _Line:
    """Return the line of least squares, with the standard error of its slope."""
    spread = x - x.mean()
    ss = float(spread @ spread)
    slope = float(spread @ (y - y.mean()) / ss) if ss > 0 else 1.0
    error = float(noise / np.sqrt(3.0 * ss)) if ss > 0 else 0.0
    return slope, float((y - slope * x).mean()), error


def _rounding(y: NDArray[np.float64]) -> float:
    """How far a rounded price may be from the line: a little more than half a step."""
    for decimals in (0, 1, 2, 3, 4):
        if np.allclose(y, np.round(y, decimals), rtol=0, atol=1e-7):
            return float(1.1 * 10.0 ** -max(decimals, 2))
    return 1e-4
