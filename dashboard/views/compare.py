"""Compare: two studies side by side, in what was asked and in what came out."""

from __future__ import annotations

from mentionstudy.dashboard.parts import comparison, frame


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    comparison.keep(page)
    pair = comparison.choose(page)
    if pair:
        comparison.draw(page, *pair)


view()
