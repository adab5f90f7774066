"""What can be said of an event from its articles alone, to group a study by.

Nothing here is a judgement of tone: how many articles there are, what the headline is about, where
and how long the article is, what else it names, and whether another event of the firm is near.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.confounding import sessions_to_nearest
from mentionstudy.data.topics import topics_of

ATTRIBUTES: Final = (
    "topic",
    "topics",
    "category",
    "reach",
    "company",
    "co_mentions",
    "place",
    "length",
    "confounded",
    "sessions_to_nearest",
)
REACHES: Final = ("one", "few", "many")
COMPANIES: Final = ("alone", "few", "many")
LENGTHS: Final = ("flash", "report", "feature")
_FEW: Final = 3
_FLASH_CHARS, _REPORT_CHARS = 300, 1500


def event_attributes(
    events: pd.DataFrame,
    articles: pd.DataFrame,
    mentions: pd.DataFrame,
    *,
    firms: Mapping[str, str] | None = None,
    confounded_within: int = 10,
) -> pd.DataFrame:
    """Describe events by their articles.

    Parameters
    ----------
    events
        From `find_events`.
    articles
        ``article_id, text`` of the articles behind them.
    mentions
        ``article_id, symbol, in_title, role`` of their mentions.
    firms
        As for `sessions_to_nearest`.
    confounded_within
        Sessions within which another event of the firm confounds one.

    Returns
    -------
    pandas.DataFrame
        Same index, columns `ATTRIBUTES`. The first article of the event counts where articles
        differ. ``topic`` is the first of the headline's ``topics``; ``category`` the article's
        first one, ``none`` without; ``reach`` how many articles there are (``one``, ``few`` up to
        3, ``many``); ``co_mentions`` how many other securities the article is about, and
        ``company`` the same in classes; ``place`` whether its headline names the security
        (``title`` or ``text``); ``length`` of the text (``flash`` below 300 characters, ``report``
        below 1,500, ``feature``); ``confounded`` is ``yes`` or ``no``.
    """
    first = first_part(events["article_ids"])
    joined = pd.Series(topics_of(events["title"]), index=events.index, dtype="str")
    others = _others(first, mentions)
    nearest = sessions_to_nearest(events, firms)
    near = nearest.le(confounded_within).fillna(value=False).astype(bool)
    chars = first.map(articles.set_index("article_id")["text"].str.len()).fillna(0)
    sizes = [chars < _FLASH_CHARS, chars < _REPORT_CHARS]
    category = first_part(events["categories"])
    columns = {
        "topic": first_part(joined),
        "topics": joined,
        "category": category.where(category != "", "none"),
        "reach": _classes(events["n_articles"].to_numpy(dtype=np.int64) - 1, REACHES),
        "company": _classes(others, COMPANIES),
        "co_mentions": others,
        "place": np.where(_in_title(events, first, mentions), "title", "text"),
        "length": np.select(sizes, LENGTHS[:2], default=LENGTHS[2]),
        "confounded": np.where(near, "yes", "no"),
        "sessions_to_nearest": nearest,
    }
    out = pd.DataFrame(columns, index=events.index)
    texts = [name for name in ATTRIBUTES if name not in ("co_mentions", "sessions_to_nearest")]
    return out.astype(dict.fromkeys(texts, "str"))[list(ATTRIBUTES)]


def first_part(joined: pd.Series[str]) -> pd.Series[str]:
    """Return what stands before the first semicolon of each text."""
    return joined.str.replace(r"(?s);.*", "", regex=True)


def _others(first: pd.Series[str], mentions: pd.DataFrame) -> NDArray[np.int64]:
    """Count the other securities that the first article is about."""
    about = mentions[mentions["role"].isin(["", "subject"])]
    pairs = about.drop_duplicates(["article_id", "symbol"])["article_id"].value_counts()
    counted = first.map(pairs).fillna(1).to_numpy(dtype=np.int64)
    return np.maximum(counted - 1, 0)


def _in_title(
    events: pd.DataFrame, first: pd.Series[str], mentions: pd.DataFrame
) -> NDArray[np.bool_]:
    named = mentions[mentions["in_title"].astype(bool)]
    pairs = pd.MultiIndex.from_frame(named[["article_id", "symbol"]].astype(object))
    wanted = pd.MultiIndex.from_arrays([first.astype(object), events["symbol"].astype(object)])
    return np.asarray(wanted.isin(pairs), dtype=np.bool_)


def _classes(others: NDArray[np.int64], names: tuple[str, ...]) -> NDArray[np.object_]:
    """Name how many others there are: none, few (up to 3 in all) or many."""
    return np.select([others <= 0, others < _FEW], names[:2], default=names[2]).astype(object)
