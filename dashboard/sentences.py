"""The libraries' sentences in Chinese: why a test is not defined, what was repaired, what failed.

`analysis` and `data` know one language, and their sentences travel through tables and files as
plain text. So a sentence is looked up as gettext does it, by its English text; what the code put
between the words is read back out of the sentence.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "locales" / "sentences.zh.json"
_HOLE = "{}"
_LONGEST = 2_000  # characters; what is longer is no sentence, and looking would take long


@dataclass(frozen=True, slots=True)
class _Form:
    """One English sentence with holes, and what it is in Chinese."""

    hint: str  # the longest piece without a hole: most other sentences lack it
    pattern: re.Pattern[str]
    chinese: str


@cache
def catalogue() -> dict[str, str]:
    """Read the Chinese of every English sentence.

    Returns
    -------
    dict of str to str
        By the English text, ``{}`` where the code fills something in; ``{0}`` in the Chinese is
        the first of these.
    """
    read: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return read


@cache
def _forms() -> tuple[_Form, ...]:
    """Compile the sentences with holes, those with most words of their own first."""
    with_holes = [text for text in catalogue() if _HOLE in text]
    with_holes.sort(key=lambda text: (len(text.replace(_HOLE, "")), text), reverse=True)
    forms = []
    for text in with_holes:
        pieces = text.split(_HOLE)
        pattern = "(.*?)".join(re.escape(piece) for piece in pieces)
        forms.append(_Form(max(pieces, key=len), re.compile(pattern, re.DOTALL), catalogue()[text]))
    return tuple(forms)


@lru_cache(maxsize=4096)
def chinese(sentence: str) -> str:
    """Say a sentence of the libraries in Chinese.

    Parameters
    ----------
    sentence
        English; several may be joined by semicolons, and each may follow the name of a source
        and a colon.

    Returns
    -------
    str
        Chinese; a sentence that is not known stays as it is.
    """
    if len(sentence) > _LONGEST:
        return sentence
    parts = sentence.split("; ")
    said = [_one(part) for part in parts]
    if len(parts) > 1 and all(said):
        return "；".join(part for part in said if part)
    # a sentence may hold a semicolon of its own
    whole = _one(sentence)
    if whole is None and any(said):
        return "；".join(new or old for new, old in zip(said, parts, strict=True))
    return sentence if whole is None else whole


def _one(sentence: str) -> str | None:
    """Say one sentence, perhaps behind the name of a source, such as ``tencent: no rows``."""
    if sentence in catalogue():
        return catalogue()[sentence]
    name, colon, rest = sentence.partition(": ")
    behind = (catalogue().get(rest) or _filled(rest)) if colon and " " not in name else None
    return f"{_part(name)}：{behind}" if behind else _filled(sentence)


def _filled(sentence: str) -> str | None:
    for form in _forms():
        match = form.pattern.fullmatch(sentence) if form.hint in sentence else None
        if match:
            return form.chinese.format(*(_part(part) for part in match.groups()))
    return None


def _part(text: str) -> str:
    """Say what stood in a hole: a sentence of its own, the code of a flag, or just itself."""
    return _flags().get(text) or chinese(text)


@cache
def _flags() -> dict[str, str]:
    """Name the flags, which sentences give in quotes."""
    names: dict[str, str] = json.loads(_FILE.with_name("zh.json").read_text(encoding="utf-8"))
    start = "flag."
    return {f"{k.removeprefix(start)!r}": f"“{v}”" for k, v in names.items() if k.startswith(start)}
