"""``feeds``: what the time stamps of each source mean, by the evidence in its own articles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd

from mentionstudy.dashboard.cli.options import feed_table, feeds_option, open_workspace
from mentionstudy.dashboard.cli.output import (
    DONE,
    PARTLY,
    Unusable,
    chosen_format,
    complain,
    emit,
    format_option,
)
from mentionstudy.data.articles import (
    ReadOptions,
    articles_from_frame,
    articles_to_frame,
    read_articles,
    suggest_zone_policies,
    write_feeds,
)
from mentionstudy.data.review_queue import undecided_day0

_NAMED: Final = 3  # articles of each source


@click.command()
@click.argument("paths", metavar="[PATH...]", nargs=-1)
@click.option(
    "--workspace",
    metavar="DIR",
    help="Look at the articles of this workspace instead of files.",
)
@feeds_option
@click.option(
    "--write",
    "wanted",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what differs from the policies in use to this file, for --feeds.",
)
@format_option()
def feeds(
    paths: tuple[str, ...],
    workspace: str | None,
    feeds: Path | None,
    wanted: Path | None,
    fmt: str | None,
) -> None:
    """Say for each source whether its GMT means GMT, by the hours of its stamps and its images.

    Where nothing decides, the column day0_moves counts the articles whose day 0 would be another
    under the other clock, and some of them are named.

    Nothing is changed: give the file that --write makes, or one of your own in the same form, to
    parse, events or ingest as --feeds.
    """
    if bool(paths) == (workspace is not None):
        raise Unusable("give either files and folders, or --workspace DIR")
    failed = False
    if workspace is not None:
        articles = list(articles_from_frame(open_workspace(workspace).articles()))
    else:
        read = read_articles(*paths, options=ReadOptions(engine="lxml", feeds=feed_table(feeds)))
        for failure in read.failures:
            complain(f"{failure.path}: {failure.reason}")
        articles, failed = read.articles, bool(read.failures)
    if not articles:
        raise Unusable("no article could be read")
    found = suggest_zone_policies(articles)
    moved = undecided_day0(articles_to_frame(articles), found)
    counts = found["source"].map(moved["source"].value_counts())
    emit(found.assign(day0_moves=counts.fillna(0).astype("int64")), chosen_format(fmt))
    _tell_moved(moved)
    if wanted is not None:
        _write(found, wanted)
    sys.exit(PARTLY if failed else DONE)


def _tell_moved(moved: pd.DataFrame) -> None:
    """Name some articles of each undecided source with their day 0 under both clocks."""
    for source, rows in moved.groupby("source", sort=False):
        some = rows.head(_NAMED)
        named = [
            f"{path}: {day0} or {other}"
            for path, day0, other in zip(
                some["path"], _days(some["day0"]), _days(some["other_day0"]), strict=True
            )
        ]
        if len(rows) > _NAMED:
            named.append(f"and {len(rows) - _NAMED} more")
        complain(
            f"{str(source) or 'articles without a source'}: nothing decides what the zone of the "
            f"stamps means, and day 0 depends on it ({'; '.join(named)}); if the other day is "
            "right, say so in a file for --feeds or on the page Review"
        )


def _days(day0: pd.Series[Any]) -> pd.Series[Any]:
    texts: pd.Series[Any] = day0.dt.strftime("%Y-%m-%d").fillna("no known session")
    return texts


def _write(found: pd.DataFrame, path: Path) -> None:
    try:
        count = write_feeds(found, path)
    except OSError as error:
        raise Unusable(f"{path}: cannot be written ({error.strerror or error})") from error
    click.echo(f"{count} sources whose stamps mean something else are in {path}", err=True)
