"""Charts of every event beside the others: heat map, distribution, small multiples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mentionstudy.analysis.charts.look import (
    PERCENT,
    PERCENT_AXIS,
    Look,
    count,
    dress,
    figure,
    nothing,
    plain,
    tau_axis,
    vertical,
)

MAX_ROWS = 300  # rows of the heat map that stay apart; above, neighbours are averaged
_MAX_CELLS = 6000  # each has a marker to click on, and more make the pointer slow
_MAX_AVERAGES = 1000  # each has a marker too, and all are drawn anew at every change of a filter
_MAX_BARS = 60
MAX_PANELS = 24  # small multiples that stay readable on a page


def event_heatmap(ar: pd.DataFrame, *, look: Look | None = None) -> go.Figure:
    """Draw every event's abnormal returns as one row of a heat map.

    Rows are ordered by their sum. The colour scale ends at the 98th percentile of ``|ar|``, so
    that one extreme day does not bleach the others; hover gives the exact value.

    Parameters
    ----------
    ar
        ``EventStudyResult.ar``: columns ``event_id, tau, ar`` (decimal); optional ``symbol, day0``.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Invisible markers over the cells carry ``customdata``: first the event_id or, where there
        are too many events and neighbours are averaged, the mark ``row:7`` that
        `heatmap_row` takes.
    """
    look = look or Look()
    text = look.labels
    wide = _by_sum(ar)
    if wide.empty:
        return nothing(text["heatmap_title"], look)
    subtitle = count(len(wide), look)
    rows = _rows(wide)
    if rows is not None:
        subtitle = text["bins"].format(n=f"{len(wide):,}", rows=int(rows[-1]) + 1)
        wide = wide.groupby(rows).mean()
    height = int(min(640, max(240, 150 + 26 * len(wide))))
    fig = figure(text["heatmap_title"], subtitle, look, height=height)
    fig.add_trace(_cells(wide, look))
    fig.add_trace(_cells_to_click(wide, look))
    fig.update_xaxes(**tau_axis([int(t) for t in wide.columns], look))
    fig.update_yaxes(
        type="category", showgrid=False, ticks="", visible=len(wide) <= 30, automargin=True
    )
    fig.update_layout(shapes=[vertical(0) | {"layer": "above"}], showlegend=False, margin_b=56)
    return fig


def heatmap_row(ar: pd.DataFrame, row: int) -> list[object]:
    """Return the ids of the events behind one averaged row of the heat map.

    Parameters
    ----------
    ar
        What the heat map was drawn from.
    row
        Counted from 0 at the lowest sum; a row that the heat map does not have gives no ids.
    """
    wide = _by_sum(ar)
    rows = _rows(wide)
    return [] if rows is None else list(wide.index[rows == row])


def _by_sum(ar: pd.DataFrame) -> pd.DataFrame:
    """Lay one row an event, ordered by its sum."""
    wide = _wide(ar).dropna(how="all")
    return wide.iloc[np.argsort(wide.sum(axis=1).to_numpy(), kind="stable")]


def _rows(wide: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Give each event the number of its row of the heat map; None where each has its own."""
    events, days = wide.shape
    if events <= min(MAX_ROWS, _MAX_CELLS // max(days, 1)):
        return None
    rows = max(1, min(MAX_ROWS, _MAX_AVERAGES // days))
    return np.arange(events) * rows // events


def _wide(ar: pd.DataFrame) -> pd.DataFrame:
    """Lay one row an event and one column a day; a pivot table would take ten times as long."""
    event, ids = pd.factorize(ar["event_id"])
    day, taus = pd.factorize(ar["tau"], sort=True)
    values = np.full((len(ids), len(taus)), np.nan)
    values[event, day] = ar["ar"].to_numpy(dtype=float)
    return pd.DataFrame(values, index=pd.Index(ids, name="event_id"), columns=list(taus))


def _cells(wide: pd.DataFrame, look: Look) -> go.Heatmap:
    bound = float(np.nanpercentile(wide.abs().to_numpy(), 98)) or 0.01
    name = look.labels["ar"]
    return go.Heatmap(
        z=wide.to_numpy(),
        x=wide.columns.to_list(),
        y=[plain(i) for i in wide.index],
        colorscale=look.diverging,
        zmin=-bound,
        zmax=bound,
        zmid=0,
        xgap=1,
        ygap=1 if len(wide) <= 60 else 0,
        hoverongaps=False,
        colorbar={
            "tickformat": PERCENT_AXIS,
            "thickness": 10,
            "outlinewidth": 0,
            "title": {"text": f"{name}, %", "font": {"size": 12}},
        },
        hovertemplate=f"%{{y}}<br>τ = %{{x}}<br>{name} %{{z:{PERCENT}}}<extra></extra>",
    )


def _cells_to_click(wide: pd.DataFrame, look: Look) -> go.Scatter:
    """Markers that nobody sees: a heat map itself reports no clicks in Streamlit."""
    values = wide.to_numpy()
    row, column = np.nonzero(np.isfinite(values))
    names = np.array([plain(i) for i in wide.index])
    # an averaged row has a number in place of an event's id
    marks = np.array([f"row:{i}" if isinstance(i, int) else str(i) for i in wide.index])
    shown = np.char.mod("%.2f%%", 100 * values[row, column])
    return go.Scatter(
        x=wide.columns.to_numpy()[column],
        y=names[row],
        mode="markers",
        marker={"size": 12, "opacity": 0, "symbol": "square"},
        customdata=np.column_stack([marks[row], shown]),  # lists would be copied item by item
        hovertemplate=(
            f"%{{y}}<br>τ = %{{x}}<br>{look.labels['ar']} %{{customdata[1]}}<extra></extra>"
        ),
        name="",
    )


def car_distribution(car: pd.DataFrame, *, look: Look | None = None) -> go.Figure:
    """Draw how the events' CARs of one window are spread, with mean and median.

    Parameters
    ----------
    car
        ``EventStudyResult.car(a, b)``: columns ``event_id, window, car`` (decimal).
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Each event is a point (``customdata`` is its event_id); above 30 events a histogram stands
        over the points, and above 2,000 the points are left out. The histogram's bars carry the
        mark ``car:low:high``; the last bar holds its upper bound too.
    """
    look = look or Look()
    text = look.labels
    rows = car.dropna(subset=["car"])
    window = str(rows["window"].iloc[0]) if len(rows) else ""
    title = text["distribution_title"].format(window=window).strip()
    if rows.empty:
        return nothing(title, look)
    many = len(rows) > 30
    points = len(rows) <= 2000
    fig = make_subplots(
        rows=1 + (many and points),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.02,
        row_heights=[0.8, 0.2] if many and points else [1.0],
    )
    if many:
        fig.add_trace(_car_histogram(rows, look), row=1, col=1)
    if points:
        fig.add_trace(_car_points(rows, look), row=2 if many else 1, col=1)
    mean, median = float(rows["car"].mean()), float(rows["car"].median())
    subtitle = " · ".join(
        (count(len(rows), look), f"{text['mean']} {mean:.2%}", f"{text['median']} {median:.2%}")
    )
    dress(fig, title, subtitle, look, height=320)
    fig.update_xaxes(tickformat=PERCENT_AXIS, zeroline=True)
    fig.update_xaxes(title_text=f"{text['car']} {window}, %", row=1 + (many and points), col=1)
    fig.update_yaxes(showticklabels=False, ticks="", showgrid=False, zeroline=False)
    if many:
        fig.update_yaxes(title_text=text["events"], showticklabels=True, row=1, col=1)
    line = vertical(mean, dash="solid") | {"line": {"color": look.line, "width": 2}}
    fig.update_layout(
        shapes=[line, vertical(median, dash="dot"), vertical(0)],
        showlegend=False,
        bargap=0.02,
        margin_b=56,
    )
    return fig


def _car_histogram(rows: pd.DataFrame, look: Look) -> go.Bar:
    """Count here rather than in the browser: it is less to send, and a bar knows its bounds."""
    values = rows["car"].to_numpy()
    edges = np.histogram_bin_edges(values, bins="fd" if np.ptp(values) > 0 else 1)
    if len(edges) > _MAX_BARS + 1:
        edges = np.histogram_bin_edges(values, bins=_MAX_BARS)
    counts, edges = np.histogram(values, bins=edges)
    low, high = edges[:-1].tolist(), edges[1:].tolist()
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        marker={"color": look.pale, "line": {"color": look.line, "width": 1}},
        customdata=[[f"car:{a!r}:{b!r}", a, b] for a, b in zip(low, high, strict=True)],
        hovertemplate=(
            f"{look.labels['car']} %{{customdata[1]:{PERCENT}}} – %{{customdata[2]:{PERCENT}}}"
            "<br>N %{y}<extra></extra>"
        ),
        showlegend=False,
    )


def _car_points(rows: pd.DataFrame, look: Look) -> go.Scatter:
    """One marker an event, on alternating levels so that neighbours do not hide each other."""
    order = rows.sort_values("car")
    return go.Scatter(
        x=order["car"],
        y=np.arange(len(order)) % 3,
        mode="markers",
        marker={
            "size": 9 if len(order) <= 100 else 5,
            "color": look.line,
            "opacity": 0.75,
            "line": {"color": look.paper, "width": 1},
        },
        customdata=np.array([[str(i), plain(i)] for i in order["event_id"]]),
        hovertemplate=(
            f"%{{customdata[1]}}<br>{look.labels['car']} %{{x:{PERCENT}}}<extra></extra>"
        ),
        name="",
    )


def car_small_multiples(
    ar: pd.DataFrame, *, columns: int = 4, look: Look | None = None
) -> go.Figure:
    """Draw each event's cumulative abnormal return in a panel of its own, on one scale.

    Parameters
    ----------
    ar
        ``EventStudyResult.ar``: columns ``event_id, tau, ar`` (decimal). With more than
        `MAX_PANELS` events those with the largest moves are shown, and the subtitle says so.
    columns
        Panels beside each other.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    look = look or Look()
    text = look.labels
    rows = ar.dropna(subset=["ar"])
    if rows.empty:
        return nothing(text["multiples_title"], look)
    ends = rows.groupby("event_id", sort=False)["ar"].sum()
    shown = ends.reindex(ends.abs().sort_values(ascending=False).index)[:MAX_PANELS]
    rows = rows[rows["event_id"].isin(shown.index)].sort_values(["event_id", "tau"])
    rows = rows.assign(car=rows.groupby("event_id")["ar"].cumsum())
    lines = math.ceil(len(shown) / columns)
    fig = make_subplots(
        rows=lines,
        cols=min(columns, len(shown)),
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[f"{_broken(i)}<br>{v:+.2%}" for i, v in shown.items()],
        horizontal_spacing=0.03,
        vertical_spacing=min(0.3, 0.45 / lines),
    )
    fig.update_annotations(font_size=11)
    shapes = []
    for number, event_id in enumerate(shown.index):
        part = rows[rows["event_id"] == event_id]
        row, col = divmod(number, columns)
        fig.add_trace(_car_line(part, event_id, look), row=row + 1, col=col + 1)
        axis = "" if number == 0 else str(row * min(columns, len(shown)) + col + 1)
        shapes.append(vertical(0) | {"xref": f"x{axis}", "yref": f"y{axis} domain"})
    subtitle = count(len(ends), look)
    if len(ends) > len(shown):
        subtitle = text["multiples_more"].format(n=f"{len(ends):,}", shown=len(shown))
    dress(fig, text["multiples_title"], subtitle, look, height=160 + 165 * lines)
    fig.update_layout(shapes=shapes, margin_t=124)
    fig.update_yaxes(tickformat=PERCENT_AXIS, nticks=4)
    half = max(1, int(rows["tau"].abs().max()) // 2)
    fig.update_xaxes(showgrid=False, zeroline=False, tickvals=[-half, 0, half], tickangle=0)
    fig.update_xaxes(title_text=text["tau_short"], row=lines)
    fig.update_yaxes(title_text=f"{text['car']}, %", col=1)
    return fig


def _car_line(rows: pd.DataFrame, event_id: object, look: Look) -> go.Scatter:
    return go.Scatter(
        x=rows["tau"],
        y=rows["car"],
        mode="lines+markers",
        line={"color": look.line, "width": 1.8},
        marker={"size": 10, "opacity": 0},  # a line alone reports no clicks
        customdata=[[str(event_id)]] * len(rows),
        hovertemplate=f"τ = %{{x}}<br>{look.labels['car']} %{{y:{PERCENT}}}<extra></extra>",
        showlegend=False,
    )


def _broken(event_id: object) -> str:
    """Break ``600718.SH@2022-01-07``: four panels side by side are narrow on a phone."""
    return plain(event_id).replace("@", "<br>", 1)
