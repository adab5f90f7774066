"""Tick sizes of the mainland exchanges, and rounding to them as the exchanges round."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.securities import MAINLAND, parse_symbol

_HAIR: Final = 1e-6  # far below a tick of 0.001


@lru_cache(maxsize=65_536)
def tick_size(symbol: str) -> float:
    """Return the tick of a security in its currency; NaN where the price decides it, or none.

    A cent on the mainland; a mill for Shanghai B shares and for funds. In Hong Kong the tick grows
    with the price.

    Examples
    --------
    >>> tick_size("600718.SH"), tick_size("900901.SH"), tick_size("00700.HK")
    (0.01, 0.001, nan)
    """
    try:
        security = parse_symbol(symbol)
    except SymbolError:
        return float("nan")
    if security.exchange not in MAINLAND or not (security.tradable or security.kind == "fund"):
        return float("nan")
    mills = security.kind == "fund" or (security.kind, security.exchange) == ("b_share", "SH")
    return 0.001 if mills else 0.01


def round_half_up(
    value: NDArray[np.float64], tick: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Round to a multiple of the tick, halves up (Python and numpy round halves to even)."""
    # The hair lifts 0.145 / 0.01 = 14.499999999999998 over the half that it stands for.
    return np.asarray(np.floor(value / tick + 0.5 + _HAIR) * tick, dtype=np.float64)


def exchange_reference(
    reference: NDArray[np.float64], previous: NDArray[np.float64], tick: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Round reference closes to the tick, as the exchange does before it measures the change.

    Parameters
    ----------
    reference, previous, tick
        One shape. Where the tick is NaN, or the previous close is no multiple of it (an adjusted
        price), the reference stays as it is.
    """
    with np.errstate(invalid="ignore"):
        on_tick = np.abs(previous / tick - np.round(previous / tick)) < 1e-4
        rounded = round_half_up(reference, tick)
    return np.where(on_tick & (rounded > 0), rounded, reference)
