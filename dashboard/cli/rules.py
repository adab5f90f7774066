"""The options that say what makes an event of a mention, and which events a study takes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import click

from mentionstudy.dashboard.cli.output import Unusable
from mentionstudy.dashboard.derivation import GROUPS, EventRules
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.data.mentions.model import ROLES, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What of a workspace a study takes.

    Attributes
    ----------
    rules
        What makes an event of a mention.
    events
        Which events.
    group
        Column by which they are compared, or empty.
    """

    rules: EventRules = field(default_factory=EventRules)
    events: EventFilter = field(default_factory=EventFilter)
    group: str = ""


_NAMES = ("group", "roles", "min_confidence", "anchor", "copies", "confounded_within", "alone")
_OPTIONS = (
    click.option(
        "--group",
        type=click.Choice(GROUPS),
        help="Compare the events by this; topic is what the headline is about.",
    ),
    click.option(
        "--roles",
        help=f"Roles of a security in an article that count, separated by commas: "
        f"{', '.join(ROLES)}. Usual: subject.",
    ),
    click.option(
        "--min-confidence",
        type=click.FloatRange(0, 1),
        help="Least confidence of a mention, as 0.9.",
    ),
    click.option(
        "--anchor",
        type=click.Choice(["published", "event_date"]),
        help="Take day 0 from the publication, or from the day that the text gives.",
    ),
    click.option(
        "--copies",
        type=click.Choice(["group", "keep"]),
        help="Copies of an article are one piece of news at the time of the first, or each counts.",
    ),
    click.option(
        "--confounded-within",
        type=click.IntRange(0, 250),
        metavar="SESSIONS",
        help="Another event of the firm so near confounds one; 10 by default.",
    ),
    click.option("--alone", is_flag=True, default=None, help="Leave confounded events out."),
)


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, and hand it ``selection``."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        given = {name: options.pop(name) for name in _NAMES}
        command(selection=_selection(given), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _selection(given: dict[str, Any]) -> Selection:
    names = ("min_confidence", "anchor", "copies", "confounded_within")
    chosen = {name: given[name] for name in names if given[name] is not None}
    if given["roles"] is not None:
        chosen["roles"] = _roles(given["roles"])
    return Selection(
        rules=EventRules(**chosen),
        events=EventFilter(alone=bool(given["alone"])),
        group=given["group"] or "",
    )


def _roles(joined: str) -> tuple[Role, ...]:
    chosen = tuple(part.strip() for part in joined.split(",") if part.strip())
    unknown = [role for role in chosen if role not in ROLES]
    if unknown or not chosen:
        raise Unusable(f"--roles: {joined!r}; choose from {', '.join(ROLES)}")
    return cast("tuple[Role, ...]", chosen)
