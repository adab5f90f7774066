"""How Xueqiu writes a security."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.securities import Security, classify

_MAINLAND: Final = re.compile(r"(SH|SZ|BJ)([0-9]{6})", re.IGNORECASE)
_HONG_KONG: Final = re.compile(r"(?:HK)?([0-9]{5}|HS[A-Z]{1,8})", re.IGNORECASE)
_US: Final = re.compile(r"[A-Z]{1,5}(?:\.[A-Z])?")


def security_of_code(code: str) -> Security | None:
    """Read ``SH601012``, ``09988``, ``HKHSI``, ``JD``.

    Parameters
    ----------
    code
        The code alone.

    Returns
    -------
    Security or None
        None for portfolios (``ZH1793699``) and whatever else is no security.
    """
    try:
        if match := _MAINLAND.fullmatch(code):
            return classify(match[2], match[1])
        if match := _HONG_KONG.fullmatch(code):
            return classify(match[1], "HK")
        if _US.fullmatch(code):
            return classify(code, "US")
    except SymbolError:
        return None
    return None
