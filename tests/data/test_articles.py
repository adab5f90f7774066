from __future__ import annotations

from pathlib import Path, PurePath

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mentionstudy.data.articles import (
    ARTICLE_COLUMNS,
    Article,
    Failure,
    ReadOptions,
    articles_from_frame,
    articles_to_frame,
    document_of,
    front_matter,
    read_article,
    read_articles,
    read_articles_iter,
)
from mentionstudy.data.articles.body import Body
from mentionstudy.data.articles.document import Engine
from mentionstudy.data.articles.front_matter import read_simple
from mentionstudy.data.articles.places import Place
from mentionstudy.data.articles.reading import read_files

JEKYLL = """---
layout: post
title: "某公司&amp;伙伴公告"
date: 2022-01-06 15:11:41 +0800
categories: zhongguojingjiwang
tags: 中国经济网新闻
---
<p style="display:none;"><br /></p><p>第一段。</p>
 <p>第二段。</p><p class="em_media">（文章来源：中国经济网）</p>

<http://blog.example/NewsShare.html?infoCode=NW1>

[返回中国经济网新闻](//blog.example/c.html)｜[返回首页](//blog.example/)
"""

HEXO = """
---
title: '甲：''乙''丙'
categories:
 - 金融
 - 证券时报网
author: 证券时报网
comments: false
date: Fri, 09 Apr 2021 18:10:00 GMT
thumbnail: ''
---

<div>
<p>正文一。</p><p>正文二。</p>
</div>
"""


def read(text: str) -> Article:
    return read_article(text.encode("utf-8"))


def test_a_jekyll_post() -> None:
    article = read(JEKYLL)
    assert article.title == "某公司&伙伴公告"
    assert article.source == "中国经济网"
    assert article.url == "http://blog.example/NewsShare.html?infoCode=NW1"
    assert (article.categories, article.tags) == (("zhongguojingjiwang",), ("中国经济网新闻",))
    assert article.text == "第一段。\n第二段。\n（文章来源：中国经济网）"
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2022-01-06T15:11:41+08:00"
    assert article.published_from == "front_matter.date"
    assert article.notes == ()


def test_a_hexo_post_after_a_blank_line_and_with_crlf() -> None:
    for text in (HEXO, HEXO.replace("\n", "\r\n"), "\ufeff" + HEXO):
        article = read(text)
        assert article.title == "甲：'乙'丙"
        assert article.source == "证券时报网"
        assert article.categories == ("金融", "证券时报网")
        assert article.zone_policy == "beijing_labelled_gmt"
        assert article.text == "正文一。\n正文二。"


def test_line_ends_do_not_change_the_id() -> None:
    assert read(HEXO).article_id == read(HEXO.replace("\n", "\r\n")).article_id
    assert read(HEXO).article_id != read(JEKYLL).article_id
    assert len(read(HEXO).article_id) == 16


@pytest.mark.parametrize(
    ("title_line", "title"),
    [
        ("title: '引号'在里面'", "引号'在里面"),
        ('title: "双引号"没有转义"', '双引号"没有转义'),
        ("title: 冒号: 在里面: 了", "冒号: 在里面: 了"),
        ("title: @开头的人说", "@开头的人说"),
        ("title: *ST某某公告", "*ST某某公告"),
        ("title: [方括号没有关", "[方括号没有关"),
    ],
)
def test_titles_that_no_yaml_parser_accepts(title_line: str, title: str) -> None:
    article = read(f"---\n{title_line}\ndate: 2022-01-06 15:11:41\ntags:\n - 甲\n - 乙\n---\n正文")
    assert article.title == title
    assert article.tags == ("甲", "乙")
    assert article.published_at is not None
    assert "not valid YAML (line " in article.notes[0]


