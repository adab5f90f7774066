"""From the raw body of a post or a row to an article's text, markup and document."""

from __future__ import annotations

import html
import re
from typing import Final, NamedTuple

from mentionstudy.data.articles.boilerplate import body_length
from mentionstudy.data.articles.document import Document, Engine, parse_markup

_TAG: Final = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9]*(?:[\s/][^<>]*)?>|!--)")
_AUTOLINK: Final = re.compile(r"<(https?://[^<>\s]{0,2000})?>")
_IMAGE: Final = re.compile(r"!\[([^\]\n]{0,500})\]\((\S{0,2000})\)")
_LINK: Final = re.compile(r"\[([^\[\]\n]{1,500})\]\(((?:https?:)?//[^()\s]{1,2000})\)")
# A line's begin is its line feed, because a search for one character is the fastest.
_HEADING: Final = re.compile(r"\n#{1,6}[ \t]+(.*)")
_QUOTE: Final = re.compile(r"\n>[ \t]")
_RULE: Final = re.compile(r"\n(?:-{3,}|\*{3,}|_{3,})[ \t]*$", re.MULTILINE)
# Looked for before the patterns above. A pattern that begins with one character, and no more, is
# found several times faster than two characters are by `in`.
_ESCAPED_QUOTE: Final = re.compile(r'=(?=\\")')
_AUTOLINK_MARK: Final = re.compile(r"<(?=http|>)")
_LINK_MARK: Final = re.compile(r"\](?=\()")
_LINE_MARKS: Final = frozenset("#>-*_")
_MARKED_LINE: Final = re.compile(r"\n[#>*_-]")
# NetEase's component; crawlers that drop the script tags leave its calls as lines of text.
_LOOSE_SCRIPT: Final = re.compile(
    r"^[ \t]*(window\.__\w+__(?:\.push\(.{0,300}?\)| = .{0,300}?);?)[ \t]*$", re.MULTILINE
)


class Body(NamedTuple):
    """An article's body.

    Attributes
    ----------
    text
        Plain text, one paragraph a line, without related reading.
    markup
        What the document was parsed from; empty for plain text.
    document
        The parsed body, cut to `text`.
    """

    text: str
    markup: str
    document: Document


def read_markup(markup: str, engine: Engine, min_share: float = 0.0) -> Body:
    """Parse the markup of a body and cut related reading; see `body_length` for `min_share`."""
    document = parse_markup(markup, engine)
    document = document.until(body_length(document.text, min_share))
    return Body(document.text, markup, document)


def read_plain(text: str) -> Body:
    """Take a body that is plain text: one paragraph a line, cells separated by tabs."""
    lines = (_plain_line(line) for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    text = text[: body_length(text)]
    return Body(text, "", Document(text))


def read_body(raw: str, engine: Engine) -> Body:
    """Read a body that may be plain text, Markdown with HTML in it, or HTML.

    Parameters
    ----------
    raw
        The body as it stands in the file.
    engine
        Parser for the markup.

    Returns
    -------
    Body
        The text with the marks of Markdown resolved as far as mentions need it: links and images
        become elements, headings and quotes lose their marks. Emphasis is left alone, because a
        star before a name (``*ST``) is part of the name.
    """
    markup = _as_markup(raw)
    return read_markup(markup, engine) if _TAG.search(markup) else read_plain(markup)


def has_markup(text: str) -> bool:
    """Tell whether a text has HTML tags."""
    return _TAG.search(text) is not None


def _plain_line(line: str) -> str:
    if "\t" not in line:
        return " ".join(line.split())
    cells = (" ".join(cell.split()) for cell in line.split("\t"))
    return "\t".join(cell for cell in cells if cell)


def _as_markup(raw: str) -> str:
    if "window.__" in raw:
        raw = _LOOSE_SCRIPT.sub(r"<script>\1</script>", raw)
    if _ESCAPED_QUOTE.search(raw):  # markup cut out of a program's text, with its quotes escaped
        raw = raw.replace('\\"', '"')
    if _AUTOLINK_MARK.search(raw):
        raw = _AUTOLINK.sub(lambda m: _anchor(m[1], "") if m[1] else "", raw)
    if _LINK_MARK.search(raw):
        raw = _IMAGE.sub(
            lambda m: f'<img src="{html.escape(m[2])}" alt="{html.escape(m[1])}">', raw
        )
        raw = _LINK.sub(lambda m: _anchor(m[2], m[1]), raw)
    if raw[:1] in _LINE_MARKS or _MARKED_LINE.search(raw):  # such lines are rare
        raw = _HEADING.sub(r"\n\n\1\n", "\n" + raw)
        raw = _QUOTE.sub("\n", raw)
        raw = _RULE.sub("\n\n", raw)[1:]
    return raw


def _anchor(url: str, text: str) -> str:
    return f'<a href="{html.escape(url)}">{text}</a>'
