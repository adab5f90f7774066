"""Events: one security and the first session that could react to what was published about it.

Every mention ends either in an event or in the list of exclusions, with a stable code and a
sentence. The rules:

* day 0 is the first session whose close is strictly after the publication time, on the
  security's own exchange, never an earlier one;
* an article whose time of day is not known counts for the first session on or after its date; a
  stamp of exactly midnight in Beijing is such a date, because sites print it for want of a time;
* mentions of one security with one day 0 are one event that remembers all its articles;
* a security that an article only quotes, credits or names as part of a product is no event, nor is
  one that was not listed yet, or no longer, on the article's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import BEIJING, CALENDAR_OF, calendar_for
from mentionstudy.data.event_input import article_frame, mention_frame
from mentionstudy.data.listings import exclude_unlisted
from mentionstudy.data.mentions.model import ROLES, Role
from mentionstudy.data.securities import Kind

if TYPE_CHECKING:
    from mentionstudy.data.articles import Article
    from mentionstudy.data.mentions import Mention

EVENT_KINDS: Final[tuple[Kind, ...]] = ("stock", "b_share", "cdr")
"""Kinds of security whose mentions become events unless others are asked for."""
EVENT_ROLES: Final[tuple[Role, ...]] = ("subject",)
"""Roles of a security in an article that become events unless others are asked for."""

Anchor = Literal["published", "event_date"]
"""What gives an event its day 0: the publication, or the day on which the text says it happened."""

EVENT_COLUMNS: Final = (
    "event_id",
    "symbol",
    "exchange",
    "kind",
    "day0",
    "timing",
    "first_published_at",
    "published_precision",
    "n_articles",
    "n_copies",
    "article_ids",
    "title",
    "source",
    "categories",
    "dialects",
    "confidence",
    "anchor",
)
EXCLUDED_COLUMNS: Final = ("article_id", "symbol", "code", "reason")
STATUS_COLUMNS: Final = (
    "article_id",
    "path",
    "title",
    "source",
    "published_at",
    "published_precision",
    "status",
    "n_mentions",
    "n_events",
    "symbols",
    "reason",
)

_REASONS: Final = {
    "no_date": "the article states no publication date",
    "no_calendar": "there is no trading calendar for this security's exchange",
    "article_missing": "the mention's article is not among the articles",
    "kind_index": "an index is no security that an article moves; ask for kind index to keep it",
    "kind_board": "a board (sector list) is no security; ask for kind board to keep it",
    "kind_fund": "funds are left out; ask for kind fund to keep them",
    "kind_bond": "bonds are left out; ask for kind bond to keep them",
    "kind_foreign": "securities listed outside China and Hong Kong are left out",
    "kind_unknown": "no exchange's numbering knows this code",
    "role_source": "the article names it only as the source of data or news",
    "role_analyst": "the article names it only as a house that is quoted or acts for others",
    "role_product": "its name is only part of the name of a product or a fund",
    "role_boilerplate": "it stands only in a credit line or a disclaimer",
    "low_confidence": "no mention of it in the article is as sure as was asked for",
    "role_unclear": "the words may as well mean something else, and nothing near them decides",
}
_STATUS_REASONS: Final = {
    "events": "",
    "no_mention": "the article names no security in a form that is recognised",
    "no_date": _REASONS["no_date"],
    "calendar_unknown": "the publication time lies outside the sessions of the calendar",
    "excluded": "every security that it names is left out",
}


@dataclass(frozen=True, slots=True, eq=False)
class EventSet:
    """The events of a corpus, and the mentions that are none.

    Attributes
    ----------
    events
        One row an event, ordered by day 0 and symbol, columns `EVENT_COLUMNS`. ``day0`` is
        tz-naive, ``first_published_at`` is in Asia/Shanghai, ``article_ids``, ``categories`` and
        ``dialects`` are joined with semicolons; title, source and categories are those of the
        earliest article. ``timing`` is where the earliest article lies in the exchange's day.
        ``n_articles`` counts all articles, ``n_copies`` those of them that are copies of another
        one; ``confidence`` is that of the surest mention; ``anchor`` says what day 0 was taken
        from.
    excluded
        One row a (article, symbol) that is no event, columns `EXCLUDED_COLUMNS`.
    """

    events: pd.DataFrame
    excluded: pd.DataFrame

    def __len__(self) -> int:
        return len(self.events)


def find_events(
    articles: pd.DataFrame | Iterable[Article],
    mentions: pd.DataFrame | Iterable[Mention],
    *,
    kinds: Sequence[Kind] = EVENT_KINDS,
    cutoff_minutes: int = 0,
    roles: Sequence[Role] = EVENT_ROLES,
    min_confidence: float = 0.0,
    anchor: Anchor = "published",
    listings: pd.DataFrame | None = None,
) -> EventSet:
    """Turn mentions into events.

    Parameters
    ----------
    articles
        `Article` objects, or a frame with a row an article: ``article_id, published_at,
        published_precision`` and, if there, ``title, source, categories, path``, ``event_date``
        and ``copy_of`` (the first of its copies, see `mentionstudy.data.duplicates`). Times
        without a zone are Beijing times.
    mentions
        `Mention` objects, or a frame with ``article_id, symbol, kind, dialect`` and, if there,
        ``role`` and ``confidence``.
    kinds
        Kinds of security that may become events.
    cutoff_minutes
        Minutes before the close from which an article counts for the next session; for checking
        how much depends on articles that came too late to trade on.
    roles
        Roles of a security in an article that may become events; a mention without one counts as
        ``subject``. Of several mentions of a security in an article, one such role is enough.
    min_confidence
        Least confidence, between 0 and 1, of the surest mention of a security in an article.
    anchor
        With ``event_date`` day 0 is the first session on or after that day where an article has
        one before the day of its publication; the others keep that of their publication. Prices
        may then have moved before anybody could read it: another question than what the article
        did.
    listings
        Columns ``symbol, listed_on, delisted_on`` (NaT where not known, symbols missing that are
        not known at all): an article before the first day of trading or after the last makes no
        event. Without it this is not checked.

    Returns
    -------
    EventSet
        Events and exclusions; together they hold every (article, symbol) pair.

    Raises
    ------
    ValueError
        An unknown kind, role or anchor, a confidence that is none, or a cutoff outside 0 to 240.
    FileSchemaError
        A frame lacks a column that is needed.

    Notes
    -----
    Of several articles, the earliest gives the event its time. One that has only a date is taken
    to be later than every stamped article of the same day, since it may be.
    """
    unknown = sorted(set(kinds) - set(get_args(Kind)))
    if unknown:
        raise ValueError(f"unknown kind {unknown[0]!r}; there are {', '.join(get_args(Kind))}")
    if no_roles := sorted(set(roles) - set(ROLES)):
        raise ValueError(f"unknown role {no_roles[0]!r}; there are {', '.join(ROLES)}")
    if anchor not in get_args(Anchor):
        raise ValueError(f"unknown anchor {anchor!r}; there are {', '.join(get_args(Anchor))}")
    if not 0.0 <= min_confidence <= 1.0:
        raise ValueError(f"a confidence of {min_confidence:g} is not between 0 and 1")
    pairs = _pairs(article_frame(articles), mention_frame(mentions), roles)
    _anchor(pairs, anchor)
    _decide(pairs, kinds, roles, min_confidence)
    _place(pairs, cutoff_minutes)
    if listings is not None:
        exclude_unlisted(pairs, listings)
    used = pairs["code"] == ""
    excluded = pairs.loc[~used, list(EXCLUDED_COLUMNS)]
    return EventSet(
        events=_merge_pairs(pairs[used]),
        excluded=excluded.sort_values(["article_id", "symbol"], ignore_index=True),
    )


def article_status(
    articles: pd.DataFrame | Iterable[Article],
    mentions: pd.DataFrame | Iterable[Mention],
    found: EventSet,
) -> pd.DataFrame:
    """Say of every article what became of it.

    Parameters
    ----------
    articles, mentions
        As given to `find_events`.
    found
        What `find_events` returned for them.

    Returns
    -------
    pandas.DataFrame
        One row an article in the given order, columns `STATUS_COLUMNS`. ``status`` is ``events``,
        ``no_mention``, ``no_date``, ``calendar_unknown`` or ``excluded`` (all its securities are
        of kinds that are left out); ``symbols`` joins all that it names; ``reason`` is a sentence,
        empty where there are events.
    """
    frame = article_frame(articles)
    pairs = mention_frame(mentions).drop_duplicates(["article_id", "symbol"])
    ids = frame["article_id"]
    listed = found.events["article_ids"].str.split(";").explode()
    n_events = ids.map(listed.value_counts()).fillna(0).astype("int64")
    n_mentions = ids.map(pairs["article_id"].value_counts()).fillna(0).astype("int64")
    dated = frame["published_at"].notna()
    unknown = found.excluded.loc[found.excluded["code"] == "calendar_unknown", "article_id"]
    status = np.select(
        [n_events > 0, n_mentions == 0, ~dated, ids.isin(unknown)],
        ["events", "no_mention", "no_date", "calendar_unknown"],
        default="excluded",
    )
    out = frame.assign(
        published_at=frame["published_at"].dt.tz_convert(BEIJING),
        status=pd.array(status, dtype="str"),
        n_mentions=n_mentions,
        n_events=n_events,
        symbols=ids.map(_symbols_by_article(pairs)).astype("str").fillna(""),
    )
    out["reason"] = out["status"].map(_STATUS_REASONS).astype("str")
    undated = (out["status"] == "no_mention") & ~dated
    out.loc[undated, "reason"] += ", and states no date"
    return out[list(STATUS_COLUMNS)].reset_index(drop=True)


def _pairs(articles: pd.DataFrame, mentions: pd.DataFrame, roles: Sequence[Role]) -> pd.DataFrame:
    """Join to one row a (article, symbol): the article's columns, the kind, its dialects."""
    keys = ["article_id", "symbol"]
    mentions["role"] = mentions["role"].replace("", "subject")
    left_out = ~mentions["role"].isin(list(roles))
    if left_out.any():  # what is left out counts only where nothing else names the security
        mentions = mentions.assign(_out=left_out)
        mentions = mentions[mentions.groupby(keys)["_out"].transform("all") | ~left_out]
    ordered = mentions.sort_values([*keys, "dialect"], ignore_index=True)
    ordered["confidence"] = ordered.groupby(keys)["confidence"].transform("max")
    firsts = ordered.drop_duplicates(keys)
    dialects = _joined(ordered["dialect"], firsts.index.to_numpy(), distinct=True)
    pairs = firsts.assign(dialects=dialects).merge(
        articles, on="article_id", how="left", indicator="_found"
    )
    pairs["exchange"] = pairs["symbol"].str.extract(r"\.(\w+)$", expand=False).fillna("")
    # Eastmoney's boards are lists of mainland shares and have no exchange of their own.
    pairs.loc[pairs["kind"] == "board", "exchange"] = "SH"
    pairs["missing"] = pairs.pop("_found") != "both"
    return pairs


