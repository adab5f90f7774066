"""Saving studies, and two of them side by side."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis import charts
from mentionstudy.analysis.errors import StudyError
from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard import access, saved, services, state
from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.parts import behind, numbers, show
from mentionstudy.dashboard.parts.frame import Page, look_for
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import HEADLINE_TESTS
from mentionstudy.dashboard.saved import SavedStudy


def keep(page: Page) -> None:
    """Offer to save the present study under a name, here or as a file."""
    t = page.t
    workspace = str(page.workspace.path)
    with st.expander(t("saved.title"), icon=":material/bookmark_add:"):
        st.caption(t("saved.how"))
        name = st.text_input(t("saved.name"), max_chars=80, key="study_name").strip()
        study = SavedStudy(name or "study", state.current(), page.workspace.versions())
        row = st.container(horizontal=True)
        may = access.may_write() and "://" not in workspace
        if row.button(t("saved.save"), key="study_save", disabled=not (may and name)):
            try:
                saved.save(workspace, study)
                st.success(t("saved.done"))
            except OSError as error:
                st.error(t("saved.failed"))
                st.text(str(error))
        row.download_button(
            t("saved.file"),
            data=study.to_json(),
            file_name="study.json",
            mime="application/json",
            key="study_file",
            on_click="ignore",
        )
        given = st.file_uploader(t("saved.upload"), type=["json"], key="study_upload")
        if given is not None:
            _take(page, given.getvalue(), may=may)


def _take(page: Page, data: bytes, *, may: bool) -> None:
    try:
        study = saved.read(data)
    except saved.SavedStudyError as error:
        st.error(page.t("saved.no_study"))
        st.text(page.t.told(error))
        return
    st.session_state["_uploaded_study"] = study
    if may:
        saved.save(str(page.workspace.path), study)


def choose(page: Page) -> tuple[SavedStudy, SavedStudy] | None:
    """Let the reader choose two studies; the present one can be one of them."""
    t = page.t
    present = SavedStudy(t("saved.present"), state.current(), page.workspace.versions())
    plain = SavedStudy(t("saved.default"), state.complete({}), page.workspace.versions())
    studies = [present, plain, *saved.all_in(str(page.workspace.path))]
    uploaded = st.session_state.get("_uploaded_study")
    if uploaded is not None and uploaded.name not in {s.name for s in studies}:
        studies.append(uploaded)
    left, right = st.columns(2)
    names = [study.name for study in studies]
    places = list(range(len(studies)))
    one = left.selectbox(
        t("compare.first"), places, key="compare_first", format_func=names.__getitem__
    )
    other = right.selectbox(
        t("compare.second"),
        places,
        key="compare_second",
        index=len(places) - 1,
        format_func=names.__getitem__,
    )
    first, second = studies[one], studies[other]
    if not saved.differences(first, second):
        st.info(t("compare.same"))
        return None
    return first, second


def draw(page: Page, one: SavedStudy, other: SavedStudy) -> None:
    """Show what two studies ask differently and what they answer."""
    t = page.t
    st.subheader(t("compare.settings"))
    shown = pd.DataFrame(
        [
            (t(f"choice.{key}"), _named(t, key, a), _named(t, key, b))
            for key, a, b in saved.differences(one, other)
        ],
        columns=["setting", "first_study", "second_study"],
    )
    show.table(shown, "compare_settings", t)
    if one.versions != other.versions:
        st.caption(t("compare.versions"))
    answers = [_answer(page, study) for study in (one, other)]
    both = [answer.answered() for answer in answers if answer is not None]
    scale = common_scale([run.result.averages for run in both])
    st.subheader(t("compare.results"))
    for column, study, answer in zip(
        st.columns(2, gap="medium"), (one, other), answers, strict=True
    ):
        with column:
            st.markdown(f"**{as_markdown(study.name)}**")
            if answer is not None:
                _fan(answer, "compare_first" if study is one else "compare_second", scale)
    if len(both) == 2:
        table = side_by_side(both[0], both[1])
        show.table(show.in_percent(table), "compare_results", t, raw=table)


def common_scale(averages: list[pd.DataFrame]) -> tuple[float, float]:
    """Return the ends of an axis on which all bands and means can be compared by eye."""
    if not averages:
        return 0.0, 0.0
    ends = pd.concat([rows[["caar", "ci_low", "ci_high"]] for rows in averages])
    low, high = ends.min().min(), ends.max().max()
    room = 0.05 * (high - low)
    return float(low - room), float(high + room)


def _fan(asked: Page, name: str, scale: tuple[float, float]) -> None:
    run = asked.answered()
    low, high = scale

    def draw_fan() -> go.Figure:
        fan = charts.caar_fan(run.result.averages, look=asked.look)
        return fan.update_layout(yaxis_range=scale) if low < high else fan

    fig = asked.figure(f"caar {low:.6f} {high:.6f}", draw_fan)
    find = behind.of_study(asked, run, run.result.settings.car_windows[0], summed=True)
    behind.chart(asked, run, name, fig, find, alt=numbers.caar_alt(asked, run))


_FAMILIES = {
    "model": "model",
    "rets": "rets",
    "overlap": "overlap",
    "group": "group",
    "role": "role",
    "anchor": "anchor",
    "copies": "copies",
    "topic": "topic",
    "alone": "alone",
    "ex": "exchange",
    "tm": "timing",
    "bm": "index",
    "bmhk": "index",
}


def _named(t: Texts, key: str, shown: str) -> str:
    """Name the codes of a choice in the reader's language."""
    family = _FAMILIES.get(key)
    if family is None or shown == "–":
        return shown
    return ", ".join(t.code(family, code) for code in shown.split(", "))


def _answer(page: Page, study: SavedStudy) -> Page | None:
    """Return the page as it would be for a study of its own, with its answer."""
    values = study.choices
    try:
        question = services.Question(
            settings=state.settings(values),
            events=state.event_filter(values),
            benchmarks=tuple(sorted(state.benchmarks(values).items())),
            group=values["group"],
        )
        corpus = services.corpus(page.workspace, state.event_rules(values))
        run = services.study(page.workspace, corpus, question)
        look = look_for(page.t, question.settings, is_sample=corpus.is_sample)
        return replace(page, corpus=corpus, question=question, run=run, look=look)
    except StudyError as error:
        st.error(page.t("error.settings"))
        st.text(page.t.told(error))
        return None


def side_by_side(one: StudyRun, other: StudyRun) -> pd.DataFrame:
    """Return the average CAR of every window of either study, with N and p of both."""
    parts = []
    for number, run in enumerate((one, other), start=1):
        tests = run.result.tests()
        name = next((n for n in HEADLINE_TESTS if n in set(tests["test"])), "")
        rows = tests[tests["test"] == name][["window", "n", "p"]]
        # the rank and standardised tests have no mean of CARs beside them; this one always has
        mean = tests[tests["test"] == "cross_sectional_t"].set_index("window")["mean"]
        rows = rows.assign(caar=rows["window"].map(mean))[["window", "n", "caar", "p"]]
        parts.append(
            rows.rename(columns={column: f"{column}_{number}" for column in ("n", "caar", "p")})
        )
    order = [window_label(w) for r in (one, other) for w in r.result.settings.car_windows]
    table = parts[0].merge(parts[1], on="window", how="outer")
    rank = {window: place for place, window in enumerate(dict.fromkeys(order))}
    return table.sort_values("window", key=lambda w: w.map(rank)).reset_index(drop=True)
