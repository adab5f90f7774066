"""Chart of when the events happened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis.charts.look import Look, count, figure, nothing

_LAST_WEEK = 52  # 30 or 31 December alone


def event_calendar(events: pd.DataFrame, *, look: Look | None = None) -> go.Figure:
    """Draw when the events happened: one cell a week, one row a year.

    Parameters
    ----------
    events
        Column ``day0`` (datetime64).
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Clusters in time weaken tests that assume independent events; here they are seen.
        Invisible markers over the weeks carry ``customdata``: the mark ``week:2022:3`` (counted
        from 0 at 1 January), and what hover shows.
    """
    look = look or Look()
    text = look.labels
    days = pd.to_datetime(events["day0"]).dropna()
    if days.empty:
        return nothing(text["calendar_title"], look)
    week = np.minimum((days.dt.day_of_year - 1) // 7, 52)
    counts = pd.crosstab(days.dt.year, week)
    years = range(int(days.dt.year.min()), int(days.dt.year.max()) + 1)
    counts = counts.reindex(index=years, columns=range(53), fill_value=0)
    subtitle = f"{count(len(days), look)} · {text['events_per_week']}"
    height = int(min(560, 146 + 26 * len(counts)))
    fig = figure(text["calendar_title"], subtitle, look, height=height)
    filled = [(y, w) for y in years for w in range(53) if counts.at[y, w]]
    fig.add_trace(
        go.Heatmap(
            z=counts.where(counts > 0).to_numpy(dtype=float),
            x=list(range(53)),
            y=[str(y) for y in years],
            colorscale=[[0, look.pale], [1, look.line]],
            zmin=0,
            xgap=2,
            ygap=2,
            showscale=False,
            hoverongaps=False,
            hoverinfo="skip",
        )
    )
    fig.add_trace(_weeks_to_click(filled, counts, look))
    starts = [(pd.Timestamp(2021, month, 1).day_of_year - 1) / 7 for month in range(1, 13)]
    fig.update_xaxes(tickvals=starts, ticktext=[str(m) for m in range(1, 13)], range=[-0.6, 52.6])
    fig.update_xaxes(title_text=text["month"], showgrid=False, zeroline=False)
    fig.update_yaxes(type="category", autorange="reversed", showgrid=False, ticks="")
    fig.update_layout(margin_b=56, showlegend=False)
    return fig


def _weeks_to_click(filled: list[tuple[int, int]], counts: pd.DataFrame, look: Look) -> go.Scatter:
    """Markers that nobody sees: a heat map itself reports no clicks in Streamlit."""
    return go.Scatter(
        x=[week for _, week in filled],
        y=[str(year) for year, _ in filled],
        mode="markers",
        marker={"size": 12, "opacity": 0, "symbol": "square"},
        customdata=[
            [f"week:{y}:{w}", f"{_first_day(y, w):%Y-%m-%d}", counts.at[y, w]] for y, w in filled
        ],
        hovertemplate=(
            f"%{{customdata[1]}} +6<br>{look.labels['events']} %{{customdata[2]}}<extra></extra>"
        ),
        name="",
    )


def _first_day(year: int, week: int) -> pd.Timestamp:
    return pd.Timestamp(year, 1, 1) + pd.Timedelta(days=7 * week)


def days_of_week(year: int, week: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day of one cell of the calendar.

    Parameters
    ----------
    year, week
        As in the mark ``week:2022:3``.
    """
    first = _first_day(year, week)
    last = pd.Timestamp(year, 12, 31) if week >= _LAST_WEEK else first + pd.Timedelta(days=6)
    return first, last
