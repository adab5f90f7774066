"""An article's body as visible text and the elements that stand in it.

Dialects do not see a tree. They see a `Document`: the visible text, and every element that has
attributes with the span of that text which it covers. Two engines fill it through the same
function, BeautifulSoup for single pages and lxml's tree for whole corpora; a test proves that they
agree.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

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
"""Which parser reads the markup: BeautifulSoup, or lxml (about ten times faster)."""


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
_INLINE, _SILENT = 4, 5
_KINDS: Final = (
    dict.fromkeys(_LINE_TAGS, _LINE)
    | dict.fromkeys(_CELL_TAGS, _CELL)
    | dict.fromkeys(_SILENT_TAGS, _SILENT)
)
_PAGE_END: Final = re.compile(r"</(?:[Hh][Tt][Mm][Ll]|[Bb][Oo][Dd][Yy])\s*>")
_PARSER: Final = etree.HTMLParser(encoding="utf-8", huge_tree=True)


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


class _Node(NamedTuple):
    """A node of BeautifulSoup's tree as lxml would show it."""

    tag: str
    attrs: Iterable[tuple[str, str]]
    text: str | None
    tail: str | None

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the attributes."""
        return self.attrs


_Event = tuple[str, Any]
"""What a tree says of itself in order: ``start``, ``end`` or else, and the node. The text of a node
follows its start, its tail follows everything else."""


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
    if not markup or markup.isspace():
        return Document("")
    # What follows the end of a page is part of it; the parsers differ in how much they lose.
    markup = _PAGE_END.sub("", markup)
    return _build(_soup_events(markup) if engine == "soup" else _tree_events(markup))


def _tree_events(markup: str) -> Iterator[_Event]:
    """Walk the tree that lxml makes."""
    try:
        root = etree.fromstring(markup.encode("utf-8", "replace"), _PARSER)
    except etree.ParserError:  # nothing but white space and comments
        return iter(())
    if root is None:
        return iter(())
    events: Iterator[_Event] = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    return events


def _soup_events(markup: str) -> Iterator[_Event]:
    """Walk the tree that BeautifulSoup makes, without recursion."""
    with warnings.catch_warnings():
        # its guesses that a short text is a file's name, or XHTML is to be read as XML
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml", multi_valued_attributes=None)
    node = soup.contents[0] if soup.contents else None
    while node is not None:
        if isinstance(node, Tag):
            # values are texts, since the tree was asked for no lists
            attrs = [(name, str(value)) for name, value in node.attrs.items()]
            script = node.name == "script"
            text = "".join(map(str, node.contents)) if script else None
            yield "start", _Node(node.name, attrs, text, None)
            if node.contents and not script:
                node = node.contents[0]
                continue
            yield "end", _Node(node.name, (), None, None)
        elif not isinstance(node, _NO_TEXT_NODES):
            yield "text", _Node("", (), None, str(node))
        while node is not None and node.next_sibling is None:
            node = node.parent
            if node is None or node is soup:
                return
            yield "end", _Node(node.name, (), None, None)
        node = node.next_sibling if node is not None else None


class _Text:
    """The visible text as it grows.

    Attributes
    ----------
    length
        Number of characters so far.
    pending
        What must stand before the next ones.
    separated
        Offsets at which such a separator stands; it is no part of an element that begins there.
    """

    __slots__ = ("length", "parts", "pending", "separated")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.pending = _NOTHING
        self.separated: set[int] = set()

    def write(self, raw: str) -> None:
        """Add what stands between two tags."""
        text = " ".join(raw.split())
        if not text:
            if self.pending < _SPACE:
                self.pending = _SPACE
            return
        if "\n" in raw and _BLANK_LINE.search(raw):
            paragraphs = (" ".join(part.split()) for part in _BLANK_LINE.split(raw))
            text = "\n".join(filter(None, paragraphs))
        pending = self.pending
        if pending < _SPACE and raw[0].isspace():
            pending = _SPACE
        if pending and self.length:
            self.separated.add(self.length)
            text = _SEPARATORS[pending] + text
        self.parts.append(text)
        self.length += len(text)
        self.pending = _SPACE if raw[-1].isspace() else _NOTHING


def _build(events: Iterable[_Event]) -> Document:
    """Put the nodes of a tree together; the one place that says what is visible text."""
    text = _Text()
    write, kind_of = text.write, _KINDS.get
    elements: list[Element] = []
    scripts: list[str] = []
    # of the innermost open element: the nearest with attributes, whether a reader sees it
    nearest, hidden, silent = state = (-1, False, False)
    around: list[tuple[int, tuple[int, bool, bool]]] = []
    for event, node in events:
        if event == "start":
            tag, raw = node.tag, node.text
            kind = kind_of(tag, _INLINE)
            around.append((kind, state))
            if kind is _SILENT:
                silent = True
                state = (nearest, hidden, True)
                if raw and tag == "script" and not raw.isspace():
                    scripts.append(raw)
            if items := node.items():
                attrs = dict(items)
                hidden = hidden or _is_hidden(attrs)
                here = text.length
                elements.append(Element(tag, attrs, here, here, nearest, hidden))
                nearest = len(elements) - 1
                state = (nearest, hidden, silent)
        else:
            raw, kind = node.tail, _INLINE
            if event == "end":
                kind, outside = around.pop()
                if outside is not state:
                    if nearest != outside[0] and elements[nearest].start != text.length:
                        elements[nearest] = _ended(elements[nearest], text)
                    nearest, hidden, silent = state = outside
        if kind is _LINE:
            text.pending = _LINE
        elif kind is _CELL and text.pending < _CELL:
            text.pending = _CELL
        if raw and not (silent or hidden):
            write(raw)
    return Document("".join(text.parts), tuple(elements), tuple(scripts))


def _ended(element: Element, text: _Text) -> Element:
    """Return an element with text in it as it is at its end."""
    tag, attrs, start, _, parent, hidden = element
    return Element(tag, attrs, start + (start in text.separated), text.length, parent, hidden)


def _is_hidden(attrs: dict[str, str]) -> bool:
    style = attrs.get("style")
    if "hidden" in attrs or (style is not None and _HIDDEN_STYLE.search(style)):
        return True
    name = attrs.get("id")
    return name is not None and _QUOTE_ID.match(name) is not None
