"""Codes in the text itself, in every usual spelling, half-width and full-width.

================  =================================================================
with a suffix     600968.SH · 002572.SZ · 9988.HK · 01233.hk; in brackets also CS.N
with a prefix     SH600718 · (HK:03690) · (NYSE: BABA)
in brackets       万泰生物(603392) · （600028，00386.HK） · （002572，最新价：23.21元）
behind a word     证券代码“600650” · 股份代号：1299
in a table        a cell of six digits with a name in the cell beside it
================  =================================================================

Six digits without a market are read as a share, or as an index where the words before them speak
of one; five digits with a leading zero as a share in Hong Kong, and four where something says Hong
Kong. What nothing near it decides is reported with the role ``unclear`` and makes no event: digits
in brackets without a name beside them, a possible month (200512), the digits of a fund where
nothing speaks of one, four digits with a leading zero. Any other number is a number.
"""

from __future__ import annotations

from typing import Final

from mentionstudy.data.mentions.code_forms import Code, find_codes
from mentionstudy.data.mentions.model import Finding, Page, Role


class TextCode:
    """See the module."""

    name = "text_code"
    rank = 60

    def find(self, page: Page) -> list[Finding]:
        """List one finding per code that no dialect before this one has claimed."""
        return [
            _finding(code, text, in_title)
            for text, in_title in ((page.document.text, False), (page.title, True))
            for code in find_codes(text)
            if page.free(code.start, code.end, in_title=in_title)
        ]


def _finding(code: Code, text: str, in_title: bool) -> Finding:
    security, start, end, confidence = code
    role: Role = "unclear" if code.is_ambiguous else "subject"
    return Finding(security, text[start:end], start, confidence, end, in_title, role)


DIALECT: Final = TextCode()
