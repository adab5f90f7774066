"""Archives of articles: ZIP and TAR, read member by member without writing to disk."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from mentionstudy.data.articles.context import MEBIBYTE, ReadOptions
from mentionstudy.data.articles.model import Failure

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_MAX_RATIO: Final = 200  # text shrinks ten times at best; a member that shrinks more is a bomb
_BROKEN: Final = (
    zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, EOFError, OSError, RuntimeError,
    NotImplementedError, ValueError,
)  # fmt: skip


class Member(NamedTuple):
    """One file of an archive.

    Attributes
    ----------
    path
        ``archive!name``.
    data
        Its content.
    address
        Where a crawler got it, empty if it was not crawled.
    """

    path: str
    data: bytes
    address: str = ""


def is_archive(path: str) -> bool:
    """Tell whether a file is an archive by its name."""
    return path.lower().endswith(SUFFIXES)


def members(file: BinaryIO, path: str, options: ReadOptions) -> Iterator[Member | Failure]:
    """Read the files of an archive.

    Parameters
    ----------
    file
        The archive, opened.
    path
        Its name.
    options
        Limits: a member larger than ``max_bytes`` is refused, also one that pretends not to be.

    Yields
    ------
    Member or Failure
        In the order of the archive. Links, hidden files, archives within the archive and names
        that lead out of it are not read.
    """
    try:
        if path.lower().endswith(".zip"):
            yield from _zip(file, path, options)
        else:
            yield from _tar(file, path, options)
    except _BROKEN as error:
        yield Failure(path, "archive", f"this archive cannot be read to its end: {error}")


def _zip(file: BinaryIO, path: str, options: ReadOptions) -> Iterator[Member | Failure]:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            place = f"{path}!{entry.filename}"
            if entry.is_dir() or _is_hidden(entry.filename):
                continue
            refused = _refusal(entry.filename, entry.file_size, options)
            if refused is None and entry.flag_bits & 1:
                refused = ("archive", "this file is encrypted")
            if refused is None and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1024):
                refused = ("archive_bomb", "this file grows more than 200 times when unpacked")
            if refused is not None:
                yield Failure(place, *refused)
                continue
            with archive.open(entry) as unpacked:
                yield bounded(place, unpacked.read(options.max_bytes + 1), options)


def _tar(file: BinaryIO, path: str, options: ReadOptions) -> Iterator[Member | Failure]:
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for entry in archive:
            place = f"{path}!{entry.name}"
            if entry.isdir() or _is_hidden(entry.name):
                continue
            refused = _refusal(entry.name, entry.size, options)
            if refused is None and not entry.isfile():
                refused = ("link", "this entry is a link or a device; not followed")
            if refused is not None:
                yield Failure(place, *refused)
                continue
            unpacked = archive.extractfile(entry)
            if unpacked is not None:
                yield bounded(place, unpacked.read(options.max_bytes + 1), options)


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") and part not in (".", "..") for part in parts)


def _refusal(name: str, size: int, options: ReadOptions) -> tuple[str, str] | None:
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts:
        return "archive_path", "the name of this file leads out of the archive"
    if is_archive(name):
        return "archive", "an archive within an archive is not opened; unpack it first"
    if size > options.max_bytes:
        return "too_large", _too_large(size, options)
    return None


def bounded(place: str, data: bytes, options: ReadOptions, address: str = "") -> Member | Failure:
    """Return a member, or why it is refused if it turned out larger than it may be."""
    if len(data) > options.max_bytes:
        return Failure(place, "too_large", _too_large(len(data), options))
    return Member(place, data, address)


def _too_large(size: int, options: ReadOptions) -> str:
    size_mib, limit = size / MEBIBYTE, options.max_bytes / MEBIBYTE
    return f"this file has {size_mib:.1f} MiB or more, above the limit of {limit:.0f} MiB"
