"""How every chart looks: one template, colour roles, number formats."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import plotly.graph_objects as go

from mentionstudy.analysis.charts.labels import ENGLISH, Labels

UpColour = Literal["red", "green"]

# WenQuanYi is TrueType: Chromium embeds it in a PDF with its text layer, the CFF font of Noto not.
FONTS = (
    '"Source Sans 3", "Source Sans Pro", "Noto Sans CJK SC", "WenQuanYi Zen Hei", '
    '"Microsoft YaHei", "PingFang SC", sans-serif'
)
SHAPE = "#888888"  # readable on white and on black
RED, GREEN = "#d0021b", "#0a8f3c"
PERCENT = ".2%"
PERCENT_AXIS = ".1%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The reader's choices, and the note that belongs beneath every title.

    Attributes
    ----------
    labels
        Texts, from `labels_for`.
    dark
        Light lines on a dark page.
    up
        Colour of a rising price: red as in China, or green. Only price direction uses it.
    note
        Added to each subtitle, for example that the data are the sample.
    """

    labels: Labels = field(default_factory=lambda: ENGLISH)
    dark: bool = False
    up: UpColour = "red"
    note: str = ""

    @property
    def rising(self) -> str:
        """Colour of a rising price."""
        return self._directions[0]

    @property
    def falling(self) -> str:
        """Colour of a falling price."""
        return self._directions[1]

    @property
    def _directions(self) -> tuple[str, str]:
        pair = ("#ff5a5f", "#2ebd85") if self.dark else (RED, GREEN)
        return pair if self.up == "red" else pair[::-1]

    @property
    def ink(self) -> str:
        """Text."""
        return "#e8eaed" if self.dark else "#262b33"

    @property
    def muted(self) -> str:
        """Secondary text."""
        return "#a5adba" if self.dark else "#5c6570"

    @property
    def paper(self) -> str:
        """Background."""
        return "#0e1117" if self.dark else "#ffffff"

    @property
    def grid(self) -> str:
        """Grid lines."""
        return "#2b313c" if self.dark else "#e6e9ed"

    @property
    def line(self) -> str:
        """The neutral colour of a result."""
        return "#6fa8dc" if self.dark else "#1f5f9e"

    @property
    def pale(self) -> str:
        """The same for what is not significant."""
        return "#3f5b78" if self.dark else "#b5cde4"

    @property
    def band(self) -> str:
        """Fill of a confidence band."""
        return "rgba(136,136,136,0.25)"

    @property
    def series(self) -> tuple[str, ...]:
        """Colours of groups (Okabe and Ito, distinguishable for colour-blind readers)."""
        return (self.line, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8f98")

    @property
    def diverging(self) -> list[list[float | str]]:
        """Orange below zero, blue above: no red or green, and monotone on both sides."""
        middle = "#1a1f29" if self.dark else "#f6f7f8"
        low, high = ("#f1a340", "#7fb8ee") if self.dark else ("#b35806", "#1f5f9e")
        soft_low, soft_high = ("#7a5526", "#3c5f80") if self.dark else ("#f1b46c", "#8db9de")
        return [[0.0, low], [0.25, soft_low], [0.5, middle], [0.75, soft_high], [1.0, high]]

    def template(self) -> go.layout.Template:
        """Return type, spacing and axes for one figure."""
        return _template(
            ink=self.ink,
            muted=self.muted,
            paper=self.paper,
            grid=self.grid,
            series=self.series,
        )


@cache  # building one costs as much as a small chart
def _template(
    *, ink: str, muted: str, paper: str, grid: str, series: tuple[str, ...]
) -> go.layout.Template:
    axis: dict[str, Any] = {
        "gridcolor": grid,
        "linecolor": SHAPE,
        "zerolinecolor": SHAPE,
        "zerolinewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": SHAPE,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 12, "color": muted}},
        "tickfont": {"size": 12, "color": muted},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONTS, "size": 13, "color": ink},
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "colorway": list(series),
            "title": {
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 10, "l": 4},
                "font": {"size": 15, "color": ink},
                "subtitle": {"font": {"size": 12, "color": muted}},
            },
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "font": {"family": FONTS, "size": 12},
                "bgcolor": paper,
                "bordercolor": SHAPE,
                "align": "left",
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 0,
                "yref": "container",
                "yanchor": "bottom",
                "font": {"size": 12},
                "bgcolor": "rgba(0,0,0,0)",
            },
            "margin": {"l": 56, "r": 16, "t": 84, "b": 76},
            "bargap": 0.25,
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": SHAPE, "activecolor": ink},
        }
    )


def plain(text: object, limit: int = 120) -> str:
    """Make foreign text safe for a chart, where plotly reads a subset of HTML.

    Parameters
    ----------
    text
        For example an article's title.
    limit
        Longest length in characters; the rest becomes an ellipsis.

    Returns
    -------
    str
        Escaped, on one line, without control and direction marks.
    """
    kept = "".join(" " if c.isspace() else c for c in str(text))
    kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    kept = " ".join(kept.split())
    if len(kept) > limit:
        kept = kept[: limit - 1] + "…"
    return html.escape(kept, quote=False)


def figure(title: str, subtitle: str, look: Look, *, height: int = 380) -> go.Figure:
    """Start a chart in the house style.

    Parameters
    ----------
    title, subtitle
        Plain text; escaped here. `Look.note` joins the subtitle.
    look
        The reader's choices.
    height
        Pixels.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    fig = go.Figure()
    dress(fig, title, subtitle, look, height=height)
    return fig


def dress(fig: go.Figure, title: str, subtitle: str, look: Look, *, height: int) -> None:
    """Put the house style, title and subtitle on a figure that exists, such as subplots."""
    below = "<br>".join(part for part in (plain(subtitle, 200), plain(look.note)) if part)
    fig.update_layout(
        template=look.template(),
        height=height,
        title={"text": plain(title), "subtitle": {"text": below}},
    )


def count(n: int, look: Look) -> str:
    """Say how many events a chart is about."""
    return look.labels["n_one"] if n == 1 else look.labels["n"].format(n=f"{n:,}")


def vertical(x: object, *, row_domain: str = "paper", dash: str = "dash") -> dict[str, Any]:
    """Give one vertical line as a layout shape (`add_vline` in a loop is quadratic)."""
    return {
        "type": "line",
        "xref": "x",
        "yref": row_domain,
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": SHAPE, "width": 1.2, "dash": dash},
        "layer": "below",
    }


def tau_axis(taus: list[int], look: Look) -> dict[str, Any]:
    """Give an axis of event time with whole-number ticks and zero among them."""
    span = max(taus) - min(taus) if taus else 1
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000, 10**6) if span / s <= 8)
    return {
        "title": {"text": look.labels["tau"]},
        "tick0": 0,
        "dtick": step,
        "tickangle": 0,
        "zeroline": False,
        "showgrid": False,
    }


def percent_axis(title: str) -> dict[str, Any]:
    """Give an axis of decimal returns that reads in percent."""
    return {"title": {"text": f"{title}, %"}, "tickformat": PERCENT_AXIS, "hoverformat": PERCENT}


def nothing(title: str, look: Look, *, height: int = 240) -> go.Figure:
    """Give the chart of an empty choice: its title and one sentence."""
    fig = figure(title, "", look, height=height)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    fig.add_annotation(
        text=look.labels["no_data"], showarrow=False, font={"size": 14, "color": SHAPE}
    )
    return fig
