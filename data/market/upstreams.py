"""The free upstreams, each as the akshare functions that are right for each class of security.

Why these functions and not the obvious ones is said beside each route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from mentionstudy.data.errors import NotCovered
from mentionstudy.data.market.base import FIRST_DAY
from mentionstudy.data.market.chain import SourceChain
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.live import LiveSource, Route
from mentionstudy.data.market.manners import Manners
from mentionstudy.data.market.normal import Window
from mentionstudy.data.market.reconstruction import factors_from_adjusted
from mentionstudy.data.securities import Security

_EASTMONEY_HK_INDEX: Final = {"HSI": "恒生指数", "HSCEI": "国企指数"}
_MAINLAND: Final = ("SH", "SZ", "BJ")


def prefixed(security: Security) -> str:
    """Return the code as Sina and Tencent write it: ``sh600718``."""
    return f"{security.exchange.lower()}{security.code}"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _kinds(*kinds: str, on: tuple[str, ...]) -> Callable[[Security], bool]:
    return lambda s: s.kind in kinds and s.exchange in on


def _years(start: date, end: date) -> int:
    return end.year - start.year + 1


# --- Tencent: Shanghai, Shenzhen, Hong Kong and mainland indices. It has nothing of Beijing.


def _tencent_shares(ak: Any, security: Security, window: Window) -> Any:
    # The end date is written with hyphens: written without, akshare takes it for a year in
    # the future and asks once for every year up to today.
    return ak.stock_zh_a_hist_tx(
        prefixed(security), _day(window.start), f"{window.end:%Y-%m-%d}", ""
    )


def _tencent_index(ak: Any, security: Security, window: Window) -> Any:
    # "amount" of this function is the volume in lots.
    frame = ak.stock_zh_index_daily_tx(prefixed(security), _day(window.start), _day(window.end))
    return frame.rename(columns={"amount": "volume"})


def _tencent_hong_kong(ak: Any, security: Security, window: Window) -> Any:
    # Meant for A+H companies, but the upstream knows every Hong Kong code. The end year is
    # exclusive, and every answer spans two years, so that days come twice.
    first, last = str(window.start.year), str(window.end.year + 1)
    return ak.stock_zh_ah_daily(security.code, first, last, "")


# --- Sina: every market, the whole history with each answer, and adjustment factors.


def _sina_shares(ak: Any, security: Security, window: Window) -> Any:
    # From the beginning: akshare carries rows of the share-count table forward onto days
    # without trading, and removes them only if the bar before is within the range.
    return ak.stock_zh_a_daily(prefixed(security), "19900101", _day(window.end), "")


def _sina_unrounded(ak: Any, security: Security, _window: Window) -> Any:
    # The same file as for shares. The functions for B shares round to two digits, which is
    # wrong by half a percent for Shanghai B shares, quoted in mills; this one does not round.
    return ak.fund_etf_hist_sina(prefixed(security))


def _sina_cdr(ak: Any, security: Security, window: Window) -> Any:
    return ak.stock_zh_a_cdr_daily(prefixed(security), "19900101", _day(window.end))


def _sina_index(ak: Any, security: Security, _window: Window) -> Any:
    return ak.stock_zh_index_daily(prefixed(security))


def _sina_hong_kong(ak: Any, security: Security, _window: Window) -> Any:
    return ak.stock_hk_daily(security.code, "")


def _sina_hong_kong_index(ak: Any, security: Security, _window: Window) -> Any:
    return ak.stock_hk_index_daily_sina(security.code)


def _sina_factors(ak: Any, security: Security) -> Any:
    return ak.stock_zh_a_daily(prefixed(security), adjust="hfq-factor")


def _sina_b_factors(ak: Any, security: Security) -> Any:
    return ak.stock_zh_b_daily(prefixed(security), adjust="hfq-factor")


def _sina_hong_kong_factors(ak: Any, security: Security) -> Any:
    return ak.stock_hk_daily(security.code, "hfq-factor")


def _sina_fund_factors(ak: Any, security: Security) -> Any:
    # For funds the file has other columns, of which akshare hands on what was paid out so far.
    # A split of units is not in it; it shows as a move beyond the price limit.
    paid = ak.fund_etf_dividend_sina(prefixed(security))
    if paid.empty:
        return paid
    return pd.DataFrame(
        {
            "date": [FIRST_DAY, *pd.to_datetime(paid["日期"])],
            "hfq_factor": 1.0,
            "cash": [0.0, *paid["累计分红"]],
        }
    )


# --- Eastmoney: every market except Shanghai B shares, in one request each; bans quickly.


def _eastmoney_shares(ak: Any, security: Security, window: Window) -> Any:
    first, last = _day(window.start), _day(window.end)
    return ak.stock_zh_a_hist(security.code, "daily", first, last, "")


def _eastmoney_funds(ak: Any, security: Security, window: Window) -> Any:
    first, last = _day(window.start), _day(window.end)
    return ak.fund_etf_hist_em(security.code, "daily", first, last, "")


def _eastmoney_hong_kong(ak: Any, security: Security, window: Window) -> Any:
    first, last = _day(window.start), _day(window.end)
    return ak.stock_hk_hist(security.code, "daily", first, last, "")


def _eastmoney_factors(ak: Any, security: Security) -> Any:
    return _recovered(ak.stock_zh_a_hist, security)


def _eastmoney_fund_factors(ak: Any, security: Security) -> Any:
    return _recovered(ak.fund_etf_hist_em, security)


def _eastmoney_hong_kong_factors(ak: Any, security: Security) -> Any:
    return _recovered(ak.stock_hk_hist, security)


def _recovered(history: Callable[..., Any], security: Security) -> Any:
    # Factors cannot be had, but two whole histories, raw and adjusted, tell them.
    raw, adjusted = (
        history(security.code, "daily", "19700101", "20500101", how) for how in ("", "hfq")
    )
    if raw.empty or adjusted.empty:
        return raw.iloc[:0]
    columns = {"日期": "date", "收盘": "close"}
    return factors_from_adjusted(raw.rename(columns=columns), adjusted.rename(columns=columns))


def _eastmoney_index(ak: Any, security: Security, window: Window) -> Any:
    code = prefixed(security) if security.exchange != "OTHER" else f"csi{security.code}"
    return ak.stock_zh_index_daily_em(code, _day(window.start), _day(window.end))


def _eastmoney_hong_kong_index(ak: Any, security: Security, _window: Window) -> Any:
    # Not stock_hk_index_daily_em: it crawls a list that does not contain these two.
    return ak.index_global_hist_em(_EASTMONEY_HK_INDEX[security.code])


# --- China Securities Index Company: the official closes of its indices.


def _csindex_index(ak: Any, security: Security, window: Window) -> Any:
    frame = ak.stock_zh_index_hist_csindex(security.code, _day(window.start), _day(window.end))
    # volume counts in 10,000 lots and 成交金额 in 100 million yuan
    return frame.assign(volume=frame["成交量"] * 1e6, amount=frame["成交金额"] * 1e8).drop(
        columns=["成交量", "成交金额"]
    )


ROUTES: Final[Mapping[str, tuple[Route, ...]]] = MappingProxyType(
    {
        "tencent": (
            Route(
                name="shares",
                covers=_kinds("stock", "cdr", "b_share", on=("SH", "SZ")),
                bars=_tencent_shares,
                requests=lambda start, end: 1 + _years(start, end),
                canary="600000.SH",
                unit="lot",
            ),
            Route(
                name="index",
                covers=_kinds("index", on=("SH", "SZ")),
                bars=_tencent_index,
                requests=_years,
                canary="000001.SH",
                unit="lot",
            ),
            Route(
                name="hong_kong",
                covers=_kinds("stock", on=("HK",)),
                bars=_tencent_hong_kong,
                requests=_years,
                canary="00700.HK",
            ),
        ),
        "sina": (
            Route(
                name="shares",
                covers=_kinds("stock", on=_MAINLAND),
                bars=_sina_shares,
                requests=lambda _start, _end: 2,
                canary="600000.SH",
                factors=_sina_factors,
                absent_is_one=True,
            ),
            Route(
                name="b_shares",
                covers=_kinds("b_share", on=("SH", "SZ")),
                bars=_sina_unrounded,
                canary="900901.SH",
                factors=_sina_b_factors,
                absent_is_one=True,
            ),
            Route(
                name="cdr",
                covers=_kinds("cdr", on=("SH",)),
                bars=_sina_cdr,
                canary="600000.SH",
                factors=_sina_factors,
                absent_is_one=True,
            ),
            Route(
                name="funds",
                covers=_kinds("fund", on=("SH", "SZ")),
                bars=_sina_unrounded,
                canary="510050.SH",
                factors=_sina_fund_factors,
                absent_is_one=True,
            ),
            Route(
                name="index",
                covers=_kinds("index", on=_MAINLAND),
                bars=_sina_index,
                canary="000001.SH",
            ),
            Route(
                name="hong_kong",
                covers=_kinds("stock", on=("HK",)),
                bars=_sina_hong_kong,
                canary="00700.HK",
                factors=_sina_hong_kong_factors,
                factor_requests=2,
                absent_is_one=True,
            ),
            Route(
                name="hong_kong_index",
                covers=_kinds("index", on=("HK",)),
                bars=_sina_hong_kong_index,
                canary="HSI.HK",
            ),
        ),
        "eastmoney": (
            Route(
                name="shares",
                # akshare sends Shanghai B shares to the market of Shenzhen
                covers=lambda s: (
                    _kinds("stock", "cdr", on=_MAINLAND)(s) or _kinds("b_share", on=("SZ",))(s)
                ),
                bars=_eastmoney_shares,
                factors=_eastmoney_factors,
                factor_requests=2,
                canary="600000.SH",
                unit="lot",
            ),
            Route(
                name="funds",
                covers=_kinds("fund", on=("SH", "SZ")),
                bars=_eastmoney_funds,
                factors=_eastmoney_fund_factors,
                factor_requests=2,
                canary="510050.SH",
                unit="lot",
            ),
            Route(
                name="index",
                covers=lambda s: s.kind == "index" and (s.exchange in _MAINLAND),
                bars=_eastmoney_index,
                canary="000001.SH",
                unit="lot",
            ),
            Route(
                name="hong_kong",
                covers=_kinds("stock", on=("HK",)),
                bars=_eastmoney_hong_kong,
                factors=_eastmoney_hong_kong_factors,
                factor_requests=2,
                canary="00700.HK",
            ),
            Route(
                name="hong_kong_index",
                covers=lambda s: s.exchange == "HK" and s.code in _EASTMONEY_HK_INDEX,
                bars=_eastmoney_hong_kong_index,
                canary="HSI.HK",
            ),
        ),
        "csindex": (
            Route(
                name="index",
                covers=lambda s: s.kind == "index" and s.exchange == "SH",
                bars=_csindex_index,
                canary="000300.SH",
            ),
        ),
    }
)
"""Every live source and what it covers; the first route that covers a security is asked."""


HOSTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "tencent": ("web.ifzq.gtimg.cn", "proxy.finance.qq.com"),
        "sina": ("finance.sina.com.cn", "stock.finance.sina.com.cn"),
        "eastmoney": ("push2his.eastmoney.com",),
        "csindex": ("www.csindex.com.cn",),
    }
)
"""The hosts behind each source, for a user who wants to know who will be asked."""


def live_source(
    name: str,
    manners: Manners | None = None,
    health: SourceHealth | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> LiveSource:
    """Return one live source by its name, a key of `ROUTES`."""
    return LiveSource(
        name=name,
        routes=ROUTES[name],
        manners=manners or Manners(),
        health=health or SourceHealth(),
        now=now,
        hosts=HOSTS[name],
    )


def chain_order(security: Security) -> tuple[str, ...]:
    """Return which sources to ask for the bars of a security, best first.

    Tencent first where it is complete, because it bans last; Eastmoney last, because it bans
    first, except where it alone is complete.
    """
    if security.kind == "index":
        if security.exchange == "HK":
            return ("sina", "eastmoney")
        if security.exchange == "BJ":
            return ("sina", "eastmoney")
        return ("sina", "tencent", "eastmoney", "csindex")
    if security.kind == "b_share":
        return ("sina", "eastmoney")
    if security.kind == "fund":
        return ("sina", "eastmoney")
    if security.exchange == "HK":
        return ("eastmoney", "tencent", "sina")
    if security.exchange == "BJ":
        return ("eastmoney", "sina")
    if security.exchange in {"SH", "SZ"}:
        return ("tencent", "sina", "eastmoney")
    raise NotCovered("live", security.symbol, f"no live source carries a {security.kind}")


def factors_order(security: Security) -> tuple[str, ...]:
    """Return which sources to ask for the adjustment factors of a security, best first.

    Sina publishes factors; of funds it tells what they paid out and not how units were split,
    so that the pair of raw and adjusted prices at Eastmoney is asked first.
    """
    return ("eastmoney", "sina") if security.kind == "fund" else ("sina", "eastmoney")


def live_chain(
    health: SourceHealth | None = None,
    manners: Manners | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SourceChain:
    """Return the live sources in their order of fallback.

    Parameters
    ----------
    health
        Breakers and budgets; give one with a file so that they outlive the process.
    manners
        Time limits, spacing and retries.
    now
        The clock; time zone aware.
    """
    manners = manners or Manners()
    health = health or SourceHealth(manners=manners)
    return SourceChain(
        sources={name: live_source(name, manners, health, now) for name in ROUTES},
        bars_order=chain_order,
        factors_order=factors_order,
    )
