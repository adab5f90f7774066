"""One security: choosing it, its price with its events, its CARs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.parts import behind, navigate, numbers, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.data.securities import currency_of


def choose(page: Page) -> str:
    """Let the reader choose a security among those with events; empty when there is none."""
    t, events = page.t, page.corpus.events
    if events.empty:
        return ""
    counts = events["symbol"].value_counts()
    symbols = list(counts.index)
    state.limit("security", symbols)
    if state.value("security") is None:
        state.choose("security", symbols[0])
    chosen = st.selectbox(
        t("column.symbol"),
        symbols,
        key="security",
        format_func=lambda s: f"{page.corpus.named(s)} · {t('security.events', n=counts[s])}",
    )
    return str(chosen)


def history(page: Page, symbol: str) -> None:
    """Draw a security's price with its events, and the CAR of each."""
    t = page.t
    events = page.corpus.events[page.corpus.events["symbol"] == symbol]
    bars = services.prices(page.workspace, page.corpus, dict(page.question.benchmarks)).bars
    own = bars[bars["symbol"] == symbol]
    if own.empty:
        st.info(t("event.no_prices", symbol=symbol))
    else:
        note = t("sample.note") if page.corpus.is_sample else ""
        look = replace(page.look, note=note)
        currency = currency_of(symbol)
        name = page.corpus.named(symbol)
        fig = charts.price_with_events(own, events, name=name, currency=currency, look=look)
        clicked = show.clickable(fig, "history", t)
        st.caption(t("security.click"))
        if clicked in set(events["event_id"]):
            row = events.set_index("event_id").loc[clicked]
            navigate.to_event(clicked, str(row["article_ids"]))
    if page.run is not None:
        _cars(page, page.run, symbol)
    _events(page, events)


def _cars(page: Page, run: StudyRun, symbol: str) -> None:
    t = page.t
    cars = [page.car(window) for window in page.settings.car_windows]
    car = pd.concat([rows[rows["symbol"] == symbol] for rows in cars], ignore_index=True)
    if car.empty:
        st.info(t("security.unused"))
        return
    left, right = st.columns([3, 2], gap="medium")
    first = window_label(numbers.main_window(page))
    with left:
        name = page.corpus.named(symbol)
        fig = charts.car_by_event(car[car["window"] == first], name=name, look=page.look)
        find = behind.of_study(page, run, numbers.main_window(page))
        behind.chart(page, run, "security_car", fig, find)
    with right:
        shown = show.in_percent(car[["day0", "window", "car", "t", "p"]])
        show.table(shown, "security_cars", t, raw=car, height=300 if len(car) > 7 else "auto")


def _events(page: Page, events: pd.DataFrame) -> None:
    t = page.t
    st.subheader(t("study.events"))
    reasons: dict[str, str] = {}
    if page.run is not None:
        out = page.run.excluded
        reasons = dict(zip(out["event_id"], out["code"], strict=True))
    shown = pd.DataFrame(
        {
            "day0": events["day0"],
            "timing": [t.code("timing", code) for code in events["timing"]],
            "n_articles": events["n_articles"],
            "title": events["title"],
            "source": events["source"],
            "reason": [
                t.code("exclusion", reasons[i]) if i in reasons else "" for i in events["event_id"]
            ],
        }
    )
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t),
        key="table_security_events",
        on_select="rerun",
        selection_mode="single-row",
    )
    st.caption(t("overview.click_event"))
    show.csv_button(events, "security_events", t)
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(events):
        row = events.iloc[picked[0]]
        navigate.to_event(str(row["event_id"]), str(row["article_ids"]))
