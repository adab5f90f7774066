"""``corrections``: list a user's corrections, write them to a file, take them from one."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pandas as pd

from mentionstudy.dashboard.cli.options import workspace_option
from mentionstudy.dashboard.cli.output import (
    DONE,
    PARTLY,
    Unusable,
    chosen_format,
    complain,
    emit,
    format_option,
)
from mentionstudy.dashboard.derivation import read_corrected
from mentionstudy.data.correction_files import export_corrections, import_corrections
from mentionstudy.data.corrections import newer_corrections
from mentionstudy.data.errors import DataError
from mentionstudy.data.workspace import Workspace


@click.command()
@workspace_option()
@click.option(
    "--import",
    "given",
    type=click.Path(path_type=Path),
    help="Take corrections from this CSV file; of two of the same thing the newer one counts.",
)
@click.option(
    "--export", "wanted", type=click.Path(path_type=Path), help="Write them all to this CSV file."
)
@format_option()
def corrections(
    workspace: Workspace, given: Path | None, wanted: Path | None, fmt: str | None
) -> None:
    """List the corrections of mentions, dates and clocks; share them as a file.

    They are a table of their own that survives every new reading of the articles.
    """
    try:
        if given is not None:
            rows = import_corrections(given)
            newer = newer_corrections(rows, workspace.corrections())
            changed = workspace.merge_corrections(newer)
            click.echo(f"{len(rows)} corrections read, {changed} new or changed", err=True)
        known = workspace.corrections()
        if wanted is not None:
            export_corrections(known, wanted)
            click.echo(f"{len(known)} corrections are in {wanted}", err=True)
    except DataError as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"{wanted}: cannot be written ({error.strerror or error})") from error
    if given is None and wanted is None:
        _list(known, fmt)
    unapplied = read_corrected(workspace).unapplied
    for row in unapplied.itertuples(index=False):
        complain(f"{row.article_id} {row.field} {row.symbol}: not applied: {row.reason}")
    sys.exit(PARTLY if len(unapplied) else DONE)


def _list(known: pd.DataFrame, fmt: str | None) -> None:
    shown = known.copy()
    shown["created_at"] = [
        "" if pd.isna(at) else at.isoformat(timespec="seconds") for at in known["created_at"]
    ]
    emit(shown, chosen_format(fmt))
