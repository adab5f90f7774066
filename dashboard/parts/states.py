"""What a page says when it has nothing, or not everything, to show."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import state
from mentionstudy.dashboard.i18n import Texts
from mentionstudy.dashboard.selection import EventFilter


class NothingMore(Exception):
    """Ends a page, and not what is drawn after it."""


def drawn(view: Callable[[], None]) -> bool:
    """Draw a page, and return whether it was drawn to its end."""
    try:
        view()
    except NothingMore:
        return False
    return True


def no_workspace(t: Texts, path: str, problem: str) -> None:
    """Say which workspace is missing and how to make one."""
    st.subheader(t("empty.workspace"))
    if problem:
        st.code(t.told(problem), language=None, wrap_lines=True)
    st.write(t("empty.workspace_how"))
    st.code(
        "mentionstudy demo\n"
        f"mentionstudy dashboard {t('empty.articles_folder')} --workspace {path or 'my-workspace'}",
        language="bash",
    )


def no_articles(t: Texts, path: str) -> None:
    """Say how articles come into the workspace that was opened."""
    st.subheader(t("empty.articles"))
    st.write(t("empty.articles_how"))
    st.code(f"mentionstudy ingest {t('empty.articles_folder')} --workspace {path}", language="bash")


def no_prices(t: Texts, path: str, events: int) -> None:
    """Say that events were found and prices were not, and how to get them."""
    st.warning(t("empty.prices", n=events))
    st.code(f"mentionstudy fetch --workspace {path}", language="bash")


def no_events_pass(t: Texts, events: pd.DataFrame, chosen: EventFilter) -> None:
    """Say which filter removed how many events, and offer to drop them all."""
    st.subheader(t("empty.filtered", n=len(events)))
    rows = removed_by(events, chosen)
    frame = pd.DataFrame(
        [(t(f"filter.{key}"), removed) for key, removed in rows.items()],
        columns=["filter", "removed"],
    )
    names = {"filter": t("column.filter"), "removed": t("column.removed")}
    st.dataframe(frame.rename(columns=names), hide_index=True, width="content")
    st.button(
        t("filter.reset"),
        key="reset_from_empty",
        on_click=state.reset,
        args=(state.FILTER_KEYS,),
        type="primary",
    )


def removed_by(events: pd.DataFrame, chosen: EventFilter) -> dict[str, int]:
    """Count the events that each filter alone removes.

    Parameters
    ----------
    events
        All events.
    chosen
        The filter.

    Returns
    -------
    dict of str to int
        By the filter's key in the URL; only filters that are set.
    """
    alone = {
        "ex": EventFilter(exchanges=chosen.exchanges) if chosen.exchanges else None,
        "tm": EventFilter(timings=chosen.timings) if chosen.timings else None,
        "src": EventFilter(sources=chosen.sources) if chosen.sources else None,
        "cat": EventFilter(categories=chosen.categories) if chosen.categories else None,
        "topic": EventFilter(topics=chosen.topics) if chosen.topics else None,
        "alone": EventFilter(alone=True) if chosen.alone else None,
        "sym": EventFilter(symbols=chosen.symbols) if chosen.symbols else None,
        "from": EventFilter(first_day=chosen.first_day) if chosen.first_day else None,
        "to": EventFilter(last_day=chosen.last_day) if chosen.last_day else None,
    }
    return {
        key: len(events) - len(only.apply(events))
        for key, only in alone.items()
        if only is not None
    }


def study_failed(t: Texts, reason: str) -> None:
    """Show why no study was made of these settings."""
    st.error(t("error.settings"))
    st.code(t.told(reason), language=None, wrap_lines=True)
    st.button(
        t("study.reset"),
        key="reset_study",
        on_click=state.reset,
        args=(state.STUDY_KEYS,),
    )


def few_events(t: Texts, used: int) -> None:
    """Warn that a mean of very few events says little."""
    if 0 < used < 10:
        st.info(t("warn.few_events", n=used))


def at_work(
    share: float, said: str, how: str, label: str, *, key: str, stop: Callable[[], None]
) -> None:
    """Say how far work in the background is, and offer the way out of it.

    Parameters
    ----------
    share
        How much of it is done, from 0 to 1.
    said, how
        What is done in words, and how it goes on.
    label, key, stop
        Of the button that ends it.
    """
    with st.container(border=True):
        st.progress(share, text=said)
        st.caption(how)
        st.button(label, key=key, icon=":material/stop_circle:", on_click=stop)
