"""Study: averages, every event beside the others, the tests, and what is left out."""

from __future__ import annotations

import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.dashboard.parts import frame, numbers, show, study_tables


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    t, look = page.t, page.look
    run = page.answered()
    result = run.result
    numbers.coverage(page)
    st.markdown(numbers.reading(page, run))
    study_tables.windows(page, run)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show.chart(charts.caar_fan(result.averages, look=look), "caar", t)
    with right:
        show.chart(charts.aar_bars(result.averages, look=look), "aar", t)
    study_tables.groups(page, run)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        clicked = show.clickable(charts.event_heatmap(result.ar, look=look), "heatmap", t)
        st.caption(t("study.click_heatmap"))
    with right:
        window = study_tables.choose_window(page)
        car = result.car(*window)
        point = show.clickable(charts.car_distribution(car, look=look), "distribution", t)
    study_tables.clicked_event(page, run, clicked or point)
    st.subheader(t("study.tests"))
    study_tables.tests(page, run, window)
    study_tables.placebo(page, run, window)
    if st.toggle(t("study.multiples"), key="multiples"):
        show.chart(charts.car_small_multiples(result.ar, look=look), "multiples", t)
    st.subheader(t("study.events"))
    study_tables.events(page, run, window)
    st.subheader(t("study.excluded", n=len(run.excluded)))
    study_tables.left_out(page, run)
    study_tables.diagnostics(page, run)
    study_tables.methods(page, run)


view()
