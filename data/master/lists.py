"""The exchanges' own lists, each as the akshare function that reads it and what it says.

A list gives rows of two shapes (`Facts`): what is listed, and under which names. Codes come as
texts, numbers, or numbers with their leading zeros lost; days as dates, texts or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.master.model import NameKind, security_row
from mentionstudy.data.securities import classify


@dataclass(slots=True)
class Facts:
    """What a list says.

    Attributes
    ----------
    securities, names, changes
        Rows of the tables ``securities``, ``security_names`` and ``name_changes``.
    skipped
        Rows whose code is not that of a share.
    """

    securities: list[dict[str, object]] = field(default_factory=list)
    names: list[dict[str, object]] = field(default_factory=list)
    changes: list[dict[str, object]] = field(default_factory=list)
    skipped: int = 0

    def add(
        self,
        code: object,
        exchange: str,
        name: object = "",
        *,
        full: object = "",
        listed_on: object = None,
        delisted_on: object = None,
        pairs: str = "",
    ) -> str:
        """Add one security; returns its symbol, empty if the code is none."""
        symbol = _symbol(code, exchange)
        if not symbol:
            self.skipped += 1
            return ""
        short = tidy(name)
        self.securities.append(
            security_row(
                symbol,
                name=short,
                listed_on=_day(listed_on),
                delisted_on=_day(delisted_on),
                pairs=pairs,
            )
        )
        self.add_name(symbol, short, "short")
        self.add_name(symbol, full, "full")
        return symbol

    def add_name(
        self,
        symbol: str,
        name: object,
        kind: NameKind,
        *,
        valid_from: object = None,
        valid_until: object = None,
    ) -> None:
        """Add one name of a security; an empty one is none."""
        if text := tidy(name):
            self.names.append(
                {
                    "symbol": symbol,
                    "name": text,
                    "kind": kind,
                    "valid_from": _day(valid_from),
                    "valid_until": _day(valid_until),
                }
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One way to get a list.

    Attributes
    ----------
    family
        Who is asked; each has a circuit breaker of its own.
    function
        Name of the akshare function.
    argument
        Its ``symbol`` argument; None calls it without one.
    read
        Turns its frame into facts.
    """

    family: str
    function: str
    argument: str | None
    read: Callable[[pd.DataFrame], Facts]

    def ask(self, akshare: Any) -> pd.DataFrame:
        """Call the akshare function, past the cache that it keeps for the life of the process."""
        function = getattr(akshare, self.function)
        if hasattr(function, "cache_clear"):
            function.cache_clear()
        frame = function() if self.argument is None else function(self.argument)
        return frame.copy() if isinstance(frame, pd.DataFrame) else frame


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterList:
    """One list: what it is, and the readers to try in turn.

    Attributes
    ----------
    name
        Stable, such as ``sse_main``.
    what
        The same in words.
    readers
        Best first; the next one is asked when one does not deliver.
    """

    name: str
    what: str
    readers: tuple[Reader, ...]


def tidy(name: object) -> str:
    """Return a name without the blanks and full-width forms that lists pad it with.

    Examples
    --------
    >>> tidy("万  科Ａ"), tidy("＊ST大洲"), tidy("Bank of X")
    ('万科A', '*ST大洲', 'Bank of X')
    """
    if not isinstance(name, str):
        return ""
    half = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in name)
    words = half.replace("\u3000", " ").split()
    return re.sub(r"(?<=[^\x00-\x7f]) (?=\S)|(?<=\S) (?=[^\x00-\x7f])", "", " ".join(words))


def _symbol(code: object, exchange: str) -> str:
    text = str(code).strip().removesuffix(".0")
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) == 0:
        return ""
    try:
        security = classify(text.zfill(5 if exchange == "HK" else 6), exchange)
    except SymbolError:
        return ""
    return security.symbol if security.tradable else ""


def _day(value: object) -> pd.Timestamp | None:
    day = pd.to_datetime(value, errors="coerce")  # type: ignore[call-overload]
    return None if pd.isna(day) else pd.Timestamp(day)


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[object, ...]]:
    """Give the columns row by row; a column that is not there is a KeyError."""
    return list(frame[list(columns)].itertuples(index=False, name=None))


# --- Shanghai ------------------------------------------------------------------------------------


