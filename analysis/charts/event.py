"""Charts of one event: the price around it, its abnormal returns and their sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mentionstudy.analysis.charts.labels import price_label
from mentionstudy.analysis.charts.look import (
    PERCENT,
    SHAPE,
    Look,
    count,
    dress,
    figure,
    nothing,
    percent_axis,
    plain,
    tau_axis,
    vertical,
)

CRITICAL = 1.959963984540054  # the two-sided 5 % point of the normal distribution


def candles(
    bars: pd.DataFrame,
    day0: pd.Timestamp,
    *,
    sessions: pd.DatetimeIndex | None = None,
    name: str = "",
    currency: str = "",
    look: Look | None = None,
) -> go.Figure:
    """Draw daily candles around day 0, with volume beneath.

    A rising candle is hollow and a falling one is filled, so that direction survives greyscale.

    Parameters
    ----------
    bars
        Columns ``date, open, high, low, close`` and, if known, ``volume`` (shares); one row per
        traded session, as traded. Where open, high or low is missing the close stands alone.
    day0
        The event's session.
    sessions
        Every session to show; those without a bar are marked as halted. None: the bars' own days.
    name
        Whose prices these are.
    currency
        Of the prices, as ``CNY``; empty for none.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Points carry ``customdata`` (date, τ) for click-through.
    """
    look = look or Look()
    text = look.labels
    title = f"{name} · {text['price_title']}" if name else text["price_title"]
    table = _on_sessions(bars, sessions)
    if table["close"].notna().sum() == 0:
        return nothing(title, look)
    days = pd.Index([f"{day:%Y-%m-%d}" for day in table.index])
    tau = np.arange(len(table)) - int(table.index.searchsorted(pd.Timestamp(day0)))
    has_volume = bool(table["volume"].fillna(0).gt(0).any())
    fig = make_subplots(
        rows=2 if has_volume else 1,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.05,
        row_heights=[0.76, 0.24] if has_volume else [1.0],
    )
    fig.add_trace(_candle_trace(table, days, look), row=1, col=1)
    fig.add_trace(_touch_trace(table, days, tau, look), row=1, col=1)
    halted = table["close"].isna().to_numpy()
    if halted.any():
        fig.add_trace(_halted_trace(table, days, halted, look), row=1, col=1)
    if has_volume:
        fig.add_trace(_volume_trace(table, days, look), row=2, col=1)
        fig.update_yaxes(title_text=text["volume_unit"], nticks=3, row=2, col=1)
    day = text["day0_is"].format(day=f"{pd.Timestamp(day0):%Y-%m-%d}")
    dress(fig, title, day, look, height=440)
    step = 5 if len(table) <= 25 else 10 if len(table) <= 60 else 50
    marks = [i for i in range(len(table)) if tau[i] % step == 0]
    fig.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=list(days),
        rangeslider_visible=False,
        tickvals=[days[i] for i in marks],
        ticktext=[f"{tau[i]:+d}<br>{days[i][5:]}" if tau[i] else f"0<br>{days[i]}" for i in marks],
        tickangle=0,
        showgrid=False,
    )
    fig.update_xaxes(title_text=text["tau"], row=2 if has_volume else 1, col=1)
    fig.update_yaxes(title_text=price_label(text, currency), row=1, col=1)
    fig.update_layout(shapes=[vertical(pd.Timestamp(day0).strftime("%Y-%m-%d"))], showlegend=False)
    return fig


def _on_sessions(bars: pd.DataFrame, sessions: pd.DatetimeIndex | None) -> pd.DataFrame:
    """Index the bars by session, with a row of NaN where there was no trading."""
    columns = ["open", "high", "low", "close", "volume"]
    table = bars.assign(date=pd.to_datetime(bars["date"])).drop_duplicates("date", keep="last")
    table = table.set_index("date").sort_index().reindex(columns=columns)
    for column in columns:
        table[column] = pd.to_numeric(table[column], errors="coerce")
    if sessions is not None:
        table = table.reindex(pd.DatetimeIndex(sessions).sort_values())
    table["change"] = table["close"] / table["close"].ffill().shift() - 1
    return table


def _candle_trace(table: pd.DataFrame, days: pd.Index, look: Look) -> go.Candlestick:
    close = table["close"]
    # A series of closes only (some indices) still shows as a row of dashes.
    opened = table["open"].fillna(close)
    return go.Candlestick(
        x=days,
        open=opened,
        high=table["high"].fillna(opened.clip(lower=close)),
        low=table["low"].fillna(opened.clip(upper=close)),
        close=close,
        increasing={"line": {"color": look.rising, "width": 1.2}, "fillcolor": look.paper},
        decreasing={"line": {"color": look.falling, "width": 1.2}, "fillcolor": look.falling},
        hoverinfo="skip",
        name=look.labels["price"],
    )


def _touch_trace(
    table: pd.DataFrame, days: pd.Index, tau: np.ndarray[Any, Any], look: Look
) -> go.Scatter:
    """Invisible markers over the candles: exact values on hover, and something to click on."""
    text = look.labels
    rows = zip(days, tau, table.itertuples(index=False), strict=True)
    hover = [
        f"<b>{day}</b> τ = {at:+d}<br>{text['open']} {bar.open:.2f}  {text['high']} {bar.high:.2f}"
        f"<br>{text['low']} {bar.low:.2f}  {text['close']} {bar.close:.2f}"
        f"<br>{text['change']} {bar.change:+.2%}"
        for day, at, bar in rows
    ]
    return go.Scatter(
        x=days,
        y=table["close"],
        mode="markers",
        marker={"size": 14, "opacity": 0},
        customdata=list(zip(days, tau.tolist(), strict=True)),
        hovertext=[line.replace("nan%", "–").replace("nan", "–") for line in hover],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        name="",
    )


def _halted_trace(
    table: pd.DataFrame, days: pd.Index, halted: np.ndarray[Any, Any], look: Look
) -> go.Scatter:
    level = table["close"].ffill().bfill().to_numpy()
    return go.Scatter(
        x=days[halted],
        y=level[halted],
        mode="markers",
        marker={"symbol": "x-thin", "size": 8, "line": {"color": SHAPE, "width": 2}},
        hovertemplate=f"<b>%{{x}}</b> {look.labels['halted']}<extra></extra>",
        name=look.labels["halted"],
    )


def _volume_trace(table: pd.DataFrame, days: pd.Index, look: Look) -> go.Bar:
    up = (table["change"].fillna(0) >= 0).to_numpy()
    return go.Bar(
        x=days,
        y=table["volume"],
        marker={"color": np.where(up, look.rising, look.falling), "opacity": 0.55},
        hovertemplate=f"<b>%{{x}}</b> {look.labels['volume']} %{{y:,.0f}}<extra></extra>",
        name=look.labels["volume"],
    )


def ar_bars(ar: pd.DataFrame, *, name: str = "", look: Look | None = None) -> go.Figure:
    """Draw one event's abnormal returns, one bar a day.

    Parameters
    ----------
    ar
        One event's rows of ``EventStudyResult.ar``: columns ``tau, ar`` (decimal) and, if there,
        ``sar``. Days with ``|sar| > 1.96`` are dark, the others pale.
    name
        Whose returns these are.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    look = look or Look()
    text = look.labels
    title = f"{name} · {text['ar_title']}" if name else text["ar_title"]
    rows = ar.dropna(subset=["ar"]).sort_values("tau")
    if rows.empty:
        return nothing(title, look)
    fig = figure(title, count(1, look), look, height=320)
    scaled = rows["sar"] if "sar" in rows else pd.Series(np.nan, index=rows.index)
    strong = scaled.abs() > CRITICAL
    for mask, colour, label in ((strong, look.line, "sig"), (~strong, look.pale, "not_sig")):
        part = rows[mask]
        fig.add_trace(
            go.Bar(
                x=part["tau"],
                y=part["ar"],
                width=0.75,
                marker={"color": colour, "line": {"color": look.line, "width": 1}},
                customdata=scaled[mask].to_numpy(),
                hovertemplate=(
                    f"τ = %{{x}}<br>{text['ar']} %{{y:{PERCENT}}}<br>t %{{customdata:.2f}}"
                    "<extra></extra>"
                ),
                name=text[label],
            )
        )
    fig.update_xaxes(**tau_axis(rows["tau"].tolist(), look))
    fig.update_yaxes(**percent_axis(text["ar"]))
    fig.update_layout(shapes=[vertical(0)], barmode="overlay", showlegend=bool(strong.any()))
    return fig


