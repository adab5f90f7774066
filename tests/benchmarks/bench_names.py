"""Speed of finding companies by name, and of grouping copies, as ratios to reading alone.

Run ``python tests/benchmarks/bench_names.py [FOLDER [NAMES]]``: files of FOLDER (the bundled sample
without one) with a book of NAMES made-up names (9,000 by default, as many as there are listed
firms) beside the bundled ones. Times are of the processor, so that other work on the machine
matters little; the steps take turns.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mentionstudy.data.articles import Article, ReadOptions, read_article
from mentionstudy.data.duplicates import group_duplicates
from mentionstudy.data.errors import UnreadableArticle
from mentionstudy.data.master import Master
from mentionstudy.data.mentions import mentions_of
from mentionstudy.data.names import NameBook, NameEntry
from mentionstudy.data.sample import sample_articles_path

MIN_SECONDS = 3.0
ENDINGS = ("股份", "科技", "集团", "生物", "电子", "能源", "银行", "证券", "医药")
OPTIONS = ReadOptions(engine="lxml")


def book_of(count: int) -> NameBook:
    """The bundled names and `count` made-up ones."""
    rng = random.Random(1)
    han = [chr(code) for code in range(0x4E00, 0x9000)]
    made = [
        NameEntry(
            "".join(rng.choices(han, k=2)) + rng.choice(ENDINGS), f"60{n % 4000:04d}.SH", "short"
        )
        for n in range(count)
    ]
    return NameBook.of(Master.bundled(), made)


def rates(steps: dict[str, Callable[[bytes], object]], files: list[bytes]) -> dict[str, float]:
    """Return how many files a second of processor time each step takes on."""
    spent = dict.fromkeys(steps, 0.0)
    count = 0
    while min(spent.values()) < MIN_SECONDS:
        for name, step in steps.items():
            start = time.process_time()
            for content in files:
                step(content)
            spent[name] += time.process_time() - start
        count += len(files)
    return {name: count / seconds for name, seconds in spent.items()}


def readable(folder: Path) -> list[bytes]:
    """The contents of the folder's files that are articles."""
    found = []
    for path in sorted(filter(Path.is_file, folder.rglob("*"))):
        content = path.read_bytes()
        try:
            read_article(content, options=OPTIONS)
        except UnreadableArticle:
            continue
        found.append(content)
    return found


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else sample_articles_path()
    book = book_of(int(sys.argv[2]) if len(sys.argv) > 2 else 9000)
    files = readable(folder)
    start = time.process_time()
    book.matches("")
    print(f"{book}; made ready in {time.process_time() - start:.2f} s")
    print(f"{len(files)} files, {sum(map(len, files)) / len(files):,.0f} bytes on average")
    steps: dict[str, Callable[[bytes], object]] = {
        "read": lambda data: read_article(data, options=OPTIONS),
        "read, codes": lambda data: mentions_of(read_article(data, options=OPTIONS)),
        "read, codes, names": lambda data: mentions_of(
            read_article(data, options=OPTIONS), names=book
        ),
    }
    found = rates(steps, files)
    for name, rate in found.items():
        print(f"{name:20} {rate:8,.0f} a second  {rate / found['read']:5.2f} of reading alone")
    articles: list[Article] = []
    for copy in range(max(1, 3000 // len(files))):
        for data in files:
            made = read_article(data, options=OPTIONS)
            name, text = f"{made.article_id}{copy}", f"{made.text[copy % 50 :]}{copy}"
            articles.append(replace(made, article_id=name, text=text))
    start = time.process_time()
    groups = group_duplicates(articles)["group_id"].nunique()
    seconds = time.process_time() - start
    print(f"group_duplicates     {len(articles) / seconds:8,.0f} a second ({groups} groups)")


if __name__ == "__main__":
    main()
