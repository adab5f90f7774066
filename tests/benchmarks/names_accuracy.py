"""Recall and precision of companies named, all routes together, by portal.

Run ``python tests/benchmarks/names_accuracy.py POSTS`` with the folder of the labelled posts, which
are other people's texts and no part of the project. Exit code 1 if a target is missed; with
``--verbose`` every miss and every wrong find is listed.

What is compared, in ``tests/data/named``:

* ``labels.csv``: one row a firm that a post names, with its role there, labelled without
  looking at what the program finds. ``open`` rows are cases on which readers may differ (a parent
  of the same name, a subsidiary, a firm listed only later); they count neither way.
* ``a_share_list.csv``: all 5,640 A and B shares of October 2023, delisted ones included, as the
  package adata 2.9.5 (Apache-2.0) carries them: the names that the exchanges list. Almost all of
  them are distractors here.
* ``more_names.csv``: short names of some 230 shares in Hong Kong (out of 2,600: a full list was not
  at hand), former and registered names of labelled firms and of some others, and as ``alias`` what
  people call firms, which no exchange lists; results are shown without and with these.

Firms count, not shares: an A share found where the label says H is right.

The rules were mended after a look at the errors of the first run, which had a recall of 93.7 % and
a precision of 97.7 % (any role, names that exchanges list); two former names
were added then, and one (中国中期) later.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from datetime import date
from functools import lru_cache
from pathlib import Path

from mentionstudy.data import mentions_of, read_articles
from mentionstudy.data.articles import Article
from mentionstudy.data.names import NameBook, NameEntry

FACTS = Path(__file__).parents[1] / "data" / "named"
KINDS = {"stock", "b_share", "cdr"}
RECALL, PRECISION = 0.85, 0.97


@lru_cache
def rows(name: str) -> list[dict[str, str]]:
    """Read one of the tables of facts."""
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def book_of(*, aliases: bool) -> NameBook:
    """Make the book of names; shares with one name in Hong Kong and at home are one firm."""
    shares = rows("a_share_list.csv")
    more = [row for row in rows("more_names.csv") if aliases or row["kind"] != "alias"]
    entries = [NameEntry(row["name"], row["symbol"], "short") for row in shares]
    entries += [NameEntry(row["name"], row["symbol"], row["kind"]) for row in more]  # type: ignore[arg-type]
    listed = {
        row["symbol"]: date.fromisoformat(row["listed_on"]) for row in shares if row["listed_on"]
    }
    return NameBook(entries, firms_of(entries), listed)


def firms_of(entries: list[NameEntry]) -> dict[str, frozenset[str]]:
    """Join an A share with the H or B share of the same name."""
    by_stem: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind == "short":
            stem = entry.name.removesuffix("股份").rstrip("AB") or entry.name
            by_stem.setdefault(stem, set()).add(entry.symbol)
    groups = [set(pair) for pair in OTHER_PAIRS]
    groups += [symbols for symbols in by_stem.values() if one_firm(symbols)]
    return {symbol: frozenset(group - {symbol}) for group in groups for symbol in group}


OTHER_PAIRS = (
    ("000002.SZ", "200002.SZ", "02202.HK"),
    ("600650.SH", "900914.SH"),
    ("601066.SH", "06066.HK"),
    ("601601.SH", "02601.HK"),
)


def one_firm(symbols: set[str]) -> bool:
    """Tell whether shares of one name are of different kinds, as those of one firm are."""
    kinds = [
        "H" if symbol.endswith("HK") else "B" if symbol[0] in "29" else "A" for symbol in symbols
    ]
    return len(symbols) > 1 and len(set(kinds)) == len(kinds)


def measure(
    posts: dict[str, Article], book: NameBook, *, subjects: bool
) -> tuple[dict[str, Counter[str]], list[str]]:
    """Count right, wrong and missed firms by portal.

    Parameters
    ----------
    posts
        By file name.
    book
        The names to look for.
    subjects
        Count only firms that the post is about; else whoever is named in any role.
    """
    counts: dict[str, Counter[str]] = {}
    remarks: list[str] = []
    roles = {"subject"} if subjects else {"subject", "analyst"}
    for name, made in sorted(posts.items()):
        given = [(firm(row["symbol"], book), row["role"]) for row in labels_of(name)]
        wanted = {symbol for symbol, role in given if role in roles}
        either = {symbol for symbol, role in given if role == "open"}
        found = {
            firm(m.symbol, book)
            for m in mentions_of(made, names=book)
            if m.kind in KINDS and m.role in roles | (set() if subjects else {"source"})
        }
        missed, wrong = sorted(wanted - found), sorted(found - wanted - either)
        count = counts.setdefault(name.split("_")[0], Counter())
        count.update(right=len(found & wanted), wrong=len(wrong), missed=len(missed))
        remarks += [f"missed {name} {symbol}" for symbol in missed]
        remarks += [f"wrong  {name} {symbol}" for symbol in wrong]
    return counts, remarks


def labels_of(name: str) -> list[dict[str, str]]:
    """Return the labels of one post."""
    return [row for row in rows("labels.csv") if row["file"] == name and row["symbol"]]


def firm(symbol: str, book: NameBook) -> str:
    """Name a firm by the first of its shares."""
    return min(book.firm(symbol))


def show(title: str, counts: dict[str, Counter[str]]) -> None:
    """Print one table."""
    head = f"{'right':>7}{'wrong':>7}{'missed':>8}{'recall':>9}{'precision':>11}"
    print(f"\n{title}\n  {'portal':8}{head}")
    total: Counter[str] = sum(counts.values(), Counter())
    for portal, count in [*counts.items(), ("all", total)]:
        print(
            f"  {portal:8}{count['right']:7}{count['wrong']:7}{count['missed']:8}"
            f"{share(count, 'missed'):>9}{share(count, 'wrong'):>11}"
        )


def met(counts: dict[str, Counter[str]]) -> bool:
    """Tell whether a total meets the targets."""
    total: Counter[str] = sum(counts.values(), Counter())
    right = total["right"]
    return right >= RECALL * (right + total["missed"]) and right >= PRECISION * (
        right + total["wrong"]
    )


def share(count: Counter[str], other: str) -> str:
    """Write the share of the right ones among these and others; empty where there are none."""
    of = count["right"] + count[other]
    return f"{count['right'] / of:.1%}" if of else "-"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("posts", type=Path, help="folder of the labelled posts")
    parser.add_argument("--verbose", action="store_true", help="list what is missed and wrong")
    given = parser.parse_args()
    read = read_articles(given.posts).articles
    posts = {Path(article.path).name: article for article in read}
    missed_target = False
    for aliases in (False, True):
        book = book_of(aliases=aliases)
        for subjects in (False, True):
            counts, remarks = measure(posts, book, subjects=subjects)
            what = "firms that a post is about" if subjects else "firms named in any role"
            names = "names that exchanges list" + (" and what people say" if aliases else "")
            show(f"{what}; {names} ({len(book):,})", counts)
            missed_target |= not met(counts)
            for remark in remarks if given.verbose else ():
                print(f"    {remark}")
    verdict = "MISSED" if missed_target else "met"
    print(f"\ntargets (recall {RECALL:.0%}, precision {PRECISION:.0%}): {verdict}")
    return int(missed_target)


if __name__ == "__main__":
    sys.exit(main())
