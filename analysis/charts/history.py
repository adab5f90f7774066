"""Charts of one security over time: its price with its events, and what each event brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis.charts.labels import price_label
from mentionstudy.analysis.charts.look import (
    PERCENT,
    SHAPE,
    Look,
    count,
    figure,
    nothing,
    percent_axis,
    plain,
    vertical,
)

# dates in digits read the same in every language; plotly's own are English
_DATES: dict[str, Any] = {
    "tickformat": "%Y-%m",
    "tickformatstops": [{"dtickrange": [None, 14 * 86_400_000], "value": "%m-%d\n%Y"}],
}


def price_with_events(
    bars: pd.DataFrame,
    events: pd.DataFrame,
    *,
    name: str = "",
    currency: str = "",
    look: Look | None = None,
) -> go.Figure:
    """Draw a security's closes with a mark on every day 0.

    Parameters
    ----------
    bars
        Columns ``date, close``, as traded; gaps of more than 15 days break the line.
    events
        Columns ``event_id, day0`` and, if there, ``title``.
    name
        Whose prices these are.
    currency
        Of the prices, as ``CNY``; empty for none.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        The marks carry ``customdata`` (event_id,) for click-through.
    """
    look = look or Look()
    text = look.labels
    title = f"{name} · {text['mentions_title']}" if name else text["mentions_title"]
    line = bars.dropna(subset=["close"]).sort_values("date")
    if line.empty:
        return nothing(title, look)
    fig = figure(title, count(len(events), look), look, height=380)
    fig.add_trace(_closes(line, look))
    days = pd.to_datetime(events["day0"])
    close = line.drop_duplicates("date").set_index("date")["close"]
    titles = events["title"] if "title" in events else pd.Series("", index=events.index)
    fig.add_trace(
        go.Scatter(
            x=days,
            y=close.reindex(days, method="ffill").to_numpy(),
            mode="markers",
            marker={
                "symbol": "triangle-up",
                "size": 13,
                "color": "#e69f00",
                "line": {"color": look.ink, "width": 1},
            },
            customdata=[
                [str(i), plain(t, 60)] for i, t in zip(events["event_id"], titles, strict=True)
            ],
            hovertemplate=(
                f"<b>%{{x|%Y-%m-%d}}</b> {text['day0']}<br>%{{customdata[1]}}<extra></extra>"
            ),
            name=text["day0"],
        )
    )
    fig.update_xaxes(showgrid=False, type="date", title_text=text["date"], **_DATES)
    if len(days):  # the years without an event stay one drag away
        year = pd.Timedelta(days=365)
        first, last = max(days.min() - year, line["date"].min()), days.max() + year / 2
        fig.update_xaxes(range=[first, min(last, line["date"].max())])
    fig.update_yaxes(title_text=price_label(text, currency))
    return fig


def _closes(line: pd.DataFrame, look: Look) -> go.Scatter:
    gap = line["date"].diff() > pd.Timedelta(days=15)
    breaks = line.loc[gap, ["date"]].assign(close=float("nan"))
    breaks["date"] -= pd.Timedelta(days=1)
    drawn = pd.concat([line[["date", "close"]], breaks]).sort_values("date")
    return go.Scatter(
        x=drawn["date"],
        y=drawn["close"],
        mode="lines",
        line={"color": look.line, "width": 1.5},
        connectgaps=False,
        hovertemplate=(f"%{{x|%Y-%m-%d}}<br>{look.labels['close']} %{{y:.2f}}<extra></extra>"),
        name=look.labels["close"],
    )


def car_by_event(car: pd.DataFrame, *, name: str = "", look: Look | None = None) -> go.Figure:
    """Draw the CAR of each event in time order, with its 95 % whiskers.

    Parameters
    ----------
    car
        ``StudyResult.car(a, b)`` of one security: columns ``event_id, day0, window, car, se``.
    name
        Whose returns these are.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        The bars carry ``customdata`` (event_id,).
    """
    look = look or Look()
    text = look.labels
    rows = car.dropna(subset=["car"]).sort_values("day0")
    window = str(rows["window"].iloc[0]) if len(rows) else ""
    title = " · ".join(part for part in (name, f"{text['car']} {window}".strip()) if part)
    if rows.empty:
        return nothing(title, look)
    mean = float(rows["car"].mean())
    fig = figure(title, f"{count(len(rows), look)} · {text['mean']} {mean:.2%}", look, height=320)
    fig.add_trace(
        go.Bar(
            x=[f"{day:%Y-%m-%d}" for day in rows["day0"]],
            y=rows["car"],
            marker={"color": look.pale, "line": {"color": look.line, "width": 1}},
            error_y={"array": 1.959964 * rows["se"], "color": SHAPE, "thickness": 1, "width": 3},
            customdata=[[str(i)] for i in rows["event_id"]],
            hovertemplate=f"%{{x}}<br>{text['car']} %{{y:{PERCENT}}}<extra></extra>",
            width=0.5,
        )
    )
    fig.update_xaxes(type="category", showgrid=False, title_text=text["day0"])
    fig.update_yaxes(**percent_axis(text["car"]))
    level = vertical(0) | {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": mean, "y1": mean}
    fig.update_layout(shapes=[level], showlegend=False, margin_b=56)
    return fig


def groups_fan(
    ar: pd.DataFrame, *, names: Mapping[str, str] | None = None, look: Look | None = None
) -> go.Figure:
    """Draw the cumulative average abnormal return of each group.

    Parameters
    ----------
    ar
        ``StudyResult.ar`` with a column ``group``; ``event_id, tau, ar`` (decimal).
    names
        What to call the groups, by their label in the column; otherwise as they are.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Lines only; the table of groups has the errors. At most as many groups as there are
        colours that can be told apart, the largest first. Points carry the mark
        ``group:3:NAME`` of day 3.
    """
    look = look or Look()
    text = look.labels
    rows = ar.dropna(subset=["ar"])
    if rows.empty:
        return nothing(text["groups_title"], look)
    sizes = rows.groupby("group")["event_id"].nunique().sort_values(ascending=False)
    shown = sizes[: len(look.series)]
    fig = figure(text["groups_title"], count(int(sizes.sum()), look), look, height=380)
    dashes = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
    for colour, dash, (group, n) in zip(look.series, dashes, shown.items(), strict=False):
        caar = rows[rows["group"] == group].groupby("tau")["ar"].mean().cumsum()
        fig.add_trace(
            go.Scatter(
                x=caar.index,
                y=caar,
                mode="lines+markers",
                line={"color": colour, "width": 2, "dash": dash},
                marker={"size": 10, "opacity": 0},  # a line alone reports no clicks
                customdata=[[f"group:{int(tau)}:{group}"] for tau in caar.index],
                hovertemplate=f"τ = %{{x}}<br>{text['caar']} %{{y:{PERCENT}}}",
                name=f"{plain((names or {}).get(str(group), group), 30)} (N = {n:,})",
            )
        )
    taus = sorted(int(t) for t in rows["tau"].unique())
    span = max(taus) - min(taus)
    fig.update_xaxes(title_text=text["tau"], showgrid=False, dtick=5 if span > 8 else 1)
    fig.update_yaxes(**percent_axis(text["caar"]))
    fig.update_layout(shapes=[vertical(0)])
    return fig
