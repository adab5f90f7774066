"""A study that takes minutes: its progress, the way out of it, and its answer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.i18n import Texts
from mentionstudy.dashboard.parts import states
from mentionstudy.dashboard.pipeline import Corpus, StudyRun
from mentionstudy.dashboard.slow import StudyJob
from mentionstudy.data import Workspace


def answer(
    t: Texts, workspace: Workspace, corpus: Corpus, question: services.Question
) -> StudyRun | None:
    """Return the answer if it is there; otherwise see that it is worked on, and show how far.

    Parameters
    ----------
    t
        The texts.
    workspace, corpus, question
        What is asked of what.
    """
    job = services.study_job(corpus, question)
    if job.run is not None:
        return job.run
    if job.problem:
        states.study_failed(t, job.problem)
        return None
    services.start_study(workspace, corpus, question)
    _progress(t, job)
    return None


@st.fragment(run_every="1s")
def _progress(t: Texts, job: StudyJob) -> None:
    """Show how far the study is; draw the page anew when it is over."""
    # after a stop at once: the browser would send the old model with its next message
    if job.stopped or not job.running:
        st.rerun()
    said = t("slow.at", elapsed=f"{job.elapsed:.0f}", expected=f"{job.expected:.0f}")
    states.at_work(
        min(0.99, job.elapsed / job.expected) if job.expected else 0.0,
        said if job.expected else t("slow.begun"),
        t("slow.how"),
        t("slow.stop"),
        key="slow_stop",
        stop=partial(_give_up, job),
    )


def _give_up(job: StudyJob) -> None:
    job.stop()
    state.reset(("model",))
