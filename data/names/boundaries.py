"""Whether a form stands in a text as words of its own, and is not cut out of longer ones.

Chinese is written without blanks: 新产业 is a firm, and four characters of 临港创新产业园. The text
around is cut into words by a dictionary; a name that begins or ends inside one of them is none.
The names themselves are not in that dictionary, so that 亚洲金融 cannot win against 金融危机.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import Final

_WINDOW: Final = 8
_BEHIND: Final = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9]{{0,{_WINDOW}}}")
_BEFORE: Final = re.compile(r"(?:.*[^\u4e00-\u9fffA-Za-z0-9])?", re.DOTALL)  # up to a word
# What stands on both sides of a border: inside a Latin word or a number, or words that touch.
_LEFT: Final = re.compile(r"([A-Za-z0-9]{2})|[\u4e00-\u9fffA-Za-z0-9][\u4e00-\u9fff]")
_RIGHT: Final = re.compile(r"([A-Za-z0-9]{2})|[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9]")
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
    left = _LEFT.match(text, start - 1) if start else None
    right = _RIGHT.match(text, end - 1)
    if (left and left[1]) or (right and right[1]):
        return False
    free_left = left is None or _among(breaks, start)
    free_right = (
        right is None or (end - start >= _LONG and text[end] in _GRAMMAR) or _among(breaks, end)
    )
    if free_left and free_right:
        return True
    before, behind = _BEFORE.match(text, max(0, start - _WINDOW), start), _BEHIND.match(text, end)
    first = before.end() if before else start
    last = behind.end() if behind else end
    if breaks:
        nearest = bisect_right(breaks, start) - 1
        first = max(first, breaks[nearest]) if nearest >= 0 else first
        nearest = bisect_left(breaks, end)
        last = min(last, breaks[nearest]) if nearest < len(breaks) else last
    borders = _borders(text[first:last])
    left_border, right_border = 1 << start - first, 1 << end - first
    return bool((free_left or borders & left_border) and (free_right or borders & right_border))


def _among(breaks: tuple[int, ...], place: int) -> bool:
    nearest = bisect_left(breaks, place)
    return nearest < len(breaks) and breaks[nearest] == place


@lru_cache(maxsize=4096)
def _borders(window: str) -> int:
    """Return where words end or begin, as the bits of a number: a set takes longer to make."""
    import rjieba

    place = borders = 1
    for word in rjieba.cut(window, False):
        place <<= len(word)
        borders |= place
    return borders


def noun_follows(text: str, end: int) -> bool:
    """Tell whether the word that begins at `end` is a noun that the words before may belong to."""
    return _begins_with_noun(text[end : end + _WINDOW])


@lru_cache(maxsize=4096)
def _begins_with_noun(window: str) -> bool:
    import rjieba

    words = rjieba.tag(window, False)
    return bool(words) and len(words[0][0]) > 1 and words[0][1] in {"n", "vn", "l", "j", "nz"}
