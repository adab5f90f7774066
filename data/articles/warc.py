"""Crawls in WARC and ARC files: the pages that a crawler got, read one by one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from mentionstudy.data.articles.archives import Member, bounded
from mentionstudy.data.articles.context import ReadOptions
from mentionstudy.data.articles.model import Failure

SUFFIXES: Final = (".warc", ".warc.gz", ".arc", ".arc.gz")
_PAGE_RECORDS: Final = frozenset({"response", "resource"})
_TEXT_TYPES: Final = ("text/html", "text/plain", "application/xhtml+xml")
_MAX_NAME_CHARS: Final = 500
_CHUNK_BYTES: Final = 65_536


def is_crawl(path: str) -> bool:
    """Tell whether a file is a crawl by its name."""
    return path.lower().endswith(SUFFIXES)


def pages(file: BinaryIO, path: str, options: ReadOptions) -> Iterator[Member | Failure]:
    """Read the pages of a crawl.

    Parameters
    ----------
    file
        The crawl, opened.
    path
        Its name.
    options
        Limits: a page larger than ``max_bytes`` when unpacked is refused.

    Yields
    ------
    Member or Failure
        With ``crawl!address`` as its path. Answers other than 200, and images, scripts and other
        records that are no page are not articles and are passed over.
    """
    from warcio.archiveiterator import ArchiveIterator

    class Records(ArchiveIterator):  # type: ignore[misc]
        INC_RECORD = ""  # the library prints this, with bytes of the crawl in it

    logging.getLogger("warcio").setLevel(logging.ERROR)
    n_records = n_pages = 0
    try:
        records = Records(file, arc2warc=True)
        for record in records:
            n_records += 1
            if _is_page(record):
                n_pages += 1
                yield _page(record, path, options)
    except Exception as error:  # its parser of broken files raises whatever it stumbles over
        said = str(error).strip() or type(error).__name__
        yield Failure(path, "archive", f"this crawl cannot be read to its end: {said[:200]}")
        return
    if records.err_count:
        reason = f"{records.err_count} records of this crawl are longer than they say"
        yield Failure(path, "archive", reason)
    if not n_pages:
        yield Failure(path, "empty", f"none of the {n_records} records of this crawl is a page")


def _page(record: Any, path: str, options: ReadOptions) -> Member | Failure:
    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    place = f"{path}!{address[:_MAX_NAME_CHARS]}"
    data = record.content_stream().read(options.max_bytes + 1)
    if len(data) <= options.max_bytes and _is_cut(record):
        return Failure(place, "archive", "this crawl ends amid this page")
    return bounded(place, data, options, address)


def _is_cut(record: Any) -> bool:
    """Tell whether a record that was read to its end is shorter than it says."""
    rest = record.raw_stream
    while rest.read(_CHUNK_BYTES):
        pass
    return getattr(rest, "limit", 0) > 0


def _is_page(record: Any) -> bool:
    if record.rec_type not in _PAGE_RECORDS:
        return False
    headers = record.http_headers
    if headers is None:
        kind = record.rec_headers.get_header("Content-Type")
    elif headers.get_statuscode() != "200":
        return False
    else:
        kind = headers.get_header("Content-Type")
    return (kind or "").lower().startswith(_TEXT_TYPES)
