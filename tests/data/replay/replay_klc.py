"""Writes the packed text in which Sina ships daily bars, so that akshare's own decoder reads it.

Layout, as the decoder in akshare reads it (branch 3466): a stream of bits, six to a character,
lowest bit first. A record starts with two set bits and three optional blocks, each behind a bit of
its own: (a) decimals, (b) field widths and the date, (c) the base price. Then come the fields: open
relative to the base (the previous close, or the price of block c), high above open, low below open,
close relative to open, volume relative to the previous volume, and the amount relative to what the
decoder expects from prices and volume.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
DAY_ZERO = dt.date(1970, 1, 1) + dt.timedelta(days=7657)
KIND_BARS = 3466
PRICE_GROUPS, VOLUME_GROUPS, AMOUNT_GROUPS = 7, 14, 14  # widths in groups of three bits
START_GROUPS = {"price": 3, "volume": 5, "amount": 5}


class PackedBar(NamedTuple):
    """One bar; `base` is the reference price where it differs from the previous close."""

    date: dt.date
    open: float
    high: float
    low: float
    close: float
    volume: int
    base: float | None = None


class _Bits:
    """Bits in the order in which they are read."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def flag(self, *bits: int) -> None:
        self.parts.extend("1" if b else "0" for b in bits)

    def number(self, value: int, width: int) -> None:
        if value < 0:
            value += 1 << width
        if not 0 <= value < 1 << width:
            raise ValueError(f"{value} does not fit into {width} bits")
        self.parts.append(format(value, f"0{width}b")[::-1])

    def step(self, value: int) -> None:
        """A change of a width: nothing, or its sign and its size in unary."""
        if not value:
            self.flag(0)
            return
        self.flag(1, value > 0)
        self.flag(*[1] * (abs(value) - 1), 0)

    def text(self) -> str:
        stream = "".join(self.parts)
        stream += "0" * (-len(stream) % 6)
        return "".join(ALPHABET[int(stream[i : i + 6][::-1], 2)] for i in range(0, len(stream), 6))


def pack_bars(bars: Iterable[PackedBar], decimals: int = 2) -> str:
    """Return the packed text of bars in ascending order, prices with 2 or 3 decimals."""
    bits = _Bits()
    bits.number(KIND_BARS, 12)
    bits.number(63, 6)
    scale = 10**decimals
    previous_close = previous_volume = 0
    for row, bar in enumerate(bars):
        bits.flag(1, 1)
        _decimals(bits, row, decimals)
        _widths_and_date(bits, row, (bar.date - DAY_ZERO).days)
        base = previous_close
        if row == 0 or bar.base is not None:
            base = round((bar.open if bar.base is None else bar.base) * scale)
            bits.flag(1, 0)
            bits.number(base - previous_close, 3 * PRICE_GROUPS)
        else:
            bits.flag(0)
        open_, high, low, close = (round(p * scale) for p in bar[1:5])
        for value in (open_ - base, high - open_, open_ - low, close - open_):
            bits.number(value, 3 * PRICE_GROUPS)
        bits.number(bar.volume - previous_volume, 3 * VOLUME_GROUPS)
        bits.number(0, 3 * AMOUNT_GROUPS)
        previous_close, previous_volume = close, bar.volume
    bits.flag(1, 1, 0, 0, 0)  # a record without any block ends the stream
    return bits.text()


def _decimals(bits: _Bits, row: int, decimals: int) -> None:
    if row or decimals == 2:
        bits.flag(0)
        return
    bits.flag(1, 0)  # the block, without a change of format
    bits.step(3 * (decimals - 2))  # three units a decimal
    bits.flag(0, 0)  # volume and amount stay whole


def _widths_and_date(bits: _Bits, row: int, day: int) -> None:
    bits.flag(1)
    for name, groups in (
        *[("price", PRICE_GROUPS)] * 4,
        ("volume", VOLUME_GROUPS),
        ("amount", AMOUNT_GROUPS),
    ):
        bits.step(groups - START_GROUPS[name] if row == 0 else 0)
    bits.flag(1)
    bits.number(1, 3)  # an absolute date follows
    bits.number(day, 18)
