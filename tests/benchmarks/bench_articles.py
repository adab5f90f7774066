"""Speed of reading articles and finding their mentions, as ratios to a plain BeautifulSoup loop.

Run ``python tests/benchmarks/bench_articles.py [FOLDER]``: files with made-up posts of 2 kB and
pages of 160 kB from a known and an unknown portal, and then the posts and pages of FOLDER if one is
given, the pages also without the marks by which their portals are known. Times are of the
processor, the steps take turns and the best of several rounds counts, so that other work on the
machine matters little. All steps begin at the files.

The plain loop reads the bytes of each file, parses them, takes the text and looks through links and
images, as someone would who looks for codes; it knows no time and no code. A third of its time is
spent on finding out the encoding: the second line decodes as UTF-8 first.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench_names import book_of
from bs4 import BeautifulSoup
from lxml import etree, html
from made_corpus import page, post
from main_text_accuracy import without_marks

from mentionstudy.data.articles import Article, ReadOptions, read_articles_iter
from mentionstudy.data.mentions import find_mentions
from mentionstudy.data.names import NameBook

ROUNDS = 5
NAMES = 9000  # as many as there are listed firms
BASE = "plain BeautifulSoup"
# a second on two cores, and what a plain loop was said to do on one core
ASKED = {
    ("posts", "codes"): 8000 / 2 / 1200,
    ("posts", "codes and names"): 4000 / 2 / 1200,
    ("pages, known portal", "codes"): 150 / 2 / 11.5,
    ("pages, unknown portal", "codes"): 20 / 2 / 11.5,
}
Step = Callable[[Sequence[Path]], object]


def plain(read: Callable[[Path], str | bytes]) -> Step:
    """Return the step that parses, takes the text, looks through links and images."""

    def step(files: Sequence[Path]) -> None:
        for file in files:
            soup = BeautifulSoup(read(file), "lxml")
            soup.get_text()
            [link.get("href") for link in soup.find_all("a")]
            [image.get("src") for image in soup.find_all("img")]

    return step


def lxml_alone(files: Sequence[Path]) -> None:
    """Do the same with lxml."""
    parser = html.HTMLParser(encoding="utf-8")
    for file in files:
        tree = html.document_fromstring(file.read_bytes() or b"<p>", parser=parser)
        etree.tostring(tree, method="text", encoding="unicode")
        [link.get("href") for link in tree.iter("a")]
        [image.get("src") for image in tree.iter("img")]


def complete(options: ReadOptions, names: NameBook | None = None) -> Step:
    """Return the step from files to mentions."""

    def step(files: Sequence[Path]) -> object:
        folder = files[0].parent
        articles = (
            item
            for item in read_articles_iter(folder, options=options)
            if isinstance(item, Article)
        )
        return find_mentions(articles, names=names)

    return step


def rates(steps: dict[str, Step], files: Sequence[Path]) -> dict[str, float]:
    """Return how many files a second of processor time each step takes on, in its best round."""
    best = dict.fromkeys(steps, 0.0)
    for _ in range(ROUNDS):
        for name, step in steps.items():
            gc.collect()  # no step pays for what the one before it left
            start = time.process_time()
            step(files)
            best[name] = max(best[name], len(files) / (time.process_time() - start))
    return best


def report(kind: str, contents: list[bytes], suffix: str, steps: dict[str, Step]) -> None:
    """Print one line a step."""
    if not contents:
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number:06d}{suffix}" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        speeds = rates(steps, files)
    size = sum(map(len, contents)) / len(contents) / 1000
    print(f"{kind}: {len(contents)} files of {size:.1f} kB")
    for name, speed in speeds.items():
        ratio = speed / speeds[BASE]
        asked = ASKED.get((kind.split(" ", 1)[1], name))
        line = f"  {name:28} {speed:9.1f}/s a core {ratio:6.2f}x"
        print(line + (f"  ({asked:.2f}x asked)" if asked else ""), flush=True)


def main() -> None:
    """Print the table."""
    fast = ReadOptions(engine="lxml")
    book = book_of(NAMES)
    steps: dict[str, Step] = {
        BASE: plain(Path.read_bytes),
        "the same, decoded first": plain(lambda file: file.read_text("utf-8", "replace")),
        "lxml alone": lxml_alone,
        "codes, BeautifulSoup inside": complete(ReadOptions(engine="soup")),
        "codes": complete(fast),
        "codes and names": complete(fast, book),
    }
    report("made posts", [post(number) for number in range(1000)], ".md", steps)
    report("made pages, known portal", [page(number) for number in range(8)], ".html", steps)
    unknown = [page(number, 'class="x7"') for number in range(4)]
    report("made pages, unknown portal", unknown, ".html", steps)
    if len(sys.argv) > 1:
        given = [file for file in sorted(Path(sys.argv[1]).rglob("*")) if file.is_file()]
        posts = [file.read_bytes() for file in given if file.suffix in (".md", ".txt")]
        pages = [file.read_bytes() for file in given if file.suffix in (".html", ".htm")]
        report("given posts", 20 * [post for post in posts if len(post) < 12_000], ".md", steps)
        report("given pages", pages, ".html", steps)
        unknown = [without_marks(page) for page in pages]
        report("given pages, unknown portal", unknown, ".html", steps)


if __name__ == "__main__":
    main()
