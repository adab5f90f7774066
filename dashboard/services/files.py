"""What leaves the pages as a file."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import streamlit as st

from mentionstudy.analysis import export
from mentionstudy.dashboard.i18n import Language
from mentionstudy.dashboard.images import IMAGE_FORMATS, Painter
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.study_files import own_tables, write_study


def workbook(run: StudyRun) -> bytes:
    """Return the study as a formatted workbook, one sheet a table."""
    buffer = BytesIO()
    export.to_excel(run.result, buffer, _provenance(run), own_tables(run))
    return buffer.getvalue()


def record(run: StudyRun) -> str:
    """Return what reproduces the study as JSON."""
    return export.study_json(run.result, _provenance(run))


def _provenance(run: StudyRun) -> dict[str, object]:
    return {"benchmarks": dict(run.benchmarks), **run.provenance}


@st.cache_resource(show_spinner=False, on_release=lambda painter: painter.close())
def painter() -> Painter:
    """Return the one browser that draws charts for every session; it starts on first use."""
    return Painter()


def bundle(
    run: StudyRun, tables: tuple[str, ...], charts: tuple[str, ...], language: Language
) -> bytes:
    """Return the study's files in one ZIP: the same bytes that the command line writes.

    Parameters
    ----------
    run
        A study's answer.
    tables, charts
        Formats, of those of `study_files`.
    language
        Of charts and report.
    """
    brush = painter() if set(charts) & set(IMAGE_FORMATS) else None
    with TemporaryDirectory(prefix="mentionstudy-export-") as folder:
        paths = write_study(
            run,
            Path(folder),
            table_formats=tables,
            chart_formats=charts,
            language=language,
            report=True,
            painter=brush,
        )
        buffer = BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED) as pack:
            for path in paths:
                pack.write(path, path.name)
        return buffer.getvalue()


@st.cache_data(show_spinner=False)
def has_chinese_font() -> bool:
    """Whether fontconfig knows a Chinese font; true where there is no fontconfig to ask."""
    if shutil.which("fc-list") is None:
        return True
    listed = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, timeout=20, check=False
    )
    return bool(listed.stdout.strip())
