"""Articles and mentions as frames, whether they come as objects or from the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from mentionstudy.data.calendars import as_utc
from mentionstudy.data.errors import FileSchemaError

if TYPE_CHECKING:
    from mentionstudy.data.articles import Article
    from mentionstudy.data.mentions import Mention

_ARTICLE_COLUMNS: Final = (
    "article_id",
    "path",
    "title",
    "source",
    "categories",
    "published_at",
    "published_precision",
    "event_date",
    "copy_of",
)
_MENTION_COLUMNS: Final = ("article_id", "symbol", "kind", "dialect", "role")


def article_frame(articles: pd.DataFrame | Iterable[Article]) -> pd.DataFrame:
    """Give one row an article, with times in UTC and texts that are never missing.

    ``event_date`` is tz-naive and ``copy_of`` empty where they are not given.
    """
    frame = _frame(articles, _ARTICLE_COLUMNS, ("article_id", "published_at"))
    frame = frame.drop_duplicates("article_id").reset_index(drop=True)
    frame["published_at"] = as_utc(frame["published_at"])
    frame["event_date"] = pd.to_datetime(frame["event_date"]).astype("datetime64[us]")
    for column in ("path", "title", "source", "published_precision", "copy_of"):
        frame[column] = frame[column].astype("str").fillna("")
    frame["categories"] = [_semicolons(value) for value in frame["categories"]]
    frame["categories"] = frame["categories"].astype("str")
    return frame


def mention_frame(mentions: pd.DataFrame | Iterable[Mention]) -> pd.DataFrame:
    """Give one row a mention, with texts that are never missing; no confidence counts as 1."""
    columns = (*_MENTION_COLUMNS, "confidence")
    frame = _frame(mentions, columns, ("article_id", "symbol", "kind"))
    for column in _MENTION_COLUMNS:
        frame[column] = frame[column].astype("str").fillna("")
    frame["confidence"] = frame["confidence"].astype("float64").fillna(1.0)
    return frame.reset_index(drop=True)


def _frame(
    rows: pd.DataFrame | Iterable[object], columns: Sequence[str], needed: Sequence[str]
) -> pd.DataFrame:
    """Select `columns` of a frame, or of objects with attributes of those names."""
    if not isinstance(rows, pd.DataFrame):
        cells = [[getattr(row, column, None) for column in columns] for row in rows]
        return pd.DataFrame(cells, columns=list(columns), dtype=object)
    missing = [column for column in needed if column not in rows.columns]
    if missing:
        raise FileSchemaError(
            f"the table lacks the column {missing[0]!r}; it needs {', '.join(needed)}"
        )
    return rows.reindex(columns=list(columns))


def _semicolons(value: object) -> str:
    if isinstance(value, str):
        return value
    return ";".join(str(part) for part in value) if isinstance(value, Iterable) else ""
