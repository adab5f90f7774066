"""A study's tables and charts as files: the same bytes from the command line and from a button."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis import charts, export
from mentionstudy.dashboard.export import chart_html
from mentionstudy.dashboard.i18n import Language
from mentionstudy.dashboard.images import IMAGE_FORMATS, Painter
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import report_html
from mentionstudy.data.attributes import ATTRIBUTES

TABLE_FORMATS = ("csv", "xlsx", "parquet", "tex")
CHART_FORMATS = ("html", *IMAGE_FORMATS)
SAMPLE_NOTE = {"en": "bundled sample", "zh": "内置样本"}
_EVENT_FACTS = (
    *("event_id", "symbol", "day0", "timing", "anchor", "first_published_at", "confidence"),
    *("n_articles", "n_copies", "title", "source"),
)
_LATEX_TABLES = ("tests", "aar", "car")


def own_tables(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Return what a corpus adds to its study: exclusions, attributes, groups, flags, extensions."""
    tables = {"excluded": run.excluded.rename(columns={"event_id": "event"})}
    if "topic" in run.events:
        tables["attributes"] = run.events[[*_EVENT_FACTS, *ATTRIBUTES]]
    if run.grouped and run.result.n_events:
        tables["groups"] = run.result.groups()
    if len(run.flags):
        tables["flags"] = run.flags
    if run.result.settings.extend_flags and run.result.n_events:
        tables["extended"] = run.result.extended()
        tables["extensions"] = run.result.extensions()
    return tables


def study_charts(run: StudyRun, language: Language = "en") -> dict[str, go.Figure]:
    """Return the study's charts by file name without ending.

    Parameters
    ----------
    run
        The study.
    language
        ``en`` or ``zh``.
    """
    result = run.result
    note = SAMPLE_NOTE[language] if run.is_sample else ""
    look = charts.Look(labels=charts.labels_for(language), note=note)
    first, last = result.settings.window
    return {
        "caar": charts.caar_fan(result.averages, look=look),
        "aar_bars": charts.aar_bars(result.averages, look=look),
        "heatmap": charts.event_heatmap(result.ar, look=look),
        "car_distribution": charts.car_distribution(result.car(first, last), look=look),
        "calendar": charts.event_calendar(result.events, look=look),
    }


def write_study(
    run: StudyRun,
    folder: Path,
    *,
    table_formats: Sequence[str] = TABLE_FORMATS,
    chart_formats: Sequence[str] = CHART_FORMATS,
    language: Language = "en",
    report: bool = False,
    painter: Painter | None = None,
) -> list[Path]:
    """Write a study's record, tables and charts to a folder.

    Parameters
    ----------
    run
        The study.
    folder
        Made if need be; files of the same names are replaced.
    table_formats, chart_formats
        Formats, of `TABLE_FORMATS` and `CHART_FORMATS`.
    language
        ``en`` or ``zh``, for the charts and the report.
    report
        Whether to write ``report.html`` too.
    painter
        A running browser for the image formats; without it one is started and stopped.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ImagesUnavailable
        If an image format is asked for and cannot be drawn here; the rest is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    provenance = {"benchmarks": dict(run.benchmarks), **run.provenance}
    extra = own_tables(run)
    record = folder / "study.json"
    record.write_text(export.study_json(run.result, provenance), encoding="utf-8")
    written = [record]
    if "csv" in table_formats:
        written += export.to_csv_dir(run.result, folder, provenance, extra)
    if "parquet" in table_formats:
        written += export.to_parquet(run.result, folder, provenance, extra)
    if "xlsx" in table_formats:
        export.to_excel(run.result, folder / "study.xlsx", provenance, extra)
        written.append(folder / "study.xlsx")
    if "tex" in table_formats:
        for name in _LATEX_TABLES:
            path = folder / f"{name}.tex"
            path.write_text(export.to_latex(run.result, name), encoding="utf-8")
            written.append(path)
    if report:
        path = folder / "report.html"
        path.write_text(report_html(run, language), encoding="utf-8")
        written.append(path)
    written += _write_charts(run, folder, chart_formats, language, painter)
    return list(dict.fromkeys(written))


def _write_charts(
    run: StudyRun,
    folder: Path,
    formats: Sequence[str],
    language: Language,
    painter: Painter | None,
) -> list[Path]:
    if not formats:
        return []
    written = []
    figures = study_charts(run, language)
    if "html" in formats:
        for name, figure in figures.items():
            path = folder / f"{name}.html"
            path.write_bytes(chart_html(figure))
            written.append(path)
    images = [form for form in IMAGE_FORMATS if form in formats]
    if images:
        with nullcontext(painter) if painter else Painter() as brush:
            for name, figure in figures.items():
                for form in images:
                    path = folder / f"{name}.{form}"
                    path.write_bytes(brush.draw(figure, form))
                    written.append(path)
    return written
