from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mentionstudy.data.articles import (
    Article,
    FeedTable,
    ReadOptions,
    read_article,
    read_articles,
    suggest_zone_policies,
    write_feeds,
)
from mentionstudy.data.articles.model import BEIJING


def feed(source: str, policy: str, hours: list[int], markup: str = "") -> list[Article]:
    """Make articles that were read at these hours in Beijing."""
    start = datetime(2022, 3, 1, tzinfo=BEIJING)
    return [
        Article(
            article_id=str(n),
            source=source,
            published_at=start + timedelta(days=n, hours=hour),
            published_precision="second",
            zone_policy=policy,  # type: ignore[arg-type]
            markup=markup,
        )
        for n, hour in enumerate(hours)
    ]


def suggestions(articles: list[Article]) -> dict[str, str]:
    frame = suggest_zone_policies(articles)
    return dict(zip(frame["source"], frame["suggestion"], strict=True))


def test_editors_sleep() -> None:
    office = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22] * 2
    believed_and_right = feed("甲", "stated", office)
    # the same hours printed under a false GMT were read eight hours too late
    believed_and_wrong = feed("乙", "stated", [hour + 8 for hour in office])
    corrected_and_right = feed("丙", "beijing_labelled_gmt", office)
    few = feed("丁", "stated", office[:5])
    evenly = feed("戊", "stated", list(range(24)) * 2)
    everything = believed_and_right + believed_and_wrong + corrected_and_right + few + evenly
    assert suggestions(everything) == {
        "甲": "stated",
        "乙": "beijing_labelled_gmt",
        "丙": "beijing_labelled_gmt",
        "丁": "undecided",
        "戊": "undecided",
    }


def test_upload_times_in_the_names_of_images_decide_with_few_articles() -> None:
    # 20220301 and 61446599 milliseconds: 17:04:06 in Beijing
    image = "".join(f'<img src="W0202203{day:02d}61446599123.png">' for day in range(1, 4))
    assert suggestions(feed("甲", "stated", [17, 17, 17], image)) == {"甲": "stated"}
    assert suggestions(feed("乙", "stated", [25, 25, 25], image)) == {"乙": "beijing_labelled_gmt"}
    assert suggestions(feed("丙", "stated", [12, 12, 12], image)) == {"丙": "undecided"}


@pytest.mark.parametrize("name", ["某网", '乙"\\ 网', "丙\x7f\n网"])
def test_suggestions_become_a_table_of_feeds(tmp_path: Path, name: str) -> None:
    office = [9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22] * 2
    articles = feed(name, "stated", [hour + 8 for hour in office]) + feed("甲", "stated", office)
    path = tmp_path / "feeds.toml"
    assert write_feeds(suggest_zone_policies(articles), path) == 1
    (found, *_) = FeedTable.load(path).feeds
    assert (found.match, found.policy) == ((("source", name),), "beijing_labelled_gmt")


def test_a_learned_table_changes_how_posts_are_read(tmp_path: Path) -> None:
    for day in range(1, 29):
        post = f"---\ntitle: t{day}\nauthor: 某网\ndate: {day:02d} Apr 2021 18:10:00 GMT\n---\n文"
        (tmp_path / f"{day}.md").write_text(post, encoding="utf-8")
    path = tmp_path / "feeds.toml"
    before = read_articles(tmp_path).articles
    assert {f"{a.published_at:%H:%M} {a.zone_policy}" for a in before} == {"02:10 stated"}
    assert write_feeds(suggest_zone_policies(before), path) == 1
    table = ReadOptions(feeds=FeedTable.load(path))
    after = [read_article(tmp_path / f"{day}.md", table) for day in range(1, 29)]
    assert {f"{a.published_at:%H:%M} {a.zone_policy}" for a in after} == {
        "18:10 beijing_labelled_gmt"
    }
    assert suggest_zone_policies(after)["suggestion"].tolist() == ["beijing_labelled_gmt"]


def test_dates_and_naive_stamps_say_nothing() -> None:
    assert suggest_zone_policies(feed("甲", "naive_beijing", [3] * 50)).empty
    assert suggest_zone_policies([Article(article_id="0")]).empty


def test_on_real_posts_the_images_agree_with_the_packaged_policy(shared: Path) -> None:
    articles = [
        *read_articles(shared / "seeds").articles,
        *read_articles(shared / "articles" / "posts").articles,
    ]
    frame = suggest_zone_policies(articles).set_index("source")
    times = frame.loc["证券时报网"]
    assert times["in_use"] == "beijing_labelled_gmt"
    assert times["images_agree_as_beijing"] == times["n_images"] > 0
    assert times["images_agree_as_gmt"] == 0
    assert not (
        (frame["suggestion"] != "undecided") & (frame["suggestion"] != frame["in_use"])
    ).any()
