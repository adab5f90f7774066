"""Sina's linked names: ``/usstock/quotes/JPM.html``, ``/realstock/company/sh600519/nc.shtml``.

The same portal ends technology articles with a line that asks readers to follow its accounts
(@某某 微博) and links that word to the listed company; such a link is no mention.
"""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.mentions.model import Page
from mentionstudy.data.securities import Security, classify

_FOLLOW_US: Final = re.compile(r"[@＠][\w-]{1,20}\s*$")
_HANDLE_CHARS: Final = 24


def _read(match: re.Match[str]) -> Security | None:
    if match["us"]:
        return classify(match["us"], "US")
    if match["hk"]:
        return classify(match["hk"], "HK")
    return classify(match["code"], match["exchange"])


def _is_no_call_to_follow(page: Page, link: Element) -> bool:
    before = page.document.text[max(0, link.start - _HANDLE_CHARS) : link.start]
    return _FOLLOW_US.search(before) is None


DIALECT: Final = LinkDialect(
    "sina_link",
    40,
    "sina.",
    r"(?:[\w-]+\.){1,4}sina\.(?:com\.)?cn/(?:[^?#]*/)?"
    r"(?:usstock/quotes/(?P<us>[A-Za-z.]{1,7}?)(?:\.html|/|$)"
    r"|hkstock/quotes/(?P<hk>[0-9]{1,5})(?:\.html|/|$)"
    r"|realstock/company/(?P<exchange>sh|sz|bj)(?P<code>[0-9]{6})(?:/|$))",
    _read,
    _is_no_call_to_follow,
)
