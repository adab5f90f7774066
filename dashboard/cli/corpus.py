"""``parse``, ``events`` and ``ingest``: from files to mentions and events."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import click
import pandas as pd

from mentionstudy.dashboard.cli.options import (
    feed_table,
    feeds_option,
    name_book,
    names_options,
    workspace_option,
)
from mentionstudy.dashboard.cli.output import (
    DONE,
    PARTLY,
    Unusable,
    chosen_format,
    complain,
    emit,
    format_option,
    progress,
)
from mentionstudy.data import find_events, find_mentions, read_articles
from mentionstudy.data.articles import (
    FeedTable,
    ReadOptions,
    ReadResult,
    articles_to_frame,
    suggest_zone_policies,
)
from mentionstudy.data.errors import DataError
from mentionstudy.data.events import EVENT_KINDS
from mentionstudy.data.ingest import IngestReport
from mentionstudy.data.ingest import ingest as ingest_articles
from mentionstudy.data.market import workspace_health
from mentionstudy.data.master import Master, current_codes, refresh_master, renumbered
from mentionstudy.data.names import NameBook
from mentionstudy.data.review_queue import other_day0
from mentionstudy.data.securities import KINDS, Kind
from mentionstudy.data.workspace import Workspace

PARSE_COLUMNS = [
    "article_id",
    "path",
    "title",
    "published_at",
    "published_precision",
    "published_from",
    "symbol",
    "dialect",
    "occurrences",
    "confidence",
    "in_title",
]
SECURITY_COLUMNS = [
    "symbol",
    "name",
    "exchange",
    "board",
    "kind",
    "listed_on",
    "delisted_on",
    "pairs",
    "source",
]
EVENT_ROWS = [
    "event_id",
    "symbol",
    "day0",
    "timing",
    "first_published_at",
    "published_precision",
    "other_day0",
    "dialects",
    "occurrences",
    "article_ids",
    "title",
]

paths_argument = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True
)  # texts, because an address (s3://...) is no path of this machine
notes_option = click.option(
    "--notes",
    is_flag=True,
    help="Also tell what the reader repaired or decided: charsets, zones, stamps that disagree.",
)


@click.command()
@paths_argument
@format_option()
@click.option("--all", "everything", is_flag=True, help="Also list articles without a mention.")
@names_options
@feeds_option
@notes_option
def parse(
    paths: tuple[str, ...],
    fmt: str | None,
    aliases: Path | None,
    feeds: Path | None,
    *,
    everything: bool,
    names: bool,
    notes: bool,
) -> None:
    """Read articles and list the securities that each one names, a row each.

    With names, a column says in which role a company is named: as the subject, or as an analyst,
    a source, a part of a product's name.
    """
    read = _read(paths, feed_table(feeds), notes=notes)
    book = name_book(names=names, aliases=aliases, workspace=None)
    mentions = find_mentions(read.articles, names=book)
    frame = read.to_frame().merge(mentions, on="article_id", how="left" if everything else "inner")
    frame["published_at"] = _iso(frame["published_at"])
    frame["occurrences"] = frame["occurrences"].astype("Int64")
    columns = PARSE_COLUMNS if book is None else [*PARSE_COLUMNS, "role"]
    emit(frame[columns], chosen_format(fmt))
    sys.exit(PARTLY if read.failures else DONE)


@click.command()
@paths_argument
@format_option()
@click.option(
    "--kinds",
    default=",".join(EVENT_KINDS),
    show_default=True,
    help="Kinds of security that become events, separated by commas.",
)
@click.option(
    "--cutoff-minutes",
    default=0,
    show_default=True,
    help="Minutes before the close from which an article counts for the next session.",
)
@names_options
@feeds_option
@notes_option
def events(
    paths: tuple[str, ...],
    fmt: str | None,
    kinds: str,
    cutoff_minutes: int,
    aliases: Path | None,
    feeds: Path | None,
    *,
    names: bool,
    notes: bool,
) -> None:
    """Read articles and list the events, a row each; what is no event is told with its reason.

    The column other_day0 is empty unless day 0 depends on a clock that nothing decides: it is
    where day 0 would be if the label of the source's stamps meant the other zone (see feeds).
    """
    read = _read(paths, feed_table(feeds), notes=notes)
    book = name_book(names=names, aliases=aliases, workspace=None)
    mentions = find_mentions(read.articles, names=book)
    codes = current_codes(mentions["symbol"].unique(), Master.bundled())
    for code in codes.values():
        complain(code.reason)
    mentions = renumbered(mentions, codes)
    place = partial(
        find_events,
        kinds=_kinds(kinds),
        cutoff_minutes=cutoff_minutes,
        listings=Master.bundled().listings,
    )
    articles, found = articles_to_frame(read.articles), place(read.articles, mentions)
    frame = found.events.copy()
    clocks = suggest_zone_policies(read.articles)
    frame["other_day0"] = other_day0(found, articles, mentions, clocks, place)
    frame["occurrences"] = _occurrences(frame, mentions)
    frame["first_published_at"] = _iso(frame["first_published_at"])
    frame["day0"] = frame["day0"].dt.strftime("%Y-%m-%d")
    emit(frame[EVENT_ROWS], chosen_format(fmt))
    if moved := int((frame["other_day0"] != "").sum()):
        complain(
            f"day 0 of {moved} events depends on a clock that nothing decides (column other_day0); "
            "the command feeds says more"
        )
    _tell_no_events(read, mentions, found.excluded)
    sys.exit(PARTLY if read.failures else DONE)


@click.command()
@paths_argument
@workspace_option(create=True)
@names_options
@feeds_option
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes that read; by default one a core when there is much to read.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Read on a Dask cluster, as tcp://host:8786; its workers must reach the files.",
)
def ingest(
    paths: tuple[str, ...],
    workspace: Workspace,
    aliases: Path | None,
    feeds: Path | None,
    workers: int | None,
    scheduler: str | None,
    *,
    names: bool,
) -> None:
    """Read articles into the workspace; what has not changed is not read again.

    A run that was stopped goes on where it was. Files may lie at any address that fsspec opens,
    such as s3://bucket/folder.
    """
    report = run_ingest(
        workspace,
        paths,
        name_book(names=names, aliases=aliases, workspace=workspace),
        feeds=feed_table(feeds),
        workers=workers,
        scheduler=scheduler,
    )
    sys.exit(PARTLY if report.failed else DONE)


@click.command()
@workspace_option(create=True)
@click.option("--refresh", is_flag=True, help="Ask the exchanges' own lists; takes some minutes.")
@format_option()
def securities(workspace: Workspace, fmt: str | None, *, refresh: bool) -> None:
    """List the securities that the workspace knows by name, with listing dates and pairs."""
    missing: list[tuple[str, str]] = []
    if refresh:
        report = refresh_master(workspace, health=workspace_health(workspace))
        missing = report.missing
        for name, reason in missing:
            complain(f"the list {name} is missing: {reason}")
        complain(f"{report.securities} securities and {report.names} names are new or changed")
    master = Master.of(workspace)
    table = master.securities[SECURITY_COLUMNS].copy()
    for column in ("listed_on", "delisted_on"):
        table[column] = table[column].dt.strftime("%Y-%m-%d")
    emit(table, chosen_format(fmt))
    sys.exit(PARTLY if missing else DONE)


def run_ingest(
    workspace: Workspace,
    paths: Sequence[str | Path],
    names: NameBook | None = None,
    *,
    feeds: FeedTable | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> IngestReport:
    """Ingest with a progress bar and print the report."""
    with progress("reading articles") as report_progress:
        try:
            report = ingest_articles(
                workspace,
                paths,
                progress=report_progress,
                names=names,
                feeds=feeds,
                workers=workers,
                scheduler=scheduler,
            )
        except DataError as error:
            raise Unusable(str(error)) from error
    for failure in report.failed:
        complain(f"{failure.path}: {failure.reason}")
    dialects = ", ".join(f"{n} {name}" for name, n in report.mentions_by_dialect.items())
    click.echo(
        f"{report.read} files read, {report.unchanged} unchanged, {len(report.failed)} failed; "
        f"{report.articles} articles, {report.mentions} mentions"
        f"{f' ({dialects})' if dialects else ''}",
        err=True,
    )
    for path in report.vanished:
        complain(f"{path}: gone since the last run; its article stays in the workspace")
    if not (report.read or report.unchanged) or report.read + report.unchanged == len(
        report.failed
    ):
        raise Unusable("no article could be read; nothing was changed in the workspace")
    return report


def _read(paths: Sequence[str], feeds: FeedTable, *, notes: bool) -> ReadResult:
    read = read_articles(*paths, options=ReadOptions(engine="lxml", feeds=feeds))
    for article in read.articles if notes else ():
        for note in article.notes:
            complain(f"{article.path}: note: {note}")
    for failure in read.failures:
        complain(f"{failure.path}: {failure.reason}")
    if not read.articles:
        raise Unusable("no article could be read")
    return read


def _iso(stamps: pd.Series) -> pd.Series:
    """Write times in ISO 8601 with their offset; a missing one is empty."""
    return stamps.map(lambda stamp: "" if pd.isna(stamp) else stamp.isoformat()).astype("str")


def _kinds(joined: str) -> tuple[Kind, ...]:
    chosen = [kind.strip() for kind in joined.split(",") if kind.strip()]
    unknown = [kind for kind in chosen if kind not in KINDS]
    if unknown or not chosen:
        raise Unusable(f"--kinds: {joined!r}; choose from {', '.join(KINDS)}")
    return cast("tuple[Kind, ...]", tuple(chosen))


def _occurrences(events: pd.DataFrame, mentions: pd.DataFrame) -> list[int]:
    """Count the occurrences of an event's security over its articles."""
    counts = mentions.groupby(["article_id", "symbol"])["occurrences"].sum()
    return [
        int(sum(counts.get((article, symbol), 0) for article in str(joined).split(";")))
        for symbol, joined in zip(events["symbol"], events["article_ids"], strict=True)
    ]


def _tell_no_events(read: ReadResult, mentions: pd.DataFrame, excluded: pd.DataFrame) -> None:
    """Say on standard error what did not become an event."""
    paths = {a.article_id: a.path for a in read.articles}
    for row in excluded.itertuples(index=False):
        where = paths.get(str(row.article_id), str(row.article_id))
        complain(f"{where}: {row.symbol}: no event ({row.code}): {row.reason}")
    named = set(mentions["article_id"])
    for article in read.articles:
        if article.article_id not in named:
            at = (
                f"published {article.published_at.isoformat()}, {article.published_precision} "
                f"precision, from {article.published_from}"
                if article.published_at
                else "no publication time"
            )
            complain(f"{article.path}: no security named by code ({at})")
