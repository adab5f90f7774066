"""Precision and recall of the main text where a page's portal is not known.

Run ``python tests/benchmarks/main_text_accuracy.py FOLDER``. The label of a page from a known
portal is the text in the portal's own container. The page is then read once more without the
classes and ids of its elements, by which portals are known. Counted are the sequences of six
letters that both texts hold, so that it does not matter where lines end.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mentionstudy.data.articles import Article, ReadOptions, read_article

LENGTH = 6
OPTIONS = ReadOptions(engine="lxml")
_MARKS = re.compile(rb"(?<=\s)(class|id|itemprop)(?=\s*=)", re.IGNORECASE)


def without_marks(page: bytes) -> bytes:
    """Return a page without the attributes by which a portal's container is known."""
    return _MARKS.sub(rb"data-was-\1", page)


def sequences(text: str) -> set[str]:
    """Return all sequences of letters of one length."""
    letters = re.sub(r"\W+", "", text)
    return {letters[start : start + LENGTH] for start in range(len(letters) - LENGTH + 1)}


def by_portal(article: Article) -> bool:
    """Tell whether a portal's container held the text."""
    return not any("main text" in note for note in article.notes)


def main() -> None:
    """Print one line a page and the means."""
    found: list[tuple[float, float]] = []
    for file in sorted(Path(sys.argv[1]).rglob("*.htm*")):
        content = file.read_bytes()
        label = read_article(content, OPTIONS)
        if not by_portal(label):
            continue
        read = read_article(without_marks(content), OPTIONS)
        wanted, got = sequences(label.text), sequences(read.text)
        both = len(wanted & got)
        found.append((both / max(1, len(got)), both / max(1, len(wanted))))
        print(f"{file.name:40} precision {found[-1][0]:6.1%} recall {found[-1][1]:6.1%}")
    if not found:
        sys.exit("no page of a known portal")
    precision, recall = (sum(column) / len(found) for column in zip(*found, strict=True))
    print(f"{f'mean of {len(found)} pages':40} precision {precision:6.1%} recall {recall:6.1%}")


if __name__ == "__main__":
    main()
