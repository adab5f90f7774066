"""Facts: what was published, what was traded, when the market could first react. No statistics.

The names below are loaded on first use, so that reading articles does not wait for calendars or
tables.

Examples
--------
>>> from mentionstudy.data import find_events, find_mentions, read_articles
>>> from mentionstudy.data.sample import sample_articles_path
>>> read = read_articles(sample_articles_path())
>>> found = find_events(read.articles, find_mentions(read.articles))
>>> len(found.events)
8
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mentionstudy.data.articles import Article, ReadResult, read_articles, read_articles_iter
    from mentionstudy.data.calendars import SessionCalendar, calendar_for
    from mentionstudy.data.duplicates import group_duplicates
    from mentionstudy.data.events import EventSet, find_events
    from mentionstudy.data.ingest import IngestReport
    from mentionstudy.data.market.returns import ReturnsPanel, returns_panel
    from mentionstudy.data.master import Master, refresh_master
    from mentionstudy.data.mentions import Mention, find_mentions, mentions_of
    from mentionstudy.data.names import NameBook, read_aliases
    from mentionstudy.data.securities import Security, parse_symbol
    from mentionstudy.data.workspace import Workspace

_HOME = {
    "Article": "articles",
    "EventSet": "events",
    "IngestReport": "ingest",
    "Master": "master",
    "Mention": "mentions",
    "NameBook": "names",
    "ReadResult": "articles",
    "ReturnsPanel": "market.returns",
    "Security": "securities",
    "SessionCalendar": "calendars",
    "Workspace": "workspace",
    "calendar_for": "calendars",
    "find_events": "events",
    "find_mentions": "mentions",
    "group_duplicates": "duplicates",
    "mentions_of": "mentions",
    "parse_symbol": "securities",
    "read_aliases": "names",
    "read_articles": "articles",
    "read_articles_iter": "articles",
    "refresh_master": "master",
    "returns_panel": "market.returns",
}

__all__ = [
    "Article",
    "EventSet",
    "IngestReport",
    "Master",
    "Mention",
    "NameBook",
    "ReadResult",
    "ReturnsPanel",
    "Security",
    "SessionCalendar",
    "Workspace",
    "calendar_for",
    "find_events",
    "find_mentions",
    "group_duplicates",
    "mentions_of",
    "parse_symbol",
    "read_aliases",
    "read_articles",
    "read_articles_iter",
    "refresh_master",
    "returns_panel",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
