"""The addresses of Eastmoney's quote pages, in all the forms that posts link."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.securities import Security, candidates, classify, from_eastmoney

_HOST: Final = re.compile(
    r"^(?:https?:)?//(quote|fund|guba|so|stock|data)\.eastmoney\.com/", re.IGNORECASE
)
_SECID: Final = re.compile(
    r"/(?:unify/(?:r|cr)|bk|zz)/([0-9]{1,3})\.([A-Za-z0-9_]{1,12})(?:\.html)?(?:[?#]|$)"
)
_MAINLAND: Final = re.compile(r"/(?:concept/)?(sh|sz|bj)/?([0-9]{6})\.html", re.IGNORECASE)
_INDEX: Final = re.compile(r"/zs([0-9]{6})\.html", re.IGNORECASE)
_BEIJING: Final = re.compile(r"/bj/([0-9]{6})\.html", re.IGNORECASE)
_INDEX_FUTURES: Final = re.compile(r"/gzqh/([A-Z]{1,2}[0-9]{4})\.html", re.IGNORECASE)
_HONG_KONG: Final = re.compile(r"/hk/([0-9]{1,5})\.html", re.IGNORECASE)
_US: Final = re.compile(r"/us/([A-Za-z][A-Za-z0-9_.]{0,7}?)\.html", re.IGNORECASE)
_GLOBAL: Final = re.compile(r"/gb/zs([A-Za-z][A-Za-z0-9]{0,9})\.html", re.IGNORECASE)
_FUND: Final = re.compile(r"^/([0-9]{6})\.html", re.IGNORECASE)
_FORUM: Final = re.compile(r"/list,([0-9]{6})(?:,[^/]*)?\.html", re.IGNORECASE)
_INDEX_EXCHANGES: Final = (("39", "SZ"), ("000", "SH"), ("899", "BJ"))


def security_of_url(url: str) -> Security | None:
    """Read the security that a link to Eastmoney's pages names.

    Parameters
    ----------
    url
        With or without scheme: ``//quote.eastmoney.com/unify/r/105.NVDA``,
        ``http://quote.eastmoney.com/SZ300104.html``, ``.../hk/00948.html`` and so on.

    Returns
    -------
    Security or None
        None for any other address and for one whose code cannot be.
    """
    host = _HOST.match(url.strip())
    if host is None:
        return None
    path = url.strip()[host.end() - 1 :]
    try:
        return _fund(path) if host[1].lower() == "fund" else _quote(path)
    except SymbolError:
        return None


def _quote(path: str) -> Security | None:
    if match := _SECID.search(path):
        return from_eastmoney(match[1], match[2])
    if match := _BEIJING.search(path):
        return classify(match[1], "BJ")
    if match := _INDEX_FUTURES.search(path):
        return from_eastmoney(8, match[1])  # of China Financial Futures Exchange
    if match := _MAINLAND.search(path):
        return classify(match[2], match[1])
    if match := _HONG_KONG.search(path):
        return classify(match[1], "HK")
    if match := _US.search(path):
        return classify(match[1], "US")
    if match := _GLOBAL.search(path):
        return from_eastmoney(100, match[1])
    if match := _INDEX.search(path):
        exchange = next(
            (place for head, place in _INDEX_EXCHANGES if match[1].startswith(head)), ""
        )
        return classify(match[1], exchange) if exchange else None
    if match := _FORUM.search(path):
        return _only([s for s in candidates(match[1]) if s.tradable])
    return None


def _fund(path: str) -> Security | None:
    """Read a fund's page; funds that no exchange lists have no symbol."""
    match = _FUND.match(path)
    return _only([s for s in candidates(match[1]) if s.kind == "fund"]) if match else None


def _only(found: list[Security]) -> Security | None:
    return found[0] if len(found) == 1 else None
