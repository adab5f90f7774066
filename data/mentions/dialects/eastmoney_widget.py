"""Eastmoney's K-line chart at the top of a post, with or without a link around it.

One chart is one mention, although the code stands in it up to seven times: in the link's address,
in two attributes each of link and image, in the image's address and in its alternative text. The
image's ``nid`` (or the link's secid) is what counts; the digit behind the underscore of the
alternative text is always 0 and is no market.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.mentions.eastmoney_url import security_of_url
from mentionstudy.data.mentions.model import NOT_IN_TEXT, Finding, Page
from mentionstudy.data.securities import Security, from_eastmoney

_CLASS: Final = "EmImageRemark"
_CHART: Final = re.compile(
    r"GetPic\.aspx\?(?:.*&)?nid=([0-9]{1,3})\.([A-Za-z0-9_]{1,12})", re.IGNORECASE
)
_PIPED: Final = re.compile(r"(?:K )?([A-Za-z0-9_]{1,12})\|([0-9]{1,3})\|")
_LEVELS: Final = 4
_CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts


class EastmoneyWidget:
    """See the module."""

    name = "eastmoney_widget"
    rank = 10

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per chart."""
        elements = page.document.elements
        charts = {
            index: security
            for index, element in enumerate(elements)
            if element.tag == "img" and not element.hidden and (security := _of_image(element))
        }
        if not charts and _CLASS not in page.classes:
            return
        with_chart = {place for index in charts for place in _around(elements, index)}
        for index, element in enumerate(elements):
            security = charts.get(index)
            if security is None and _CLASS in element.classes and index not in with_chart:
                security = None if element.hidden else _of_link(element)
            if security is not None:
                yield Finding(security, security.code, NOT_IN_TEXT, _CONFIDENCE)


def _around(elements: tuple[Element, ...], index: int) -> list[int]:
    """List the elements right around one: the link of a chart is at most a few levels up."""
    places: list[int] = []
    while (index := elements[index].parent) >= 0 and len(places) < _LEVELS:
        places.append(index)
    return places


def _of_image(image: Element) -> Security | None:
    match = _CHART.search(image.attrs.get("src", ""))
    if match:
        return _security(match[1], match[2])
    match = _PIPED.match(image.attrs.get("data-code", ""))
    return _security(match[2], match[1]) if match else None


def _of_link(link: Element) -> Security | None:
    found = security_of_url(link.attrs.get("href", ""))  # in 2016: /us/aapl.html, no secid
    if found is not None:
        return found
    match = _PIPED.match(link.attrs.get("data-code", ""))
    return _security(match[2], match[1]) if match else None


def _security(market: str, code: str) -> Security | None:
    try:
        return from_eastmoney(market, code)
    except SymbolError:
        return None


DIALECT: Final = EastmoneyWidget()
