"""Securities: one security's whole history of events, and what each of them brought."""

from __future__ import annotations

from mentionstudy.dashboard.parts import frame, security


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    symbol = security.choose(page)
    if symbol:
        security.history(page, symbol)


view()
