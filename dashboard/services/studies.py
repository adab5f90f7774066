"""Questions and their answers: studies, and the charts and tables that are drawn of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis.panel import CalendarPanel, Panel
from mentionstudy.analysis.settings import StudySettings
from mentionstudy.dashboard.pipeline import Corpus, StudyRun, run_study, workspace_provenance
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.dashboard.services.keeping import Kept
from mentionstudy.dashboard.services.traded import prices
from mentionstudy.dashboard.slow import StudyJob, StudyWork
from mentionstudy.data import Workspace
from mentionstudy.data.calendars import calendar_for

# at 10,000 events a run takes some 45 MB, its tables 8, a chart a tenth of one; the returns are
# kept with the prices, once for all runs
_RUNS: Kept[StudyRun] = Kept(256, grows=True, waiting=2, apart=(Panel, CalendarPanel))
_FIGURES: Kept[go.Figure] = Kept(64)
_TABLES: Kept[pd.DataFrame] = Kept(48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a study is asked; equal questions on equal data have one answer.

    Attributes
    ----------
    settings
        The study's settings.
    events
        Which events it takes.
    benchmarks
        The chosen benchmark by exchange, as sorted pairs.
    group
        Column of the events that makes groups, or empty.
    """

    settings: StudySettings
    events: EventFilter
    benchmarks: tuple[tuple[str, str], ...] = ()
    group: str = ""

    def key(self) -> str:
        """Return a text that differs whenever the question does."""
        return repr((self.settings.digest(), self.events, self.benchmarks, self.group))


def study(workspace: Workspace, found: Corpus, question: Question) -> StudyRun:
    """Return the answer to a question about the workspace as it is now."""
    traded = prices(workspace, found, dict(question.benchmarks))
    return _RUNS.get(
        (str(workspace.path), found.digest, question.key()),
        lambda: run_study(
            found,
            traded,
            question.settings,
            events=question.events.apply(found.events),
            group=question.group or None,
            provenance=_provenance(str(workspace.path), found.digest, workspace),
        ),
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _provenance(path: str, digest: str, _workspace: Workspace) -> dict[str, object]:
    return workspace_provenance(_workspace)


def study_job(found: Corpus, question: Question) -> StudyJob:
    """Return the one computation of a slow question's answer, at work or not."""
    return _study_job(found.digest, question.key())


@st.cache_resource(show_spinner=False, max_entries=4, on_release=lambda job: job.stop())
def _study_job(digest: str, key: str) -> StudyJob:
    return StudyJob()


def start_study(workspace: Workspace, found: Corpus, question: Question) -> None:
    """Begin to answer a slow question in the background."""
    traded = prices(workspace, found, dict(question.benchmarks))
    bare = replace(found, articles=found.articles[:0], mentions=found.mentions[:0])
    work = StudyWork(
        corpus=bare,
        prices=traded,
        settings=question.settings,
        group=question.group,
        provenance=_provenance(str(workspace.path), found.digest, workspace),
    )
    study_job(found, question).start(work, question.events.apply(found.events))


def weigh() -> None:
    """Weigh the answers that are new; when a page was drawn, which need not wait for it."""
    for kept in (_RUNS, _FIGURES, _TABLES):
        kept.settle()


def models(wanted: tuple[str, ...]) -> list[str]:
    """Return those of the models that this version can compute from prices alone."""
    from mentionstudy.analysis.models import MODELS

    return [name for name in wanted if name in MODELS]


def figure(
    found: Corpus, question: Question, name: str, make: Callable[[], go.Figure]
) -> go.Figure:
    """Return a chart of a study's answer, drawn anew only when something in it changed.

    Parameters
    ----------
    found, question
        What it is about.
    name
        Names the chart and all else that it depends on: language, colours, window.
    make
        Draws it.
    """
    return _FIGURES.get((found.digest, question.key(), name), make)


def table(
    found: Corpus, question: Question, name: str, make: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """Return a table of a study's answer, computed once; like `figure`."""
    return _TABLES.get((found.digest, question.key(), name), make)


def bars_around(
    workspace: Workspace, found: Corpus, question: Question, event: pd.Series[Any], days: int
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Return one security's bars around day 0, and every session of that stretch.

    Parameters
    ----------
    workspace, found, question
        What the page shows.
    event
        One row of the events.
    days
        Sessions before and after day 0.
    """
    sessions = calendar_for(str(event["exchange"])).sessions
    at = int(sessions.searchsorted(event["day0"]))
    around = sessions[max(0, at - days) : at + days + 1]
    bars = prices(workspace, found, dict(question.benchmarks)).bars
    own = bars[(bars["symbol"] == event["symbol"]) & bars["date"].isin(around)]
    if len(own):  # the stretch before a listing or after the last fetch is no halt
        around = around[(around >= own["date"].min()) & (around <= own["date"].max())]
    return own, around
