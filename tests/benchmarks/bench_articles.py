"""Speed of reading articles and finding their codes, as a ratio to a plain BeautifulSoup loop.

Run ``python tests/benchmarks/bench_articles.py [FOLDER]``; without a folder it reads the bundled
sample. Times are of the processor, so that other work on the machine matters little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from bs4 import BeautifulSoup

from mentionstudy.data.articles import ReadOptions, read_article
from mentionstudy.data.errors import UnreadableArticle
from mentionstudy.data.mentions import mentions_of
from mentionstudy.data.sample import sample_articles_path

MIN_SECONDS = 2.0
BASE = "plain BeautifulSoup"
Step = Callable[[bytes], object]


def rates(steps: dict[str, Step], contents: list[bytes]) -> dict[str, float]:
    """Return how many files a second of processor time each step takes on.

    The steps take turns, so that a busy moment of the machine hits all of them.
    """
    spent = dict.fromkeys(steps, 0.0)
    n = 0
    while min(spent.values()) < MIN_SECONDS:
        for name, step in steps.items():
            start = time.process_time()
            for content in contents:
                step(content)
            spent[name] += time.process_time() - start
        n += len(contents)
    return {name: n / seconds for name, seconds in spent.items()}


def plain(content: bytes) -> str:
    """Parse with BeautifulSoup and take the text, nothing else."""
    return BeautifulSoup(content.decode("utf-8", "replace"), "lxml").get_text()


def complete(options: ReadOptions) -> Step:
    """Return the step from bytes to mentions."""

    def step(content: bytes) -> object:
        try:
            return mentions_of(read_article(content, options))
        except UnreadableArticle:
            return None

    return step


def main() -> None:
    """Print one line per kind of file."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else sample_articles_path()
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    posts = [file.read_bytes() for file in files if file.suffix in (".md", ".txt")]
    pages = [file.read_bytes() for file in files if file.suffix in (".html", ".htm")]
    steps = {
        BASE: plain,
        "text, time, mentions (soup)": complete(ReadOptions(engine="soup")),
        "text, time, mentions (lxml)": complete(ReadOptions(engine="lxml")),
    }
    for kind, contents in (("posts", [c for c in posts if len(c) < 12_000]), ("pages", pages)):
        if not contents:
            continue
        size = sum(map(len, contents)) / len(contents) / 1000
        speeds = rates(steps, contents)
        for name, speed in speeds.items():
            row = f"{kind:6} {len(contents):4} files of {size:6.1f} kB  {name:28}"
            sys.stdout.write(f"{row} {speed:9.1f}/s  {speed / speeds[BASE]:5.2f}x\n")


if __name__ == "__main__":
    main()
