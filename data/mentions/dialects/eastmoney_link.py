"""Links to Eastmoney's quote pages that carry none of its classes, in every form of address."""

from __future__ import annotations

from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.mentions.eastmoney_url import security_of_url
from mentionstudy.data.mentions.links import LinkDialect
from mentionstudy.data.mentions.model import Page

_OTHER_DIALECTS: Final = frozenset({"keytip", "em_stock_key_common", "EmImageRemark"})


def _is_plain(page: Page, link: Element) -> bool:
    del page
    return _OTHER_DIALECTS.isdisjoint(link.classes)


DIALECT: Final = LinkDialect(
    "eastmoney_link",
    40,
    "eastmoney.com",
    r"(?:quote|fund|guba)\.eastmoney\.com/.*",
    lambda match: security_of_url(match[0]),
    _is_plain,
)
