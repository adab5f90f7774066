"""The options by which a command takes prices of the user's own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentionstudy.dashboard.cli.output import Unusable
from mentionstudy.data.errors import DataError

if TYPE_CHECKING:
    from mentionstudy.data.market.folder import Adjustment, FolderSource

_PRICES = click.option(
    "--prices",
    "price_folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Take prices from this folder of CSV, Parquet or XLSX files, not from the network.",
)
_KIND = click.option(
    "--prices-are",
    "adjusted",
    type=click.Choice(["raw", "adjusted"]),
    help="What the files of --prices hold: raw prices (the default), with factors.csv or a column "
    "of factors or adjusted closes beside them; or closes that are adjusted already.",
)


def own_prices(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--prices`` and ``--prices-are``, and hand it ``own``: a source, or None."""

    @functools.wraps(command)
    def wrapped(*, price_folder: Path | None, adjusted: Adjustment | None, **options: Any) -> None:
        if price_folder is None and adjusted is not None:
            raise Unusable("--prices-are says what files hold; name their folder with --prices")
        own = None if price_folder is None else _folder(price_folder, adjusted or "raw")
        command(own=own, **options)

    return _PRICES(_KIND(wrapped))


def _folder(path: Path, adjusted: Adjustment) -> FolderSource:
    from mentionstudy.data.market import FolderSource

    try:
        return FolderSource(path, adjusted=adjusted)
    except DataError as error:
        raise Unusable(str(error)) from error
