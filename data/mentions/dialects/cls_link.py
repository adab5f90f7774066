"""Cailianshe's stock pages: ``www.cls.cn/stock?code=sh600745``."""

from __future__ import annotations

from typing import Final

from mentionstudy.data.mentions.links import LinkDialect, prefixed

DIALECT: Final = LinkDialect(
    "cls_link",
    40,
    "cls.cn",
    r"(?:www\.|m\.)?cls\.cn/stock\?(?:.*&)?code=(?P<exchange>sh|sz|bj|hk)(?P<code>[0-9]{5,6})",
    prefixed,
)
