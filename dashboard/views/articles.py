"""Articles: search and filter everything that was read; open one."""

from __future__ import annotations

from mentionstudy.dashboard.parts import frame, library


def view() -> None:
    """Draw the page."""
    page = frame.prepare(study=False)
    library.draw(page)


view()
