"""Article: its text with the mentions marked, and what each security did around it."""

from __future__ import annotations

import streamlit as st

from mentionstudy.dashboard.parts import frame, reader


def view() -> None:
    """Draw the page."""
    page = frame.prepare()
    article = reader.choose(page)
    left, right = st.columns([2, 3], gap="large")
    with left:
        reader.text(page, article)
    with right:
        reader.events(page, article)


view()
