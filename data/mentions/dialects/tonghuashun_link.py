"""10jqka's stock pages: ``stockpage.10jqka.com.cn/603335/``, without a market.

Its indices have codes of their own (1A0001), so that six digits are a share. Some of its pages mark
a name with ``code="hs_000333"`` instead of a link; ``hs`` are the two mainland exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.mentions.links import CONFIDENCE, LinkDialect, share
from mentionstudy.data.mentions.model import Finding, Page
from mentionstudy.data.securities import Security, classify

_MARK: Final = "hs_"
_MARKED: Final = re.compile(rf"{_MARK}(?P<code>[0-9]{{6}})")


def _read(match: re.Match[str]) -> Security | None:
    return classify(match["hk"], "HK") if match["hk"] else share(match)


class TonghuashunLink(LinkDialect):
    """See the module."""

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per link and per marked name."""
        yield from super().find(page)
        for element in page.document.elements if _MARK in page.codes else ():
            match = _MARKED.fullmatch(element.attrs.get("code", ""))
            if match is None or element.hidden or "href" in element.attrs:
                continue
            security = share(match)
            if security is not None:
                surface = page.document.surface(element)
                yield Finding(security, surface, element.start, CONFIDENCE, element.end)


DIALECT: Final = TonghuashunLink(
    "tonghuashun_link",
    40,
    "10jqka.com.cn",
    r"(?:stockpage|basic|m)\.10jqka\.com\.cn/(?:HK(?P<hk>[0-9]{4,5})|(?P<code>[0-9]{6}))(?:/|$)",
    _read,
)
