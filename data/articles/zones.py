"""Learning from the articles themselves whether a feed's GMT means GMT.

Two kinds of evidence. Editors sleep: of the two readings of a feed's stamps, the one that puts many
of them between two and six at night in Beijing is wrong. And some content systems write the local
time of an upload into the names of images (``W020210322...`` is 22 March 2021 with the
milliseconds of the day behind it), which can be compared with the stamp.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pandas as pd

from mentionstudy.data.articles.model import BEIJING, Article

Suggestion = Literal["beijing_labelled_gmt", "stated", "undecided"]
SUGGESTION_COLUMNS: Final = (
    "source", "n", "night_share_as_gmt", "night_share_as_beijing", "n_images",
    "images_agree_as_gmt", "images_agree_as_beijing", "suggestion", "in_use",
)  # fmt: skip
_SHIFT: Final = timedelta(hours=8)
_NIGHT: Final = range(2, 6)  # hours in Beijing
_MIN_ARTICLES: Final = 20
_MAX_NIGHT_SHARE: Final = 0.05  # of a feed that is read rightly
_MIN_IMAGES: Final = 3
_UPLOAD: Final = re.compile(r"W0((?:20)\d{6})(\d{8})\d{2,6}")
_NEAR: Final = timedelta(minutes=30)  # uploads are minutes before or after the stamp


class _Reading(NamedTuple):
    """One article under both readings of its stamp, in Beijing time."""

    source: str
    as_gmt: datetime
    as_beijing: datetime
    uploads: tuple[datetime, ...]
    in_use: str


def suggest_zone_policies(articles: Iterable[Article]) -> pd.DataFrame:
    """Say for each feed what its GMT stamps mean, by the evidence in its articles.

    Parameters
    ----------
    articles
        As read; only those whose stamp carried a zone and a time of day are looked at.

    Returns
    -------
    pandas.DataFrame
        One row per source with the columns `SUGGESTION_COLUMNS`: number of articles, the share
        of stamps between 02:00 and 06:00 in Beijing under each reading, how many articles have an
        upload time in an image's name and how many of these agree with each reading, the
        suggested policy (``undecided`` with fewer than 20 articles and fewer than 3 images, or
        when the evidence is not clear) and the policy in use. A feed that states +08:00 comes out
        as ``stated``.

    Notes
    -----
    Nothing is changed: to use a suggestion, write it into a table of feeds (`write_feeds`).
    """
    groups: dict[str, list[_Reading]] = {}
    for article in articles:
        reading = _reading(article)
        if reading is not None:
            groups.setdefault(reading.source, []).append(reading)
    rows = [_row(source, readings) for source, readings in sorted(groups.items())]
    return pd.DataFrame(rows, columns=list(SUGGESTION_COLUMNS))


def write_feeds(suggestions: pd.DataFrame, path: str | Path) -> int:
    """Write the suggestions that differ from what is in use, in the form of ``feeds.toml``.

    Parameters
    ----------
    suggestions
        From `suggest_zone_policies`.
    path
        The file to write; read it with `FeedTable.load`.

    Returns
    -------
    int
        How many sources it names.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    decided = suggestions["suggestion"] != "undecided"
    named = suggestions["source"] != ""
    news = suggestions[decided & named & (suggestions["suggestion"] != suggestions["in_use"])]
    entries = []
    for row in news.itertuples(index=False):
        # JSON's strings are TOML's, if what TOML forbids is escaped too
        source = json.dumps(str(row.source), ensure_ascii=False).replace("\x7f", "\\u007f")
        evidence = (
            f"Of {row.n} stamps {row.night_share_as_gmt:.0%} lie between two and six at night in "
            f"Beijing if the label is believed and {row.night_share_as_beijing:.0%} if not; of "
            f"{row.n_images} articles with upload times {row.images_agree_as_gmt} and "
            f"{row.images_agree_as_beijing} agree."
        )
        entries.append(
            f"[[feed]]\nname = {source}\nmatch = {{ source = {source} }}\n"
            f'policy = "{row.suggestion}"\nevidence = "{evidence}"\n'
        )
    Path(path).write_text("\n".join(entries), encoding="utf-8")
    return len(entries)


def _reading(article: Article) -> _Reading | None:
    at, policy = article.published_at, article.zone_policy
    if at is None or policy not in ("stated", "beijing_labelled_gmt"):
        return None
    stated = policy == "stated"
    as_gmt, as_beijing = (at, at - _SHIFT) if stated else (at + _SHIFT, at)
    return _Reading(article.source, as_gmt, as_beijing, _uploads(article.markup), policy)


def _uploads(markup: str) -> tuple[datetime, ...]:
    """Read the local times in the names of images."""
    found = set()
    for day, milliseconds in _UPLOAD.findall(markup):
        try:
            midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=BEIJING)
        except ValueError:
            continue
        found.add(midnight + timedelta(milliseconds=int(milliseconds)))
    return tuple(sorted(found))


def _row(source: str, readings: list[_Reading]) -> list[object]:
    n = len(readings)
    night_gmt = sum(reading.as_gmt.hour in _NIGHT for reading in readings) / n
    night_beijing = sum(reading.as_beijing.hour in _NIGHT for reading in readings) / n
    pictured = [reading for reading in readings if reading.uploads]
    near_gmt = sum(_agrees(reading.as_gmt, reading.uploads) for reading in pictured)
    near_beijing = sum(_agrees(reading.as_beijing, reading.uploads) for reading in pictured)
    suggestion: Suggestion = "undecided"
    if len(pictured) >= _MIN_IMAGES and near_gmt != near_beijing:
        suggestion = "stated" if near_gmt > near_beijing else "beijing_labelled_gmt"
    elif n >= _MIN_ARTICLES:
        suggestion = _by_night(night_gmt, night_beijing)
    images = [len(pictured), near_gmt, near_beijing]
    return [source, n, night_gmt, night_beijing, *images, suggestion, readings[-1].in_use]


def _by_night(as_gmt: float, as_beijing: float) -> Suggestion:
    if as_gmt <= _MAX_NIGHT_SHARE < as_beijing:
        return "stated"
    if as_beijing <= _MAX_NIGHT_SHARE < as_gmt:
        return "beijing_labelled_gmt"
    return "undecided"


def _agrees(at: datetime, uploads: tuple[datetime, ...]) -> bool:
    return any(abs(upload - at) <= _NEAR for upload in uploads)
