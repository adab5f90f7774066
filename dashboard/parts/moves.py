"""The events that moved most."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard.parts import navigate, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.parts.numbers import main_window
from mentionstudy.dashboard.pipeline import StudyRun

_SHOWN = 10


def largest(page: Page, run: StudyRun) -> None:
    """List the largest absolute CARs of the main window; choosing one opens its article."""
    t = page.t
    window = main_window(page)
    st.subheader(t("overview.moves", window=window_label(window).replace("[", r"\[")))
    car = page.car(window).dropna(subset=["car"])
    car = car.reindex(car["car"].abs().sort_values(ascending=False).index)[:_SHOWN]
    shown = page.table(
        f"moves {window}", lambda: show.with_names(_shown(run, car), page.corpus.names)
    )
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t, {"symbol": 82, "sig": 28})
        | {
            "path": st.column_config.LineChartColumn(
                t("column.path"), help=t("hint.path"), width=66
            ),
            "day0": st.column_config.DateColumn(
                t("column.day0"), help=t("hint.day0"), format="YYYY-MM-DD", width=90
            ),
        },
        key="table_moves",
        on_select="rerun",
        selection_mode="single-row",
    )
    st.caption(f"{t('overview.click_event')} {t('stars')}")
    show.csv_button(car, "largest_moves", t)
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(car):
        event_id = str(car.iloc[picked[0]]["event_id"])
        article_ids = run.events.set_index("event_id").loc[event_id, "article_ids"]
        navigate.to_event(event_id, str(article_ids))


def _shown(run: StudyRun, car: pd.DataFrame) -> pd.DataFrame:
    ar = run.result.ar
    paths = {
        event_id: (rows.sort_values("tau")["ar"].fillna(0).cumsum() * 100).round(3).tolist()
        for event_id, rows in ar[ar["event_id"].isin(car["event_id"])].groupby("event_id")
    }
    return pd.DataFrame(
        {
            "symbol": car["symbol"],
            "car": car["car"] * 100,
            "sig": [show.stars(p) for p in car["p"]],
            "day0": car["day0"],  # no title: beside a chart there is no room for one
            "path": car["event_id"].map(paths),
        }
    )
