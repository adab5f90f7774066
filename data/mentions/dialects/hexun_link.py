"""Hexun's data pages: ``stockdata.stock.hexun.com/gszl/s000001.shtml``, without a market.

Its article addresses (``stock.hexun.com/2020-02-24/200385308.html``) only look like codes.
"""

from __future__ import annotations

from typing import Final

from mentionstudy.data.mentions.links import LinkDialect, share

DIALECT: Final = LinkDialect(
    "hexun_link",
    40,
    "hexun.com",
    r"stockdata\.stock\.hexun\.com/(?:[a-z]+/s)?(?P<code>[0-9]{6})\.shtml",
    share,
)
