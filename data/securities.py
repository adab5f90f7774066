"""What a code names: the symbol grammar, its parser, its formatter, and the classes of securities.

A symbol is written ``code.EXCHANGE``: ``600718.SH``, ``000750.SZ``, ``920002.BJ``, ``02066.HK``
(Hong Kong always five digits), ``000300.SH`` and ``HSI.HK`` for indices, ``BK0493.EM`` for a sector
board of Eastmoney, ``NIO.US`` for a foreign share. The exchange is part of the name because a code
alone is not one: 000001 is a bank in Shenzhen and an index in Shanghai.

The class of a security follows from its exchange and the range its code lies in. The ranges are
those of the exchanges' code allocation plans; a code in no known range is ``unknown``, never
guessed, and a code that can only belong to another exchange is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, NamedTuple, get_args

from mentionstudy.data.errors import SymbolError

Exchange = Literal["SH", "SZ", "BJ", "HK", "US", "OTHER"]
"""Where a security is listed; ``OTHER`` holds what no exchange lists, such as a sector board."""

Kind = Literal["stock", "b_share", "cdr", "fund", "index", "board", "bond", "foreign", "unknown"]
"""The class of a security."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)
TRADABLE_KINDS: Final = frozenset({"stock", "b_share", "cdr"})
"""Kinds whose mention can become an event unless a study asks for others."""
MAINLAND: Final = ("SH", "SZ", "BJ")


@dataclass(frozen=True, slots=True)
class Security:
    """One listed instrument.

    Attributes
    ----------
    code
        The code as the exchange writes it: six digits on the mainland, five in Hong Kong.
    exchange
        One of `Exchange`.
    kind
        One of `Kind`.
    board
        The segment: ``main``, ``star``, ``chinext``, ``bse``, ``b``, ``hk``, ``hk_gem``, ``csi``,
        ``global`` and so on; empty if it has none.
    symbol
        The canonical name, for example ``600718.SH``.
    """

    code: str
    exchange: Exchange
    kind: Kind
    board: str
    symbol: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        place: str = self.exchange
        if place == "OTHER":
            place = _BOARD_SUFFIX.get(self.board, self.board.upper())
        object.__setattr__(self, "symbol", f"{self.code}.{place}")

    @property
    def currency(self) -> str:
        """What it is traded in, in ISO 4217; empty for indices and boards, which have points.

        B shares are traded in US dollars in Shanghai and in Hong Kong dollars in Shenzhen; in
        Hong Kong the counters from 80000 on are those in renminbi.
        """
        if self.kind in {"index", "board"}:
            return ""
        if self.exchange == "HK":
            return "CNY" if self.code.startswith("8") and self.board == "hk" else "HKD"
        if self.kind == "b_share":
            return "USD" if self.exchange == "SH" else "HKD"
        return {"SH": "CNY", "SZ": "CNY", "BJ": "CNY", "US": "USD"}.get(self.exchange, "")

    @property
    def tradable(self) -> bool:
        """Whether a mention can become an event by default: a share in SH, SZ, BJ or HK."""
        return self.kind in TRADABLE_KINDS

    def __str__(self) -> str:
        return self.symbol


class _Range(NamedTuple):
    """One row of a code allocation plan: a pattern of codes and what they are."""

    pattern: re.Pattern[str]
    kind: Kind
    board: str


def _ranges(*rows: tuple[str, Kind, str]) -> tuple[_Range, ...]:
    return tuple(_Range(re.compile(pattern), kind, board) for pattern, kind, board in rows)


# First match wins. Hong Kong after the exchange's stock code allocation plan: 10000-29999 are
# derivative warrants and 50000-69999 bull/bear contracts, which have no kind of their own here;
# 80000-89999 are the counters in renminbi.
_RANGES: Final[dict[str, tuple[_Range, ...]]] = {
    "SH": _ranges(
        (r"60[0135]\d{3}", "stock", "main"),
        (r"688\d{3}", "stock", "star"),
        (r"689\d{3}", "cdr", "star"),
        (r"900\d{3}", "b_share", "b"),
        (r"000\d{3}|95\d{4}", "index", "sse"),
        (r"5\d{5}", "fund", "fund"),
        (r"0[12]\d{4}|1\d{5}|20[1-4]\d{3}", "bond", "bond"),
    ),
    "SZ": _ranges(
        (r"00[0-3]\d{3}", "stock", "main"),
        (r"30[0-2]\d{3}", "stock", "chinext"),
        (r"20[01]\d{3}", "b_share", "b"),
        (r"39[59]\d{3}|9[78]0\d{3}", "index", "szse"),
        (r"1[5-8]\d{4}", "fund", "fund"),
        (r"1[0-4]\d{4}|19\d{4}", "bond", "bond"),
    ),
    "BJ": _ranges(
        (r"920\d{3}|43\d{4}|8[2378]\d{4}", "stock", "bse"),
        (r"899\d{3}", "index", "bse"),
    ),
    "HK": _ranges(
        (r"028[0-4]\d|03[01]\d\d|034\d\d|07[2357]\d\d|090\d\d|091\d\d|828[0-4]\d", "fund", "hk"),
        (r"83[01]\d\d", "fund", "hk"),
        (r"0[45]\d{3}", "bond", "hk"),
        (r"08\d{3}", "stock", "hk_gem"),
        (r"0\d{4}|8\d{4}", "stock", "hk"),
        (r"[1-7]\d{4}", "unknown", "hk_derivative"),
    ),
}

