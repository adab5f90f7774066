"""The linked names of 证券时报网 (Securities Times): ``trsHotWords``.

The address gives the market as SS or SZ, the attribute ``code`` only the digits. The portal links
by plain replacement of short names, so that a link can be cut out of a longer word (新产业 in
临港创新产业园): true in about 94 of 100 cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.mentions.model import Finding, Page
from mentionstudy.data.securities import Security, candidates, parse_symbol

_CLASS: Final = "trsHotWords"
_PAGES: Final = "info.stcn.com/dc/stock/"
_STOCKCODE: Final = re.compile(
    r"[?&]stockcode=(S[SHZ][0-9]{6}|BJ[0-9]{6}|HK[0-9]{5})", re.IGNORECASE
)
_CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts


class StcnHotword:
    """See the module."""

    name = "stcn_hotword"
    rank = 30

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per linked name."""
        if _CLASS not in page.classes and _PAGES not in page.addresses:
            return
        for element, _ in page.links:
            if _is_hotword(element):
                security = _security(element)
                if security is not None:
                    surface = page.document.surface(element)
                    yield Finding(security, surface, element.start, _CONFIDENCE, element.end)


def _is_hotword(link: Element) -> bool:
    return _CLASS in link.classes or _PAGES in link.attrs.get("href", "").lower()


def _security(link: Element) -> Security | None:
    match = _STOCKCODE.search(link.attrs.get("href", ""))
    if match:
        try:
            return parse_symbol(match[1])
        except SymbolError:
            return None
    # An address without the code: the portal's dictionary knows mainland shares only.
    shares = [found for found in candidates(link.attrs.get("code", "").strip()) if found.tradable]
    return shares[0] if len(shares) == 1 else None


DIALECT: Final = StcnHotword()
