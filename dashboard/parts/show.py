"""Charts and tables on a page, each with its download."""

from __future__ import annotations

import html
from collections.abc import Mapping
from time import sleep
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mentionstudy.dashboard.export import chart_html, csv_bytes
from mentionstudy.dashboard.i18n import Texts

_UNUSED_TOOLS = ["lasso2d", "select2d", "autoScale2d"]
_BY_ITSELF = 0.05  # seconds until the browser has begun to draw what it was sent


def chart(fig: go.Figure, name: str, t: Texts, *, alt: str = "") -> None:
    """Draw a chart with its downloads beneath.

    Parameters
    ----------
    fig
        From `mentionstudy.analysis.charts`.
    name
        Unique on the page; also the file name.
    t
        The texts.
    alt
        The sentence that a screen reader gets instead of the picture.
    """
    st.plotly_chart(
        fig, theme=None, key=f"chart_{name}", config=_config(name), alt=alt or _alt(fig)
    )
    _html_button(fig, name, t)


def clickable(fig: go.Figure, name: str, t: Texts, *, alt: str = "") -> str:
    """Draw a chart like `chart` and return the first ``customdata`` of a clicked point."""
    chosen = st.plotly_chart(
        fig,
        theme=None,
        key=f"chart_{name}",
        config=_config(name),
        on_select="rerun",
        selection_mode="points",
        alt=alt or _alt(fig),
    )
    _html_button(fig, name, t)
    return clicked(chosen)


def before_the_rest(fig: go.Figure, name: str) -> None:
    """Let the reader see a chart that is new to them before what the page draws after it.

    A browser draws all that has arrived in one go: the first chart of a page would wait for every
    other one, which takes longer than sending it by itself.

    Parameters
    ----------
    fig, name
        The chart that has just been drawn.
    """
    if st.session_state.get("_first") != (name, id(fig)):
        st.session_state["_first"] = (name, id(fig))
        sleep(_BY_ITSELF)


def _alt(fig: go.Figure) -> str:
    """Say what a chart shows to a reader who does not see it: its title and subtitle."""
    title = fig.layout.title
    parts = (title.text, title.subtitle.text)
    return html.unescape(" · ".join(part.replace("<br>", " · ") for part in parts if part))


def clicked(selection: Any) -> str:
    """Return the first entry of the first clicked point's ``customdata``, or an empty text."""
    points = (selection or {}).get("selection", {}).get("points", [])
    for point in points:
        data = point.get("customdata")
        if data:
            return str(data[0] if isinstance(data, (list, tuple)) else data)
    return ""


def _config(name: str) -> dict[str, Any]:
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": _UNUSED_TOOLS,
        # The camera draws in the reader's browser and needs nothing on the server.
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "scrollZoom": False,
    }


def _html_button(fig: go.Figure, name: str, t: Texts) -> None:
    st.download_button(
        t("download.chart_html"),
        data=lambda: chart_html(fig),
        file_name=f"{name}.html",
        mime="text/html",
        key=f"html_{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        help=t("download.chart_help"),
    )


def table(
    frame: pd.DataFrame,
    name: str,
    t: Texts,
    *,
    raw: pd.DataFrame | None = None,
    columns: Mapping[str, Any] | None = None,
    height: int | Literal["auto", "content", "stretch"] = "auto",
    alt: str = "",
) -> None:
    """Show a table with its CSV.

    Parameters
    ----------
    frame
        As shown: percent already multiplied, texts in the reader's language.
    name
        Unique on the page; also the file name.
    t
        The texts; columns without a setting of their own are named ``column.<name>``.
    raw
        What the CSV holds when it is not what is shown: decimals and stable codes.
    columns
        Streamlit column settings.
    height
        Pixels, or as the rows need.
    alt
        For screen readers.
    """
    st.dataframe(
        frame,
        hide_index=True,
        column_config=column_names(frame, t) | dict(columns or {}),
        height=height,
        key=f"table_{name}",
        placeholder="–",
        alt=alt or None,
    )
    csv_button(raw if raw is not None else frame, name, t)


