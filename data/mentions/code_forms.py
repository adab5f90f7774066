"""The spellings of codes in running text and how each is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.securities import Security, candidates, classify

_SURE: Final = 0.99  # the text names the market
_BARE: Final = 0.95  # six digits in brackets behind a name, of a range that only one share has
_SHARED: Final = 0.9  # the digits are an index of another exchange too
_DOUBTFUL: Final = 0.4  # as likely a number, or another security with the same digits

# Full-width letters, digits and stops have the same length half-width, so that offsets hold.
_FULL_WIDTH: Final = re.compile("[０-９Ａ-Ｚａ-ｚ．／]")
_HALF_WIDTH: Final = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_ZEROS: Final = bytes.maketrans(b"0123456789", b"0" * 10)
_FIVE_DIGITS: Final = b"00000"
# What a form without five digits has one of. The second character alone tells that most are none.
_RARE_FORM: Final = re.compile(
    r"[０-９Ａ-Ｚａ-ｚ．／A-Zh代纳纽美(（](?:(?<=[０-９Ａ-Ｚａ-ｚ．／])|(?=[0-9Kk.YA码号碼號斯交约股])(?:"
    r"(?<=[Hh])[Kk]|(?<=代)[码号碼號]|(?<=[A-Z])\.(?:[NOK]|US)|(?<=N)(?:YSE|ASDAQ)|(?<=纳)斯达克"
    r"|(?<=纽)(?:交所|约证券交易所)|(?<=美)股|(?<=[(（])[0-9]{4}[)）]))"
)
# What every form has one of; most titles and many texts have none. The patterns here begin with a
# set of characters, because then the search skips what is none of them without trying a match.
_ANY_FORM: Final = re.compile(
    r"[0-9A-Zh代纳纽美(（](?:(?<=[0-9])[0-9]{5}|(?<=0)(?<![0-9]0)[0-9]{4}(?![0-9])|(?<=[Hh])[Kk]"
    r"|(?<=代)[码号碼號]|(?<=[A-Z])\.(?:[NOK]|US)|(?<=N)(?:YSE|ASDAQ)|(?<=纳)斯达克"
    r"|(?<=纽)(?:交所|约证券交易所)|(?<=美)股|(?<=[(（])[0-9]{4}[)）])"
)

_SUFFIXED: Final = re.compile(
    r"(?P<code>[0-9](?<![A-Za-z0-9._-][0-9])[0-9]{0,5})"
    r"\.(?P<place>[Ss][HhSsZz]|[Bb][Jj]|[Hh][Kk]|[Xx][Ss][Hh][GgEe])(?![A-Za-z0-9])"
)
_PLACE: Final = re.compile(r"\.[SBHX][HSZJK]", re.IGNORECASE)
_ANOTHER: Final = re.compile(r"(?:\d{6}|\.(?:SH|SS|SZ|BJ|HK|N|O))/$", re.IGNORECASE | re.ASCII)
_PREFIXED: Final = re.compile(
    r"(?P<place>[SsBbHh][HhZzJjKk])(?<![A-Za-z0-9./_-]..)(?P<mark>\s?[.:：]\s?)?"
    r"(?P<code>[0-9]{1,6})(?![A-Za-z0-9])",
    re.ASCII,
)
_MAINLAND: Final = frozenset({"SH", "SS", "SZ", "BJ", "XSHG", "XSHE"})
_KEYWORDS: Final = re.compile(r"代[码号碼號]")
_CODE_LIKE: Final = re.compile(r"[0-9A-Z](?:(?<=[A-Z])|[0-9]{3})")
_BRACKET: Final = re.compile(r"[(（\[【〔]([^()（）\[\]【】〔〕\n]{2,80})[)）\]】〕]")
_OPENING_BRACKETS: Final = frozenset("(（[【〔")
_TOKEN: Final = re.compile(r"[^\s,，;；/、|]+")
_US_SUFFIXED: Final = re.compile(r"([A-Z]{1,5}(?:\.[AB])?)\.(?:N|O|OQ|K|US)")
_US_PREFIXED: Final = re.compile(
    r"(?:NYSE|NASDAQ|纳斯达克|纽交所|纽约证券交易所|美股|US)\s*[:：]?\s*([A-Z]{1,5})(?![A-Za-z])"
)
_KEYWORD_BEFORE: Final = re.compile(
    r"(?:A股|B股|H股|港股|香港)?(?:上市)?(?:证券|股票|股份|个股|基金|ETF)?(?:交易)?\Z"
)
_KEYWORD_CHARS: Final = 9  # of the longest of these
_KEYWORD_CODE: Final = re.compile(
    r"\s*(?:[分别]*[为是]|[:：])?\s*[\"“‘「『'(（]?\s*(?P<code>\d{4,6})(?!\d|\.\d|[A-Za-z])"
)
_INDEX_WORDS: Final = re.compile(
    r"(?:指数|综指|成指|大盘|沪指|上证|创业板指|[Ii]ndex"
    r"|(?:沪深|上证|中证|科创|北证|BSE ?)[0-9]{2,4})\s*[(（\[【〔]?\s*$"
)
_FUND_WORDS: Final = re.compile(r"基金|ETF|LOF|REIT")
_HONG_KONG_WORDS: Final = re.compile(r"港股|香港|H股|港交所|联交所|恒生")
_HONG_KONG_SHORT: Final = re.compile(r"(?!19|20)[0-9]{4}")
_ALONE: Final = re.compile(r"[0-9](?<![0-9A-Za-z._-][0-9])[0-9]{5}(?![0-9A-Za-z.%])")
_CONTEXT_CHARS: Final = 12
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_MONTH: Final = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])")
_SIX: Final = re.compile(r"[0-9]{6}")
_HONG_KONG_BARE: Final = re.compile(r"0[0-9]{4}")
_NAME_CELL: Final = re.compile(r"[*A-Za-z]{0,3}[\u4e00-\u9fff][\w\u4e00-\u9fff*-]{1,11}")
_READ_KINDS: Final = frozenset({"stock", "b_share", "cdr", "fund", "index"})


class Code(NamedTuple):
    """A code in a text.

    Attributes
    ----------
    security
        What it names.
    start, end
        Its span.
    confidence
        Between 0 and 1.
    """

    security: Security
    start: int
    end: int
    confidence: float

    @property
    def is_ambiguous(self) -> bool:
        """Whether it may as well be a number or another security."""
        return self.confidence <= _DOUBTFUL


def find_codes(text: str) -> list[Code]:
    """Find the codes in a text.

    Parameters
    ----------
    text
        Paragraphs on lines, cells of tables separated by tabs.

    Returns
    -------
    list of Code
        In the order of the text, without overlaps; of two readings of the same digits the one
        with the clearer form.
    """
    # Twice as fast as looking for six digits: every digit as a 0, and then a search for bytes.
    zeros = text.encode("ascii", "replace").translate(_ZEROS)
    if _FIVE_DIGITS not in zeros and _RARE_FORM.search(text) is None:
        return []
    half = text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text
    if _ANY_FORM.search(half) is None:
        return []
    taken = bytearray(len(half))
    found: list[Code] = []
    for reader in (_suffixed, _prefixed, _keyworded, _bracketed, _indexed, _tabulated):
        for code in reader(half):
            if taken.find(1, code.start, code.end) < 0:
                taken[code.start : code.end] = b"\x01" * (code.end - code.start)
                found.append(code)
    return sorted(found, key=lambda code: code.start)


def _suffixed(text: str) -> Iterator[Code]:
    for match in _SUFFIXED.finditer(text) if _PLACE.search(text) else ():
        code, place = match["code"], match["place"].upper()
        if (len(code) == 6) != (place in _MAINLAND):
            continue
        if text[match.start() - 1 : match.start()] == "/" and not _ANOTHER.search(
            text, max(0, match.start() - _CONTEXT_CHARS), match.start()
        ):
            continue  # the end of an address
        yield from _known(code, place, match.start(), match.end(), _SURE)


def _prefixed(text: str) -> Iterator[Code]:
    for match in _PREFIXED.finditer(text):
        code, place, mark = match["code"], match["place"].upper(), match["mark"]
        if place == "HK":
            fits = len(code) == 5 if mark is None else len(code) < 6
        else:
            fits = len(code) == 6 and place in _MAINLAND and (mark is None or len(mark) == 1)
        if fits:
            yield from _known(code, place, match.start(), match.end(), _SURE)


def _keyworded(text: str) -> Iterator[Code]:
    for keyword in _KEYWORDS.finditer(text):
        match = _KEYWORD_CODE.match(text, keyword.end())
        before = _KEYWORD_BEFORE.search(
            text, max(0, keyword.start() - _KEYWORD_CHARS), keyword.start()
        )
        if match is None or before is None:
            continue
        what, code, (start, end) = before[0], match["code"], match.span("code")
        in_brackets = text[max(0, before.start() - 1) : before.start()] in _OPENING_BRACKETS
        if not what and not in_brackets:
            continue  # 代码 alone is that of anything
        if len(code) == 6:
            kinds = {"fund"} if "基金" in what or "ETF" in what else {"stock", "b_share", "cdr"}
            yield from _six(code, start, end, kinds, _SURE)
        elif "港" in what or "H股" in what or what == "股份" or (len(code) == 5 and code[0] == "0"):
            yield from _known(code, "HK", start, end, _BARE)


def _bracketed(text: str) -> Iterator[Code]:
    for bracket in _BRACKET.finditer(text):
        if _CODE_LIKE.search(bracket[1]) is None:
            continue
        if match := _US_PREFIXED.fullmatch(bracket[1].strip()):
            yield from _known(match[1], "US", *bracket.span(1), _BARE)
            continue
        before = text[max(0, bracket.start() - _CONTEXT_CHARS) : bracket.start()]
        # A code stands behind the name that it belongs to, or at least before it.
        named = before[-1:].isalnum() or _HAN.match(text, bracket.end()) is not None
        for number, token in enumerate(_TOKEN.finditer(bracket[1])):
            start, end = (bracket.start(1) + place for place in token.span())
            word = token[0]
            if match := _US_SUFFIXED.fullmatch(word):
                yield from _known(match[1], "US", start, end, _BARE)
            elif _may_be_bare(bracket[1], number):
                yield from _bare(word, start, end, before, named)


def _bare(word: str, start: int, end: int, before: str, named: bool) -> Iterator[Code]:
    """Read digits without a market by the words before their bracket."""
    if _SIX.fullmatch(word):
        index = _INDEX_WORDS.search(before) is not None
        for code in _six(word, start, end, {"index"} if index else _READ_KINDS, _BARE):
            sure = index or named
            if code.security.kind == "fund":
                sure = _FUND_WORDS.search(before) is not None
            yield code if sure else code._replace(confidence=min(code.confidence, _DOUBTFUL))
    elif _HONG_KONG_BARE.fullmatch(word):
        yield from _known(word, "HK", start, end, _SHARED)
    elif _HONG_KONG_SHORT.fullmatch(word):
        if _HONG_KONG_WORDS.search(before):
            yield from _known(word, "HK", start, end, _SHARED)
        elif word[0] == "0" and named:
            yield from _known(word, "HK", start, end, _DOUBTFUL)


def _indexed(text: str) -> Iterator[Code]:
    """Read six digits right behind the name of an index."""
    for match in _ALONE.finditer(text):
        before = text[max(0, match.start() - _CONTEXT_CHARS) : match.start()]
        if _INDEX_WORDS.search(before):
            yield from _six(match[0], match.start(), match.end(), {"index"}, _SHARED)


def _may_be_bare(content: str, number: int) -> bool:
    """Tell whether digits without a market may be a code: first in the bracket, or among codes."""
    if number == 0:
        return True
    return all(re.match(r"[A-Za-z]{0,2}[.:：]?\d{4,6}", word) for word in _TOKEN.findall(content))


def _tabulated(text: str) -> Iterator[Code]:
    if "\t" not in text:
        return
    start = 0
    for line in text.split("\n"):
        cells = line.split("\t")
        named = len(cells) > 1 and any(_NAME_CELL.fullmatch(cell.strip()) for cell in cells)
        place = start
        for cell in cells if named else ():
            word = cell.strip()
            if _SIX.fullmatch(word):
                inside = place + cell.index(word)
                yield from _six(word, inside, inside + 6, {"stock", "b_share", "cdr"}, _SHARED)
            place += len(cell) + 1
        start += len(line) + 1


def _six(
    code: str, start: int, end: int, kinds: set[str] | frozenset[str], sure: float
) -> Iterator[Code]:
    """Read six digits without a market as the first of the kinds that are wanted."""
    readings = [found for found in candidates(code) if found.kind in kinds]
    if not readings:
        return
    first = readings[0]
    rivals = [found for found in readings[1:] if found.kind == first.kind]
    if rivals:
        return  # the same kind on two exchanges: nothing here decides
    confidence = min(sure, _SHARED) if len(candidates(code)) > 1 else sure
    if _MONTH.fullmatch(code) and sure < _SURE:
        confidence = _DOUBTFUL
    yield Code(first, start, end, confidence)


def _known(code: str, place: str, start: int, end: int, confidence: float) -> Iterator[Code]:
    try:
        security = classify(code, place)
    except SymbolError:
        return  # the market contradicts the code: a typing error, not a mention
    yield Code(security, start, end, confidence)
