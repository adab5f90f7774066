"""Speed of reading articles and finding their mentions, as ratios to a plain BeautifulSoup loop.

Run ``python tests/benchmarks/bench_articles.py [FOLDER]``: made-up posts of 2 kB and pages of 160
kB from a known and an unknown portal, and then the posts and pages of FOLDER if one is given. Times
are of the processor, the steps take turns and the best of several rounds counts, so that other work
on the machine matters little. The plain loop parses, takes the text and looks through links and
images, as someone would who looks for codes; it knows no time and no code.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench_names import book_of
from bs4 import BeautifulSoup
from made_corpus import page, post

from mentionstudy.data.articles import ReadOptions, read_article
from mentionstudy.data.errors import UnreadableArticle
from mentionstudy.data.mentions import mentions_of
from mentionstudy.data.names import NameBook

ROUNDS = 5
NAMES = 9000  # as many as there are listed firms
BASE = "plain BeautifulSoup"
# a second on two cores, and what a plain loop was said to do on one core
ASKED = {
    ("made posts", "codes"): 8000 / 2 / 1200,
    ("made posts", "codes and names"): 4000 / 2 / 1200,
    ("made pages, known portal", "codes"): 150 / 2 / 11.5,
    ("made pages, unknown portal", "codes"): 20 / 2 / 11.5,
}
Step = Callable[[bytes], object]


def plain(content: bytes) -> object:
    """Parse, take the text, look through links and images."""
    soup = BeautifulSoup(content.decode("utf-8", "replace"), "lxml")
    links = [link.get("href") for link in soup.find_all("a")]
    images = [image.get("src") for image in soup.find_all("img")]
    return soup.get_text(), links, images


def complete(options: ReadOptions, names: NameBook | None = None) -> Step:
    """Return the step from bytes to mentions."""

    def step(content: bytes) -> object:
        try:
            return mentions_of(read_article(content, options), names=names)
        except UnreadableArticle:
            return None

    return step


def rates(steps: dict[str, Step], contents: list[bytes]) -> dict[str, float]:
    """Return how many files a second of processor time each step takes on, in its best round."""
    best = dict.fromkeys(steps, 0.0)
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.process_time()
            for content in contents:
                step(content)
            best[name] = max(best[name], len(contents) / (time.process_time() - start))
    return best


def report(kind: str, contents: list[bytes], steps: dict[str, Step]) -> None:
    """Print one line a step."""
    if not contents:
        return
    size = sum(map(len, contents)) / len(contents) / 1000
    speeds = rates(steps, contents)
    print(f"{kind}: {len(contents)} files of {size:.1f} kB")
    for name, speed in speeds.items():
        ratio = speed / speeds[BASE]
        asked = ASKED.get((kind, name))
        line = f"  {name:28} {speed:9.1f}/s a core {ratio:6.2f}x"
        print(line + (f"  ({asked:.2f}x asked)" if asked else ""), flush=True)


def main() -> None:
    """Print the table."""
    fast = ReadOptions(engine="lxml")
    book = book_of(NAMES)
    steps: dict[str, Step] = {
        BASE: plain,
        "codes, BeautifulSoup inside": complete(ReadOptions(engine="soup")),
        "codes": complete(fast),
        "codes and names": complete(fast, book),
    }
    report("made posts", [post(number) for number in range(600)], steps)
    report("made pages, known portal", [page(number) for number in range(8)], steps)
    unknown = [page(number, 'class="x7"') for number in range(4)]
    report("made pages, unknown portal", unknown, steps)
    if len(sys.argv) > 1:
        files = [file for file in sorted(Path(sys.argv[1]).rglob("*")) if file.is_file()]
        posts = [file.read_bytes() for file in files if file.suffix in (".md", ".txt")]
        pages = [file.read_bytes() for file in files if file.suffix in (".html", ".htm")]
        report("posts of the folder", [post for post in posts if len(post) < 12_000], steps)
        report("pages of the folder", pages, steps)


if __name__ == "__main__":
    main()
