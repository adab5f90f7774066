"""One event: its numbers, candles, abnormal returns and their sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard import i18n, services
from mentionstudy.dashboard.parts import navigate, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import p_text
from mentionstudy.data.securities import currency_of

_AROUND = 20  # sessions of candles on each side of day 0


def summary(page: Page, event: pd.Series[Any]) -> None:
    """Show one event's day 0, its numbers or why there are none, and its candles."""
    t = page.t
    event_id = str(event["event_id"])
    st.caption(
        t(
            "event.day0",
            day0=f"{event['day0']:%Y-%m-%d}",
            timing=t.code("timing", event["timing"]),
        )
    )
    if page.run is not None:
        if _used(page.run, event_id):
            _metrics(page, page.run, event_id)
        else:
            _why_not(page, page.run, event_id)
    _candles(page, event, str(event["symbol"]))


def details(page: Page, event: pd.Series[Any]) -> None:
    """Show one event's abnormal returns, their sum and the numbers behind them."""
    t, run = page.t, page.run
    event_id, name = str(event["event_id"]), page.corpus.named(str(event["symbol"]))
    if run is None or not _used(run, event_id):
        return
    ar = run.result.ar
    own = page.table(f"own {event_id}", lambda: ar[ar["event_id"] == event_id])
    left, right = st.columns(2, gap="medium")
    with left:
        fig = page.figure(f"ar {event_id}", lambda: charts.ar_bars(own, name=name, look=page.look))
        show.chart(fig, f"ar_{event_id}", t)
    with right:
        path = page.table(f"path {event_id}", lambda: run.result.car_path(event_id))
        fig = page.figure(
            f"car {event_id}", lambda: charts.car_band(path, name=name, look=page.look)
        )
        show.chart(fig, f"car_{event_id}", t)
    with st.expander(t("event.numbers"), icon=":material/table_rows:"):
        shown = show.in_percent(own[["tau", "actual", "normal", "ar", "sar"]])
        show.table(shown, f"numbers_{event_id}", t, raw=own)
        model = run.result.events[run.result.events["event_id"] == event_id]
        keep = [c for c in ("benchmark", "alpha", "beta", "sigma", "r2", "n_est") if c in model]
        show.table(show.in_percent(model[keep]), f"model_{event_id}", t, raw=model)


def _used(run: StudyRun, event_id: str) -> bool:
    return event_id in set(run.result.events["event_id"])


def _why_not(page: Page, run: StudyRun, event_id: str) -> None:
    t = page.t
    rows = run.excluded[run.excluded["event_id"] == event_id]
    if rows.empty:
        st.info(t("event.filtered"))
        return
    row = rows.iloc[0]
    st.warning(t("event.excluded", reason=t.code("exclusion", row["code"])))
    st.text(i18n.explained(t, str(row["code"]), str(row["reason"])))


def _metrics(page: Page, run: StudyRun, event_id: str) -> None:
    t = page.t
    line = st.container(horizontal=True, key="event_metrics")
    for window in page.settings.car_windows[:4]:
        table = page.car(window)
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
    look = replace(page.look, note=note)
    fig = page.figure(
        f"candles {event['event_id']}",
        lambda: charts.candles(
            bars,
            event["day0"],
            sessions=sessions,
            name=page.corpus.named(symbol),
            currency=currency_of(symbol),
            look=look,
        ),
    )
    show.chart(fig, f"price_{event['event_id']}", t)
    if st.button(
        t("event.history", symbol=i18n.as_markdown(page.corpus.named(symbol))),
        key="event_history",
        type="tertiary",
        icon=":material/candlestick_chart:",
    ):
        navigate.to_security(symbol)
