"""Whether a form stands in a text as words of its own, and is not cut out of longer ones.

Chinese is written without blanks: 新产业 is a firm, and four characters of 临港创新产业园. The text
around is cut into words by a dictionary; a name that begins or ends inside one of them is none.
The names themselves are not in that dictionary, so that 亚洲金融 cannot win against 金融危机.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import Final

_WINDOW: Final = 8
_WORDS: Final = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9]{{0,{_WINDOW}}}")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z0-9]{2}")
_LONG: Final = 4
# Words of grammar that a cutter without the name joins to what follows: 沪农商行将 as 行将.
_GRAMMAR: Final = frozenset("将拟已在与和及等称的是也均被对从由至")


def stands_alone(text: str, start: int, end: int, breaks: tuple[int, ...] = ()) -> bool:
    """Tell whether a span begins and ends where words do.

    Parameters
    ----------
    text
        Half-width and simplified.
    start, end
        The span.
    breaks
        Places where a blank stood before it was taken out; nothing reaches across one, except
        the span itself.
    """
    behind = _WORDS.match(text, end)
    before = _WORDS.match(text[max(0, start - _WINDOW) : start][::-1])
    first = start - (before.end() if before else 0)
    last = behind.end() if behind else end
    if breaks:
        nearest = bisect_right(breaks, start) - 1
        first = max(first, breaks[nearest]) if nearest >= 0 else first
        nearest = bisect_left(breaks, end)
        last = min(last, breaks[nearest]) if nearest < len(breaks) else last
    if _cuts_latin(text, start) or _cuts_latin(text, end):
        return False
    free_left = first == start or not _HAN.match(text[start])
    free_right = last == end or not _HAN.match(text[end - 1])
    if free_left and free_right:
        return True
    borders = _borders(text[first:last])
    free_right = free_right or (end - start >= _LONG and text[end] in _GRAMMAR)
    return (free_left or start - first in borders) and (free_right or end - first in borders)


def _cuts_latin(text: str, place: int) -> bool:
    """Tell whether a Latin word or a number goes on at a place."""
    return place > 0 and _LATIN.match(text, place - 1) is not None


@lru_cache(maxsize=4096)
def _borders(window: str) -> frozenset[int]:
    import rjieba

    return frozenset((0, *accumulate(map(len, rjieba.cut(window, False)))))


def noun_follows(text: str, end: int) -> bool:
    """Tell whether the word that begins at `end` is a noun that the words before may belong to."""
    return _begins_with_noun(text[end : end + _WINDOW])


@lru_cache(maxsize=4096)
def _begins_with_noun(window: str) -> bool:
    import rjieba

    words = rjieba.tag(window, False)
    return bool(words) and len(words[0][0]) > 1 and words[0][1] in {"n", "vn", "l", "j", "nz"}
