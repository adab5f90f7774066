"""The posts of real portals beside the project: what their labels say must be found."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentionstudy.data.articles import Article, read_articles
from mentionstudy.data.mentions import find_mentions, mentions_of
from mentionstudy.data.sample import sample_articles_path

# What must come out on the five seeds and on the bundled sample, which has the same facts.
EXPECTED = {
    "000": (
        {("600718.SH", "eastmoney_widget"): 1, ("02066.HK", "eastmoney_widget"): 1},
        ("2022-01-06T15:11:41+08:00", "second", "front_matter.date", "stated"),
    ),
    "001": ({}, ("2010-02-28T00:00:00+08:00", "day", "text", "date_only")),
    "002": (
        {("600050.SH", "eastmoney_widget"): 1, ("00762.HK", "eastmoney_widget"): 1},
        ("2022-06-14T22:23:32+08:00", "second", "front_matter.date", "stated"),
    ),
    "003": ({}, ("2022-01-23T20:41:05+08:00", "second", "front_matter.date", "stated")),
    "004": (
        {
            ("601328.SH", "stcn_hotword"): 2,
            ("601998.SH", "stcn_hotword"): 1,
            ("601229.SH", "stcn_hotword"): 1,
            ("000750.SZ", "stcn_hotword"): 1,
        },
        ("2021-04-09T18:10:00+08:00", "second", "front_matter.date", "beijing_labelled_gmt"),
    ),
}
FOOTERS = ("NewsShare", "返回", "推荐阅读", "联系我们", "2026", "长安", "关闭")


def check_folder(folder: Path) -> None:
    result = read_articles(folder)
    assert result.failures == []
    assert [Path(article.path).name[:3] for article in result.articles] == sorted(EXPECTED)
    for article in result.articles:
        mentions, (at, *rest) = EXPECTED[Path(article.path).name[:3]]
        found = {(m.symbol, m.dialect): m.occurrences for m in mentions_of(article)}
        assert found == mentions
        assert article.published_at is not None
        assert article.published_at.isoformat() == at
        stated = [article.published_precision, article.published_from, article.zone_policy]
        assert stated == rest
        assert article.title
        assert not any(word in article.text for word in FOOTERS)
        for mention in mentions_of(article):
            for place in mention.positions:
                assert place == -1 or article.text[place:].startswith(mention.surface)


def test_the_bundled_sample_gives_the_expected_table() -> None:
    check_folder(sample_articles_path())


def test_the_seeds_give_the_expected_table(shared: Path) -> None:
    check_folder(shared / "seeds")


def test_the_sample_is_not_the_seeds(shared: Path) -> None:
    ours = "".join(a.text for a in read_articles(sample_articles_path()).articles)
    for article in read_articles(shared / "seeds").articles:
        sentences = [s for s in article.text.replace("\n", "。").split("。") if len(s) > 25]
        assert not [sentence for sentence in sentences if sentence in ours]


@pytest.fixture(scope="module")
def posts(shared: Path) -> dict[str, Article]:
    result = read_articles(shared / "articles" / "posts")
    assert result.failures == []
    return {Path(article.path).name: article for article in result.articles}


@pytest.fixture(scope="module")
def labels(shared: Path) -> list[dict[str, str]]:
    with (shared / "articles" / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


SUFFIX = {"SH": "SH", "SZ": "SZ", "HK": "HK", "US": "US", "BJ": "BJ", "BK": "EM"}
DIALECTS = {
    "em_img": "eastmoney_widget",
    "em_keytip": "eastmoney_keytip",
    "em_key_common": "eastmoney_keytip",
    "stcn_hot": "stcn_hotword",
}


def embedded(label: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """Yield (symbol, kind of widget, occurrences) of a label."""
    for entry in filter(None, label["embedded"].split("; ")):
        security, _, widget, times, _ = entry.split("|")
        market, code = security.split(":")
        yield f"{code}.{SUFFIX[market]}", widget, int(times.removeprefix("x"))


def test_every_post_is_read(posts: dict[str, Article], labels: list[dict[str, str]]) -> None:
    assert len(posts) == len(labels) == 58
    assert set(posts) == {label["file"] for label in labels}


def test_every_eastmoney_and_stcn_code_is_found_as_often_as_labelled(
    posts: dict[str, Article], labels: list[dict[str, str]]
) -> None:
    n_labelled = 0
    for label in labels:
        wanted: Counter[tuple[str, str]] = Counter()
        for symbol, widget, times in embedded(label):
            if widget in DIALECTS:
                wanted[symbol, DIALECTS[widget]] += times
        found = {
            (m.symbol, m.dialect): m.occurrences
            for m in mentions_of(posts[label["file"]])
            if m.dialect in DIALECTS.values()
        }
        assert found == dict(wanted), label["file"]
        n_labelled += len(wanted)
    assert n_labelled >= 30


# What the labels list although a note beside them says that it is no part of the article.
BOILERPLATE = {
    ("gne_04_sina3.html", "00960.HK"),  # a slider of other stories
    ("gne_05_sina4.html", "WB.US"),  # a line that asks to follow the portal's account
}


def labelled_codes(label: dict[str, str]) -> set[str]:
    """Return the symbols that a label says an article names by code."""
    wanted = set()
    for column in ("embedded", "text_codes", "title_codes"):
        for entry in filter(None, label[column].split("; ")):
            market, code = entry.split("|")[0].split(":")
            symbol = f"{code}.{SUFFIX[market]}"
            if "boilerplate" not in entry and (label["file"], symbol) not in BOILERPLATE:
                wanted.add(symbol)
    return wanted


def right_time(label: dict[str, str], article: Article) -> bool:
    """Tell whether an article was published when its label says, by the clock in Beijing."""
    best = label["published_best_cst"].replace("T", " ")[:19]
    at = article.published_at
    # labels give minutes where the page does; a date alone is midnight
    return at is not None and f"{at:%Y-%m-%d %H:%M:%S}".startswith(best.split("+")[0][:16])


def test_recall_and_precision_of_codes(
    posts: dict[str, Article], labels: list[dict[str, str]]
) -> None:
    right, missed, extra = 0, [], []
    for label in labels:
        name = label["file"]
        wanted = {(name, symbol) for symbol in labelled_codes(label)}
        found = {(name, mention.symbol) for mention in mentions_of(posts[name])}
        right += len(wanted & found)
        missed += sorted(wanted - found)
        extra += sorted(found - wanted)
    assert right >= 100
    assert right / (right + len(missed)) >= 0.995, missed
    assert right / (right + len(extra)) >= 0.995, extra


def test_publication_times_are_those_of_the_labels(
    posts: dict[str, Article], labels: list[dict[str, str]]
) -> None:
    stated = [label for label in labels if label["published"]]
    wrong = {
        label["file"]: (label["published_best_cst"], posts[label["file"]].published_at)
        for label in stated
        if not right_time(label, posts[label["file"]])
    }
    assert len(stated) >= 50
    assert len(wrong) / len(stated) <= 0.02, wrong


def test_no_mention_stands_outside_its_article(posts: dict[str, Article]) -> None:
    frame = find_mentions(posts.values())
    assert not frame.duplicated(["article_id", "symbol", "dialect"]).any()
    texts = {article.article_id: article.text for article in posts.values()}
    for row in frame.itertuples():
        for place in map(int, str(row.positions).split(";")):
            assert place == -1 or texts[row.article_id][place:].startswith(row.surface)
