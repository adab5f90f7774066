"""The list of articles with its search."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import listing, services, state
from mentionstudy.dashboard.parts import numbers
from mentionstudy.dashboard.parts.frame import Page


def draw(page: Page) -> None:
    """Draw the search and the articles that it leaves."""
    t = page.t
    index = services.article_index(page.corpus)
    left, middle, right = st.columns([4, 2, 2])
    left.text_input(
        t("search.label"), key="q", placeholder=t("search.hint"), icon=":material/search:"
    )
    have = set(index["status"].unique())
    present = [code for code in state.STATUSES if code in have]
    state.limit("st", present)
    middle.multiselect(
        t("column.status"),
        present,
        key="st",
        format_func=lambda code: t.code("status", code),
        placeholder=t("filter.all"),
    )
    right.multiselect(
        t("search.clock"),
        state.CLOCKS,
        key="clock",
        format_func=lambda code: t.code("clock", code),
        placeholder=t("filter.all"),
    )
    found = _chosen(index)
    st.caption(t("search.found", n=f"{len(found):,}", total=f"{len(index):,}"))
    if found.empty:
        st.info(t("search.nothing"))
        keys = ("q", "st", "clock")
        st.button(t("filter.reset"), key="reset_search", on_click=state.reset, args=(keys,))
        return
    numbers.article_table(page, found, height=620)


def _chosen(index: pd.DataFrame) -> pd.DataFrame:
    keep = listing.search(index, state.value("q"))
    for key, column in (("st", "status"), ("clock", "clock")):
        if state.value(key):
            keep &= index[column].isin(state.value(key))
    return index[keep]
