"""Data: which prices are there, which are missing and why, and fetching them."""

from __future__ import annotations

from mentionstudy.dashboard.parts import coverage, frame


def view() -> None:
    """Draw the page."""
    page = frame.prepare(study=False)
    coverage.fetching(page)
    coverage.table(page)
    coverage.sources(page)
    coverage.upload(page)
    coverage.tables(page)


view()
