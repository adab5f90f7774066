"""What a headline is about, by the words in it and without a judgement of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from mentionstudy.data.names.normal import simplified

NO_TOPIC = "other"


def topics() -> tuple[str, ...]:
    """Return the names of the topics in the order in which they are tried."""
    return tuple(_patterns())


def topics_of(titles: Iterable[str]) -> list[str]:
    """Name the topics of headlines.

    Parameters
    ----------
    titles
        Headlines, in simplified or traditional characters.

    Returns
    -------
    list of str
        For each headline the topics whose words it has, joined with semicolons in the order of
        `topics.toml`; `NO_TOPIC` where it has none.
    """
    found = {title: _of(title) for title in dict.fromkeys(titles)}
    return [found[title] for title in titles]


def _of(title: str) -> str:
    plain = simplified(title)
    return ";".join(name for name, words in _patterns().items() if words.search(plain)) or NO_TOPIC


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    text = files("mentionstudy.data").joinpath("topics.toml").read_text("utf-8")
    table: dict[str, list[str]] = tomllib.loads(text)["topics"]
    return {name: re.compile("|".join(map(re.escape, words))) for name, words in table.items()}
