"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from mentionstudy.dashboard.cli.output import Decorator, Unusable
from mentionstudy.data.articles import FeedTable
from mentionstudy.data.errors import DataError, WorkspaceError
from mentionstudy.data.market.flags import FLAGS, LIMIT_CLOSES
from mentionstudy.data.master import Master
from mentionstudy.data.names import NameBook, read_aliases
from mentionstudy.data.workspace import Workspace

DEFAULT_WORKSPACE = "mentionstudy-workspace"


class Window(click.ParamType[tuple[int, int]]):
    """A window in sessions relative to day 0, written ``-10:10``."""

    name = "FIRST:LAST"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return (first, last)."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"\s*\[?\s*([+-]?\d+)\s*[:,]\s*([+-]?\d+)\s*\]?\s*", str(value))
        if not match:
            self.fail(
                f"{value!r} is no window; write FIRST:LAST in sessions, as -10:10", param, ctx
            )
        first, last = int(match[1]), int(match[2])
        if first > last:
            self.fail(f"the window {value} is reversed; write {last}:{first}", param, ctx)
        return first, last


class Versions(click.ParamType[dict[str, int]]):
    """Versions of tables: an earlier study's ``study.json``, or ``bars=3,factors=1``."""

    name = "VERSIONS"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, int]:
        """Return version by table."""
        if isinstance(value, dict):
            return value
        text = str(value)
        try:
            if Path(text).is_file():
                record = json.loads(Path(text).read_text(encoding="utf-8"))
                pairs = record["provenance"]["table_versions"].items()
            else:
                pairs = [part.split("=", 1) for part in text.split(",")]
            return {str(table).strip(): int(version) for table, version in pairs}
        except (ValueError, KeyError, TypeError, AttributeError):
            self.fail(
                f"{text!r} names no versions; give the study.json of a study of a workspace, "
                "or bars=3,factors=1",
                param,
                ctx,
            )


class Flag(click.ParamType[tuple[str, ...]]):
    """A flag on a stock-day, or ``limit_close`` for the four kinds of close at a price limit."""

    name = "FLAG"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names of flags that are meant."""
        if isinstance(value, tuple):
            return value
        if value == "limit_close":
            return LIMIT_CLOSES
        if value not in FLAGS:
            self.fail(
                f"{value!r} is no flag; there are limit_close, {', '.join(FLAGS)}", param, ctx
            )
        return (str(value),)


def name_book(*, names: bool, aliases: Path | None, workspace: Workspace | None) -> NameBook | None:
    """Return the names to look for, or None for codes only.

    Parameters
    ----------
    names
        Whether company names count.
    aliases
        A user's own names; they switch names on.
    workspace
        Whose list of securities to use; the bundled snapshot without one.
    """
    if not names and aliases is None:
        return None
    master = Master.bundled() if workspace is None else Master.of(workspace)
    try:
        return NameBook.of(master, () if aliases is None else read_aliases(aliases))
    except DataError as error:
        raise Unusable(str(error)) from error


def names_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--names`` and ``--aliases``."""
    command = click.option(
        "--aliases",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="A CSV of names of your own: name,symbol[,from,until,kind]; looks for names too.",
    )(command)
    return click.option(
        "--names/--no-names",
        default=False,
        show_default=True,
        help="Find companies by name too, not only by the codes that portals embed.",
    )(command)


def feeds_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--feeds``."""
    return click.option(
        "--feeds",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="A TOML table of what the time stamps of your feeds mean; see the command feeds.",
    )(command)


def feed_table(path: Path | None) -> FeedTable:
    """Return what the stamps of feeds mean: a user's table before the packaged one."""
    try:
        return FeedTable.load() if path is None else FeedTable.load(path)
    except DataError as error:
        raise Unusable(str(error)) from error


def open_workspace(
    path: str, *, create: bool = False, as_of: Mapping[str, int] | None = None
) -> Workspace:
    """Open a workspace, or end the command with the sentence that says why not."""
    try:
        return Workspace.open(path, create=create, as_of=as_of)
    except WorkspaceError as error:
        raise Unusable(str(error)) from error


def workspace_option(*, create: bool = False) -> Decorator:
    """Give a command ``--workspace`` and hand it the open workspace."""

    def opened(ctx: click.Context, param: click.Parameter, value: str) -> Workspace:
        return open_workspace(value, create=create)

    return click.option(
        "--workspace",
        "workspace",
        metavar="DIR",
        default=DEFAULT_WORKSPACE,
        envvar="MENTIONSTUDY_WORKSPACE",
        show_default=True,
        callback=opened,
        help="The folder, or object-store address, that holds the tables.",
    )
