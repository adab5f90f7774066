"""From a click to the page behind it."""

from __future__ import annotations

import streamlit as st

from mentionstudy.dashboard import state


def to_article(article_id: str, event_id: str | None = None) -> None:
    """Open an article, at one of its events if given."""
    state.choose("article", article_id)
    state.choose("event", event_id)
    state.end()
    st.switch_page("views/article.py", query_params=dict(st.query_params.to_dict()))


def to_security(symbol: str) -> None:
    """Open a security's history."""
    state.choose("security", symbol)
    state.end()
    st.switch_page("views/securities.py", query_params=dict(st.query_params.to_dict()))


def to_page(name: str) -> None:
    """Open a page by the name of its view."""
    state.end()
    st.switch_page(f"views/{name}.py", query_params=dict(st.query_params.to_dict()))


def to_event(event_id: str, article_ids: str) -> None:
    """Open the first article of an event."""
    to_article(article_ids.split(";")[0], event_id)
