"""The day on which a text says that things happened, which can be days before its publication."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from mentionstudy.data.articles.model import BEIJING, Article

_DATE: Final = re.compile(
    r"(?<!\d)(?:(?P<y>(?:19|20)\d\d)\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日"
)
_HEAD_CHARS: Final = 400  # news tells the event first; dates further down are background
_LONGEST_DELAY: Final = timedelta(days=31)


def event_date(article: Article) -> date | None:
    """Return the day on which the text says that its event happened.

    Parameters
    ----------
    article
        With a publication time.

    Returns
    -------
    datetime.date or None
        The first date near the top of the text that lies on the day of publication or at most 31
        days before it: ``2022年1月4日``, or ``1月4日`` in the year that makes it so. None if the
        article has no publication time or states no such date; dates in the future are plans.

    Notes
    -----
    It is kept beside the publication time and never replaces it: the market can react to what it
    knows, and when it came to know is the time of publication. A study that uses it as the anchor
    asks a different question.
    """
    if article.published_at is None:
        return None
    return _stated(article.text, article.published_at.astimezone(BEIJING).date())


def stated_event_dates(articles: pd.DataFrame) -> pd.Series[Any]:
    """Return `event_date` of every article of a frame.

    Parameters
    ----------
    articles
        ``published_at`` (with a zone) and ``text``.

    Returns
    -------
    pandas.Series of datetime64
        Same index, tz-naive; NaT where there is none.
    """
    days = articles["published_at"].dt.tz_convert(BEIJING)
    found = [
        None if pd.isna(day) else _stated(text, day.date())
        for text, day in zip(articles["text"], days, strict=True)
    ]
    return pd.Series(found, index=articles.index, dtype="datetime64[us]")


def _stated(text: str, published: date) -> date | None:
    for match in _DATE.finditer(text[:_HEAD_CHARS]):
        stated = _resolved(match, published)
        if stated is not None and published - _LONGEST_DELAY <= stated <= published:
            return stated
    return None


def _resolved(match: re.Match[str], published: date) -> date | None:
    """Read a date; one without a year is the last such day up to the publication."""
    month, day = int(match["m"]), int(match["d"])
    years = [int(match["y"])] if match["y"] else [published.year, published.year - 1]
    for year in years:
        try:
            stated = date(year, month, day)
        except ValueError:
            continue
        if stated <= published:
            return stated
    return None
