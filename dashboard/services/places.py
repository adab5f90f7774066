"""The workspace that the pages show, and what its articles say."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import listing
from mentionstudy.dashboard.derivation import EventRules, Reading, read_corrected
from mentionstudy.dashboard.pipeline import Corpus, load_corpus
from mentionstudy.data import Workspace
from mentionstudy.data.errors import WorkspaceError

WORKSPACE_VARIABLE = "MENTIONSTUDY_WORKSPACE"
_GARBAGE_SECONDS = 10
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
def leave_out_of_garbage() -> None:
    """Leave what is there for good out of the search for garbage; once, when a page was drawn."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False, ttl=_GARBAGE_SECONDS)
def look_for_garbage() -> None:
    """Search all objects for garbage now and then, so that memory stays flat.

    Streamlit does so after each run of a script. While it does no page goes on: with twenty
    sessions it took two fifths of the server's time.
    """
    gc.collect()


def corpus(workspace: Workspace, rules: EventRules | None = None) -> Corpus:
    """Return what the articles say; read again only when a table changed."""
    return _corpus(str(workspace.path), workspace.digest(), rules or EventRules(), workspace)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={EventRules: repr})
def _corpus(path: str, digest: str, rules: EventRules, _workspace: Workspace) -> Corpus:
    return load_corpus(_workspace, rules, reading=_reading(path, digest, _workspace))


@st.cache_resource(show_spinner=False, max_entries=2)
def _reading(path: str, digest: str, _workspace: Workspace) -> Reading:
    return read_corrected(_workspace)


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


def benchmark_symbols(workspace: Workspace, found: Corpus) -> tuple[str, ...]:
    """Return the symbols of the indices that have prices in the workspace."""
    return _benchmark_symbols(str(workspace.path), found.digest, workspace)


@st.cache_data(show_spinner=False, max_entries=4)
def _benchmark_symbols(path: str, digest: str, _workspace: Workspace) -> tuple[str, ...]:
    bars = _workspace.bars(list(KNOWN_INDICES))
    return tuple(sorted(bars["symbol"].unique()))
