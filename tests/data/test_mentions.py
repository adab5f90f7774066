from __future__ import annotations

import pytest

from mentionstudy.data.articles import Article, articles_to_frame
from mentionstudy.data.mentions import (
    MENTION_COLUMNS,
    NOT_IN_TEXT,
    Mention,
    dialects,
    find_mentions,
    mentions_of,
)
from mentionstudy.data.mentions.eastmoney_url import security_of_url


def article(markup: str, title: str = "") -> Article:
    from mentionstudy.data.articles.body import read_markup

    body = read_markup(markup, "lxml")
    return Article(article_id="0" * 16, title=title, text=body.text, markup=body.markup)


def found(markup: str, title: str = "") -> dict[tuple[str, str], Mention]:
    return {(m.symbol, m.dialect): m for m in mentions_of(article(markup, title))}


def chart(secid: str, code: str, linked: bool = True) -> str:
    image = (
        f'<img src="https://webquoteklinepic.eastmoney.com/GetPic.aspx?nid={secid}&imageType=k'
        f'&token=28dfeb41&at=1" alt="K图 {code}_0" data-code="K {code}|1|1" '
        f'data-code2="K {code}|1|2|" />'
    )
    if not linked:
        return f"<!-- EM_StockImg_Start --><p>{image}</p><!-- EM_StockImg_End -->"
    return (
        f'<!-- EM_StockImg_Start --><p><a href="http://quote.eastmoney.com/unify/r/{secid}" '
        f'data-code="{code}|1|1" data-code2="{code}|1|2|" class="EmImageRemark" target="_blank">'
        f"{image}</a></p><!-- EM_StockImg_End -->"
    )


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize(
    ("secid", "symbol", "kind"),
    [
        ("1.600718", "600718.SH", "stock"),
        ("0.002752", "002752.SZ", "stock"),
        ("0.830799", "830799.BJ", "stock"),
        ("0.200002", "200002.SZ", "b_share"),
        ("116.02066", "02066.HK", "stock"),
        ("106.NIO", "NIO.US", "foreign"),
        ("90.BK1037", "BK1037.EM", "board"),
        ("1.000001", "000001.SH", "index"),
        ("1.512660", "512660.SH", "fund"),
    ],
)
def test_one_chart_is_one_mention(secid: str, symbol: str, kind: str, linked: bool) -> None:
    code = secid.split(".")[1]
    hidden = '<p style="display:none;height:1px;"><br /></p>'
    mentions = found(hidden + chart(secid, code, linked) + "<p>正文。</p>")
    assert list(mentions) == [(symbol, "eastmoney_widget")]
    mention = mentions[symbol, "eastmoney_widget"]
    assert (mention.kind, mention.occurrences, mention.positions) == (kind, 1, (NOT_IN_TEXT,))


def test_a_chart_with_escaped_address_and_a_chart_link_without_image() -> None:
    escaped = chart("1.600718", "600718").replace("&image", "&amp;image")
    assert found(escaped)["600718.SH", "eastmoney_widget"].occurrences == 1
    link = (
        '<a class="EmImageRemark" href="http://quote.eastmoney.com/unify/r/116.00762" '
        'data-code="00762|116|5">图</a>'
    )
    assert found(link)["00762.HK", "eastmoney_widget"].occurrences == 1


def test_two_charts_of_one_security_are_two_occurrences() -> None:
    mentions = found(chart("1.600718", "600718") + chart("1.600718", "600718", linked=False))
    assert mentions["600718.SH", "eastmoney_widget"].occurrences == 2


def test_a_chart_in_a_hidden_block_is_none() -> None:
    assert found(f'<div style="display:none">{chart("1.600718", "600718")}</div>') == {}


def test_linked_names_of_eastmoney() -> None:
    mentions = found(
        '<p>具体来看，<span id="stock_1.600160">'
        '<a href="http://quote.eastmoney.com/unify/r/1.600160" class="keytip" '
        'data-code="1,600160">巨化股份</a></span><span id="quote_1.600160"></span>与'
        '<span web="1" href="http://quote.eastmoney.com/unify/r/1.600160" '
        'class="em_stock_key_common" data-code="1,600160">巨化股份</span>的<span id="Info.3321">'
        '<a href="http://data.eastmoney.com/bbsj/" class="infokey">业绩</a></span>，'
        '<span id="bk_90.BK0493"><a href="http://quote.eastmoney.com/unify/r/90.BK0493" '
        'class="keytip" data-code="90,BK0493">新能源</a></span></p>',
        title="巨化股份一览",
    )
    assert set(mentions) == {
        ("600160.SH", "eastmoney_keytip"),
        ("BK0493.EM", "eastmoney_keytip"),
    }
    mention = mentions["600160.SH", "eastmoney_keytip"]
    assert (mention.occurrences, mention.positions) == (2, (5, 10))
    assert (mention.surface, mention.in_title) == ("巨化股份", True)
    assert not mentions["BK0493.EM", "eastmoney_keytip"].in_title


