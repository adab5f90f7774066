"""The filters at work: which removed how many events, and the way back."""

from __future__ import annotations

import streamlit as st

from mentionstudy.dashboard import state
from mentionstudy.dashboard.parts import states
from mentionstudy.dashboard.parts.frame import Page


def strip(page: Page, selected: int) -> None:
    """Say in one line what the filters took away, with a button that drops them all.

    Parameters
    ----------
    page
        The page.
    selected
        Number of events that pass.
    """
    t, events = page.t, page.corpus.events
    if not selected and len(events):
        return  # the page says so itself, with more room
    if state.active_filters():
        removed = states.removed_by(events, page.question.events)
        parts = " · ".join(f"{t(f'filter.{key}')} −{n:,}" for key, n in removed.items())
        with st.container(horizontal=True, vertical_alignment="center", key="filters"):
            said = t("filter.sentence", n=f"{selected:,}", total=f"{len(events):,}", names=parts)
            st.caption(said, width="content")
            st.button(
                t("filter.reset"),
                key="reset_here",
                icon=":material/filter_alt_off:",
                type="tertiary",
                on_click=state.reset,
                args=(state.FILTER_KEYS,),
            )
    elif state.can_undo():
        st.button(
            t("filter.undo"),
            key="undo_here",
            icon=":material/undo:",
            type="tertiary",
            on_click=state.undo,
        )
