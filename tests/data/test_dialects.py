"""Every dialect by its examples: the forms that real pages show, and what only looks like one."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.data.articles import Article, read_article
from mentionstudy.data.articles.body import read_markup, read_plain
from mentionstudy.data.articles.model import BEIJING
from mentionstudy.data.events import find_events
from mentionstudy.data.mentions import NOT_IN_TEXT, find_mentions, mentions_of
from mentionstudy.data.mentions.code_forms import find_codes


def article(markup: str, title: str = "") -> Article:
    body = read_markup(markup, "lxml")
    return Article(article_id="0" * 16, title=title, text=body.text, markup=body.markup)


def symbols(markup: str, title: str = "") -> list[tuple[str, str]]:
    return [(m.symbol, m.dialect) for m in mentions_of(article(markup, title))]


LINKS = [
    # Eastmoney without its classes
    ("https://quote.eastmoney.com/sh603890.html", "603890.SH", "eastmoney_link"),
    ("//quote.eastmoney.com/unify/r/105.NVDA", "NVDA.US", "eastmoney_link"),
    ("http://guba.eastmoney.com/list,300059.html", "300059.SZ", "eastmoney_link"),
    # Xueqiu
    ("http://xueqiu.com/S/SH601012", "601012.SH", "xueqiu_link"),
    ("https://xueqiu.com/S/09988", "09988.HK", "xueqiu_link"),
    ("http://xueqiu.com/S/SH000001", "000001.SH", "xueqiu_link"),
    ("http://xueqiu.com/S/SZ399006", "399006.SZ", "xueqiu_link"),
    ("http://xueqiu.com/S/SZ159742", "159742.SZ", "xueqiu_link"),
    ("https://xueqiu.com/S/JD?from=x", "JD.US", "xueqiu_link"),
    ("http://xueqiu.com/S/ZH1793699", None, "xueqiu_link"),
    ("http://xueqiu.com/k?q=%23SH601012%23", None, "xueqiu_link"),
    # NetEase
    ("http://quotes.money.163.com/0600019.html", "600019.SH", "netease_link"),
    ("http://quotes.money.163.com/1000002.html#9b01", "000002.SZ", "netease_link"),
    ("http://money.163.com/19/0308/13/E9OH1BMK0025813E.html", None, "netease_link"),
    # Sina
    ("http://stock.finance.sina.com.cn/usstock/quotes/JPM.html", "JPM.US", "sina_link"),
    ("https://finance.sina.com.cn/realstock/company/sh600519/nc.shtml", "600519.SH", "sina_link"),
    ("http://stock.finance.sina.com.cn/hkstock/quotes/00700.html", "00700.HK", "sina_link"),
    ("https://finance.sina.com.cn/roll/2018-12-28/doc-ihqfskcn2160999.shtml", None, "sina_link"),
    # ifeng
    ("http://finance.ifeng.com/app/hq/stock/sz300299/", "300299.SZ", "ifeng_link"),
    ("http://finance.ifeng.com/app/hq/hkstock/hk00662/", "00662.HK", "ifeng_link"),
    ("http://finance.ifeng.com/app/hq/stock/sz399006/", "399006.SZ", "ifeng_link"),
    (
        "http://app.finance.ifeng.com/data/mac/year_idx.php?type=001&symbol=00102",
        None,
        "ifeng_link",
    ),
    # 10jqka
    ("http://stockpage.10jqka.com.cn/603335/", "603335.SH", "tonghuashun_link"),
    ("http://stockpage.10jqka.com.cn/000001/", "000001.SZ", "tonghuashun_link"),
    ("http://stockpage.10jqka.com.cn/HK0700/", "00700.HK", "tonghuashun_link"),
    ("http://stock.10jqka.com.cn/20200224/c617834335.shtml", None, "tonghuashun_link"),
    ("http://stockpage.10jqka.com.cn/000333/", "000333.SZ", "tonghuashun_link"),
    # Tencent
    ("https://gu.qq.com/sz159740", "159740.SZ", "tencent_link"),
    ("https://gu.qq.com/sh603890", "603890.SH", "tencent_link"),
    ("https://gu.qq.com/sh600519/gp", "600519.SH", "tencent_link"),
    ("https://gu.qq.com/hk00700/gp", "00700.HK", "tencent_link"),
    ("https://gu.qq.com/usBABA.N", "BABA.US", "tencent_link"),
    ("https://gu.qq.com/jj001410", None, "tencent_link"),
    # Cailianshe, Hexun, CNINFO, Reuters
    ("https://www.cls.cn/stock?code=sh600745", "600745.SH", "cls_link"),
    ("https://www.cls.cn/detail/600745", None, "cls_link"),
    ("http://stockdata.stock.hexun.com/gszl/s000001.shtml", "000001.SZ", "hexun_link"),
    ("http://stockData.stock.hexun.com/600028.shtml", "600028.SH", "hexun_link"),
    ("http://stock.hexun.com/2020-02-24/200385308.html", None, "hexun_link"),
    (
        "http://www.cninfo.com.cn/new/disclosure/detail?plate=szse&stockCode=002594&orgId=1",
        "002594.SZ",
        "cninfo_link",
    ),
    ("http://static.cninfo.com.cn/finalpage/2021-03-11/1209371452.PDF", None, "cninfo_link"),
    ("https://cn.reuters.com/companies/9988.HK", "09988.HK", "reuters_link"),
    ("https://cn.reuters.com/quote/.HSI", "HSI.HK", "reuters_link"),
    ("https://cn.reuters.com/companies/600519.SS", "600519.SH", "reuters_link"),
    ("https://cn.reuters.com/article/idCNKBS2B1", None, "reuters_link"),
]


@pytest.mark.parametrize(
    ("href", "symbol", "dialect"), LINKS, ids=[link[0][-40:] for link in LINKS]
)
def test_links_to_quote_pages(href: str, symbol: str | None, dialect: str) -> None:
    found = mentions_of(article(f'<p>公司<a href="{href}">某某</a>公告</p>'))
    if symbol is None:
        assert found == []
        return
    (mention,) = found
    assert (mention.symbol, mention.dialect) == (symbol, dialect)
    assert (mention.surface, mention.positions) == ("某某", (2,))


def test_a_link_in_a_hidden_block_is_none() -> None:
    link = '<a href="https://gu.qq.com/sh603890">某某</a>'
    assert symbols(f'<div style="display:none">{link}</div><p>文</p>') == []


def test_links_of_markdown_posts() -> None:
    post = "---\ntitle: t\ndate: 2022-01-01\n---\n阿里[9988.HK](https://cn.reuters.com/companies/9988.HK)下跌"
    (mention,) = mentions_of(read_article(post.encode()))
    # the link's own words are a code too; one place is one mention
    assert (mention.symbol, mention.dialect, mention.positions) == (
        "09988.HK",
        "reuters_link",
        (2,),
    )


def test_a_call_to_follow_an_account_is_no_mention() -> None:
    link = (
        '<a href="http://stock.finance.sina.com.cn/usstock/quotes/WB.html" class="keyword">微博</a>'
    )
    assert symbols(f"<p>锁定@新浪科技 @苹果汇 {link}，看最新资讯</p>") == []
    assert symbols(f"<p>{link}今日公布财报</p>") == [("WB.US", "sina_link")]


def test_a_price_that_a_portal_writes_into_the_sentence_is_no_text() -> None:
    read = article(
        '<p><span id="usstock_JPM"><a href="http://stock.finance.sina.com.cn/usstock/quotes/JPM.html">'
        '摩根大通</a></span><span id="quote_JPM">(<font color="green">115.395</font>)</span>说</p>'
    )
    assert read.text == "摩根大通说"


def test_netease_component() -> None:
    script = (
        "<script>window.__STOCK_COMPONENT__.push({{code: '{}', type: '{}', tag: 'time'}});</script>"
    )
    assert symbols(script.format("000002", "SZ") + "<p>正文</p>") == [
        ("000002.SZ", "netease_component")
    ]
    assert symbols(script.format("01036", "HK")) == [("01036.HK", "netease_component")]
    assert symbols("<script>window.__STOCK_COMPONENT__ = [];</script><p>正文</p>") == []
    row = (
        '{"title": "t", "content": "前文\\nwindow.__STOCK_COMPONENT__.push('
        "{code: '000002', type: 'SZ', tag: 'time'});\\n后文\"}"
    )
    read = read_article(row.encode())
    assert read.text.split() == ["前文", "后文"]
    assert [m.symbol for m in mentions_of(read)] == ["000002.SZ"]


@pytest.mark.parametrize(
    ("markup", "symbol", "dialect"),
    [
        # Eastmoney's chart of 2016: an address without a secid, a code in lower case
        (
            '<a class="EmImageRemark" href="http://quote.eastmoney.com/us/aapl.html">'
            '<img border="0" alt="K图 aapl_31"></a>',
            "AAPL.US",
            "eastmoney_widget",
        ),
        # its linked name as a span, and the id alone
        (
            '<span class="keytip" href="http://quote.eastmoney.com/SZ300104.html">乐视网</span>',
            "300104.SZ",
            "eastmoney_keytip",
        ),
        (
            '<span id="stock_3001042"><a class="keytip">乐视网</a></span>',
            "300104.SZ",
            "eastmoney_keytip",
        ),
        ('<a code="hs_000333">美的集团</a>', "000333.SZ", "tonghuashun_link"),
        ('<div hidden><a code="hs_000333">美的集团</a></div>', None, ""),
        ('<span code="hs_999999">某某</span>', None, ""),
        # a price that NetEase shows, a company page without a ticker, Eastmoney's other markets
        ('<span _ntesquote_="code:0000001;attr:price">3000</span>', None, ""),
        ('<a data-name="中信证券" href="https://36kr.com/projectDetails/47586">券商</a>', None, ""),
        ('<a href="http://quote.eastmoney.com/3ban/sz430002.html">某某</a>', None, ""),
        # a future has a code and no kind, which an event's exclusion names
        (
            '<a href="http://quote.eastmoney.com/gzqh/IF1512.html">期货</a>',
            "IF1512.EM8",
            "eastmoney_link",
        ),
    ],
)
def test_marks_of_other_forms(markup: str, symbol: str | None, dialect: str) -> None:
    assert symbols(f"<p>文</p>{markup}") == ([(symbol, dialect)] if symbol else [])


def test_a_script_that_repeats_the_codes_of_a_page_adds_nothing() -> None:
    page = (
        '<p><a href="http://finance.ifeng.com/app/hq/stock/sz300299/" title="富春通信 300299">'
        '富春通信</a><span id="sz300299_hq"></span></p>'
        '<script>var code_list = "sz399006,sz300299,hk00662";</script>'
    )
    assert symbols(page) == [("300299.SZ", "ifeng_link")]


def test_markup_whose_quotes_are_escaped_is_read() -> None:
    link = r"<a class=\"keytip\" href=\"http://quote.eastmoney.com/SZ300104.html\">乐视网</a>"
    post = f'---\ntitle: t\ndate: 2016-05-05\n---\n<p class=\\"a\\">{link}公告</p>'
    read = read_article(post.encode())
    assert read.text == "乐视网公告"
    assert [(m.symbol, m.surface) for m in mentions_of(read)] == [("300104.SZ", "乐视网")]


@pytest.mark.parametrize(
    ("secid", "symbol", "kind"),
    [
        ("0.002752", "002752.SZ", "stock"),
        ("0.430510", "430510.BJ", "stock"),
        ("0.399001", "399001.SZ", "index"),
        ("0.200002", "200002.SZ", "b_share"),
        ("1.600160", "600160.SH", "stock"),
        ("1.512660", "512660.SH", "fund"),
        ("1.000001", "000001.SH", "index"),
        ("1.900914", "900914.SH", "b_share"),
        ("2.000859", "000859.CSI", "index"),
        ("8.040120", "040120.EM8", "unknown"),
        ("47.000001", "000001.EM47", "unknown"),
        ("90.BK1036", "BK1036.EM", "board"),
        ("100.DJIA", "DJIA.GI", "index"),
        ("105.NVDA", "NVDA.US", "foreign"),
        ("106.NIO", "NIO.US", "foreign"),
        ("107.SPY", "SPY.US", "foreign"),
        ("113.cu2201", "CU2201.EM113", "unknown"),
        ("116.02066", "02066.HK", "stock"),
        ("119.USDCNY", "USDCNY.EM119", "unknown"),
        ("124.HSCCI", "HSCCI.HK", "index"),
        ("128.00700", "00700.HK", "stock"),
        ("153.TCEHY", "TCEHY.US", "foreign"),
        ("305.HSI", "HSI.HK", "index"),
    ],
)
def test_market_ids_of_eastmoney(secid: str, symbol: str, kind: str) -> None:
    (mention,) = mentions_of(
        article(f'<a href="http://quote.eastmoney.com/unify/r/{secid}">某某</a>')
    )
    assert (mention.symbol, mention.kind) == (symbol, kind)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("$隆基股份(SH601012)$ 公告", "601012.SH"),
        ("看好$宁德时代(SZ300750)$", "300750.SZ"),
        ("$宁德时代(03750)$", "03750.HK"),
        ("$阿里巴巴-SW(09988)$", "09988.HK"),
        ("$京东(JD)$", "JD.US"),
        ("$拼多多(PDD)$", "PDD.US"),
        ("$天雷滚滚_地雷股2(ZH1793699)$", None),
        ("$100(万元)$", None),
    ],
)
def test_cashtags(text: str, symbol: str | None) -> None:
    expected = [] if symbol is None else [(symbol, "xueqiu_cashtag")]
    assert symbols(f"<p>{text}</p>") == expected
    in_title = mentions_of(article("<p>正文</p>", title=text))
    assert [(m.symbol, m.in_title, m.positions) for m in in_title] == [
        (found, True, (NOT_IN_TEXT,)) for found, _ in expected
    ]


def test_a_cashtag_within_a_link_is_counted_once() -> None:
    markup = '<p><a href="http://xueqiu.com/S/SH601012">$隆基股份(SH601012)$</a> 公告</p>'
    assert symbols(markup) == [("601012.SH", "xueqiu_link")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # a market in the text
        ("长江传媒（600757.SH）", ["600757.SH"]),
        ("中航（600968．ＳＨ）", ["600968.SH"]),
        ("索菲亚(002572.SZ，最新价：23.21元)", ["002572.SZ"]),
        ("600519.SS上涨", ["600519.SH"]),
        ("时代邻里(9928.HK)", ["09928.HK"]),
        ("时代中国(01233.hk)", ["01233.HK"]),
        ("中国石化（600028.SH/00386.HK）", ["600028.SH", "00386.HK"]),
        ("SH600718和sz000001", ["600718.SH", "000001.SZ"]),
        ("美团-W(HK:03690)", ["03690.HK"]),
        ("时代邻里（09928.HK)", ["09928.HK"]),
        ("腾讯（HK.0700）", ["00700.HK"]),
        ("贝特瑞(835185.BJ)", ["835185.BJ"]),
        ("上证指数000001.SH", ["000001.SH"]),
        # in brackets
        ("万泰生物(603392)公告", ["603392.SH"]),
        ("万泰生物（６０３３９２）公告", ["603392.SH"]),
        ("万科A（000002）", ["000002.SZ"]),
        ("沪深300指数(000300)", ["000300.SH"]),
        ("上证指数（000001）", ["000001.SH"]),
        ("平安银行（000001）", ["000001.SZ"]),
        ("万科置业海外(01036)发布", ["01036.HK"]),
        ("中国平安（601318，02318）", ["601318.SH", "02318.HK"]),
        ("恒瑞【600276】", ["600276.SH"]),
        ("沪深300ETF(510300)", ["510300.SH"]),
        ("大盘（000001）", ["000001.SH"]),
        ("（600718）东软集团", ["600718.SH"]),
        ("港股腾讯控股（0700）", ["00700.HK"]),
        ("北证50（899050）", ["899050.BJ"]),
        # right behind an index's name
        ("北证50 899050", ["899050.BJ"]),
        ("上证指数000001收涨", ["000001.SH"]),
        ("平安银行000001", []),
        ("指数1000010点", []),
        ("瑞士信贷(CS.N)：维持", ["CS.US"]),
        ("Sunoco Lp（SUN.N）", ["SUN.US"]),
        ("英特尔(INTC.US)", ["INTC.US"]),
        ("阿里巴巴（NYSE：BABA）", ["BABA.US"]),
        # behind a word
        ("A股证券代码“600650”、B股证券代码“900914”", ["600650.SH", "900914.SH"]),
        ("股票代码：603392，简称", ["603392.SH"]),
        ("（代码：600718）", ["600718.SH"]),
        ("友邦保险（股份代号：1299）", ["01299.HK"]),
        ("港股代码为 00700", ["00700.HK"]),
        # tables
        (
            "代码\t名称\t涨幅\n000001\t平安银行\t1.2\n600036\t招商银行\t3",
            ["000001.SZ", "600036.SH"],
        ),
        # what only looks like a code
        ("售出593745辆", []),
        ("许可证号（426098）", []),
        ("电话(010)600718", []),
        ("时间(202201)完成", []),
        ("在2022年(2021年)", []),
        ("版本1.600718.2", []),
        ("邮编(100031)", []),
        ("编号600718", []),
        ("实现收入(600718万元)", []),
        ("同比增长（净利润，600000）", []),
        ("基金代码：001410", []),
        ("验证代码600718", []),
        ("www.example.com/600000.sh", []),
        ("300104.SH", []),
        ("U.S.N", []),
        ("（1.5）", []),
        ("(2066)", []),
    ],
)
def test_codes_in_text(text: str, found: list[str]) -> None:
    assert [code.security.symbol for code in find_codes(text)] == found
    read = read_plain(text)
    plain = Article(article_id="0" * 16, text=read.text)
    mentions = mentions_of(plain)
    assert {m.symbol for m in mentions} == set(found)
    for mention in mentions:
        assert mention.dialect == "text_code"
        assert plain.text[mention.positions[0] :].startswith(mention.surface)


def test_what_may_be_a_number_is_reported_as_doubtful() -> None:
    (month,) = find_codes("闽灿坤B(200512)")
    assert (month.security.symbol, month.confidence < 0.5) == ("200512.SZ", True)
    (clear,) = find_codes("万泰生物(603392)")
    (shared_digits,) = find_codes("平安银行(000001)")
    (stated,) = find_codes("平安银行(000001.SZ)")
    assert month.confidence < shared_digits.confidence < clear.confidence < stated.confidence


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("见 (000001)。", "000001.SZ"),  # the bank, or Shanghai's index
        ("闽灿坤B(200512)", "200512.SZ"),  # or December 2005
        ("共（593745）", "593745.SH"),  # or a number
        ("客车(0700)", "00700.HK"),  # or a time, a model
    ],
)
def test_what_nothing_decides_is_reported_and_no_event(text: str, symbol: str) -> None:
    read = dataclasses.replace(
        article(f"<p>{text}</p>"), published_at=datetime(2022, 1, 6, tzinfo=BEIJING)
    )
    (mention,) = mentions_of(read)
    assert (mention.symbol, mention.role, mention.confidence) == (symbol, "unclear", 0.4)
    found = find_events([read], find_mentions([read]))
    assert found.events.empty
    assert found.excluded["code"].isin(["role_unclear", "kind_fund"]).all()


@pytest.mark.parametrize("text", ["年度(2022)", "实现(1999)", "腾讯(700)", "时间(0700-0800)"])
def test_four_digits_are_a_share_only_where_something_says_so(text: str) -> None:
    assert find_codes(text) == []


def test_a_code_in_the_title_alone_is_a_mention_without_a_place() -> None:
    (mention,) = mentions_of(article("<p>正文</p>", title="瑞士信贷(CS.N)：维持目标价"))
    assert (mention.symbol, mention.in_title, mention.occurrences) == ("CS.US", True, 1)
    assert mention.positions == (NOT_IN_TEXT,)
    (both,) = mentions_of(article("<p>万泰生物(603392)公告</p>", title="万泰生物(603392)"))
    assert (both.occurrences, both.positions, both.in_title) == (1, (5,), True)


_BITS = (
    "600718|000001|0700|02066|.SH|.HK|.N|SH|HK:|(|)|（|）|，|代码|证券|：|\t|\n|"
    "平安银行|$|NYSE|AAPL|指数| |万元|“|2022|/"
)


@given(bits=st.lists(st.sampled_from(_BITS.split("|")), max_size=14))
def test_codes_never_overlap_and_stand_where_they_say(bits: list[str]) -> None:
    text = "".join(bits)
    codes = find_codes(text)
    for first, second in pairwise(codes):
        assert first.end <= second.start
    for code in codes:
        digits = code.security.code.lstrip("0") or code.security.code
        assert digits in text[code.start : code.end].upper()
        assert 0 < code.confidence <= 1


@given(text=st.text(max_size=200))
def test_any_text_is_searched_without_a_crash(text: str) -> None:
    find_codes(text)
    mentions_of(article(text, title=text[:50]))
