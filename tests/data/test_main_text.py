"""The main text of pages from portals that are not known."""

from __future__ import annotations

import pytest
from lxml import html

from mentionstudy.data.articles import ReadOptions, read_article
from mentionstudy.data.articles.main_text import main_markup

PARAGRAPHS = "".join(
    f"<p>第{n}段讲述公司与银行合作的一个方面，内容足够长，可以看作正文的一部分。</p>"
    for n in range(4)
)
HEADLINES = "".join(
    f'<li><a href="/a/{n}.html">别家公司第{n}次公告重大事项</a><span>0{n % 9}:15</span></li>'
    for n in range(60)
)
SHARES = "".join(
    f'<tr><td><a href="http://quote.example/{n}">银行股{n}号公司股份</a></td><td>{n}.5%</td></tr>'
    for n in range(12)
)
NAMES = "、".join(f'<a href="http://quote.example/{n}">某某股{n}</a>' for n in range(12))

DIGEST = "".join(f'<p><a href="/a/{n}.html">早报第{n}条说的是一家公司</a></p>' for n in range(12))


def page_of(body: str, head: str = "") -> str:
    return f"<html><head><title>标题</title>{head}</head><body>{body}</body></html>"


def text_of(page: str) -> str:
    found = main_markup(html.document_fromstring(page))
    return html.fromstring(found).text_content() if found else ""


@pytest.mark.parametrize("around", ["<ul>{}</ul>", '<div class="x"><ol>{}</ol></div>'])
def test_lists_of_other_stories_are_not_taken_for_the_article(around):
    lists = around.format(HEADLINES)
    text = text_of(page_of(f"<div class='a'>{lists}<div>{PARAGRAPHS}</div>{lists}</div>"))
    assert all(f"第{n}段" in text for n in range(4))
    assert "别家公司" not in text


@pytest.mark.parametrize(
    ("linked", "last"),
    [
        (f"<p>涨停的有{NAMES}。</p>", "某某股11"),
        (f"<div><table>{SHARES}</table></div>", "银行股11号"),
        (f"<div>{DIGEST}</div>", "早报第11条"),
    ],
)
def test_linked_shares_and_headlines_within_the_text_stay(linked, last):
    assert last in text_of(page_of(f"<div>{PARAGRAPHS}{linked}{PARAGRAPHS}</div>"))


MENU = "<div><i>财经</i><b>股票</b><span>10:15</span></div>" * 40
SENTENCE = "公司股票自明日起停牌，复牌的时间另行公告。"
FOOTER = "本网站的内容仅供参考，不作为投资的依据。"


def test_what_stands_around_the_article_without_a_sentence_is_not_read():
    frame = f"<div><div>{PARAGRAPHS * 3}</div></div>"
    text = text_of(page_of(f"<div class='content'>{MENU}{frame}<ul><li>分享</ul></div>"))
    assert all(f"第{n}段" in text for n in range(4))
    assert not {"财经", "股票", "分享"} & set(text.split())


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        (f"<div><span>{SENTENCE}</span></div>", SENTENCE),
        (f"<section><p>{NAMES}</p></section>", "某某股11"),
        ("<h2>小标题</h2>", "小标题"),
        ("<table><tr><td>净利润</td><td>3.5亿元</td></tr></table>", "3.5亿元"),
    ],
)
def test_further_parts_beside_the_frame_of_an_article_stay(part, kept):
    frame, closing = f"<div>{PARAGRAPHS * 3}</div>", f"<div><p>{FOOTER * 4}</p></div>"
    text = text_of(page_of(f"<div class='content'>{frame}{part}{closing}{MENU}</div>"))
    assert kept in text


def test_headings_lists_and_loose_text_within_the_frame_of_an_article_are_read():
    parts = f"<h2>小标题</h2>{PARAGRAPHS * 3}<ul><li>要点</li></ul><div>{SENTENCE}</div>"
    text = text_of(page_of(f"<div><div>{parts}<p>完毕。</p></div>{MENU}</div>"))
    assert {"小标题", "要点", SENTENCE, "完毕。"} <= set(text.split())


