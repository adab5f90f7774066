"""Study: averages, every event beside the others, the tests, and what is left out."""

from __future__ import annotations

import streamlit as st

from mentionstudy.dashboard.parts import (
    averages,
    closer,
    frame,
    marked_days,
    numbers,
    study_tables,
)


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    t = page.t
    run = page.answered()
    # the tests take longer than the charts, which are what the reader looks for
    coverage = st.container(key="coverage")
    answer = st.container(key="answer")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        averages.fan(page, run)
    with right:
        averages.bars(page, run)
    st.caption(t("behind.hint"))
    with coverage:
        numbers.coverage(page)
    with answer:
        st.markdown(numbers.reading(page))
        study_tables.windows(page)
    closer.draw(page, run)
    marked_days.extensions(page, run)
    marked_days.table(page, run)
    st.subheader(t("study.excluded", n=len(run.excluded)))
    study_tables.left_out(page, run)
    study_tables.diagnostics(page, run)
    study_tables.methods(page, run)


view()
