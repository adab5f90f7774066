"""How commands answer: tables on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import click
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Decorator = Callable[[Callable[..., None]], Callable[..., None]]
FORMATS = ("csv", "jsonl", "table")


class Report(Protocol):
    """What long work calls to say how far it is."""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show that `done` of `total` are finished."""


DONE, PARTLY, UNUSABLE = 0, 1, 2


class Unusable(click.ClickException):
    """Input that nothing can be made of; ends the command with exit code 2."""

    exit_code = UNUSABLE

    def show(self, file: object = None) -> None:
        """Print the sentence on standard error."""
        complain(self.format_message())


def complain(message: str) -> None:
    """Print one sentence on standard error."""
    click.echo(f"mentionstudy: {message}", err=True)


def emit(frame: pd.DataFrame, fmt: str) -> None:
    """Write a table to standard output in the format that was asked for."""
    if fmt == "csv":
        from mentionstudy.analysis.export import harmless  # numpy and scipy behind it

        harmless(frame).to_csv(sys.stdout, index=False, lineterminator="\n")
    elif fmt == "jsonl":
        text = frame.to_json(orient="records", lines=True, force_ascii=False, date_format="iso")
        click.echo((text or "").rstrip("\n"), nl=len(frame) > 0)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in frame.columns:
            numeric = pd.api.types.is_numeric_dtype(frame[name])
            table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
        for row in frame.itertuples(index=False):
            # Text, not markup: an article's "[red]" stays what it is
            table.add_row(*[Text("" if pd.isna(cell) else str(cell)) for cell in row])
        Console(soft_wrap=not sys.stdout.isatty(), highlight=False).print(table)


def format_option() -> Decorator:
    """Give a command the option ``--format``: a table on a terminal, CSV into a pipe."""
    return click.option(
        "--format",
        "fmt",
        type=click.Choice(FORMATS),
        default=None,
        help="How to print; by default a table on a terminal and CSV into a pipe or file.",
    )


def chosen_format(fmt: str | None) -> str:
    """Return the format to print in."""
    return fmt or ("table" if sys.stdout.isatty() else "csv")


@contextmanager
def progress(label: str) -> Iterator[Report]:
    """Show a bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None, note="")

        def report(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report
