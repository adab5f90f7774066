"""A closer look at a study: one part at a time, for one CAR window; only the chosen is computed."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.settings import Window, parse_window, window_label
from mentionstudy.dashboard import marks, state
from mentionstudy.dashboard.characteristics import CHARACTERISTICS
from mentionstudy.dashboard.derivation import GROUPS
from mentionstudy.dashboard.parts import battery_table, behind, placebo, study_tables
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun


@st.fragment
def draw(page: Page, run: StudyRun) -> None:
    """Draw the chosen part, and the tests and events of the chosen window."""
    t, family = page.t, page.question.group
    if family and st.session_state.get("_grouped") != family:  # who asks for groups sees them
        state.choose("part", "groups")
    st.session_state["_grouped"] = family
    st.subheader(t("study.closer"))
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with left:
        part = st.pills(  # which, unlike a segmented control, take a second line on a phone
            t("study.part"),
            state.STUDY_PARTS,
            key="part",
            required=True,
            wrap=True,  # several that must be chosen from would else scroll out of sight
            format_func=lambda code: t.code("part", code),
        )
    with right:
        window = _window(page)
    _PARTS[part or state.STUDY_PARTS[0]](page, run, window)
    st.subheader(t("study.tests"))
    battery_table.draw(page, window)
    placebo.draw(page, run, window)
    st.subheader(t("study.events"))
    study_tables.events(page, run, window)
    state.end()
    if st.session_state.pop("_regroup", False):
        st.rerun()


def _window(page: Page) -> Window:
    """Let the reader choose one of the CAR windows for what follows."""
    labels = [window_label(window) for window in page.settings.car_windows]
    if state.value("cw") not in labels:
        state.choose("cw", "")
    now = state.value("cw") or labels[0]
    if st.session_state.get("window") not in labels:
        st.session_state["window"] = now
    chosen = st.segmented_control(
        page.t("study.window"), labels, key="window", required=True, on_change=_keep_window
    )
    return parse_window(chosen or now)


def _keep_window() -> None:
    state.choose("cw", st.session_state["window"] or "")


def _events(page: Page, run: StudyRun, window: Window) -> None:
    look, label = page.look, window_label(window)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        fig = page.figure("heatmap", lambda: charts.event_heatmap(run.result.ar, look=look))
        find = behind.of_study(page, run, run.result.settings.window)
        behind.chart(page, run, "heatmap", fig, find)
    with right:
        fig = page.figure(
            f"distribution {label}", lambda: charts.car_distribution(page.car(window), look=look)
        )
        behind.chart(page, run, "distribution", fig, behind.of_study(page, run, window))


def _groups(page: Page, run: StudyRun, window: Window) -> None:
    t, family = page.t, page.question.group
    st.pills(
        t("study.group"),
        GROUPS,
        key="group_here",
        default=family or None,
        format_func=lambda code: t.code("group", code),
        on_change=_regroup,
    )
    if family:
        study_tables.groups(page, run)
    else:
        st.info(t("study.no_group"))


def _regroup() -> None:
    state.choose("group", st.session_state["group_here"] or "")
    st.session_state["_regroup"] = True  # the study itself has to be answered again


def _cross(page: Page, run: StudyRun, window: Window) -> None:
    t = page.t
    have = [name for name in CHARACTERISTICS if run.result.sample[name].nunique() > 1]
    if not have:
        st.info(t("study.no_characteristic"))
        return
    name = st.pills(
        t("study.characteristic"),
        have,
        key="characteristic",
        default=have[0],
        required=True,
        wrap=True,
        format_func=lambda code: t.code("characteristic", code),
    )
    name = name or have[0]
    values = run.result.sample[name]
    if pd.api.types.is_string_dtype(values) and t.has(f"{name}.{values.iloc[0]}"):
        values = values.map(lambda code: t.code(name, code))
    title, car = t.code("characteristic", name), page.car(window)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        fig = page.figure(
            f"cross {name} {window_label(window)}",
            lambda: charts.cross_section(car, values, name=title, look=page.look),
        )
        behind.chart(page, run, "cross", fig, _of_kind(page, run, car, values, window))
    with right:
        study_tables.regression(page, run, name, window)


def _of_kind(
    page: Page, run: StudyRun, car: pd.DataFrame, values: pd.Series, window: Window
) -> Callable[[str], pd.DataFrame]:
    def find(mark: str) -> pd.DataFrame:
        if not mark.startswith("cross:"):
            return marks.events_behind(run, page.car, mark, window)
        known = car["car"].notna().to_numpy() & values.notna().to_numpy()
        labels = charts.cross_section_bins(values[known])
        return marks.largest_first(car[known][(labels == mark.removeprefix("cross:")).to_numpy()])

    return find


def _multiples(page: Page, run: StudyRun, window: Window) -> None:
    fig = page.figure(
        "multiples", lambda: charts.car_small_multiples(run.result.ar, look=page.look)
    )
    find = behind.of_study(page, run, run.result.settings.window)
    behind.chart(page, run, "multiples", fig, find)


def _calendar(page: Page, run: StudyRun, window: Window) -> None:
    fig = page.figure("when", lambda: charts.event_calendar(run.result.events, look=page.look))
    behind.chart(page, run, "when", fig, behind.of_study(page, run, window))


_PARTS: dict[str, Callable[[Page, StudyRun, Window], None]] = {
    "events": _events,
    "groups": _groups,
    "cross": _cross,
    "multiples": _multiples,
    "calendar": _calendar,
}
