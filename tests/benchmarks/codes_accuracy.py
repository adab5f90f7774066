"""Recall and precision of codes, and of publication times, on labelled real posts, by portal.

Run ``python tests/benchmarks/codes_accuracy.py FOLDER``; it holds ``labels.csv`` and ``posts/``.
The labels are read as the tests read them.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
from test_real_posts import labelled_codes, right_time  # beside the project, not installed

from mentionstudy.data.articles import Article, read_articles
from mentionstudy.data.mentions import mentions_of

PORTALS = {
    "cls": "Cailianshe",
    "em": "Eastmoney",
    "gne": "saved pages of portals",
    "ifeng": "ifeng",
    "rthk": "RTHK (traditional)",
    "stcn": "Securities Times",
    "wind": "wind",
    "wy": "NetEase",
    "xq": "Xueqiu",
    "xqc": "Xueqiu, crawled",
    "xqcsv": "Xueqiu, CSV",
}


@dataclass
class Counts:
    """What was found on one portal's posts."""

    posts: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    timed: int = 0
    mistimed: list[str] = field(default_factory=list)

    def take(self, label: dict[str, str], article: Article) -> None:
        """Compare one article with its label."""
        wanted = labelled_codes(label)
        found = {mention.symbol for mention in mentions_of(article)}
        self.posts += 1
        self.right += len(wanted & found)
        self.missed += [f"{label['file']} {symbol}" for symbol in sorted(wanted - found)]
        self.extra += [f"{label['file']} {symbol}" for symbol in sorted(found - wanted)]
        if label["published"]:
            self.timed += 1
            if not right_time(label, article):
                best = label["published_best_cst"]
                self.mistimed.append(f"{label['file']} {article.published_at}, labelled {best}")

    def row(self, name: str) -> str:
        """Return one line of the table."""
        recall = share(self.right, self.right + len(self.missed))
        precision = share(self.right, self.right + len(self.extra))
        times = share(self.timed - len(self.mistimed), self.timed)
        codes = self.right + len(self.missed)
        return (
            f"{name:24} {self.posts:5} {codes:6} {recall:>8} {precision:>10} "
            f"{self.timed:6} {times:>8}"
        )


def share(part: int, whole: int) -> str:
    """Write a share; nothing of nothing has none."""
    return f"{part / whole:.1%}" if whole else "-"


def main() -> None:
    """Print the table and everything that is wrong."""
    folder = Path(sys.argv[1])
    result = read_articles(folder / "posts")
    articles = {Path(article.path).name: article for article in result.articles}
    portals: dict[str, Counts] = defaultdict(Counts)
    total = Counts()
    with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        for label in csv.DictReader(file):
            portal = label["file"].split("_")[0]
            for counts in (portals[PORTALS.get(portal, portal)], total):
                counts.take(label, articles[label["file"]])
    print("portal                   posts  codes   recall  precision  timed    right")
    for name in sorted(portals):
        print(portals[name].row(name))
    print(total.row("all"))
    for what in ("missed", "extra", "mistimed"):
        for entry in getattr(total, what):
            print(f"{what}: {entry}")
    for failure in result.failures:
        print(f"unread: {failure.path}: {failure.reason}")


if __name__ == "__main__":
    main()
