"""Saved studies: a name, the choices that make the study, and the table versions it was made on.

Each is one small JSON file in the workspace's folder ``studies``, in the form of a link, so that a
file from elsewhere is read with the same care as a link.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mentionstudy.dashboard import state

FOLDER = "studies"
_LARGEST = 100_000  # bytes; a file of ours has a few hundred
_LONGEST_NAME = 80


class SavedStudyError(ValueError):
    """A file that is no saved study; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class SavedStudy:
    """One saved study.

    Attributes
    ----------
    name
        The user's name for it; foreign text.
    choices
        The choices, complete.
    versions
        Table versions when it was saved, by table.
    notes
        What of the file could not be used.
    """

    name: str
    choices: Mapping[str, Any]
    versions: Mapping[str, int]
    notes: tuple[state.Note, ...] = ()

    def to_json(self) -> str:
        """Return the file's text."""
        defaults = {param.key: param.default for param in state.PARAMS}
        query = state.write_query(self.choices, defaults)
        kept = {key: query[key] for key in state.QUESTION_KEYS if key in query}
        content = {"mentionstudy": 1, "name": self.name, "query": kept}
        return json.dumps(content | {"versions": dict(self.versions)}, ensure_ascii=False, indent=1)


def read(data: bytes) -> SavedStudy:
    """Read a saved study's file.

    Raises
    ------
    SavedStudyError
        If it is none.
    """
    expected = "a saved study is a JSON file with a name and a query, as the Compare page saves it"
    if len(data) > _LARGEST:
        raise SavedStudyError(f"the file has {len(data):,} bytes; {expected}")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SavedStudyError(f"the file is not JSON; {expected}") from error
    query = content.get("query") if isinstance(content, dict) else None
    if not isinstance(query, dict) or not all(_texts(texts) for texts in query.values()):
        raise SavedStudyError(f"the file has no query; {expected}")
    values, notes = state.read_query(query)
    versions = content.get("versions")
    return SavedStudy(
        name=str(content.get("name") or "?")[:_LONGEST_NAME],
        choices=state.complete({k: v for k, v in values.items() if k in state.QUESTION_KEYS}),
        versions={str(k): v for k, v in versions.items() if isinstance(v, int)}
        if isinstance(versions, dict)
        else {},
        notes=tuple(notes),
    )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def all_in(workspace: str) -> list[SavedStudy]:
    """Return a workspace's saved studies by name; a damaged file is passed over."""
    folder = Path(workspace) / FOLDER
    if "://" in workspace or not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(read(path.read_bytes()))
        except (OSError, SavedStudyError):
            continue
    return sorted(found, key=lambda study: study.name)


def save(workspace: str, study: SavedStudy) -> Path:
    """Keep a study; one of the same name is replaced.

    Raises
    ------
    OSError
        If the workspace's folder cannot be written.
    """
    folder = Path(workspace) / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{_file_name(study.name)}.json"
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".new")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(study.to_json())
    os.replace(temporary, path)
    return path


def delete(workspace: str, name: str) -> None:
    """Forget a study."""
    (Path(workspace) / FOLDER / f"{_file_name(name)}.json").unlink(missing_ok=True)


def _file_name(name: str) -> str:
    # a name may hold anything, a path separator too; its digest holds nothing
    return hashlib.sha256(name.strip().encode()).hexdigest()[:24]


def differences(one: SavedStudy, other: SavedStudy) -> list[tuple[str, str, str]]:
    """Return the choices in which two studies differ: key, text of the first, of the second."""
    return [
        (key, _shown(one.choices[key]), _shown(other.choices[key]))
        for key in state.QUESTION_KEYS
        if one.choices[key] != other.choices[key]
    ]


def _shown(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(item) for item in value) or "–"
    return "–" if value in (None, "") else str(value)
