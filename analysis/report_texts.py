"""The words of the report, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EN = {
    "question": "Question:",
    "results": "Results",
    "charts": "Charts",
    "tests": "All tests",
    "events": "Every event",
    "excluded": "What is not in the statistics, and why",
    "method": "Method and conventions",
    "literature": "Literature",
    "reproduce": "How to reproduce it",
    "sample": (
        "{used} of {given} events are used. {model}, estimated over {estimation}; event window "
        "{window}, in trading days from day 0."
    ),
    "stars": (
        "Stars: *** p < 0.01, ** p < 0.05, * p < 0.10; two-sided. The adjusted p is Benjamini and "
        "Hochberg's over all rows. A test without a number is not defined for this sample; the "
        "last column says why."
    ),
    "none_excluded": "Nothing is left out.",
    "model.market": "Market model: R = a + b·Rm + e by least squares; AR = R - (a + b·Rm).",
    "model.market_adjusted": "Market-adjusted return: AR = R - Rm.",
    "model.mean_adjusted": "Mean-adjusted return: AR = R - mean of R over the estimation window.",
    "model.scholes_williams": (
        "Scholes-Williams: b from leading, same-day and lagged market returns; AR = R - (a + b·Rm)."
    ),
    "model.dimson": (
        "Dimson: market model with leads and lags of the market return; b is the sum of the slopes."
    ),
    "model.trade_to_trade": (
        "Trade-to-trade returns: R over the n sessions since the last trade = n·a + b·Rm + e."
    ),
    "model.garch": "Market model whose residual variance follows a GARCH(1,1).",
    "variance": (
        "Standardised returns divide by the standard error of the forecast, which includes the "
        "error of the estimated coefficients; the variance of a CAR includes their covariance."
    ),
    "day0": (
        "Day 0 is the first session of the security's own exchange whose close is after the "
        "publication. Windows count sessions of that exchange."
    ),
    "missing": (
        "Returns include dividends and splits. A day without trading has no abnormal return; "
        "nothing is filled in."
    ),
    "band": (
        "The band around the CAAR is the 95 % interval from the cross-section of the events, by "
        "Student's law."
    ),
    "settings": "Settings, as a file that the program reads again:",
    "versions": "Data and program:",
    "column.window": "Window",
    "column.n": "N",
    "column.caar": "CAAR",
    "column.positive": "Positive",
    "column.test": "Test",
    "column.statistic": "Statistic",
    "column.p_adjusted": "p, adjusted",
    "column.convention": "Convention, or why it is not defined",
    "column.symbol": "Security",
    "column.day0": "Day 0",
    "column.car": "CAR",
    "column.n_est": "Estimation days",
    "column.r2": "R²",
    "column.event_id": "Event",
    "column.code": "Reason",
    "column.reason": "Detail",
    "column.title": "Article",
}
_ZH = {
    "question": "问题：",
    "results": "结果",
    "charts": "图表",
    "tests": "全部检验",
    "events": "全部事件",
    "excluded": "未进入统计的内容和原因",
    "method": "方法与约定",
    "literature": "参考文献",
    "reproduce": "如何复现",
    "sample": (
        "{given} 个事件中使用了 {used} 个。{model}，估计窗口 {estimation}；事件窗口 {window}，"
        "按相对第 0 日的交易日计。"
    ),
    "stars": (
        "星号：*** p < 0.01，** p < 0.05，* p < 0.10，双侧检验。校正 p 值按 Benjamini-Hochberg "
        "方法对全部行校正。没有数字的检验在本样本中无定义，原因见最后一列。"
    ),
    "none_excluded": "没有遗漏。",
    "model.market": "市场模型：R = a + b·Rm + e，最小二乘估计；AR = R - (a + b·Rm)。",
    "model.market_adjusted": "市场调整收益：AR = R - Rm。",
    "model.mean_adjusted": "均值调整收益：AR = R - 估计窗口内 R 的均值。",
    "model.scholes_williams": (
        "Scholes-Williams 模型：β 由超前、同期和滞后的市场收益估计；AR = R - (a + b·Rm)。"
    ),
    "model.dimson": "Dimson 模型：加入市场收益超前项和滞后项的市场模型，b 为各斜率之和。",
    "model.trade_to_trade": "交易间收益：距上次交易 n 个交易日的收益 R = n·a + b·Rm + e。",
    "model.garch": "残差方差服从 GARCH(1,1) 的市场模型。",
    "variance": (
        "标准化收益除以预测标准误，其中包含系数的估计误差；CAR 的方差包含各日之间的协方差。"
    ),
    "day0": "第 0 日是证券所在交易所收盘晚于发布时间的第一个交易日。窗口按该交易所的交易日计数。",
    "missing": "收益率已计入分红送转。停牌日没有异常收益，不作任何填补。",
    "band": "CAAR 的置信带是由事件横截面按 t 分布得到的 95 % 区间。",
    "settings": "设置（程序可以重新读入的文件）：",
    "versions": "数据与程序：",
    "column.window": "窗口",
    "column.n": "N",
    "column.caar": "CAAR",
    "column.positive": "为正的比例",
    "column.test": "检验",
    "column.statistic": "统计量",
    "column.p_adjusted": "校正 p",
    "column.convention": "约定，或无定义的原因",
    "column.symbol": "证券",
    "column.day0": "第 0 日",
    "column.car": "CAR",
    "column.n_est": "估计天数",
    "column.r2": "R²",
    "column.event_id": "事件",
    "column.code": "原因",
    "column.reason": "详情",
    "column.title": "文章",
}


def report_texts(language: str) -> Mapping[str, str]:
    """Return the report's texts; every language has the same keys."""
    return MappingProxyType(_ZH if language == "zh" else _EN)
