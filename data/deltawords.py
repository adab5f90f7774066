"""The storage engine's errors in plain words: what is wrong with which table, and what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError, DeltaProtocolError
from filelock import Timeout

from mentionstudy.data.errors import WorkspaceError

PATIENCE_SECONDS: Final = 120
"""For how long a writer tries again while others write."""

_DONE: Final = {"read": "read", "write": "written", "create": "created"}
_SIGNS: Final = (
    ("Permission denied", "the folder cannot be written; check its permissions"),
    ("Read-only file system", "the folder is on a read-only disk; choose another"),
    ("No space left", "the disk is full; free some space and run the same command again"),
)


@contextlib.contextmanager
def in_words(doing: str, uri: str, name: str, version: int | None) -> Iterator[None]:
    """Turn the storage's errors into one sentence that says what to do.

    Parameters
    ----------
    doing
        ``read``, ``write`` or ``create``.
    uri, name
        Address and name of the table.
    version
        The version that is read; None for the newest.

    Raises
    ------
    WorkspaceError
        In place of what the storage raised.
    """
    try:
        yield
    except (CommitFailedError, Timeout) as error:
        raise WorkspaceError(
            f"{uri}: other processes kept writing for {PATIENCE_SECONDS} seconds; "
            "try again when they have finished"
        ) from error
    except DeltaProtocolError as error:
        raise WorkspaceError(
            f"{uri}: the table needs features that this version does not know "
            f"({_first_line(error)}); update mentionstudy"
        ) from error
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise WorkspaceError(f"{uri}: {_diagnosis(error, doing, uri, name, version)}") from error


def _diagnosis(error: Exception, doing: str, uri: str, name: str, version: int | None) -> str:
    text = str(error)
    for sign, words in _SIGNS:
        if sign in text:
            return words
    if version is not None:
        return (
            f"version {version} of the table cannot be read ({_first_line(error)}); "
            "give a version that the table's history has"
        )
    if "://" in uri:
        return (
            f"the table cannot be {_DONE[doing]} ({_first_line(error)}); check the address "
            "and the credentials of the object store"
        )
    return (
        f"the table cannot be {_DONE[doing]}, it is damaged ({_first_line(error)}); restore "
        f"it from a copy, or delete this folder and fill the table {name} again"
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
