"""What the pages ask for, and the only place that caches.

Keys are digests, never frames: Streamlit hashes a long frame from a sample of its rows, so that a
changed price could bring back an old answer. What is cached as a resource is shared by every
session and must not be changed by a page; copying a large result at each rerun would cost more
than computing it.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary
from zipfile import ZIP_DEFLATED, ZipFile

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.analysis import export
from mentionstudy.analysis.settings import StudySettings, Window
from mentionstudy.dashboard import listing
from mentionstudy.dashboard.derivation import EventRules, Reading, read_corrected
from mentionstudy.dashboard.i18n import Language
from mentionstudy.dashboard.images import IMAGE_FORMATS, Painter
from mentionstudy.dashboard.jobs import FetchJob
from mentionstudy.dashboard.pipeline import (
    Corpus,
    StudyRun,
    load_corpus,
    run_study,
    workspace_provenance,
)
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.dashboard.slow import StudyJob, StudyWork
from mentionstudy.dashboard.study_files import own_tables, write_study
from mentionstudy.dashboard.traded import Prices, load_prices
from mentionstudy.data import Workspace
from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import WorkspaceError
from mentionstudy.data.master import Master
from mentionstudy.data.review_queue import date_queue, mention_queue, zone_suggestions

if TYPE_CHECKING:
    from mentionstudy.data.market.coverage import Stored

WORKSPACE_VARIABLE = "MENTIONSTUDY_WORKSPACE"
KNOWN_INDICES = (
    "000300.SH",
    "000001.SH",
    "000905.SH",
    "000852.SH",
    "000985.SH",
    "399001.SZ",
    "399006.SZ",
    "000688.SH",
    "899050.BJ",
    "HSI.HK",
    "HSCEI.HK",
    "HSTECH.HK",
)
_AT_HAND: WeakValueDictionary[tuple[object, ...], Prices] = WeakValueDictionary()
_RUNS = 12  # results kept; one of 10,000 events takes tens of megabytes
_FIGURES = 256  # charts kept; one takes at most some hundred kilobytes
_TABLES = 48  # tables kept; one of 10,000 events takes about two megabytes


@dataclass(frozen=True, slots=True)
class Source:
    """The workspace that the pages show.

    Attributes
    ----------
    workspace
        Open, or None when it cannot be.
    path
        Where it is.
    problem
        Why it cannot be opened, in one sentence.
    """

    workspace: Workspace | None
    path: str
    problem: str = ""


def source() -> Source:
    """Open the workspace that the command line named."""
    path = os.environ.get(WORKSPACE_VARIABLE, "")
    if not path:
        return Source(None, "", "")
    try:
        return Source(_open(path), path)
    except WorkspaceError as error:
        return Source(None, path, str(error))


def _open(path: str) -> Workspace:
    return Workspace.open(path)


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Leave what is there for good out of the search for garbage; once, when a page was drawn.

    Streamlit has all objects searched after each run of a script: a tenth of a second, most of it
    for the libraries.
    """
    gc.collect()
    gc.freeze()


def corpus(workspace: Workspace, rules: EventRules | None = None) -> Corpus:
    """Return what the articles say; read again only when a table changed."""
    return _corpus(str(workspace.path), workspace.digest(), rules or EventRules(), workspace)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={EventRules: repr})
def _corpus(path: str, digest: str, rules: EventRules, _workspace: Workspace) -> Corpus:
    return load_corpus(_workspace, rules, reading=_reading(path, digest, _workspace))


@st.cache_resource(show_spinner=False, max_entries=2)
def _reading(path: str, digest: str, _workspace: Workspace) -> Reading:
    return read_corrected(_workspace)


@dataclass(frozen=True, slots=True, eq=False)
class ReviewTables:
    """What the Review page shows, as read and in the order of doubt.

    Attributes
    ----------
    articles
        The table, by article id.
    mentions
        A `mention_queue`.
    master
        The securities that are known.
    digest
        Names exactly this content; a cache key.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    master: Master
    digest: str


def review_tables(workspace: Workspace) -> ReviewTables:
    """Return the tables of the Review page; a decision does not make them be read again."""
    tables = ("articles", "mentions", "securities", "security_names")
    return _review_tables(str(workspace.path), workspace.digest(*tables), workspace)


@st.cache_resource(show_spinner=False, max_entries=2)
def _review_tables(path: str, digest: str, _workspace: Workspace) -> ReviewTables:
    articles, master = _workspace.articles(), Master.of(_workspace)
    queue = mention_queue(articles, _workspace.mentions(), master.listings)
    by_id = articles.set_index("article_id", drop=False)
    return ReviewTables(by_id, queue, master, digest)


def zone_evidence(tables: ReviewTables) -> pd.DataFrame:
    """Return what the articles of each source say about its clock."""
    return _zone_evidence(tables.digest, tables)


@st.cache_resource(show_spinner=False, max_entries=2)
def _zone_evidence(digest: str, _tables: ReviewTables) -> pd.DataFrame:
    return zone_suggestions(_tables.articles)


def review_dates(tables: ReviewTables) -> pd.DataFrame:
    """Return the articles in the order of the doubts about their dates."""
    return _review_dates(tables.digest, tables)


@st.cache_resource(show_spinner=False, max_entries=2)
def _review_dates(digest: str, _tables: ReviewTables) -> pd.DataFrame:
    return date_queue(_tables.articles, zone_evidence(_tables))


def prices(workspace: Workspace, found: Corpus, benchmarks: dict[str, str]) -> Prices:
    """Return the bars and returns of every event's security and of the benchmarks."""
    chosen = tuple(sorted(benchmarks.items()))
    key = str(workspace.path), found.digest, chosen
    loaded = _prices(*key, workspace, found.events)
    _AT_HAND[key] = loaded
    return loaded


