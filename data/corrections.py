"""A user's corrections: which mentions are wrong or missing, and when things really happened.

Corrections are a table of their own. They are applied to what was read, never written into it, so
that they survive every new reading and can be taken back, exported and shared.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from mentionstudy.data.articles.event_dates import stated_event_dates
from mentionstudy.data.calendars import BEIJING, as_utc
from mentionstudy.data.mentions.model import ROLES, Role
from mentionstudy.data.securities import parse_symbol
from mentionstudy.data.tables import TABLES

CorrectionField = Literal["mention", "date", "zone", "event_date"]
CORRECTION_DIALECT: Final = "correction"
"""Dialect of a mention that a user has added."""

SOURCE_PREFIX: Final = "source:"
"""Begins the ``article_id`` of a correction that holds for every article of a source."""
MENTION_ROLES: Final[tuple[Role, ...]] = tuple(role for role in ROLES if role != "unclear")
"""Roles that a user can give a mention: all but the one that says that nobody knows."""

_ACTIONS: Final = {
    "mention": ("accept", "reject", "add", "replace"),
    "date": ("set", "accept"),
    "zone": ("set",),
    "event_date": ("set", "reject"),
}
_ZONES: Final = ("beijing", "utc")
_EIGHT_HOURS: Final = pd.Timedelta(hours=8)


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Articles and mentions with a user's corrections.

    Attributes
    ----------
    articles, mentions
        As given, corrected. The mentions have one more column, ``review``: ``accepted``,
        ``replaced``, ``added``, or empty where no user has looked.
    unapplied
        Corrections that found nothing to correct, with a column ``reason``.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    unapplied: pd.DataFrame


def correction(
    article_id: str,
    field: CorrectionField | str,
    action: str,
    *,
    symbol: str = "",
    value: str = "",
    note: str = "",
    author: str = "",
    created_at: dt.datetime | None = None,
) -> pd.DataFrame:
    """Make one correction, a row for `Workspace.merge_corrections`.

    Parameters
    ----------
    article_id
        The article; for a zone also `SOURCE_PREFIX` and a source, for all its articles.
    field
        ``mention``, ``date``, ``zone`` or ``event_date`` (the day on which it happened).
    action
        For a mention ``accept``, ``reject``, ``add`` or ``replace``; else ``set``; a date can be
        accepted as it was read, and the event date that the text seems to give be rejected.
    symbol
        For a mention: the security that was found, or that is missing.
    value
        To accept or add a mention its role, or nothing: it stays as it is, and is that of a
        subject where it was unclear or there was none. To replace one the right symbol, and if
        wanted a blank and its role. To set a ``date`` an ISO date, or date and time, in Beijing
        time unless it has an offset; an ``event_date`` an ISO date; a ``zone`` what clock the
        page prints: ``beijing`` or ``utc``.
    note, author
        For the reader of the corrections.
    created_at
        When it was made; with a zone.

    Returns
    -------
    pandas.DataFrame
        One row. A later correction of the same field and symbol takes its place.

    Raises
    ------
    ValueError
        The correction makes no sense; the message says why.
    """
    if field not in _ACTIONS:
        raise ValueError(f"no field {field!r} to correct; there are {', '.join(_ACTIONS)}")
    if action not in _ACTIONS[field]:
        raise ValueError(f"a {field} cannot be {action!r}; use {', '.join(_ACTIONS[field])}")
    if not article_id:
        raise ValueError("a correction needs the id of its article")
    if article_id.startswith(SOURCE_PREFIX) and field != "zone":
        raise ValueError(f"only a zone holds for all articles of a source, not a {field}")
    symbol = parse_symbol(symbol).symbol if field == "mention" else ""
    value = _checked_value(field, action, value.strip())
    row = {
        "article_id": article_id,
        "field": field,
        "symbol": symbol,
        "action": action,
        "value": value,
        "note": note,
        "author": author,
        "created_at": created_at,
    }
    return pd.DataFrame([row], columns=list(TABLES["corrections"].columns))


def _checked_value(field: str, action: str, value: str) -> str:
    """Give the value in the form in which it is kept, or say why it cannot be meant."""
    if field == "mention":
        symbol, _, role = value.partition(" ") if action == "replace" else ("", "", value)
        role = role.strip()
        if action == "reject":
            return ""
        if role and role not in MENTION_ROLES:
            raise ValueError(f"no role {role!r}; there are {', '.join(MENTION_ROLES)}")
        return f"{parse_symbol(symbol).symbol} {role}".strip() if action == "replace" else role
    if action in ("accept", "reject"):
        return ""
    if field == "zone":
        if value not in _ZONES:
            raise ValueError(f"a page prints the clock of {' or '.join(_ZONES)}, not {value!r}")
        return value
    kept = _iso(value)
    if field == "event_date" and len(kept) > len("2022-01-06"):
        raise ValueError(f"{value!r} has a time of day; an event date is a day as 2022-01-06")
    return kept


def without_correction(
    corrections: pd.DataFrame, article_id: str, field: str, symbol: str = ""
) -> pd.DataFrame:
    """Return an article's corrections but for one, which is taken back.

    Give them to `Workspace.merge_corrections` with ``replacing=[article_id]``.
    """
    own = corrections[corrections["article_id"] == article_id]
    gone = (own["field"] == field) & (own["symbol"] == symbol)
    return own[~gone].reset_index(drop=True)


def newer_corrections(given: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return those of the given corrections that are not older than the known ones of their key."""
    keys = list(TABLES["corrections"].keys)
    dated = known.drop_duplicates(keys, keep="last").set_index(keys)["created_at"]
    pairs = pd.MultiIndex.from_frame(given[keys].astype(object))
    there = dated.reindex(pairs)
    before = as_utc(pd.Series(there.to_numpy(dtype=object), index=given.index, dtype=object))
    return given[~(as_utc(given["created_at"]) < before)].reset_index(drop=True)


