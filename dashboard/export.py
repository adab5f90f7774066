"""Tables and charts as files: the same bytes from a page's button and from the command line."""

from __future__ import annotations

import re

import pandas as pd
import plotly.graph_objects as go

# What Excel and its relatives take for the beginning of a formula.
_FORMULA = re.compile(r"\s*[=+\-@|\t\r]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*%?")


def harmless(cell: object) -> object:
    """Return a text cell so that no spreadsheet runs it; other values as they are.

    Parameters
    ----------
    cell
        Any value of a table.

    Returns
    -------
    object
        A text that would begin a formula gets an apostrophe before it.
    """
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def neutralised(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy of a table in which no text cell is a formula."""
    out = frame.copy()
    for column in out.columns:
        if not pd.api.types.is_numeric_dtype(out[column]):
            out[column] = out[column].map(harmless)
    return out


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write a table as CSV in UTF-8 with the mark by which Excel knows it."""
    return neutralised(frame).to_csv(index=False).encode("utf-8-sig")


def chart_html(figure: go.Figure) -> bytes:
    """Write a chart as one HTML page that needs nothing from the network."""
    page: str = figure.to_html(
        include_plotlyjs=True, full_html=True, config={"displaylogo": False, "responsive": True}
    )
    return page.encode("utf-8")