@pytest.mark.parametrize(
    ("span", "href", "symbol"),
    [
        ("stock_3001042", "http://quote.eastmoney.com/SZ300104.html", "300104.SZ"),
        ("stock_3001042", "", "300104.SZ"),
        ("stock_NASDAQ_AAPL7", "http://quote.eastmoney.com/us/AAPL.html?Market=NASDAQ", "AAPL.US"),
        ("stock_NASDAQ_AAPL7", "", "AAPL.US"),
        ("stock_3950222", "http://quote.eastmoney.com/ZS395022.html", "395022.SZ"),
        ("stock_5135001", "http://fund.eastmoney.com/513500.html", "513500.SH"),
    ],
)
def test_linked_names_of_2016(span: str, href: str, symbol: str) -> None:
    address = f' href="{href}"' if href else ""
    markup = f'<span id="{span}"><a class="keytip"{address} target="_blank">某名称</a></span>'
    assert list(found(markup)) == [(symbol, "eastmoney_keytip")]


@pytest.mark.parametrize(
    ("url", "symbol"),
    [
        ("http://quote.eastmoney.com/unify/r/116.02066", "02066.HK"),
        ("//quote.eastmoney.com/unify/r/105.NVDA", "NVDA.US"),
        ("https://quote.eastmoney.com/sh603890.html", "603890.SH"),
        ("https://quote.eastmoney.com/sz000001.html", "000001.SZ"),
        ("http://quote.eastmoney.com/concept/sh603777.html?from=classic", "603777.SH"),
        ("http://quote.eastmoney.com/SZ300104.html", "300104.SZ"),
        ("http://quote.eastmoney.com/ZS395022.html", "395022.SZ"),
        ("http://quote.eastmoney.com/zs000001.html", "000001.SH"),
        ("http://quote.eastmoney.com/hk/00948.html", "00948.HK"),
        ("http://quote.eastmoney.com/us/ENTX.html", "ENTX.US"),
        ("http://quote.eastmoney.com/bj/430510.html", "430510.BJ"),
        ("http://quote.eastmoney.com/gzqh/IF2301.html", "IF2301.EM8"),
        ("http://quote.eastmoney.com/unify/r/8.IF2301", "IF2301.EM8"),
        ("http://quote.eastmoney.com/zs899050.html", "899050.BJ"),
        ("http://quote.eastmoney.com/bk/90.BK1027.html", "BK1027.EM"),
        ("http://quote.eastmoney.com/zz/2.000859.html", "000859.CSI"),
        ("http://quote.eastmoney.com/gb/zsDJIA.html", "DJIA.GI"),
        ("http://fund.eastmoney.com/161125.html", "161125.SZ"),
        ("http://guba.eastmoney.com/list,300059.html", "300059.SZ"),
        ("http://fund.eastmoney.com/001410.html", None),  # no exchange lists it
        ("http://data.eastmoney.com/bbsj/", None),
        ("http://finance.eastmoney.com/news/1344,202112082206704122.html", None),
        ("http://evil.example/quote.eastmoney.com/sh603890.html", None),
        ("http://quote.eastmoney.com/sh300104.html", None),
    ],
)
def test_addresses_of_eastmoney(url: str, symbol: str | None) -> None:
    security = security_of_url(url)
    assert (security.symbol if security else None) == symbol


@pytest.mark.parametrize(
    "link",
    [
        '<a class="trsHotWords" style="color: #2f67d1;" target="_blank" '
        'href="http://info.stcn.com/dc/stock/?stockcode=SS601328" code="601328">交通银行</a>',
        '<a class="trsHotWords" href="https://info.stcn.com/dc/stock/?stockcode=SS601328" '
        'style="color: #2f67d1;" code="601328" target="_blank">交通银行</a>',
        '<a class="trsHotWords" href="#" code="601328">交通银行</a>',
    ],
)
def test_linked_names_of_securities_times(link: str) -> None:
    mentions = found(f"<p>由{link}深圳分行与{link}组成</p>")
    mention = mentions["601328.SH", "stcn_hotword"]
    assert (mention.occurrences, mention.positions, mention.surface) == (2, (1, 10), "交通银行")
    text = article(f"<p>由{link}深圳分行与{link}组成</p>").text
    assert all(text[place : place + 4] == "交通银行" for place in mention.positions)


def test_codes_that_cannot_be_are_no_mentions() -> None:
    assert found(chart("1.300104", "300104")) == {}
    assert found('<a class="keytip" data-code="x">甲</a><a class="keytip">乙</a>') == {}
    assert found('<a class="trsHotWords" href="?stockcode=SS300104">甲</a>') == {}


def test_a_frame_of_mentions_has_one_row_per_article_security_and_dialect() -> None:
    one = article(chart("1.600718", "600718") * 2 + chart("116.02066", "02066"))
    frame = find_mentions([one, article("<p>无</p>")])
    assert tuple(frame.columns) == MENTION_COLUMNS
    assert list(frame["symbol"]) == ["600718.SH", "02066.HK"]
    assert list(frame["positions"]) == ["-1;-1", "-1"]
    assert not frame.duplicated(["article_id", "symbol", "dialect"]).any()
    assert find_mentions(articles_to_frame([one])).equals(frame)
    empty = find_mentions([])
    assert empty.empty
    assert dict(empty.dtypes.astype(str)) == dict(frame.dtypes.astype(str))


def test_dialects_have_unique_stable_names() -> None:
    names = [dialect.name for dialect in dialects()]
    assert len(set(names)) == len(names)
    assert {"eastmoney_widget", "eastmoney_keytip", "stcn_hotword"} <= set(names)
