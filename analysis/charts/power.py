"""Which test to trust: rejection rates by injected effect."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis.charts.look import Look, figure, nothing


def power_map(rates: pd.DataFrame, *, subtitle: str = "", look: Look | None = None) -> go.Figure:
    """Draw the rejection rate of each test at each injected effect.

    Parameters
    ----------
    rates
        Tests by effects (decimal), values between 0 and 1, as `PowerResult.rates` gives them. The
        column of effect 0 is the size of the tests, the others their power.
    subtitle
        What was drawn: events of a sample, samples, level, window.
    look
        Colours, language, note.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    look = look or Look()
    text = look.labels
    if rates.empty:
        return nothing(text["power_title"], look)
    height = 150 + 26 * len(rates)
    fig = figure(text["power_title"], subtitle, look, height=height)
    effects = [f"{100 * float(effect):.6g}%" for effect in rates.columns]
    fig.add_trace(
        go.Heatmap(
            x=effects,
            y=[str(test) for test in rates.index],
            z=rates.to_numpy(dtype="float64"),
            zmin=0,
            zmax=1,
            colorscale=[[0.0, look.paper], [1.0, look.line]],
            texttemplate="%{z:.1%}",
            textfont={"size": 11},
            hovertemplate="%{y}<br>%{x}: %{z:.2%}<extra></extra>",
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    fig.update_xaxes(title_text=text["effect"], type="category", side="bottom", showgrid=False)
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig
