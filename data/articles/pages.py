"""Whole HTML pages as a browser saves them: metadata, visible stamp and main text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from lxml import etree, html
from lxml.html import HtmlElement

from mentionstudy.data.articles.body import Body, read_markup
from mentionstudy.data.articles.boilerplate import credit
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.main_text import main_markup
from mentionstudy.data.articles.model import Article
from mentionstudy.data.articles.plain import stamp_in_text
from mentionstudy.data.articles.timestamps import (
    Published,
    Stamp,
    days_apart,
    find_stamps,
    parse_stamp,
    stamp_in_address,
)

_PAGE: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.I | re.S
)
_HEAD_OR_BODY: Final = re.compile(r"<(?:html|head|body)[\s>]", re.I)
_SNIFFED_CHARS: Final = 4096

# Where known portals put the text. Ids are tried before classes, in this order.
_CONTAINER_IDS: Final = (
    "ContentBody",  # Eastmoney
    "artibody",  # Sina
    "endText",  # NetEase until about 2020
    "ctrlfscont",  # STCN until about 2021
    "Cnt-Main-Article-QQ",  # Tencent until about 2019
    "main_content",  # ifeng
    "js_content",  # WeChat
    "Main_Content_Val",  # Caixin
    "article_content",
    "articleContent",
    "article-content",
)
_CONTAINER_CLASSES: Final = (
    "post_body",  # NetEase
    "post_text",
    "txtinfos",  # Eastmoney
    "detail-content",  # STCN, CLS
    "txt_con",  # STCN
    "art_contextBox",  # Hexun
    "content-article",  # Tencent
    "news_txt",  # The Paper
    "article__bd__detail",  # Xueqiu
    "main-text",  # 10jqka
    "TRS_Editor",  # the content system of many newspapers
    "articleBody",
    "entry-content",
)
# Compiled, because a loop over a page's elements in Python takes longer than parsing them.
_CONTAINERS: Final = (
    *((name, etree.XPath(f"//*[@id='{name}']")) for name in _CONTAINER_IDS),
    *(
        (name, etree.XPath(f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"))
        for name in _CONTAINER_CLASSES
    ),
    ("articleBody", etree.XPath("//*[@itemprop='articleBody']")),
)
_TEXT_NODES: Final = etree.XPath(
    "//body//text()[not(parent::script or parent::style)]", smart_strings=False
)
_MIN_CONTAINER_CHARS: Final = 20
_INLINE_RELATED_SHARE: Final = 0.3  # in a container of text alone, earlier lists are interludes
_NOT_TEXT_TAGS: Final = ("nav", "aside", "header", "footer", "script", "style", "form")

_TIME_METAS: Final = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "publishdate",
    "pubdate",
    "publish_date",
    "publish-date",
    "publishtime",
    "publish_time",
    "weibo: article:create_at",
    "weibo:article:create_at",
    "dc.date.issued",
    "dc.date",
)
_SOURCE_METAS: Final = ("mediaid", "article:author", "source", "og:article:author", "author")
_VISIBLE_SOURCE: Final = re.compile(r"来源\s*[:：]\s*([^\s|｜<>（）()]{2,20})")
_TITLE_MARK: Final = re.compile(r"\s*(?:[_|｜]|-+|—+|–)\s*")
_MIN_HEADLINE_CHARS: Final = 6
_MAX_TITLE_CHARS: Final = 500  # a title that is never closed swallows the page
_MAX_TITLE_MARKS: Final = 12  # every pair of marks is tried
_HEADER_CHARS: Final = 600  # stamp and source stand within so many characters below the title
_DISAGREE_SECONDS: Final = 300


class _Found(NamedTuple):
    """A publication time and where it stands."""

    stamp: Stamp | None
    origin: str


class _Head(NamedTuple):
    """The headline and the text below it, where pages print time and source."""

    title: str
    below: str


def is_page(text: str) -> bool:
    """Tell whether a text is a whole HTML page."""
    head = text[:_SNIFFED_CHARS]
    return _PAGE.match(head) is not None or _HEAD_OR_BODY.search(head) is not None


def read_page(text: str, context: Context) -> Article:
    """Read a whole HTML page.

    Parameters
    ----------
    text
        The page.
    context
        Where it came from.

    Returns
    -------
    Article
        The text is that of the portal's own article container where the portal is known, else
        what trafilatura takes for the main text. The time is the first of: meta tags, JSON-LD,
        the stamp below the title, the day in the address, that in the file's name, the date in
        the first sentence. Where two of them disagree, a note says so.
    """
    tree = _tree(text)
    if tree is None:
        return Facts().article(read_markup("", context.options.engine), Published(), context)
    metas = _metas(tree)
    head = _head(tree)
    body, notes = _main_text(tree, text, context)
    facts = Facts(
        title=head.title,
        source=_source(metas, head.below, body.text),
        url=_url(tree, metas),
    )
    name = PurePath(context.path).name
    found = _published(tree, metas, head.below, body.text, (facts.url, name))
    published = facts.published(found.stamp, found.origin, context)
    doubts = _disagreement(found, head.below, facts.url)
    return facts.article(body, published, context, (*notes, *doubts))


def read_fragment(text: str, context: Context) -> Article:
    """Read HTML that is a piece of a page: its text, with the first heading as title."""
    body = read_markup(text, context.options.engine)
    tree = _tree(text)
    heading = tree.find(".//h1") if tree is not None else None
    title = " ".join(heading.text_content().split()) if heading is not None else ""
    published = Facts().published(stamp_in_text(body.text), "text", context)
    return Facts(title=title, source=credit(body.text)).article(body, published, context)


def _tree(text: str) -> HtmlElement | None:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return None
    return tree if isinstance(tree, HtmlElement) else None


def _metas(tree: HtmlElement) -> dict[str, str]:
    metas: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        content = meta.get("content")
        if name and content and content.strip():
            metas.setdefault(name.strip().lower(), content.strip())
    return metas


def _head(tree: HtmlElement) -> _Head:
    """Find the headline: the part of the window title that also stands on the page."""
    element = tree.find(".//title")
    window = (
        " ".join((element.text or "").split())[:_MAX_TITLE_CHARS] if element is not None else ""
    )
    for heading in tree.iter("h1"):
        text = " ".join(heading.text_content().split())
        if len(text) >= _MIN_HEADLINE_CHARS and text in window:
            return _Head(text, _text_behind(heading))
    visible = _visible_text(tree)
    marks = [match.span() for match in islice(_TITLE_MARK.finditer(window), _MAX_TITLE_MARKS)]
    starts, ends = [0, *(end for _, end in marks)], [len(window), *(start for start, _ in marks)]
    parts = {window[start:end].strip() for start in starts for end in ends if start < end}
    shown = [part for part in parts if len(part) >= _MIN_HEADLINE_CHARS and part in visible]
    title = max(shown, key=len, default=window)
    place = visible.find(title) if title else -1
    behind = visible[place + len(title) :] if place >= 0 else visible
    return _Head(title, behind[:_HEADER_CHARS])


def _text_behind(heading: HtmlElement) -> str:
    """Return the visible text that follows a heading, as much as a page's header takes."""
    parts, n_chars = [heading.tail or ""], 0
    node: HtmlElement | None = heading
    while node is not None and n_chars < _HEADER_CHARS:
        following = node.getnext()
        if following is None:
            node = node.getparent()
            parts.append("" if node is None else node.tail or "")
            continue
        for inner in following.iter():
            if isinstance(inner.tag, str) and inner.tag not in ("script", "style"):
                parts.append(inner.text or "")
            parts.append(inner.tail or "")
            n_chars += len(parts[-1].strip()) + len(parts[-2].strip())
            if n_chars >= _HEADER_CHARS:
                break
        node = following
    return " ".join(" ".join(parts).split())[:_HEADER_CHARS]


