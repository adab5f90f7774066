from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.data.calendars import BEIJING, calendar_for
from mentionstudy.data.confounding import confounded, sessions_to_nearest
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.events import (
    EVENT_COLUMNS,
    EXCLUDED_COLUMNS,
    STATUS_COLUMNS,
    article_status,
    find_events,
)


@dataclass
class FakeArticle:
    article_id: str
    published_at: dt.datetime | None
    published_precision: str | None = "second"
    title: str = "a title"
    source: str = "a source"
    path: str = "posts/a.html"
    categories: tuple[str, ...] = ("news", "market")


@dataclass
class FakeMention:
    article_id: str
    symbol: str
    kind: str = "stock"
    dialect: str = "eastmoney_widget"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def test_the_exchanges_close_decides_for_each_market() -> None:
    articles = [FakeArticle("a", at("2022-01-06T15:11:41"))]
    mentions = [FakeMention("a", "600718.SH"), FakeMention("a", "02066.HK")]
    events = find_events(articles, mentions).events
    assert tuple(events.columns) == EVENT_COLUMNS
    assert events["event_id"].tolist() == ["02066.HK@2022-01-06", "600718.SH@2022-01-07"]
    assert events["timing"].tolist() == ["in_session", "after_close"]
    assert events["first_published_at"][0].isoformat() == "2022-01-06T15:11:41+08:00"
    assert events["categories"][0] == "news;market"
    assert events["day0"].dtype == "datetime64[us]"
    assert str(events["first_published_at"].dt.tz) == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("stamp", "precision"), [("2010-02-28T00:00:00", "day"), ("2010-02-28T00:00:00", "second")]
)
def test_a_date_and_a_midnight_stamp_have_no_time_of_day(stamp: str, precision: str) -> None:
    found = find_events([FakeArticle("a", at(stamp), precision)], [FakeMention("a", "600718.SH")])
    row = found.events.iloc[0]
    assert (row["timing"], row["published_precision"]) == ("date_only", "day")
    assert row["day0"] == pd.Timestamp("2010-03-01")


def test_a_date_that_is_a_session_is_day_0_itself() -> None:
    article = FakeArticle("a", at("2022-01-06T00:00:00"), "day")
    events = find_events([article], [FakeMention("a", "600718.SH")]).events
    assert events["day0"].tolist() == [pd.Timestamp("2022-01-06")]


def test_a_stamp_without_zone_is_beijing_time() -> None:
    frame = pd.DataFrame(
        {"article_id": ["a"], "published_at": [pd.Timestamp("2022-01-06 15:11:41")]}
    )
    for articles in (frame, frame.astype({"published_at": object})):
        events = find_events(articles, [FakeMention("a", "600718.SH")]).events
        assert events["day0"].tolist() == [pd.Timestamp("2022-01-07")]


def test_articles_of_one_session_are_one_event_with_the_earliest_first() -> None:
    articles = [
        FakeArticle("late", at("2022-01-07T10:00:00"), title="second"),
        FakeArticle("early", at("2022-01-06T20:00:00"), title="first"),
        FakeArticle("next", at("2022-01-07T15:00:00")),
    ]
    mentions = [
        FakeMention("late", "600718.SH", dialect="stcn_hotword"),
        FakeMention("early", "600718.SH"),
        FakeMention("early", "600718.SH", dialect="eastmoney_keytip"),
        FakeMention("next", "600718.SH"),
    ]
    events = find_events(articles, mentions).events
    assert events["n_articles"].tolist() == [2, 1]
    assert events["article_ids"].tolist() == ["early;late", "next"]
    assert events["title"][0] == "first"
    assert events["dialects"][0] == "eastmoney_keytip;eastmoney_widget;stcn_hotword"


def test_a_stamp_comes_before_a_bare_date_of_the_same_day() -> None:
    articles = [
        FakeArticle("bare", at("2022-01-06T00:00:00"), "day"),
        FakeArticle("stamped", at("2022-01-06T10:00:00")),
    ]
    mentions = [FakeMention("bare", "600718.SH"), FakeMention("stamped", "600718.SH")]
    row = find_events(articles, mentions).events.iloc[0]
    assert row["article_ids"] == "stamped;bare"
    assert row["timing"] == "in_session"


