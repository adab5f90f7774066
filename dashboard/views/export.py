"""Export: the report, the tables and the charts of the study as files."""

from __future__ import annotations

from mentionstudy.dashboard.parts import exports, frame


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    run = page.answered()
    exports.report(page, run)
    exports.files(page, run)


view()
