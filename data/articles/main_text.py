"""The main text of a page from a portal that is not known, as trafilatura finds it.

It walks a page several times, and once more with other settings where the text is a small share of
the page. What is surely none of the text is therefore taken out first: what no reader sees, what
stands around the article without a sentence in it, and lists of links to other stories, which would
also be taken for the article where that is short.
"""

from __future__ import annotations

import re
from copy import deepcopy
from itertools import islice
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, tostring

# Trafilatura drops all of these too, but not before it has copied and measured the page.
_UNSEEN: Final = (
    "button",
    "head",
    "iframe",
    "nav",
    "noscript",
    "object",
    "select",
    "style",
    "svg",
    "template",
)
_FORUM: Final = etree.XPath(
    "boolean(//script[@type='application/ld+json'][contains(., 'DiscussionForumPosting')])"
)
_ELEMENTS: Final = etree.XPath("count(//*)")
# Trafilatura needs seconds for a larger page.
_MAX_CHARS: Final = 600_000
_MAX_ELEMENTS: Final = 20_000
# It reads each table and article with all that is within, and those within again.
_MAX_NESTED: Final = 12  # more than pages that are laid out by tables have
_NESTED: Final = etree.XPath(
    f"boolean(//table[ancestor::table[{_MAX_NESTED}]]"
    f" or //article[ancestor::article[{_MAX_NESTED}]])"
)

