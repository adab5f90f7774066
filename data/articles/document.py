"""An article's body as visible text and the elements that stand in it.

Dialects do not see a tree. They see a `Document`: the visible text, and every element that has
attributes with the span of that text which it covers. Two engines fill it through the same
builder, BeautifulSoup for single pages and lxml's parser for whole corpora; a test proves that they
agree.
"""

from __future__ import annotations

import re
import threading
import warnings
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
_HIDDEN_STYLE: Final = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)")
# Portals fill these spans behind a linked name with today's price, whatever the article's day.
_QUOTE_ID: Final = re.compile(r"(?:bk)?quote_\S+$|(?:s[hz]|bj|hk)\d{5,6}_hq$")
_BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n")
_NO_TEXT_NODES: Final = (CData, Comment, Declaration, Doctype, ProcessingInstruction)
MAX_SURFACE_CHARS: Final = 80  # a link that is never closed covers the rest of the page
_NOTHING, _SPACE, _CELL, _LINE = range(4)
_SEPARATORS: Final = ("", " ", "\t", "\n")
_SILENT: Final = 4
_KINDS: Final = (
    dict.fromkeys(_LINE_TAGS, _LINE)
    | dict.fromkeys(_CELL_TAGS, _CELL)
    | dict.fromkeys(_SILENT_TAGS, _SILENT)
)
_kind_of: Final = _KINDS.get
_OUTSIDE: Final = (-1, False, False)  # nearest element with attributes, hidden, without text
_PAGE_END: Final = re.compile(r"</(?:[Hh][Tt][Mm][Ll]|[Bb][Oo][Dd][Yy])\s*>")


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


_START: Final = Element._fields.index("start")
_END: Final = Element._fields.index("end")
_new: Final = tuple.__new__  # of a list of all fields, without the call of a function of Python's


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
    return _read_soup(markup) if engine == "soup" else _read_events(markup)


def _read_events(markup: str) -> Document:
    """Let lxml's parser report to a builder, which spares the tree."""
    try:
        _OWN.parser.feed(markup.encode("utf-8", "replace"))  # sooner set up than for a whole text
        document: Document = _OWN.parser.close()
    except BaseException:
        _OWN.renew()  # the old one may wait for more of this text
        raise
    return document


def _read_soup(markup: str) -> Document:
    """Walk the tree that BeautifulSoup makes, without recursion."""
    with warnings.catch_warnings():
        # its guesses that a short text is a file's name, or XHTML is to be read as XML
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml", multi_valued_attributes=None)
    builder = _Builder()
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
            builder.comment(node)
        else:
            builder.data(str(node))
        while node is not None and node.next_sibling is None:
            node = node.parent
            if node is None or node is soup:
                return builder.close()
            builder.end(node.name)
        node = node.next_sibling if node is not None else None
    return builder.close()


class _Builder:
    """Puts together what a parser reports; the one place that says what is visible text.

    Attributes
    ----------
    data
        Takes text between two tags, whole or in pieces.
    """

    __slots__ = (
        "_around",
        "_elements",
        "_in_script",
        "_length",
        "_parts",
        "_pending",
        "_raw",
        "_scripts",
        "_separated",
        "_state",
        "data",
    )

    def __init__(self) -> None:
        self._raw: list[str] = []  # what has come since the last tag
        self.data = self._raw.append
        self._reset()

    def _reset(self) -> None:
        self._raw.clear()
        self._parts: list[str] = []  # of the visible text
        self._length = 0  # of the visible text
        self._pending = _NOTHING  # what must stand before the next visible text
        # Offsets at which such a separator stands; it is no part of an element that begins there.
        self._separated: set[int] = set()
        self._elements: list[list[Any]] = []  # the fields of each, to become one at the end
        self._scripts: list[str] = []
        self._in_script = False
        self._state = _OUTSIDE  # of the innermost open element, and below those around it
        self._around: list[tuple[int, bool, bool]] = []

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        """Open an element."""
        if self._raw:
            self._write()
        state = self._state
        self._around.append(state)
        kind = _kind_of(tag)
        if kind is not None:
            if kind is _SILENT:
                self._in_script = tag == "script"
                self._state = state = (state[0], state[1], True)
            elif self._pending < kind:
                self._pending = kind
        if attrs:
            nearest, hidden, silent = state
            hidden = hidden or _is_hidden(attrs)
            here = self._length
            elements = self._elements
            self._state = (len(elements), hidden, hidden or silent)
            elements.append([tag, attrs, here, here, nearest, hidden])

    def end(self, tag: str) -> None:
        """Close the innermost element."""
        if self._raw:
            self._write()
        outside = self._around.pop()
        if outside is not self._state:
            nearest = self._state[0]
            if nearest != outside[0]:
                element, length = self._elements[nearest], self._length
                if element[_START] != length:
                    element[_START] += element[_START] in self._separated
                    element[_END] = length
            self._state = outside
            self._in_script = False
        kind = _kind_of(tag)
        if kind is not None and self._pending < kind < _SILENT:
            self._pending = kind

    def comment(self, _: str) -> None:
        """Pass over a comment, which parts the text around it."""
        if self._raw:
            self._write()

    def pi(self, target: str, _: str | None = None) -> None:
        """Pass over a processing instruction."""
        self.comment(target)

    def doctype(self, name: str, *_: str | None) -> None:
        """Pass over a document type."""
        self.comment(name)

    def close(self) -> Document:
        """Return the document and begin another."""
        try:
            if self._raw:
                self._write()
            elements = tuple([_new(Element, fields) for fields in self._elements])
            return Document("".join(self._parts), elements, tuple(self._scripts))
        finally:
            self._reset()

    def _write(self) -> None:
        """Add what stands between two tags."""
        pieces = self._raw
        raw = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        if self._state[2]:
            if self._in_script and not raw.isspace():
                self._scripts.append(raw)
            return
        text = " ".join(raw.split())
        pending = self._pending
        if not text:
            if pending < _SPACE:
                self._pending = _SPACE
            return
        if "\n" in raw and _BLANK_LINE.search(raw):
            paragraphs = (" ".join(part.split()) for part in _BLANK_LINE.split(raw))
            text = "\n".join(filter(None, paragraphs))
        if pending < _SPACE and raw[0].isspace():
            pending = _SPACE
        length = self._length
        if pending and length:
            self._separated.add(length)
            text = _SEPARATORS[pending] + text
        self._parts.append(text)
        self._length = length + len(text)
        self._pending = _SPACE if raw[-1].isspace() else _NOTHING


def _is_hidden(attrs: dict[str, str]) -> bool:
    style = attrs.get("style")
    if "hidden" in attrs or (style is not None and _HIDDEN_STYLE.search(style.lower())):
        return True
    name = attrs.get("id")
    return name is not None and _QUOTE_ID.match(name) is not None


class _Own(threading.local):
    """The parser of each thread."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin with a new one."""
        self.parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, target=_Builder())


_OWN: Final = _Own()
