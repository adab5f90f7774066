"""Eastmoney's linked names: ``keytip`` at the first place, ``em_stock_key_common`` at later ones.

Since about 2018 the element carries ``data-code="MARKET,CODE"`` (in the order opposite to that of
the chart) and a secid in its address. Posts of 2016 and 2017 carry the code in the id of the span
around the link, with one digit appended for the market (``stock_3001042`` is 300104 in Shenzhen),
or in the address alone. Their links on common words lead to indices and listed funds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.mentions.eastmoney_url import security_of_url
from mentionstudy.data.mentions.model import Finding, Page
from mentionstudy.data.securities import Security, classify, from_eastmoney

CLASSES: Final = frozenset({"keytip", "em_stock_key_common"})
_COMMA: Final = re.compile(r"([0-9]{1,3}),([A-Za-z0-9_]{1,12})$")
_OLD_ID: Final = re.compile(r"stock_(?:[A-Z]{2,6}_)?([0-9]{6}|[A-Za-z.]{1,6})([127])$")
_OLD_MARKETS: Final = {"1": "SH", "2": "SZ", "7": "US"}
_CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts


class EastmoneyKeytip:
    """See the module."""

    name = "eastmoney_keytip"
    rank = 20

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per linked name."""
        if not any([name in page.classes for name in CLASSES]):
            return
        elements = page.document.elements
        for element in elements:
            if element.hidden or CLASSES.isdisjoint(element.classes):
                continue
            around = elements[element.parent] if element.parent >= 0 else None
            security = _security(element, around)
            if security is not None:
                surface = page.document.surface(element)
                yield Finding(security, surface, element.start, _CONFIDENCE, element.end)


def _security(element: Element, around: Element | None) -> Security | None:
    try:
        if match := _COMMA.match(element.attrs.get("data-code", "").strip()):
            return from_eastmoney(match[1], match[2])
        found = security_of_url(element.attrs.get("href", ""))
        if found is not None or around is None:
            return found
        if match := _OLD_ID.match(around.attrs.get("id", "")):
            return classify(match[1], _OLD_MARKETS[match[2]])
    except SymbolError:
        return None
    return None


DIALECT: Final = EastmoneyKeytip()
