"""What every page shares: the notes of the link, the sample mark, the side bar, the data."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis.charts import Look, labels_for
from mentionstudy.analysis.errors import StudyError
from mentionstudy.analysis.settings import StudySettings, Window, window_label
from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.i18n import Texts, as_markdown, texts
from mentionstudy.dashboard.parts import states, waiting
from mentionstudy.dashboard.pipeline import Corpus, StudyRun
from mentionstudy.dashboard.slow import is_slow
from mentionstudy.data import Workspace

_AT_ONCE = 20_000  # events whose study takes less than half a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a view draws from.

    Attributes
    ----------
    t
        Texts of the reader's language.
    look
        How charts look; its note names the sample and the model.
    workspace, corpus
        The data.
    question, run
        The study's question and its answer; the answer is None when it could not be computed.
    """

    t: Texts
    look: Look
    workspace: Workspace
    corpus: Corpus
    question: services.Question
    run: StudyRun | None

    def figure(self, name: str, make: Callable[[], go.Figure]) -> go.Figure:
        """Return a chart of the question's answer, drawn anew only when something changed.

        Parameters
        ----------
        name
            The chart, and what it depends on beside the question and the look.
        make
            Draws it.
        """
        look = f"{self.t.language} {self.look.dark} {self.look.up} {self.look.note}"
        return services.figure(self.corpus, self.question, f"{name} {look}", make)

    def table(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return a table of the question's answer, computed once; it must not be changed."""
        return services.table(self.corpus, self.question, name, make)

    def tests(self, window: Window) -> pd.DataFrame:
        """Return every test of a window."""
        result = self.answered().result
        return self.table(f"tests {window_label(window)}", lambda: result.tests(*window))

    def car(self, window: Window) -> pd.DataFrame:
        """Return every event's CAR of a window."""
        result = self.answered().result
        return self.table(f"car {window_label(window)}", lambda: result.car(*window))

    @property
    def settings(self) -> StudySettings:
        """The study's settings."""
        return self.question.settings

    def answered(self) -> StudyRun:
        """Return the study's answer, or end the page: it has already said why there is none."""
        if self.run is None:
            raise states.NothingMore
        return self.run


def current_texts() -> Texts:
    """Return the texts of the chosen language."""
    return texts(state.value("lang"))


def prepare(*, study: bool = True) -> Page:
    """Load what the page needs, or show the state that says what is missing and stop.

    Parameters
    ----------
    study
        Whether the page shows results; if not, none are computed.
    """
    t = current_texts()
    source = services.source()
    if source.workspace is None:
        states.no_workspace(t, source.path, source.problem)
        raise states.NothingMore
    corpus = services.corpus(source.workspace, state.event_rules())
    if corpus.is_sample:
        st.badge(
            t("sample.badge"), icon=":material/science:", color="orange", help=t("sample.help")
        )
    if corpus.articles.empty:
        states.no_articles(t, source.path)
        raise states.NothingMore
    question, problem = _question(state.current())
    run = None
    if not study:
        pass
    elif problem:
        states.study_failed(t, problem)
    else:
        run = _answer(t, source.workspace, source.path, corpus, question)
    return Page(
        t=t,
        look=look_for(t, question.settings, is_sample=corpus.is_sample),
        workspace=source.workspace,
        corpus=corpus,
        question=question,
        run=run,
    )


def read_ahead() -> None:
    """Answer what a reader without any choice asks first, for whoever comes first."""
    values = state.complete({})
    workspace = services.source().workspace
    if workspace is None:
        return
    corpus = services.corpus(workspace, state.event_rules(values))
    if corpus.events.empty:
        return
    question, _ = _question(values)
    prices = services.prices(workspace, corpus, dict(question.benchmarks))
    if len(corpus.events) <= _AT_ONCE and not prices.bars.empty:
        services.study(workspace, corpus, question)


def _question(values: state.Values) -> tuple[services.Question, str]:
    """Return what is asked, and the sentence of a contradiction in its settings."""
    problem = ""
    try:
        settings = state.settings(values)
    except StudyError as error:
        settings, problem = StudySettings(), str(error)
    question = services.Question(
        settings=settings,
        events=state.event_filter(values),
        benchmarks=tuple(sorted(state.benchmarks(values).items())),
        group=values["group"],
    )
    return question, problem


def _answer(
    t: Texts, workspace: Workspace, path: str, corpus: Corpus, question: services.Question
) -> StudyRun | None:
    if corpus.events.empty:
        st.info(t("empty.events", n=len(corpus.articles)))
        return None
    selected = question.events.apply(corpus.events)
    if selected.empty:
        states.no_events_pass(t, corpus.events, question.events)
        return None
    if services.prices(workspace, corpus, dict(question.benchmarks)).bars.empty:
        states.no_prices(t, path, len(selected))
        return None
    if is_slow(question.settings, len(selected)):
        return waiting.answer(t, workspace, corpus, question)
    try:
        # what is there in a moment would only flicker, and the browser draws the page once more
        long = len(selected) > _AT_ONCE
        with st.spinner(t("running"), show_time=True) if long else nullcontext():
            return services.study(workspace, corpus, question)
    except StudyError as error:
        states.study_failed(t, str(error))
        return None


def look_for(t: Texts, settings: StudySettings, *, is_sample: bool) -> Look:
    """Return how charts look whose note names the method of these settings."""
    method = f"{t.code('model', settings.model)} {window_label(settings.estimation)}"
    note = f"{method} · {t('sample.note')}" if is_sample else method
    return Look(
        labels=labels_for(t.language),
        dark=st.context.theme.type == "dark",
        up=state.value("up"),
        note=note,
    )


def show_notes(t: Texts) -> None:
    """Show what a link said that could not be used."""
    found = state.notes()
    if not found:
        return
    lines = [
        "- " + t(note.key, name=as_markdown(note.name), value=as_markdown(note.value[:80]))
        for note in found[:8]
    ]
    st.warning("\n".join([t("state.note"), *lines]))
    st.button(t("state.dismiss"), on_click=state.dismiss_notes, key="dismiss_notes")