def test_every_mention_that_is_no_event_says_why() -> None:
    articles = [
        FakeArticle("dated", at("2022-01-06T10:00:00")),
        FakeArticle("undated", None, None),
        FakeArticle("future", at("2035-01-06T10:00:00")),
    ]
    mentions = [
        FakeMention("dated", "000300.SH", "index"),
        FakeMention("dated", "BK0493.EM", "board"),
        FakeMention("dated", "510300.SH", "fund"),
        FakeMention("dated", "NIO.US", "foreign"),
        FakeMention("dated", "999999.SH", "unknown"),
        FakeMention("dated", "123456.XX", "stock"),
        FakeMention("undated", "600718.SH"),
        FakeMention("future", "600718.SH"),
        FakeMention("lost", "600718.SH"),
    ]
    found = find_events(articles, mentions)
    assert len(found) == 0
    assert tuple(found.excluded.columns) == EXCLUDED_COLUMNS
    codes = {(r.article_id, r.symbol): r.code for r in found.excluded.itertuples()}
    assert codes == {
        ("dated", "000300.SH"): "kind_index",
        ("dated", "BK0493.EM"): "kind_board",
        ("dated", "510300.SH"): "kind_fund",
        ("dated", "NIO.US"): "kind_foreign",
        ("dated", "999999.SH"): "kind_unknown",
        ("dated", "123456.XX"): "no_calendar",
        ("undated", "600718.SH"): "no_date",
        ("future", "600718.SH"): "calendar_unknown",
        ("lost", "600718.SH"): "article_missing",
    }
    assert found.excluded["reason"].str.len().gt(10).all()
    reason = found.excluded.set_index("code")["reason"]["calendar_unknown"]
    assert "2035-01-06" in reason
    assert f"{calendar_for('SH').last_session:%Y-%m-%d}" in reason


def test_other_kinds_become_events_when_they_are_asked_for() -> None:
    articles = [FakeArticle("a", at("2022-01-06T15:11:41"))]
    mentions = [
        FakeMention("a", "600718.SH"),
        FakeMention("a", "000300.SH", "index"),
        FakeMention("a", "BK0493.EM", "board"),
        FakeMention("a", "HSI.HK", "index"),
        FakeMention("a", "NIO.US", "foreign"),
    ]
    found = find_events(articles, mentions, kinds=("index", "board", "foreign"))
    days = dict(zip(found.events["symbol"], found.events["day0"].dt.day, strict=True))
    assert days == {"HSI.HK": 6, "000300.SH": 7, "BK0493.EM": 7}
    codes = dict(zip(found.excluded["symbol"], found.excluded["code"], strict=True))
    assert codes == {"600718.SH": "kind_stock", "NIO.US": "no_calendar"}


def test_a_cutoff_moves_an_article_of_the_last_half_hour() -> None:
    article, mention = FakeArticle("a", at("2022-01-06T14:45:00")), FakeMention("a", "600718.SH")
    moved = find_events([article], [mention], cutoff_minutes=30).events
    assert moved["event_id"].tolist() == ["600718.SH@2022-01-07"]
    assert find_events([article], [mention]).events["event_id"].tolist() == ["600718.SH@2022-01-06"]


def test_nothing_in_gives_empty_tables_with_their_columns() -> None:
    for articles in ([], [FakeArticle("a", at("2022-01-06T10:00:00"))]):
        found = find_events(articles, [])
        assert tuple(found.events.columns) == EVENT_COLUMNS
        assert tuple(found.excluded.columns) == EXCLUDED_COLUMNS
        assert len(found) == len(found.excluded) == 0
        assert tuple(article_status(articles, [], found).columns) == STATUS_COLUMNS
        assert sessions_to_nearest(found.events).empty


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind 'shares'"):
        find_events([], [], kinds=("shares",))  # type: ignore[arg-type]
    with pytest.raises(FileSchemaError, match="'published_at'"):
        find_events(pd.DataFrame({"article_id": ["a"]}), [])


def test_the_status_of_every_article() -> None:
    articles = [
        FakeArticle("events", at("2022-01-06T10:00:00")),
        FakeArticle("nothing", at("2022-01-06T10:00:00")),
        FakeArticle("bare", None, None),
        FakeArticle("undated", None, None),
        FakeArticle("index", at("2022-01-06T10:00:00")),
        FakeArticle("future", at("2035-01-06T10:00:00")),
    ]
    mentions = [
        FakeMention("events", "600718.SH"),
        FakeMention("events", "000300.SH", "index"),
        FakeMention("undated", "600718.SH"),
        FakeMention("index", "000300.SH", "index"),
        FakeMention("future", "600718.SH"),
    ]
    status = article_status(articles, mentions, find_events(articles, mentions))
    status = status.set_index("article_id")
    assert status["status"].to_dict() == {
        "events": "events",
        "nothing": "no_mention",
        "bare": "no_mention",
        "undated": "no_date",
        "index": "excluded",
        "future": "calendar_unknown",
    }
    assert status.loc["events", "symbols"] == "600718.SH;000300.SH"
    assert status.loc["events", ["n_mentions", "n_events"]].tolist() == [2, 1]
    assert status.loc["bare", "reason"].endswith("states no date")