def csv_button(frame: pd.DataFrame, name: str, t: Texts) -> None:
    """Offer a table as CSV."""
    st.download_button(
        f"CSV · {t('download.rows', n=f'{len(frame):,}')}",
        data=lambda: csv_bytes(frame),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def column_names(
    frame: pd.DataFrame, t: Texts, widths: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Name the columns in the reader's language; numbers keep the field's formats.

    Parameters
    ----------
    frame
        As shown.
    t
        The texts.
    widths
        Pixels of columns for which there is more or less room than usual.
    """
    out: dict[str, Any] = {}
    for column in frame.columns:
        label = t(f"column.{column}") if t.has(f"column.{column}") else str(column)
        hint = t(f"hint.{column}") if t.has(f"hint.{column}") else None
        width = (widths or {}).get(column, _WIDTHS.get(column))
        if column in _FORMATS:
            out[column] = st.column_config.NumberColumn(
                label, help=hint, format=_FORMATS[column], width=width
            )
        elif pd.api.types.is_datetime64_any_dtype(frame[column]):
            out[column] = st.column_config.DateColumn(label, help=hint, format="YYYY-MM-DD")
        else:
            out[column] = st.column_config.Column(label, help=hint, width=width)
    return out


_WIDTHS: dict[str, int] = {
    "sig": 34,
    "car": 60,
    "title": 210,
    "n_events": 52,
    "n": 46,
    "symbol": 92,
    "security_name": 76,
    "published": 128,
    "status": 126,
}
_PERCENT = "%.2f%%"
_FORMATS = {
    "ar": _PERCENT,
    "actual": _PERCENT,
    "normal": _PERCENT,
    "car": _PERCENT,
    "aar": _PERCENT,
    "caar": _PERCENT,
    "caar_extended": _PERCENT,
    "caar_1": _PERCENT,
    "caar_2": _PERCENT,
    "caar_first": _PERCENT,
    "caar_second": _PERCENT,
    "p_placebo": "%.4f",
    "p_1": "%.4f",
    "p_2": "%.4f",
    "mean": _PERCENT,
    "difference": _PERCENT,
    "se": _PERCENT,
    "caar_se": _PERCENT,
    "ci_low": _PERCENT,
    "ci_high": _PERCENT,
    "positive": "%.0f%%",
    "sar": "%.2f",
    "scar": "%.2f",
    "t": "%.2f",
    "statistic": "%.2f",
    "p": "%.4f",
    "df": "%.1f",
    "alpha": "%.5f",
    "beta": "%.3f",
    "r2": "%.3f",
    "sigma": _PERCENT,
    "zero_returns": _PERCENT,
    "autocorrelation": "%.3f",
    "autocorrelation_p": "%.4f",
    "jarque_bera": "%.1f",
    "jarque_bera_p": "%.4f",
    "arch": "%.2f",
    "arch_p": "%.4f",
    "beta_distance": "%.2f",
    "close": "%.2f",
}
_REPEATED = ("symbol", "security_name", "timing", "source", "status")


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Send texts that repeat in a long table once; a table of 10,000 rows is half as large then."""
    # an empty text among categories would be shown as None
    full = [name for name in _REPEATED if name in frame and frame[name].fillna("").ne("").all()]
    return frame.astype(dict.fromkeys(full, "category"))


def with_names(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Put the securities' short names behind their symbols, where any is known."""
    known = frame["symbol"].astype("str").map(dict(names))
    if known.isna().all():
        return frame
    out = frame.copy()
    out.insert(list(frame.columns).index("symbol") + 1, "security_name", known.fillna(""))
    return out


PERCENT_COLUMNS = tuple(name for name, form in _FORMATS.items() if "%%" in form)


def in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Multiply the columns that the page formats as percent; everything else stays."""
    out = frame.copy()
    for column in PERCENT_COLUMNS:
        if column in out:
            out[column] = out[column] * 100
    return out


def stars(p: float) -> str:
    """Mark a p-value as the field does: *** 1 %, ** 5 %, * 10 %."""
    for level, mark in ((0.01, "***"), (0.05, "**"), (0.10, "*")):
        if p < level:
            return mark
    return ""
