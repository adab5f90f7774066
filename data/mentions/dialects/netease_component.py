"""NetEase's component: ``window.__STOCK_COMPONENT__.push({code: '000002', type: 'SZ', ...})``.

It names the security that the page is about, once, and is no visible text. Crawlers that drop the
script tags leave the call as a line of text; the readers move it back into a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.mentions.model import NOT_IN_TEXT, Finding, Page
from mentionstudy.data.securities import classify

_PUSH: Final = re.compile(r"__STOCK_COMPONENT__\.push\(\s*\{([^{}]{1,200})\}")
_CODE: Final = re.compile(r"\bcode\s*:\s*['\"]([A-Za-z0-9.]{1,8})['\"]")
_TYPE: Final = re.compile(r"\btype\s*:\s*['\"]([A-Za-z]{2})['\"]")
_CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts


class NeteaseComponent:
    """See the module."""

    name = "netease_component"
    rank = 15

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per call."""
        for script in page.document.scripts:
            for call in _PUSH.finditer(script):
                code, market = _CODE.search(call[1]), _TYPE.search(call[1])
                if code is None or market is None:
                    continue
                try:
                    security = classify(code[1], market[1])
                except SymbolError:
                    continue
                yield Finding(security, security.code, NOT_IN_TEXT, _CONFIDENCE)


DIALECT: Final = NeteaseComponent()
