"""The forms in which a name of the master occurs in text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from mentionstudy.data.master.lists import tidy
from mentionstudy.data.master.model import NameKind
from mentionstudy.data.names.context import words_known
from mentionstudy.data.names.normal import simplified

Strength = Literal["strong", "composed", "weak"]
"""How sure a form is.

``strong``: it means the firm by itself. ``composed``: it is made of ordinary words (中国软件) and
means the firm unless another word follows that they may belong to. ``weak``: it is an ordinary word
or what is left of a longer name, and needs something near it that speaks of a firm.
"""

_SPECIAL: Final = re.compile(r"^(?:S?\*?ST|SST|XD|XR|DR)(?=[\u4e00-\u9fffA-Z])")
_SHARE_CLASS: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?:-(?:SW|UW|WD|U|W|S|B|P|R)|[AB])$")
_LEGAL_FORM: Final = re.compile(r"(?:股份有限公司|有限责任公司|股份公司|有限公司)$")
# Lists of Hong Kong name 东方海外国际 whom texts call 东方海外.
_GROUP: Final = re.compile(r"(?<=[\u4e00-\u9fff]{4})(?:控股|集团|国际)$")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_MIN_HAN: Final = 2
_MIN_LATIN: Final = 4
_SHORT: Final = 3
# Tags of ordinary words in the segmenter's dictionary; names of people and firms have others.
_ORDINARY: Final = frozenset(
    {"n", "v", "vn", "a", "an", "ad", "b", "d", "l", "i", "s", "t", "j", "m", "f", "q"}
)
_AFFIXES: Final = frozenset("新大小老好人港网城家店")  # make words of words: 新城市, 数据港
_PLACE: Final = "ns"
_SURE_ENDINGS: Final = re.compile(r"(?:股份|集团|控股|证券|银行|科技|实业|药业)$")
# Words that firms end their names with make a name of what stands before them.
_FIRM_ENDINGS: Final = re.compile(
    r"(?:股份|集团|控股|科技|实业|银行|证券|保险|投资|发展|国际|电子|生物|医药|药业|材料|技术|信息|环境|环保"
    r"|能源|电力|重工|机械|汽车|食品|地产|置业|传媒|文化|通信|智能|化工|化学|锂业|钢铁|航空|机场|港|高速)$"
)


class Form(NamedTuple):
    """One form of a name.

    Attributes
    ----------
    text
        As it is looked for.
    exact
        Whether it is the name itself and not derived from it.
    strength
        One of `Strength`.
    """

    text: str
    exact: bool
    strength: Strength


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
    bare = _SPECIAL.sub("", whole)
    seen: dict[str, None] = {whole: None}
    if kind != "alias":
        plain_name = _SHARE_CLASS.sub("", bare)
        seen |= dict.fromkeys([whole.lstrip("*"), bare, plain_name, _GROUP.sub("", plain_name)])
        if kind == "full":
            seen[_LEGAL_FORM.sub("", whole)] = None
    for text in seen:
        if not long_enough(text):
            continue
        exact = text == whole
        # what a mark of special treatment leaves over is the end of a longer name: 大洲
        cut = text == bare != whole and len(text) < _SHORT
        yield Form(text, exact, "weak" if cut else _strength(text, kind))


def is_marked(name: str) -> bool:
    """Tell whether a name begins with a mark of special treatment or of an ex-right day."""
    return _SPECIAL.match(tidy(name)) is not None


def long_enough(text: str) -> bool:
    """Tell whether a form is long enough to be looked for at all."""
    if _HAN.search(text):
        return len(text) >= _MIN_HAN
    return len(text) >= _MIN_LATIN and not text.isdigit()


def _strength(text: str, kind: NameKind) -> Strength:
    if kind == "full" or text in words_known()["firms"]:
        return "strong"
    if kind == "alias":  # wanted by the user, and yet 全市绿地建设 is not about the firm 绿地
        words = _words(text)
        return "composed" if len(words) == 1 and words[0][1] in _ORDINARY else "strong"
    if text in words_known()["ordinary"]:
        return "weak" if len(text) <= _SHORT else "composed"
    words = _words(text)
    ordinary = all(tag in _ORDINARY or tag == _PLACE for _, tag in words)
    if not ordinary or (len(text) > _SHORT and any(len(word) == 1 for word, _ in words)):
        return "strong"  # characters that make no words make a name
    if len(text) <= _SHORT:
        joined = any(word in _AFFIXES for word, _ in words) and any(len(w) > 1 for w, _ in words)
        return "weak" if len(words) == 1 or joined else "strong"
    if len(words) == 1 or _SURE_ENDINGS.search(text):
        return "strong"
    named = _FIRM_ENDINGS.search(text) and words[0][1] != _PLACE
    return "strong" if named else "composed"


@lru_cache(maxsize=65_536)
def _words(text: str) -> tuple[tuple[str, str], ...]:
    """Return the words of a text with their tags; no tag for what the dictionary lacks."""
    import rjieba

    tagged = rjieba.tag(text, False)
    return tuple((word, tag if rjieba.has_word(word) else "") for word, tag in tagged)
