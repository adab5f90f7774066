"""From a workspace's tables to events: a user's corrections, copies, and what counts as an event.

`EventRules` are the choices that decide which mentions become events and on which day; what a
study then takes of the events is `EventFilter`'s matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from mentionstudy.data import Workspace, find_events
from mentionstudy.data.attributes import event_attributes
from mentionstudy.data.corrections import apply_corrections, event_dates
from mentionstudy.data.duplicates import dated_by_first, group_event_copies
from mentionstudy.data.events import EVENT_KINDS, EVENT_ROLES, Anchor, EventSet
from mentionstudy.data.master import Master, Renumbered, current_codes, renumbered
from mentionstudy.data.mentions.model import Role
from mentionstudy.data.securities import Kind

GROUPS = (
    "exchange",
    "timing",
    "source",
    "symbol",
    "category",
    "topic",
    "reach",
    "company",
    "place",
    "length",
    "confounded",
    "anchor",
)
"""Columns of the events by which a study can be grouped."""
Copies = Literal["group", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRules:
    """What makes an event of a mention, and on which day.

    Attributes
    ----------
    roles
        Roles of a security in an article that count.
    min_confidence
        Least confidence of its surest mention, between 0 and 1.
    anchor
        ``published``, or ``event_date``: the day that the text gives, where it gives one.
    copies
        ``group``: exact and near copies are one piece of news at the time of the first;
        ``keep``: each counts by its own time.
    confounded_within
        Sessions within which another event of the firm confounds one.
    kinds
        Kinds of security whose mentions become events.
    cutoff_minutes
        Minutes before the close from which an article counts for the next session.
    """

    roles: tuple[Role, ...] = EVENT_ROLES
    min_confidence: float = 0.0
    anchor: Anchor = "published"
    copies: Copies = "group"
    confounded_within: int = 10
    kinds: tuple[Kind, ...] = EVENT_KINDS
    cutoff_minutes: int = 0

    def record(self) -> dict[str, object]:
        """Return the rules as they are kept with a study."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A workspace's articles and mentions with the user's corrections.

    Attributes
    ----------
    articles
        With a column ``event_date``: the day that the text gives.
    mentions
        With a column ``review``, and the codes that the exchanges use today.
    unapplied
        Corrections that found nothing to correct, each with its reason.
    master
        The securities that are known.
    codes
        Old codes that articles print, and what they are today.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    unapplied: pd.DataFrame
    master: Master
    codes: Mapping[str, Renumbered]


def read_corrected(workspace: Workspace) -> Reading:
    """Read a workspace's articles and mentions as its user has corrected them."""
    corrections = workspace.corrections()
    corrected = apply_corrections(workspace.articles(), workspace.mentions(), corrections)
    dates = event_dates(corrected.articles, corrections)
    master = Master.of(workspace)
    codes = current_codes(corrected.mentions["symbol"].unique(), master)
    return Reading(
        articles=corrected.articles.assign(event_date=dates),
        mentions=renumbered(corrected.mentions, codes),
        unapplied=corrected.unapplied,
        master=master,
        codes=codes,
    )


def derive_events(reading: Reading, rules: EventRules) -> EventSet:
    """Find the events of corrected articles and describe each by its articles.

    Parameters
    ----------
    reading
        From :func:`read_corrected`.
    rules
        What counts.

    Returns
    -------
    EventSet
        Its events have the columns of `mentionstudy.data.attributes.ATTRIBUTES` too.
    """
    articles = reading.articles
    if rules.copies == "group":
        articles = dated_by_first(articles, group_event_copies(articles, reading.mentions))
    found = find_events(
        articles,
        reading.mentions,
        kinds=rules.kinds,
        cutoff_minutes=rules.cutoff_minutes,
        roles=rules.roles,
        min_confidence=rules.min_confidence,
        anchor=rules.anchor,
        listings=reading.master.listings,
    )
    described = event_attributes(
        found.events,
        articles,
        reading.mentions,
        firms=firm_names(reading.master),
        confounded_within=rules.confounded_within,
    )
    return EventSet(found.events.join(described), found.excluded)


def firm_names(master: Master) -> Mapping[str, str]:
    """Name the firm of each symbol that has other shares by the first of its symbols."""
    frame = master.securities
    pairs = zip(frame["symbol"], frame["pairs"], strict=True)
    return {symbol: min([symbol, *others.split(";")]) for symbol, others in pairs if others}