def prices_at_hand(
    workspace: Workspace, found: Corpus, benchmarks: dict[str, str]
) -> Prices | None:
    """Return what `prices` does if nothing has to be read for it."""
    return _AT_HAND.get((str(workspace.path), found.digest, tuple(sorted(benchmarks.items()))))


@st.cache_resource(show_spinner=False, max_entries=4)
def _prices(
    path: str,
    digest: str,
    benchmarks: tuple[tuple[str, str], ...],
    _workspace: Workspace,
    _events: pd.DataFrame,
) -> Prices:
    return load_prices(_workspace, _events, dict(benchmarks))


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
    path, digest = str(workspace.path), found.digest
    return _study(path, digest, question.key(), workspace, found, traded, question)


@st.cache_resource(show_spinner=False, max_entries=_RUNS)
def _study(
    path: str,
    digest: str,
    key: str,
    _workspace: Workspace,
    _found: Corpus,
    _prices: Prices,
    _question: Question,
) -> StudyRun:
    return run_study(
        _found,
        _prices,
        _question.settings,
        events=_question.events.apply(_found.events),
        group=_question.group or None,
        provenance=workspace_provenance(_workspace),
    )


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
        provenance=workspace_provenance(workspace),
    )
    study_job(found, question).start(work, question.events.apply(found.events))


def placebo(
    found: Corpus, question: Question, run: StudyRun, window: Window
) -> Future[pd.DataFrame]:
    """Begin to repeat a study's tests on random dates of the same shares, once a question."""
    return _placebo(found.digest, question.key(), window, run)


@st.cache_resource(show_spinner=False, max_entries=16)
def _placebo(digest: str, key: str, window: Window, _run: StudyRun) -> Future[pd.DataFrame]:
    return _background().submit(_run.result.placebo, *window)


@st.cache_resource(show_spinner=False)
def _background() -> ThreadPoolExecutor:
    """Return the one thread for what takes seconds and need not stop a page."""
    return ThreadPoolExecutor(1, thread_name_prefix="background")


def models(wanted: tuple[str, ...]) -> list[str]:
    """Return those of the models that this version can compute from prices alone."""
    from mentionstudy.analysis.models import MODELS

    return [name for name in wanted if name in MODELS]


def choices(found: Corpus) -> listing.Choices:
    """Return what the events can be filtered by; there has to be an event."""
    return _choices(found.digest, found)


@st.cache_resource(show_spinner=False, max_entries=4)
def _choices(digest: str, _found: Corpus) -> listing.Choices:
    return listing.choices(_found.events)


def article_index(found: Corpus) -> pd.DataFrame:
    """Return the articles as lists and searches need them; see `listing.article_index`."""
    return _article_index(found.digest, found)


@st.cache_resource(show_spinner=False, max_entries=2)
def _article_index(digest: str, _found: Corpus) -> pd.DataFrame:
    return listing.article_index(_found.articles, _found.status)


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
    return _figure(found.digest, question.key(), name, make)


@st.cache_resource(show_spinner=False, max_entries=_FIGURES)
def _figure(digest: str, key: str, name: str, _make: Callable[[], go.Figure]) -> go.Figure:
    return _make()


