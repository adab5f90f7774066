"""The order in which doubtful mentions and dates are shown, and what is decided about them."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from mentionstudy.data.calendars import BEIJING
from mentionstudy.data.corrections import correction
from mentionstudy.data.review_queue import both_day0, date_queue, mention_queue, with_decisions
from mentionstudy.data.tables import TABLES, empty_frame

AT = pd.Timestamp("2022-01-06 15:11:41", tz=BEIJING)


def table(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    layout = empty_frame(TABLES[name])
    frame = pd.DataFrame(rows).reindex(columns=layout.columns)
    for column in frame.columns:
        if layout[column].dtype == "str":
            frame[column] = frame[column].astype(object).fillna("")
    return frame.astype(layout.dtypes)


def article(name: str, **facts: object) -> dict[str, object]:
    usual = {"published_at": AT, "published_precision": "second", "zone_policy": "naive_beijing"}
    return {"article_id": name, "title": f"title {name}", "source": "S"} | usual | facts


def mention(name: str, symbol: str, **facts: object) -> dict[str, object]:
    usual = {"kind": "stock", "dialect": "stcn_hotword", "occurrences": 2, "positions": "3;9"}
    more = {"confidence": 0.94, "surface": "某公司", "in_title": False, "role": "subject"}
    return {"article_id": name, "symbol": symbol} | usual | more | facts


def test_the_most_doubtful_mention_comes_first_and_dialects_are_joined():
    articles = table("articles", article("a"), article("b"))
    mentions = table(
        "mentions",
        mention("a", "600718.SH"),
        mention(
            "a", "600718.SH", dialect="company_name", role="analyst", surface="东软", positions="-1"
        ),
        mention("a", "000750.SZ", surface="国海"),
        mention("a", "600050.SH", surface="国海", role="unclear", confidence=0.4),
        mention("b", "688047.SH", dialect="company_name"),
        mention("b", "000300.SH", kind="index"),
    )
    listed = pd.DataFrame({"symbol": ["688047.SH"], "listed_on": [pd.Timestamp("2022-06-24")]})
    queue = mention_queue(articles, mentions, listed)
    doubts = dict(zip(queue["symbol"], queue["doubts"], strict=True))
    assert list(doubts) == ["600050.SH", "000750.SZ", "688047.SH", "600718.SH"]
    assert doubts["600050.SH"] == "unclear;ambiguous;low_confidence"
    assert doubts["688047.SH"] == "not_listed;name_only"
    assert doubts["000750.SZ"] == "ambiguous"
    assert doubts["600718.SH"] == ""
    joined = queue.set_index("symbol").loc["600718.SH"]
    assert (joined["dialects"], joined["role"]) == ("stcn_hotword;company_name", "subject")
    assert (joined["surfaces"], joined["positions"]) == ("某公司;某公司;东软", "3;9;-1")


def test_decisions_stand_beside_and_what_users_add_at_the_end():
    articles = table("articles", article("a"))
    queue = mention_queue(articles, table("mentions", mention("a", "600718.SH")))
    at = dt.datetime(2026, 1, 5, tzinfo=BEIJING)
    corrections = pd.concat(
        [
            correction("a", "mention", "reject", symbol="600718.SH", author="Li", created_at=at),
            correction("a", "mention", "add", symbol="000001.SZ", value="analyst", created_at=at),
            correction("a", "mention", "reject", symbol="000002.SZ", created_at=at),
        ]
    )
    decided = with_decisions(queue, corrections, "mention")
    columns = ["symbol", "decision", "value", "author", "title"]
    assert decided[columns].to_numpy().tolist() == [
        ["600718.SH", "reject", "", "Li", "title a"],
        ["000001.SZ", "add", "analyst", "", "title a"],
    ]


def test_the_most_doubtful_date_comes_first():
    evening = pd.Timestamp("2021-04-09 18:10", tz=BEIJING)  # Friday; at 02:10 it is Saturday
    morning = pd.Timestamp("2021-04-09 10:10", tz=BEIJING)  # Friday; at 18:10 it is Monday's
    articles = table(
        "articles",
        article("fine", text="公司昨日签约。"),
        article("lost", published_at=pd.NaT, published_precision="", zone_policy="none"),
        article("two", notes="meta says 2022-01-06, the page shows 2022-01-07"),
        article(
            "future",
            published_at=pd.Timestamp("2126-01-07 10:10", tz=BEIJING),  # no calendar knows it
            zone_policy="beijing_labelled_gmt",
        ),
        article("told", text="2022年1月4日，公司签约。"),
        article("day", published_precision="day"),
        article("same", published_at=evening, zone_policy="beijing_labelled_gmt"),
        article("moves", published_at=morning, zone_policy="beijing_labelled_gmt"),
    )
    queue = date_queue(articles)
    doubts = dict(zip(queue["article_id"], queue["doubts"], strict=True))
    assert list(doubts) == ["lost", "two", "future", "moves", "told", "day", "fine", "same"]
    assert list(doubts.values()) == [
        "no_date",
        "disagreement",
        "future",
        "zone_moves_day0",
        "event_earlier",
        "day_only",
        "",
        "",
    ]
    row = queue.set_index("article_id", drop=False).loc["moves"]
    assert [f"{day:%Y-%m-%d}" for day in both_day0(row)] == ["2021-04-09", "2021-04-12"]


def test_a_zone_that_the_sources_own_articles_contradict_is_doubted():
    night = pd.Timestamp("2021-04-09 02:30", tz=BEIJING)
    articles = table(
        "articles",
        *(
            article(f"a{n}", published_at=night + pd.Timedelta(days=n), zone_policy="stated")
            for n in range(25)
        ),
    )
    assert set(date_queue(articles)["doubts"]) == {"zone_contradicted"}
