"""The folder or address of a workspace, looked at before anything is read or written."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mentionstudy.data.errors import WorkspaceError
from mentionstudy.data.tables import TABLES


def checked_root(path: str | Path, *, create: bool) -> str:
    """Give the workspace's address, refusing folders that are something else."""
    if str(path).startswith("file://"):
        path = url2pathname(urlsplit(str(path)).path)
    if "://" in str(path):
        return str(path).rstrip("/")
    root = Path(path).expanduser().absolute()
    try:
        if root.exists() and not root.is_dir():
            raise WorkspaceError(f"{root} is a file; a workspace is a folder")
        if not root.exists() and not create:
            raise WorkspaceError(
                f"there is no workspace at {root}; fill one with 'mentionstudy ingest' or "
                "'mentionstudy fetch', or give another folder"
            )
        root.mkdir(parents=True, exist_ok=True)
        there = {entry.name for entry in root.iterdir() if not entry.name.startswith(".")}
    except OSError as error:
        raise WorkspaceError(
            f"{root}: {error.strerror or error}; check the path and its permissions"
        ) from error
    if there and not there & set(TABLES):
        raise WorkspaceError(
            f"{root} is not a workspace and not empty (it has {min(there)}); "
            "give the folder of a workspace, or an empty or new one"
        )
    return str(root)