def table(
    found: Corpus, question: Question, name: str, make: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """Return a table of a study's answer, computed once; like `figure`."""
    return _table(found.digest, question.key(), name, make)


@st.cache_resource(show_spinner=False, max_entries=_TABLES)
def _table(digest: str, key: str, name: str, _make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    return _make()


def benchmark_symbols(workspace: Workspace, found: Corpus) -> tuple[str, ...]:
    """Return the symbols of the indices that have prices in the workspace."""
    return _benchmark_symbols(str(workspace.path), found.digest, workspace)


@st.cache_data(show_spinner=False, max_entries=4)
def _benchmark_symbols(path: str, digest: str, _workspace: Workspace) -> tuple[str, ...]:
    bars = _workspace.bars(list(KNOWN_INDICES))
    return tuple(sorted(bars["symbol"].unique()))


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


def workbook(run: StudyRun) -> bytes:
    """Return the study as a formatted workbook, one sheet a table."""
    buffer = BytesIO()
    export.to_excel(run.result, buffer, _provenance(run), own_tables(run))
    return buffer.getvalue()


def record(run: StudyRun) -> str:
    """Return what reproduces the study as JSON."""
    return export.study_json(run.result, _provenance(run))


def _provenance(run: StudyRun) -> dict[str, object]:
    return {"benchmarks": dict(run.benchmarks), **run.provenance}


@st.cache_resource(show_spinner=False, on_release=lambda painter: painter.close())
def painter() -> Painter:
    """Return the one browser that draws charts for every session; it starts on first use."""
    return Painter()


def bundle(
    run: StudyRun, tables: tuple[str, ...], charts: tuple[str, ...], language: Language
) -> bytes:
    """Return the study's files in one ZIP: the same bytes that the command line writes.

    Parameters
    ----------
    run
        A study's answer.
    tables, charts
        Formats, of those of `study_files`.
    language
        Of charts and report.
    """
    brush = painter() if set(charts) & set(IMAGE_FORMATS) else None
    with TemporaryDirectory(prefix="mentionstudy-export-") as folder:
        paths = write_study(
            run,
            Path(folder),
            table_formats=tables,
            chart_formats=charts,
            language=language,
            report=True,
            painter=brush,
        )
        buffer = BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED) as pack:
            for path in paths:
                pack.write(path, path.name)
        return buffer.getvalue()


@st.cache_data(show_spinner=False)
def has_chinese_font() -> bool:
    """Whether fontconfig knows a Chinese font; true where there is no fontconfig to ask."""
    if shutil.which("fc-list") is None:
        return True
    listed = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, timeout=20, check=False
    )
    return bool(listed.stdout.strip())


@st.cache_resource(show_spinner=False)
def _fetch_job(path: str) -> FetchJob:
    return FetchJob()


def fetch_job(workspace: Workspace) -> FetchJob:
    """Return the one fetch of a workspace, at work or not."""
    return _fetch_job(str(workspace.path))


def fetch_plan(workspace: Workspace, found: Corpus) -> pd.DataFrame:
    """Return what has to be fetched for the events and is not there yet."""
    table = coverage(workspace, found)
    plan = _plan(found)
    wanted = table["state"].ne("complete").to_numpy()
    return plan.loc[wanted].reset_index(drop=True)


def start_fetch(workspace: Workspace, plan: pd.DataFrame) -> None:
    """Begin to fetch in the background."""
    from mentionstudy.data.market import live_chain
    from mentionstudy.data.market.fetching import workspace_health

    fetch_job(workspace).start(workspace, plan, lambda: live_chain(workspace_health(workspace)))


def coverage(workspace: Workspace, found: Corpus) -> pd.DataFrame:
    """Return what is there of all that the events need; see `data.market.coverage`."""
    if found.events.empty:
        return pd.DataFrame(columns=["symbol", "state"])
    return _coverage(str(workspace.path), _all_of(workspace, found), workspace, found)


@st.cache_data(show_spinner=False, max_entries=4, ttl="10min")
def _coverage(path: str, digest: str, _workspace: Workspace, _found: Corpus) -> pd.DataFrame:
    from mentionstudy.data.market.coverage import judged
    from mentionstudy.data.market.fetching import workspace_health

    stored = _stored(path, digest, _workspace, _found)
    return judged(_plan(_found), stored, workspace_health(_workspace), datetime.now(UTC))


@st.cache_resource(show_spinner=False, max_entries=2)
def _stored(path: str, digest: str, _workspace: Workspace, _found: Corpus) -> Stored:
    from mentionstudy.data.market.coverage import Stored

    return Stored.of(_workspace, _plan(_found))


def coverage_matrix(workspace: Workspace, found: Corpus, traded: Prices | None) -> pd.DataFrame:
    """Return the coverage by symbol and year; without prices, without their marks."""
    if found.events.empty:
        return pd.DataFrame(columns=["symbol", "state"])
    path, digest = str(workspace.path), _all_of(workspace, found)
    return _matrix(path, digest, traded is not None, workspace, found, traded)


def _all_of(workspace: Workspace, found: Corpus) -> str:
    """Name the tables, prices among them, and the rules that made the events."""
    return f"{workspace.digest()} {found.digest}"


@st.cache_data(show_spinner=False, max_entries=4, ttl="10min")
def _matrix(
    path: str,
    digest: str,
    marked: bool,
    _workspace: Workspace,
    _found: Corpus,
    _traded: Prices | None,
) -> pd.DataFrame:
    from mentionstudy.data.market.fetching import workspace_health
    from mentionstudy.data.market.matrix import laid_out

    return laid_out(
        _plan(_found),
        _stored(path, digest, _workspace, _found),
        workspace_health(_workspace),
        _traded.panel.flags if _traded else None,
        datetime.now(UTC),
    )


def source_health(workspace: Workspace) -> pd.DataFrame:
    """Return the state of every source that was asked, as it is now."""
    from mentionstudy.data.market.fetching import workspace_health

    return workspace_health(workspace).frame()


def _plan(found: Corpus) -> pd.DataFrame:
    from mentionstudy.data.market.plan import plan_fetch

    return plan_fetch(found.events)
