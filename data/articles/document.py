"""An article's body as visible text and the elements that stand in it.

Dialects do not see a tree. They see a `Document`: the visible text, and every element that has
attributes with the span of that text which it covers. Two engines fill it through the same
handler, BeautifulSoup for single pages and lxml's event parser for whole corpora; a test proves
that they agree.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from bs4 import (
    BeautifulSoup,
    CData,
    Comment,
    Declaration,
    Doctype,
    MarkupResemblesLocatorWarning,
    ProcessingInstruction,
    Tag,
    XMLParsedAsHTMLWarning,
)
from lxml import etree

Engine = Literal["soup", "lxml"]
"""Which parser reads the markup: BeautifulSoup, or lxml's events (about eight times faster)."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINE_TAGS: Final = _names(
    "address article aside blockquote body br caption center dd div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody "
    "tfoot thead title tr ul"
)
_CELL_TAGS: Final = _names("td th")
_SILENT_TAGS: Final = _names(
    "head iframe math noscript object script select style svg template textarea"
)
_HIDDEN_STYLE: Final = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
# Portals fill these spans behind a linked name with today's price, whatever the article's day.
_QUOTE_ID: Final = re.compile(r"(?:bk)?quote_\S+$|(?:s[hz]|bj|hk)\d{5,6}_hq$")
_BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n")
_NO_TEXT_NODES: Final = (CData, Comment, Declaration, Doctype, ProcessingInstruction)
MAX_SURFACE_CHARS: Final = 80  # a link that is never closed covers the rest of the page
_NOTHING, _SPACE, _CELL, _LINE = range(4)
_SEPARATORS: Final = ("", " ", "\t", "\n")


class Element(NamedTuple):
    """One element that has attributes.

    Attributes
    ----------
    tag
        The name in lower case.
    attrs
        The attributes; names in lower case.
    start, end
        The span of `Document.text` that it covers; equal if it covers no visible text.
    parent
        Index in `Document.elements` of the nearest ancestor that has attributes, -1 for none.
    hidden
        Whether it stands in a block that a reader does not see (``display: none``).
    """

    tag: str
    attrs: dict[str, str]
    start: int
    end: int
    parent: int
    hidden: bool

    @property
    def classes(self) -> list[str]:
        """The names in the ``class`` attribute."""
        return self.attrs.get("class", "").split()


class Document(NamedTuple):
    """Visible text with the elements in it.

    Attributes
    ----------
    text
        Paragraphs separated by a line feed, cells of a table by a tab, other white space by one
        space; without scripts and hidden blocks.
    elements
        In the order of their start tags.
    scripts
        The contents of ``<script>`` elements in order.
    """

    text: str
    elements: tuple[Element, ...] = ()
    scripts: tuple[str, ...] = ()

    def surface(self, element: Element) -> str:
        """Return the visible text of an element, at most `MAX_SURFACE_CHARS` of it."""
        return self.text[element.start : min(element.end, element.start + MAX_SURFACE_CHARS)]

    def until(self, length: int) -> Document:
        """Return the document cut behind the first `length` characters of its text."""
        if length >= len(self.text):
            return self
        moved: dict[int, int] = {-1: -1}
        kept: list[Element] = []
        for index, element in enumerate(self.elements):
            parent = moved[element.parent]
            empty = element.start == element.end
            if element.start < length or (empty and element.start == length):
                moved[index] = len(kept)
                end = min(element.end, length)
                kept.append(element._replace(end=end, parent=parent))
            else:
                moved[index] = parent
        return Document(self.text[:length], tuple(kept), self.scripts)


class _Open(NamedTuple):
    """An element whose end tag has not come yet."""

    tag: str
    nearest: int  # index of the nearest element with attributes, this one or one around it
    has_attrs: bool
    silent: bool
    hidden: bool


