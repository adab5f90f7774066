"""Articles that come through the browser: kept in the workspace, then read like any others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from mentionstudy.data import IngestReport, Workspace
from mentionstudy.data.ingest import ingest

FOLDER = "uploads"
ENDINGS = ("txt", "md", "markdown", "html", "htm", "json", "jsonl", "csv", "xml", "eml", "zip")
_UNSAFE = re.compile(r"[^\w.\- ]+")
_LONGEST = 60  # characters of up to four bytes; file systems take 255


def safe_name(name: str) -> str:
    """Return a file name without a path, control marks or leading dots.

    Parameters
    ----------
    name
        What the browser says.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot or ending.lower() not in ENDINGS:
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
