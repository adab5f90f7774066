"""One event: its numbers, candles, abnormal returns and their sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard import services
from mentionstudy.dashboard.parts import show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.parts.numbers import p_text
from mentionstudy.dashboard.pipeline import StudyRun

_AROUND = 20  # sessions of candles on each side of day 0


def draw(page: Page, event: pd.Series[Any]) -> None:
    """Show one event, or why it has no statistics."""
    t = page.t
    event_id, symbol = str(event["event_id"]), str(event["symbol"])
    st.caption(
        t(
            "event.day0",
            day0=f"{event['day0']:%Y-%m-%d}",
            timing=t.code("timing", event["timing"]),
        )
    )
    run = page.run
    used = run is not None and event_id in set(run.result.events["event_id"])
    if run is not None and not used:
        _why_not(page, run, event_id)
    if run is not None and used:
        _metrics(page, run, event_id)
    _candles(page, event, symbol)
    if run is None or not used:
        return
    own = run.result.ar[run.result.ar["event_id"] == event_id]
    left, right = st.columns(2)
    with left:
        show.chart(charts.ar_bars(own, name=symbol, look=page.look), f"ar_{event_id}", t)
    with right:
        path = services.car_path(run, event_id)
        show.chart(charts.car_band(path, name=symbol, look=page.look), f"car_{event_id}", t)
    with st.expander(t("event.numbers")):
        shown = show.in_percent(own[["tau", "actual", "normal", "ar", "sar"]])
        show.table(shown, f"numbers_{event_id}", t, raw=own)
        model = run.result.events[run.result.events["event_id"] == event_id]
        keep = [c for c in ("alpha", "beta", "sigma", "r2", "n_est") if c in model]
        show.table(show.in_percent(model[keep]), f"model_{event_id}", t, raw=model)


def _why_not(page: Page, run: StudyRun, event_id: str) -> None:
    t = page.t
    rows = run.excluded[run.excluded["event_id"] == event_id]
    if rows.empty:
        st.info(t("event.filtered"))
        return
    row = rows.iloc[0]
    st.warning(t("event.excluded", reason=t.code("exclusion", row["code"])))
    st.text(str(row["reason"]))


def _metrics(page: Page, run: StudyRun, event_id: str) -> None:
    t = page.t
    line = st.container(horizontal=True)
    for window in page.settings.car_windows[:4]:
        table = run.result.car(*window)
        row = table[table["event_id"] == event_id].iloc[0]
        line.metric(
            f"CAR {window_label(window)}".replace("[", r"\["),
            "–" if pd.isna(row["car"]) else f"{row['car']:+.2%}{show.stars(row['p'])}",
            delta=f"t {row['t']:.2f} · p {p_text(float(row['p']))}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    st.caption(t("stars"))


def _candles(page: Page, event: pd.Series[Any], symbol: str) -> None:
    t = page.t
    bars, sessions = services.bars_around(
        page.workspace, page.corpus, page.question, event, _AROUND
    )
    if bars.empty:
        st.info(t("event.no_prices", symbol=symbol))
        return
    note = t("sample.note") if page.corpus.is_sample else ""
    fig = charts.candles(
        bars, event["day0"], sessions=sessions, name=symbol, look=replace(page.look, note=note)
    )
    show.chart(fig, f"price_{event['event_id']}", t)
