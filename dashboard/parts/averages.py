"""The charts of averages: cumulated, and day by day."""

from __future__ import annotations

from mentionstudy.analysis import charts
from mentionstudy.dashboard.parts import behind, numbers, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun


def fan(page: Page, run: StudyRun, name: str = "caar") -> None:
    """Draw the CAAR with its band; a click lists the events with their sums up to that day."""
    window = numbers.main_window(page)
    fig = page.figure("caar", lambda: charts.caar_fan(run.result.averages, look=page.look))
    find = behind.of_study(page, run, window, summed=True)
    behind.chart(page, run, name, fig, find, alt=numbers.caar_alt(page, run))
    show.before_the_rest(fig, name)


def bars(page: Page, run: StudyRun) -> None:
    """Draw the AAR of each day; a click lists the events with their AR of that day."""
    fig = page.figure("aar", lambda: charts.aar_bars(run.result.averages, look=page.look))
    find = behind.of_study(page, run, numbers.main_window(page))
    behind.chart(page, run, "aar", fig, find)
