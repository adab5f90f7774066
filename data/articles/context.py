"""What every reader gets beside the text: where it came from and how to read."""

from __future__ import annotations

import dataclasses
from typing import Final, NamedTuple

from mentionstudy.data.articles.body import Body
from mentionstudy.data.articles.document import Engine
from mentionstudy.data.articles.feeds import FeedTable
from mentionstudy.data.articles.model import Article
from mentionstudy.data.articles.timestamps import Published, Stamp, decide

MEBIBYTE: Final = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read.

    Attributes
    ----------
    feeds
        Zone policies; add your own with `FeedTable.load`.
    engine
        ``soup`` (BeautifulSoup) or ``lxml``; both give the same articles, the second faster.
    max_bytes
        A larger file is refused unread.
    """

    feeds: FeedTable = dataclasses.field(default_factory=FeedTable.load)
    engine: Engine = "soup"
    max_bytes: int = 20 * MEBIBYTE


class Context(NamedTuple):
    """Where a text came from.

    Attributes
    ----------
    path
        As the caller gave it.
    article_id
        From the bytes.
    notes
        What decoding repaired.
    options
        How to read.
    """

    path: str
    article_id: str
    notes: tuple[str, ...]
    options: ReadOptions


class Facts(NamedTuple):
    """What an article says of itself; the fields are those of `Article`."""

    title: str = ""
    source: str = ""
    author: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def published(self, stamp: Stamp | None, origin: str, context: Context) -> Published:
        """Decide what a stamp of this article means."""
        if stamp is None:
            return Published()
        known = {
            "source": (self.source, self.author),
            "author": (self.author,),
            "url": (self.url,),
            "category": self.categories,
        }
        return decide(stamp, origin, known, context.options.feeds)

    def article(
        self, body: Body, published: Published, context: Context, notes: tuple[str, ...] = ()
    ) -> Article:
        """Put the parts together."""
        return Article(
            article_id=context.article_id,
            path=context.path,
            title=self.title,
            source=self.source or self.author,
            url=self.url,
            categories=self.categories,
            tags=self.tags,
            published_at=published.at,
            published_precision=published.precision,
            published_from=published.origin,
            zone_policy=published.policy,
            text=body.text,
            markup=body.markup,
            notes=(*context.notes, *notes, *published.notes),
            document=body.document,
        )
