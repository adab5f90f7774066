"""CNINFO's announcements that name the share in the address: ``...detail?stockCode=002594&...``.

A link to the filing itself (``static.cninfo.com.cn/finalpage/...PDF``) names no security.
"""

from __future__ import annotations

from typing import Final

from mentionstudy.data.mentions.links import LinkDialect, share

DIALECT: Final = LinkDialect(
    "cninfo_link",
    40,
    "cninfo.com.cn",
    r"(?:www\.)?cninfo\.com\.cn/new/[^?]*\?(?:.*&)?stockCode=(?P<code>[0-9]{6})(?:&|$)",
    share,
)
