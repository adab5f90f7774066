"""Companies by name: boundaries, roles, the choice of the share, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import pickle
import runpy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.data import find_events, find_mentions, mentions_of, read_articles
from mentionstudy.data.articles import Article
from mentionstudy.data.articles.model import BEIJING
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.ingest import ingest
from mentionstudy.data.master import Master
from mentionstudy.data.mentions import mentions_to_frame
from mentionstudy.data.names import NameBook, NameEntry, read_aliases
from mentionstudy.data.names.forms import forms_of
from mentionstudy.data.names.normal import plain, simplified
from mentionstudy.data.workspace import Workspace

FACTS = Path(__file__).parent / "named"
ACCURACY = Path(__file__).parents[1] / "benchmarks" / "names_accuracy.py"
PAIRS = {"600650.SH": "900914.SH", "601601.SH": "02601.HK", "600050.SH": "00762.HK"}
FIRMS = {a: frozenset({b}) for a, b in [*PAIRS.items(), *((b, a) for a, b in PAIRS.items())]}


@pytest.fixture(scope="module")
def book() -> NameBook:
    more = [
        NameEntry("中国联通", "600050.SH", "short"),
        NameEntry("中国联通", "00762.HK", "short"),
        NameEntry("东软集团", "600718.SH", "short"),
        NameEntry("龙芯中科", "688047.SH", "short"),
        NameEntry("龙芯中科技术股份有限公司", "688047.SH", "full"),
    ]
    return NameBook([*read_aliases(FACTS / "company_names.csv"), *more], FIRMS)


def article(text: str, title: str = "", day: dt.datetime | None = None) -> Article:
    at = day or dt.datetime(2022, 6, 14, 10, 0, tzinfo=BEIJING)
    return Article(
        article_id="a",
        title=title,
        text=text,
        published_at=at,
        published_precision="second",
        published_from="text",
        zone_policy="stated",
    )


def roles(text: str, book: NameBook, title: str = "") -> dict[str, str]:
    return {m.symbol: m.role for m in mentions_of(article(text, title), names=book)}


# --- what is a mention and what is not


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("昨日东软集团与海南省签约。", "600718.SH"),
        ("東軟集團昨日宣佈一項合作。", "600718.SH"),  # traditional characters
        ("公告显示，＊ＳＴ大洲将召开股东会。", "000571.SZ"),  # full-width
        ("公告显示，ST大洲将召开股东会。", "000571.SZ"),
        ("龙芯中科技术股份有限公司递交了招股书。", "688047.SH"),
        ("万科 A今晚公告，10月销售回升。", "000002.SZ"),  # a crawler's blank in the name
        ("比亚迪宣布降价。", "002594.SZ"),
        ("为阿里巴巴供货", "09988.HK"),  # the list calls it 阿里巴巴-W
        ("中国软件的订单增长", "600536.SH"),
        ("中国软件(600536)的订单增长", "600536.SH"),
        ("太阳能：上半年净利润增长", "000591.SZ"),
    ],
)
def test_names_are_found(book, text, symbol):
    assert roles(text, book) == {symbol: "subject"}


@pytest.mark.parametrize(
    "text",
    [
        "上海临港创新产业园迎来首批企业。",
        "中国新能源乘用车出口大增。",
        "亚洲金融危机之后，各国积累了外汇储备。",
        "江苏银行业协会发布倡议。",
        "中国银行保险监督管理委员会公布数据。",
        "上海银行业从业人员超过二十万。",
        "人民网络安全意识提高。",
        "华润医疗器械公司参加展会。",
        "沈阳的东软智慧医疗园区开工。",
    ],
)
def test_parts_of_longer_words_are_no_mentions(book, text):
    assert roles(text, book) == {}


@pytest.mark.parametrize(
    "text",
    [
        "分布式太阳能装机继续增长。",
        "机器人进入更多家庭。",
        "新门店覆盖一座新城市。",
        "普通老百姓得到实惠。",
        "中国核电项目有序推进。",
        "一家机器人公司完成融资。",
        "机器人(含工业机器人)产量增长。",
        "全市绿地建设加快。",  # an alias of the test's book
    ],
)
def test_ordinary_words_are_reported_as_unclear(book, text):
    found = roles(text, book)
    assert set(found.values()) == {"unclear"}
    mentions = mentions_of(article(text), names=book)
    assert all(mention.confidence < 0.5 for mention in mentions)


def test_an_ordinary_word_means_the_firm_where_the_article_names_it_by_code(book):
    text = "机器人(300024)签下订单。分析人士说，机器人今年交付会加快。"
    found = [m for m in mentions_of(article(text), names=book) if m.dialect == "company_name"]
    assert [(m.symbol, m.role, m.occurrences) for m in found] == [("300024.SZ", "subject", 2)]


def test_an_ordinary_word_in_a_list_of_firms_means_one(book):
    assert roles("涉及赣锋锂业、机器人、科大讯飞等个股。", book)["300024.SZ"] == "subject"


# --- roles


@pytest.mark.parametrize(
    ("text", "symbol", "role"),
    [
        ("据同花顺iFinD统计，昨日七成个股上涨。", "300033.SZ", "source"),
        ("东方财富Choice数据显示，北向资金净买入。", "300059.SZ", "source"),
        ("（文章来源：新华网）", "603888.SH", "boilerplate"),
        ("风险提示：兴业证券不对内容负责。", "601377.SH", "boilerplate"),
        ("中信证券指出，需求正在恢复。", "600030.SH", "analyst"),
        ("海通证券首席经济学家表示，政策将加码。", "600837.SH", "analyst"),
        ("本次发行的保荐机构为中信证券。", "600030.SH", "analyst"),
        ("招商银行研究院预计增速回落。", "600036.SH", "analyst"),
        ("建设银行-京沪高铁股权投资计划持股不变。", "601939.SH", "product"),
        ("国泰君安东久新经济REIT完成询价。", "601211.SH", "product"),
        ("平安银行理财产品收益下降。", "000001.SZ", "product"),
        ("中信证券公告，董事会换届。", "600030.SH", "subject"),
        ("招商银行表示，不良率稳定。", "600036.SH", "subject"),
        ("同花顺公告，净利润下降。", "300033.SZ", "subject"),
        ("隆基绿能拟发行70亿元可转债。", "601012.SH", "subject"),
        ("交易双方是东软集团和平安银行深圳分行。", "000001.SZ", "subject"),
    ],
)
def test_what_a_firm_is_to_the_article(book, text, symbol, role):
    assert roles(text, book)[symbol] == role


def test_a_firm_that_is_quoted_and_written_about_is_a_subject(book):
    text = "中信证券指出，需求正在恢复。\n中信证券公告，董事会换届。"
    assert roles(text, book)["600030.SH"] == "subject"


def test_links_get_the_role_of_their_place_too(book):
    link = (
        '<a class="trsHotWords" href="http://info.stcn.com/dc/stock/?stockcode=SZ300832">新产业</a>'
    )
    markup = f"<p>国泰君安临港创{link}园REIT开售。</p>"
    made = article("国泰君安临港创新产业园REIT开售。")
    linked = Article(article_id="b", text=made.text, markup=markup, published_at=made.published_at)
    found = {m.symbol: m.role for m in mentions_of(linked, names=book)}
    assert found["300832.SZ"] == "unclear"
    assert found["601211.SH"] == "product"


# --- which share of the firm


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("中国联通公布业绩。", {"600050.SH"}),
        ("中国联通(00762.HK)公布业绩，中国联通派息。", {"00762.HK"}),
        ("中国联通（600050.SH，00762.HK）公布业绩。", {"600050.SH", "00762.HK"}),
        ("中国联通H股上涨。", {"00762.HK"}),
        ("锦江在线公布业绩。", {"600650.SH"}),
        ("锦在线B：上半年扭亏。", {"900914.SH"}),
    ],
)
def test_one_share_of_a_firm_is_meant(book, text, symbols):
    assert set(roles(text, book)) == symbols


def test_the_share_that_was_listed_on_the_day_is_meant():
    firms = {"600941.SH": frozenset({"00941.HK"}), "00941.HK": frozenset({"600941.SH"})}
    entries = [NameEntry("中国移动", s, "short") for s in firms]
    book = NameBook(entries, firms, {"600941.SH": dt.date(2022, 1, 5)})
    early = article("中国移动公布用户数。", day=dt.datetime(2021, 5, 1, tzinfo=BEIJING))
    late = article("中国移动公布用户数。", day=dt.datetime(2022, 5, 1, tzinfo=BEIJING))
    assert [m.symbol for m in mentions_of(early, names=book)] == ["00941.HK"]
    assert [m.symbol for m in mentions_of(late, names=book)] == ["600941.SH"]


def test_a_code_behind_the_name_that_is_another_firms_wins(book):
    assert set(roles("绿地香港（00337.HK）派息。", book)) == {"00337.HK"}
    # the book knows no 万科海外服务; the code says that it is not 万科
    assert set(roles("万科海外服务（02602.HK）派息。", book)) == {"02602.HK"}


def test_a_name_of_two_firms_is_unclear_unless_the_day_or_a_code_decides():
    entries = [
        NameEntry("天成股份", "600111.SH", "former", None, dt.date(2015, 1, 1)),
        NameEntry("天成股份", "600222.SH", "short", dt.date(2016, 1, 1)),
    ]
    book = NameBook(entries)
    when = {2010: "600111.SH", 2020: "600222.SH"}
    for year, symbol in when.items():
        made = article("天成股份公告中标。", day=dt.datetime(year, 5, 4, tzinfo=BEIJING))
        assert {m.symbol: m.role for m in mentions_of(made, names=book)} == {symbol: "subject"}
    both = NameBook([NameEntry("天成股份", s, "short") for s in ("600111.SH", "600222.SH")])
    assert set(roles("天成股份公告中标。", both).values()) == {"unclear"}
    decided = roles("天成股份（600222）公告中标，天成股份涨停。", both)
    assert decided == {"600222.SH": "subject"}


# --- where it stands


def test_positions_point_into_the_article_and_the_title_counts(book):
    text = "第一段。\n万科 A公告，比亚迪与东软集团签约。"
    made = article(text, title="东软集团：签约")
    found = {m.symbol: m for m in mentions_of(made, names=book)}
    assert text[found["000002.SZ"].positions[0] :].startswith("万科 A公告")
    assert text[found["600718.SH"].positions[0] :].startswith("东软集团签约")
    assert found["600718.SH"].in_title
    assert not found["002594.SZ"].in_title


@given(st.text(alphabet="万科A东軟集團 \nab，。１２", max_size=60))
def test_offsets_survive_the_plain_spelling(text):
    same, found = simplified(text), plain(text)
    assert len(same) == len(text)
    for place, char in enumerate(found.text):
        assert same[found.original(place)] == char
        assert found.offset(found.original(place)) == place


@given(st.text(max_size=200))
def test_no_text_breaks_the_search(text):
    made = article(text, title=text[:50])
    for mention in mentions_of(made, names=NameBook.bundled()):
        assert all(0 <= p < len(text) or p == -1 for p in mention.positions)


def test_half_characters_do_not_break_the_search(book):
    assert roles("\ud800东软集团\udfff签约。", book) == {"600718.SH": "subject"}


@pytest.mark.parametrize("text", ["东软集团" * 40_000, "万科 A公告" * 30_000, "机器人\n" * 50_000])
def test_long_texts_take_time_in_proportion(book, text):
    # a quadratic step would take minutes here and run into the limit of all tests
    (found,) = mentions_of(article(text), names=book)
    assert found.occurrences >= 30_000


# --- the book


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("*ST大洲", "short", ["*ST大洲", "ST大洲", "大洲"]),
        ("万  科Ａ", "short", ["万科A", "万科"]),
        ("阿里巴巴-SW", "short", ["阿里巴巴-SW", "阿里巴巴"]),
        ("百济神州-U", "short", ["百济神州-U", "百济神州"]),
        ("东软集团股份有限公司", "full", ["东软集团股份有限公司", "东软集团"]),
        ("宁王", "alias", ["宁王"]),
        ("B", "short", []),
    ],
)
def test_forms_of_a_name(name, kind, wanted):
    assert [form.text for form in forms_of(name, kind)] == wanted


def test_a_book_of_a_master_finds_current_and_former_names():
    book = NameBook.of(Master.bundled(), [NameEntry("宁王", "300750.SZ")])
    assert roles("隆基股份与宁王签约。", book) == {"601012.SH": "subject", "300750.SZ": "subject"}


def test_a_book_travels_to_another_process(book):
    copy = pickle.loads(pickle.dumps(book))
    assert copy.digest == book.digest
    assert roles("东软集团签约。", copy) == {"600718.SH": "subject"}
    assert NameBook([]).matches("东软集团") == []


def test_aliases_are_read_from_a_file(tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_text(
        "name,symbol,from,until,kind\n宁王,300750.SZ,,,\n东软股份,sh600718,1996-06-18,2008-06-01,former\n",
        encoding="utf-8-sig",
    )
    first, second = read_aliases(path)
    assert first == NameEntry("宁王", "300750.SZ")
    assert second == NameEntry(
        "东软股份", "600718.SH", "former", dt.date(1996, 6, 18), dt.date(2008, 6, 1)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("symbol\n300750.SZ\n", "no column 'name'"),
        ("name,symbol\n宁王,300750\n", r"line 2: '300750' is not a symbol.*300750\.SZ"),
        ("name,symbol\n宁,300750.SZ\n", "line 2: '宁' is too short"),
        ("name,symbol,kind\n宁王,300750.SZ,nick\n", "'nick' is no kind; there are short"),
        ("name,symbol,from\n宁王,300750.SZ,1.6.2020\n", "line 2, from: '1.6.2020' is no day"),
        ("name,symbol,from,until\n宁王,300750.SZ,2021-01-01,2020-01-01\n", "ends .* before"),
        ("name,symbol\n宁王,\n", "line 2"),
    ],
)
def test_a_bad_line_of_aliases_is_named(tmp_path, content, message):
    path = tmp_path / "aliases.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileSchemaError, match=message):
        read_aliases(path)


def test_an_alias_file_that_is_missing_or_in_another_charset(tmp_path):
    with pytest.raises(FileSchemaError, match="No such file"):
        read_aliases(tmp_path / "none.csv")
    path = tmp_path / "gbk.csv"
    path.write_bytes("name,symbol\n宁王,300750.SZ\n".encode("gbk"))
    with pytest.raises(FileSchemaError, match="UTF-8"):
        read_aliases(path)


# --- from mentions to events


def test_names_are_looked_for_only_when_asked():
    made = article("东软集团签约。")
    assert find_mentions([made]).empty
    assert list(find_mentions([made], names=NameBook.bundled())["symbol"]) == ["600718.SH"]


@pytest.mark.parametrize("named", [True, False])
def test_many_articles_have_the_mentions_that_each_has_alone(book, named):
    texts = (
        "东软集团（600718）签约，比亚迪上涨。",
        "无关。" * 40_000,
        "",
        "龙芯中科公告。(000750.SZ)",
    )
    many = [
        replace(article(f"{texts[n % 4]}{n}", f"中国联通{n}" if n % 3 else ""), article_id=str(n))
        for n in range(60)
    ]
    names = book if named else None
    alone = [found for each in many for found in mentions_of(each, names=names)]
    assert {found.article_id for found in alone} >= {"0", "3", "59"}
    together = find_mentions(iter(many), names=names)
    pd.testing.assert_frame_equal(together, mentions_to_frame(alone))


def test_name_and_code_of_one_security_are_one_event(book):
    made = article("东软集团（600718）签约，东软集团上涨。")
    mentions = find_mentions([made], names=book)
    assert sorted(mentions["dialect"]) == ["company_name", "text_code"]
    events = find_events([made], mentions).events
    assert list(events["symbol"]) == ["600718.SH"]
    assert list(events["dialects"]) == ["company_name;text_code"]


def test_only_subjects_become_events_unless_others_are_asked_for(book):
    made = article("中信证券指出，比亚迪销量增长。据同花顺iFinD统计。")
    mentions = find_mentions([made], names=book)
    found = find_events([made], mentions)
    assert list(found.events["symbol"]) == ["002594.SZ"]
    codes = dict(zip(found.excluded["symbol"], found.excluded["code"], strict=True))
    assert codes == {"600030.SH": "role_analyst", "300033.SZ": "role_source"}
    assert found.excluded["reason"].str.len().min() > 10
    wider = find_events([made], mentions, roles=("subject", "analyst"))
    assert sorted(wider.events["symbol"]) == ["002594.SZ", "600030.SH"]
    with pytest.raises(ValueError, match="unknown role 'hero'"):
        find_events([made], mentions, roles=("hero",))


def test_a_code_makes_an_event_of_a_firm_that_is_only_quoted_by_name(book):
    made = article("中信证券指出，需求恢复。附：中信证券（600030）股价。")
    assert list(find_events([made], find_mentions([made], names=book)).events["symbol"]) == [
        "600030.SH"
    ]


@pytest.mark.parametrize(
    ("day", "code"),
    [("2022-06-23", "not_listed"), ("2022-06-24", ""), ("2024-03-01", "delisted")],
)
def test_a_firm_is_an_event_only_while_it_is_listed(book, day, code):
    made = article("龙芯中科发布新品。", day=pd.Timestamp(day, tz=BEIJING) + pd.Timedelta("10h"))
    listings = pd.DataFrame(
        {
            "symbol": ["688047.SH"],
            "listed_on": [pd.Timestamp("2022-06-24")],
            "delisted_on": [pd.Timestamp("2024-03-01")],
        }
    )
    found = find_events([made], find_mentions([made], names=book), listings=listings)
    assert list(found.excluded["code"]) == ([code] if code else [])
    assert len(found.events) == (not code)
    if code:
        assert "688047.SH" in found.excluded["reason"][0]
        assert day in found.excluded["reason"][0]


@pytest.mark.parametrize("workers", [1, 2])
def test_ingest_finds_names_and_reads_again_when_they_change(tmp_path, workers):
    folder = tmp_path / "posts"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(
            f"第{number}条消息\n\n2024年1月{number + 2}日，东软集团与宁王签署合作协议。",
            encoding="utf-8",
        )
    workspace = Workspace.open(tmp_path / "workspace", create=True)
    assert ingest(workspace, [folder], workers=workers).mentions == 0
    names = NameBook.bundled()
    report = ingest(workspace, [folder], workers=workers, names=names)
    assert report.mentions_by_dialect == {"company_name": 3}
    assert ingest(workspace, [folder], workers=workers, names=names).read == 0
    assert set(workspace.mentions()["role"]) == {"subject"}
    wider = NameBook.of(Master.bundled(), [NameEntry("宁王", "300750.SZ")])
    assert ingest(workspace, [folder], workers=workers, names=wider).mentions == 6


# --- real posts


def test_the_press_page_and_the_unlisted_firm(shared):
    master = Master.bundled()
    read = read_articles(shared / "seeds").articles
    mentions = find_mentions(read, names=NameBook.of(master))
    found = find_events(read, mentions, listings=master.listings)
    by_name = found.events[found.events["dialects"] == "company_name"]
    assert list(by_name["event_id"]) == ["600718.SH@2010-03-01"]
    excluded = found.excluded.set_index("symbol")
    assert excluded.loc["688047.SH", "code"] == "not_listed"
    assert "2022-06-24" in excluded.loc["688047.SH", "reason"]
    assert len(found.events) == 9  # the eight by code, and that one


@pytest.mark.parametrize("subjects", [False, True])
def test_named_companies_of_real_posts(shared, subjects):
    """Hold precision and recall, by firm and post, among the names of all A shares.

    The rules were changed after a look at what was wrong there: a floor against decay.
    """
    bench = runpy.run_path(str(ACCURACY))
    read = read_articles(shared / "articles" / "posts").articles
    posts = {Path(made.path).name: made for made in read}
    counts, remarks = bench["measure"](posts, bench["book_of"](aliases=False), subjects=subjects)
    total: Counter[str] = sum(counts.values(), Counter())
    assert total["right"] >= 200
    assert total["wrong"] <= 0.01 * total["right"], remarks
    assert total["missed"] <= 0.08 * total["right"], remarks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("国泰君安临港创新产业园REIT开售。", {"601211.SH": "product"}),
        ("中国新能源乘用车出口大增。", {}),
        ("平安资管-建设银行-京沪高铁股权投资计划持股不变。", {"601939.SH": "product"}),
        ("据同花顺iFinD统计，昨日七成个股上涨。", {"300033.SZ": "source"}),
        ("东北证券指出，招商证券认为估值不高。", {"000686.SZ": "analyst", "600999.SH": "analyst"}),
        ("東方海外公布，行政總裁辭任。", {"00316.HK": "subject"}),  # listed as 东方海外国际
        ("本周沪农商行将解禁，规模居前。", {"601825.SH": "subject"}),  # no 行将
        ("截至昨日，中期分红的公司增多，去年中期业绩下滑。", {}),  # what is left of ST中期
        ("陆家嘴财经早餐", {"600663.SH": "unclear"}),  # a place
        ("陆家嘴：上半年净利润增长", {"600663.SH": "subject"}),
        ("共享充电宝。视觉中国 资料\n“以前便宜。”", {"000681.SZ": "boilerplate"}),
        ("保险产品华泰证券组合持股不变。", {"601688.SH": "product"}),
    ],
)
def test_traps_among_the_names_of_all_shares(every_name, text, found):
    named = {m.symbol: m.role for m in mentions_of(article(text), names=every_name)}
    assert {s: r for s, r in named.items() if r != "unclear" or s in found} == found


@pytest.fixture(scope="module")
def every_name() -> NameBook:
    made: NameBook = runpy.run_path(str(ACCURACY))["book_of"](aliases=False)
    return made