def _anchor(pairs: pd.DataFrame, anchor: Anchor) -> None:
    """Add the time that each pair is placed by, whether it is but a date, and where it is from."""
    local = pairs["published_at"].dt.tz_convert(BEIJING)
    midnight = local == local.dt.normalize()
    date_only = pairs["published_at"].notna() & (midnight | (pairs["published_precision"] == "day"))
    pairs["published_precision"] = pairs["published_precision"].mask(date_only, "day")
    happened = pairs["event_date"].dt.tz_localize(BEIJING)
    # "on the evening of the 22nd", written on the 22nd: the stamp says more than the date
    earlier = (happened < local.dt.normalize()) | (local.isna() & happened.notna())
    moved = earlier & (anchor == "event_date")
    pairs["at"] = local.mask(moved, happened)
    pairs["date_only"] = date_only | moved
    pairs["anchor"] = pd.Series(np.where(moved, "event_date", "published"), dtype="str")


def _decide(
    pairs: pd.DataFrame, kinds: Sequence[Kind], roles: Sequence[Role], min_confidence: float
) -> None:
    """Fill in the code and the reason of each pair that can be no event."""
    pairs["code"] = np.select(
        [
            pairs["missing"],
            ~pairs["kind"].isin(list(kinds)),
            ~pairs["exchange"].isin(list(CALENDAR_OF)),
            ~pairs["role"].isin(list(roles)),
            pairs["confidence"] < min_confidence,
            pairs["at"].isna(),
        ],
        [
            "article_missing",
            "kind_" + pairs["kind"],
            "no_calendar",
            "role_" + pairs["role"],
            "low_confidence",
            "no_date",
        ],
        default="",
    )
    pairs["reason"] = pairs["code"].map(_REASONS).astype("str").fillna("")
    other = (pairs["reason"] == "") & (pairs["code"] != "")
    pairs.loc[other, "reason"] = "securities of this kind were not asked for"


