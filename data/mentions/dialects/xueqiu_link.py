"""Xueqiu's links: ``/S/SH601012``, ``/S/09988`` (Hong Kong without letters), ``/S/JD``.

``ZH`` with digits is a user's portfolio and ``/k?q=`` a topic; neither is a security.
"""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.mentions.xueqiu_code import security_of_code
from mentionstudy.data.securities import Security


def _read(match: re.Match[str]) -> Security | None:
    return security_of_code(match["code"])


DIALECT: Final = LinkDialect(
    "xueqiu_link",
    40,
    "xueqiu.com",
    r"(?:www\.)?xueqiu\.com/S/(?P<code>[A-Za-z0-9.]{1,12})(?:[/?#]|$)",
    _read,
)
