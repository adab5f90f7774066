"""From bytes to text: UTF-8, GB18030, BIG5 and UTF-16, declared rightly, wrongly or not at all."""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

from charset_normalizer import from_bytes

from mentionstudy.data.errors import UnreadableArticle

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ANY_BOM: Final = tuple(bom for bom, _ in _BOMS)
_CHINESE: Final = ("gb18030", "big5hkscs")
_DECLARED: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
_SNIFFED_BYTES: Final = 8192
# Control characters and lone surrogates; and zero-width characters and soft hyphens, which split
# names and codes without being seen.
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_CONTROL_BYTES: Final = bytes((*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)))
_UNWANTED_BYTES: Final = bytes((*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F))
# What is looked for in the bytes of UTF-8 and nothing else: unwanted ones as zeros, and the letters
# of one word. The more bytes are the same, the faster are the searches.
_WORD: Final = b"charset"
_SIEVED: Final = dict.fromkeys(_UNWANTED_BYTES, 0) | dict(
    zip(_WORD + _WORD.upper(), _WORD + _WORD, strict=True)
)
_SIEVE: Final = bytes([_SIEVED.get(byte, ord(" ")) for byte in range(0x100)])
# The unwanted characters of several bytes; the first is searched for in a fraction of the time.
_UNWANTED_UTF8: Final = (
    (b"\xc2", re.compile(rb"\xc2\xad")),
    (b"\xe2", re.compile(rb"\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xa4])")),
    (b"\xef", re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbb\xbf|\xbf[\xbe\xbf])")),
)
_CONTROL_SHARE: Final = 0.02  # of bytes; text has next to none, compressed data a tenth


class Decoded(NamedTuple):
    """Text from bytes.

    Attributes
    ----------
    text
        With LF line ends, without control and invisible characters.
    encoding
        The encoding that was used.
    notes
        Filled if the encoding had to be found out.
    """

    text: str
    encoding: str
    notes: tuple[str, ...]


def decode(data: bytes, path: str) -> Decoded:
    """Decode the bytes of a document.

    UTF-8 is tried first, whatever is declared: text that is valid UTF-8 is UTF-8. Otherwise
    GB18030 and BIG5 are told apart by how plausible the characters are.

    Parameters
    ----------
    data
        The bytes, not empty.
    path
        Named in the error.

    Returns
    -------
    Decoded
        The text and how it was decoded.

    Raises
    ------
    UnreadableArticle
        ``binary`` for data that is not text, ``encoding`` for text in no known encoding.
    """
    for bom, encoding in _BOMS if data.startswith(_ANY_BOM) else ():
        if data.startswith(bom):
            try:
                return Decoded(clean_text(data.decode(encoding)), encoding, ())
            except UnicodeDecodeError as error:
                raise _undecodable(path, f"it is marked as {encoding}, {_place(error)}") from error
    head, damage = data[:_SNIFFED_BYTES], None
    try:
        text, encoding = data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        text, encoding, damage = "", "", error
    else:
        sieved = data.translate(_SIEVE)
        if not _has_unwanted(data, sieved) and not data.startswith(b"%PDF-"):
            notes = _notes(head, encoding) if _WORD in sieved else ()
            return Decoded(_line_feeds(text), encoding, notes)
    if _is_binary(head):
        raise UnreadableArticle(
            path, "binary", "this is a binary file, not an article; give text, Markdown or HTML"
        )
    if damage is not None:
        text, encoding = _decode_chinese(data, path, damage)
    return Decoded(clean_text(text), encoding, _notes(head, encoding))


def clean_text(text: str) -> str:
    """Normalise line ends and drop control and invisible characters and lone surrogates."""
    return _UNWANTED.sub("", _line_feeds(text))


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _has_unwanted(data: bytes, sieved: bytes) -> bool:
    """Tell whether UTF-8 holds what `clean_text` drops, in half the time of looking at the text."""
    return 0 in sieved or any(
        [first in data and unwanted.search(data) for first, unwanted in _UNWANTED_UTF8]
    )


def _decode_chinese(data: bytes, path: str, error: UnicodeDecodeError) -> tuple[str, str]:
    best = from_bytes(data, cp_isolation=[*_CHINESE]).best()
    if best is not None and best.encoding in _CHINESE:
        return str(best), best.encoding
    # One damaged byte in a long text: the reading with the fewest damaged places, if few.
    tries = {name: data.decode(name, errors="replace") for name in ("utf-8", *_CHINESE)}
    name = min(tries, key=lambda key: tries[key].count("\ufffd"))
    if tries[name].count("\ufffd") * 200 > len(tries[name]):
        raise _undecodable(path, f"as UTF-8 {_place(error)}, and it is no GB18030 or BIG5 either")
    return tries[name], name


def _notes(head: bytes, encoding: str) -> tuple[str, ...]:
    declared = _DECLARED.search(head)
    name = declared[1].decode("ascii").lower() if declared else ""
    if name:
        try:
            same = codecs.lookup(name).name == codecs.lookup(encoding).name
        except LookupError:  # no charset of Python's, so not worth a word
            same = True
        family = name in {"gb2312", "gbk", "gb18030"} and encoding == "gb18030"
        if not (same or family or (name == "big5" and encoding == "big5hkscs")):
            return (f"declares the charset {name} but is {encoding}",)
        return ()
    return () if encoding == "utf-8" else (f"decoded as {encoding}, which it does not declare",)


def _is_binary(head: bytes) -> bool:
    if b"\x00" in head or head.startswith((b"%PDF-", b"PK\x03\x04", b"\x1f\x8b")):
        return True
    n_controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return n_controls > _CONTROL_SHARE * len(head)


def _place(error: UnicodeDecodeError) -> str:
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"byte {error.start} (line {line}) does not decode"


def _undecodable(path: str, why: str) -> UnreadableArticle:
    return UnreadableArticle(path, "encoding", f"{why}; save the file as UTF-8")