def _place(pairs: pd.DataFrame, cutoff_minutes: int) -> None:
    """Fill in day 0 and timing of each pair, or the code and reason why it has none."""
    pairs["day0"] = pd.Series(pd.NaT, index=pairs.index, dtype="datetime64[us]")
    pairs["timing"] = pd.Series("date_only", index=pairs.index, dtype="str")
    open_pairs = pairs["code"] == ""
    for exchange in pairs.loc[open_pairs, "exchange"].unique():
        calendar = calendar_for(exchange)
        here = open_pairs & (pairs["exchange"] == exchange)
        dated, timed = here & pairs["date_only"], here & ~pairs["date_only"]
        days = pd.DatetimeIndex(pairs.loc[dated, "at"])
        pairs.loc[dated, "day0"] = calendar.day0_date_only_many(days)
        stamps = pd.DatetimeIndex(pairs.loc[timed, "at"].dt.tz_convert("UTC"))
        pairs.loc[timed, "day0"] = calendar.day0_many(stamps, cutoff_minutes=cutoff_minutes)
        pairs.loc[timed, "timing"] = calendar.timing_many(stamps)
        lost = here & pairs["day0"].isna()
        pairs.loc[lost, "code"] = "calendar_unknown"
        pairs.loc[lost, "reason"] = [
            calendar.unknown_reason(f"{stamp:%Y-%m-%d %H:%M}") for stamp in pairs.loc[lost, "at"]
        ]


