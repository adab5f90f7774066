"""An article's own text on a page, with its mentions marked; never its markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from mentionstudy.dashboard.i18n import as_html

_LONGEST = 60_000  # characters; a longer text would make the page slow and is cut with a note
_LONGEST_TITLE = 300
_STYLE = (
    "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.75;max-width:42rem;"
    "unicode-bidi:isolate"
)
_MARK = "background:rgba(230,159,0,.28);color:inherit;border-radius:3px;padding:0 .15em"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of the text that names a security.

    Attributes
    ----------
    start, end
        Offsets into the text.
    symbol
        What it names.
    """

    start: int
    end: int
    symbol: str


def spans(mentions: pd.DataFrame, text: str) -> list[Span]:
    """Find where the mentions of one article stand in its text.

    Parameters
    ----------
    mentions
        Rows of the mentions table: ``symbol, surface, positions``; a position of -1 belongs to a
        widget that leaves no text.
    text
        The article's text.

    Returns
    -------
    list of Span
        In order and without overlap; of two that overlap the longer stays.
    """
    found = []
    for row in mentions.itertuples(index=False):
        surface = str(row.surface or "")
        for position in _numbers(row.positions):
            end = position + len(surface)
            if surface and 0 <= position < end <= len(text):
                found.append(Span(position, end, str(row.symbol)))
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start, s.start - s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _numbers(positions: object) -> Iterable[int]:
    if isinstance(positions, str):
        return [int(part) for part in positions.split(";") if part.lstrip("-").isdigit()]
    if positions is None or isinstance(positions, float):
        return []
    return [int(part) for part in positions]  # type: ignore[attr-defined]


def marked(text: str, found: list[Span]) -> str:
    """Return the text as HTML in which only the marks are elements.

    Parameters
    ----------
    text
        Untrusted; every piece is escaped.
    found
        From `spans`.
    """
    shown = text[:_LONGEST]
    pieces, at = [], 0
    for span in found:
        if span.end > len(shown):
            break
        pieces.append(as_html(shown[at : span.start]))
        pieces.append(
            f'<mark style="{_MARK}" title="{as_html(span.symbol)}">'
            f"{as_html(shown[span.start : span.end])}</mark>"
        )
        at = span.end
    pieces.append(as_html(shown[at:]))
    end = "…" if len(text) > _LONGEST else ""
    return f'<div style="{_STYLE}">{"".join(pieces)}{end}</div>'


def shortened(title: str, longest: int = _LONGEST_TITLE) -> str:
    """Cut a title that is longer than any headline, such as a page that was read as one."""
    return title if len(title) <= longest else f"{title[: longest - 1]}…"


def heading(title: str) -> str:
    """Return an article's title as an HTML heading, escaped."""
    style = "font-size:1.35rem;margin:.2rem 0;overflow-wrap:anywhere;unicode-bidi:isolate"
    return f'<h2 style="{style}">{as_html(shortened(title))}</h2>'