def test_summaries_of_other_stories_within_a_frame_are_no_part_of_the_article():
    story = "<a href='/b'>另一则消息</a>某家别的公司昨日公布了业绩，同比增长不少。"
    stories = f"<ul>{f'<li>{story}</li>' * 20}</ul>"
    text = text_of(page_of(f"<div>{MENU}<div>{PARAGRAPHS * 5}{stories}</div></div>"))
    assert "第3段" in text
    assert "某家别的公司" not in text


def test_the_rows_of_a_table_that_is_the_article_stay():
    rows = f"<tr><th>代码</th><th>公告</th></tr><tr><td>600718</td><td>{SENTENCE * 20}</td></tr>"
    last = f"<tr><td>停牌</td><td>{SENTENCE[::-1]}</td></tr>"
    text = text_of(page_of(f"<div>{MENU}<table>{rows}{last}</table></div>"))
    assert {"代码", "600718", "停牌", SENTENCE[::-1]} <= set(text.split())


def test_the_article_that_a_page_marks_itself_is_not_widened():
    comments = f"<div>{'<p>某位读者认为这家公司的股价还会上涨很多。</p>' * 9}</div>"
    text = text_of(page_of(f"<div><article>{PARAGRAPHS * 2}</article>{comments}</div>"))
    assert "第3段" in text
    assert "某位读者" not in text


def test_a_short_notice_is_not_lost_beside_a_footer():
    notice = "<div><span>某某银行今日停牌</span></div>"
    assert "某某银行今日停牌" in text_of(page_of(f"{notice}<div>{FOOTER * 9}</div>{MENU}"))


def test_an_article_nested_too_deeply_to_be_weighed_is_not_lost_beside_a_footer():
    deep = f"{'<div>' * 100}{PARAGRAPHS}{'</div>' * 100}"
    assert "第3段" in text_of(page_of(f"{deep}<div>{FOOTER * 99}</div>{MENU}"))


@pytest.mark.parametrize("tag", ["table", "article"])
def test_parts_nested_without_end_are_left_to_the_reading_of_the_whole_page(tag):
    page = page_of(f"<{tag}>" * 200 + PARAGRAPHS)
    tree = html.document_fromstring(page)
    assert main_markup(tree) is None, "trafilatura takes half a minute for some thousands"
    assert "第3段" in read_article(page.encode(), ReadOptions(engine="lxml")).text


def test_a_page_of_nothing_but_links_keeps_them():
    assert "别家公司第59次" in text_of(page_of(f"<ul>{HEADLINES}</ul>"))


def test_the_page_stays_as_it_was():
    script = '<script type="application/ld+json">{"datePublished": "2019-09-26T04:11:30Z"}</script>'
    page = page_of(f"<nav>导航</nav><div>{PARAGRAPHS}</div><ul>{HEADLINES}</ul>", script)
    tree = html.document_fromstring(page)
    before = html.tostring(tree)
    assert main_markup(tree)
    assert html.tostring(tree) == before
    article = read_article(page.encode(), ReadOptions(engine="lxml"))
    assert article.published_from == "json_ld.datePublished"


def test_what_no_reader_sees_is_not_read():
    unseen = "<noscript>请打开脚本</noscript><!-- 注释 --><select><option>选项</option></select>"
    text = text_of(page_of(f"<div>{unseen}{PARAGRAPHS}</div>"))
    assert "第3段" in text
    assert not {"请打开脚本", "注释", "选项"} & set(text.split())


@pytest.mark.parametrize("large", [PARAGRAPHS * 6000, "<p>段<b>落</b></p>" * 11_000])
def test_a_page_that_is_too_large_is_left_to_others(large):
    assert main_markup(html.document_fromstring(page_of(large))) is None
