"""What the page Review shows, each read once for a state of its tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mentionstudy.data import Workspace
from mentionstudy.data.master import Master
from mentionstudy.data.review_queue import date_queue, mention_queue, zone_suggestions


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
