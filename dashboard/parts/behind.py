"""Charts that can be clicked, and the list of the events behind what was clicked."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis.settings import Window
from mentionstudy.dashboard import marks
from mentionstudy.dashboard.parts import navigate, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun

_LISTED = 200

Find = Callable[[str], pd.DataFrame]


def of_study(page: Page, run: StudyRun, window: Window, *, summed: bool = False) -> Find:
    """Return the way from a mark to the events of the page's study; see `marks.events_behind`."""
    return lambda mark: marks.events_behind(run, page.car, mark, window, summed=summed)


@st.fragment
def chart(
    page: Page, run: StudyRun, name: str, fig: go.Figure, find: Find, *, alt: str = ""
) -> None:
    """Draw a chart and, after a click, list the events behind it; only this part runs again.

    Parameters
    ----------
    page, run
        The page, and the study that the chart shows.
    name
        Unique on the page; also the file name.
    fig
        From `mentionstudy.analysis.charts`; its first ``customdata`` is a mark.
    find
        From a mark to rows of ``StudyResult.car``.
    alt
        The sentence for a screen reader.
    """
    mark = show.clickable(fig, name, page.t, alt=alt)
    if mark:
        _list(page, run, name, find(mark))


def _list(page: Page, run: StudyRun, name: str, rows: pd.DataFrame) -> None:
    t = page.t
    listed = run.events["event_id"].isin(rows["event_id"].iloc[:_LISTED])
    known = run.events[listed].set_index("event_id")
    if known.empty:
        st.caption(t("behind.none"))
        return
    with st.container(border=True):
        if len(rows) == 1:
            event_id = str(rows["event_id"].iloc[0])
            event = known.loc[event_id]
            with st.container(horizontal=True):
                st.text(f"{event_id} · {event['title']}")
                if st.button(t("study.open_event"), key=f"open_{name}", type="primary"):
                    navigate.to_event(event_id, str(event["article_ids"]))
            return
        _table(page, name, rows, known)


def _table(page: Page, name: str, rows: pd.DataFrame, known: pd.DataFrame) -> None:
    t = page.t
    window = str(rows["window"].iloc[0])
    st.caption(t("behind.head", n=f"{len(rows):,}", window=window.replace("[", r"\[")))
    listed = rows[:_LISTED]
    shown = show.in_percent(listed[["symbol", "day0", "car", "t", "p"]])
    shown.insert(3, "sig", [show.stars(p) for p in listed["p"]])
    shown["title"] = listed["event_id"].map(known["title"])
    shown = show.with_names(shown, page.corpus.names)
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t),
        key=f"behind_{name}",
        on_select="rerun",
        selection_mode="single-row",
        height="auto" if len(shown) <= 8 else 300,
    )
    more = t("behind.more", shown=len(listed), n=f"{len(rows):,}") if len(rows) > _LISTED else ""
    st.caption(f"{t('overview.click_event')} {more}")
    show.csv_button(rows, f"behind_{name}", t)
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(listed):
        event_id = str(listed["event_id"].iloc[picked[0]])
        navigate.to_event(event_id, str(known.loc[event_id, "article_ids"]))
