"""Finding the mentions of articles with every dialect that is there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from mentionstudy.data.articles.model import (
    LIST_SEPARATOR,
    Article,
    articles_from_frame,
)
from mentionstudy.data.mentions import dialects as _package
from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.mentions.model import (
    MENTION_COLUMNS,
    Dialect,
    Finding,
    Mention,
    Page,
    mention,
)

if TYPE_CHECKING:
    from mentionstudy.data.mentions.dialects.company_name import CompanyName
    from mentionstudy.data.names.book import NameBook

_FIELDS: Final = attrgetter(*MENTION_COLUMNS)
_POSITIONS: Final = MENTION_COLUMNS.index("positions")
_TOGETHER_CHARS: Final = 100_000  # some dozens of posts, or a page
_LEAST_CHARS: Final = 500  # what an article without text counts
_TYPES: Final[dict[str, Any]] = dict.fromkeys(MENTION_COLUMNS, "str") | {
    "occurrences": "int64",
    "confidence": "float64",
    "in_title": "bool",
}


@lru_cache(maxsize=1)
def dialects() -> tuple[Dialect, ...]:
    """Return the dialects in the order in which they are asked.

    Returns
    -------
    tuple of Dialect
        The object ``DIALECT`` of each module in ``mentionstudy.data.mentions.dialects``.
    """
    found: list[Dialect] = []
    for module in pkgutil.iter_modules(_package.__path__):
        loaded = importlib.import_module(f"{_package.__name__}.{module.name}")
        if hasattr(loaded, "DIALECT"):
            found.append(loaded.DIALECT)
    return tuple(sorted(found, key=lambda dialect: (dialect.rank, dialect.name)))


def mentions_of(
    article: Article,
    using: Sequence[Dialect] | None = None,
    *,
    names: NameBook | None = None,
) -> list[Mention]:
    """Find the securities that one article names.

    Parameters
    ----------
    article
        From a reader or a stored table.
    using
        The dialects to ask; all by default.
    names
        Look for the companies of this book by name too, after all other dialects, and look at
        the words around the names that links carry.

    Returns
    -------
    list of Mention
        One per security and dialect, in the order of dialects and then of first occurrence.
    """
    return next(_in_step([article], dialects() if using is None else using, names))


def _in_step(
    articles: Sequence[Article], using: Sequence[Dialect], names: NameBook | None
) -> Iterator[list[Mention]]:
    """Yield the mentions of each article: each step for all of them, then the next.

    The processor has the code and the tables of a step in its nearest cache then.
    """
    pages = [Page.of(article) for article in articles]
    if names is None:
        yield from _by_code(articles, pages, using)
        return
    by_name = _by_name(names)
    looked = by_name.look(pages)
    coded = _by_code(articles, pages, using, [words.judged for words in looked])
    named = [by_name.find(page, words) for page, words in zip(pages, looked, strict=True)]
    for article, mentions, found in zip(articles, coded, named, strict=True):
        yield mentions + _joined(article, by_name.name, found) if found else mentions


def _by_code(
    articles: Sequence[Article],
    pages: list[Page],
    using: Sequence[Dialect],
    judges: Sequence[Callable[[list[Finding]], list[Finding]]] = (),
) -> list[list[Mention]]:
    """Return the mentions of each article by links and codes; mark their words in its page."""
    mentions: list[list[Mention]] = [[] for _ in pages]
    addresses = "\n".join([page.addresses for page in pages])
    for dialect in using:
        # looked at here, because most pages have no such link; a subclass may look elsewhere too
        domain = dialect.domain if type(dialect) is LinkDialect else ""
        for place, page in enumerate(pages) if domain in addresses else ():
            findings = list(dialect.find(page)) if domain in page.addresses else ()
            if not findings:
                continue
            if judges:
                findings = judges[place](findings)
            pages[place] = page.claim(findings)
            mentions[place] += _joined(articles[place], dialect.name, findings)
    return mentions


def _joined(article: Article, dialect: str, findings: list[Finding]) -> list[Mention]:
    """Return one mention per security."""
    if len(findings) == 1:
        return [mention(article, dialect, findings)]
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.security.symbol, []).append(finding)
    return [mention(article, dialect, found) for found in grouped.values()]


@lru_cache(maxsize=2)
def _by_name(names: NameBook) -> CompanyName:
    """Return the dialect of names."""
    # here because the names are looked up in tables that those who read codes need not load
    from mentionstudy.data.mentions.dialects.company_name import CompanyName

    return CompanyName(names)


def find_mentions(
    articles: Iterable[Article] | pd.DataFrame, *, names: NameBook | None = None
) -> pd.DataFrame:
    """Find the securities that articles name.

    Parameters
    ----------
    articles
        Articles, or a frame of them with the columns of `articles_to_frame`.
    names
        Look for the companies of this book by name too; without one, only codes are read.

    Returns
    -------
    pandas.DataFrame
        One row per article, security and dialect with the columns `MENTION_COLUMNS`;
        ``positions`` holds the offsets joined by a semicolon.
    """
    if isinstance(articles, pd.DataFrame):
        articles = articles_from_frame(articles)
    return mentions_to_frame(
        found
        for some in _some(articles)
        for mentions in _in_step(some, dialects(), names)
        for found in mentions
    )


def _some(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Divide articles into groups that are not too large to be held in memory."""
    waiting: list[Article] = []
    n_chars = 0
    for article in articles:
        waiting.append(article)
        n_chars += _LEAST_CHARS + len(article.markup) + len(article.text)
        if n_chars >= _TOGETHER_CHARS:
            yield waiting
            waiting, n_chars = [], 0
    yield waiting


def mentions_to_frame(mentions: Iterable[Mention]) -> pd.DataFrame:
    """Put mentions into a frame with the columns `MENTION_COLUMNS`."""
    rows = [*_rows(mentions)]
    columns = zip(*rows, strict=True) if rows else [()] * len(MENTION_COLUMNS)
    # with a type for each column, pandas need not guess it from the values
    return pd.DataFrame(
        {
            name: pd.array([*values], dtype=_TYPES[name])
            for name, values in zip(MENTION_COLUMNS, columns, strict=True)
        }
    )


def _rows(mentions: Iterable[Mention]) -> Iterator[list[object]]:
    for found in mentions:
        row: list[object] = [*_FIELDS(found)]
        row[_POSITIONS] = LIST_SEPARATOR.join(map(str, found.positions))
        yield row
