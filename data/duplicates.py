"""Copies of one article: exact ones, and near ones with other credits, headlines or paragraphs.

Candidates come from MinHash signatures of the text's character 4-grams (Broder 1997,
doi:10.1109/SEQUEN.1997.666900) in locality-sensitive buckets, so that a large corpus needs no
comparison of every pair. Each candidate is then compared exactly. Notices that portals write by
template (the same sentence every month with other figures) are no copies: the figures must agree.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import as_utc
from mentionstudy.data.errors import FileSchemaError

if TYPE_CHECKING:
    from mentionstudy.data.articles import Article

GROUP_COLUMNS: Final = ("article_id", "group_id", "relation", "similarity", "n_articles")
_NEEDED: Final = ("article_id", "title", "text", "published_at", "published_precision")
_SHINGLE: Final = 4
_PERMUTATIONS: Final = 128
_MIN_CHARS: Final = 20
_FIGURES_SHARE: Final = 0.8
_NOT_TEXT: Final = re.compile(r"[^\w]+")
_CREDIT: Final = re.compile(
    r"[(（\[【](?:文章)?(?:来源|责任编辑|编辑|作者)[:：][^()（）\[\]【】]*[)）\]】]"
)
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")


def group_duplicates(
    articles: pd.DataFrame | Iterable[Article],
    *,
    threshold: float = 0.7,
    within_days: float = 3.0,
) -> pd.DataFrame:
    """Group articles that are copies of one another.

    Parameters
    ----------
    articles
        `Article` objects, or a frame with ``article_id, title, text, published_at,
        published_precision``.
    threshold
        Smallest share of common 4-grams of two copies, between 0 and 1 (exclusive); white space,
        punctuation and credit lines do not count.
    within_days
        Copies are published at most so many days apart; the same text of another month is another
        piece of news. An article without a date may be a copy of any.

    Returns
    -------
    pandas.DataFrame
        One row an article in the given order: ``group_id`` (the id of the group's earliest
        article), ``relation`` (``first``, ``exact`` or ``near``, to that article), ``similarity``
        (to it; 1 for exact copies; below the threshold for the copy of a copy) and ``n_articles``
        of the group. An article without copies is the first of a group of one.

    Raises
    ------
    ValueError
        A threshold that is not between 0 and 1, or a negative span of days.
    FileSchemaError
        The frame lacks a column.

    Notes
    -----
    Of two articles, one with only a date is taken to be later than every stamped one of that day.
    Texts of fewer than 20 characters are copies only of exactly the same.
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold {threshold:g} is not between 0 and 1")
    if within_days < 0:
        raise ValueError(f"within_days is {within_days:g}; it must not be negative")
    frame = _frame(articles)
    texts = [_essence(text) for text in frame["text"]]
    shingles = [_shingles(text) for text in texts]
    days = _known_days(frame)
    groups = _Groups(len(frame))
    for one, other in _candidates(texts, shingles, days, threshold):
        if groups.of(one) == groups.of(other):
            continue
        if abs(days[one] - days[other]) > within_days:  # false where a day is not known
            continue
        if texts[one] == texts[other] or (
            _jaccard(shingles[one], shingles[other]) >= threshold
            and _same_figures(frame["text"].iloc[one], frame["text"].iloc[other])
        ):
            groups.join(one, other)
    return _table(frame, texts, shingles, days, groups)


def group_event_copies(
    articles: pd.DataFrame, mentions: pd.DataFrame, *, within_days: float = 3.0
) -> pd.DataFrame:
    """Group the copies that matter to events: articles that name one security within a few days.

    Parameters
    ----------
    articles
        As for `group_duplicates`, which does the work.
    mentions
        ``article_id, symbol``.
    within_days
        As for `group_duplicates`.

    Returns
    -------
    pandas.DataFrame
        Rows as of `group_duplicates`, of articles that are in a group of several.
    """
    days = articles.set_index("article_id")["published_at"]
    known = mentions["article_id"].isin(days.index)
    pairs = mentions.loc[known, ["article_id", "symbol"]].drop_duplicates()
    if pairs.empty:
        return group_duplicates(articles.iloc[:0])
    pairs = pairs.assign(at=as_utc(pairs["article_id"].map(days))).sort_values(["symbol", "at"])
    span = pd.Timedelta(days=within_days + 1)  # a date without a time can be a day off
    close = (pairs.groupby("symbol")["at"].diff() <= span).to_numpy(dtype=bool)
    near = close | np.append(close[1:], False)  # the next one of the same security is close
    undated = pairs.loc[pairs["at"].isna(), "symbol"]  # may be a copy of any
    near |= pairs["symbol"].isin(undated).to_numpy()
    chosen = articles["article_id"].isin(pairs.loc[near, "article_id"])
    groups = group_duplicates(articles[chosen], within_days=within_days)
    return groups[groups["n_articles"] > 1].reset_index(drop=True)


