"""Articles that are rows: JSON objects, JSON lines, CSV tables with a text column."""

from __future__ import annotations

import csv
import html
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, TextIO

from mentionstudy.data.articles.body import read_body
from mentionstudy.data.articles.boilerplate import credit
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.model import Article, Failure, content_id
from mentionstudy.data.articles.timestamps import Published, parse_stamp
from mentionstudy.data.errors import UnreadableArticle

_TEXT_FIELDS: Final = (
    "content", "text", "body", "article", "content_html", "description", "正文", "内容", "文本",
)  # fmt: skip
_TITLE_FIELDS: Final = ("title", "title_detail", "headline", "标题")
_TIME_FIELDS: Final = (
    "time", "published_at", "publish_time", "published", "pub_time", "pubtime", "pub_date",
    "pubdate", "datetime", "date_published", "created_at", "date", "发布时间", "时间", "日期",
)  # fmt: skip
_SOURCE_FIELDS: Final = ("source", "media", "publisher", "site", "来源", "媒体")
_AUTHOR_FIELDS: Final = ("author", "作者")
_URL_FIELDS: Final = ("url", "link", "href", "链接")
_CATEGORY_FIELDS: Final = ("category", "categories", "栏目")
_TAG_FIELDS: Final = ("tags", "keywords", "标签")
_MAX_HEADER_CHARS: Final = 1_000_000
_CSV_FIELD_CHARS: Final = 20 * 1024 * 1024


def read_json(text: str, context: Context) -> Iterator[Article | Failure]:
    """Read a JSON object, an array of objects, or one object a line.

    Parameters
    ----------
    text
        The whole file.
    context
        Where it came from.

    Yields
    ------
    Article or Failure
        One per object.

    Raises
    ------
    UnreadableArticle
        ``json`` if the file is no JSON at all.
    """
    try:
        loaded = json.loads(text)
    except RecursionError as error:
        raise UnreadableArticle(context.path, "json", "this JSON is nested too deeply") from error
    except ValueError as error:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
        if len(lines) < 2 or not lines[0][1].lstrip().startswith("{"):
            raise UnreadableArticle(
                context.path, "json", f"this is neither JSON nor JSON lines: {error}"
            ) from error
        for number, line in lines:
            yield read_json_line(line, number, context)
        return
    if isinstance(loaded, dict):
        yield _object(loaded, context)
    elif isinstance(loaded, list):
        for number, item in enumerate(loaded, start=1):
            yield read_numbered(item, number, context)
    else:
        raise UnreadableArticle(
            context.path, "json", "this JSON holds no objects; an article is an object with a text"
        )


def read_csv(text: TextIO, context: Context) -> Iterator[Article | Failure]:
    """Read a CSV or TSV table with a column of texts.

    Parameters
    ----------
    text
        The file, opened without translation of line ends; its first line names the columns. It is
        read as the rows are asked for.
    context
        Where it came from.

    Yields
    ------
    Article or Failure
        One per row.

    Raises
    ------
    UnreadableArticle
        ``no_text`` if no column holds texts.
    """
    csv.field_size_limit(min(sys.maxsize, _CSV_FIELD_CHARS))
    first = text.readline(_MAX_HEADER_CHARS)
    delimiter = max(",\t;", key=first.count)
    columns = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
    rows = csv.DictReader(text, fieldnames=columns, delimiter=delimiter, strict=False)
    if not set(columns) & set(_TEXT_FIELDS):
        raise UnreadableArticle(
            context.path,
            "no_text",
            f"line 1 names no column of texts (it names {', '.join(columns[:8]) or 'none'}); "
            f"call one of them content, text, body or 正文",
        )
    try:
        for number, row in enumerate(rows, start=1):
            yield read_numbered(row, number, context)
    except csv.Error as error:
        yield Failure(context.path, "csv", f"line {rows.line_num + 1}: {error}")


def read_row(row: Mapping[str, Any], context: Context) -> Article:
    """Read one object by the usual names of its fields.

    Parameters
    ----------
    row
        Names of fields in any case.
    context
        Where it came from.

    Returns
    -------
    Article
        The article.

    Raises
    ------
    UnreadableArticle
        ``no_text`` if no field holds a text.
    """
    fields = {str(name).strip().lower(): value for name, value in row.items() if name is not None}
    raw, _ = _field(fields, _TEXT_FIELDS)
    title, _ = _field(fields, _TITLE_FIELDS)
    if not raw and not title:
        raise UnreadableArticle(
            context.path, "no_text", f"no field holds a text; one of {', '.join(_TEXT_FIELDS)} must"
        )
    body = read_body(raw, context.options.engine)
    facts = Facts(
        title=" ".join(html.unescape(title).split()),
        source=_field(fields, _SOURCE_FIELDS)[0] or credit(body.text),
        author=_field(fields, _AUTHOR_FIELDS)[0],
        url=_field(fields, _URL_FIELDS)[0],
        categories=_list(fields, _CATEGORY_FIELDS),
        tags=_list(fields, _TAG_FIELDS),
    )
    stated, name = _field(fields, _TIME_FIELDS)
    stamp = parse_stamp(stated)
    if stamp is None:
        notes = (f"{name}: {stated[:40]!r} is no date, so the article has none",) if stated else ()
        return facts.article(body, Published(), context, notes)
    return facts.article(body, facts.published(stamp, f"field:{name}", context), context)


def read_json_line(line: str, number: int, context: Context) -> Article | Failure:
    """Read one line of JSON lines."""
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Failure(f"{context.path}#{number}", "json", f"line {number} is no JSON: {error}")
    return read_numbered(item, number, context)


def read_numbered(item: Any, number: int, context: Context) -> Article | Failure:
    """Read the row of a table; its id comes from its content, wherever it stands."""
    path = f"{context.path}#{number}"
    if not isinstance(item, dict):
        return Failure(path, "json", f"item {number} is no object; an article is one with a text")
    canonical = json.dumps(item, ensure_ascii=True, sort_keys=True, default=str)
    row = Context(
        path=path,
        article_id=content_id(canonical.encode("ascii")),
        notes=context.notes,
        options=context.options,
    )
    return _object(item, row)


def _object(item: dict[str, Any], context: Context) -> Article | Failure:
    try:
        return read_row(item, context)
    except UnreadableArticle as error:
        return Failure(error.path, error.code, error.reason)


def _field(fields: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str]:
    """Return the first field that has something to say, and its name."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int | float | date) and not isinstance(value, bool):
            text = str(value).strip()
            if text:
                return text.encode("utf-8", "replace").decode("utf-8"), name
    return "", ""


def _list(fields: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        value = fields.get(name)
        if isinstance(value, list):
            return tuple(str(item) for item in value if isinstance(item, str | int))
        if isinstance(value, str) and value.strip():
            return (value.strip(),)
    return ()
