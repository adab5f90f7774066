"""The securities master: codes, names, listing days and other shares of the same firm.

`Master.bundled` is a small snapshot, `refresh_master` asks the exchanges' own lists, `Master.of`
reads what a workspace holds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from mentionstudy.data.listings import LISTING_COLUMNS
from mentionstudy.data.master.model import (
    NAME_COLUMNS,
    NAME_KINDS,
    SECURITY_COLUMNS,
    Master,
    NameKind,
)
from mentionstudy.data.master.renumbering import Renumbered, current_codes, renumbered

if TYPE_CHECKING:
    from mentionstudy.data.master.lists import MASTER_LISTS, MasterList
    from mentionstudy.data.master.refreshing import RefreshReport, refresh_master

__all__ = [
    "LISTING_COLUMNS",
    "MASTER_LISTS",
    "NAME_COLUMNS",
    "NAME_KINDS",
    "SECURITY_COLUMNS",
    "Master",
    "MasterList",
    "NameKind",
    "RefreshReport",
    "Renumbered",
    "current_codes",
    "refresh_master",
    "renumbered",
]

# Loaded when asked for: who looks names up need not wait for what talks to upstreams.
_HOME = {
    "MASTER_LISTS": "lists",
    "MasterList": "lists",
    "RefreshReport": "refreshing",
    "refresh_master": "refreshing",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