def _url(tree: HtmlElement, metas: dict[str, str]) -> str:
    for link in tree.iter("link"):
        if link.get("rel") == "canonical" and link.get("href"):
            return str(link.get("href"))
    return metas.get("og:url", "")


def _source(metas: dict[str, str], header: str, text: str) -> str:
    stated = next((metas[name] for name in _SOURCE_METAS if name in metas), "")
    found = _VISIBLE_SOURCE.search(header)
    if found and "mediaid" not in metas:
        return found[1]
    return stated or credit(text)


def _visible_text(tree: HtmlElement) -> str:
    """Join the text of a page without scripts; hidden blocks included, it only finds stamps."""
    return " ".join(" ".join(_TEXT_NODES(tree)).split())


def _published(
    tree: HtmlElement, metas: dict[str, str], header: str, text: str, addresses: tuple[str, str]
) -> _Found:
    """Find the publication time, in the order of trust; a shown time of day completes a day."""
    found = _declared(tree, metas)
    shown = _first_with_time(header)
    if found is not None and found.stamp is not None:
        same_day = shown is not None and days_apart(shown, found.stamp) == 0
        completes = found.stamp.precision == "day" and same_day
        return _Found(shown, "page_stamp") if completes else found
    stamp = shown or _first_with_time(_visible_text(tree))
    if stamp is None:
        days = find_stamps(header, limit=1)
        stamp = days[0][1] if days else None
    if stamp is not None:
        return _Found(stamp, "page_stamp")
    for address, origin in zip(addresses, ("url", "file_name"), strict=True):
        if stamp := stamp_in_address(address):
            return _Found(stamp, origin)
    stamp = stamp_in_text(text)
    return _Found(stamp, "text" if stamp is not None else "")


