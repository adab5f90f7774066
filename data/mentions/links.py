"""Dialects that are links to a portal's quote pages: an address pattern and how to read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from mentionstudy.data.articles.document import Element
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.mentions.model import Finding, Page
from mentionstudy.data.securities import Security, candidates, classify

CONFIDENCE: Final = 0.94  # share of true mentions counted over a large collection of posts

Reader = Callable[[re.Match[str]], Security | None]
"""Turns a match of an address pattern into a security, None if the address names none."""


class LinkDialect:
    """Links whose address names a security.

    Parameters
    ----------
    name
        The dialect's name.
    rank
        When it is asked.
    domain
        What every such address contains, in lower case.
    pattern
        Regular expression for the address, from its start, without regard to case; the scheme may
        be missing.
    read
        Reads a match; a `SymbolError` means that the address names none.
    accept
        Further condition on the link, given the page; every link by default.
    """

    def __init__(
        self,
        name: str,
        rank: int,
        domain: str,
        pattern: str,
        read: Reader,
        accept: Callable[[Page, Element], bool] | None = None,
    ) -> None:
        self.name = name
        self.rank = rank
        self.domain = domain
        self._pattern = re.compile(r"(?:https?:)?//" + pattern, re.IGNORECASE)
        self._read = read
        self._accept = accept

    def find(self, page: Page) -> Iterator[Finding]:
        """Yield one finding per link."""
        for element, address in page.links if self.domain in page.addresses else ():
            match = self._pattern.match(address)
            if match is None or (self._accept is not None and not self._accept(page, element)):
                continue
            try:
                security = self._read(match)
            except SymbolError:
                continue
            if security is not None:
                surface = page.document.surface(element)
                yield Finding(security, surface, element.start, CONFIDENCE, element.end)


def prefixed(match: re.Match[str]) -> Security:
    """Read the groups ``exchange`` and ``code``."""
    return classify(match["code"], match["exchange"])


def share(match: re.Match[str]) -> Security | None:
    """Read the group ``code``, six digits without a market on a page that knows only shares."""
    found = [security for security in candidates(match["code"]) if security.tradable]
    return found[0] if len(found) == 1 else None
