"""The placebo of a study: asked for, on its way with progress and a way out, and its table."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import pandas as pd
import streamlit as st

from mentionstudy.analysis.settings import Window, window_label
from mentionstudy.dashboard.i18n import as_markdown
from mentionstudy.dashboard.jobs import PlaceboJob, Progress
from mentionstudy.dashboard.parts import show, states
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun

_PATIENCE = 0.3  # seconds that a page waits for a placebo before it goes on without
_TOGGLE: Final = "placebo"
_JOB: Final = "_placebo_job"


def draw(page: Page, run: StudyRun, window: Window) -> None:
    """Repeat the study on random dates of the same shares, when the reader asks for it."""
    t = page.t
    if not st.toggle(t("study.placebo"), key=_TOGGLE, help=t("study.placebo_help")):
        _give_up()
        return
    job = _job(page, run, window)
    job.wait(_PATIENCE)
    if job.table is not None:
        _table(page, job.table)
    elif job.problem:
        st.error(as_markdown(t.told(job.problem)))
    else:
        _at_work(page, job)


def _job(page: Page, run: StudyRun, window: Window) -> PlaceboJob:
    """Return the reader's job for this question, begun; one for another question ends."""
    key: Hashable = (page.corpus.digest, page.question.key(), window)
    known, at_work = _known()
    if at_work is not None and known == key and not at_work.stopped:
        return at_work
    _give_up()
    job = PlaceboJob()
    st.session_state[_JOB] = key, job

    def answer(tell: Progress) -> pd.DataFrame:
        # what somebody has had computed is there for all; what is being computed is waited for
        return page.table(
            f"placebo {window_label(window)}",
            lambda: job.in_turn(lambda: run.result.placebo(*window, progress=tell)),
        )

    job.start(answer)
    return job


def _known() -> tuple[Hashable, PlaceboJob | None]:
    """Return what the reader asked last, and the job of it."""
    known: tuple[Hashable, PlaceboJob | None] = st.session_state.get(_JOB, (None, None))
    return known


def _give_up() -> None:
    _, job = _known()
    if job is not None:
        job.stop()
        del st.session_state[_JOB]


@st.fragment(run_every="1s")
def _at_work(page: Page, job: PlaceboJob) -> None:
    """Show how far the placebo is; draw the page anew when it is over."""
    t = page.t
    if job.stopped or not job.running:
        st.rerun()
    said = t("study.placebo_at", done=job.done, total=job.total)
    states.at_work(
        job.done / job.total if job.total else 0.0,
        said if job.total else t("study.placebo_begun"),
        t("study.placebo_running"),
        t("study.placebo_stop"),
        key="placebo_stop",
        stop=_stop,
    )


def _stop() -> None:
    _give_up()
    st.session_state[_TOGGLE] = False


def _table(page: Page, raw: pd.DataFrame) -> None:
    t = page.t
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
