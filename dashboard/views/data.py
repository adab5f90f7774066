"""Data: which prices are there, which are missing and why, and fetching them."""

from __future__ import annotations

from mentionstudy.dashboard.parts import coverage, frame, own_files


def view() -> None:
    """Draw the page."""
    page = frame.prepare(study=False)
    coverage.fetching(page)
    coverage.table(page)
    coverage.sources(page)
    own_files.draw(page)
    coverage.tables(page)
    coverage.marks(page)


view()
