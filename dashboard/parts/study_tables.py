"""The tables of the Study page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.errors import StudyError
from mentionstudy.analysis.inference.cross_section import Covariance
from mentionstudy.analysis.literature import references
from mentionstudy.analysis.models import MODELS
from mentionstudy.analysis.settings import Window, window_label
from mentionstudy.dashboard import marks, services
from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.parts import battery_table, behind, navigate, numbers, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import headline, p_text


def windows(page: Page) -> None:
    """Show the average CAR of every window as a row of numbers."""
    t = page.t
    line = st.container(horizontal=True, key="windows")
    for window in page.settings.car_windows:
        car = page.car(window)["car"].dropna()
        row = headline(page.tests(window))
        p = float(row["p"]) if row else float("nan")
        line.metric(
            f"CAAR {window_label(window)}",
            "–" if car.empty else f"{car.mean():+.2%}{show.stars(p)}",
            delta=f"N {len(car):,} · p {p_text(p)}",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=_behind(t, row),
        )
    st.caption(t("stars"))


def _behind(t: Texts, row: Mapping[str, Any] | None) -> str | None:
    """Say which test a p-value is of, how it is computed, and more of its digits."""
    if row is None:
        return None
    name, how = t.code("test", row["test"]), as_markdown(battery_table.behind(t, row))
    return f"**{as_markdown(name)}**, {battery_table.exact(row['p'])}\n\n{how}"


def groups(page: Page, run: StudyRun) -> None:
    """Compare the average CAR of the groups in each window."""
    t, family = page.t, page.question.group
    raw = page.table("groups", run.result.groups)
    shown = show.in_percent(raw[["group", "window", "n", "caar", "statistic", "df", "p"]])
    shown.insert(4, "sig", [show.stars(p) for p in raw["p"]])
    shown["group"] = [t.code(family, value) for value in shown["group"]]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        fig = page.figure("groups", lambda: _groups_fan(page, run))
        window = run.result.settings.window

        def find(mark: str) -> pd.DataFrame:
            return marks.events_behind(run, page.car, mark, window)

        behind.chart(page, run, "groups_chart", fig, find)
    with right:
        show.table(shown, "groups", t, raw=raw, height=420 if len(raw) > 12 else "auto")
    if raw["group"].nunique() == 2:
        _difference(page, run, family)


def _difference(page: Page, run: StudyRun, family: str) -> None:
    """Show the difference of the two groups' average CARs."""
    t = page.t
    raw = page.table("difference", run.result.compare)
    shown = show.in_percent(raw).rename(columns={"first": "first_group", "second": "second_group"})
    for column in ("first_group", "second_group"):
        shown[column] = [t.code(family, name) for name in shown[column]]
    for column in ("reason", "convention"):
        shown[column] = [t.told(text) for text in shown[column]]
    st.caption(t("study.difference"))
    show.table(shown, "difference", t, raw=raw)


def _groups_fan(page: Page, run: StudyRun) -> go.Figure:
    t, family = page.t, page.question.group
    of_event = run.result.events.set_index("event_id")["group"].astype("str")
    ar = run.result.ar[["event_id", "tau", "ar"]]
    ar = ar.assign(group=ar["event_id"].map(of_event))
    names = {code: t.code(family, code) for code in of_event.unique()}
    return charts.groups_fan(ar, names=names, look=page.look)


def regression(page: Page, run: StudyRun, name: str, window: Window) -> None:
    """Regress the CARs of a window on one characteristic."""
    t = page.t
    given = run.result.sample[name]
    terms = 2 if pd.api.types.is_numeric_dtype(given) else given.nunique()
    # a few clusters do not carry the errors of as many terms
    how: Covariance = "cluster" if run.result.events["day0"].nunique() > 3 * terms else "hc1"
    try:
        raw = page.table(
            f"regression {name} {window_label(window)}",
            lambda: run.result.regress([name], window=window, covariance=how),
        )
    except StudyError as error:
        st.info(t.told(error))
        return
    columns = ["term", "coefficient", "se", "statistic", "p"]
    shown = raw[columns].copy()
    shown.insert(len(columns), "sig", [show.stars(p) for p in raw["p"]])
    if raw["reason"].any():
        shown["reason"] = [t.told(reason) for reason in raw["reason"]]
    st.caption(
        t(
            "study.regression",
            errors=t(f"study.errors_{how}"),
            n=f"{int(raw['n'].iloc[0]):,}",
            r2=f"{raw['r2'].iloc[0]:.3f}",
        )
    )
    formats = {"coefficient": "%.4f", "se": "%.4f"}
    settings = {
        name: st.column_config.NumberColumn(t(f"column.{name}"), format=form)
        for name, form in formats.items()
    }
    show.table(shown, "regression", t, raw=raw, columns=settings)