_SCALARS = st.one_of(
    st.sampled_from(
        ["", " ", "''", '""', "'甲''乙'", '"甲"', "a: b", "a #b", "b:", "~", "null", "- x"]
    ),
    st.sampled_from(
        ["2022-01-06 15:11:41 +0800", "true", "*ST", "&a", "[x]", "{x}", "|", "> y", "1e3"]
    ),
    st.text(st.sampled_from("甲a0 :#'\"-,[]{}&*!|>%@`\\\t.（"), max_size=8),
)
_FRONT_MATTER = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["title", "date", "tags"]), _SCALARS).map(": ".join),
        st.sampled_from(["tags:", "categories: ", "title:", "", "  "]),
        st.tuples(st.sampled_from([" - ", "- ", "    - ", " -"]), _SCALARS).map("".join),
    ),
    max_size=6,
)


@given(lines=_FRONT_MATTER)
@example(lines=["tags:", " - ''", " - ''"])
@example(lines=["tags:", " - a", "    - b"])
@example(lines=["title:\u3000"])
def test_the_short_way_through_front_matter_says_what_yaml_says(lines: list[str]) -> None:
    block = "\n".join(lines)
    simple = read_simple(block)
    if simple is None:
        return
    loaded = yaml.load(block, Loader=yaml.BaseLoader)
    assert isinstance(loaded, dict), block
    meta = {key: tuple(v) if isinstance(v, list) else (v,) for key, v in loaded.items()}
    assert simple == meta, block


def test_the_short_way_is_the_usual_way() -> None:
    for text in (JEKYLL, HEXO):
        assert read_simple(text.split("---")[1].strip()) is not None


def test_an_invalid_date_is_no_date_and_says_so() -> None:
    article = read("---\ntitle: x\ndate: Invalid Date\n---\n2010年2月28日,发生了一件事。")
    assert article.published_at is None
    assert article.published_precision is None
    assert article.zone_policy == "none"
    assert "'Invalid Date'" in article.notes[0]


def test_a_post_without_a_date_field_is_dated_by_title_or_file_name(tmp_path: Path) -> None:
    breakfast = read("---\ntitle: 早餐 2024年8月1日 星期四\n---\n## 08-01 06:30 Wind\n\n正文")
    assert breakfast.published_at is not None
    assert breakfast.published_at.isoformat() == "2024-08-01T06:30:00+08:00"
    assert (breakfast.published_precision, breakfast.published_from) == ("minute", "title")
    file = tmp_path / "2021-12-08-some-post.md"
    file.write_text("---\ntitle: x\n---\n正文", encoding="utf-8")
    named = read_article(file)
    assert named.published_at is not None
    assert (named.published_at.date().isoformat(), named.published_from) == (
        "2021-12-08",
        "file_name",
    )
    assert named.published_precision == "day"


def test_markdown_is_resolved_as_far_as_mentions_need() -> None:
    article = read(
        "---\ntitle: x\ndate: 2022-01-01\n---\n## 小标题\n> 引文\n\n*ST大洲和[东软](https://q.example/1)\n"
        "![图](https://i.example/1.png)\n\n---\n\n尾段"
    )
    assert article.text.split() == ["小标题", "引文", "*ST大洲和东软", "尾段"]
    links = [e for e in document_of(article).elements if e.tag == "a"]
    assert [link.attrs["href"] for link in links] == ["https://q.example/1"]


def test_a_plain_text_page_ends_before_related_reading() -> None:
    article = read(
        "公司签约建设基地\n\n2010年2月28日,公司在海口签下合作文件,计划在当地的软件园区设立研发基地,并参与信息系统建设。\n\n"
        "推荐阅读\n2026年1月21日,另一家公司出席大会。\n联系我们\n关闭\n"
    )
    assert article.title == "公司签约建设基地"
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2010-02-28T00:00:00+08:00"
    assert (article.published_precision, article.published_from) == ("day", "text")
    assert article.text.startswith("2010年2月28日,公司")
    assert article.text.endswith("建设。")