def event_dates(articles: pd.DataFrame, corrections: pd.DataFrame) -> pd.Series[Any]:
    """Return the day on which each article says that its event happened, as users corrected it.

    Parameters
    ----------
    articles
        ``article_id, published_at, text``, the times corrected already.
    corrections
        Rows of the table ``corrections``.

    Returns
    -------
    pandas.Series of datetime64
        Same index as `articles`, tz-naive; NaT where there is none.
    """
    said = stated_event_dates(articles)
    layout = TABLES["corrections"]
    rows = corrections.drop_duplicates(list(layout.keys), keep="last")
    rows = rows[rows["field"] == "event_date"].set_index("article_id")
    if rows.empty:
        return said
    ids = articles["article_id"]
    set_to = pd.to_datetime(ids.map(rows["value"]).replace("", None)).astype("datetime64[us]")
    return set_to.where(ids.isin(rows.index), said).astype("datetime64[us]")


def apply_corrections(
    articles: pd.DataFrame, mentions: pd.DataFrame, corrections: pd.DataFrame
) -> Corrected:
    """Apply a user's corrections to what was read.

    Parameters
    ----------
    articles, mentions
        Frames as the workspace gives them; they are not changed.
    corrections
        Rows of the table ``corrections``.

    Returns
    -------
    Corrected
        Corrected frames, and the corrections that found nothing to correct.
    """
    layout = TABLES["corrections"]
    rows = corrections.drop_duplicates(list(layout.keys), keep="last").reset_index(drop=True)
    of_source = rows["article_id"].str.startswith(SOURCE_PREFIX)
    known = of_source | rows["article_id"].isin(articles["article_id"])
    lost = rows[~known].assign(reason="no article has this id")
    if of_source.any():
        spread = _of_sources(articles, rows[of_source])
        unused = rows[of_source & ~rows["article_id"].isin(spread["of"])]
        lost = pd.concat([lost, unused.assign(reason="no article of this source needs it")])
        rows = pd.concat([spread[list(layout.columns)], rows[known & ~of_source]])
        rows = rows.drop_duplicates(list(layout.keys), keep="last", ignore_index=True)
    else:
        rows = rows[known]
    dated, failed = _correct_times(articles, rows)
    found, missing = _correct_mentions(mentions, rows[rows["field"] == "mention"])
    return Corrected(
        articles=dated,
        mentions=found,
        unapplied=pd.concat([lost, failed, missing], ignore_index=True),
    )