_HK_INDEX: Final = re.compile(r"HS[A-Z0-9]{1,8}|CES[A-Z0-9]{1,6}|VHSI")
_BOARD_SUFFIX: Final = {"eastmoney": "EM", "csi": "CSI", "global": "GI"}
_OTHER_SUFFIXES: Final[dict[str, tuple[re.Pattern[str], Kind, str]]] = {
    "EM": (re.compile(r"BK\d{4}"), "board", "eastmoney"),
    "CSI": (re.compile(r"[0-9H]\d{5}"), "index", "csi"),
    "GI": (re.compile(r"[A-Z][A-Z0-9]{0,9}"), "index", "global"),
}
_EXCHANGE_ALIASES: Final[dict[str, Exchange]] = {
    "SH": "SH", "SS": "SH", "XSHG": "SH", "SSE": "SH",
    "SZ": "SZ", "XSHE": "SZ", "SZSE": "SZ",
    "BJ": "BJ", "BSE": "BJ", "XBSE": "BJ",
    "HK": "HK", "XHKG": "HK", "HKEX": "HK",
    "US": "US", "N": "US", "O": "US", "OQ": "US", "K": "US", "NYSE": "US", "NASDAQ": "US",
}  # fmt: skip

_SUFFIXED: Final = re.compile(r"([A-Z0-9]{1,12}(?:[._-][A-Z])?)[.:]([A-Z]{1,6})")
_PREFIXED: Final = re.compile(r"(SH|SS|SZ|BJ|HK)[.:_]?(\d{1,6}|HS[A-Z]{1,8})")
_SEPARATE_PREFIX: Final = re.compile(r"([A-Z]{2,6})[.:]([A-Z0-9]{1,12}(?:[._-][A-Z])?)")
_EASTMONEY_MARKET: Final = re.compile(r"([A-Z0-9]{1,20})\.EM(\d{1,3})")
_US_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{0,5}(?:\.[A-Z])?")
_MAX_SYMBOL_CHARS: Final = 40  # longer texts are not symbols; keeps messages and work bounded


@lru_cache(maxsize=65_536)
def classify(code: str, exchange: str) -> Security:
    """Say what a code on an exchange is.

    Parameters
    ----------
    code
        The code; Hong Kong codes are padded to five digits, letters are raised to upper case.
    exchange
        An exchange or one of its usual names (``SH``, ``SS``, ``XSHG``, ``SZ``, ``HK``, ...).

    Returns
    -------
    Security
        With kind ``unknown`` if the code lies in no known range.

    Raises
    ------
    SymbolError
        If the exchange is not known, if the code cannot be one of that exchange, or if it can
        only be one of another exchange (``300104`` in Shanghai).
    """
    place = _EXCHANGE_ALIASES.get(exchange.strip().upper())
    given = f"{code}.{exchange}"
    if place is None:
        raise SymbolError(given, f"{exchange!r} is not an exchange: SH, SZ, BJ, HK and US are")
    code = unicodedata.normalize("NFKC", code).strip().upper()
    if place == "US":
        return _us(code, given)
    if place == "HK":
        return _hong_kong(code, given)
    if not re.fullmatch(r"[0-9]{6}", code):
        raise SymbolError(given, f"a code in {place} has six digits")
    found = _lookup(code, place)
    if found is not None:
        return found
    elsewhere = [s.symbol for s in candidates(code) if s.tradable]
    if elsewhere:
        raise SymbolError(given, f"{code} is a code of another exchange: {' or '.join(elsewhere)}")
    return Security(code, place, "unknown", "")


@lru_cache(maxsize=65_536)
def candidates(code: str) -> tuple[Security, ...]:
    """List what a code without exchange can be.

    Parameters
    ----------
    code
        Six digits for the mainland, one to five for Hong Kong.

    Returns
    -------
    tuple of Security
        Every reading in a known range, shares before funds, indices and bonds; empty if none.
        ``000001`` gives ``000001.SZ`` and ``000001.SH``, ``600718`` only ``600718.SH``.
    """
    if not re.fullmatch(r"[0-9]{1,6}", code):
        return ()
    if len(code) < 6:
        return () if int(code) == 0 else (_hong_kong(code, code),)
    found = [security for place in MAINLAND if (security := _lookup(code, place)) is not None]
    return tuple(sorted(found, key=lambda security: KINDS.index(security.kind)))