class DocumentBuilder:
    """Turns the events of a parser into a `Document`; also the target of lxml's parser."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, ready for another document."""
        self._parts: list[str] = []
        self._length = 0
        self._pending = _NOTHING
        self._data: list[str] = []
        self._open: list[_Open] = [_Open("", -1, False, False, False)]
        self._n_open: Counter[str] = Counter()
        self._elements: list[Element] = []
        self._scripts: list[str] = []

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        """Take a start tag."""
        if self._data:
            self._flush()
        self._separate(tag)
        _, index, _, silent, hidden = self._open[-1]
        if attrs:
            attributes = dict(attrs)
            hidden = hidden or _is_hidden(attributes)
            here = self._length
            self._elements.append(Element(tag, attributes, here, here, index, hidden))
            index = len(self._elements) - 1
        self._open.append(_Open(tag, index, bool(attrs), silent or tag in _SILENT_TAGS, hidden))
        self._n_open[tag] += 1

    def end(self, tag: str) -> None:
        """Take an end tag; one without a start tag is ignored."""
        if self._data:
            self._flush()
        if not self._n_open[tag]:
            return
        while self._close_innermost() != tag:
            pass
        self._separate(tag)

    def data(self, text: str) -> None:
        """Take a piece of text."""
        self._data.append(text)

    def comment(self, text: str) -> None:
        """Take a comment, which only ends a piece of text."""
        if self._data:
            self._flush()

    def pi(self, target: str, data: str | None = None) -> None:
        """Take a processing instruction, which only ends a piece of text."""
        if self._data:
            self._flush()

    def close(self) -> Document:
        """Return what was built and start anew."""
        if self._data:
            self._flush()
        while len(self._open) > 1:
            self._close_innermost()
        text = "".join(self._parts)
        # A separator is written with the text behind it; it is no part of the element there.
        elements = tuple(
            element._replace(start=element.start + 1)
            if element.start < element.end and text[element.start] in " \t\n"
            else element
            for element in self._elements
        )
        scripts = tuple(self._scripts)
        self.reset()
        return Document(text, elements, scripts)

    def _close_innermost(self) -> str:
        closing = self._open.pop()
        self._n_open[closing.tag] -= 1
        if closing.has_attrs:
            element = self._elements[closing.nearest]
            if element.start != self._length:
                self._elements[closing.nearest] = element._replace(end=self._length)
        return closing.tag

    def _separate(self, tag: str) -> None:
        if tag in _LINE_TAGS:
            self._pending = _LINE
        elif tag in _CELL_TAGS and self._pending < _CELL:
            self._pending = _CELL

    def _flush(self) -> None:
        """Write the text that came since the last tag."""
        raw = "".join(self._data)
        self._data.clear()
        top = self._open[-1]
        if top.silent or top.hidden:
            if top.tag == "script" and not raw.isspace():
                self._scripts.append(raw)
            return
        paragraphs = _BLANK_LINE.split(raw) if "\n" in raw else [raw]
        lines = [line for part in paragraphs if (line := " ".join(part.split()))]
        if not lines:
            self._pending = max(self._pending, _SPACE)
            return
        if raw[0].isspace() and self._pending < _SPACE:
            self._pending = _SPACE
        text = "\n".join(lines)
        if self._length:
            text = _SEPARATORS[self._pending] + text
        self._parts.append(text)
        self._length += len(text)
        self._pending = _SPACE if raw[-1].isspace() else _NOTHING


def parse_markup(markup: str, engine: Engine = "soup") -> Document:
    """Parse markup into visible text and elements.

    Parameters
    ----------
    markup
        HTML of a body or of a whole page; broken markup is repaired as browsers do.
    engine
        ``soup`` or ``lxml``; both give the same document.

    Returns
    -------
    Document
        Empty for markup without content.
    """
    if not markup.strip():
        return Document("")
    return _by_events(markup) if engine == "lxml" else _by_tree(markup)


class _Parser(threading.local):
    """One parser per thread: making one costs as much as parsing a short post."""

    def __init__(self) -> None:
        self.builder = DocumentBuilder()
        self.parser = etree.HTMLParser(target=self.builder, huge_tree=True)


_PARSER: Final = _Parser()


def _by_events(markup: str) -> Document:
    try:
        _PARSER.parser.feed(markup)
        document: Document = _PARSER.parser.close()
    except etree.ParserError:  # nothing but white space and comments
        document = Document("")
    finally:
        _PARSER.builder.reset()
    return document


def _by_tree(markup: str) -> Document:
    builder = DocumentBuilder()
    with warnings.catch_warnings():
        # its guesses that a short text is a file's name, or XHTML is to be read as XML
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml", multi_valued_attributes=None)
    _walk(soup, builder)
    return builder.close()


def _walk(soup: BeautifulSoup, builder: DocumentBuilder) -> None:
    """Send a tree to the builder as the events that made it, without recursion."""
    node = soup.contents[0] if soup.contents else None
    while node is not None:
        if isinstance(node, Tag):
            # values are texts, since the tree was asked for no lists
            builder.start(node.name, {name: str(value) for name, value in node.attrs.items()})
            if node.contents:
                node = node.contents[0]
                continue
            builder.end(node.name)
        elif isinstance(node, _NO_TEXT_NODES):
            builder.comment("")
        else:
            builder.data(str(node))
        while node is not None and node.next_sibling is None:
            node = node.parent
            if node is None or node is soup:
                return
            builder.end(node.name)
        node = node.next_sibling if node is not None else None


def _is_hidden(attrs: dict[str, str]) -> bool:
    style = attrs.get("style")
    if "hidden" in attrs or (style is not None and _HIDDEN_STYLE.search(style)):
        return True
    name = attrs.get("id")
    return name is not None and _QUOTE_ID.match(name) is not None
