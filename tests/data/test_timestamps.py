from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.data.articles.feeds import FeedTable
from mentionstudy.data.articles.timestamps import decide, find_stamps, parse_stamp
from mentionstudy.data.errors import FileSchemaError

FEEDS = FeedTable.load()


@pytest.mark.parametrize(
    ("text", "clock", "precision", "hours"),
    [
        ("2022-01-06 15:11:41 +0800", "2022-01-06 15:11:41", "second", 8),
        ("2021-12-08T10:19:17+08:00", "2021-12-08 10:19:17", "second", 8),
        ("2021-12-08T10:19:17.250Z", "2021-12-08 10:19:17", "second", 0),
        ("Fri, 09 Apr 2021 18:10:00 GMT", "2021-04-09 18:10:00", "second", 0),
        ("Fri, 09 Apr 2021 18:10:00 +0900", "2021-04-09 18:10:00", "second", 9),
        ("2021-12-01 13:33:50", "2021-12-01 13:33:50", "second", None),
        ("2019年09月11日01:53", "2019-09-11 01:53:00", "minute", None),
        ("2019-09-26 12:11  来源：", "2019-09-26 12:11:00", "minute", None),
        ("2022/1/6 9:05", "2022-01-06 09:05:00", "minute", None),
        ("20190926121100", "2019-09-26 12:11:00", "second", None),
        ("2010年2月28日", "2010-02-28 00:00:00", "day", None),
        ("2019-09-25", "2019-09-25 00:00:00", "day", None),
    ],
)
def test_stamps_of_portals(text: str, clock: str, precision: str, hours: int | None) -> None:
    stamp = parse_stamp(text)
    assert stamp is not None
    assert str(stamp.clock) == clock
    assert stamp.precision == precision
    assert stamp.offset == (None if hours is None else timedelta(hours=hours))


@given(
    year=st.sampled_from([1989, 1990, 2021, 2024]),
    day=st.sampled_from([(2, 29), (4, 31), (6, 1), (13, 1), (12, 31)]),
    clock=st.sampled_from(["00:00:00", "09:05:07", "23:59:60", "24:00:00"]),
    zone=st.sampled_from(["", " +0800", "+08:00", " +0000", "Z", " GMT", " +0900", " CST", "x"]),
)
def test_usual_stamps_are_read_like_all_others(
    year: int, day: tuple[int, int], clock: str, zone: str
) -> None:
    month, date = day
    others = parse_stamp(f"{year}/{month}/{date} {clock}{zone}")
    assert parse_stamp(f"{year}-{month:02}-{date:02} {clock}{zone}") == others
    if zone == " GMT":
        name = "JanFebMarAprMayJunJulAugSepOctNovDecFoo"[3 * month - 3 : 3 * month]
        others = parse_stamp(f"{date} {name} {year} {clock} GMT")
        assert parse_stamp(f"Fri, {date:02} {name} {year} {clock} GMT") == others


@pytest.mark.parametrize(
    "text", ["Invalid Date", "+0800", "", "泰国", "2022-13-01", "2021-02-30", "1970-01-01", "18:10"]
)
def test_what_is_no_date_is_no_date(text: str) -> None:
    assert parse_stamp(text) is None


@pytest.mark.parametrize(
    ("stamp", "source", "at", "precision", "policy"),
    [
        ("2022-01-06 15:11:41 +0800", "", "2022-01-06T15:11:41+08:00", "second", "stated"),
        ("2021-12-01 13:33:50", "", "2021-12-01T13:33:50+08:00", "second", "naive_beijing"),
        (
            "Fri, 09 Apr 2021 18:10:00 GMT",
            "证券时报网",
            "2021-04-09T18:10:00+08:00",
            "second",
            "beijing_labelled_gmt",
        ),
        # the same feed with an honest label is believed
        (
            "2021-04-09 18:10:00 +0800",
            "证券时报网",
            "2021-04-09T18:10:00+08:00",
            "second",
            "stated",
        ),
        (
            "Mon, 22 Mar 2021 09:07:20 GMT",
            "财联社",
            "2021-03-22T17:07:20+08:00",
            "second",
            "stated",
        ),
        ("Thu, 19 Aug 2021 07:24:17 GMT", "雪球", "2021-08-19T15:24:17+08:00", "second", "stated"),
        ("Thu, 19 Aug 2021 20:24:17 GMT", "", "2021-08-20T04:24:17+08:00", "second", "stated"),
        ("Mon, 22 Mar 2021 00:00:00 GMT", "", "2021-03-22T00:00:00+08:00", "day", "date_only"),
        (
            "Mon, 22 Mar 2021 00:00:00 GMT",
            "格隆汇",
            "2021-03-22T00:00:00+08:00",
            "day",
            "date_only",
        ),
        ("2010年2月28日", "", "2010-02-28T00:00:00+08:00", "day", "date_only"),
    ],
)
def test_zone_policies(stamp: str, source: str, at: str, precision: str, policy: str) -> None:
    parsed = parse_stamp(stamp)
    assert parsed is not None
    published = decide(parsed, "front_matter.date", {"source": (source,)}, FEEDS)
    assert published.at is not None
    assert published.at.isoformat() == at
    assert (published.precision, published.policy) == (precision, policy)
    assert published.origin == "front_matter.date"


def test_a_user_can_add_a_feed_and_overrule_a_packaged_one(tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(
        '[[feed]]\nname = "n"\npolicy = "stated"\n'
        'match = { source = "证券时报网", url = "stcn.com" }\n',
        encoding="utf-8",
    )
    stamp = parse_stamp("Fri, 09 Apr 2021 18:10:00 GMT")
    assert stamp is not None
    feeds = FeedTable.load(table)
    mine = {"source": ("证券时报网",), "url": ("https://news.stcn.com/1.html",)}
    assert decide(stamp, "", mine, feeds).policy == "stated"
    other = {"source": ("证券时报网",), "url": ("https://example.org/",)}
    assert decide(stamp, "", other, feeds).policy == "beijing_labelled_gmt"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[feed]", "not a TOML file"),
        ('[[feed]]\nmatch = { source = "x" }\npolicy = "guess"', "feed 1: `policy` is 'guess'"),
        ('[[feed]]\nmatch = { colour = "x" }\npolicy = "stated"', "feed 1: `match` needs"),
        ('[[feed]]\npolicy = "stated"', "feed 1: `match` needs"),
    ],
)
def test_a_faulty_table_of_feeds_says_where(tmp_path: Path, content: str, says: str) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(FileSchemaError, match=says):
        FeedTable.load(table)
    with pytest.raises(FileSchemaError, match=r"nowhere\.toml"):
        FeedTable.load(tmp_path / "nowhere.toml")


def test_stamps_within_a_text_come_with_their_places() -> None:
    found = find_stamps("来自2019-09-26 12:11，更新于 2019年9月30日 7:42。编号20190926无关")
    assert [(place, str(stamp.clock)) for place, stamp in found] == [
        (2, "2019-09-26 12:11:00"),
        (23, "2019-09-30 07:42:00"),
    ]


@given(text=st.text(max_size=90))
def test_no_text_breaks_the_reader_of_stamps(text: str) -> None:
    stamp = parse_stamp(text)
    if stamp is not None:
        published = decide(stamp, "x", {}, FEEDS)
        assert published.at is not None
        assert published.at.tzinfo is not None
