"""The tables of the Study page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.settings import Window, parse_window, window_label
from mentionstudy.dashboard import services
from mentionstudy.dashboard.parts import article_text, navigate, numbers, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import headline, p_text


def windows(page: Page, run: StudyRun) -> None:
    """Show the average CAR of every window as a row of numbers."""
    t = page.t
    line = st.container(horizontal=True, key="windows")
    for window in page.settings.car_windows:
        car = run.result.car(*window)["car"].dropna()
        row = headline(run.result.tests(*window))
        p = float(row["p"]) if row else float("nan")
        line.metric(
            f"CAAR {window_label(window)}".replace("[", r"\["),
            "–" if car.empty else f"{car.mean():+.2%}{show.stars(p)}",
            delta=f"N {len(car)} · p {p_text(p)}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    st.caption(t("stars"))


def choose_window(page: Page) -> Window:
    """Let the reader choose one of the CAR windows for what follows."""
    labels = [window_label(w) for w in page.settings.car_windows]
    chosen = st.segmented_control(
        page.t("study.window"), labels, key="window", default=labels[0], required=True
    )
    return parse_window(chosen or labels[0])


def groups(page: Page, run: StudyRun) -> None:
    """Compare the groups' average CAR in each window, if the reader asked for groups."""
    t, family = page.t, page.question.group
    if not family:
        return
    raw = run.result.groups()
    st.subheader(t("study.by_group", group=t.code("group", family)))
    shown = show.in_percent(raw[["group", "window", "n", "caar", "statistic", "df", "p"]])
    shown.insert(4, "sig", [show.stars(p) for p in raw["p"]])
    shown["group"] = [t.code(family, value) for value in shown["group"]]
    of_event = run.result.events.set_index("event_id")["group"]
    ar = run.result.ar.assign(group=run.result.ar["event_id"].map(of_event))
    ar["group"] = [t.code(family, value) for value in ar["group"]]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show.chart(charts.groups_fan(ar, look=page.look), "groups_chart", t)
    with right:
        show.table(shown, "groups", t, raw=raw)
    if raw["group"].nunique() == 2:
        _difference(page, run, family)


def _difference(page: Page, run: StudyRun, family: str) -> None:
    """Show the difference of the two groups' average CARs."""
    t = page.t
    raw = run.result.compare()
    shown = show.in_percent(raw).rename(columns={"first": "first_group", "second": "second_group"})
    for column in ("first_group", "second_group"):
        shown[column] = [t.code(family, name) for name in shown[column]]
    for column in ("reason", "convention"):
        shown[column] = [t.told(text) for text in shown[column]]
    st.caption(t("study.difference"))
    show.table(shown, "difference", t, raw=raw)


def clicked_event(page: Page, run: StudyRun, event_id: str) -> None:
    """Offer the article behind a cell of the heat map."""
    events = run.events.set_index("event_id")
    if event_id not in events.index:
        return
    row = events.loc[event_id]
    with st.container(border=True, horizontal=True):
        st.text(f"{event_id} · {article_text.shortened(str(row['title']))}")
        if st.button(page.t("study.open_event"), key="open_event", type="primary"):
            navigate.to_event(event_id, str(row["article_ids"]))


def tests(page: Page, run: StudyRun, window: Window) -> None:
    """Show every test of a window with its reading, or the reason why it is not defined."""
    t = page.t
    raw = run.result.tests(*window)
    shown = pd.DataFrame(
        {
            "test": [t.code("test", name) for name in raw["test"]],
            "statistic": raw["statistic"],
            "p": raw["p"],
            "sig": [show.stars(p) for p in raw["p"]],
            "df": raw["df"],
            "n": raw["n"],
            "reading": [_reading(page, row) for row in raw.itertuples()],
            "convention": [t.told(text) for text in raw["convention"]],
        }
    )
    show.table(shown, "tests", t, raw=raw, height="content")


def _reading(page: Page, row: object) -> str:
    p = getattr(row, "p", float("nan"))
    if pd.isna(p):
        return page.t("tests.undefined", reason=page.t.told(getattr(row, "reason", "") or "–"))
    for level, key in ((0.01, "tests.strong"), (0.05, "tests.yes"), (0.10, "tests.weak")):
        if p < level:
            return page.t(key)
    return page.t("tests.no")


def placebo(page: Page, run: StudyRun, window: Window) -> None:
    """Repeat the study on random dates of the same shares, when the reader asks for it."""
    t = page.t
    if not st.toggle(t("study.placebo"), key="placebo", help=t("study.placebo_help")):
        return
    with st.spinner(t("running"), show_time=True):
        raw = services.placebo(page.corpus, page.question, run, window)
    raw = raw[raw["p_placebo"].notna()]
    if raw.empty:
        st.info(t("study.placebo_none"))
        return
    shown = show.in_percent(
        pd.DataFrame(
            {
                "test": [t.code("test", name) for name in raw["test"]],
                "statistic": raw["statistic"],
                "p": raw["p"],
                "p_placebo": raw["p_placebo"],
                "draws": raw["draws"],
            }
        )
    )
    show.table(shown, "placebo_table", t, raw=raw, height="content")


def diagnostics(page: Page, run: StudyRun) -> None:
    """Show how well the model fits each event's estimation window."""
    t = page.t
    with st.expander(t("study.diagnostics"), icon=":material/stethoscope:"):
        raw = run.result.diagnostics
        named = [", ".join(t.code("flag", f) for f in str(s).split(";") if f) for s in raw["flags"]]
        shown = show.in_percent(raw.assign(flags=named))
        show.table(shown, "diagnostics", t, raw=raw, height=320 if len(raw) > 8 else "auto")


def events(page: Page, run: StudyRun, window: Window) -> None:
    """List every used event with its CAR; choosing one opens its article."""
    t = page.t
    car = run.result.car(*window)
    raw = car.merge(
        run.events[["event_id", "title", "source", "timing", "n_articles", "article_ids"]],
        on="event_id",
        how="left",
    )
    keep = ["symbol", "day0", "car", "t", "p", "n"]
    shown = show.in_percent(raw[keep])
    shown.insert(5, "sig", [show.stars(p) for p in raw["p"]])
    shown["timing"] = [t.code("timing", code) for code in raw["timing"]]
    shown["source"], shown["title"] = raw["source"], raw["title"]
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t),
        key="table_events",
        on_select="rerun",
        selection_mode="single-row",
        height="auto" if len(shown) <= 12 else 440,
    )
    st.caption(t("overview.click_event"))
    show.csv_button(raw, "car", t)
    picked = chosen["selection"]["rows"]
    if picked:
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
    with st.expander(t("study.methods"), icon=":material/functions:"):
        st.markdown(t(f"method.{page.settings.model}"))
        st.markdown(t("method.common"))
        pairs = sorted({f"{s} ↔ {b}" for s, b in run.benchmarks.items()})
        for note in run.result.notes:
            st.text(f"· {t.told(note)}")
        st.text(t("study.benchmarks") + ": " + ", ".join(pairs[:40]))
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
