"""Files that come through the browser: kept in the workspace, then read like any others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mentionstudy.data import IngestReport, Workspace
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.ingest import ingest
from mentionstudy.data.market import FolderSource, fetch
from mentionstudy.data.market.fetching import FetchReport
from mentionstudy.data.market.folder import FACTORS_STEM, Adjustment
from mentionstudy.data.market.pricefile import read_price_file

FOLDER = "uploads"
PRICE_FOLDERS: dict[Adjustment, str] = {"raw": "prices", "adjusted": "prices-adjusted"}
ENDINGS = ("txt", "md", "markdown", "html", "htm", "json", "jsonl", "csv", "xml", "eml", "zip")
PRICE_ENDINGS = ("csv", "txt", "tsv", "xlsx", "parquet", "pq")
_UNSAFE = re.compile(r"[^\w.\- ]+")
_LONGEST = 60  # characters of up to four bytes; file systems take 255


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesTaken:
    """What uploaded price files brought.

    Attributes
    ----------
    report
        Of the securities and indices that the files hold and an event needs; None if no file
        could be used.
    unread
        The files that could not be used, each with its reason; they are not kept.
    unneeded
        Symbols in the files that no event needs.
    """

    report: FetchReport | None
    unread: dict[str, str]
    unneeded: tuple[str, ...]


def safe_name(name: str, endings: Sequence[str] = ENDINGS) -> str:
    """Return a file name without a path, control marks or leading dots.

    Parameters
    ----------
    name
        What the browser says.
    endings
        Those that stay; any other becomes ``txt``.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot or ending.lower() not in endings:
        stem, ending = clean, "txt"
    return f"{stem[:_LONGEST].strip(' .') or 'article'}.{ending}"


def take(workspace: Workspace, files: Iterable[tuple[str, bytes]]) -> IngestReport:
    """Keep uploaded files beside the tables and read them.

    Parameters
    ----------
    workspace
        A workspace that is a folder.
    files
        Name and content of each; one of the same name is replaced.

    Raises
    ------
    OSError
        If the folder cannot be written.
    WorkspaceError
        If the tables cannot be written.
    """
    folder = Path(workspace.path) / FOLDER
    folder.mkdir(exist_ok=True)
    paths = []
    for name, content in files:
        path = folder / safe_name(name)
        path.write_bytes(content)
        paths.append(path)
    return ingest(workspace, paths)


def take_prices(
    workspace: Workspace,
    files: Iterable[tuple[str, bytes]],
    plan: pd.DataFrame,
    *,
    adjusted: Adjustment,
) -> PricesTaken:
    """Keep uploaded price files beside the tables, and bring what events need into these.

    Parameters
    ----------
    workspace
        A workspace that is a folder.
    files
        Name and content of each; one of the same name is replaced.
    plan
        What the events need, from `plan_fetch`.
    adjusted
        ``raw`` for prices as traded, ``adjusted`` for closes that are adjusted already; see
        `FolderSource`. Nothing guesses it, so raw and adjusted files are kept apart.

    Raises
    ------
    OSError
        If the folder cannot be written.
    DataError
        If the tables cannot be written, or adjusted prices came with a table of factors.
    """
    folder = Path(workspace.path) / FOLDER / PRICE_FOLDERS[adjusted]
    folder.mkdir(parents=True, exist_ok=True)
    kept, unread = [], {}
    for name, content in files:
        path = folder / safe_name(name, PRICE_ENDINGS)
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(content)
        try:
            if path.stem.lower() != FACTORS_STEM:
                read_price_file(path)
            kept.append(path)
        except FileSchemaError as error:
            unread[name] = str(error).replace(f"{folder}/", "")
            _restore(path, before)
    if not kept:
        return PricesTaken(report=None, unread=unread, unneeded=())
    source = FolderSource(folder, adjusted=adjusted)
    wanted = plan["symbol"].isin(source.symbols)
    report = fetch(workspace, plan[wanted].reset_index(drop=True), source)
    unneeded = sorted(set(source.symbols) - set(plan["symbol"]))
    return PricesTaken(report=report, unread=unread, unneeded=tuple(unneeded))


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
