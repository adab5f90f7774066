"""Companies by name: 东软集团 is 600718.SH, wherever it stands as words of its own.

This dialect is made from a book of names and is asked after all others, so that characters which a
link or a code has claimed are not read twice. A firm with several shares is meant once: by the
share that the article names by code, by its share in Hong Kong where the text says so, else by the
one that was listed first at home.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from mentionstudy.data.mentions.code_forms import find_codes
from mentionstudy.data.mentions.model import Finding, Page, Role
from mentionstudy.data.names.book import Match, Meaning, NameBook
from mentionstudy.data.names.boundaries import noun_follows, stands_alone
from mentionstudy.data.names.forms import is_marked
from mentionstudy.data.names.normal import Plain, plain
from mentionstudy.data.names.roles import is_office, role_of
from mentionstudy.data.securities import parse_symbol

# Below the shares of true mentions in labelled posts, which were in view as the rules were written.
_STRONG: Final = 0.95
_BACKED: Final = 0.9
_UNCLEAR: Final = 0.4

_CODE_BEHIND: Final = re.compile(r"[\u4e00-\u9fffA-Za-z]{0,5}\(([^()\n]{4,40})\)")
_HONG_KONG: Final = re.compile(r"[\u4e00-\u9fff]{0,2}?(?:\(H|H股|港股|-H)")
_HEADLINE: Final = re.compile(r"(?:A股|[AB])?[::]")
# Behind a name that is also a word: only a listed firm has these.
_LISTED_WORDS: Final = re.compile(
    r"(?:发布|披露)?公告|股价|董事长|董秘|财报|年报|中报|季报|半年报|涨停|跌停|封板|高开|低开|高走|低走|大涨|大跌"
    r"|主力资金|[AHB]股|市值|股东大会|定增|回购|分红"
)
# Behind a name made of ordinary words: any firm has these, and a trade has not.
_FIRM_WORDS: Final = re.compile(
    r"股份|集团|控股|证券|公司|总裁|总经理|高管|首席|CEO|业绩|营收|净利"
)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_TWO_HAN: Final = re.compile(r"[\u4e00-\u9fff].*[\u4e00-\u9fff]", re.DOTALL)
_MAINLAND: Final = ("SH", "SZ", "BJ")


class Words(NamedTuple):
    """Title and text of a page as names are looked for in them, and the names in either."""

    title: Plain
    in_title: list[Match]
    text: Plain
    in_text: list[Match]

    def judged(self, findings: list[Finding]) -> list[Finding]:
        """Look at the words around the names that links carry.

        Portals link by plain replacement: a link can be cut out of a longer word, or stand in the
        name of a fund. Such findings stay, with the role that their place has.

        Parameters
        ----------
        findings
            Of a dialect that reads links; those without visible words stay as they are.
        """
        return [_judge(self.title if f.in_title else self.text, f) for f in findings]


class _Place(NamedTuple):
    """One name in a text, with the securities that it may mean, and its span in the original."""

    plain: Plain
    in_title: bool
    match: Match
    first: int
    last: int

    def beside(self) -> Iterator[int]:
        """Yield where the next names of a list end and begin, if this one stands in a list."""
        text, (start, end, _) = self.plain.text, self.match
        if text[start - 1 : start] == "、":
            yield start - 1
        if text[end : end + 1] == "、":
            yield end + 1


class CompanyName:
    """See the module.

    Parameters
    ----------
    book
        The names to look for.
    """

    name = "company_name"
    rank = 90

    def __init__(self, book: NameBook) -> None:
        self.book = book
        # by the id of a match's meanings, which the book keeps alive
        self._only_firm: dict[int, frozenset[str] | None] = {}

    def look(self, pages: Iterable[Page]) -> list[Words]:
        """Look for names in titles and texts, before anything is asked about them."""
        texts = [(plain(page.title), plain(page.document.text)) for page in pages]
        matches = self.book.matches
        return [
            Words(title, matches(title.text) if title.text else [], text, matches(text.text))
            for title, text in texts
        ]

    def find(self, page: Page, words: Words) -> list[Finding]:
        """Return one finding per name.

        Parameters
        ----------
        page
            With the characters marked that links and codes have claimed.
        words
            What `look` found on it.
        """
        places = self._places(page, words.title, words.in_title, in_title=True)
        places += self._places(page, words.text, words.in_text, in_title=False)
        if not places:
            return []
        day = page.published_at.date() if page.published_at else None
        read = [(place, *self._read(place, page, day)) for place in places]
        sure = set(page.symbols)
        listed: set[tuple[bool, int]] = set()  # next to a firm that is surely meant, in a list
        for place, symbols, strong in read:
            if strong and len(symbols) == 1:
                sure |= self.book.firm(symbols[0])
                listed |= {(place.in_title, offset) for offset in place.beside()}
        findings: list[Finding] = []
        for place, symbols, strong in read:
            findings += self._findings(place, symbols, strong, sure, listed)
        return findings

    def _places(
        self, page: Page, text: Plain, matches: list[Match], *, in_title: bool
    ) -> list[_Place]:
        """Return the names that stand alone, the longest of those that overlap."""
        if not matches:
            return []
        places: list[_Place] = []
        claimed = page.claimed_in_title if in_title else page.claimed
        taken = bytearray(len(text.text))
        if len(matches) > 1:
            matches.sort(key=lambda found: (found.start - found.end, found.start))
        for match in matches:
            start, end, _ = match
            if taken[start] or taken[end - 1]:  # the longer one there covers an end of this one
                continue
            if not stands_alone(text.text, start, end, text.breaks) or is_office(text.text, end):
                continue
            taken[start:end] = b"\1" * (end - start)
            first, last = (start, end)
            if text.breaks:
                first, last = text.original(start), text.original_end(end)
            if not claimed or page.free(first, last, in_title=in_title):
                places.append(_Place(text, in_title, match, first, last))
        return places

    def _read(self, place: _Place, page: Page, day: date | None) -> tuple[tuple[str, ...], bool]:
        """Return the securities that a name means there, and whether it does so by itself."""
        text, (_, end, meanings) = place.plain.text, place.match
        codes: set[str] = set()
        if behind := _CODE_BEHIND.match(text, end):
            named = {found.security for found in find_codes(f"({behind[1]})")}
            codes = {security.symbol for security in named if security.tradable}
            if codes and not any(self.book.firm(m.entry.symbol) & codes for m in meanings):
                return (), False  # the code says that another firm is meant
        known = page.symbols | codes
        firms = self._firms(meanings, day)
        if len(firms) > 1:
            firms = [firm for firm in firms if firm & known] or firms
        if len(firms) > 1:
            return tuple(sorted(_home(firm, self.book, day) for firm in firms)), False
        firm = firms[0]
        strong = any(
            [_means_firm(m, text, end, place.plain) for m in meanings if m.entry.symbol in firm]
        )
        if by_code := firm & known:
            return tuple(sorted(by_code)), True
        if len(firm) > 1 and _HONG_KONG.match(text, end):
            abroad = {symbol for symbol in firm if symbol.endswith(".HK")}
            firm = frozenset(abroad) or firm
        return (_home(firm, self.book, day),), strong

    def _firms(self, meanings: tuple[Meaning, ...], day: date | None) -> list[frozenset[str]]:
        """Group what a name may mean by firm, and keep the firms that it means best."""
        key = id(meanings)
        if key not in self._only_firm:
            firms = self._ranked(meanings, None)
            self._only_firm[key] = next(iter(firms)) if len(firms) == 1 else None
        if (only := self._only_firm[key]) is not None:
            return [only]  # on every day
        firms = self._ranked(meanings, day)
        best = max(firms.values())
        return [firm for firm, rank in firms.items() if rank == best]

    def _ranked(
        self, meanings: tuple[Meaning, ...], day: date | None
    ) -> dict[frozenset[str], tuple[bool, bool]]:
        """Say how well a name means each firm: by itself or derived, in use on the day or not."""
        ranks: dict[frozenset[str], tuple[bool, bool]] = {}
        symbols: dict[frozenset[str], set[str]] = {}
        for meaning in meanings:
            entry = meaning.entry
            firm = next(
                (known for known in symbols if entry.symbol in known), self.book.firm(entry.symbol)
            )
            rank = (meaning.exact, _in_use(meaning, day))
            ranks[firm] = max(rank, ranks.get(firm, (False, False)))
            symbols.setdefault(firm, set()).add(entry.symbol)
        return {frozenset(named): ranks[firm] for firm, named in symbols.items()}

    def _findings(
        self,
        place: _Place,
        symbols: tuple[str, ...],
        strong: bool,
        sure: set[str],
        listed: set[tuple[bool, int]],
    ) -> list[Finding]:
        """Return one finding for each security that a name may mean there."""
        text, in_title, (start, end, meanings), first, last = place
        surface = text.text[start:end]
        findings: list[Finding] = []
        for symbol in symbols:
            known = symbol in sure
            confidence = _UNCLEAR
            role: Role = "unclear"
            clear = len(symbols) == 1 or known
            if clear and (strong or known or _is_backed(place, listed)):
                confidence = _STRONG if strong else _BACKED
                called = _called(meanings, symbol, surface)
                role = role_of(text.text, start, end, symbol, called)
            elif not any(m.exact or m.strength != "weak" for m in meanings):
                continue  # 海洋 is no firm for the sake of a share that is called ST海洋
            security = parse_symbol(symbol)
            findings.append(Finding(security, surface, first, confidence, last, in_title, role))
        return findings


def _judge(text: Plain, finding: Finding) -> Finding:
    if finding.surface.isascii() or finding.role != "subject" or finding.position < 0:
        return finding  # a code, or a place that a dialect has judged itself
    if _TWO_HAN.search(finding.surface) is None:
        return finding
    start, end = text.offset(finding.position), text.offset(finding.end)
    if not stands_alone(text.text, start, end, text.breaks):
        return finding._replace(role="unclear", confidence=_UNCLEAR)
    name = text.text[start:end]
    role = role_of(text.text, start, end, finding.security.symbol, name)
    return finding if role == finding.role else finding._replace(role=role)


def _called(meanings: tuple[Meaning, ...], symbol: str, surface: str) -> str:
    """Return what shows whether a firm is a house that is quoted: its name, and the words there."""
    name = next((m.entry.name for m in meanings if m.entry.symbol == symbol), "")
    if name == surface or _TWO_HAN.search(surface) is None:
        return name
    return f"{name}\n{surface}"


def _is_backed(place: _Place, listed: set[tuple[bool, int]]) -> bool:
    """Tell whether what stands beside a name that is also a word speaks of a firm."""
    start, end, meanings = place.match
    beside = (place.in_title, start) in listed or (place.in_title, end) in listed
    if not beside and not _speaks_of_firm(place.plain.text, start, end):
        return False
    # what a mark of special treatment leaves over is a word like any other: 中期 of ST中期
    return any(m.exact or not is_marked(m.entry.name) for m in meanings)


def _means_firm(meaning: Meaning, text: str, end: int, plain_text: Plain) -> bool:
    """Tell whether a form means a firm there by itself."""
    if meaning.strength != "composed":
        return meaning.strength == "strong"
    behind = text[end : end + 1]
    if not _HAN.match(behind) or end in plain_text.breaks:
        return True
    speaks = _FIRM_WORDS.match(text, end) or _LISTED_WORDS.match(text, end)
    return speaks is not None or not noun_follows(text, end)


def _in_use(meaning: Meaning, day: date | None) -> bool:
    """Tell whether a name was in use on the article's day; True where that is not known."""
    entry = meaning.entry
    if day is None:
        return entry.kind != "former"
    if entry.valid_from is not None and day < entry.valid_from:
        return False
    return entry.valid_until is None or day < entry.valid_until


def _home(firm: frozenset[str], book: NameBook, day: date | None) -> str:
    """Choose the share of a firm: listed by then, at home, and no B share."""
    if len(firm) == 1:
        return next(iter(firm))

    def order(symbol: str) -> tuple[bool, bool, bool, str]:
        security, listed = parse_symbol(symbol), book.listed.get(symbol)
        early = day is not None and listed is not None and day < listed
        return (early, security.exchange not in _MAINLAND, security.kind == "b_share", symbol)

    return min(firm, key=order)


def _speaks_of_firm(text: str, start: int, end: int) -> bool:
    """Tell whether the words around a name that is also a word are those around a firm."""
    before = text[max(0, start - 2) : start].removesuffix("【")
    if before in {"", "\n"} or before.endswith("\n"):
        return (_HEADLINE.match(text, end) or _LISTED_WORDS.match(text, end)) is not None
    return _LISTED_WORDS.match(text, end) is not None
