"""Articles and prices of the reader's own, through the browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from mentionstudy.dashboard import access, uploads
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.data.errors import DataError
from mentionstudy.data.market import plan_fetch

Files = list[tuple[str, bytes]]


def draw(page: Page) -> None:
    """Offer to add articles and prices, where the workspace is a folder that may be written."""
    t = page.t
    with st.expander(t("upload.title"), icon=":material/upload_file:"):
        if not _may(page):
            st.caption(t("upload.not_here"))
        elif files := _given(page, "upload", uploads.ENDINGS):
            _articles(page, files)
    with st.expander(t("upload_prices.title"), icon=":material/price_change:"):
        if not _may(page):
            st.caption(t("upload.not_here"))
            return
        files = _given(page, "upload_prices", uploads.PRICE_ENDINGS, adjustment=True)
        if files:
            _prices(page, files)


def _may(page: Page) -> bool:
    own = not page.corpus.is_sample and "://" not in str(page.workspace.path)
    return access.may_write() and own


def _given(page: Page, key: str, endings: Sequence[str], *, adjustment: bool = False) -> Files:
    """Draw a form for files; return what was sent with it.

    A form clears its files when it is sent, so that no rerun reads them again.
    """
    t = page.t
    st.caption(t(f"{key}.how"))
    with st.form(key, clear_on_submit=True, border=False):
        given = st.file_uploader(
            t("upload.files"), type=list(endings), accept_multiple_files=True, key=f"{key}_files"
        )
        if adjustment:
            st.radio(
                t("upload_prices.question"),
                list(uploads.PRICE_FOLDERS),
                index=None,  # nobody but the reader knows
                key="adjusted",
                format_func=lambda kind: t.code("adjustment", kind),
                help=t("upload_prices.question_help"),
            )
        sent = st.form_submit_button(t("upload.read"), icon=":material/read_more:")
    return [(file.name, file.getvalue()) for file in given] if sent and given else []


def _articles(page: Page, files: Files) -> None:
    t = page.t
    try:
        with st.spinner(t("upload.reading")):
            report = uploads.take(page.workspace, files)
    except (DataError, OSError) as error:
        _failed(page, error)
        return
    st.success(t("upload.done", articles=report.articles, mentions=report.mentions))
    for failure in report.failed:
        st.text(f"{Path(failure.path).name}: {t.told(failure.reason)}")


def _prices(page: Page, files: Files) -> None:
    t = page.t
    adjusted = st.session_state["adjusted"]
    if adjusted is None:
        st.warning(t("upload_prices.say"))
        return
    plan = plan_fetch(page.corpus.events)
    try:
        with st.spinner(t("upload.reading")):
            taken = uploads.take_prices(page.workspace, files, plan, adjusted=adjusted)
    except (DataError, OSError) as error:
        _failed(page, error)
        return
    if taken.report is not None:
        st.success(t("upload_prices.done", ok=taken.report.ok, rows=f"{taken.report.rows:,}"))
        for missing in taken.report.missing:
            kind = t.code("data_kind", missing.kind)
            st.text(f"{missing.symbol}, {kind}: {t.told(missing.reason)}")
        for note in taken.report.notes:
            st.text(f"{note.symbol}: {t.told(note.text)}")
    if taken.unneeded:
        st.caption(t("upload_prices.unneeded", symbols=", ".join(taken.unneeded[:20])))
    if taken.unread:
        st.error(t("upload_prices.unread", n=len(taken.unread)))
    for reason in taken.unread.values():
        st.text(t.told(reason))


def _failed(page: Page, error: Exception) -> None:
    st.error(page.t("upload.failed"))
    st.text(page.t.told(error))
