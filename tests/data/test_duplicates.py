"""Copies of articles: what is one, what is not, which is the first, and what events make of it."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pandas as pd
import pytest

from mentionstudy.data import find_events
from mentionstudy.data.articles import Article, articles_to_frame
from mentionstudy.data.articles.model import BEIJING
from mentionstudy.data.duplicates import (
    dated_by_first,
    group_duplicates,
    group_event_copies,
)
from mentionstudy.data.errors import FileSchemaError

BODY = (
    "某软件公司今日与沈阳一家医院签署合作协议，双方将共同建设区域医疗信息平台，首期投入约3.2亿元，"
    "预计明年6月上线。公司表示，平台将连接辖区内42家基层医疗机构，为居民提供在线预约、检查结果查询和"
    "用药提醒等服务。院方负责人说，项目完成后候诊时间有望缩短三成。"
)


def made(name: str, text: str, day: int = 3, hour: int = 10, **more: object) -> Article:
    at = dt.datetime(2022, 3, day, hour, tzinfo=BEIJING)
    fields = {"published_at": at, "published_precision": "second"} | more
    return Article(article_id=name, title="某公司签约", text=text, **fields)


def relations(*articles: Article, **options: float) -> dict[str, tuple[str, str]]:
    found = group_duplicates(articles, **options)
    return {row.article_id: (row.group_id, row.relation) for row in found.itertuples(index=False)}


def test_exact_copies_differ_in_white_space_and_credit_only():
    copy = "  " + BODY.replace("，", ", ") + "\n（文章来源：某某晚报）"
    assert relations(made("b", copy, hour=15), made("a", BODY)) == {
        "b": ("a", "exact"),
        "a": ("a", "first"),
    }


def test_a_copy_with_another_paragraph_is_near():
    longer = BODY + "分析人士认为，此类项目的回款周期通常较长。"
    found = group_duplicates([made("a", BODY), made("b", longer, day=4)])
    row = found.set_index("article_id").loc["b"]
    assert (row["group_id"], row["relation"], row["n_articles"]) == ("a", "near", 2)
    assert 0.7 <= row["similarity"] < 1.0


def test_other_news_is_no_copy():
    other = (
        "一家银行披露年报，净利润同比增长，不良贷款率下降，拟每十股派发现金红利，股东大会择日召开。"
        * 2
    )
    assert {group for group, _ in relations(made("a", BODY), made("b", other)).values()} == {
        "a",
        "b",
    }


def test_a_notice_by_template_with_other_figures_is_no_copy():
    notice = (
        "某地产公司公告，{m}月份公司实现合同销售面积{a}万平方米，合同销售金额{b}亿元；今年以来公司累计实现"
        "合同销售面积{c}万平方米，合同销售金额{d}亿元。以上为未经审计的阶段性数据，供投资者参考。"
    )
    one = made("a", notice.format(m=9, a=310.2, b=473.1, c=3061.6, d=4756.1))
    two = made("b", notice.format(m=10, a=271.3, b=433.8, c=3332.9, d=5189.9), day=5)
    assert {relation for _, relation in relations(one, two).values()} == {"first"}


def test_the_same_text_of_another_month_is_other_news():
    late = made("b", BODY, published_at=dt.datetime(2022, 4, 3, tzinfo=BEIJING))
    assert relations(made("a", BODY), late)["b"] == ("b", "first")
    assert relations(made("a", BODY), late, within_days=60)["b"] == ("a", "exact")


def test_the_earliest_is_first_and_a_date_alone_is_later_than_a_stamp():
    stamped = made("z", BODY, day=3, hour=22)
    dated = made("a", BODY, day=3, hour=0, published_precision="day")
    undated = made("b", BODY, published_at=None, published_precision=None)
    found = relations(undated, dated, stamped)
    assert {group for group, _ in found.values()} == {"z"}
    assert found["z"][1] == "first"


def test_groups_do_not_depend_on_the_order():
    variants = [made(f"{n}", BODY + "补充段落" * n, day=3 + n % 3) for n in range(5)] + [
        made(
            "x",
            "完全不同的另一条消息，讲的是天气变化和交通安排，与公司没有关系，提醒市民注意出行。",
        )
    ]
    wanted = relations(*variants)
    for order in itertools.islice(itertools.permutations(variants), 0, 720, 97):
        assert relations(*order) == wanted


def test_many_texts_are_grouped_as_a_brute_force_comparison_does():
    rng = random.Random(7)
    words = [
        "合作",
        "协议",
        "平台",
        "医院",
        "项目",
        "投资",
        "公司",
        "增长",
        "下降",
        "市场",
        "产品",
        "技术",
    ]
    base = ["".join(rng.choices(words, k=60)) for _ in range(40)]
    articles = [made(f"o{n}", text) for n, text in enumerate(base)]
    for n, text in enumerate(base[:15]):
        cut = rng.randrange(10, 100)
        articles.append(made(f"c{n}", text[:cut] + "另据了解" + text[cut:], day=4))
    found = group_duplicates(articles).set_index("article_id")["group_id"]
    for n in range(15):
        assert found[f"c{n}"] == f"o{n}"
    assert found.nunique() == 40


def test_short_and_empty_texts():
    empty = [Article(article_id="a"), Article(article_id="b")]
    assert {r for _, r in relations(*empty).values()} == {"first"}
    short = [Article(article_id="a", text="开业大吉"), Article(article_id="b", text="开业大吉！")]
    assert sorted(r for _, r in relations(*short).values()) == ["exact", "first"]
    assert group_duplicates([]).empty


def named(*pairs: tuple[str, str]) -> pd.DataFrame:
    ids, symbols = zip(*pairs, strict=True)
    facts = {"article_id": ids, "symbol": symbols, "kind": "stock", "dialect": "text_code"}
    return pd.DataFrame(facts)


def test_copies_are_one_event_at_the_time_of_the_first():
    articles = articles_to_frame([made("b", BODY, day=3), made("a", BODY + "（转载）", day=4)])
    mentions = named(("a", "600718.SH"), ("a", "600050.SH"), ("b", "600718.SH"))
    assert len(find_events(articles, mentions).events) == 3
    dated = dated_by_first(articles, group_event_copies(articles, mentions))
    events = find_events(dated, mentions).events.set_index("event_id")
    # the copy alone names the second security: it was news when the first article was
    assert list(events.index) == ["600050.SH@2022-03-03", "600718.SH@2022-03-03"]
    assert events["article_ids"].tolist() == ["a", "b;a"]
    assert events["n_articles"].tolist() == [1, 2]
    assert events["n_copies"].tolist() == [1, 1]
    assert events["first_published_at"].map(lambda at: at.day).tolist() == [3, 3]


def test_an_undated_copy_has_the_time_of_the_first():
    lost = made("b", BODY, published_at=None, published_precision=None)
    articles = articles_to_frame([made("a", BODY), lost])
    mentions = named(("a", "600718.SH"), ("b", "600718.SH"))
    dated = dated_by_first(articles, group_event_copies(articles, mentions))
    events = find_events(dated, mentions).events
    assert events["article_ids"].tolist() == ["a;b"]


def test_only_articles_that_name_one_security_within_days_are_compared():
    articles = articles_to_frame(
        [made("a", BODY, day=3), made("b", BODY, day=4), made("c", BODY, day=4)]
    )
    mentions = named(("a", "600718.SH"), ("b", "600050.SH"), ("c", "600718.SH"))
    groups = group_event_copies(articles, mentions)
    assert sorted(groups["article_id"]) == ["a", "c"]
    assert group_event_copies(articles, mentions.iloc[:0]).empty


def test_a_frame_of_the_workspace_will_do_and_a_wrong_one_is_named():
    frame = articles_to_frame([made("a", BODY), made("b", BODY, hour=12)])
    assert list(group_duplicates(frame)["relation"]) == ["first", "exact"]
    with pytest.raises(FileSchemaError, match="lacks the column 'text'"):
        group_duplicates(frame.drop(columns="text"))
    with pytest.raises(ValueError, match="threshold 1"):
        group_duplicates(frame, threshold=1)
    with pytest.raises(ValueError, match="negative"):
        group_duplicates(frame, within_days=-1)
