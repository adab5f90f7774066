"""Text in one spelling, character for character, so that offsets still point into the original."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_CODEC: Final = "utf-32-le"
_BREAK: Final = re.compile(r"(?<=[\u4e00-\u9fff])[ \n](?=[\u4e00-\u9fffA-Za-z])")
# Each blank by itself and first in its pattern, because then the search looks at nothing else.
_BLANK: Final = re.compile(r" (?<=[\u4e00-\u9fff] )(?=[\u4e00-\u9fffA-Za-z])")
_LINE: Final = re.compile(r"\n(?<=[\u4e00-\u9fff]\n)(?=[\u4e00-\u9fffA-Za-z])")
# Most texts have no other characters that change, and these are changed soonest one by one.
_WIDE: Final = tuple(zip("，：（）；！？％　", ",:();!?% ", strict=True))


class Plain(NamedTuple):
    """A text as names are looked for in it.

    Attributes
    ----------
    text
        Half-width, simplified, and without the blanks that stand between Chinese characters:
        crawlers leave one where a name was a link (万科 A公布).
    breaks
        Where those blanks were: offsets into `text` of the characters behind them.
    """

    text: str
    breaks: tuple[int, ...]

    def offset(self, original: int) -> int:
        """Return the offset in `text` of a character of the original text."""
        if not self.breaks:
            return original
        places = range(len(self.breaks))
        return original - bisect_left(places, original, key=lambda n: self.breaks[n] + n)

    def original(self, offset: int) -> int:
        """Return the offset in the original text of a character of `text`."""
        return offset + bisect_right(self.breaks, offset)

    def original_end(self, offset: int) -> int:
        """Return the offset in the original text behind the last character before `offset`."""
        return self.original(offset - 1) + 1 if offset else 0


def plain(text: str) -> Plain:
    """Bring a text into the form in which names are looked for."""
    same = simplified(text)
    if _BLANK.search(same) is None and _LINE.search(same) is None:
        return Plain(same, ())
    breaks: list[int] = []
    for count, match in enumerate(_BREAK.finditer(same)):
        breaks.append(match.start() - count)
    return Plain(_BREAK.sub("", same), tuple(breaks))


def simplified(text: str) -> str:
    """Return a text half-width and in simplified characters, of the same length."""
    if _changing().search(text) is None:
        return text
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    if _changing().search(text) is None:
        return text
    codes = np.frombuffer(text.encode(_CODEC, "surrogatepass"), dtype="<u4")
    # every code is in the table, and numpy need not look first when it may clip
    same: bytes = _table().take(codes, mode="clip").tobytes()
    return same.decode(_CODEC, "surrogatepass")


@lru_cache(maxsize=1)
def _changing() -> re.Pattern[str]:
    """Return what finds a character that is written otherwise."""
    table = _table()
    codes = np.flatnonzero(table != np.arange(len(table), dtype=table.dtype))
    return re.compile(f"[{re.escape(''.join(map(chr, codes)))}]")


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    """Map every code point: full-width forms and traditional characters, the rest to itself."""
    from opencc import OpenCC

    table = np.arange(sys.maxunicode + 1, dtype="<u4")
    table[0xFF01:0xFF5F] -= 0xFEE0
    table[0x3000] = 0x20
    table[0xD800:0xE000] = 0xFFFD  # half a character, which no search engine takes
    # Each character on a line of its own: phrases would change the number of characters.
    chars = [chr(code) for code in range(0x4E00, 0xA000)]
    converted = OpenCC("t2s").convert("\n".join(chars)).split("\n")
    for old, new in zip(chars, converted, strict=True):
        if len(new) == 1:
            table[ord(old)] = ord(new)
    return table
