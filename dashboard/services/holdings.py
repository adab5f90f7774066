"""Which prices are there, which are missing, and the fetch that completes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from mentionstudy.dashboard.jobs import FetchJob
from mentionstudy.dashboard.pipeline import Corpus
from mentionstudy.dashboard.traded import Prices
from mentionstudy.data import Workspace

if TYPE_CHECKING:
    from mentionstudy.data.market.coverage import Stored


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
