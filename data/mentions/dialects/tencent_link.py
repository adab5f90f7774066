"""Tencent's quote pages: ``gu.qq.com/sh603890``, ``/hk00700``, ``/usBABA.N``; ``jj`` is a fund."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.securities import Security, classify


def _read(match: re.Match[str]) -> Security | None:
    if match["us"]:
        return classify(match["us"], "US")
    return classify(match["code"], match["exchange"])


DIALECT: Final = LinkDialect(
    "tencent_link",
    40,
    "qq.com",
    r"(?:gu|(?:stockhtm|stock)\.finance|stockapp\.finance)\.qq\.com/(?:[^?#]*/)?"
    r"(?:(?P<exchange>sh|sz|bj|hk)(?P<code>[0-9]{5,6})|us(?P<us>[A-Z]{1,5})(?:\.[A-Z]{1,2})?)"
    r"(?:[/?#.]|$)",
    _read,
)
