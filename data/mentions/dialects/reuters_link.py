"""Reuters' company pages by its own codes: ``/companies/9988.HK``, ``/quote/.HSI``."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.securities import Security, parse_symbol

_INDICES: Final = {
    ".HSI": "HSI.HK",
    ".HSCE": "HSCEI.HK",
    ".SSEC": "000001.SH",
    ".CSI300": "000300.SH",
    ".DJI": "DJIA.GI",
    ".SPX": "SPX.GI",
    ".IXIC": "IXIC.GI",
}


def _read(match: re.Match[str]) -> Security | None:
    code = match["ric"].upper()
    if code.startswith("."):
        return parse_symbol(_INDICES[code]) if code in _INDICES else None
    return parse_symbol(code)


DIALECT: Final = LinkDialect(
    "reuters_link",
    40,
    "reuters.com",
    r"(?:\w+\.)?reuters\.com/(?:.*/)?(?:companies|quote|company)/(?P<ric>\.?[A-Za-z0-9]{1,8}(?:\.[A-Z]{1,2})?)"
    r"(?:[/?#]|$)",
    _read,
)
