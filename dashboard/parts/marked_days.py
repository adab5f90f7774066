"""Marked days on the Study page: how many events carry each mark, and CARs that go on over some."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard.parts import show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun


def table(page: Page, run: StudyRun) -> None:
    """Count the events and the days that carry each mark in the event windows."""
    t, marks = page.t, run.result.flags
    st.subheader(t("study.flags"))
    if marks.empty:
        st.caption(t("study.flags_none"))
        return
    counted = marks.groupby("flag").agg(n_events=("event_id", "nunique"), n_days=("tau", "size"))
    counted = counted.sort_values("n_events", ascending=False).reset_index()
    shown = pd.DataFrame(
        {
            "flag": [t.code("flag", name) for name in counted["flag"]],
            "n_events": counted["n_events"],
            "event_share": 100 * counted["n_events"] / run.result.n_events,
            "n_days": counted["n_days"],
            "meaning": [t.code("flag_meaning", name) for name in counted["flag"]],
        }
    )
    share = st.column_config.ProgressColumn(
        t("column.event_share"), min_value=0, max_value=100, format="%.0f%%"
    )
    show.table(shown, "flags", t, raw=marks, columns={"event_share": share}, height="content")


def extensions(page: Page, run: StudyRun) -> None:
    """Compare the mean CARs as asked with those to the first close off a limit, if asked for."""
    if not run.result.settings.extend_flags or not run.result.n_events:
        return
    t, raw = page.t, run.result.extensions()
    st.subheader(t("study.extended"))
    shown = show.in_percent(raw)
    shown.insert(6, "sig", [show.stars(p) for p in raw["p"]])
    show.table(shown, "extended", t, raw=run.result.extended(), height="content")