# Clock times and numbers stand beside the links of a list and are not counted.
_NO_LETTERS: Final = re.compile(r"[\W\d_]+")
# Runs of so many letters are sentences or headlines; menus, stamps and counts are shorter.
_SENTENCE_CHARS: Final = 13
_RUNS: Final = etree.XPath(
    f"descendant::text()[string-length(normalize-space(.)) >= {_SENTENCE_CHARS}]"
)
# Many links may cut a sentence into pieces.
_PARAGRAPHS: Final = etree.XPath(
    f"descendant::p[string-length(normalize-space(.)) >= {_SENTENCE_CHARS}]"
)
# The frame of an article holds most of the page's sentences, and more than a footer has.
_TABLE: Final = frozenset(("table", "tbody", "td", "tfoot", "th", "thead", "tr"))
_FRAMES: Final = _TABLE | {"article", "center", "div", "form", "main", "section"}
_FRAME_SHARE: Final = 0.6
_MIN_FRAME_CHARS: Final = 250
_STRAY_SHARE: Final = 0.1
_MAX_DEPTH: Final = 50
# Beside a frame these may belong to a further part of the article.
_PARTS: Final = _TABLE | {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"}
_BLOCKS: Final = frozenset(("aside", "center", "div", "dl", "li", "ol", "section", "ul"))
# A table of shares is all links and numbers, and a digest has each headline in a paragraph.
_TEXTS: Final = ("td", "th", "p")
_MIN_LINKS: Final = 8
_LINKED_SHARE: Final = 0.9
_MAX_BESIDE: Final = 20  # letters in a row without a link: more are a sentence of the article
# Letters of a link on average: shorter ones may be names of firms, longer ones paragraphs.
_HEADLINE_CHARS: Final = range(6, 60)


def main_markup(tree: HtmlElement) -> str | None:
    """Return the markup of a page's main text.

    Parameters
    ----------
    tree
        The page; it stays as it is.

    Returns
    -------
    str or None
        With links; None if trafilatura finds no text or the page is too large for it.
    """
    import trafilatura  # here, because it takes as long to import as all the rest

    def extract(page: HtmlElement) -> str | None:
        if _ELEMENTS(page) > _MAX_ELEMENTS or _NESTED(page):
            return None
        return trafilatura.extract(
            page, output_format="html", include_links=True, include_comments=False, fast=True
        )

    seen = _seen(tree)
    if len(tostring(seen, encoding="unicode", with_tail=False)) > _MAX_CHARS:
        return None
    framed = not _FORUM(seen) and _framed(seen)
    lists = _lists_of_links(seen)
    for element in lists:
        element.drop_tree()
    found = extract(seen)
    return extract(_seen(tree)) if (framed or lists) and not found else found


def _seen(tree: HtmlElement) -> HtmlElement:
    """Return a copy of a page without what no reader sees."""
    seen = deepcopy(tree)
    unseen = _UNSEEN if _FORUM(tree) else (*_UNSEEN, "script")
    etree.strip_elements(seen, *unseen, etree.Comment, with_tail=False)
    return seen


def _framed(tree: HtmlElement) -> bool:
    """Find the frame of a page's article, and cut what stands around it without a sentence.

    Trafilatura reads headings, lists and text outside of paragraphs where it knows the frame, and
    nothing else. It is told the frame if hardly any paragraphs stand around it and hardly any
    sentences in lists within, as those of other stories do; a cell may be one of a table of data.
    """
    body = outer = frame = tree.find("body")
    letters = {} if body is None else _sentences(body)
    least = max(_MIN_FRAME_CHARS, _FRAME_SHARE * letters.get(body, 0))
    while frame is not None:
        frame = next((e for e in outer if e.tag in _FRAMES and letters.get(e, 0) >= least), None)
        if frame is not None:
            for scrap in [e for e in outer if e not in letters and e.tag not in _PARTS]:
                scrap.drop_tree()
            outer = frame
    if outer is body:
        return False
    strays = _within(body, "p", letters) - _within(outer, "p", letters)
    strays += _within(outer, "li", letters)
    known = outer.tag in _TABLE or tree.find(".//article") is not None
    if not known and strays < _STRAY_SHARE * letters[body]:
        outer.tag = "article"
    return True


def _within(element: HtmlElement, tag: str, letters: dict[HtmlElement, int]) -> int:
    return sum(letters.get(inner, 0) for inner in element.iter(tag))


def _sentences(body: HtmlElement) -> dict[HtmlElement, int]:
    """Return the elements that hold sentences, and the letters of those sentences without links.

    Linked headlines count where they stand in paragraphs or cells, but have no weight there.
    """
    own: dict[HtmlElement, int] = dict.fromkeys(_PARAGRAPHS(body), 0)
    for run in _RUNS(body):
        if (letters := _letters(run)) >= _SENTENCE_CHARS:
            parent = run.getparent().getparent() if run.is_tail else run.getparent()
            own[parent] = own.get(parent, 0) + letters
    found: dict[HtmlElement, int] = {}
    for element, letters in own.items():
        within = [element, *islice(element.iterancestors(), _MAX_DEPTH)]
        if within[-1] is not body.getparent():
            return {}  # nested deeper than any page that a portal makes
        tags = {outer.tag for outer in within}
        linked = "a" in tags
        if linked and tags.isdisjoint(_TEXTS):
            continue
        for outer in within:
            found[outer] = found.get(outer, 0) + (0 if linked else letters)
    return found


class _Counts:
    """What an element holds: letters, letters in links, links, and the longest text without one."""

    __slots__ = ("before", "letters", "linked", "links", "longest")

    def __init__(self, letters: int = 0, before: int = 0) -> None:
        self.letters = self.longest = letters
        self.linked = self.links = 0
        self.before = before  # so many lists were found before this element

    def add(self, inner: _Counts, behind: int) -> None:
        """Count what an inner element holds, and the letters behind it."""
        self.letters += inner.letters + behind
        self.linked += inner.linked
        self.links += inner.links
        self.longest = max(self.longest, inner.longest, behind)

    def is_list(self) -> bool:
        """Tell whether there are headlines with links and nothing else."""
        return (
            self.links >= _MIN_LINKS
            and self.linked >= _LINKED_SHARE * self.letters
            and self.longest <= _MAX_BESIDE
            and self.linked // self.links in _HEADLINE_CHARS
        )


def _lists_of_links(tree: HtmlElement) -> list[HtmlElement]:
    """Return the largest blocks that hold headlines with links and nothing else."""
    body = tree.find("body")
    lists: list[HtmlElement] = []
    inside = [_Counts()]
    for event, element in etree.iterwalk(tree if body is None else body, events=("start", "end")):
        if event == "start":
            inside.append(_Counts(_letters(element.text), len(lists)))
            continue
        counts = inside.pop()
        if element.tag == "a":
            counts.linked, counts.links, counts.longest = counts.letters, 1, 0
        elif element.tag in _TEXTS:
            counts.linked, counts.links, counts.longest = 0, 0, counts.letters
        elif element.tag in _BLOCKS and counts.is_list():
            lists[counts.before :] = [element]
        inside[-1].add(counts, _letters(element.tail))
    return lists


def _letters(text: str | None) -> int:
    return len(_NO_LETTERS.sub("", text)) if text and not text.isspace() else 0
