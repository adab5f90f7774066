"""Finding the mentions of articles with every dialect that is there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final

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
    from mentionstudy.data.names.book import NameBook

_FIELDS: Final = attrgetter(*MENTION_COLUMNS)
_POSITIONS: Final = MENTION_COLUMNS.index("positions")
_TYPES: Final = {"occurrences": "int64", "confidence": "float64", "in_title": "bool"}


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
    page = Page.of(article)
    mentions: list[Mention] = []
    asked = dialects() if using is None else using
    judge: Callable[[Page, list[Finding]], list[Finding]] | None = None
    if names is not None:
        asked, judge = _with_names(asked, names)
    addresses = page.addresses
    for dialect in asked:
        # asked here, because most pages have no such link; a subclass may look elsewhere too
        if type(dialect) is LinkDialect and dialect.domain not in addresses:
            continue
        findings = list(dialect.find(page))
        if not findings:
            continue
        if judge is not None:
            findings = judge(page, findings)
        if dialect is not asked[-1]:
            page = page.claim(findings)
        if len(findings) == 1:
            mentions.append(mention(article, dialect.name, findings))
            continue
        grouped: dict[str, list[Finding]] = {}
        for finding in findings:
            grouped.setdefault(finding.security.symbol, []).append(finding)
        mentions += [mention(article, dialect.name, found) for found in grouped.values()]
    return mentions


def _with_names(
    using: Sequence[Dialect], names: NameBook
) -> tuple[Sequence[Dialect], Callable[[Page, list[Finding]], list[Finding]]]:
    """Add the dialect of names, and give what looks at the words around the names of links."""
    # here because the names are looked up in tables that those who read codes need not load
    from mentionstudy.data.mentions.dialects.company_name import CompanyName, judged

    return (*using, CompanyName(names)), judged


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
        found for article in articles for found in mentions_of(article, names=names)
    )


def mentions_to_frame(mentions: Iterable[Mention]) -> pd.DataFrame:
    """Put mentions into a frame with the columns `MENTION_COLUMNS`."""
    frame = pd.DataFrame(_rows(mentions), columns=list(MENTION_COLUMNS))
    return frame.astype({name: _TYPES.get(name, "str") for name in MENTION_COLUMNS})


def _rows(mentions: Iterable[Mention]) -> Iterator[list[object]]:
    for found in mentions:
        row: list[object] = [*_FIELDS(found)]
        row[_POSITIONS] = LIST_SEPARATOR.join(map(str, found.positions))
        yield row