@st.fragment
def diagnostics(page: Page, run: StudyRun) -> None:
    """Show how well the model fits each event's estimation window, once it is asked for."""
    t = page.t
    part = st.expander(
        t("study.diagnostics"), key="diagnostics", on_change="rerun", icon=":material/stethoscope:"
    )
    if not part.open:
        return
    with part:
        raw = page.table("diagnostics", lambda: run.result.diagnostics)
        named = [", ".join(t.code("flag", f) for f in str(s).split(";") if f) for s in raw["flags"]]
        shown = show.in_percent(raw.assign(flags=named))
        show.table(shown, "diagnostics", t, raw=raw, height=320 if len(raw) > 8 else "auto")


def events(page: Page, run: StudyRun, window: Window) -> None:
    """List every used event with its CAR; choosing one opens its article."""
    t = page.t
    more = ["event_id", "title", "source", "timing", "n_articles", "article_ids"]
    raw = page.table(
        f"events {window_label(window)}",
        lambda: page.car(window).merge(run.events[more], on="event_id", how="left"),
    )
    keep = ["symbol", "day0", "car", "t", "p", "n"]
    shown = show.in_percent(raw[keep])
    shown.insert(5, "sig", [show.stars(p) for p in raw["p"]])
    shown = shown.rename(columns={"n": "n_days"})  # N of one event would be read as events
    shown["title"] = raw["title"]
    shown["timing"] = raw["timing"].map(lambda code: t.code("timing", code))
    shown["source"] = raw["source"]
    shown = show.compact(show.with_names(shown, page.corpus.names))
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t, {"title": 240, "n_days": 54}),
        key="table_events",
        on_select="rerun",
        selection_mode="single-row",
        height="auto" if len(shown) <= 12 else 440,
    )
    st.caption(t("overview.click_event"))
    show.csv_button(raw, "car", t)
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(raw):
        row = raw.iloc[picked[0]]
        navigate.to_event(str(row["event_id"]), str(row["article_ids"]))


def left_out(page: Page, run: StudyRun) -> None:
    """List what is not in the statistics."""
    if run.excluded.empty:
        st.caption(page.t("overview.nothing_left_out"))
    else:
        numbers.exclusion_table(page, run.excluded, "excluded")


def methods(page: Page, run: StudyRun) -> None:
    """Say how it was computed, and give the whole study as files."""
    t = page.t
    window = numbers.main_window(page)
    with st.expander(t("study.methods"), icon=":material/functions:"):
        st.markdown(t(f"method.{page.settings.model}"))
        st.markdown(t("method.common"))
        for paper in references(MODELS[page.settings.model].source, page.tests(window)["test"]):
            st.text(paper)
        pairs = sorted({f"{s} ↔ {b}" for s, b in run.benchmarks.items()})
        for note in run.result.notes:
            st.text(f"· {t.told(note)}")
        st.text(t.fact("study.benchmarks", ", ".join(pairs[:40])))
        st.code(run.result.settings.to_toml(), language="toml")
    row = st.container(horizontal=True)
    row.download_button(
        t("download.xlsx"),
        data=lambda: services.workbook(run),
        file_name="study.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="xlsx_study",
        on_click="ignore",
        icon=":material/table_view:",
    )
    row.download_button(
        t("download.settings"),
        data=run.result.settings.to_toml(),
        file_name="study.toml",
        mime="application/toml",
        key="toml_study",
        on_click="ignore",
        icon=":material/tune:",
    )
    row.download_button(
        t("download.provenance"),
        data=lambda: services.record(run),
        file_name="study.json",
        mime="application/json",
        key="json_study",
        on_click="ignore",
        icon=":material/fingerprint:",
    )
