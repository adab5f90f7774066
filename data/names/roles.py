"""What a company is to an article at the place where its name stands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from mentionstudy.data.mentions.model import Role
from mentionstudy.data.names.context import vendors

_BEFORE_CHARS: Final = 24
_AFTER_CHARS: Final = 40
_LINE_CHARS: Final = 400

# --- part of the name of an office or an association: 中国银行保险监督管理委员会
_OFFICE: Final = re.compile(
    r"[\u4e00-\u9fff]{0,8}?(?:监督管理委员会|监督管理局|监管局|监管委|业协会|商会|联合会|间市场)"
)

# --- part of the name of a product: of a fund, a plan, a bond, or the account that holds shares
_NO_NAME: Final = (
    r"(?:(?!的|与|和|及|在|将|对|为|是|拟|称|也|又|发布|发行|持有|增持|减持|旗下|表示|公告|认购|参与|设立|投资"
    r"|推出|获|被|向|由|股东|披露|募集)[\u4e00-\u9fffA-Za-z0-9·-])"
)
_PRODUCT: Final = re.compile(
    rf"{_NO_NAME}{{0,16}}?(?:REITs?|ETF|LOF|FOF|(?:指数|混合|债券|股票|私募|货币|公募)(?:型|式)?(?:证券投资)?基金"
    r"|证券投资基金|(?:理财|资管|信托|资产管理|持股|股权投资|债权投资|专项)(?:产品|计划)|组合(?!拳|式)|转债)"
)
# One of these is in every such name, and looking for them takes less than trying the pattern.
_PRODUCT_WORD: Final = re.compile("基金|产品|计划|组合|转债|ETF|[LF]OF|REIT")
_ACCOUNT: Final = re.compile(r"[-–－][\u4e00-\u9fff]{2,}")

# --- the source of data or news
_CITING: Final = re.compile(
    r"(?:据|根据|依据|来自|引自|援引|转自|摘自|数据来源|资料来源|图片来源|来源|数据源)[::]?\s*$"
)
_SUPPLIES: Final = re.compile(
    r"(?:iFinD|ifind|Choice|choice|问财|数据|金融终端|终端|财经|统计|监测|资讯|研究中心|APP|App|客户端"
    r"|显示|报道|讯[,，:]|记者|网(?=数据|统计|讯|报道|显示))"
)

# --- quoted, or acting for somebody else
_HOUSE: Final = re.compile(r"证券|君安|海通|宏源|中金|建投|期货|华泰|国际金融|东方财富")
_LENDER: Final = re.compile(r"银行|信托|保险|人寿|平安|太保|资产|资本|控股|集团")
_RESEARCH: Final = re.compile(
    r"[\u4e00-\u9fff()]{0,8}?(?:研报|研究报告|研究所|研究院|研究部|研究中心|研究员|研究团队|首席|分析师|策略师"
    r"|经济学家|策略团队|固收团队|宏观团队|投顾|投资顾问)"
)
_SPEAKS: Final = re.compile(
    r"[\u4e00-\u9fff]{0,4}?(?:认为|指出|表示|预计|预测|预期|看好|建议|判断|提示|维持|给予|上调|下调|首次覆盖|发布研"
    r"|的研报|最新研报|称[,:]|[::]|等(?:多家|[\d一二三四五六七八九十]+家)?(?:机构|券商)[^,。]{0,6}"
    r"(?:认为|表示|预计|指出|看好|建议|给予|上调|下调))"
)
_HIRED: Final = re.compile(
    r"(?:保荐机构|保荐人|主承销商|承销商|财务顾问|受托管理人|存续督导|券商|评级机构|投行)[^,。;\n]{0,8}$"
)
_HIRES: Final = re.compile(
    r"(?:、[^,。;、\n]{2,10}){0,4}(?:等)?(?:担任|为(?:其)?|作为|任)?(?:联席|独家|联合)?(?:保荐|主承销|承销商|财务顾问|做市商)"
)

# --- credit lines and disclaimers
_CREDIT: Final = re.compile(
    r"[(\[【](?:文章|图片|本文|稿件)?(?:来源|作者|编辑|责编|责任编辑|记者|文字|见习记者)[::/][^()\[\]【】]*$"
)
_CREDIT_LINE: Final = re.compile(
    r"\s*(?:免责声明|风险提示|郑重声明|声明|责任编辑|责编|编辑|校对|作者|文章来源|本文来源|图片来源|来源|更多精彩"
    r"|扫码|扫描|下载)[::\s]"
)
_BYLINE: Final = re.compile(r"(?:作者|文)[::/]\s*$")
_PICTURE_OF: Final = re.compile(r" ?(?:资料(?:图片?)?|供图|图片|制图|图)(?=[\s)\]】。]|$)")


def is_office(text: str, end: int) -> bool:
    """Tell whether the words behind a name make it that of an office or an association."""
    return _OFFICE.match(text, end) is not None


def role_of(text: str, start: int, end: int, symbol: str, name: str) -> Role:
    """Say what a company is to an article at one place.

    Parameters
    ----------
    text
        Half-width and simplified.
    start, end
        Where the name stands.
    symbol
        Which security it is.
    name
        Its short name, whatever form stands in the text: it shows a house that is quoted. More
        than one name may be given, one on each line.

    Returns
    -------
    Role
        ``subject`` unless something says otherwise.
    """
    line = _line_start(text, start)
    before = text[max(line, start - _BEFORE_CHARS) : start]
    after = text[end : end + _AFTER_CHARS].partition("\n")[0]
    vendor = symbol in vendors()
    in_credit = (":" in before or "/" in before) and _CREDIT.search(before)
    if in_credit or _CREDIT_LINE.match(text, line, start):
        return "boilerplate"
    if vendor and before.endswith("(") and after.startswith(")"):
        return "boilerplate"
    if _PICTURE_OF.match(after):
        return "boilerplate"
    if _ACCOUNT.match(after) or (_PRODUCT_WORD.search(after) and _PRODUCT.match(after)):
        return "product"
    if vendor and (_SUPPLIES.match(after) or _CITING.search(before)):
        return "source"
    if _is_quoted(before, after, name):
        return "analyst"
    return "subject"


def _line_start(text: str, place: int) -> int:
    """Return where the line of a place begins, or a place amid it if it is a very long one."""
    window = max(0, place - _LINE_CHARS)
    return text.rfind("\n", window, place) + 1 or window


def _is_quoted(before: str, after: str, name: str) -> bool:
    house, lender = _houses(name)
    if (house or lender) and _RESEARCH.match(after):
        return True
    if not house:
        return False
    return any(
        (_SPEAKS.match(after), _HIRED.search(before), _HIRES.match(after), _BYLINE.search(before))
    )


@lru_cache(maxsize=4096)
def _houses(name: str) -> tuple[bool, bool]:
    """Tell whether a name is that of a house that is quoted, and of a lender."""
    return _HOUSE.search(name) is not None, _LENDER.search(name) is not None
