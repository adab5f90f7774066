"""A mention: one security named by one article, found by one dialect."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Final, Literal, NamedTuple, Protocol, get_args

from mentionstudy.data.articles.document import Document, Element
from mentionstudy.data.articles.model import Article, document_of
from mentionstudy.data.securities import Security

Role = Literal["subject", "source", "analyst", "product", "boilerplate", "unclear"]
"""What a security is to an article.

``subject``: the article says something about it. ``source``: it supplied the data or the news.
``analyst``: it is quoted or acts for another firm. ``product``: its name is part of a product's or
fund's. ``boilerplate``: it stands in a credit line or a disclaimer. ``unclear``: the words may as
well mean something else.
"""
ROLES: Final[tuple[Role, ...]] = get_args(Role)
NOT_IN_TEXT: Final = -1
"""Position of a mention that is not visible text, such as a chart."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One security that one article names, by one dialect.

    Attributes
    ----------
    article_id, symbol, kind
        Of the article and of the security.
    dialect
        How it is named, such as ``eastmoney_widget``.
    occurrences
        How often in the body; if it stands only in the title, how often there.
    positions
        Offsets into ``Article.text`` in ascending order; `NOT_IN_TEXT` where there is none.
    confidence
        Between 0 and 1: how often such a mention is one of that security and means it.
    surface
        The visible words of the first occurrence; the code for a chart.
    in_title
        Whether the title holds these words.
    role
        One of `Role`; ``subject`` if any of the places is one.
    """

    article_id: str
    symbol: str
    kind: str
    dialect: str
    occurrences: int
    positions: tuple[int, ...]
    confidence: float
    surface: str
    in_title: bool
    role: Role = "subject"


MENTION_COLUMNS: Final[tuple[str, ...]] = tuple(field.name for field in dataclasses.fields(Mention))
"""Columns of a frame of mentions, one for each field of `Mention`."""


class Finding(NamedTuple):
    """One place where a dialect sees a security.

    Attributes
    ----------
    security
        What is named.
    surface
        The visible words.
    position
        Offset into the body's text, or into the title if `in_title`; `NOT_IN_TEXT` for none.
    confidence
        Between 0 and 1.
    end
        Offset behind the words, so that no other dialect reads the same characters again.
    in_title
        Whether the place is in the title and not in the body.
    role
        What the security is to the article at this place.
    """

    security: Security
    surface: str
    position: int
    confidence: float
    end: int = NOT_IN_TEXT
    in_title: bool = False
    role: Role = "subject"


_POSITION: Final = attrgetter("position")


class Page(NamedTuple):
    """What a dialect reads of an article.

    Attributes
    ----------
    title
        The article's title.
    document
        Its parsed body.
    source
        Who published it.
    links
        The elements with an address (``href``) that a reader can see, and the addresses.
    claimed, claimed_in_title
        Spans of the text and of the title that dialects before this one have read, in order and
        apart.
    symbols
        What dialects before this one have found.
    published_at
        When the article was published, None if that is not known.
    addresses
        The addresses of the links in lower case, a line each: a dialect whose portal is not named
        there need not look at the links.
    classes, codes
        The values of all attributes ``class`` and ``code``, for the same purpose.
    """

    title: str
    document: Document
    source: str
    links: tuple[tuple[Element, str], ...] = ()
    claimed: tuple[tuple[int, int], ...] = ()
    claimed_in_title: tuple[tuple[int, int], ...] = ()
    symbols: frozenset[str] = frozenset()
    published_at: datetime | None = None
    addresses: str = ""
    classes: str = ""
    codes: str = ""

    @classmethod
    def of(cls, article: Article) -> Page:
        """Return what dialects read of an article."""
        document = document_of(article)
        links: list[tuple[Element, str]] = []
        classes: list[str] = []
        codes: list[str] = []
        for element in document.elements:
            attrs = element.attrs
            if "class" in attrs:
                classes.append(attrs["class"])
            if "code" in attrs:
                codes.append(attrs["code"])
            if not element.hidden and (address := attrs.get("href")):
                links.append((element, address.strip()))
        return cls(
            article.title,
            document,
            article.source,
            tuple(links),
            (),
            (),
            frozenset(),
            article.published_at,
            "\n".join([address for _, address in links]).lower(),
            "\n".join(classes),
            "\n".join(codes),
        )

    def free(self, start: int, end: int, *, in_title: bool = False) -> bool:
        """Tell whether no dialect before this one has read any of these characters."""
        spans = self.claimed_in_title if in_title else self.claimed
        place = bisect_left(spans, (end,))
        return place == 0 or spans[place - 1][1] <= start

    def claim(self, findings: Iterable[Finding]) -> Page:
        """Return the page with the characters marked that these findings have read."""
        body, title, symbols = [*self.claimed], [*self.claimed_in_title], {*self.symbols}
        for security, _, start, _, end, in_title, role in findings:
            if end > start >= 0:
                (title if in_title else body).append((start, end))
            if role != "unclear":
                symbols.add(security.symbol)
        # by place, because `_replace` takes longer than all the rest
        return Page(*self[:4], _merged(body), _merged(title), frozenset(symbols), *self[7:])


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sort spans and join those that touch."""
    if len(spans) < 2:
        return tuple(spans)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


class Dialect(Protocol):
    """One way in which portals name a security.

    To add one, put a module with an object ``DIALECT`` of this shape into ``dialects/``.

    Attributes
    ----------
    name
        Stable; the value of the column ``dialect``.
    rank
        Dialects are asked in ascending order; embedded codes before codes in text.
    """

    name: str
    rank: int

    def find(self, page: Page) -> Iterable[Finding]:
        """Yield every place where the article names a security in this way."""
        ...


def mention(article: Article, dialect: str, found: list[Finding]) -> Mention:
    """Join the findings of one security by one dialect in one article.

    Parameters
    ----------
    article
        The article.
    dialect
        The dialect's name.
    found
        One or more findings of one security.

    Returns
    -------
    Mention
        With the highest confidence of the findings.
    """
    if len(found) == 1:
        return _alone(article, dialect, found[0])
    body = [finding for finding in found if not finding.in_title]
    counted = sorted(body or found, key=_POSITION)
    first = next((finding for finding in counted if finding.surface), counted[0])
    return Mention(
        article_id=article.article_id,
        symbol=first.security.symbol,
        kind=first.security.kind,
        dialect=dialect,
        occurrences=len(counted),
        positions=tuple([NOT_IN_TEXT if f.in_title else f.position for f in counted]),
        confidence=max([finding.confidence for finding in found]),
        surface=first.surface,
        in_title=len(body) < len(found) or bool(first.surface and first.surface in article.title),
        role=min({finding.role for finding in found}, key=ROLES.index),
    )


def _alone(article: Article, dialect: str, finding: Finding) -> Mention:
    """Make a mention of one finding, as most are."""
    security, surface, position, confidence, _, in_title, role = finding
    return Mention(
        article_id=article.article_id,
        symbol=security.symbol,
        kind=security.kind,
        dialect=dialect,
        occurrences=1,
        positions=(NOT_IN_TEXT if in_title else position,),
        confidence=confidence,
        surface=surface,
        in_title=in_title or bool(surface and surface in article.title),
        role=role,
    )
