"""The forms in which a name of the master occurs in text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from mentionstudy.data.master.lists import tidy
from mentionstudy.data.master.model import NameKind
from mentionstudy.data.names.normal import simplified

_SPECIAL: Final = re.compile(r"^(?:S?\*?ST|SST|XD|XR|DR)(?=[\u4e00-\u9fffA-Z])")
_SHARE_CLASS: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?:-(?:SW|UW|WD|U|W|S|B|P|R)|[AB])$")
_LEGAL_FORM: Final = re.compile(r"(?:股份有限公司|有限责任公司|股份公司|有限公司)$")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_MIN_HAN: Final = 2
_MIN_LATIN: Final = 4
_LONG: Final = 3
# Tags of ordinary words in the segmenter's dictionary; names of places and firms have others.
_ORDINARY: Final = frozenset({"n", "v", "vn", "a", "an", "l", "i", "s", "t", "j", "d"})


class Form(NamedTuple):
    """One form of a name.

    Attributes
    ----------
    text
        As it is looked for.
    exact
        Whether it is the name itself and not derived from it.
    strong
        Whether it means the firm by itself; a weak one (an ordinary word, two characters that are
        left of a longer name) needs something near it that says so.
    """

    text: str
    exact: bool
    strong: bool


def forms_of(name: str, kind: NameKind) -> Iterator[Form]:
    """Yield the forms of one name: itself, without marks of share class or special treatment.

    Parameters
    ----------
    name
        As the source writes it.
    kind
        A full name is also looked for without its legal form, an alias as it is.

    Examples
    --------
    >>> [form.text for form in forms_of("*ST大洲", "short")]
    ['*ST大洲', 'ST大洲', '大洲']
    >>> [form.text for form in forms_of("东软集团股份有限公司", "full")]
    ['东软集团股份有限公司', '东软集团']
    """
    whole = simplified(tidy(name))
    seen: dict[str, None] = {whole: None}
    if kind != "alias":
        seen |= dict.fromkeys([whole.lstrip("*"), bare := _SPECIAL.sub("", whole)])
        seen[_SHARE_CLASS.sub("", bare)] = None
        if kind == "full":
            seen[_LEGAL_FORM.sub("", whole)] = None
    for text in seen:
        if long_enough(text):
            exact = text == whole
            yield Form(text, exact, _strong(text, kind, exact=exact))


def long_enough(text: str) -> bool:
    """Tell whether a form is long enough to be looked for at all."""
    if _HAN.search(text):
        return len(text) >= _MIN_HAN
    return len(text) >= _MIN_LATIN and not text.isdigit()


def _strong(text: str, kind: NameKind, *, exact: bool) -> bool:
    if not exact and len(text) < _LONG:
        return _tag(text) in {"nt", "nz"}  # 万科 is known as a name, 大洲 is not
    if kind == "alias":
        return True
    return _tag(text) not in _ORDINARY


@lru_cache(maxsize=65_536)
def _tag(text: str) -> str:
    """Return the tag of a text that is one word of the dictionary, empty for others."""
    import rjieba

    words = rjieba.tag(text, False)
    return words[0][1] if len(words) == 1 and rjieba.has_word(text) else ""
