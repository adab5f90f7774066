"""Posts with front matter, as Jekyll and Hexo write them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from os.path import basename
from typing import Final, NamedTuple

import yaml
from frontmatter.default_handlers import YAMLHandler

from mentionstudy.data.articles.body import Body, read_body
from mentionstudy.data.articles.boilerplate import credit, strip_post_footer
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.model import Article
from mentionstudy.data.articles.plain import stamp_in_text
from mentionstudy.data.articles.timestamps import (
    Published,
    Stamp,
    days_apart,
    find_stamps,
    parse_stamp,
)
from mentionstudy.data.errors import UnreadableArticle

MAX_FRONT_MATTER_CHARS: Final = 65_536
_YAML_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every value stays a string
_HANDLER: Final = YAMLHandler()
_OPENING: Final = re.compile(r"-{3,}[ \t]*\n[ \t]*(?:[A-Za-z_][\w-]*[ \t]*:|-{3,}[ \t]*(?:\n|$)|#)")
# As the handler's pattern, but the second begins with a line feed and not with each character.
_OPENED: Final = re.compile(r"-{3,}\s*$", re.MULTILINE)
_CLOSED: Final = re.compile(r"\n-{3,}\s*$", re.MULTILINE)
_KEY_LINE: Final = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*)|)$")
_ITEM_LINE: Final = re.compile(r"\s*-[ \t]+(.*)$")
_LIST_SPLIT: Final = re.compile(r"[,，;；]")
_FEED_TAG_SUFFIX: Final = "新闻"  # a rolling-news blog tags posts with publisher + this word
_JEKYLL_NAME: Final = re.compile(r"((?:19|20)\d\d-\d{1,2}-\d{1,2})-")
_DAY_AND_TIME: Final = re.compile(r"(?<!\d)(\d\d)-(\d\d)\s+(\d\d):(\d\d)(?!\d)")
_HEAD_CHARS: Final = 300

# What YAML has rules for, beside the characters that `str.isprintable` tells.
_NO_PLAIN_CHARACTER: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]")
_SHORT_CHARS: Final = 24
_PLAIN_MARKS: Final = frozenset("/+（《“【")

_TITLE_KEYS: Final = ("title",)
_DATE_KEYS: Final = ("date", "published", "pubdate", "publish_date", "published_at", "created")
_SOURCE_KEYS: Final = ("source", "media", "publisher")
_URL_KEYS: Final = ("link", "url", "original", "source_url")

Meta = Mapping[str, tuple[str, ...]]
"""Keys in lower case; every value a tuple of strings."""


class _Split(NamedTuple):
    meta: Meta
    body: str
    notes: tuple[str, ...]


def is_post(text: str) -> bool:
    """Tell whether a text opens with front matter, after any blank lines."""
    return _OPENING.match(text.lstrip()) is not None


class OpenPost(NamedTuple):
    """A post whose parts are known and not yet read.

    Attributes
    ----------
    context
        Where it came from.
    meta
        Its front matter.
    markup
        The body without the footer.
    url
        The address in the footer, if any.
    notes
        What had to be repaired in the front matter.
    """

    context: Context
    meta: Meta
    markup: str
    url: str
    notes: tuple[str, ...]

    def parse(self) -> Body:
        """Read the body."""
        return read_body(self.markup, self.context.options.engine)

    def article(self, body: Body) -> Article:
        """Put the article together."""
        meta = self.meta
        tags = _many(meta, "tags", "tag", "keywords")
        source = _first(meta, *_SOURCE_KEYS) or credit(body.text)
        if not source and tags and tags[0].endswith(_FEED_TAG_SUFFIX):
            source = tags[0].removesuffix(_FEED_TAG_SUFFIX)
        facts = Facts(
            title=" ".join(html.unescape(_first(meta, *_TITLE_KEYS)).split()),
            source=source,
            author=_first(meta, "author"),
            url=_first(meta, *_URL_KEYS) or self.url,
            categories=_many(meta, "categories", "category"),
            tags=tags,
        )
        published, notes = _published(meta, facts, body.text, self.context)
        return facts.article(body, published, self.context, (*self.notes, *notes))


def open_post(text: str, context: Context) -> OpenPost:
    """Part a post into front matter, body and footer.

    Parameters
    ----------
    text
        The whole file.
    context
        Where it came from.

    Returns
    -------
    OpenPost
        `OpenPost.parse` and `OpenPost.article` read the rest: apart, so that a reader of many
        posts can take each step for all of them.

    Raises
    ------
    UnreadableArticle
        ``front_matter`` if it is never closed or no line of it can be read.
    """
    split = _split(text, context.path)
    footer = strip_post_footer(split.body)
    return OpenPost(context, split.meta, footer.body, footer.url, split.notes)


def _published(
    meta: Meta, facts: Facts, text: str, context: Context
) -> tuple[Published, tuple[str, ...]]:
    """Take the date of the front matter; only if it has no such field, look elsewhere."""
    for key in _DATE_KEYS:
        raw = _first(meta, key)
        if raw or key in meta:
            stamp = parse_stamp(raw)
            if stamp is None:
                note = (
                    f"{key}: {raw[:40]!r} in the front matter is no date, so the article has none"
                )
                return Published(), (note,)
            doubts = _disagreement(stamp, key, context.path)
            return facts.published(stamp, f"front_matter.{key}", context), doubts
    stamp = _stamp_in_title(facts.title, text)
    if stamp is not None:
        return facts.published(stamp, "title", context), ()
    if match := _JEKYLL_NAME.match(basename(context.path)):
        return facts.published(parse_stamp(match[1]), "file_name", context), ()
    return facts.published(stamp_in_text(text), "text", context), ()


def _disagreement(stamp: Stamp, key: str, path: str) -> tuple[str, ...]:
    """Note a file whose name gives another day; a day more or less is a matter of zones."""
    match = _JEKYLL_NAME.match(basename(path))
    named = parse_stamp(match[1]) if match else None
    if named is None or days_apart(named, stamp) <= 1:
        return ()
    return (f"front_matter.{key} says {stamp.clock}, the name of the file {named.clock:%Y-%m-%d}",)


def _stamp_in_title(title: str, text: str) -> Stamp | None:
    """Read a date in the title, with the time of day if the text's head repeats the day."""
    found = find_stamps(title, limit=1)
    if not found:
        return None
    stamp = found[0][1]
    for match in _DAY_AND_TIME.finditer(text[:_HEAD_CHARS]):
        month, day, hour, minute = (int(part) for part in match.groups())
        same_day = (month, day) == (stamp.clock.month, stamp.clock.day)
        if same_day and hour < 24 and minute < 60 and stamp.precision == "day":
            clock: datetime = stamp.clock.replace(hour=hour, minute=minute)
            return stamp._replace(clock=clock, precision="minute")
    return stamp