def car_band(path: pd.DataFrame, *, name: str = "", look: Look | None = None) -> go.Figure:
    """Draw one event's cumulative abnormal return with its 95 % band.

    Parameters
    ----------
    path
        Columns ``tau, car`` (decimal, cumulated from the window's first day) and, if known,
        ``ci_low, ci_high``.
    name
        Whose return this is.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    look = look or Look()
    text = look.labels
    title = f"{name} · {text['car_title']}" if name else text["car_title"]
    rows = path.dropna(subset=["car"]).sort_values("tau")
    if rows.empty:
        return nothing(title, look)
    fig = figure(title, count(1, look), look, height=320)
    add_band(fig, rows, look)
    fig.add_trace(
        go.Scatter(
            x=rows["tau"],
            y=rows["car"],
            mode="lines+markers",
            line={"color": look.line, "width": 2.2},
            marker={"size": 5},
            hovertemplate=f"τ = %{{x}}<br>{text['car']} %{{y:{PERCENT}}}<extra></extra>",
            name=text["car"],
        )
    )
    fig.update_xaxes(**tau_axis(rows["tau"].tolist(), look))
    fig.update_yaxes(**percent_axis(text["car"]))
    fig.update_layout(shapes=[vertical(0)])
    return fig


def add_band(
    fig: go.Figure,
    rows: pd.DataFrame,
    look: Look,
    *,
    row: int | None = None,
    col: int | None = None,
) -> None:
    """Add the grey band between ``ci_low`` and ``ci_high``, where the frame has them."""
    if not {"ci_low", "ci_high"} <= set(rows.columns):
        return
    band = rows.dropna(subset=["ci_low", "ci_high"])
    if band.empty:
        return
    edge = {"width": 0.8, "color": SHAPE, "dash": "dot"}
    hover = "<br>".join(
        (
            "τ = %{x}",
            f"{plain(look.labels['band'])} [%{{customdata[0]:{PERCENT}}}, "
            f"%{{customdata[1]:{PERCENT}}}]",
        )
    )
    for column, fill, shown in (("ci_low", None, False), ("ci_high", "tonexty", True)):
        fig.add_trace(
            go.Scatter(
                x=band["tau"],
                y=band[column],
                mode="lines",
                line=edge,
                fill=fill,
                fillcolor=look.band,
                customdata=band[["ci_low", "ci_high"]].to_numpy(),
                hovertemplate=hover + "<extra></extra>" if shown else None,
                hoverinfo=None if shown else "skip",
                showlegend=shown,
                name=look.labels["band"],
            ),
            row=row,
            col=col,
        )
