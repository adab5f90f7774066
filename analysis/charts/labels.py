"""The words on the charts, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Language = Literal["en", "zh"]
Labels = Mapping[str, str]

_EN = {
    "aar": "AAR",
    "aar_title": "Average abnormal return by day",
    "ar": "AR",
    "ar_title": "Abnormal return by day",
    "band": "95 % band",
    "bins": "{n} events in {rows} rows of averages, ordered by their sum",
    "caar": "CAAR",
    "caar_title": "Cumulative average abnormal return",
    "car": "CAR",
    "car_title": "Cumulative abnormal return",
    "change": "change",
    "close": "close",
    "day0": "day 0",
    "day0_is": "day 0: {day}",
    "distribution_title": "Distribution of CAR {window}",
    "events": "events",
    "events_per_week": "events per week",
    "calendar_title": "When the events happened",
    "groups_title": "Cumulative average abnormal return by group",
    "halted": "no trading",
    "heatmap_title": "Abnormal return, event by day",
    "high": "high",
    "low": "low",
    "mean": "mean",
    "median": "median",
    "mentions_title": "Mentions on the price",
    "multiples_title": "Cumulative abnormal return, event by event",
    "n": "N = {n} events",
    "n_one": "N = 1 event",
    "multiples_more": "{shown} of {n} events, the largest moves first",
    "open": "open",
    "no_data": "Nothing to draw for this choice",
    "p": "p",
    "price": "price",
    "price_in": "price, {currency}",
    "currency_CNY": "CNY",
    "currency_HKD": "HKD",
    "currency_USD": "USD",
    "price_title": "Price around day 0",
    "sample": "sample data",
    "share": "share of events",
    "sig": "|t| > 1.96",
    "not_sig": "|t| ≤ 1.96",
    "tau": "trading days from day 0 (τ)",
    "tau_short": "τ, days",
    "month": "month",
    "date": "date",
    "cross_title": "{car} and {name}",
    "cross_bins": "{n} events in {rows} groups of equal size",
    "whiskers": "mean with 95 % interval",
    "test": "test",
    "power_title": "Rejection rate by injected effect",
    "effect": "abnormal return put on day 0",
    "volume": "volume",
    "volume_unit": "volume, shares",
}

_ZH = {
    "aar": "AAR",
    "aar_title": "逐日平均异常收益率",
    "ar": "AR",
    "ar_title": "逐日异常收益率",
    "band": "95 % 置信带",
    "bins": "{n} 个事件按累计值排序，合并为 {rows} 行均值",
    "caar": "CAAR",
    "caar_title": "累计平均异常收益率",
    "car": "CAR",
    "car_title": "累计异常收益率",
    "change": "涨跌幅",
    "close": "收盘",
    "day0": "第 0 日",
    "day0_is": "第 0 日：{day}",
    "distribution_title": "CAR {window} 的分布",
    "events": "事件数",
    "events_per_week": "每周事件数",
    "calendar_title": "事件发生的时间",
    "groups_title": "分组的累计平均异常收益率",
    "halted": "无交易",
    "heatmap_title": "异常收益率：事件 × 交易日",
    "high": "最高",
    "low": "最低",
    "mean": "均值",
    "median": "中位数",
    "mentions_title": "股价与被提及的日期",
    "multiples_title": "逐个事件的累计异常收益率",
    "n": "N = {n} 个事件",
    "n_one": "N = 1 个事件",
    "multiples_more": "共 {n} 个事件，显示变动最大的 {shown} 个",
    "open": "开盘",
    "no_data": "当前选择下没有可画的数据",
    "p": "p",
    "price": "价格",
    "price_in": "价格（{currency}）",
    "currency_CNY": "元",
    "currency_HKD": "港元",
    "currency_USD": "美元",
    "price_title": "第 0 日前后的股价",
    "sample": "样例数据",
    "share": "事件占比",
    "sig": "|t| > 1.96",
    "not_sig": "|t| ≤ 1.96",
    "tau": "相对第 0 日的交易日（τ）",
    "tau_short": "τ（日）",
    "month": "月份",
    "date": "日期",
    "cross_title": "{car} 与{name}",
    "cross_bins": "{n} 个事件，等分为 {rows} 组",
    "whiskers": "均值与 95 % 区间",
    "test": "检验",
    "power_title": "注入效应下的拒绝率",
    "effect": "加在第 0 日的异常收益",
    "volume": "成交量",
    "volume_unit": "成交量（股）",
}

ENGLISH: Labels = MappingProxyType(_EN)
CHINESE: Labels = MappingProxyType(_ZH)


def labels_for(language: str) -> Labels:
    """Give the chart texts of one language.

    Parameters
    ----------
    language
        ``"zh"`` (or any tag that begins so, such as ``zh-CN``); everything else is English.

    Returns
    -------
    Mapping of str to str
        Read-only; the same keys in every language.
    """
    return CHINESE if language.lower().startswith("zh") else ENGLISH


def price_label(labels: Labels, currency: str) -> str:
    """Name an axis of prices.

    Parameters
    ----------
    labels
        From `labels_for`.
    currency
        Its code in ISO 4217; empty for what has none, such as an index.

    Returns
    -------
    str
        With the unit, as ``price, HKD``; a code without a name of its own stands for itself.
    """
    if not currency:
        return labels["price"]
    return labels["price_in"].format(currency=labels.get(f"currency_{currency}", currency))
