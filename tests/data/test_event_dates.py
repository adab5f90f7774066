from __future__ import annotations

from datetime import date, datetime

import pytest

from mentionstudy.data.articles import Article, event_date, read_articles
from mentionstudy.data.articles.model import BEIJING
from mentionstudy.data.sample import sample_articles_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022年1月4日，两家公司签约。", date(2022, 1, 4)),
        ("公司1月4日晚间公告称", date(2022, 1, 4)),
        ("6月8日至9日走访", None),  # half a year ago is background
        ("12月30日，公司与银行签约", date(2021, 12, 30)),  # of the year before
        ("项目将于2022年3月1日投产，1月5日签约", date(2022, 1, 5)),  # plans are no events
        ("2021年12月1日起施行的办法", None),
        ("2月30日", None),
        ("今日公告", None),
        ("。" * 500 + "1月4日", None),
    ],
)
def test_the_day_of_the_event(text: str, expected: date | None) -> None:
    published = datetime(2022, 1, 6, 15, 11, 41, tzinfo=BEIJING)
    assert event_date(Article(article_id="0", published_at=published, text=text)) == expected


def test_without_publication_there_is_nothing_to_compare_with() -> None:
    assert event_date(Article(article_id="0", text="2022年1月4日签约")) is None


def test_on_the_sample() -> None:
    days = [event_date(article) for article in read_articles(sample_articles_path()).articles]
    assert days == [
        date(2022, 1, 4),
        date(2010, 2, 28),
        date(2022, 6, 8),
        None,
        date(2021, 4, 9),
    ]
