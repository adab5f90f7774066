"""Articles: reading formats, publication time, body text."""

from __future__ import annotations

from mentionstudy.data.articles.context import ReadOptions
from mentionstudy.data.articles.document import Document, Element, parse_markup
from mentionstudy.data.articles.event_dates import event_date
from mentionstudy.data.articles.feeds import FeedTable
from mentionstudy.data.articles.model import (
    ARTICLE_COLUMNS,
    LIST_SEPARATOR,
    Article,
    Failure,
    ReadResult,
    articles_from_frame,
    articles_to_frame,
    document_of,
)
from mentionstudy.data.articles.reading import read_article, read_articles, read_articles_iter
from mentionstudy.data.articles.zones import suggest_zone_policies, write_feeds

__all__ = [
    "ARTICLE_COLUMNS",
    "LIST_SEPARATOR",
    "Article",
    "Document",
    "Element",
    "Failure",
    "FeedTable",
    "ReadOptions",
    "ReadResult",
    "articles_from_frame",
    "articles_to_frame",
    "document_of",
    "event_date",
    "parse_markup",
    "read_article",
    "read_articles",
    "read_articles_iter",
    "suggest_zone_policies",
    "write_feeds",
]
