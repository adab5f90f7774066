"""Column names of the data vendors, and what their numbers are counted in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

# own names, akshare, Yahoo, Tushare, baostock, JoinQuant, RiceQuant, Wind (terminal and
# database), CSMAR, RESSET, TongHuaShun
_NAMES: Final[Mapping[str, str]] = {
    "symbol": "symbol ticker code ts_code ts代码 证券代码 股票代码 代码 stkcd windcode wind代码 "
    "s_info_windcode order_book_id sec_code seccode thscode instrument 股票 security",
    "date": "date trade_date tradedate trddt trade_dt 日期 交易日期 交易日 交易时间 datetime time "
    "日期_date 时间",
    "open": "open 开盘 开盘价 今开 今开盘 opnprc s_dq_open open_price oppr",
    "high": "high 最高 最高价 hiprc s_dq_high high_price hipr",
    "low": "low 最低 最低价 loprc s_dq_low low_price lopr",
    "close": "close 收盘 收盘价 最新价 clsprc s_dq_close close_price clpr 最新",
    "adjusted_close": "adj_close adjclose adj.close adjusted_close adjprcwd s_dq_adjclose "
    "复权收盘价 后复权收盘价 前复权收盘价 后复权价 前复权价",
    "volume": "volume vol 成交量 dnshrtrd s_dq_volume trdvol volume_traded",
    "amount": "amount 成交额 成交金额 dnvaltrd s_dq_amount money total_turnover trdamt",
    "factor": "adj_factor s_dq_adjfactor 复权因子 后复权因子 hfq_factor factor cum_factor",
    "flag": "adjustflag 复权状态",
}
_LOOKUP: Final[Mapping[str, str]] = MappingProxyType(
    {name: field for field, names in _NAMES.items() for name in names.split()}
)

_UNITS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "股": 1.0,
        "手": 100.0,
        "万股": 1e4,
        "元": 1.0,
        "人民币元": 1.0,
        "港元": 1.0,
        "千元": 1e3,
        "万元": 1e4,
        "百万": 1e6,
        "百万元": 1e6,
        "亿元": 1e8,
    }
)
_UNIT: Final = re.compile(r"[(（\[]\s*(?:单位[:：])?\s*(\S+?)\s*[)）\]]$")

# headers that tell the vendor, and its units of volume and amount
_VENDORS: Final = (
    ("Tushare", {"ts_code", "vol"}, 100.0, 1e3),
    ("Wind", {"s_dq_volume"}, 100.0, 1e3),
    ("CSMAR", {"dnshrtrd"}, 1.0, 1.0),
    ("baostock", {"adjustflag", "preclose"}, 1.0, 1.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of a file are.

    Attributes
    ----------
    fields : mapping of str to str
        Canonical field (``date``, ``close``, ...) to the file's own name.
    scale : mapping of str to float
        What to multiply ``volume`` and ``amount`` with to get shares and currency.
    vendor : str
        Whose names they are, where the names tell; else empty.
    """

    fields: Mapping[str, str]
    scale: Mapping[str, float]
    vendor: str


def recognise(names: Iterable[object]) -> Columns:
    """Say what the columns of a price file are.

    Parameters
    ----------
    names
        The header.

    Returns
    -------
    Columns
        Without a field that no column has. The first of two columns with one meaning counts.
    """
    fields: dict[str, str] = {}
    scale: dict[str, float] = {}
    plain = set()
    for name in names:
        text = str(name).strip().strip("\ufeff").lower()
        unit = _UNIT.search(text)
        bare = re.sub(r"[\s_-]+", "_", _UNIT.sub("", text).strip())
        plain.add(bare)
        field = _LOOKUP.get(bare)
        if field is None or field in fields:
            continue
        fields[field] = str(name)
        if unit and field in {"volume", "amount"} and unit[1] in _UNITS:
            scale[field] = _UNITS[unit[1]]
    vendor = ""
    for who, marks, volume, amount in _VENDORS:
        if marks <= plain:
            vendor = who
            scale = {"volume": volume, "amount": amount} | scale
            break
    return Columns(fields=fields, scale=scale, vendor=vendor)
