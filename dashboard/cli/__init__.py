"""The ``mentionstudy`` command: one group, one module for each stage of the way."""

from __future__ import annotations

import importlib

import click

# imported only when called, so that --help and parse do not wait for charts and statistics
COMMANDS = {
    "parse": "corpus",
    "events": "corpus",
    "ingest": "corpus",
    "fetch": "market",
    "status": "market",
    "securities": "corpus",
    "corrections": "corrections",
    "feeds": "feeds",
    "study": "study",
    "export": "study",
    "validate": "validate",
    "dashboard": "serve",
    "demo": "serve",
}
_HELP = {
    "parse": "Read articles and list the securities that each one names.",
    "events": "Read articles and list the events: a security and its day 0.",
    "ingest": "Read articles into the workspace.",
    "fetch": "Fill the workspace with the prices that its events need.",
    "status": "Show what the workspace holds and what is missing.",
    "securities": "List the securities that are known by name; refresh the list.",
    "corrections": "List, export and import corrections of mentions, dates and clocks.",
    "feeds": "Say what the time stamps of each source mean.",
    "study": "Measure abnormal returns around the events.",
    "export": "Write a study's tables, charts and workbook.",
    "validate": "Measure which test to trust on your own prices.",
    "dashboard": "Open the dashboard, on a workspace or straight on articles.",
    "demo": "Open the dashboard on the bundled sample; needs no network.",
}


class _LazyGroup(click.Group):
    """A group that knows its commands' names and imports a command when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mentionstudy.dashboard.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _HELP[name]) for name in COMMANDS])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mentionstudy")
def cli() -> None:
    """Find the listed companies that news articles name, and measure what the market said.

    Exit codes: 0 done, 1 done in part (every failure is named), 2 the input is unusable.
    """
