"""What lists and search boxes show of a corpus, laid out once for each state of its tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

_ZONE = "Asia/Shanghai"
_SEARCHED = ("title", "source", "categories", "tags", "symbols", "text")
# Hours of the exchange's day at which the next part begins, and the part before each.
_PARTS = (
    (9.5, "night"),
    (11.5, "morning"),
    (13.0, "noon"),
    (15.0, "afternoon"),
    (24.0, "evening"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the events can be filtered by.

    Attributes
    ----------
    symbols, exchanges, sources, categories, topics, timings
        Every value that occurs, in order.
    first_day, last_day
        The first and the last day 0.
    """

    symbols: tuple[str, ...]
    exchanges: tuple[str, ...]
    sources: tuple[str, ...]
    categories: tuple[str, ...]
    topics: tuple[str, ...]
    timings: tuple[str, ...]
    first_day: dt.date
    last_day: dt.date


def split(joined: object) -> list[str]:
    """Return the parts of a text joined with semicolons, or of a list."""
    if isinstance(joined, str):
        return [part for part in joined.split(";") if part]
    return [str(part) for part in joined] if isinstance(joined, (list, tuple)) else []


def choices(events: pd.DataFrame) -> Choices:
    """Collect what events can be filtered by.

    Parameters
    ----------
    events
        At least one row of ``Corpus.events``.
    """
    return Choices(
        symbols=_values(events["symbol"]),
        exchanges=_values(events["exchange"]),
        sources=_values(events["source"]),
        categories=_parts(events["categories"]),
        topics=_parts(events["topics"]),
        timings=_values(events["timing"]),
        first_day=events["day0"].min().date(),
        last_day=events["day0"].max().date(),
    )


def _parts(column: pd.Series) -> tuple[str, ...]:
    texts = column.map(lambda parts: parts if isinstance(parts, str) else ";".join(split(parts)))
    return tuple(sorted({part for text in texts.unique() for part in split(text)}))


def _values(column: pd.Series) -> tuple[str, ...]:
    return tuple(sorted(str(value) for value in column.dropna().unique() if str(value)))


def article_index(articles: pd.DataFrame, status: pd.DataFrame) -> pd.DataFrame:
    """Lay out the articles for lists and searches, newest first and undated ones last.

    Parameters
    ----------
    articles, status
        Of a corpus.

    Returns
    -------
    DataFrame
        The columns of ``status`` and: ``published``, the time in Beijing with the precision that
        it has, as text, empty without a date; ``clock``, the part of the exchange's day;
        ``searched``, all that a search looks at, in lower case.
    """
    extra = articles[["article_id", "text", "categories", "tags"]]
    rows = status.merge(extra, on="article_id")
    rows = rows.sort_values("published_at", ascending=False, na_position="last", kind="stable")
    parts = [rows[name].fillna("").astype("str").str.lower() for name in _SEARCHED]
    searched = parts[0].str.cat(pd.concat(parts[1:], axis="columns"), sep="\n")
    dropped = rows.drop(columns=["text"]).reset_index(drop=True)
    return dropped.assign(
        published=published_texts(rows).to_numpy(),
        clock=clocks(rows),
        searched=searched.to_numpy(),
    )


def published_texts(rows: pd.DataFrame) -> pd.Series:
    """Write publication times with the precision that they have, at most to the minute.

    Parameters
    ----------
    rows
        Columns ``published_at`` (with a zone) and ``published_precision``.
    """
    local = _local(rows)
    texts: pd.Series[str] = local.dt.strftime("%Y-%m-%d %H:%M").fillna("").astype("str")
    only_day = rows["published_precision"].eq("day")
    shown: pd.Series[str] = texts.where(~only_day, texts.str[:10])
    return shown


def _local(rows: pd.DataFrame) -> pd.Series:
    local: pd.Series[pd.Timestamp] = pd.to_datetime(rows["published_at"], utc=True).dt.tz_convert(
        _ZONE
    )
    return local


def clocks(rows: pd.DataFrame) -> np.ndarray:
    """Name the part of the exchange's day, in Beijing, in which each article was published.

    Parameters
    ----------
    rows
        Columns ``published_at`` (with a zone) and ``published_precision``.

    Returns
    -------
    ndarray
        ``night, morning, noon, afternoon, evening, weekend``, or ``unknown`` without a time.
    """
    local = _local(rows)
    hour = local.dt.hour + local.dt.minute / 60
    names = [name for _, name in _PARTS]
    part = np.select([hour < end for end, _ in _PARTS], names, default="unknown")
    part = np.where(local.dt.day_of_week >= 5, "weekend", part)
    unknown = local.isna() | rows["published_precision"].eq("day").fillna(value=False)
    return np.where(unknown, "unknown", part)


def search(index: pd.DataFrame, words: str) -> pd.Series:
    """Say which articles hold every word, in whatever case.

    Parameters
    ----------
    index
        From :func:`article_index`.
    words
        Separated by blanks; each may stand in the title, text, source, categories, tags or
        symbols.
    """
    keep = pd.Series(data=True, index=index.index)
    for word in words.lower().split():
        keep &= index["searched"].str.contains(word, regex=False)
    return keep
