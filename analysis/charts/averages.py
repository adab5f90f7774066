"""Charts of averages over events: by day, cumulated, with their bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mentionstudy.analysis.charts.event import CRITICAL, add_band
from mentionstudy.analysis.charts.look import (
    PERCENT,
    SHAPE,
    Look,
    count,
    dress,
    figure,
    nothing,
    percent_axis,
    tau_axis,
    vertical,
)


def aar_bars(aar: pd.DataFrame, *, look: Look | None = None) -> go.Figure:
    """Draw the average abnormal return of each day with its 95 % whiskers.

    Parameters
    ----------
    aar
        ``EventStudyResult.aar``: columns ``tau, n, aar`` (decimal) and, if known, ``se``. Days
        whose ``aar`` lies beyond 1.96 ``se`` are dark, the others pale.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars carry ``customdata`` (mark, N, t), where the mark of day 3 is ``tau:3``.
    """
    look = look or Look()
    text = look.labels
    rows = aar.dropna(subset=["aar"]).sort_values("tau")
    if rows.empty:
        return nothing(text["aar_title"], look)
    se = rows["se"] if "se" in rows else pd.Series(np.nan, index=rows.index)
    strong = rows["aar"].abs() > CRITICAL * se
    fig = figure(text["aar_title"], count(int(rows["n"].max()), look), look, height=320)
    for mask, colour, label in ((strong, look.line, "sig"), (~strong, look.pale, "not_sig")):
        part = rows[mask]
        fig.add_trace(
            go.Bar(
                x=part["tau"],
                y=part["aar"],
                width=0.75,
                marker={"color": colour, "line": {"color": look.line, "width": 1}},
                error_y={
                    "array": (CRITICAL * se[mask]).fillna(0),
                    "color": SHAPE,
                    "thickness": 1,
                    "width": 3,
                    "visible": bool(se.notna().any()),
                },
                customdata=_marks(part, t=part["aar"] / se[mask]),
                hovertemplate=(
                    f"τ = %{{x}}<br>{text['aar']} %{{y:{PERCENT}}}<br>t %{{customdata[2]:.2f}}"
                    "<br>N %{customdata[1]}<extra></extra>"
                ),
                name=text[label],
            )
        )
    fig.update_xaxes(**tau_axis(rows["tau"].tolist(), look))
    fig.update_yaxes(**percent_axis(text["aar"]))
    fig.update_layout(shapes=[vertical(0)], barmode="overlay", showlegend=bool(strong.any()))
    return fig


def caar_fan(aar: pd.DataFrame, *, look: Look | None = None) -> go.Figure:
    """Draw the cumulative average abnormal return with its 95 % band and the events per day.

    Parameters
    ----------
    aar
        ``EventStudyResult.aar``: columns ``tau, n, caar, ci_low, ci_high`` (decimal).
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        The strip beneath shows N of each day, since a changing sample moves the average too.
        Points and bars carry ``customdata`` (mark, N), where the mark of day 3 is ``tau:3``.
    """
    look = look or Look()
    text = look.labels
    rows = aar.dropna(subset=["caar"]).sort_values("tau")
    if rows.empty:
        return nothing(text["caar_title"], look)
    fig = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.04, row_heights=[0.82, 0.18]
    )
    add_band(fig, rows, look, row=1, col=1)
    fig.add_trace(
        go.Scatter(
            x=rows["tau"],
            y=rows["caar"],
            mode="lines+markers",
            line={"color": look.line, "width": 2.4},
            marker={"size": 5},
            customdata=_marks(rows),
            hovertemplate=(
                f"τ = %{{x}}<br>{text['caar']} %{{y:{PERCENT}}}<br>N %{{customdata[1]}}"
                "<extra></extra>"
            ),
            name=text["caar"],
        ),
        row=1,
        col=1,
    )
    fig.add_trace(_events_per_day(rows), row=2, col=1)
    dress(fig, text["caar_title"], count(int(rows["n"].max()), look), look, height=420)
    fig.update_xaxes(**tau_axis(rows["tau"].tolist(), look))
    fig.update_xaxes(title_text="", row=1, col=1)
    fig.update_yaxes(**percent_axis(text["caar"]), row=1, col=1)
    fig.update_yaxes(title_text="N", nticks=3, rangemode="tozero", row=2, col=1)
    fig.update_layout(shapes=[vertical(0)])
    return fig


def _marks(rows: pd.DataFrame, **more: pd.Series) -> list[list[object]]:
    """Give each day the mark by which a click finds its events, its N, and what is asked."""
    days = [f"tau:{int(tau)}" for tau in rows["tau"]]
    columns = (days, rows["n"].tolist(), *(values.tolist() for values in more.values()))
    return [list(row) for row in zip(*columns, strict=True)]


def _events_per_day(rows: pd.DataFrame) -> go.Bar:
    return go.Bar(
        x=rows["tau"],
        y=rows["n"],
        customdata=_marks(rows),
        marker={"color": SHAPE, "opacity": 0.5},
        hovertemplate="τ = %{x}<br>N %{y}<extra></extra>",
        showlegend=False,
        name="N",
    )
