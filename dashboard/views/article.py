"""Article: its text with the mentions marked, and what each security did around it."""

from __future__ import annotations

import streamlit as st

from mentionstudy.dashboard.parts import event_panel, frame, reader


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    article = reader.choose(page)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        reader.text(page, article)
    with right:
        event = reader.event(page, article)
        if event is not None:
            event_panel.summary(page, event)
    if event is not None:
        event_panel.details(page, event)
    reader.left_out(page, article)


view()
