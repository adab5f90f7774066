"""Chart of CARs against one characteristic of their events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis.charts.event import CRITICAL
from mentionstudy.analysis.charts.look import (
    PERCENT,
    SHAPE,
    Look,
    count,
    figure,
    nothing,
    percent_axis,
    plain,
)

_MAX_POINTS = 2000  # events that stay apart; above, they are averaged
_MAX_KINDS = 12
_GROUPS = 20


def cross_section(
    car: pd.DataFrame, values: pd.Series, *, name: str = "", look: Look | None = None
) -> go.Figure:
    """Draw the CARs of one window against a characteristic of the events.

    Parameters
    ----------
    car
        ``StudyResult.car(a, b)``: columns ``event_id, window, car`` (decimal).
    values
        The characteristic, in the order of ``car``: numbers, or names of kinds.
    name
        What the characteristic is.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
        Up to 2,000 events with a number stand as points (``customdata``: event_id). Kinds, and
        groups of equal size of more events, stand as means with 95 % whiskers, with the mark
        ``cross:LABEL`` of `cross_section_bins`.
    """
    look = look or Look()
    text = look.labels
    window = str(car["window"].iloc[0]) if len(car) else ""
    title = text["cross_title"].format(car=f"{text['car']} {window}".strip(), name=name or "x")
    known = car["car"].notna().to_numpy() & values.notna().to_numpy()
    rows, given = car[known], values[known]
    if rows.empty:
        return nothing(title, look)
    kinds = _are_kinds(given)
    if not kinds and len(rows) <= _MAX_POINTS:
        fig = figure(title, count(len(rows), look), look, height=360)
        fig.add_trace(_points(rows, given, name, look))
    else:
        labels = cross_section_bins(given)
        says = count(len(rows), look)
        if not kinds:
            says = text["cross_bins"].format(n=f"{len(rows):,}", rows=labels.nunique())
        fig = figure(title, f"{says} · {text['whiskers']}", look, height=360)
        fig.add_trace(_means(rows["car"], labels, look))
        fig.update_xaxes(type="category")
    fig.update_xaxes(title_text=name, showgrid=False)
    fig.update_yaxes(**percent_axis(text["car"]))
    fig.update_layout(showlegend=False, margin_b=64)
    return fig


def cross_section_bins(values: pd.Series) -> pd.Series:
    """Give each event the label of the mean that it enters.

    Parameters
    ----------
    values
        The characteristic of the events; nothing missing.

    Returns
    -------
    Series
        Kinds name themselves, the rarer ones of many together; numbers are put into groups of
        equal size, each named by its bounds.
    """
    if not _are_kinds(values):
        number = pd.qcut(values.rank(method="first"), min(_GROUPS, len(values)), labels=False)
        ends = values.groupby(number).agg(["min", "max"])
        names = {k: f"{k + 1}: {low:.3g} – {high:.3g}" for k, low, high in ends.itertuples()}
        return number.map(names)
    texts = values.map(lambda v: f"{v:g}") if _numeric(values) else values.astype("str")
    common = texts.value_counts().index[:_MAX_KINDS]
    return texts.where(texts.isin(common), "…")


def _numeric(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _are_kinds(values: pd.Series) -> bool:
    return not _numeric(values) or values.nunique() <= _MAX_KINDS


def _points(rows: pd.DataFrame, values: pd.Series, name: str, look: Look) -> go.Scatter:
    return go.Scatter(
        x=values,
        y=rows["car"],
        mode="markers",
        marker={
            "size": 9 if len(rows) <= 100 else 5,
            "color": look.line,
            "opacity": 0.7,
            "line": {"color": look.paper, "width": 1},
        },
        customdata=np.array([[str(i), plain(i)] for i in rows["event_id"]]),
        hovertemplate=(
            f"%{{customdata[1]}}<br>{plain(name)} %{{x}}"
            f"<br>{look.labels['car']} %{{y:{PERCENT}}}<extra></extra>"
        ),
        name="",
    )


def _means(car: pd.Series, labels: pd.Series, look: Look) -> go.Scatter:
    table = car.groupby(labels.to_numpy(), sort=False).agg(["mean", "sem", "count"])
    place = pd.to_numeric(pd.Series(table.index).str.partition(":")[0], errors="coerce")
    if place.notna().all():  # numbers stand in their order, kinds by their size
        table = table.iloc[np.argsort(place.to_numpy(), kind="stable")]
    else:
        table = table.sort_values("count", ascending=False, kind="stable")
    return go.Scatter(
        x=[plain(label, 30) for label in table.index],
        y=table["mean"],
        mode="markers",
        marker={"size": 10, "color": look.line},
        error_y={
            "array": (CRITICAL * table["sem"]).fillna(0),
            "color": SHAPE,
            "thickness": 1.2,
            "width": 4,
        },
        customdata=[
            [f"cross:{label}", int(n)] for label, n in zip(table.index, table["count"], strict=True)
        ],
        hovertemplate=(
            f"%{{x}}<br>{look.labels['mean']} %{{y:{PERCENT}}}<br>N %{{customdata[1]}}"
            "<extra></extra>"
        ),
        name="",
    )
