"""NetEase's quote pages: ``quotes.money.163.com/0600019.html``, 0 for Shanghai, 1 for Shenzhen."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.securities import Security, classify

_MARKETS: Final = {"0": "SH", "1": "SZ"}


def _read(match: re.Match[str]) -> Security | None:
    if match["hk"]:
        return classify(match["hk"], "HK")
    if match["us"]:
        return classify(match["us"], "US")
    return classify(match["code"], _MARKETS[match["market"]])


DIALECT: Final = LinkDialect(
    "netease_link",
    40,
    "163.com",
    r"quotes\.money\.163\.com/(?:hkstock/(?P<hk>[0-9]{5})|usstock/(?P<us>[A-Z.]{1,6})"
    r"|(?P<market>[01])(?P<code>[0-9]{6}))\.html",
    _read,
)
