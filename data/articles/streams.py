"""Large tables of articles, read row by row: JSON lines, CSV, TSV and Parquet, also gzipped."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from mentionstudy.data.articles.context import MEBIBYTE, Context, ReadOptions
from mentionstudy.data.articles.encoding import decode
from mentionstudy.data.articles.model import Article, Failure
from mentionstudy.data.articles.places import open_binary
from mentionstudy.data.articles.rows import read_csv, read_json_line, read_numbered
from mentionstudy.data.errors import UnreadableArticle

_LINES: Final = frozenset({".jsonl", ".ndjson"})
_TABLES: Final = frozenset({".csv", ".tsv"})
_PARQUET: Final = ".parquet"
_STREAMED: Final = _LINES | _TABLES | {_PARQUET}
_SNIFFED_BYTES: Final = 65_536
_BATCH_ROWS: Final = 256


def is_stream(path: str) -> bool:
    """Tell whether a file is a table that is read row by row, by its name."""
    return _suffix(path) in _STREAMED


def read_stream(path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    """Read a table row by row; the file may be larger than memory, a row not than ``max_bytes``.

    Parameters
    ----------
    path
        The file, by its name one of the formats of this module.
    options
        How to read.

    Yields
    ------
    Article or Failure
        One per row, with ``path#row`` as its path.

    Raises
    ------
    UnreadableArticle
        If the file as a whole is not what its name says.
    OSError
        If it cannot be opened.
    """
    suffix = _suffix(path)
    if suffix == _PARQUET:
        yield from _parquet(path, options)
        return
    with open_binary(path) as packed, _unzipped(packed, path) as file:
        try:
            head = file.read(_SNIFFED_BYTES)
            if not head.strip():
                raise UnreadableArticle(path, "empty", "this file is empty")
            decoded = decode(head[: head.rfind(b"\n") + 1] or head, path)
            file.seek(0)
            encoding = "utf-8-sig" if decoded.encoding == "utf-8" else decoded.encoding
            text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
            context = Context(path=path, article_id="", notes=decoded.notes, options=options)
            if suffix in _TABLES:
                yield from read_csv(text, context)
            else:
                yield from _lines(text, context)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UnreadableArticle(
                path, "archive", f"this gzip file cannot be read to its end: {error}"
            ) from error


def _suffix(path: str) -> str:
    return os.path.splitext(path.lower().removesuffix(".gz"))[1]


def _unzipped(file: BinaryIO, path: str) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file, "rb")) if path.lower().endswith(".gz") else file


def _lines(text: io.TextIOWrapper, context: Context) -> Iterator[Article | Failure]:
    limit = context.options.max_bytes
    number = 0
    while line := text.readline(limit):
        number += 1
        if len(line) == limit and not line.endswith("\n"):
            while rest := text.readline(limit):
                if rest.endswith("\n"):
                    break
            size = limit / MEBIBYTE
            reason = f"line {number} is longer than the limit of {size:.0f} MiB"
            yield Failure(f"{context.path}#{number}", "too_large", reason)
        elif line.strip():
            yield read_json_line(line, number, context)


def _parquet(path: str, options: ReadOptions) -> Iterator[Article | Failure]:
    context = Context(path=path, article_id="", notes=(), options=options)
    try:
        with open_binary(path) as file, pq.ParquetFile(file) as table:
            number = 0
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield read_numbered(row, number, context)
    except pa.ArrowException as error:
        raise UnreadableArticle(path, "parquet", f"this is no Parquet file: {error}") from error
