"""A user's own defaults: the display and the study as one likes them, kept between visits.

They lie beside the tables, one small file a user, named by a digest. On a server without a login
nobody can be told from anybody else, so that nothing is kept there.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from mentionstudy.dashboard import access, state
from mentionstudy.dashboard.i18n import Texts
from mentionstudy.dashboard.services import WORKSPACE_VARIABLE

FOLDER = "users"
_KEY = re.compile(r"[0-9a-z]{1,64}")
_LARGEST = 20_000  # bytes; a file of ours has a few hundred
_LOG = logging.getLogger(__name__)


def load() -> dict[str, list[str]]:
    """Return the visitor's kept choices in their form of the URL; nothing when there are none."""
    path = _path()
    return read(path) if path else {}


def read(path: Path) -> dict[str, list[str]]:
    """Read a user's file; a file that cannot be meant is as good as none.

    Parameters
    ----------
    path
        The file.
    """
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _LOG.warning("the settings in %s are passed over: %s", path, error)
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        key: texts
        for key, texts in content.items()
        if key in state.PERSONAL_KEYS
        and isinstance(texts, list)
        and all(isinstance(text, str) for text in texts)
    }


def write(path: Path, choices: Mapping[str, Sequence[str]]) -> None:
    """Write a user's file whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made.
    choices
        The form of the URL; only personal choices are kept.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    kept = {key: list(texts) for key, texts in choices.items() if key in state.PERSONAL_KEYS}
    path.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False, indent=1)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def draw(t: Texts) -> None:
    """Draw the buttons that keep and forget the present choices, where they can be kept."""
    path = _path()
    if path is None or not access.may_keep():
        return
    with st.expander(t("mine.title"), icon=":material/person:"):
        st.caption(t("mine.how"))
        st.button(t("mine.keep"), key="mine_keep", on_click=_keep, args=(path,))
        if path.exists():
            st.button(t("mine.forget"), key="mine_forget", on_click=_forget, args=(path,))
        said = st.session_state.pop("_mine", "")
        if said:
            st.caption(t.code("mine", said))


def _keep(path: Path) -> None:
    _store(partial(write, path, state.personal_choices()), "kept")


def _forget(path: Path) -> None:
    _store(partial(path.unlink, missing_ok=True), "forgotten")


def _store(action: Callable[[], None], said: str) -> None:
    if not access.may_keep():
        return
    try:
        action()
        st.session_state["_mine"] = said
    except OSError:
        _LOG.exception("a user's settings could not be stored")
        st.session_state["_mine"] = "failed"


def _path() -> Path | None:
    """Return the visitor's file; None for a workspace that is no folder and for nobody."""
    workspace = os.environ.get(WORKSPACE_VARIABLE, "")
    key = access.settings_key()
    if not workspace or "://" in workspace or not key or not _KEY.fullmatch(key):
        return None
    return Path(workspace) / FOLDER / f"{key}.json" if Path(workspace).is_dir() else None
