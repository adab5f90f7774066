"""Prices: what is there, what is missing, when another try makes sense, and the try itself."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import access, services, state
from mentionstudy.dashboard.i18n import as_markdown
from mentionstudy.dashboard.parts import show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.data.calendars import BEIJING
from mentionstudy.data.market.coverage import STATES


def fetching(page: Page) -> None:
    """Offer to fetch what is missing, and show a fetch at work."""
    t = page.t
    job = services.fetch_job(page.workspace)
    if job.running:
        _progress(page)
        return
    if job.problem:
        known = t.has(f"fetch.{job.problem}")
        st.error(t(f"fetch.{job.problem}") if known else as_markdown(t.told(job.problem)))
    elif job.report is not None:
        brought = job.report
        st.success(t("fetch.brought", ok=brought.ok, missing=len(brought.missing)))
    plan = services.fetch_plan(page.workspace, page.corpus)
    allowed = access.may_write() and not page.corpus.is_sample and len(plan) > 0
    reason = ""
    if page.corpus.is_sample:
        reason = t("fetch.sample")
    elif not access.may_write():
        reason = t("fetch.read_only")
    if st.button(
        t("fetch.start", n=len(plan)),
        key="fetch_start",
        disabled=not allowed,
        help=reason or t("fetch.help"),
        icon=":material/cloud_download:",
    ):
        services.start_fetch(page.workspace, plan)
        st.rerun()
    if reason:
        st.caption(reason)


@st.fragment(run_every="1s")
def _progress(page: Page) -> None:
    """Show how far the fetch is; draw the page anew when it is over."""
    t, job = page.t, services.fetch_job(page.workspace)
    if not job.running:
        st.rerun()
    share = job.done / job.total if job.total else 0.0
    st.progress(min(share, 1.0), text=t("fetch.at", done=job.done, total=job.total, now=job.now))
    st.button(t("fetch.stop"), key="fetch_stop", on_click=job.stop, icon=":material/stop_circle:")


def table(page: Page) -> None:
    """Show what is there of every security and index that the events need, year by year."""
    t = page.t
    st.subheader(t("data.coverage"))
    traded = services.prices_at_hand(page.workspace, page.corpus, state.benchmarks())
    raw = services.coverage_matrix(page.workspace, page.corpus, traded)
    if raw.empty:
        st.caption(t("data.nothing_needed"))
        return
    counts = raw["state"].value_counts()
    row = st.container(horizontal=True)
    for code in STATES:
        if code in counts:
            row.metric(t.code("coverage_state", code), int(counts[code]), border=True)
    order = raw.assign(_order=raw["state"].map({code: i for i, code in enumerate(STATES)}))
    order = order.sort_values(["_order", "share", "symbol"]).drop(columns="_order")
    years = [name for name in order.columns if name.isdigit()]
    shown = pd.DataFrame(
        {
            "symbol": order["symbol"],
            "status": [t.code("coverage_state", code) for code in order["state"]],
            "share": order["share"].astype("float") * 100,
            **{year: order[year].astype("float") * 100 for year in years},
            "missing": [_tables(page, names) for names in order["missing"]],
            "retry_at": _beijing(order["retry_at"]),
            "reason": [t.told(reason) for reason in order["reason"]],
            "age_days": [f"{days:.1f}" if pd.notna(days) else "" for days in order["age_days"]],
            "source": order["sources"],
            "flags": [_marks(page, text) for text in order["flags"]],
            "n_events": order["n_events"],
        }
    )
    show.table(
        shown,
        "coverage",
        t,
        raw=raw,
        columns={
            "share": _bar(t("column.share"), t("hint.share")),
            **{year: _bar(year, t("hint.year_share", year=year)) for year in years},
            "missing": st.column_config.Column(t("column.missing"), width=190),
            "retry_at": st.column_config.Column(t("column.retry_at"), width=140),
            "reason": st.column_config.Column(t("column.reason"), width=320),
        },
        height="auto" if len(shown) <= 12 else 460,
    )
    open_now = raw["retry_at"].isna() & raw["state"].ne("complete")
    if open_now.any() and not page.corpus.is_sample:
        st.caption(t("data.retry_now"))


def marks(page: Page) -> None:
    """Read the prices, which takes longer than all else here, for the marks of the table."""
    chosen = state.benchmarks()
    if page.corpus.events.empty or services.prices_at_hand(page.workspace, page.corpus, chosen):
        return
    with st.spinner(page.t("data.marks"), show_time=True):
        services.prices(page.workspace, page.corpus, chosen)
    st.rerun()


def _bar(label: str, hint: str) -> object:
    return st.column_config.ProgressColumn(
        label, min_value=0, max_value=100, format="%.0f%%", help=hint, width="small"
    )


def _tables(page: Page, names: str) -> str:
    return " · ".join(page.t.code("data_kind", name) for name in names.split(", ") if name)


def _marks(page: Page, text: str) -> str:
    """Name the marks of a symbol with their counts in the reader's language."""
    pairs = [part.rpartition(" ") for part in text.split(", ") if part]
    return " · ".join(f"{page.t.code('flag', name)} {count}" for name, _, count in pairs)


def _beijing(stamps: pd.Series) -> pd.Series:
    local = pd.to_datetime(stamps, utc=True).dt.tz_convert(BEIJING)
    return local.dt.strftime("%Y-%m-%d %H:%M").fillna("")


def sources(page: Page) -> None:
    """Show which sources answer, and which are left alone until when."""
    t, raw = page.t, services.source_health(page.workspace)
    if raw.empty:
        return
    st.subheader(t("data.sources"))
    shown = pd.DataFrame(
        {
            "source": [t.code("family", name) for name in raw["family"]],
            "status": [t.code("breaker", name) for name in raw["state"]],
            "retry_at": _beijing(raw["retry_at"].where(raw["state"] == "open")),
            "refusals": raw["refusals"],
            "requests_today": raw["requests_today"],
            "reason": [t.told(reason) for reason in raw["reason"]],
        }
    )
    show.table(shown, "sources", t, raw=raw, height="content")
    st.caption(t("data.sources_note"))


def tables(page: Page) -> None:
    """Say which versions of the workspace's tables the pages show."""
    t = page.t
    with st.expander(t("data.tables"), icon=":material/database:"):
        versions = page.workspace.versions()
        st.code(
            "\n".join(f"{name}: {version}" for name, version in versions.items()), language=None
        )
        st.caption(t("data.tables_note"))
