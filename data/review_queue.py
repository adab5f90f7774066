"""What a person should look at first: mentions and dates in the order of their doubts.

A doubt is a stable code with a weight; the weights of one row add up to the order of the queue.
They say how often such a thing is wrong by experience with labelled posts, no more: what nobody
doubts comes last and is still there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.articles.event_dates import stated_event_dates
from mentionstudy.data.articles.model import articles_from_frame
from mentionstudy.data.articles.zones import suggest_zone_policies
from mentionstudy.data.calendars import BEIJING, calendar_for
from mentionstudy.data.corrections import CORRECTION_DIALECT
from mentionstudy.data.events import EVENT_KINDS, EventSet
from mentionstudy.data.mentions.model import ROLES

MENTION_QUEUE: Final = (
    *("article_id", "symbol", "title", "source", "published_at", "dialects", "role", "confidence"),
    *("occurrences", "surfaces", "positions", "in_title", "doubts", "doubt"),
)
DATE_QUEUE: Final = (
    *("article_id", "title", "source", "published_at", "published_precision", "published_from"),
    *("zone_policy", "event_date", "notes", "doubts", "doubt"),
)
UNDECIDED_DAY0: Final = ("article_id", "path", "source", "day0", "other_day0")
DECISION_COLUMNS: Final = ("decision", "value", "author")
MENTION_DOUBTS: Final = {
    "unclear": 1.0,
    "ambiguous": 0.8,
    "not_listed": 0.7,
    "low_confidence": 0.4,
    "role": 0.3,
    "name_only": 0.1,
    "once": 0.05,
}
DATE_DOUBTS: Final = {
    "no_date": 1.0,
    "disagreement": 0.8,
    "zone_contradicted": 0.7,
    "future": 0.6,
    "zone_moves_day0": 0.3,
    "event_earlier": 0.2,
    "day_only": 0.1,
}
_SURE: Final = 0.9
_EIGHT_HOURS: Final = pd.Timedelta(hours=8)
_DISAGREEMENT: Final = ", the page shows "  # what the reader of pages notes


def mention_queue(
    articles: pd.DataFrame, mentions: pd.DataFrame, listings: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Order the securities that articles name by how doubtful they are.

    Parameters
    ----------
    articles, mentions
        The workspace's tables, as read.
    listings
        ``symbol, listed_on``, to doubt what was not listed on the article's day.

    Returns
    -------
    pandas.DataFrame
        One row a (article, symbol) of a kind that can be an event, the most doubtful
        first, columns `MENTION_QUEUE`.
        ``surfaces`` and ``positions`` are parallel and joined with semicolons (a position of -1
        has no words in the text); ``doubts`` are codes of `MENTION_DOUBTS`.
    """
    keys = ["article_id", "symbol"]
    mentions = mentions[mentions["kind"].isin(EVENT_KINDS)]
    rank = mentions["role"].map({role: place for place, role in enumerate(ROLES)}).fillna(0)
    ordered = mentions.assign(_rank=rank).sort_values([*keys, "_rank", "dialect"])
    places = [
        ";".join([str(surface).replace(";", ",")] * (str(positions).count(";") + 1))
        for surface, positions in zip(ordered["surface"], ordered["positions"], strict=True)
    ]
    joined = ordered.assign(surfaces=places).groupby(keys, sort=False)
    rows = joined.agg(
        dialects=("dialect", ";".join),
        role=("role", "first"),
        confidence=("confidence", "max"),
        occurrences=("occurrences", "sum"),
        surfaces=("surfaces", ";".join),
        positions=("positions", ";".join),
        in_title=("in_title", "any"),
    ).reset_index()
    facts = articles[["article_id", "title", "source", "published_at"]]
    rows = rows.merge(facts, on="article_id", how="inner")
    flags = {
        "unclear": rows["role"].eq("unclear"),
        "ambiguous": _ambiguous(ordered, rows),
        "not_listed": _not_listed(rows, listings),
        "low_confidence": rows["confidence"].lt(_SURE),
        "role": ~rows["role"].isin(["subject", "unclear", ""]),
        "name_only": rows["dialects"].eq("company_name"),
        "once": rows["occurrences"].eq(1) & ~rows["in_title"].astype(bool),
    }
    return _in_order(rows, flags, MENTION_DOUBTS, 1.0 - rows["confidence"], MENTION_QUEUE)


