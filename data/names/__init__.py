"""Company names: which securities the words of an article mean.

`NameBook` holds the names to look for: those of the securities master and a user's own
(`read_aliases`). Give one to `mentionstudy.data.find_mentions`.
"""

from __future__ import annotations

from mentionstudy.data.names.book import ALIAS_COLUMNS, NameBook, NameEntry, read_aliases
from mentionstudy.data.names.roles import role_of

__all__ = ["ALIAS_COLUMNS", "NameBook", "NameEntry", "read_aliases", "role_of"]
