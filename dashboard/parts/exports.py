"""The report and the files of a study."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from mentionstudy.dashboard import images, services
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun
from mentionstudy.dashboard.reporting import plain_reading, report_html
from mentionstudy.dashboard.study_files import CHART_FORMATS, TABLE_FORMATS


def report(page: Page, run: StudyRun) -> None:
    """Offer the report, with the reader's own title and question."""
    t = page.t
    st.header(t("export.head"))
    st.caption(t("export.what"))
    st.text(plain_reading(t, run))
    st.subheader(t("export.report"))
    st.caption(t("export.report_what"))
    title = st.text_input(t("export.title"), value=t("report.title"), key="report_title")
    question = st.text_input(
        t("export.question"), placeholder=t("export.question_hint"), key="report_question"
    )

    def text() -> str:
        made = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M (UTC+8)")
        return report_html(run, t.language, title=title, question=question, made_at=made)

    row = st.container(horizontal=True)
    row.download_button(
        t("export.report_html"),
        data=text,
        file_name="report.html",
        mime="text/html",
        key="report_html",
        on_click="ignore",
        icon=":material/description:",
        type="primary",
    )
    reason = t.told(images.unavailable())
    row.download_button(
        t("export.report_pdf"),
        data=lambda: images.page_pdf(text()),
        file_name="report.pdf",
        mime="application/pdf",
        key="report_pdf",
        on_click="ignore",
        icon=":material/picture_as_pdf:",
        disabled=bool(reason),
        help=t("export.no_images", reason=reason) if reason else None,
    )


def files(page: Page, run: StudyRun) -> None:
    """Offer tables and charts in the chosen formats, packed into one file."""
    t = page.t
    st.subheader(t("export.files"))
    reason = t.told(images.unavailable())
    tables = st.pills(
        t("export.tables"),
        TABLE_FORMATS,
        selection_mode="multi",
        default=("csv", "xlsx"),
        format_func=lambda form: t(f"export.format_{form}"),
        key="export_tables",
    )
    charts = st.pills(
        t("export.charts"),
        ("html",) if reason else CHART_FORMATS,
        selection_mode="multi",
        default=("html",),
        format_func=str.upper,
        key="export_charts",
    )
    if reason:
        st.info(t("export.no_images", reason=reason))
    elif set(charts) - {"html"}:
        st.caption(t("export.time"))
        if not services.has_chinese_font():
            st.warning(t("export.no_font"))
    if not tables and not charts:
        st.caption(t("export.nothing"))
        return
    st.download_button(
        t("export.zip"),
        data=lambda: services.bundle(run, tuple(tables), tuple(charts), t.language),
        file_name="study.zip",
        mime="application/zip",
        key="export_zip",
        on_click="ignore",
        icon=":material/folder_zip:",
        type="primary",
    )