def _split(text: str, path: str) -> _Split:
    """Part a post into front matter and body."""
    parts = _parted(text.strip() + "\n")
    if parts is None:
        raise UnreadableArticle(
            path,
            "front_matter",
            f"the front matter that opens in line {_opening_line(text)} is never closed; "
            "put a line with --- below it",
        )
    block, body = parts
    simple = read_simple(block) if len(block) <= MAX_FRONT_MATTER_CHARS else None
    if simple is not None:
        return _Split(simple, body, ())
    opened = _opening_line(text)
    if len(block) > MAX_FRONT_MATTER_CHARS:
        raise UnreadableArticle(
            path,
            "front_matter",
            f"the front matter that opens in line {opened} has {len(block):,} characters, "
            f"more than {MAX_FRONT_MATTER_CHARS:,}; is its closing --- missing?",
        )
    notes: tuple[str, ...] = ()
    try:
        loaded = _HANDLER.load(block, Loader=_YAML_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        loaded = None
        notes = (
            f"the front matter is not valid YAML ({_yaml_place(error, opened)}): read by line",
        )
    meta = _from_yaml(loaded) if isinstance(loaded, dict) else _by_line(block)
    if not meta and block.strip():
        raise UnreadableArticle(
            path,
            "front_matter",
            f"no line of the front matter that opens in line {opened} has the form `key: value`",
        )
    return _Split(meta, body, notes)


def _parted(text: str) -> tuple[str, str] | None:
    """Return what stands between the first two lines of dashes and below them."""
    first = _OPENED.match(text)
    second = _CLOSED.search(text, first.end()) if first else None
    if first is None or second is None:
        return None
    return text[first.end() : second.start() + 1], text[second.end() :]


def _opening_line(text: str) -> int:
    return text.count("\n", 0, len(text) - len(text.lstrip())) + 1


def _yaml_place(error: Exception, opened: int) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or type(error).__name__
    return f"line {opened + mark.line}: {problem}" if mark is not None else str(problem)


def _from_yaml(loaded: dict[object, object]) -> Meta:
    meta: dict[str, tuple[str, ...]] = {}
    for key, value in loaded.items():
        items = value if isinstance(value, list) else [value]
        # Nested values are dropped, not printed: aliases could make them huge.
        meta[str(key).lower()] = tuple(item for item in items if isinstance(item, str))
    return meta


def read_simple(block: str) -> Meta | None:
    """Read front matter of the simplest form, several times faster than a YAML parser.

    Parameters
    ----------
    block
        The lines between the marks.

    Returns
    -------
    mapping or None
        What a YAML parser returns, if each line is ``key: scalar``, ``key:`` or one item of a
        list below such a key, and no scalar needs YAML's rules; None for anything else.
    """
    if not block.replace("\n", "").isprintable() and _NO_PLAIN_CHARACTER.search(block):
        return None
    meta: dict[str, tuple[str, ...]] = {}
    key, depth = "", 0  # of the list below the key: 0 if there can be none, -1 if not known yet
    for text in block.split("\n"):
        line = _short_line(text) if len(text) <= _SHORT_CHARS else _line(text)
        if line is None:
            return None
        name, indent, scalar = line
        if name:
            if name in meta:
                return None
            key, depth = name, -1 if scalar is None else 0
            meta[key] = (scalar or "",)
        elif indent and scalar is not None:
            if depth not in (-1, indent):
                return None
            meta[key] = (*meta[key], scalar) if depth > 0 else (scalar,)
            depth = indent
    return meta or None


def _line(line: str) -> tuple[str, int, str | None] | None:
    """Return a key in lower case or the indent of an item, and the scalar; None if not plain."""
    name, colon, value = line.partition(":")
    if colon and name.isidentifier() and name.isascii():
        name, indent = name.lower(), 0
        if not value.strip(" "):
            return name, indent, None
        if value[0] != " ":
            return None
    else:
        value = line.lstrip(" ")
        name, indent = "", len(line) - len(value)
        if not value:
            return name, 0, None
        if indent == 0 or not value.startswith("- "):
            return None
        value = value[1:]
    scalar = _scalar(value.strip(" "))
    return None if scalar is None else (name, indent, scalar)


_short_line: Final = lru_cache(maxsize=4096)(_line)  # which the posts of a source have in common


def _scalar(value: str) -> str | None:
    """Return what YAML reads of one line, None if that is not plain to see."""
    first, inner = value[:1], value[1:-1]
    if first == "'":
        if value[-1] != "'" or len(value) < 2 or "'" in inner.replace("''", ""):
            return None
        return inner.replace("''", "'")
    if first == '"':
        is_plain = value[-1] == '"' and len(value) >= 2 and '"' not in inner and "\\" not in inner
        return inner if is_plain else None
    if not (first.isalnum() or first in _PLAIN_MARKS):
        return None
    return None if ": " in value or " #" in value or value[-1] == ":" else value


def _by_line(block: str) -> Meta:
    """Read front matter that no YAML parser accepts, as the generators that wrote it meant it."""
    meta: dict[str, tuple[str, ...]] = {}
    key = ""
    for line in block.split("\n"):
        if match := _KEY_LINE.match(line):
            key = match[1].lower()
            value = _unquote(match[2] or "")
            meta[key] = (value,) if value else ()
        elif key and (match := _ITEM_LINE.match(line)):
            meta[key] = (*meta[key], _unquote(match[1]))
    return meta


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return inner.replace("''", "'") if value[0] == "'" else inner.replace('\\"', '"')
    return value


def _first(meta: Meta, *keys: str) -> str:
    for key in keys:
        values = meta.get(key)
        if values and (value := values[0].strip()):
            return value
    return ""


def _many(meta: Meta, *keys: str) -> tuple[str, ...]:
    for key in keys:
        values = meta.get(key)
        if values is None:
            continue
        parts = _LIST_SPLIT.split(values[0]) if len(values) == 1 else values
        if found := tuple([part for item in parts if (part := item.strip())]):
            return found
    return ()