@lru_cache(maxsize=65_536)
def parse_symbol(text: str) -> Security:
    """Read a symbol in any of its usual spellings.

    Parameters
    ----------
    text
        ``600718.SH``, ``600718.SS``, ``600718.XSHG``, ``SH600718``, ``sh.600718``, ``SH:600718``,
        ``2066.HK``, ``hk02066``, ``HK:03690``, ``HSI.HK``, ``BK0493.EM``, ``NIO.US``, ``CS.N``.
        Full-width characters are read as their half-width forms.

    Returns
    -------
    Security
        With the canonical `Security.symbol`; ``parse_symbol(s.symbol) == s`` for every security.

    Raises
    ------
    SymbolError
        If the text has no exchange, is no symbol at all, or contradicts itself (``300104.SH``).

    Examples
    --------
    >>> parse_symbol("hk2066").symbol
    '02066.HK'
    >>> parse_symbol("000001.SH").kind
    'index'
    """
    if not isinstance(text, str) or len(text) > _MAX_SYMBOL_CHARS:
        raise SymbolError(str(text)[:_MAX_SYMBOL_CHARS])
    word = unicodedata.normalize("NFKC", text).strip().upper()
    if match := _EASTMONEY_MARKET.fullmatch(word):
        return from_eastmoney(match[2], match[1])
    if match := _SUFFIXED.fullmatch(word):
        code, suffix = match.groups()
        if suffix in _EXCHANGE_ALIASES:
            return classify(code, suffix)
        if suffix in _OTHER_SUFFIXES and _OTHER_SUFFIXES[suffix][0].fullmatch(code):
            return _other(code, suffix)
    if match := _PREFIXED.fullmatch(word):
        return classify(match[2], match[1])
    if (match := _SEPARATE_PREFIX.fullmatch(word)) and match[1] in _EXCHANGE_ALIASES:
        return classify(match[2], match[1])
    raise SymbolError(text, _hint(word))


def currency_of(symbol: str) -> str:
    """Return `Security.currency` of a symbol; empty for a name of a user's own."""
    try:
        return parse_symbol(symbol).currency
    except SymbolError:
        return ""


def from_eastmoney(market_id: str | int, code: str) -> Security:
    """Read Eastmoney's pair of market number and code (its ``secid``, ``116.02066``).

    Parameters
    ----------
    market_id
        The number before the dot: 0 Shenzhen and Beijing, 1 Shanghai, 2 CSI indices, 90 sector
        boards, 100 global indices, 105 to 107 and 153 the United States, 116 and 128 Hong Kong,
        124, 125 and 305 Hong Kong indices.
    code
        The code after the dot.

    Returns
    -------
    Security
        Of kind ``unknown`` for markets without a place here (futures, currencies).

    Raises
    ------
    SymbolError
        If the code cannot be one of that market.
    """
    market = str(market_id).strip()
    code = unicodedata.normalize("NFKC", code).strip().upper()
    if market == "0":
        return classify(code, "BJ" if _lookup(code, "BJ") else "SZ")
    if market == "1":
        return classify(code, "SH")
    if market in {"116", "128", "124", "125", "305"}:
        return classify(code, "HK")
    if market in {"105", "106", "107", "153"}:
        return classify(code.replace("_", "."), "US")
    if market == "90":
        return _other(code, "EM")
    if market == "2":
        return _other(code, "CSI")
    if market == "100":
        return classify(code, "HK") if _HK_INDEX.fullmatch(code) else _other(code, "GI")
    if re.fullmatch(r"[0-9]{1,3}", market) and re.fullmatch(r"[A-Z0-9]{1,20}", code):
        return Security(code, "OTHER", "unknown", f"em{int(market)}")
    raise SymbolError(f"{market}.{code}", "Eastmoney writes market.code, for example 1.600718")


def _lookup(code: str, place: Exchange) -> Security | None:
    """Find the range of a mainland or Hong Kong code."""
    for row in _RANGES[place]:
        if row.pattern.fullmatch(code):
            return Security(code, place, row.kind, row.board)
    return None


def _hong_kong(code: str, given: str) -> Security:
    if _HK_INDEX.fullmatch(code):
        return Security(code, "HK", "index", "hk")
    if not re.fullmatch(r"[0-9]{1,5}", code) or int(code) == 0:
        raise SymbolError(given, "a code in Hong Kong has up to five digits")
    padded = code.zfill(5)
    return _lookup(padded, "HK") or Security(padded, "HK", "unknown", "")


def _us(code: str, given: str) -> Security:
    code = re.sub(r"[_-]", ".", code)
    if not _US_CODE.fullmatch(code):
        raise SymbolError(given, "a ticker in the United States has up to six letters")
    return Security(code, "US", "foreign", "us")


def _other(code: str, suffix: str) -> Security:
    pattern, kind, board = _OTHER_SUFFIXES[suffix]
    if not pattern.fullmatch(code):
        raise SymbolError(f"{code}.{suffix}")
    return Security(code, "OTHER", kind, board)


def _hint(word: str) -> str:
    """Suggest the likely meaning of a refused text."""
    if re.fullmatch(r"[0-9]{6}", word):
        options = [security.symbol for security in candidates(word)]
        if options:
            return f"Did you mean {' or '.join(options)}?"
    if re.fullmatch(r"[0-9]{1,5}", word) and int(word):
        return f"Did you mean {word.zfill(5)}.HK?"
    return ""