def test_events_of_one_firm_that_lie_close_are_flagged() -> None:
    days = ["2022-01-28T10:00:00", "2022-02-07T10:00:00", "2022-06-01T10:00:00"]
    articles = [FakeArticle(str(i), at(day)) for i, day in enumerate(days)]
    mentions = [FakeMention(str(i), "600718.SH") for i in range(3)]
    mentions.append(FakeMention("0", "000750.SZ"))
    events = find_events(articles, mentions).events
    gaps = dict(zip(events["event_id"], sessions_to_nearest(events), strict=True))
    assert gaps["600718.SH@2022-01-28"] == gaps["600718.SH@2022-02-07"] == 1
    assert gaps["600718.SH@2022-06-01"] > 60
    assert pd.isna(gaps["000750.SZ@2022-01-28"])
    flagged = events.loc[confounded(events, within=20), "event_id"].tolist()
    assert flagged == ["600718.SH@2022-01-28", "600718.SH@2022-02-07"]


SYMBOLS = ["600718.SH", "000750.SZ", "02066.HK", "000300.SH", "NIO.US"]
KIND_OF = {"000300.SH": "index", "NIO.US": "foreign"}


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[FakeArticle], list[FakeMention]]:
    stamps = st.datetimes(dt.datetime(2021, 12, 20), dt.datetime(2022, 2, 15))
    dates = st.one_of(st.none(), stamps, stamps.map(lambda t: t.replace(hour=0, minute=0)))
    articles = []
    for i, stamp in enumerate(draw(st.lists(dates, max_size=8))):
        aware = stamp.replace(tzinfo=BEIJING, second=0, microsecond=0) if stamp else None
        precision = draw(st.sampled_from(["second", "day"])) if stamp else None
        if aware and precision == "day":
            aware = aware.replace(hour=0, minute=0)
        articles.append(FakeArticle(str(i), aware, precision))
    named = st.tuples(
        st.integers(0, 9).map(str), st.sampled_from(SYMBOLS), st.sampled_from(["x", "y"])
    )
    mentions = [
        FakeMention(i, symbol, KIND_OF.get(symbol, "stock"), dialect)
        for i, symbol, dialect in draw(st.lists(named, max_size=30, unique=True))
    ]
    return articles, mentions


@settings(max_examples=60, deadline=None)
@given(corpora())
def test_every_pair_ends_in_one_event_or_one_exclusion(
    corpus: tuple[list[FakeArticle], list[FakeMention]],
) -> None:
    articles, mentions = corpus
    found = find_events(articles, mentions)
    in_events = [
        (article, row.symbol)
        for row in found.events.itertuples()
        for article in row.article_ids.split(";")
    ]
    left_out = list(zip(found.excluded["article_id"], found.excluded["symbol"], strict=True))
    assert sorted(in_events + left_out) == sorted({(m.article_id, m.symbol) for m in mentions})
    assert found.events["event_id"].is_unique
    by_id = {article.article_id: article for article in articles}
    for row in found.events.itertuples():
        first = by_id[row.article_ids.split(";")[0]]
        assert row.first_published_at == first.published_at
        calendar = calendar_for(row.exchange)
        local = first.published_at
        if row.timing == "date_only":
            assert row.day0 == calendar.day0_date_only(local.date())
        else:
            assert row.day0 == calendar.day0(local)


@settings(max_examples=25, deadline=None)
@given(corpora(), st.randoms())
def test_the_order_of_the_input_does_not_matter(
    corpus: tuple[list[FakeArticle], list[FakeMention]], random
) -> None:
    articles, mentions = corpus
    straight = find_events(articles, mentions)
    random.shuffle(articles)
    random.shuffle(mentions)
    shuffled = find_events(articles, mentions)
    pd.testing.assert_frame_equal(straight.events, shuffled.events)
    pd.testing.assert_frame_equal(straight.excluded, shuffled.excluded)
