"""10jqka's stock pages: ``stockpage.10jqka.com.cn/603335/``, without a market.

Its indices have codes of their own (1A0001), so that six digits are a share.
"""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.mentions.links import LinkDialect, share
from mentionstudy.data.securities import Security, classify


def _read(match: re.Match[str]) -> Security | None:
    return classify(match["hk"], "HK") if match["hk"] else share(match)


DIALECT: Final = LinkDialect(
    "tonghuashun_link",
    40,
    "10jqka.com.cn",
    r"(?:stockpage|basic|m)\.10jqka\.com\.cn/(?:HK(?P<hk>[0-9]{4,5})|(?P<code>[0-9]{6}))(?:/|$)",
    _read,
)
