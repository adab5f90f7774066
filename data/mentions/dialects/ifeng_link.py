"""ifeng's linked names: ``/app/hq/stock/sz300299/``, ``/app/hq/hkstock/hk00662/``.

A script at the end of its pages repeats the codes and adds nothing.
"""

from __future__ import annotations

from typing import Final

from mentionstudy.data.mentions.links import LinkDialect, prefixed

DIALECT: Final = LinkDialect(
    "ifeng_link",
    40,
    "ifeng.com",
    r"(?:app\.)?finance\.ifeng\.com/app/hq/(?:stock|hkstock|fund)/"
    r"(?P<exchange>sh|sz|bj|hk)(?P<code>[0-9]{5,6})(?:/|$)",
    prefixed,
)
