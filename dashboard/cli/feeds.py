"""``feeds``: what the time stamps of each source mean, by the evidence in its own articles."""

from __future__ import annotations

import sys
from pathlib import Path

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
    read_articles,
    suggest_zone_policies,
    write_feeds,
)


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
    emit(found, chosen_format(fmt))
    if wanted is not None:
        _write(found, wanted)
    sys.exit(PARTLY if failed else DONE)


def _write(found: pd.DataFrame, path: Path) -> None:
    try:
        count = write_feeds(found, path)
    except OSError as error:
        raise Unusable(f"{path}: cannot be written ({error.strerror or error})") from error
    click.echo(f"{count} sources whose stamps mean something else are in {path}", err=True)
