"""What is said of events from their articles alone, and which of them confound one another."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from mentionstudy.data import find_events
from mentionstudy.data.articles import Article, articles_to_frame
from mentionstudy.data.articles.model import BEIJING
from mentionstudy.data.attributes import ATTRIBUTES, event_attributes
from mentionstudy.data.confounding import confounded, sessions_to_nearest
from mentionstudy.data.topics import topics_of


def made(name: str, title: str, day: int, text: str = "短讯", **more: object) -> Article:
    at = dt.datetime(2022, 3, day, 10, tzinfo=BEIJING)
    fields = {"published_at": at, "published_precision": "second", "categories": ("财经", "快讯")}
    return Article(article_id=name, title=title, text=text, **(fields | more))


def mentions(*rows: tuple[str, str, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["article_id", "symbol", "role", "in_title"])
    return frame.assign(kind="stock", dialect="text_code", confidence=0.9)


ARTICLES = articles_to_frame(
    [
        made("a", "东软集团与医院签订战略合作协议", 1),
        made("b", "大股东增持，业绩预增", 2, "长" * 400, categories=()),
        made("c", "無題", 30, "长" * 2000),
        made("d", "转述", 30),
    ]
)
MENTIONS = mentions(
    ("a", "600718.SH", "subject", True),
    ("a", "600030.SH", "analyst", False),
    ("b", "600718.SH", "subject", False),
    ("b", "600050.SH", "subject", False),
    ("c", "600718.SH", "subject", False),
    ("d", "600718.SH", "subject", False),
    *(("c", f"60000{n}.SH", "subject", False) for n in range(4)),
)


def described(**options: object) -> pd.DataFrame:
    events = find_events(ARTICLES, MENTIONS).events
    return events.join(event_attributes(events, ARTICLES, MENTIONS, **options)).set_index(
        "event_id"
    )


def test_events_are_described_by_their_first_article():
    table = described()
    assert set(ATTRIBUTES) <= set(table.columns)
    of = table.loc[["600718.SH@2022-03-01", "600718.SH@2022-03-02", "600718.SH@2022-03-30"]]
    assert of["topic"].tolist() == ["cooperation", "earnings", "other"]
    assert of["topics"].tolist() == ["cooperation", "earnings;holding_up", "other"]
    assert of["category"].tolist() == ["财经", "none", "财经"]
    assert of["reach"].tolist() == ["one", "one", "few"]
    # whom an article only quotes is nobody that it is about
    assert of["co_mentions"].tolist() == [0, 1, 4]
    assert of["company"].tolist() == ["alone", "few", "many"]
    assert of["place"].tolist() == ["title", "text", "text"]
    assert of["length"].tolist() == ["flash", "report", "feature"]
    assert of["confounded"].tolist() == ["yes", "yes", "no"]


def test_no_events_have_no_attributes():
    nothing = find_events(ARTICLES, MENTIONS.iloc[:0]).events
    assert list(event_attributes(nothing, ARTICLES, MENTIONS).columns) == list(ATTRIBUTES)


@pytest.mark.parametrize(
    ("title", "topics"),
    [
        ("某公司：控股股東擬減持不超過2%", "holding_down"),  # traditional characters
        ("拟10派6.4元", "dividend"),
        ("收到证监局立案告知书", "regulation"),
        ("某基金公司周年庆", "other"),
    ],
)
def test_topics_are_those_of_the_words(title, topics):
    assert topics_of([title, title]) == [topics, topics]


def test_another_share_of_the_firm_confounds_unless_it_is_the_same_news():
    events = pd.DataFrame(
        [
            ("601328.SH", "SH", "2022-03-02", "a"),
            ("03328.HK", "HK", "2022-03-01", "a"),
            ("03328.HK", "HK", "2022-03-08", "b"),
            ("600718.SH", "SH", "2022-03-02", "b"),
        ],
        columns=["symbol", "exchange", "day0", "article_ids"],
    ).astype({"day0": "datetime64[us]"})
    firms = {"601328.SH": "x", "03328.HK": "x"}
    assert sessions_to_nearest(events).tolist() == [pd.NA, 5, 5, pd.NA]
    assert sessions_to_nearest(events, firms).tolist() == [4, 5, 4, pd.NA]
    assert confounded(events, within=4, firms=firms).tolist() == [True, False, True, False]
