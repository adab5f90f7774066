"""The texts of the pages in Chinese and English, and foreign text made harmless."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from mentionstudy.analysis.literals import EXCLUSIONS
from mentionstudy.dashboard import sentences

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_FOLDER = Path(__file__).resolve().parent / "locales"
# Everything that CommonMark, and Streamlit's own `:red[…]` and `$…$`, could read as more than text.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&@\"'])")


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's catalogue; calling it fills a text's braces.

    Attributes
    ----------
    language
        ``zh`` or ``en``.
    catalogue
        Text by key.
    """

    language: Language
    catalogue: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key; a key without a text shows itself."""
        text = self.catalogue.get(key, key)
        return text.format(**values) if values else text

    def fact(self, key: str, value: object) -> str:
        """Say a fact after its name, with the language's own colon."""
        return f"{self(key)}{'：' if self.language == 'zh' else ': '}{value}"

    def has(self, key: str) -> bool:
        """Whether there is a text for the key."""
        return key in self.catalogue

    def code(self, family: str, code: object) -> str:
        """Name a stable code such as an exclusion's; an unknown code names itself."""
        return self.catalogue.get(f"{family}.{code}") or str(code).replace("_", " ")

    def told(self, sentence: object) -> str:
        """Say a sentence of `analysis` or `data`, which write English, in this language."""
        return sentences.chinese(str(sentence)) if self.language == "zh" else str(sentence)


@cache
def texts(language: Language) -> Texts:
    """Read one language's catalogue."""
    path = _FOLDER / f"{language}.json"
    return Texts(language, json.loads(path.read_text(encoding="utf-8")))


def preferred(locale: str | None) -> Language:
    """Choose the language for a browser's locale, such as ``zh-CN``."""
    return "zh" if (locale or "").lower().startswith("zh") else "en"


def explained(t: Texts, code: str, reason: str) -> str:
    """Say an exclusion's reason in the reader's language, with the facts of the original.

    Parameters
    ----------
    t
        The texts.
    code
        The exclusion's stable code.
    reason
        The sentence that was recorded; shown as it is when there is no better one.
    """
    key = f"sentence.{code}"
    if not t.has(key):
        return t.told(reason)
    found = _facts(EXCLUSIONS[code]).fullmatch(reason) if code in EXCLUSIONS else None
    if code in EXCLUSIONS and not found:
        return t.told(reason)
    facts = found.groupdict() if found else {}
    text = t.catalogue[key]
    wanted = set(re.findall(r"{(\w+)}", text))
    return text.format(**facts) if wanted <= set(facts) else t.told(reason)


@cache
def _facts(template: str) -> re.Pattern[str]:
    """Make a pattern that reads a template's fields back out of a sentence."""
    parts = re.split(r"{(\w+)[^}]*}", template)
    seen: set[str] = set()
    pattern = ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(pattern, re.DOTALL)


def as_markdown(text: object) -> str:
    """Escape foreign text for a place where Streamlit reads Markdown.

    An image in Markdown would make the reader's browser ask a foreign host.
    """
    one_line = " ".join(str(text).split())
    return _MARKDOWN.sub(r"\\\1", one_line)


def as_html(text: object) -> str:
    """Escape foreign text for `st.html`."""
    return html.escape(str(text), quote=True)