def _declared(tree: HtmlElement, metas: dict[str, str]) -> _Found | None:
    for name in _TIME_METAS:
        if name in metas and (stamp := parse_stamp(metas[name])):
            return _Found(stamp, f"meta:{name}")
    for value in _json_ld_dates(tree):
        if stamp := parse_stamp(value):
            return _Found(stamp, "json_ld.datePublished")
    return None


def _first_with_time(text: str) -> Stamp | None:
    return next((stamp for _, stamp in find_stamps(text) if stamp.precision != "day"), None)


def _disagreement(found: _Found, header: str, url: str) -> tuple[str, ...]:
    """Note a visible stamp or a day in the address that says something else."""
    if found.stamp is None:
        return ()
    notes = []
    seen = _first_with_time(header)
    if seen is not None and found.origin.startswith(("meta", "json")):
        seconds = abs((seen.clock - found.stamp.clock).total_seconds())
        apart = days_apart(seen, found.stamp) > 0
        if seconds > _DISAGREE_SECONDS if found.stamp.precision != "day" else apart:
            notes.append(f"{found.origin} says {found.stamp.clock}, the page shows {seen.clock}")
    day = stamp_in_address(url)
    if day is not None and days_apart(day, found.stamp) > 1:
        what = f"{found.origin} says {found.stamp.clock}"
        notes.append(f"{what}, the address of the page {day.clock:%Y-%m-%d}")
    return tuple(notes)


def _json_ld_dates(tree: HtmlElement) -> Iterator[str]:
    for script in tree.iter("script"):
        if script.get("type") == "application/ld+json" and script.text:
            try:
                loaded = json.loads(script.text)
            except (ValueError, RecursionError):
                continue
            yield from _dates_in(loaded)


def _dates_in(loaded: Any) -> Iterator[str]:
    """Walk JSON-LD without recursion: the graph is the page author's."""
    waiting = [loaded]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict):
            if isinstance(value := node.get("datePublished"), str):
                yield value
            waiting.extend(item for item in node.values() if isinstance(item, dict | list))
        elif isinstance(node, list):
            waiting.extend(node)


def _main_text(tree: HtmlElement, text: str, context: Context) -> tuple[Body, tuple[str, ...]]:
    engine = context.options.engine
    container = _container(tree, text)
    if container is not None:
        return read_markup(_serialised(container), engine, _INLINE_RELATED_SHARE), ()
    if extracted := main_markup(tree):
        return read_markup(extracted, engine), ("main text found by trafilatura",)
    for element in list(tree.iter(*_NOT_TEXT_TAGS)):
        if element.tag != "script" and element.getparent() is not None:
            element.drop_tree()
    body = tree.find("body")
    markup = _serialised(tree if body is None else body)
    return read_markup(markup, engine), ("no main text was told apart: the whole page is read",)


def _container(tree: HtmlElement, text: str) -> HtmlElement | None:
    for name, elements in _CONTAINERS:
        for element in elements(tree) if name in text else ():
            if len(element.text_content().strip()) >= _MIN_CONTAINER_CHARS:
                return element
    return None


def _serialised(element: HtmlElement) -> str:
    return str(html.tostring(element, encoding="unicode", with_tail=False))
