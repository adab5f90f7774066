"""Feeds: RSS 2.0, RSS 1.0 and Atom."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from mentionstudy.data.articles.body import read_body
from mentionstudy.data.articles.boilerplate import credit
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.model import Article, content_id
from mentionstudy.data.articles.timestamps import Published, parse_stamp
from mentionstudy.data.errors import UnreadableArticle

_OPENING: Final = re.compile(r"\s*<(?:\?xml\s|!doctype\s+(?:rss|feed)|!--|rss|feed|rdf:RDF)", re.I)
_ROOT: Final = re.compile(r"<(rss|feed|rdf:RDF|html)[\s>]", re.I)
_SNIFFED_CHARS: Final = 4096
# In the order of trust; the body of an item is often cut in one field and whole in another.
_TEXT_FIELDS: Final = ("encoded", "content", "description", "summary")
_TIME_FIELDS: Final = ("pubdate", "published", "date", "issued", "updated")


def is_feed(text: str) -> bool:
    """Tell whether a text is an RSS or Atom feed."""
    head = text[:_SNIFFED_CHARS]
    root = _ROOT.search(head) if _OPENING.match(head) else None
    return root is not None and root[1].lower() != "html"


def read_feed(text: str, context: Context) -> Iterator[Article]:
    """Read a feed.

    Parameters
    ----------
    text
        The whole file. Entities that it declares are not expanded and nothing is loaded from
        elsewhere.
    context
        Where it came from.

    Yields
    ------
    Article
        One per item, with ``path#number`` as its path.

    Raises
    ------
    UnreadableArticle
        ``xml`` if it is no XML, ``empty`` if it has no item.
    """
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, recover=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableArticle(context.path, "xml", f"this feed is no XML: {error}") from error
    items = (
        [] if root is None else [node for node in root.iter() if _name(node) in ("item", "entry")]
    )
    if not items:
        raise UnreadableArticle(context.path, "empty", "this feed has no item")
    publisher = _publisher(root)
    for number, item in enumerate(items, start=1):
        inside = Context(
            path=f"{context.path}#{number}",
            article_id=content_id(etree.tostring(item, encoding="utf-8", with_tail=False)),
            notes=context.notes,
            options=context.options,
        )
        yield _item(item, publisher, inside)


def _item(item: Any, publisher: str, context: Context) -> Article:
    fields: dict[str, list[str]] = {}
    url = ""
    for child in item:
        name = _name(child)
        if name == "link":
            url = url or child.get("href") or _text(child)
        elif name == "category":
            fields.setdefault(name, []).append(child.get("term") or _text(child))
        elif name:
            fields.setdefault(name, []).append(_text(child))
    raw = max((fields[name][0] for name in _TEXT_FIELDS if name in fields), key=len, default="")
    body = read_body(raw, context.options.engine)
    facts = Facts(
        title=" ".join(html.unescape(fields.get("title", [""])[0]).split()),
        source=fields.get("source", [""])[0] or credit(body.text),
        author=publisher or fields.get("author", [""])[0],
        url=url.strip(),
        categories=tuple(name for name in fields.get("category", ()) if name),
    )
    for name in _TIME_FIELDS:
        stated = fields.get(name, [""])[0]
        if stated and (stamp := parse_stamp(stated)):
            return facts.article(body, facts.published(stamp, f"feed:{name}", context), context)
    return facts.article(body, Published(), context)


def _publisher(root: Any) -> str:
    """Return the feed's own title."""
    for node in root.iter():
        if _name(node) in ("item", "entry"):
            break
        if _name(node) == "title":
            return _text(node)
    return ""


def _name(node: Any) -> str:
    """Return an element's name in lower case without its namespace; empty for comments."""
    return etree.QName(node).localname.lower() if isinstance(node.tag, str) else ""


def _text(node: Any) -> str:
    return "".join(node.itertext()).strip()
