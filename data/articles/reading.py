"""Reading files and folders: one article or one reason for each."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mentionstudy.data.articles.archives import Member, is_archive, members
from mentionstudy.data.articles.body import Body, has_markup
from mentionstudy.data.articles.context import MEBIBYTE, Context, ReadOptions
from mentionstudy.data.articles.encoding import decode
from mentionstudy.data.articles.front_matter import OpenPost, is_post, open_post
from mentionstudy.data.articles.mail import SUFFIXES as MAIL_SUFFIXES
from mentionstudy.data.articles.mail import read_message
from mentionstudy.data.articles.model import Article, Failure, ReadResult, content_id
from mentionstudy.data.articles.pages import is_page, read_fragment, read_page
from mentionstudy.data.articles.places import (
    Place,
    failure_of,
    is_address,
    open_binary,
    place_of,
    places_below,
    read_bytes,
)
from mentionstudy.data.articles.plain import read_text_page
from mentionstudy.data.articles.rows import read_csv, read_json
from mentionstudy.data.articles.streams import is_stream, read_stream
from mentionstudy.data.articles.syndication import is_feed, read_feed
from mentionstudy.data.articles.warc import is_crawl, pages
from mentionstudy.data.errors import UnreadableArticle

_TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv"})
_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})
_TEXT_SUFFIXES: Final = (".md", ".markdown", ".txt", ".html", ".htm")  # and nothing else by name
_TOGETHER_CHARS: Final = 200_000  # of posts that are read in step
_OTHER_CHARS: Final = 10_000  # a page counts as so many: it is read whole and waits as an article

_Opened = OpenPost | tuple[Article | Failure, ...] | Iterator[Article | Failure]
"""A file that is open: a post, what it holds, or what reads it."""


def read_article(source: str | Path | bytes, options: ReadOptions | None = None) -> Article:
    """Read one article.

    Parameters
    ----------
    source
        The path of a file, or its bytes.
    options
        How to read; BeautifulSoup and the packaged feeds by default.

    Returns
    -------
    Article
        The article.

    Raises
    ------
    UnreadableArticle
        With a stable code and a sentence; see `Failure` for the codes. A file of several articles
        has the code ``several``.
    """
    chosen = options or ReadOptions()
    if isinstance(source, bytes):
        path = ""
        found = [*_whole(_opened(source, path, chosen))]
    else:
        path = str(source)
        found = [*_whole(_open_file(path, chosen))]
    if len(found) > 1:
        raise UnreadableArticle(
            path, "several", f"this file holds {len(found)} articles; use read_articles"
        )
    if not found:
        raise UnreadableArticle(path, "empty", "this file holds no article")
    if isinstance(found[0], Failure):
        raise UnreadableArticle(*found[0])
    return found[0]


def read_articles(*paths: str | Path, options: ReadOptions | None = None) -> ReadResult:
    """Read every article at some paths.

    Parameters
    ----------
    *paths
        Files or folders, also at an address that fsspec can open (``s3://...``); folders are read
        with their subfolders in sorted order, hidden files and folders skipped.
    options
        How to read; the fast engine and the packaged feeds by default.

    Returns
    -------
    ReadResult
        Articles and failures; never raises for a bad file.
    """
    result = ReadResult([], [])
    for item in read_articles_iter(*paths, options=options):
        if isinstance(item, Failure):
            result.failures.append(item)
        else:
            result.articles.append(item)
    return result


def read_articles_iter(
    *paths: str | Path, options: ReadOptions | None = None
) -> Iterator[Article | Failure]:
    """Read articles one by one, for folders larger than memory.

    Parameters
    ----------
    *paths
        As for `read_articles`.
    options
        As for `read_articles`.

    Yields
    ------
    Article or Failure
        In sorted order; nothing is kept.
    """
    chosen = options or ReadOptions(engine="lxml")
    for path in map(str, paths):
        if not (is_address(path) or os.path.isdir(path)):
            yield from _whole(_open_file(path, chosen))
            continue
        n_files = n_articles = 0
        for items in read_files(places_below(path), chosen):
            n_files += 1
            for item in items:
                n_articles += isinstance(item, Article)
                yield item
        if n_articles == 0 and not (n_files == 1 and is_address(path)):
            what = f"none of its {n_files} files is one" if n_files else "it is empty"
            yield Failure(path, "no_articles", f"this folder holds no article: {what}")


def read_files(
    places: Iterable[Place | Failure], options: ReadOptions
) -> Iterator[Iterable[Article | Failure]]:
    """Read files and keep apart what each of them holds.

    Parameters
    ----------
    places
        Files, and what could not be listed.
    options
        How to read.

    Yields
    ------
    iterable of Article or Failure
        One for each place, in their order. It has to be used up before the next is asked for.

    Notes
    -----
    Some dozens of posts are read in step: each step of the reader for all of them, then the next
    step. The processor finds the code of a step in its nearest cache then, which saves a fifth of
    the time.
    """
    waiting: list[_Opened] = []
    n_chars = 0
    for place in places:
        opened = (place,) if isinstance(place, Failure) else _open_place(place, options)
        waiting.append(opened)
        n_chars += len(opened.markup) if isinstance(opened, OpenPost) else _OTHER_CHARS
        if n_chars >= _TOGETHER_CHARS or not isinstance(opened, tuple):
            yield from _in_step(waiting)
            waiting, n_chars = [], 0
    yield from _in_step(waiting)


def _in_step(opened: list[_Opened]) -> Iterator[Iterable[Article | Failure]]:
    posts = [each for each in opened if isinstance(each, OpenPost)]
    bodies = [_body(post) for post in posts]
    articles = iter([_article(post, body) for post, body in zip(posts, bodies, strict=True)])
    for each in opened:
        yield (next(articles),) if isinstance(each, OpenPost) else each


def _whole(opened: _Opened) -> Iterable[Article | Failure]:
    """Read the rest of one file."""
    return (_article(opened, _body(opened)),) if isinstance(opened, OpenPost) else opened


def _body(post: OpenPost) -> Body | Failure:
    try:
        return post.parse()
    except Exception as error:
        return _failure(error, post.context.path)


def _article(post: OpenPost, body: Body | Failure) -> Article | Failure:
    if isinstance(body, Failure):
        return body
    try:
        return post.article(body)
    except Exception as error:
        return _failure(error, post.context.path)


def _open_file(path: str, options: ReadOptions) -> _Opened:
    try:
        place = place_of(path)
    except Exception as error:
        return (failure_of(path, error),)
    return _open_place(place, options)


def _open_place(place: Place, options: ReadOptions) -> _Opened:
    path, size = place.path, place.size
    if not path.endswith(_TEXT_SUFFIXES):
        if is_archive(path) or is_crawl(path):
            return _unpacked(path, options)
        if is_stream(path):
            return _guarded(read_stream(path, options), path)
    if size <= options.max_bytes:
        try:
            data = read_bytes(place, options.max_bytes)
        except Exception as error:
            return (failure_of(path, error),)
        size = len(data)
        if size <= options.max_bytes:
            return _opened(data, path, options)
    limit = options.max_bytes / MEBIBYTE
    why = (
        f"this file has {size / MEBIBYTE:.1f} MiB, more than the limit of {limit:.0f} MiB; "
        "split it or raise the limit"
    )
    return (Failure(path, "too_large", why),)


def _unpacked(path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    """Read what an archive or a crawl holds."""
    unpack = pages if is_crawl(path) else members
    try:
        with open_binary(path) as file:
            for member in unpack(file, path, options):
                yield from [member] if isinstance(member, Failure) else _inside(member, options)
    except Exception as error:
        yield failure_of(path, error)


def _inside(member: Member, options: ReadOptions) -> Iterator[Article | Failure]:
    for item in _whole(_opened(member.data, member.path, options)):
        if member.address and isinstance(item, Article) and not item.url:
            item = dataclasses.replace(item, url=member.address)
        yield item


def _opened(data: bytes, path: str, options: ReadOptions) -> _Opened:
    try:
        found = _dispatch(data, path, options)
    except Exception as error:
        return (_failure(error, path),)
    return found if isinstance(found, tuple) else _guarded(found, path)


def _guarded(items: Iterator[Article | Failure], path: str) -> Iterator[Article | Failure]:
    """Hand on what a file holds; the boundary behind which one bad file cannot hurt the rest."""
    try:
        yield from items
    except Exception as error:
        yield _failure(error, path)


def _failure(error: Exception, path: str) -> Failure:
    if isinstance(error, UnreadableArticle):
        return Failure(error.path, error.code, error.reason)
    if isinstance(error, OSError):
        return failure_of(path, error)
    name = type(error).__name__
    return Failure(path, "internal", f"reading it failed ({name}: {str(error)[:200]}); report this")


def _dispatch(data: bytes, path: str, options: ReadOptions) -> _Opened:
    """Find out what a file is, and read it if that is all one step."""
    if not data or data.isspace():
        raise UnreadableArticle(path, "empty", "this file is empty")
    is_text = path.endswith(_TEXT_SUFFIXES)
    suffix = "" if is_text else os.path.splitext(path)[1].lower()
    if suffix in MAIL_SUFFIXES:
        context = Context(path=path, article_id=content_id(data), notes=(), options=options)
        return (read_message(data, context),)
    decoded = decode(data, path)
    text = decoded.text
    if not text or text.isspace():
        raise UnreadableArticle(path, "empty", "this file holds nothing but white space")
    context = Context(path=path, article_id=content_id(data), notes=decoded.notes, options=options)
    if suffix in _TABLE_SUFFIXES:
        return read_csv(io.StringIO(text, newline=""), context)
    if suffix in _JSON_SUFFIXES or (not (suffix or is_text) and text.lstrip().startswith('{"')):
        return read_json(text, context)
    if is_feed(text):
        return read_feed(text, context)
    if is_post(text):
        return open_post(text, context)
    if is_page(text):
        return (read_page(text, context),)
    if has_markup(text):
        return (read_fragment(text, context),)
    return (read_text_page(text, context),)