def _of_sources(articles: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Give one row an article whose zone a correction of its source decides.

    Only a clock under the label GMT is in doubt; a stamp without a zone is Beijing's, and one that
    states another offset is right whatever the source's other articles do.
    """
    doubtful = articles["zone_policy"].isin(["stated", "beijing_labelled_gmt"])
    timed = articles["published_precision"].isin(["second", "minute"])
    concerned = articles.loc[doubtful & timed, ["article_id", "source"]]
    named = rows.assign(source=rows["article_id"].str.removeprefix(SOURCE_PREFIX))
    named = named.rename(columns={"article_id": "of"})
    return named.merge(concerned, on="source")


def _correct_times(articles: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set publication times; a corrected date goes before a corrected zone."""
    out = articles.copy()
    at = {article_id: place for place, article_id in enumerate(out["article_id"])}
    times = out["published_at"].tolist()
    precision = out["published_precision"].tolist()
    origin, policy = out["published_from"].tolist(), out["zone_policy"].tolist()
    reasons = {}
    settled = (rows["field"] == "date") & (rows["action"] == "set")
    dated = set(rows.loc[settled, "article_id"])
    wanted = rows[rows["field"].isin(["date", "zone"]) & (rows["action"] == "set")]
    for index, article_id, field, value in zip(
        wanted.index, wanted["article_id"], wanted["field"], wanted["value"], strict=True
    ):
        place = at[article_id]
        if field == "date":
            times[place], precision[place] = _stamp(value)
            origin[place], policy[place] = "correction", "stated"
        elif article_id in dated or precision[place] not in ("second", "minute"):
            reasons[index] = "the article has no time of day whose zone could be wrong"
        elif (policy[place] == "stated") != (value == "utc"):
            # What is in doubt is whether a clock under the label GMT shows Beijing time.
            times[place] += _EIGHT_HOURS if value == "utc" else -_EIGHT_HOURS
            policy[place] = "stated" if value == "utc" else "beijing_labelled_gmt"
            origin[place] = f"{origin[place]} (zone corrected)"
    out["published_at"] = (
        as_utc(pd.Series(times, index=out.index, dtype=object)).dt.tz_convert(BEIJING)
        if len(out)
        else out["published_at"]
    )
    columns = {"published_precision": precision, "published_from": origin, "zone_policy": policy}
    for name, values in columns.items():
        out[name] = pd.Series(values, index=out.index, dtype="str")
    failed = rows.loc[list(reasons)].assign(reason=list(reasons.values()))
    return out, failed


def _correct_mentions(
    mentions: pd.DataFrame, rows: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    out = mentions.copy()
    keys = ["article_id", "symbol"]
    pairs = pd.MultiIndex.from_frame(out[keys].astype(object))
    chosen = rows.set_index(keys)
    action = chosen["action"].reindex(pairs).fillna("").to_numpy(dtype=object)
    value = chosen["value"].reindex(pairs).fillna("").to_numpy(dtype=object)
    out["review"] = pd.Series(
        [
            {"accept": "accepted", "replace": "replaced", "add": "accepted"}.get(a, "")
            for a in action
        ],
        index=out.index,
        dtype="str",
    )
    replaced = action == "replace"
    given = [str(cell).partition(" ") for cell in value]
    right = np.array([symbol for symbol, _, _ in given], dtype=object)[replaced]
    out.loc[replaced, "symbol"] = right
    out.loc[replaced, "kind"] = [parse_symbol(symbol).kind for symbol in right]
    seen = (out["review"] != "").to_numpy()
    out.loc[seen, "confidence"] = 1.0
    role = np.where(replaced, np.array([role for _, _, role in given], dtype=object), value)
    role = np.where(seen & (role == "") & (out["role"] == "unclear"), "subject", role)
    out["role"] = out["role"].where(~seen | (role == ""), role).astype("str")
    there = pd.MultiIndex.from_frame(rows[keys].astype(object)).isin(pairs)
    missing = rows[~there & (rows["action"] == "reject")]
    new = _added(rows[~there & (rows["action"] != "reject")])
    kept = out[action != "reject"]
    joined = pd.concat([kept, new[list(out.columns)].astype(out.dtypes)], ignore_index=True)
    # A mention that was corrected comes first, so that it outlives the one that it now equals.
    joined = joined.iloc[(joined["review"] == "").argsort(kind="stable")]
    joined = joined.drop_duplicates(["article_id", "symbol", "dialect"]).sort_index()
    reason = "the article does not mention this security"
    return joined.reset_index(drop=True), missing.assign(reason=reason)


def _added(rows: pd.DataFrame) -> pd.DataFrame:
    """Give one mention for each that a user names and nothing finds.

    What a user has once accepted or put right stays, whatever a later reading finds.
    """
    given = [
        (value.partition(" ")[0], value.partition(" ")[2])
        if action == "replace"
        else (symbol, value)
        for symbol, action, value in zip(rows["symbol"], rows["action"], rows["value"], strict=True)
    ]
    symbols = [symbol for symbol, _ in given]
    return pd.DataFrame(
        {
            "article_id": rows["article_id"],
            "symbol": symbols,
            "kind": [parse_symbol(symbol).kind for symbol in symbols],
            "dialect": CORRECTION_DIALECT,
            "occurrences": 1,
            "positions": "-1",
            "confidence": 1.0,
            "surface": symbols,
            "in_title": False,
            "role": [role or "subject" for _, role in given],
            "review": "added",
        }
    )


def _stamp(text: str) -> tuple[pd.Timestamp, str]:
    """Give the time and its precision; a date is midnight in Beijing."""
    try:
        stamp = pd.Timestamp(dt.datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is no ISO date or time; write 2022-01-06 or 2022-01-06T15:11:41"
        ) from None
    aware = stamp.tz_localize(BEIJING) if stamp.tzinfo is None else stamp.tz_convert(BEIJING)
    clock = re.split(r"[+\-Z]", text[11:])[0]
    return aware, "day" if len(text) <= 10 else "second" if clock.count(":") == 2 else "minute"


def _iso(text: str) -> str:
    stamp, precision = _stamp(text)
    if precision == "day":
        return f"{stamp:%Y-%m-%d}"
    return stamp.isoformat(timespec="minutes" if precision == "minute" else "seconds")
