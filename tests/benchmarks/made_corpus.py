"""Made-up posts and pages in the shapes of real ones, as many as wanted, the same every time.

``python tests/benchmarks/made_corpus.py FOLDER COUNT`` writes COUNT posts, a thousand in a folder.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

_WORDS = (
    "公司 今日 公告 显示 项目 合同 金额 预计 完成 建设 投产 市场 需求 增长 业绩 产品 技术 "
    "研发 客户 订单 产能 价格 行业 政策 发展 战略 合作 协议 双方 签署 推进 提升 效率 服务 "
    "智能 制造 数据 平台 升级 资金 投资 收购 股权 转让 董事会 股东 会议 审议 通过 议案 同比 "
    "环比 上升 下降 约 亿元 万元 季度 全年 收入 利润 成本 费用 毛利率 环保 能源 电池 材料 "
    "汽车 医药 银行 贷款 利率 人民币 汇率 出口 进口 物流 供应链 城市 园区 工程 设备 交付 "
    "验收 试点 示范"
)
_NAMES = (
    "东软集团 盛京银行 交通银行 中信银行 上海银行 国海证券 中国联通 贵州茅台 五粮液 比亚迪 "
    "宁德时代 招商银行 平安银行 恒瑞医药 万科A 格力电器 美的集团 隆基绿能 海康威视 中国平安"
)
_SHARES = (
    "600718 601328 601998 601229 600050 600519 600036 600276 601012 601318 600000 600900 "
    "601888 603259 000750 000001 000858 002594 300750 000002 000651 000333 002415 300059 "
    "002475 000725"
)
WORDS, NAMES, SHARES = _WORDS.split(), _NAMES.split(), _SHARES.split()
FIRST_DAY = datetime(2021, 3, 1, 8, 0)
PORTAL_PAGE_BYTES = 160_000
PER_FOLDER = 1000


def post(number: int) -> bytes:
    """Return one post of about 2 kB; each number gives another text."""
    rng = random.Random(number)
    shape = rng.choices((_eastmoney, _stcn, _cls, _xueqiu), (45, 35, 10, 10))[0]
    return shape(rng, number).encode()


def page(number: int, container: str = 'id="ContentBody"') -> bytes:
    """Return a whole page of about 160 kB with the text in a container, among much else."""
    rng = random.Random(number)
    body = "".join(f"<p>　　{_sentences(rng, 160)}</p>\n" for _ in range(8))
    links = [
        f'<li><a href="http://finance.example.com/a/2021{n:010d}.html" target="_blank" '
        f'title="{_sentence(rng)}">{_sentence(rng)}</a>'
        f'<span class="t">{n % 24:02d}:00</span></li>\n'
        for n in range(240)
    ]
    data = ",".join(f"k{n}:{rng.random()}" for n in range(1500))
    script = f"<script>var data = {{{data}}};</script>\n"
    title = f"{_sentence(rng)}{number}"
    html = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}_财经频道</title>\n"
        f'{script}</head><body><div class="nav"><ul>{"".join(links[:120])}</ul></div>'
        f"<h1>{title}</h1>"
        f'<div class="time">{_clock(number):%Y年%m月%d日 %H:%M}　来源：示例社</div>'
        f"<div {container}>{body}{_widget(rng)}<p>{_linked(rng)}{_sentences(rng, 80)}</p></div>"
        f'<div class="side"><ul>{"".join(links[120:])}</ul></div>'
    )
    return f"{html}{_filler(PORTAL_PAGE_BYTES - len(html.encode()))}</body></html>".encode()


def _filler(n_bytes: int) -> str:
    """Return a script, which is what most of a real page is, and a footer of links."""
    row = '<div class="foot"><span style="color:#666">x</span><a href="/help">y</a></div>\n'
    data = "var state={name:'value',list:[1,2,3],on:function(e){return e.target.id;}};\n"
    script = data * max(0, (n_bytes - 400 * len(row)) // len(data))
    return f"{row * 400}<script>{script}</script>"


def folders(corpus: Path, count: int) -> list[Path]:
    """Return the folders of the first posts, which are made unless they are there."""
    places = [corpus / f"{number:05d}" for number in range(-(-count // PER_FOLDER))]
    if not places[-1].exists():
        for _ in write(corpus, count):
            pass
    return places


def write(folder: Path, count: int) -> Iterator[Path]:
    """Write posts, a thousand in a folder, and yield the folders as they are full."""
    for first in range(0, count, PER_FOLDER):
        inside = folder / f"{first // PER_FOLDER:05d}"
        inside.mkdir(parents=True, exist_ok=True)
        for number in range(first, min(first + PER_FOLDER, count)):
            (inside / f"{number:08d}.md").write_bytes(post(number))
        yield inside


def _clock(number: int) -> datetime:
    return FIRST_DAY + timedelta(seconds=number * 977 % 40_000_000)


def _sentence(rng: random.Random) -> str:
    return "".join(rng.choices(WORDS, k=rng.randint(6, 12)))


def _sentences(rng: random.Random, n_chars: int) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < n_chars:
        name = rng.choice(NAMES) if rng.random() < 0.15 else ""
        parts.append(f"{name}{_sentence(rng)}，{rng.randint(1, 99)}.{rng.randint(0, 99):02d}%。")
    return "".join(parts)


def _share(rng: random.Random) -> tuple[str, str]:
    code = rng.choice(SHARES)
    return code, "1" if code.startswith("6") else "0"


def _widget(rng: random.Random) -> str:
    code, market = _share(rng)
    return (
        '<p style="display:none;height:1px;overflow:hidden;"><br /></p><!-- EM_StockImg_Start -->'
        '<p style="text-align:center;">'
        f'<a href="http://quote.eastmoney.com/unify/r/{market}.{code}" '
        f'data-code="{code}|{market}|2" data-code2="{code}|{market}|6|" class="EmImageRemark" '
        'target="_blank"><img src="https://webquoteklinepic.eastmoney.com/GetPic.aspx?'
        f'nid={market}.{code}&imageType=k&token=28&at=1" border="0" alt="K图 {code}_0" '
        f'data-code="K {code}|{market}|2" style="border:#d1d1d1 1px solid;" width="578" '
        'height="276" /></a></p><!-- EM_StockImg_End -->'
    )


def _eastmoney(rng: random.Random, number: int) -> str:
    widgets = "".join(_widget(rng) for _ in range(rng.choice((0, 1, 1, 1, 2))))
    body = "\r\n ".join(f"<p>{_sentences(rng, 75)}</p>" for _ in range(5))
    return (
        f'---\nlayout: post\ntitle: "{_sentence(rng)}"\n'
        f"date: {_clock(number):%Y-%m-%d %H:%M:%S} +0800\n"
        f"categories: zhongguo\ntags: 示例网新闻\n---\n{widgets}{body}"
        '<p class="em_media">（文章来源：示例网）</p>\n\n'
        f"<http://news.example.com/share.html?infoCode=NW{number}>\n\n"
        "[返回示例网新闻](//news.example.com/category/a.html)｜[返回首页](//news.example.com/)\n"
    )


def _linked(rng: random.Random) -> str:
    code, market = _share(rng)
    place = "SS" if market == "1" else "SZ"
    return (
        '<a class="trsHotWords" style="color: #2f67d1;text-decoration: none;" target="_blank" '
        f'href="http://info.stcn.com/dc/stock/?stockcode={place}{code}" code="{code}">'
        f"{rng.choice(NAMES)}</a>"
    )


def _rsshub(rng: random.Random, number: int, source: str, body: str) -> str:
    return (
        f"\n---\ntitle: '{_sentence(rng)}'\ncategories: \n - 金融\n - {source}\n - 快讯\n"
        f"headimg: 'https://pics.example.com/400/300?random={number}'\nauthor: {source}\n"
        f"comments: false\ndate: {_clock(number):%a, %d %b %Y %H:%M:%S} GMT\n"
        f"thumbnail: 'https://pics.example.com/400/300?random={number}'\n---\n\n"
        f"<div>   \n{body}\n\n                  \n</div>\n"
    )


def _stcn(rng: random.Random, number: int) -> str:
    pieces = [_sentences(rng, 60)]
    for _ in range(rng.randint(1, 4)):
        pieces.append(f"{_linked(rng)}{_sentences(rng, 60)}")
    return _rsshub(
        rng, number, "证券时报网", f"<p>{''.join(pieces)}</p><p>{_sentences(rng, 90)}</p>"
    )


def _cls(rng: random.Random, number: int) -> str:
    code, market = _share(rng)
    suffix = rng.choice(("", ".SH" if market == "1" else ".SZ"))
    lead = f"【{_sentence(rng)}】示例社电，{rng.choice(NAMES)}({code}{suffix})公告，"
    return _rsshub(rng, number, "财联社", f"{lead}{_sentences(rng, 420)}")


def _xueqiu(rng: random.Random, number: int) -> str:
    code, market = _share(rng)
    place = "SH" if market == "1" else "SZ"
    name = rng.choice(NAMES)
    link = (
        f'<a href="http://xueqiu.com/S/{place}{code}" target="_blank">${name}({place}{code})$</a>'
    )
    return _rsshub(rng, number, "雪球", f"{link} {_sentences(rng, 200)}<br>{_sentences(rng, 160)}")


def main() -> None:
    """Write a corpus."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    for done in write(folder, count):
        sys.stdout.write(f"\r{done}")
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