def date_queue(articles: pd.DataFrame, suggestions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Order articles by how doubtful their dates are.

    Parameters
    ----------
    articles
        The workspace's table, as read.
    suggestions
        From `zone_suggestions`; made from the articles by default.

    Returns
    -------
    pandas.DataFrame
        One row an article, the most doubtful first, columns `DATE_QUEUE`; ``event_date`` is the
        day that the text gives, ``doubts`` are codes of `DATE_DOUBTS`.
    """
    rows = articles.reset_index(drop=True)
    rows = rows.assign(event_date=stated_event_dates(rows))
    told = zone_suggestions(articles) if suggestions is None else suggestions
    told = told.set_index("source")
    suggestion, in_use = (rows["source"].map(told[name]) for name in ("suggestion", "in_use"))
    at = rows["published_at"]
    published = at.dt.tz_convert(BEIJING).dt.tz_localize(None).dt.normalize()
    timed = rows["published_precision"].isin(["second", "minute"])
    zoned = timed & rows["zone_policy"].isin(["stated", "beijing_labelled_gmt"])
    now = pd.Timestamp.now(tz=BEIJING)
    flags = {
        "no_date": at.isna(),
        "disagreement": rows["notes"].str.contains(_DISAGREEMENT, regex=False),
        "zone_contradicted": zoned
        & suggestion.isin(["stated", "beijing_labelled_gmt"])
        & (suggestion != in_use),
        "future": at > now,
        "zone_moves_day0": zoned & suggestion.eq("undecided") & _zone_moves_day0(rows),
        "event_earlier": rows["event_date"] < published,
        "day_only": at.notna() & ~timed,
    }
    return _in_order(rows, flags, DATE_DOUBTS, pd.Series(0.0, index=rows.index), DATE_QUEUE)


def zone_suggestions(articles: pd.DataFrame) -> pd.DataFrame:
    """Say for each source of a table of articles what its GMT stamps mean."""
    return suggest_zone_policies(articles_from_frame(articles))


def undecided_day0(articles: pd.DataFrame, suggestions: pd.DataFrame) -> pd.DataFrame:
    """List the articles whose day 0 depends on a clock that nothing decides.

    Parameters
    ----------
    articles
        The workspace's table, as read.
    suggestions
        From `zone_suggestions`.

    Returns
    -------
    pandas.DataFrame
        In the order of the articles, columns `UNDECIDED_DAY0`: ``day0`` is the session in Shanghai
        as the stamp was read, ``other_day0`` that under the other clock.
    """
    rows = _undecided(articles, suggestions)
    rows["day0"], rows["other_day0"] = _both_day0(rows)
    return rows.loc[_differ(rows["day0"], rows["other_day0"]), list(UNDECIDED_DAY0)].reset_index(
        drop=True
    )


def other_day0(
    found: EventSet,
    articles: pd.DataFrame,
    mentions: pd.DataFrame,
    suggestions: pd.DataFrame,
    place: Callable[[pd.DataFrame, pd.DataFrame], EventSet],
) -> pd.Series[str]:
    """Say of each event where day 0 would be if a clock that nothing decides were the other one.

    Parameters
    ----------
    found
        What `find_events` returned for the articles and mentions.
    articles, mentions
        The tables, as read.
    suggestions
        From `zone_suggestions`.
    place
        Finds the events of other articles and mentions by the same rules.

    Returns
    -------
    pandas.Series
        One text an event: empty where its day 0 depends on no such clock, else the ISO date of the
        other day 0, or ``no event``; several articles may give several, joined with semicolons.
    """
    rows = _undecided(articles, suggestions)
    pairs = _by_article(found.events)
    pairs = pairs[pairs["article_id"].isin(rows["article_id"])]
    if pairs.empty:
        return pd.Series("", index=found.events.index, dtype="str")
    shifted = rows.assign(published_at=_other_time(rows))
    placed = place(shifted, mentions[mentions["article_id"].isin(rows["article_id"])])
    keys = ["article_id", "symbol"]
    other = _by_article(placed.events).set_index(keys)["day0"]
    pairs = pairs.assign(other=other.reindex(pd.MultiIndex.from_frame(pairs[keys])).to_numpy())
    moved = pairs[pairs["other"] != pairs["day0"]]
    days = moved["other"].dt.strftime("%Y-%m-%d").fillna("no event")
    joined = days.groupby(level=0).agg(lambda cells: ";".join(sorted(set(cells))))
    told: pd.Series[str] = joined.reindex(found.events.index).fillna("").astype("str")
    return told


def _by_article(events: pd.DataFrame) -> pd.DataFrame:
    """Give each article of an event a row; the rows of an event keep its label."""
    listed = events[["symbol", "day0"]].assign(article_id=events["article_ids"].str.split(";"))
    return listed.explode("article_id")


def _undecided(articles: pd.DataFrame, suggestions: pd.DataFrame) -> pd.DataFrame:
    """Choose the articles with a time of day whose clock nothing decides."""
    open_feeds = suggestions.loc[suggestions["suggestion"] == "undecided", "source"]
    timed = articles["published_precision"].isin(["second", "minute"])
    zoned = articles["zone_policy"].isin(["stated", "beijing_labelled_gmt"])
    return articles[timed & zoned & articles["source"].isin(open_feeds)].reset_index(drop=True)


def with_decisions(queue: pd.DataFrame, corrections: pd.DataFrame, field: str) -> pd.DataFrame:
    """Add what a user has decided about each row.

    Parameters
    ----------
    queue
        From `mention_queue` (with ``field`` ``mention``) or `date_queue`.
    corrections
        Rows of the table ``corrections``.
    field
        ``mention``, ``date`` and so on.

    Returns
    -------
    pandas.DataFrame
        The queue with `DECISION_COLUMNS`, empty where nothing is decided; what users have added
        to mentions stands at its end.
    """
    rows = corrections[corrections["field"] == field]
    keys = ["article_id", "symbol"] if field == "mention" else ["article_id"]
    rows = rows.drop_duplicates(keys, keep="last")
    named = rows.rename(columns={"action": "decision"})[[*keys, *DECISION_COLUMNS]]
    out = queue.merge(named, on=keys, how="left")
    for column in DECISION_COLUMNS:
        out[column] = out[column].fillna("").astype("str")
    if field != "mention":
        return out
    known = pd.MultiIndex.from_frame(queue[keys].astype(object))
    extra = named[~pd.MultiIndex.from_frame(named[keys].astype(object)).isin(known)]
    extra = extra[extra["decision"] != "reject"]
    return pd.concat([out, _added(extra, queue)], ignore_index=True) if len(extra) else out


def _added(extra: pd.DataFrame, queue: pd.DataFrame) -> pd.DataFrame:
    facts = queue.drop_duplicates("article_id")[["article_id", "title", "source", "published_at"]]
    rows = extra.merge(facts, on="article_id", how="left").assign(
        dialects=CORRECTION_DIALECT,
        role=extra["value"].to_numpy(),
        confidence=1.0,
        occurrences=0,
        surfaces="",
        positions="-1",
        in_title=False,
        doubts="",
        doubt=0.0,
    )
    for column in ("title", "source"):
        rows[column] = rows[column].fillna("").astype("str")
    return rows[[*queue.columns, *DECISION_COLUMNS]]


def _in_order(
    rows: pd.DataFrame,
    flags: dict[str, pd.Series[bool]],
    weights: dict[str, float],
    base: pd.Series[float],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """Join the codes of each row's doubts, heaviest first, and sort by their sum."""
    table = np.column_stack([flags[code].fillna(value=False).to_numpy(bool) for code in weights])
    codes = np.array(list(weights), dtype=object)
    rows["doubts"] = pd.Series(
        [";".join(codes[row]) for row in table], index=rows.index, dtype="str"
    )
    rows["doubt"] = base.to_numpy() + table @ np.fromiter(weights.values(), dtype=np.float64)
    order = rows.sort_values(["doubt", "article_id"], ascending=[False, True], kind="stable")
    return order[list(columns)].reset_index(drop=True)


def _ambiguous(mentions: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[bool]:
    """Tell of which rows the same words in the same article may mean another security too."""
    words = mentions[mentions["surface"] != ""]
    several = words.groupby(["article_id", "surface"])["symbol"].transform("nunique") > 1
    pairs = pd.MultiIndex.from_frame(words.loc[several, ["article_id", "symbol"]].astype(object))
    own = pd.MultiIndex.from_frame(rows[["article_id", "symbol"]].astype(object))
    return pd.Series(own.isin(pairs), index=rows.index)


def _not_listed(rows: pd.DataFrame, listings: pd.DataFrame | None) -> pd.Series[bool]:
    if listings is None or not len(listings):
        return pd.Series(data=False, index=rows.index)
    since: pd.Series[Any] = listings.drop_duplicates("symbol").set_index("symbol")["listed_on"]
    days = rows["published_at"].dt.tz_convert(BEIJING).dt.tz_localize(None).dt.normalize()
    early: pd.Series[bool] = days < pd.to_datetime(rows["symbol"].map(since))
    return early


def both_day0(row: pd.Series[Any]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return day 0 in Shanghai of a row of a `date_queue`: as read, and with the other clock."""
    one, other = _both_day0(row.to_frame().T.astype({"published_at": "datetime64[us, UTC]"}))
    return one[0], other[0]


def _zone_moves_day0(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell for which articles the other reading of a GMT stamp gives another session."""
    return _differ(*_both_day0(rows))


def _differ(
    one: pd.DatetimeIndex | pd.Series[Any], other: pd.DatetimeIndex | pd.Series[Any]
) -> NDArray[np.bool_]:
    known = np.asarray(one.notna()) | np.asarray(other.notna())  # or the calendar has no such year
    return np.asarray((one != other) & known, dtype=np.bool_)


def _both_day0(rows: pd.DataFrame) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    calendar = calendar_for("SH")
    readings = (rows["published_at"], _other_time(rows))
    one, two = (calendar.day0_many(pd.DatetimeIndex(times)) for times in readings)
    return one, two


def _other_time(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return when articles appeared if the clock of their stamps is not the one in use."""
    at, shift = rows["published_at"], _EIGHT_HOURS.as_unit("us")
    return (at - shift).where(rows["zone_policy"] == "stated", at + shift)
