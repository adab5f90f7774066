"""Where articles lie: files and folders of this machine, and addresses that fsspec can open."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mentionstudy.data.articles.model import Failure
from mentionstudy.data.errors import UnreadableArticle

UNKNOWN_TIME: Final = -1
_TIME_FIELDS: Final = ("mtime", "LastModified", "last_modified", "updated", "created")
_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NANOSECONDS: Final = 1_000_000_000


class Place(NamedTuple):
    """One file.

    Attributes
    ----------
    path
        As it can be opened.
    size
        In bytes.
    mtime_ns
        When it changed, in nanoseconds since 1970; `UNKNOWN_TIME` where the store does not say.
    """

    path: str
    size: int
    mtime_ns: int


def is_address(path: str) -> bool:
    """Tell whether a path is an address such as ``s3://bucket/folder``."""
    return "://" in path


def normal(path: str) -> str:
    """Return an absolute path for a file of this machine, an address as its store spells it."""
    if path.startswith("file://"):
        path = url2pathname(urlsplit(path).path)
    if not is_address(path):
        return os.path.abspath(path)
    try:
        files, name = _file_system(path)
    except UnreadableArticle:
        return path
    return str(files.unstrip_protocol(name)).rstrip("/")


def place_of(path: str) -> Place:
    """Look at one file.

    Raises
    ------
    UnreadableArticle
        ``unreadable`` if it is a folder or a device.
    OSError
        If it cannot be looked at; `FileNotFoundError` if there is none.
    """
    if is_address(path):
        files, name = _file_system(path)
        info = files.info(name)
        if info["type"] == "file":
            return _place(path, info)
        is_folder = info["type"] == "directory"
    else:
        found = _local(path)
        if isinstance(found, Place):
            return found
        is_folder = found
    kind = "a folder" if is_folder else "not a regular file"
    raise UnreadableArticle(path, "unreadable", f"this is {kind}; give a file")


def _local(path: str) -> Place | bool:
    """Look at a path of this machine: a file, or whether it is a folder."""
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode):
        return Place(path, status.st_size, status.st_mtime_ns)
    return stat.S_ISDIR(status.st_mode)


def open_binary(path: str) -> BinaryIO:
    """Open a file for reading bytes, wherever it lies."""
    if is_address(path):
        files, name = _file_system(path)
        return cast("BinaryIO", files.open(name, "rb"))
    return open(path, "rb")  # a `Path` takes longer than reading a post


def read_bytes(place: Place, limit: int) -> bytes:
    """Read a file, but no more than one byte above the limit, which it can have grown beyond."""
    if not is_address(place.path):
        # half the time of a file object, which counts where a file is as small as a post
        number = os.open(place.path, _READ)
        try:
            data = os.read(number, place.size + 1)
        finally:
            os.close(number)
        if len(data) == place.size:
            return data
    with open_binary(place.path) as file:
        return file.read(limit + 1)


def places_below(path: str) -> Iterator[Place | Failure]:
    """List the files at a path with their subfolders, in the order of their paths.

    Hidden files and folders are skipped. Of a folder of this machine no more than the names in one
    subfolder and those above it are held at a time.

    Parameters
    ----------
    path
        A file or folder, or an address of one.

    Yields
    ------
    Place or Failure
        What cannot be listed, and a link that leads out of the folder, is a failure.
    """
    if is_address(path):
        yield from _at_address(path)
        return
    for entry in walk(path) if os.path.isdir(path) else [path]:
        if isinstance(entry, Failure):
            yield entry
            continue
        try:
            entry.encode()
            yield place_of(entry)
        except UnicodeEncodeError:
            shown = os.fsencode(entry).decode(errors="replace")
            yield Failure(shown, "unreadable", "its name is no UTF-8 text; rename the file")
        except (UnreadableArticle, OSError, ValueError) as error:
            yield failure_of(entry, error)


def walk(folder: str) -> Iterator[str | Failure]:
    """List the files of a folder of this machine in the order of their paths.

    Parameters
    ----------
    folder
        Read with its subfolders; hidden files and folders are skipped.

    Yields
    ------
    str or Failure
        The path of a file; a folder that cannot be listed, or a link that leads out of `folder`.
    """
    root = os.path.realpath(folder)
    waiting = [iter([(folder + os.sep, folder, False)])]
    while waiting:
        name, path, is_link = next(waiting[-1], ("", "", False))
        if not name:
            waiting.pop()
        elif name.endswith(os.sep):
            try:
                waiting.append(iter(_listed(path)))
            except OSError as error:
                yield Failure(path, "unreadable", f"this folder cannot be listed: {_why(error)}")
        elif not is_link:
            yield path
        elif os.path.commonpath([root, target := os.path.realpath(path)]) != root:
            yield Failure(path, "link", "this link leads out of the folder; not followed")
        elif os.path.isfile(target):
            yield path


def _listed(folder: str) -> list[tuple[str, str, bool]]:
    """List a folder as whole paths sort: name (a folder's ends in a slash), path, if a link."""
    with os.scandir(folder) as entries:
        return sorted(
            (
                entry.name + os.sep * entry.is_dir(follow_symlinks=False),
                entry.path,
                entry.is_symlink(),
            )
            for entry in entries
            if not entry.name.startswith(".")
        )


def failure_of(path: str, error: Exception) -> Failure:
    """Say why a file cannot be opened."""
    if isinstance(error, UnreadableArticle):
        return Failure(error.path, error.code, error.reason)
    if isinstance(error, FileNotFoundError):
        return Failure(path, "missing", "there is no such file or folder")
    return Failure(path, "unreadable", f"this file cannot be read: {_why(error)}")


def _at_address(address: str) -> Iterator[Place | Failure]:
    try:
        files, root = _file_system(address)
        found = files.find(root, detail=True)
        if not found:
            files.info(root)  # says so if there is nothing
    except Exception as error:  # each store has errors of its own
        yield failure_of(address, error)
        return
    for name in sorted(found):
        inside = name.removeprefix(root).strip("/")
        if not any(part.startswith(".") for part in inside.split("/")):
            yield _place(files.unstrip_protocol(name), found[name])


def _file_system(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise UnreadableArticle(
            address,
            "unreadable",
            "files at an address are opened by the package fsspec; "
            "install it with: pip install 'mentionstudy[dask]'",
        ) from error
    try:
        files, name = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise UnreadableArticle(
            address, "unreadable", f"this kind of address cannot be opened: {error}"
        ) from error
    return files, str(name)


def _place(path: str, info: dict[str, Any]) -> Place:
    size = info.get("size")
    changed = next((info[name] for name in _TIME_FIELDS if info.get(name)), None)
    if isinstance(changed, datetime):
        changed = changed.timestamp()
    if not isinstance(changed, int | float):
        return Place(path, int(size or 0), UNKNOWN_TIME)
    return Place(path, int(size or 0), int(changed * _NANOSECONDS))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    name = type(error).__name__
    return f"{name}: {str(error)[:200]}" if str(error) else name
