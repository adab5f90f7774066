"""Overview: what was read, what was found, what moved, and what is left out and why."""

from __future__ import annotations

import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.dashboard.parts import frame, moves, numbers, show


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    t, corpus, run = page.t, page.corpus, page.run
    numbers.funnel(page)
    if run is not None:
        st.markdown(numbers.reading(page, run))
        left, right = st.columns([3, 2], gap="medium")
        with left:
            show.chart(
                charts.caar_fan(run.result.averages, look=page.look),
                "overview_caar",
                t,
                alt=numbers.reading(page, run),
            )
        with right:
            moves.largest(page, run)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(t("overview.articles"))
        numbers.article_table(page, corpus.status)
    with right:
        st.subheader(t("overview.left_out"))
        numbers.attrition(page)
        show.chart(charts.event_calendar(corpus.events, look=page.look), "calendar", t)


view()
