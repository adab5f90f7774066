"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re

import click

from mentionstudy.dashboard.cli.output import Decorator, Unusable
from mentionstudy.data.errors import WorkspaceError
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


def open_workspace(path: str, *, create: bool = False) -> Workspace:
    """Open a workspace, or end the command with the sentence that says why not."""
    try:
        return Workspace.open(path, create=create)
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
