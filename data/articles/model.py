"""The article: one document with a title, a publication time and a body."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd

from mentionstudy.data.articles.document import Document, parse_markup

BEIJING: Final = ZoneInfo("Asia/Shanghai")
Precision = Literal["second", "minute", "day"]
"""How exactly a publication time is known."""
ZonePolicy = Literal["stated", "naive_beijing", "beijing_labelled_gmt", "date_only", "none"]
"""How the zone of a publication time was decided.

``stated``: the stamp gives its offset and is believed. ``naive_beijing``: it gives none and is read
as Beijing time. ``beijing_labelled_gmt``: the feed prints Beijing time under the label GMT.
``date_only``: there is a date but no time of day. ``none``: there is no date.
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One document as read.

    Attributes
    ----------
    article_id
        The first 16 hexadecimal digits of the SHA-256 of the bytes with CRLF as LF, so that one
        text has one id on every machine.
    path
        Where it was read, as the caller gave it; ``file#row`` for one row of a table.
    title, source, url
        Empty if the article states none. ``source`` is the publisher that it names.
    categories, tags
        As the article states them.
    published_at
        Aware time in Asia/Shanghai, midnight for precision ``day``; None if it states none.
    published_precision
        ``second``, ``minute``, ``day``, or None without a date.
    published_from
        The field the time came from, such as ``front_matter.date``; empty without one.
    zone_policy
        How the zone was decided.
    text
        The visible body as plain text, without footer and related reading.
    markup
        The markup of that body, which dialects read; empty for plain text.
    notes
        What the reader repaired or could not use, in words.
    document
        The parsed body if the reader kept it; `document_of` parses it again when it is None.
    """

    article_id: str
    path: str = ""
    title: str = ""
    source: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_precision: Precision | None = None
    published_from: str = ""
    zone_policy: ZonePolicy = "none"
    text: str = ""
    markup: str = ""
    notes: tuple[str, ...] = ()
    document: Document | None = dataclasses.field(default=None, repr=False, compare=False)


ARTICLE_COLUMNS: Final[tuple[str, ...]] = tuple(
    field.name for field in dataclasses.fields(Article) if field.name != "document"
)
"""Columns of a frame of articles, one for each public field of `Article`."""
LIST_SEPARATOR: Final = ";"
"""Joins ``categories``, ``tags`` and ``notes`` in a frame."""
_LIST_COLUMNS: Final = ("categories", "tags", "notes")


class Failure(NamedTuple):
    """One file or row that is not a readable article.

    Attributes
    ----------
    path
        The file, with the row if it has rows.
    code
        A stable code: ``missing``, ``unreadable``, ``empty``, ``too_large``, ``binary``,
        ``encoding``, ``front_matter``, ``json``, ``csv``, ``xml``, ``parquet``, ``no_text``,
        ``no_articles``, ``link``, ``several``, ``archive``, ``archive_path``, ``archive_bomb``,
        ``internal``.
    reason
        The same in one sentence: what is wrong, where, and what to do.
    """

    path: str
    code: str
    reason: str


class ReadResult(NamedTuple):
    """What reading some paths gave.

    Attributes
    ----------
    articles
        The articles in the order of the sorted paths.
    failures
        Everything that could not be read, with its reason.
    """

    articles: list[Article]
    failures: list[Failure]

    def to_frame(self) -> pd.DataFrame:
        """Return one row an article with the columns `ARTICLE_COLUMNS`."""
        return articles_to_frame(self.articles)


def articles_to_frame(articles: Iterable[Article]) -> pd.DataFrame:
    """Put articles into a frame.

    Parameters
    ----------
    articles
        Any number of articles.

    Returns
    -------
    pandas.DataFrame
        Columns `ARTICLE_COLUMNS`; ``published_at`` is ``datetime64[us, Asia/Shanghai]``, the
        lists are joined by `LIST_SEPARATOR`, missing values are ``NaT`` and empty strings.
    """
    rows = [_row(article) for article in articles]
    frame = pd.DataFrame(rows, columns=list(ARTICLE_COLUMNS))
    stamps = pd.to_datetime(frame["published_at"], utc=True).dt.as_unit("us")
    frame["published_at"] = stamps.dt.tz_convert("Asia/Shanghai")
    return frame.astype({name: "str" for name in ARTICLE_COLUMNS if name != "published_at"})


def articles_from_frame(frame: pd.DataFrame) -> Iterable[Article]:
    """Undo `articles_to_frame`, one article at a time.

    Parameters
    ----------
    frame
        Has the columns `ARTICLE_COLUMNS`; further columns are ignored.

    Yields
    ------
    Article
        One per row.
    """
    for row in frame[list(ARTICLE_COLUMNS)].itertuples(index=False):
        values: dict[str, Any] = dict(zip(ARTICLE_COLUMNS, row, strict=True))
        for name in _LIST_COLUMNS:
            values[name] = tuple(filter(None, str(values[name] or "").split(LIST_SEPARATOR)))
        stamp = values["published_at"]
        values["published_at"] = None if pd.isna(stamp) else stamp.to_pydatetime()
        precision = values["published_precision"]
        values["published_precision"] = (
            precision if isinstance(precision, str) and precision else None
        )
        yield Article(**values)


def document_of(article: Article) -> Document:
    """Return the parsed body, parsing the markup again if the reader did not keep it.

    Parameters
    ----------
    article
        From a reader or from a stored table.

    Returns
    -------
    Document
        Its ``text`` is ``article.text``.
    """
    if article.document is not None:
        return article.document
    if not article.markup:
        return Document(article.text)
    return parse_markup(article.markup, "lxml").until(len(article.text))


def content_id(data: bytes) -> str:
    """Return the id of an article's bytes, the same for CRLF and LF line ends."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    return hashlib.sha256(data).hexdigest()[:16]


def _row(article: Article) -> list[object]:
    return [
        LIST_SEPARATOR.join(item.replace(LIST_SEPARATOR, ",") for item in value)
        if isinstance(value := getattr(article, name), tuple)
        else ("" if value is None and name == "published_precision" else value)
        for name in ARTICLE_COLUMNS
    ]
