"""The list of articles with its search."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import state
from mentionstudy.dashboard.parts import numbers
from mentionstudy.dashboard.parts.frame import Page

_CLOCK = {"night": (0, 9.5), "morning": (9.5, 11.5), "noon": (11.5, 13), "afternoon": (13, 15)}


def draw(page: Page) -> None:
    """Draw the search and the articles that it leaves."""
    t = page.t
    status = page.corpus.status.merge(
        page.corpus.articles[["article_id", "text", "categories", "tags"]], on="article_id"
    )
    left, middle, right = st.columns([4, 2, 2])
    left.text_input(
        t("search.label"), key="q", placeholder=t("search.hint"), icon=":material/search:"
    )
    present = [s for s in state.STATUSES if s in set(status["status"])]
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
    found = search(status, state.value("q"), state.value("st"), state.value("clock"))
    st.caption(t("search.found", n=f"{len(found):,}", total=f"{len(status):,}"))
    if found.empty:
        st.info(t("search.nothing"))
        keys = ("q", "st", "clock")
        st.button(t("filter.reset"), key="reset_search", on_click=state.reset, args=(keys,))
        return
    numbers.article_table(page, found.drop(columns=["text"]), height=620)


def search(
    articles: pd.DataFrame, words: str, statuses: list[str], clocks: list[str]
) -> pd.DataFrame:
    """Return the articles that hold every word and have one of the states and times of day.

    Parameters
    ----------
    articles
        Columns ``title, text, source, categories, tags, symbols, status, published_at,
        published_precision``.
    words
        Separated by blanks; a word may stand in the title, text, source, categories, tags or
        symbols. Letters match in both cases.
    statuses, clocks
        Empty lists mean all.
    """
    keep = pd.Series(data=True, index=articles.index)
    for word in words.lower().split():
        anywhere = pd.Series(data=False, index=articles.index)
        for column in ("title", "text", "source", "categories", "tags", "symbols"):
            text = articles[column].fillna("").astype("str").str.lower()
            anywhere |= text.str.contains(word, regex=False)
        keep &= anywhere
    if statuses:
        keep &= articles["status"].isin(statuses)
    if clocks:
        keep &= articles.apply(clock, axis="columns").isin(clocks)
    return articles[keep]


def clock(article: pd.Series) -> str:
    """Name the part of the exchange's day, in Beijing, in which an article was published."""
    when = article["published_at"]
    if pd.isna(when) or article["published_precision"] == "day":
        return "unknown"
    local = pd.Timestamp(when).tz_convert("Asia/Shanghai")
    hour = local.hour + local.minute / 60
    if local.isoweekday() >= 6:
        return "weekend"
    return next((name for name, (low, high) in _CLOCK.items() if low <= hour < high), "evening")