def _merge_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Make one event of the pairs that share symbol and day 0."""
    published = pairs["published_at"].dt.tz_convert(BEIJING)
    day_end = published.dt.normalize() + pd.Timedelta(days=1)
    known = published.mask(pairs["published_precision"] == "day", day_end)
    copy = (pairs["copy_of"] != "") & (pairs["copy_of"] != pairs["article_id"])
    ordered = pairs.assign(_known=known, _copy=copy).sort_values(
        ["day0", "symbol", "_known", "_copy", "article_id"], ignore_index=True
    )
    events = ordered.drop_duplicates(["day0", "symbol"]).copy()
    start = events.index.to_numpy()
    events["n_articles"] = np.diff(np.append(start, len(ordered)))
    events["n_copies"] = _added(ordered["_copy"], start)
    events["confidence"] = ordered.groupby(["day0", "symbol"], sort=False)["confidence"].max().array
    events["article_ids"] = _joined(ordered["article_id"], start, distinct=False)
    events["dialects"] = _joined(ordered["dialects"], start, distinct=True)
    events["event_id"] = events["symbol"] + "@" + events["day0"].dt.strftime("%Y-%m-%d")
    events["first_published_at"] = events["published_at"].dt.tz_convert(BEIJING)
    for column in ("event_id", "article_ids", "dialects"):
        events[column] = events[column].astype("str")
    return events[list(EVENT_COLUMNS)].reset_index(drop=True)


def _symbols_by_article(pairs: pd.DataFrame) -> pd.Series[str]:
    ordered = pairs.sort_values("article_id", kind="stable", ignore_index=True)
    ids = ordered["article_id"].drop_duplicates()
    joined = _joined(ordered["symbol"], ids.index.to_numpy(), distinct=False)
    return pd.Series(joined, index=pd.Index(ids), dtype="str")


def _added(flags: pd.Series[bool], start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count what is true in each run of flags (from one `start` to the next)."""
    if not len(start):
        return np.empty(0, dtype=np.int64)
    return np.add.reduceat(flags.to_numpy(dtype=np.int64), start)


def _joined(
    values: pd.Series[str], start: NDArray[np.int64], *, distinct: bool
) -> NDArray[np.object_]:
    """Join each run of values (from one `start` to the next) with semicolons."""
    cells = values.to_numpy(dtype=object)
    out = cells[start].copy()
    ends = np.append(start[1:], len(cells))
    for run in np.flatnonzero(ends - start > 1):
        parts = ";".join(cells[start[run] : ends[run]])
        out[run] = ";".join(sorted(set(parts.split(";")))) if distinct else parts
    return out
