"""Whether a form stands in a text as words of its own, and is not cut out of longer ones.

Chinese is written without blanks: 新产业 is a firm, and four characters of 临港创新产业园. The text
around is cut into words by a dictionary; a name that begins or ends inside one of them is none.
The names themselves are not in that dictionary, so that 亚洲金融 cannot win against 金融危机.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate
from typing import Final

_WINDOW: Final = 8
_WORD: Final = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z0-9]")


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
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if _LATIN.match(text[start]) and before and _LATIN.match(before):
        return False
    if _LATIN.match(text[end - 1]) and after and _LATIN.match(after):
        return False
    first, last = start, end
    while (
        first > 0
        and start - first < _WINDOW
        and first not in breaks
        and _WORD.match(text[first - 1])
    ):
        first -= 1
    while (
        last < len(text) and last - end < _WINDOW and last not in breaks and _WORD.match(text[last])
    ):
        last += 1
    free_left = first == start or not _HAN.match(text[start])
    free_right = last == end or not _HAN.match(text[end - 1])
    if free_left and free_right:
        return True
    borders = _borders(text[first:last])
    return (free_left or start - first in borders) and (free_right or end - first in borders)


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
