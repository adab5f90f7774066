"""The text layer of PDF files that Chromium writes: ideographs where it put radicals.

In fonts such as WenQuanYi Zen Hei an ideograph and the radical of the same shape share one glyph
(一 and U+2F00, 文 and U+2F42). Chromium names the glyph in the text layer by the lower number, so
that a reader who searches for the word, or copies it, gets another one. The page looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from io import BytesIO
from typing import Any

# Radicals for which Unicode gives no compatible ideograph; from its EquivalentUnifiedIdeograph.
_SIMPLIFIED = {
    **{0x2EA0: "民", 0x2EC1: "虎", 0x2EC4: "西", 0x2EC5: "见", 0x2EC6: "角", 0x2EC8: "讠"},
    **{0x2EC9: "贝", 0x2ECB: "车", 0x2ED0: "钅", 0x2ED1: "長", 0x2ED3: "长", 0x2ED4: "门"},
    **{0x2ED8: "青", 0x2ED9: "韦", 0x2EDA: "页", 0x2EDB: "风", 0x2EDC: "飞", 0x2EDD: "食"},
    **{0x2EE0: "饣", 0x2EE2: "马", 0x2EE3: "骨", 0x2EE4: "鬼", 0x2EE5: "鱼", 0x2EE6: "鸟"},
    **{0x2EE7: "卤", 0x2EE8: "麦", 0x2EE9: "黄", 0x2EEA: "黾", 0x2EEC: "齐", 0x2EEE: "齿"},
    **{0x2EF0: "龙"},
}
_RANGES = re.compile(r"\d+ beginbfrange\s(.*?)endbfrange", re.DOTALL)
_RANGE = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]{4})>")
_CHARS = re.compile(r"(?<=beginbfchar)(.*?)(?=endbfchar)", re.DOTALL)
_CHAR = re.compile(r"(<[0-9A-Fa-f]+>\s*)<([0-9A-Fa-f]{4})>")
_MOST = 100  # entries of one block, by the PDF standard


@cache
def _ideographs() -> dict[int, int]:
    """Map every radical to the ideograph of its shape."""
    found = {code: ord(sign) for code, sign in _SIMPLIFIED.items()}
    for code in range(0x2E80, 0x2FE0):
        same = unicodedata.normalize("NFKC", chr(code))
        if same != chr(code) and len(same) == 1:
            found[code] = ord(same)
    return found


def with_ideographs(pdf: bytes) -> bytes:
    """Return a PDF whose text layer has ideographs for radicals; nothing else changes.

    Parameters
    ----------
    pdf
        As Chromium writes it.
    """
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(pdf))
    seen: set[int] = set()
    for page in writer.pages:
        _mend(page.get("/Resources"), seen)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _mend(resources: Any, seen: set[int]) -> None:
    """Mend the fonts of a page, and of the drawings in it."""
    if resources is None or id(resources.get_object()) in seen:
        return
    found = resources.get_object()
    seen.add(id(found))
    for font in found.get("/Font", {}).values():
        table = font.get_object().get("/ToUnicode")
        if table is not None and id(table.get_object()) not in seen:
            stream = table.get_object()
            seen.add(id(stream))
            stream.set_data(mended(stream.get_data().decode("latin-1")).encode("latin-1"))
        _mend(font.get_object().get("/Resources"), seen)
    for drawing in found.get("/XObject", {}).values():
        _mend(drawing.get_object().get("/Resources"), seen)


def mended(table: str) -> str:
    """Replace the radicals of a ToUnicode table.

    Parameters
    ----------
    table
        Its text: blocks of ``bfchar`` (one code each) and ``bfrange`` (codes in a row).
    """
    single = _RANGES.sub(_expanded, table)
    return _CHARS.sub(lambda block: _CHAR.sub(_named, block[0]), single)


def _expanded(block: re.Match[str]) -> str:
    """Write ranges as single codes: the ideographs of radicals in a row are in no row."""
    lines = []
    for first, last, target in _RANGE.findall(block[1]):
        start, width = int(first, 16), len(first)
        for step in range(int(last, 16) - start + 1):
            lines.append(f"<{start + step:0{width}X}> <{int(target, 16) + step:04X}>")
    parts = [lines[at : at + _MOST] for at in range(0, len(lines), _MOST)]
    return "\n".join(
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts
    )


def _named(entry: re.Match[str]) -> str:
    code = int(entry[2], 16)
    return f"{entry[1]}<{_ideographs().get(code, code):04X}>"
