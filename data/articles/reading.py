"""Reading files and folders: one article or one reason for each."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mentionstudy.data.articles.archives import is_archive, members
from mentionstudy.data.articles.body import has_markup
from mentionstudy.data.articles.context import MEBIBYTE, Context, ReadOptions
from mentionstudy.data.articles.encoding import decode
from mentionstudy.data.articles.front_matter import is_post, read_post
from mentionstudy.data.articles.mail import SUFFIXES as MAIL_SUFFIXES
from mentionstudy.data.articles.mail import read_message
from mentionstudy.data.articles.model import Article, Failure, ReadResult, content_id
from mentionstudy.data.articles.pages import is_page, read_fragment, read_page
from mentionstudy.data.articles.plain import read_text_page
from mentionstudy.data.articles.rows import read_csv, read_json
from mentionstudy.data.articles.streams import is_stream, read_stream
from mentionstudy.data.articles.syndication import is_feed, read_feed
from mentionstudy.data.errors import UnreadableArticle

_TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv"})
_JSON_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})


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
        found = list(_read_bytes(source, "", chosen))
        path = ""
    else:
        path = str(source)
        found = list(_read_file(path, chosen))
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
        Files or folders; folders are read with their subfolders in sorted order, hidden files
        and folders skipped.
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
        if not os.path.isdir(path):
            yield from _read_file(path, chosen)
            continue
        n_files = n_articles = 0
        for file in walk(path):
            n_files += 1
            for item in [file] if isinstance(file, Failure) else _read_file(file, chosen):
                n_articles += isinstance(item, Article)
                yield item
        if n_articles == 0:
            what = f"none of its {n_files} files is one" if n_files else "it is empty"
            yield Failure(path, "no_articles", f"this folder holds no article: {what}")


def walk(folder: str) -> Iterator[str | Failure]:
    """List the files of a folder in sorted order.

    Parameters
    ----------
    folder
        Read with its subfolders; hidden files and folders are skipped.

    Yields
    ------
    str or Failure
        The path of a file; a folder that cannot be listed, or a link that leads out of `folder`.
    """
    root = os.path.realpath(folder)
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Failure(current, "unreadable", f"this folder cannot be listed: {_why(error)}")
            continue
        folders = []
        for entry in listed:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                target = os.path.realpath(entry.path)
                if os.path.commonpath([root, target]) != root:
                    yield Failure(
                        entry.path, "link", "this link leads out of the folder; not followed"
                    )
                elif os.path.isfile(target):
                    yield entry.path
            elif entry.is_dir():
                folders.append(entry.path)
            else:
                yield entry.path
        waiting.extend(reversed(folders))


def _read_file(path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            yield Failure(path, "unreadable", f"this is {kind}; give a file")
            return
        if is_archive(path):
            yield from _read_archive(path, options)
            return
        if is_stream(path):
            yield from _guarded(read_stream(path, options), path)
            return
        if status.st_size > options.max_bytes:
            size, limit = status.st_size / MEBIBYTE, options.max_bytes / MEBIBYTE
            yield Failure(
                path,
                "too_large",
                f"this file has {size:.1f} MiB, more than the limit of {limit:.0f} MiB; "
                "split it or raise the limit",
            )
            return
        data = Path(path).read_bytes()
    except FileNotFoundError:
        yield Failure(path, "missing", "there is no such file or folder")
        return
    except (OSError, ValueError) as error:
        yield Failure(path, "unreadable", f"this file cannot be read: {_why(error)}")
        return
    yield from _read_bytes(data, path, options)


def _read_archive(path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    for member in members(path, options):
        if isinstance(member, Failure):
            yield member
        else:
            yield from _read_bytes(member.data, member.path, options)


def _read_bytes(data: bytes, path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    yield from _guarded(_dispatch(data, path, options), path)


def _guarded(items: Iterator[Article | Failure], path: str) -> Iterator[Article | Failure]:
    """Hand on what a file holds; the boundary behind which one bad file cannot hurt the rest."""
    try:
        yield from items
    except UnreadableArticle as error:
        yield Failure(error.path, error.code, error.reason)
    except OSError:
        raise
    except Exception as error:
        name = type(error).__name__
        yield Failure(
            path, "internal", f"reading it failed ({name}: {str(error)[:200]}); report this"
        )


def _dispatch(data: bytes, path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    if not data.strip():
        raise UnreadableArticle(path, "empty", "this file is empty")
    suffix = os.path.splitext(path)[1].lower()
    if suffix in MAIL_SUFFIXES:
        context = Context(path=path, article_id=content_id(data), notes=(), options=options)
        yield read_message(data, context)
        return
    decoded = decode(data, path)
    text = decoded.text
    if not text.strip():
        raise UnreadableArticle(path, "empty", "this file holds nothing but white space")
    context = Context(path=path, article_id=content_id(data), notes=decoded.notes, options=options)
    if suffix in _TABLE_SUFFIXES:
        yield from read_csv(io.StringIO(text, newline=""), context)
    elif suffix in _JSON_SUFFIXES or (not suffix and text.lstrip().startswith('{"')):
        yield from read_json(text, context)
    elif is_feed(text):
        yield from read_feed(text, context)
    elif is_post(text):
        yield read_post(text, context)
    elif is_page(text):
        yield read_page(text, context)
    elif has_markup(text):
        yield read_fragment(text, context)
    else:
        yield read_text_page(text, context)


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
