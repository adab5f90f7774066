"""Xueqiu's cashtags in text: ``$宁德时代(SZ300750)$``, ``$阿里巴巴-SW(09988)$``, ``$京东(JD)$``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.mentions.model import Finding, Page
from mentionstudy.data.mentions.xueqiu_code import security_of_code

_CASHTAG: Final = re.compile(r"\$[^$()（）\n]{1,30}[(（]([A-Za-z0-9.]{1,12})[)）]\$")
_CONFIDENCE: Final = 0.98  # written by the author on purpose


class XueqiuCashtag:
    """See the module."""

    name = "xueqiu_cashtag"
    rank = 50

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per cashtag that no link has claimed."""
        if "$" not in page.document.text and "$" not in page.title:
            return
        for text, in_title in ((page.document.text, False), (page.title, True)):
            for match in _CASHTAG.finditer(text):
                start, end = match.span()
                security = security_of_code(match[1])
                if security is not None and page.free(start, end, in_title=in_title):
                    yield Finding(security, match[0], start, _CONFIDENCE, end, in_title)


DIALECT: Final = XueqiuCashtag()