def _sse(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    columns = ("证券代码", "证券简称", "公司全称", "上市日期")
    for code, name, full, listed in _rows(frame, columns):
        facts.add(code, "SH", name, full=full, listed_on=listed)
    return facts


def _sse_delisted(frame: pd.DataFrame) -> Facts:
    # What akshare calls 暂停上市日期 (suspended) is the exchange's DELIST_DATE.
    facts = Facts()
    for code, name, listed, delisted in _rows(
        frame, ("公司代码", "公司简称", "上市日期", "暂停上市日期")
    ):
        facts.add(code, "SH", name, listed_on=listed, delisted_on=delisted)
    return facts


# --- Shenzhen ------------------------------------------------------------------------------------


def _szse(letter: str) -> Callable[[pd.DataFrame], Facts]:
    def read(frame: pd.DataFrame) -> Facts:
        facts = Facts()
        columns = (f"{letter}股代码", f"{letter}股简称", f"{letter}股上市日期")
        for code, name, listed in _rows(frame, columns):
            facts.add(code, "SZ", name, listed_on=listed)
        return facts

    return read


def _szse_pairs(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    for a_code, b_code in _rows(frame, ("A股代码", "B股代码")):
        a_share, b_share = _symbol(a_code, "SZ"), _symbol(b_code, "SZ")
        if a_share and b_share:
            facts.add(a_code, "SZ", pairs=b_share)
            facts.add(b_code, "SZ", pairs=a_share)
    return facts


def _szse_delisted(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    for code, name, listed, delisted in _rows(
        frame, ("证券代码", "证券简称", "上市日期", "终止上市日期")
    ):
        facts.add(code, "SZ", name, listed_on=listed, delisted_on=delisted)
    return facts


def _szse_renames(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    since: dict[str, object] = {}
    columns = ("变更日期", "证券代码", "变更前简称", "变更后简称")
    for day, code, before, after in sorted(_rows(frame, columns), key=lambda row: str(row[0])):
        symbol = _symbol(code, "SZ")
        if not symbol:
            facts.skipped += 1
            continue
        facts.add_name(symbol, before, "former", valid_from=since.get(symbol), valid_until=day)
        if (on := _day(day)) is not None:
            facts.changes.append(
                {"symbol": symbol, "changed_on": on, "before": tidy(before), "after": tidy(after)}
            )
        since[symbol] = day
    return facts


# --- Beijing, Hong Kong, pairs -------------------------------------------------------------------


def _bse(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    for code, name, listed in _rows(frame, ("证券代码", "证券简称", "上市日期")):
        facts.add(code, "BJ", name, listed_on=listed)
    return facts


def _hong_kong(code_column: str, name_column: str) -> Callable[[pd.DataFrame], Facts]:
    def read(frame: pd.DataFrame) -> Facts:
        facts = Facts()
        for code, name in _rows(frame, (code_column, name_column)):
            facts.add(code, "HK", name)
        return facts

    return read


def _a_and_h(frame: pd.DataFrame) -> Facts:
    facts = Facts()
    for h_code, a_code in _rows(frame, ("H股代码", "A股代码")):
        h_share = _symbol(h_code, "HK")
        a_share = next((s for place in ("SH", "SZ") if (s := _symbol(a_code, place))), "")
        if h_share and a_share:
            facts.add(h_code, "HK", pairs=a_share)
            facts.add(a_code, a_share[-2:], pairs=h_share)
        else:
            facts.skipped += 1
    return facts


def _list(name: str, what: str, *readers: Reader) -> MasterList:
    return MasterList(name=name, what=what, readers=readers)


def _reader(
    family: str,
    function: str,
    argument: str | None,
    read: Callable[[pd.DataFrame], Facts],
) -> Reader:
    return Reader(family=family, function=function, argument=argument, read=read)


MASTER_LISTS: Final[Mapping[str, MasterList]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _list(
                "sse_main",
                "A shares of the main board in Shanghai",
                _reader("sse", "stock_info_sh_name_code", "主板A股", _sse),
            ),
            _list(
                "sse_star",
                "the STAR market in Shanghai",
                _reader("sse", "stock_info_sh_name_code", "科创板", _sse),
            ),
            _list(
                "sse_b",
                "B shares in Shanghai",
                _reader("sse", "stock_info_sh_name_code", "主板B股", _sse),
            ),
            _list(
                "sse_delisted",
                "securities delisted in Shanghai",
                _reader("sse", "stock_info_sh_delist", "全部", _sse_delisted),
            ),
            _list(
                "szse_a",
                "A shares in Shenzhen",
                _reader("szse", "stock_info_sz_name_code", "A股列表", _szse("A")),
            ),
            _list(
                "szse_b",
                "B shares in Shenzhen",
                _reader("szse", "stock_info_sz_name_code", "B股列表", _szse("B")),
            ),
            _list(
                "szse_pairs",
                "pairs of A and B shares in Shenzhen",
                _reader("szse", "stock_info_sz_name_code", "AB股列表", _szse_pairs),
            ),
            _list(
                "szse_delisted",
                "securities delisted in Shenzhen",
                _reader("szse", "stock_info_sz_delist", "终止上市公司", _szse_delisted),
            ),
            _list(
                "szse_renames",
                "changes of short names in Shenzhen, with their days",
                _reader("szse", "stock_info_sz_change_name", "简称变更", _szse_renames),
            ),
            _list(
                "bse",
                "shares in Beijing",
                _reader("bse", "stock_info_bj_name_code", None, _bse),
            ),
            _list(
                "hk",
                "shares in Hong Kong",
                # Eastmoney's quote hosts ban after some tens of pages, and this list has many.
                _reader("sina", "stock_hk_spot", None, _hong_kong("代码", "中文名称")),
                _reader("eastmoney", "stock_hk_spot_em", None, _hong_kong("代码", "名称")),
            ),
            _list(
                "ah_pairs",
                "pairs of A shares and shares in Hong Kong",
                _reader("eastmoney", "stock_zh_ah_spot_em", None, _a_and_h),
            ),
        )
    }
)
"""Every list of the master by name, in the order in which they are asked."""
