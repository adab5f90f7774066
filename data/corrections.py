"""A user's corrections: which mentions are wrong or missing, and when an article really appeared.

Corrections are a table of their own. They are applied to what was read, never written into it, so
that they survive every new reading and can be taken back, exported and shared.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from mentionstudy.data.calendars import BEIJING, as_utc
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.securities import parse_symbol
from mentionstudy.data.tables import TABLES, empty_frame

CorrectionField = Literal["mention", "date", "zone"]
CORRECTION_DIALECT: Final = "correction"
"""Dialect of a mention that a user has added."""

_ACTIONS: Final = {
    "mention": ("accept", "reject", "add", "replace"),
    "date": ("set",),
    "zone": ("set",),
}
_ZONES: Final = ("beijing", "utc")
_EIGHT_HOURS: Final = pd.Timedelta(hours=8)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


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
        The article.
    field
        ``mention``, ``date`` or ``zone``.
    action
        For a mention ``accept``, ``reject``, ``add`` or ``replace``; else ``set``.
    symbol
        For a mention: the security that was found, or that is missing.
    value
        For ``replace`` the right symbol; for ``date`` an ISO date, or date and time, in Beijing
        time unless it has an offset; for ``zone`` what clock the page prints: ``beijing`` or
        ``utc``.
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
    if field == "mention":
        symbol = parse_symbol(symbol).symbol
        value = parse_symbol(value).symbol if action == "replace" else ""
    elif field == "date":
        symbol, value = "", _iso(value)
    else:
        symbol = ""
        if value not in _ZONES:
            raise ValueError(f"a page prints the clock of {' or '.join(_ZONES)}, not {value!r}")
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
    known = rows["article_id"].isin(articles["article_id"])
    lost = rows[~known].assign(reason="no article has this id")
    rows = rows[known]
    dated, failed = _correct_times(articles, rows)
    found, missing = _correct_mentions(mentions, rows[rows["field"] == "mention"])
    return Corrected(
        articles=dated,
        mentions=found,
        unapplied=pd.concat([lost, failed, missing], ignore_index=True),
    )


def export_corrections(corrections: pd.DataFrame, path: str | Path) -> None:
    """Write corrections to a CSV file that a spreadsheet can open without harm."""
    frame = corrections.copy()
    frame["created_at"] = [
        "" if pd.isna(stamp) else stamp.isoformat() for stamp in frame["created_at"]
    ]
    for column in frame.columns:
        frame[column] = [
            f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
            for cell in frame[column].astype("str")
        ]
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def import_corrections(path: str | Path) -> pd.DataFrame:
    """Read corrections from a file of `export_corrections`.

    Raises
    ------
    FileSchemaError
        The file cannot be read, lacks a column, or has a row that makes no sense.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileSchemaError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error
    rows = [empty_frame(TABLES["corrections"])]
    for number, line in enumerate(lines, start=2):
        cells = {name: _plain(cell or "") for name, cell in line.items() if name is not None}
        try:
            stamp = cells.pop("created_at", "")
            row = correction(
                cells.pop("article_id"),
                cells.pop("field"),
                cells.pop("action"),
                symbol=cells.get("symbol", ""),
                value=cells.get("value", ""),
                note=cells.get("note", ""),
                author=cells.get("author", ""),
                created_at=dt.datetime.fromisoformat(stamp) if stamp else None,
            )
        except KeyError as error:
            raise FileSchemaError(f"{path}: the first line lacks the column {error}") from error
        except ValueError as error:
            raise FileSchemaError(f"{path}, line {number}: {error}") from error
        rows.append(row)
    merged = pd.concat([row.astype(object) for row in rows], ignore_index=True)
    merged["created_at"] = as_utc(merged["created_at"]).dt.tz_convert(BEIJING)
    return merged.astype({name: "str" for name in merged.columns if name != "created_at"})


def _correct_times(articles: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set publication times; a corrected date goes before a corrected zone."""
    out = articles.copy()
    at = {article_id: place for place, article_id in enumerate(out["article_id"])}
    times = out["published_at"].tolist()
    precision = out["published_precision"].tolist()
    origin, policy = out["published_from"].tolist(), out["zone_policy"].tolist()
    reasons = {}
    dated = set(rows.loc[rows["field"] == "date", "article_id"])
    wanted = rows[rows["field"].isin(["date", "zone"])]
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
    out.loc[replaced, "symbol"] = value[replaced]
    out.loc[replaced, "kind"] = [parse_symbol(symbol).kind for symbol in value[replaced]]
    out.loc[out["review"] != "", "confidence"] = 1.0
    there = pd.MultiIndex.from_frame(rows[keys].astype(object)).isin(pairs)
    added = rows[~there & (rows["action"] == "add")]
    missing = rows[~there & (rows["action"] != "add")]
    new = pd.DataFrame(
        {
            "article_id": added["article_id"],
            "symbol": added["symbol"],
            "kind": [parse_symbol(symbol).kind for symbol in added["symbol"]],
            "dialect": CORRECTION_DIALECT,
            "occurrences": 1,
            "positions": "-1",
            "confidence": 1.0,
            "surface": added["symbol"],
            "in_title": False,
            "role": "subject",
            "review": "added",
        }
    )
    kept = out[action != "reject"]
    joined = pd.concat([kept, new[list(out.columns)].astype(out.dtypes)], ignore_index=True)
    # A mention that was corrected comes first, so that it outlives the one that it now equals.
    joined = joined.iloc[(joined["review"] == "").argsort(kind="stable")]
    joined = joined.drop_duplicates(["article_id", "symbol", "dialect"]).sort_index()
    reason = "the article does not mention this security"
    return joined.reset_index(drop=True), missing.assign(reason=reason)


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


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell
