"""The securities master: codes, names, listing days and other shares of the same firm.

`Master.bundled` is a small snapshot, `refresh_master` asks the exchanges' own lists, `Master.of`
reads what a workspace holds.
"""

from __future__ import annotations

from mentionstudy.data.master.lists import MASTER_LISTS, MasterList
from mentionstudy.data.master.model import (
    LISTING_COLUMNS,
    NAME_COLUMNS,
    NAME_KINDS,
    SECURITY_COLUMNS,
    Master,
    NameKind,
)
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
    "refresh_master",
]