def dated_by_first(articles: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Date copies by the first article of their group.

    Parameters
    ----------
    articles
        ``article_id, published_at, published_precision`` and more.
    groups
        From `group_duplicates` or `group_event_copies`.

    Returns
    -------
    pandas.DataFrame
        The articles with a column ``copy_of``: the id of the first article, empty where there are
        no copies. `find_events` then makes one event of all of them, at the first one's time.
    """
    first = dict(zip(groups["article_id"], groups["group_id"], strict=True))
    ids = articles["article_id"]
    copy_of = pd.Series([first.get(name, "") for name in ids], index=ids.index, dtype="str")
    out = articles.assign(copy_of=copy_of)
    moved = (copy_of != "") & (copy_of != ids)
    if moved.any():
        known = articles.set_index("article_id")
        for column in ("published_at", "published_precision"):
            values = copy_of[moved].map(known[column])
            out.loc[moved, column] = values
    return out


class _Groups:
    """Disjoint sets of positions."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def of(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._parent[second] = first


def _table(
    frame: pd.DataFrame,
    texts: list[str],
    shingles: list[NDArray[np.uint64]],
    days: NDArray[np.float64],
    groups: _Groups,
) -> pd.DataFrame:
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(len(frame)):
        members[groups.of(place)].append(place)
    ids = frame["article_id"].to_numpy()
    rows: list[tuple[object, ...]] = [()] * len(frame)
    for places in members.values():
        # the undated ones last, ties by id so that the order of the input does not matter
        first = min(places, key=lambda place: (np.isnan(days[place]), days[place], ids[place]))
        for place in places:
            exact = texts[place] == texts[first]
            relation = "first" if place == first else "exact" if exact else "near"
            similarity = 1.0 if exact else _jaccard(shingles[place], shingles[first])
            rows[place] = (ids[place], ids[first], relation, similarity, len(places))
    out = pd.DataFrame(rows, columns=list(GROUP_COLUMNS))
    types = {"similarity": "float64", "n_articles": "int64"}
    return out.astype({name: types.get(name, "str") for name in GROUP_COLUMNS})


def _candidates(
    texts: list[str],
    shingles: list[NDArray[np.uint64]],
    days: NDArray[np.float64],
    threshold: float,
) -> Iterator[tuple[int, int]]:
    """Yield pairs that may be copies: equal texts, and texts that share a bucket.

    In the order of time, so that of several equal texts the latest one is the one to compare with.
    """
    if len(texts) < 2:
        return  # making the index costs more than a first look at a small workspace
    from datasketch import MinHash, MinHashLSH

    latest: dict[str, int] = {}
    index = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
    empty = MinHash(_PERMUTATIONS, hashfunc=int)
    for place in np.argsort(days, kind="stable").tolist():  # those without a date come last
        text = texts[place]
        if not text:
            continue
        known = text in latest
        if known:
            yield latest[text], place
        elif len(text) >= _MIN_CHARS:
            signature = empty.copy()
            signature.update_batch((shingles[place] & np.uint64(0xFFFFFFFF)).tolist())
            for other in index.query(signature):
                yield latest[texts[other]], place
            index.insert(place, signature)
        latest[text] = place


def _essence(text: str) -> str:
    """Return what of a text counts: without credit lines, white space and punctuation."""
    return _NOT_TEXT.sub("", _CREDIT.sub("", text)).lower()


def _shingles(text: str) -> NDArray[np.uint64]:
    """Return the distinct hashes of a text's character 4-grams, sorted."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    if len(codes) < _SHINGLE:
        return np.unique(codes)
    mixed = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):  # 21 bits hold a code point; the product wraps on purpose
        mixed = mixed * np.uint64(0x100000001B3) + codes[place : len(mixed) + place]
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    return np.unique(mixed ^ (mixed >> np.uint64(29)))


def _jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - common
    return common / union if union else 0.0


def _same_figures(one: str, other: str) -> bool:
    """Tell whether the text with fewer figures has nearly all of them in common with the other."""
    first, second = set(_FIGURE.findall(one)), set(_FIGURE.findall(other))
    fewer = min(len(first), len(second))
    return fewer == 0 or len(first & second) >= _FIGURES_SHARE * fewer


def _known_days(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the days since 1970 at which an article is surely out; NaN for no date."""
    stamps = as_utc(frame["published_at"])
    local = stamps.dt.tz_convert("Asia/Shanghai")
    days = ((stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy()
    date_only = (frame["published_precision"] == "day") | (local == local.dt.normalize())
    return np.asarray(days, dtype=np.float64) + date_only.to_numpy(dtype=np.float64)


def _frame(articles: pd.DataFrame | Iterable[Article]) -> pd.DataFrame:
    if not isinstance(articles, pd.DataFrame):
        cells = [[getattr(article, name) for name in _NEEDED] for article in articles]
        articles = pd.DataFrame(cells, columns=list(_NEEDED), dtype=object)
    missing = [name for name in _NEEDED if name not in articles.columns]
    if missing:
        raise FileSchemaError(
            f"the table lacks the column {missing[0]!r}; it needs {', '.join(_NEEDED)}"
        )
    frame = articles[list(_NEEDED)].drop_duplicates("article_id").reset_index(drop=True)
    for name in ("article_id", "title", "text", "published_precision"):
        frame[name] = frame[name].fillna("").astype("str")
    # what a post without a body says is its headline
    frame["text"] = frame["text"].where(
        frame["text"].str.len() >= _MIN_CHARS, frame["title"] + frame["text"]
    )
    return frame