PAGE = """<!DOCTYPE html><html><head><title>公司与银行签约合作_财经_某某网</title>
{head}</head><body><div class="nav">
<a href="https://quote.eastmoney.com/sh000001.html">上证指数</a> 2019-01-01 08:00</div>
<h1>{headline}</h1><div>2019年09月26日 12:11 来源：某某报 </div>
<div class="{container}"><p>公司与银行周四签约，双方将在三个方面合作。</p>
<p style="display:none">隐藏的行情</p><p>首批项目年内落地。</p></div>
<div class="side">相关新闻 2019-09-30 07:42</div></body></html>"""


def test_a_page_of_a_known_portal() -> None:
    article = read(PAGE.format(head="", headline="公司与银行签约合作", container="txt_con"))
    assert article.title == "公司与银行签约合作"
    assert article.source == "某某报"
    assert article.text == "公司与银行周四签约，双方将在三个方面合作。\n首批项目年内落地。"
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2019-09-26T12:11:00+08:00"
    assert (article.published_precision, article.published_from) == ("minute", "page_stamp")


@pytest.mark.parametrize(
    ("url", "path", "at", "origin"),
    [
        ("http://x.example/a/2019-09-26/1.html", "x/2018-01-01.html", "2019-09-26", "url"),
        ("http://x.example/20190926/1.html", "", "2019-09-26", "url"),
        ("http://x.example/2019/0926/1.html", "", None, ""),
        ("http://x.example/2019/09/26/1.html", "", "2019-09-26", "url"),
        ("http://x.example/a/12019092601.html", "x/20190926-a.html", "2019-09-26", "file_name"),
        ("http://x.example/a/20191326.html", "x/a.html", None, ""),
    ],
)
def test_a_page_without_a_stamp_has_the_day_of_its_address_or_file(
    tmp_path: Path, url: str, path: str, at: str | None, origin: str
) -> None:
    file = tmp_path / (PurePath(path).name or "a.html")
    file.write_text(
        f'<html><head><link rel="canonical" href="{url}"><title>某公司今日公告</title></head><body>'
        "<h1>某公司今日公告</h1><p>公司公告称，项目已经完成，将在明年投产，金额约一亿元。</p></body></html>",
        encoding="utf-8",
    )
    article = read_article(file)
    assert article.published_from == origin
    assert (article.published_at and f"{article.published_at:%Y-%m-%d}") == at
    assert article.published_precision == (at and "day")


def test_the_shown_time_completes_a_day_and_the_address_may_disagree() -> None:
    head = (
        '<meta property="article:published_time" content="2019-09-26">'
        '<link rel="canonical" href="http://x.example/2019-03-01/1.html">'
    )
    article = read(PAGE.format(head=head, headline="公司与银行签约合作", container="txt_con"))
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2019-09-26T12:11:00+08:00"
    assert article.published_from == "page_stamp"
    assert "the address of the page 2019-03-01" in article.notes[-1]


def test_a_post_whose_file_is_named_after_another_day_is_noted(tmp_path: Path) -> None:
    post = "---\ntitle: t\ndate: {} 23:30:00 GMT\n---\n文"
    for day, noted in (("2022-01-20", False), ("2022-01-12", True)):
        file = tmp_path / "2022-01-21-name.md"
        file.write_text(post.format(day), encoding="utf-8")
        notes = read_article(file).notes
        assert any("the name of the file 2022-01-21" in note for note in notes) == noted


def test_meta_tags_are_trusted_before_the_page_and_disagreement_is_noted() -> None:
    head = '<meta property="article:published_time" content="2019-09-25T20:00:00+08:00">'
    article = read(PAGE.format(head=head, headline="公司与银行签约合作", container="txt_con"))
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2019-09-25T20:00:00+08:00"
    assert article.published_from == "meta:article:published_time"
    assert "the page shows 2019-09-26 12:11" in article.notes[-1]


