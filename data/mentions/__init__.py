"""Mentions: one small module per dialect behind one interface."""

from __future__ import annotations

from mentionstudy.data.mentions.finding import (
    dialects,
    find_mentions,
    mentions_of,
    mentions_to_frame,
)
from mentionstudy.data.mentions.model import (
    MENTION_COLUMNS,
    NOT_IN_TEXT,
    Dialect,
    Finding,
    Mention,
    Page,
)

__all__ = [
    "MENTION_COLUMNS",
    "NOT_IN_TEXT",
    "Dialect",
    "Finding",
    "Mention",
    "Page",
    "dialects",
    "find_mentions",
    "mentions_of",
    "mentions_to_frame",
]
