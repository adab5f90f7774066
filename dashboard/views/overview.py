"""Overview: what was read, what was found, what moved, and what is left out and why."""

from __future__ import annotations

import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.dashboard import services
from mentionstudy.dashboard.parts import averages, behind, frame, moves, numbers, show


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    t, corpus, run = page.t, page.corpus, page.run
    numbers.funnel(page)
    if run is not None:
        # the tests take longer than the chart, which is what the reader looks for
        sentence = st.container(key="reading")
        left, right = st.columns(2, gap="medium")
        with left:
            averages.fan(page, run, "overview_caar")
        with right:
            moves.largest(page, run)
        sentence.markdown(numbers.reading(page))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(t("overview.articles"))
        numbers.article_table(page, services.article_index(corpus), newest=numbers.NEWEST)
    with right:
        st.subheader(t("overview.left_out"))
        numbers.attrition(page)
        calendar = page.figure(
            "calendar", lambda: charts.event_calendar(corpus.events, look=page.look)
        )
        if run is None:
            show.chart(calendar, "calendar", t)
        else:
            window = numbers.main_window(page)
            behind.chart(page, run, "calendar", calendar, behind.of_study(page, run, window))


view()
