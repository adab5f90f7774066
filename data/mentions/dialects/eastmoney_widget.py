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
from mentionstudy.data.mentions.model import NOT_IN_TEXT, Finding, Page
from mentionstudy.data.securities import Security, from_eastmoney

_CLASS: Final = "EmImageRemark"
_CHART: Final = re.compile(
    r"GetPic\.aspx\?(?:.*&)?nid=([0-9]{1,3})\.([A-Za-z0-9_]{1,12})", re.IGNORECASE
)
_SECID: Final = re.compile(r"/unify/r/([0-9]{1,3})\.([A-Za-z0-9_]{1,12})")
_PIPED: Final = re.compile(r"(?:K )?([A-Za-z0-9_]{1,12})\|([0-9]{1,3})\|")
_CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts


class EastmoneyWidget:
    """See the module."""

    name = "eastmoney_widget"
    rank = 10

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per chart."""
        elements = page.document.elements
        drawn: set[int] = set()  # links whose chart was read already
        for index, element in enumerate(elements):
            if element.hidden:
                continue
            if element.tag == "img" and (security := _of_image(element)):
                drawn.add(element.parent)
                yield _finding(security)
            elif _CLASS in element.classes and not _holds_chart(elements, index):
                security = _of_link(element)
                if security is not None:
                    yield _finding(security)


def _holds_chart(elements: tuple[Element, ...], index: int) -> bool:
    """Tell whether a chart that counts by itself stands in a link."""
    for element in elements[index + 1 :]:
        if element.parent < index:
            return False
        if element.tag == "img" and _of_image(element):
            return True
    return False


def _of_image(image: Element) -> Security | None:
    match = _CHART.search(image.attrs.get("src", ""))
    if match:
        return _security(match[1], match[2])
    match = _PIPED.match(image.attrs.get("data-code", ""))
    return _security(match[2], match[1]) if match else None


def _of_link(link: Element) -> Security | None:
    match = _SECID.search(link.attrs.get("href", ""))
    if match:
        return _security(match[1], match[2])
    match = _PIPED.match(link.attrs.get("data-code", ""))
    return _security(match[2], match[1]) if match else None


def _security(market: str, code: str) -> Security | None:
    try:
        return from_eastmoney(market, code)
    except SymbolError:
        return None


def _finding(security: Security) -> Finding:
    return Finding(security, security.code, NOT_IN_TEXT, _CONFIDENCE)


DIALECT: Final = EastmoneyWidget()
