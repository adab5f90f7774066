"""Single tables and charts as files; whole studies are written by `study_files`."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis.export import harmless


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write a table as CSV in UTF-8 with the mark by which Excel knows it.

    Texts that a spreadsheet would run as a formula get an apostrophe before them.
    """
    return harmless(frame).to_csv(index=False).encode("utf-8-sig")


def chart_html(figure: go.Figure) -> bytes:
    """Write a chart as one HTML page that needs nothing from the network; equal charts equally."""
    page: str = figure.to_html(
        include_plotlyjs=True,
        full_html=True,
        div_id="chart",  # a random one would make equal files differ
        config={"displaylogo": False, "responsive": True},
    )
    return page.encode("utf-8")
