"""Counts, sentences and tables that several pages show."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import i18n, reporting
from mentionstudy.dashboard.i18n import Texts
from mentionstudy.dashboard.parts import filters, navigate, show, states
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.pipeline import StudyRun

NEWEST = 100  # articles that the overview lists; the page of articles has them all


def funnel(page: Page) -> None:
    """Show how many articles, mentions, events and usable events there are."""
    t, corpus = page.t, page.corpus
    with_mention = int((corpus.status["n_mentions"] > 0).sum())
    selected = page.question.events.apply(corpus.events)
    used = len(page.run.result.events) if page.run else 0
    row = st.container(horizontal=True, key="funnel")
    row.metric(t("funnel.articles"), f"{len(corpus.articles):,}", border=True)
    row.metric(t("funnel.with_mention"), f"{with_mention:,}", border=True)
    row.metric(t("funnel.events"), f"{len(selected):,}", border=True, help=t("funnel.events_help"))
    row.metric(t("funnel.used"), f"{used:,}", border=True, help=t("funnel.used_help"))
    coverage(page)


def coverage(page: Page) -> None:
    """Say how many events the filters and the study left."""
    t, corpus = page.t, page.corpus
    selected = page.question.events.apply(corpus.events)
    used = page.run.result.n_events if page.run else 0
    # in a container of its own, so that a line more or less does not move what stands below:
    # the browser takes charts that move for new ones
    with st.container():
        if page.run is not None and used < len(selected):
            st.caption(t("coverage", used=used, n=len(selected)))
        filters.strip(page, len(selected))
        if page.run is not None:
            states.few_events(t, used)


def main_window(page: Page) -> tuple[int, int]:
    """Return the first CAR window, the one that headlines speak of."""
    return page.settings.car_windows[0]


def reading(page: Page) -> str:
    """Say in one sentence what the study found in its main window."""
    window = main_window(page)
    return reporting.reading_of(page.t, window, page.car(window), page.tests(window))


def caar_alt(page: Page, run: StudyRun) -> str:
    """Say in one sentence where the cumulative average ends."""
    rows = run.result.averages.dropna(subset=["caar"])
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    return page.t(
        "alt.caar",
        caar=f"{last['caar']:+.2%}",
        tau=int(last["tau"]),
        low=f"{last['ci_low']:+.2%}",
        high=f"{last['ci_high']:+.2%}",
        n=int(last["n"]),
    )


def attrition(page: Page) -> None:
    """List what is not in the statistics by reason, with its count."""
    t = page.t
    excluded = exclusions(page)
    if excluded.empty:
        st.caption(t("overview.nothing_left_out"))
        return
    counts = excluded.groupby(["stage", "code"], sort=False).size().rename("count").reset_index()
    counts = counts.sort_values("count", ascending=False)
    shown = pd.DataFrame(
        {
            "reason": [t.code("exclusion", code) for code in counts["code"]],
            "stage": [t.code("stage", stage) for stage in counts["stage"]],
            "count": counts["count"].to_numpy(),
        }
    )
    show.table(shown, "left_out_counts", t, raw=counts)


def exclusions(page: Page) -> pd.DataFrame:
    """Return everything that is left out; before a study only what the articles exclude."""
    if page.run is not None:
        return page.run.excluded
    return page.corpus.excluded.assign(stage="mention")


def exclusion_table(page: Page, excluded: pd.DataFrame, name: str) -> None:
    """List what is left out, one row each, with its reason in words."""
    t = page.t
    titles = page.corpus.articles.set_index("article_id")["title"]
    shown = pd.DataFrame(
        {
            "symbol": excluded["symbol"],
            "event_id": excluded.get("event_id", pd.Series("", index=excluded.index)),
            "reason": [t.code("exclusion", code) for code in excluded["code"]],
            "detail": [
                i18n.explained(t, code, reason)
                for code, reason in zip(excluded["code"], excluded["reason"], strict=True)
            ],
            "title": excluded["article_id"].map(titles)
            if "article_id" in excluded
            else pd.Series("", index=excluded.index),
        }
    )
    shown = shown.loc[:, shown.notna().any() & (shown != "").any()]
    shown = show.with_names(shown, page.corpus.names) if "symbol" in shown else shown
    show.table(shown, name, t, raw=excluded)


def article_table(
    page: Page, index: pd.DataFrame, *, height: int = 420, newest: int | None = None
) -> None:
    """List articles with their state; choosing one opens it.

    Parameters
    ----------
    page
        The page.
    index
        Rows of `listing.article_index`.
    height
        Pixels of a long list.
    newest
        How many to show; all by default.
    """
    t = page.t
    rows = index[:newest]
    shown = pd.DataFrame(
        {
            "published": rows["published"].replace("", t("article.no_date")),
            "title": rows["title"],
            "n_events": rows["n_events"],
            "status": rows["status"].map(lambda code: t.code("status", code)),
            "symbols": rows["symbols"].fillna("").str.replace(";", " ", regex=False),
        }
    )
    shown = show.compact(shown)
    chosen = st.dataframe(
        shown,
        hide_index=True,
        column_config=show.column_names(shown, t, {"title": 300} if newest is None else None),
        key="table_articles",
        on_select="rerun",
        selection_mode="single-row",
        height="auto" if len(shown) <= 10 else height,
    )
    more = ""
    if len(rows) < len(index):
        more = t("overview.newest", shown=len(rows), n=f"{len(index):,}")
    st.caption(f"{t('overview.click_article')} {more}")
    show.csv_button(index.drop(columns=["searched"]), "articles", t)
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(rows):
        navigate.to_article(str(rows.iloc[picked[0]]["article_id"]))


def published(t: Texts, row: object) -> str:
    """Write a publication time with the precision that it has."""
    when = getattr(row, "published_at", None)
    if when is None or pd.isna(when):
        return t("article.no_date")
    local = pd.Timestamp(when).tz_convert("Asia/Shanghai")
    precision = getattr(row, "published_precision", "second")
    form = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M"}.get(str(precision))
    return local.strftime(form or "%Y-%m-%d %H:%M:%S")
