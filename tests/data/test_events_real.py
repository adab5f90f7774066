"""The five posts whose events are known, from their bytes to day 0."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mentionstudy.data.articles import read_articles
from mentionstudy.data.events import article_status, find_events
from mentionstudy.data.ingest import ingest
from mentionstudy.data.mentions import find_mentions
from mentionstudy.data.workspace import Workspace

EXPECTED = {
    "02066.HK@2022-01-06": ("in_session", "2022-01-06T15:11:41+08:00"),
    "600718.SH@2022-01-07": ("after_close", "2022-01-06T15:11:41+08:00"),
    "00762.HK@2022-06-15": ("after_close", "2022-06-14T22:23:32+08:00"),
    "600050.SH@2022-06-15": ("after_close", "2022-06-14T22:23:32+08:00"),
    "000750.SZ@2021-04-12": ("after_close", "2021-04-09T18:10:00+08:00"),
    "601229.SH@2021-04-12": ("after_close", "2021-04-09T18:10:00+08:00"),
    "601328.SH@2021-04-12": ("after_close", "2021-04-09T18:10:00+08:00"),
    "601998.SH@2021-04-12": ("after_close", "2021-04-09T18:10:00+08:00"),
}


def _events(events: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {
        row.event_id: (row.timing, row.first_published_at.isoformat())
        for row in events.itertuples()
    }


def test_events_of_the_seed_posts(shared: Path) -> None:
    articles = read_articles(shared / "seeds").articles
    mentions = find_mentions(articles)
    found = find_events(articles, mentions)
    assert _events(found.events) == EXPECTED
    assert found.excluded.empty
    status = article_status(articles, mentions, found)
    assert sorted(status["status"]) == ["events"] * 3 + ["no_mention"] * 2


def test_the_workspace_gives_the_same_events(shared: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "ws", create=True)
    ingest(workspace, [shared / "seeds"])
    found = find_events(workspace.articles(), workspace.mentions())
    assert _events(found.events) == EXPECTED