def test_json_ld_gives_the_time() -> None:
    head = (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", '
        '"datePublished": "2019-09-26T04:11:30Z"}]}</script>'
    )
    article = read(PAGE.format(head=head, headline="公司与银行签约合作", container="txt_con"))
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2019-09-26T12:11:30+08:00"
    assert article.published_from == "json_ld.datePublished"


def test_a_page_of_an_unknown_portal_loses_its_navigation() -> None:
    body = "".join(
        f"<p>第{n}段讲述公司与银行合作的一个方面，内容足够长，可以看作正文的一部分。</p>"
        for n in range(8)
    )
    page = PAGE.format(head="", headline="公司与银行签约合作", container="x").replace(
        '<p style="display:none">', f"{body}<p style='display:none'>"
    )
    article = read(page)
    assert "第7段讲述" in article.text
    assert "上证指数" not in article.text
    assert "main text found by trafilatura" in article.notes


def test_rows_of_json_and_csv(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"url": "http://m.example/1", "title": "标题一", "source": "某报", '
        '"time": "2019-03-08 13:33:10", "content": "\\nwindow.__STOCK_COMPONENT__.push('
        "{code: '01036', type: 'HK', tag: 'time'});\\n正文一"
        '"}',
        encoding="utf-8",
    )
    (tmp_path / "b.jsonl").write_text(
        '{"title": "二", "content": "<p>正文二</p>", "date": "2019-03-08"}\n{"title": 3\n[1]\n',
        encoding="utf-8",
    )
    (tmp_path / "c.csv").write_text(
        '标题,正文,发布时间\n三,"正文,三",2019-03-08 13:33\n四,,\n', encoding="utf-8"
    )
    (tmp_path / "d.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    result = read_articles(tmp_path)
    assert [(a.title, a.text, a.published_from) for a in result.articles] == [
        ("标题一", "正文一", "field:time"),
        ("二", "正文二", "field:date"),
        ("三", "正文,三", "field:发布时间"),
        ("四", "", ""),
    ]
    assert [(Path(f.path).name, f.code) for f in result.failures] == [
        ("b.jsonl#2", "json"),
        ("b.jsonl#3", "json"),
        ("d.csv", "no_text"),
    ]
    assert len({a.article_id for a in result.articles}) == 4


RSS = """<?xml version="1.0" encoding="GB2312"?>
<!DOCTYPE rss [<!ENTITY big "xxxxxxxxxx"><!ENTITY file SYSTEM "file:///etc/passwd">]>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>证券时报网</title><link>https://news.example/</link>
<item><title>公司公告&amp;简报</title><link>https://news.example/1</link>
<description>摘要</description><pubDate>Fri, 09 Apr 2021 18:10:00 GMT</pubDate>
<category>快讯</category><category>公告</category>
<content:encoded><![CDATA[<p>全文&big;，<a href="https://gu.qq.com/sh603890">某某</a>公告</p>]]>
</content:encoded></item>
<item><title>二</title><description>&file;正文</description><pubDate>某日</pubDate></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>某网</title><entry><title>三</title>
<link href="https://news.example/3"/><published>2021-04-09T18:10:00+08:00</published>
<category term="要闻"/><content type="html">&lt;p&gt;正文三&lt;/p&gt;</content></entry></feed>"""


def test_feeds(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(RSS, encoding="utf-8")
    (tmp_path / "b.atom").write_text(ATOM, encoding="utf-8")
    (tmp_path / "c.rss").write_text("<rss><channel></channel></rss>", encoding="utf-8")
    result = read_articles(tmp_path)
    one, two, three = result.articles
    assert (one.title, one.source, one.url) == (
        "公司公告&简报",
        "证券时报网",
        "https://news.example/1",
    )
    assert one.categories == ("快讯", "公告")
    assert one.published_at is not None
    assert one.published_at.isoformat() == "2021-04-09T18:10:00+08:00"
    assert (one.published_from, one.zone_policy) == ("feed:pubdate", "beijing_labelled_gmt")
    assert one.text.endswith("某某公告")
    assert two.published_at is None
    assert "root" not in two.text  # nothing is read from elsewhere
    assert (three.title, three.text, three.url) == ("三", "正文三", "https://news.example/3")
    assert three.zone_policy == "stated"
    assert [Path(article.path).name for article in result.articles] == [
        "a.xml#1",
        "a.xml#2",
        "b.atom#1",
    ]
    assert [(failure.code, Path(failure.path).name) for failure in result.failures] == [
        ("empty", "c.rss")
    ]


def test_folders_are_read_sorted_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2.md", "a.md", "b/1.md", ".git/x.md", "b/.hidden.md", "c/3.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\ntitle: {name}\ndate: 2022-01-01\n---\nx", encoding="utf-8")
    result = read_articles(tmp_path)
    assert [article.title for article in result.articles] == ["a.md", "b/1.md", "b/2.md", "c/3.txt"]
    assert [a.title for a in read_articles(tmp_path / "b/1.md", tmp_path / "a.md").articles] == [
        "b/1.md",
        "a.md",
    ]
    # lazily: the first article is there before the second file is looked at
    items = read_articles_iter(tmp_path)
    assert isinstance(next(items), Article)
    (tmp_path / "b/1.md").unlink()
    assert [item.code for item in items if not isinstance(item, Article)] == []


def test_a_frame_and_back() -> None:
    articles = [read(JEKYLL), read(HEXO), read("---\ntitle: x\ndate: Invalid Date\n---\n正文 x")]
    frame = articles_to_frame(articles)
    assert tuple(frame.columns) == ARTICLE_COLUMNS
    assert str(frame["published_at"].dtype) == "datetime64[us, Asia/Shanghai]"
    assert list(frame["categories"]) == ["zhongguojingjiwang", "金融;证券时报网", ""]
    again = list(articles_from_frame(frame))
    assert again == articles
    assert [document_of(a).text for a in again] == [a.text for a in articles]
    assert articles_to_frame([]).empty


def test_both_engines_read_the_same_articles(shared: Path) -> None:
    for folder in (shared / "seeds", shared / "articles" / "posts"):
        soup = read_articles(folder, options=ReadOptions(engine="soup"))
        lxml = read_articles(folder, options=ReadOptions(engine="lxml"))
        assert soup.failures == lxml.failures == []
        assert soup.articles == lxml.articles
        for article in lxml.articles:
            # a stored article gives the same positions as the one just read
            assert document_of(article).text == article.text


def test_a_file_that_breaks_a_step_hurts_no_other_that_is_read_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        words = "坏" if number == 7 else f"x{number}"
        post = f"---\ntitle: t{number}\ndate: 2022-01-06\n---\n<p>{words}</p>\n"
        (tmp_path / f"{number:02d}.md").write_text(post, encoding="utf-8")
    parse = front_matter.read_body

    def broken(markup: str, engine: Engine) -> Body:
        if "坏" in markup:
            raise ZeroDivisionError("by design")
        return parse(markup, engine)

    monkeypatch.setattr(front_matter, "read_body", broken)
    items = list(read_articles_iter(tmp_path))
    assert [item.path for item in items] == [str(file) for file in sorted(tmp_path.iterdir())]
    assert [getattr(item, "code", "") for item in items] == 7 * [""] + ["internal"] + 22 * [""]
    assert [item.text for item in items if isinstance(item, Article)] == [
        f"x{number}" for number in range(30) if number != 7
    ]


def test_a_file_that_grows_while_it_is_read_stays_under_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"---\ntitle: t\n---\nx\n" + 5000 * b"y")
    seen_earlier = Place(str(file), 20, 0)
    small, enough = (ReadOptions(max_bytes=limit) for limit in (1000, 10_000))
    (refused,) = next(read_files([seen_earlier], small))
    assert isinstance(refused, Failure)
    assert refused.code == "too_large"
    (read,) = next(read_files([seen_earlier], enough))
    assert isinstance(read, Article)
    assert read.text.endswith("yy")
