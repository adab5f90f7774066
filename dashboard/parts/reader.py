"""One article: choosing it, reading it, and its events."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import state
from mentionstudy.dashboard.parts import article_text, event_panel, show
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.parts.numbers import exclusions, published


def choose(page: Page) -> pd.Series[Any]:
    """Let the reader choose an article; return its row."""
    status = page.corpus.status
    order = status.assign(_has=status["n_events"] > 0).sort_values(
        ["_has", "published_at"], ascending=[False, False], na_position="last"
    )
    ids = order["article_id"].tolist()
    names = {
        row.article_id: f"{published(page.t, row)[:16]} · {row.title}" for row in order.itertuples()
    }
    state.limit("article", ids)
    if state.value("article") is None:
        state.choose("article", ids[0])
    chosen = st.selectbox(
        page.t("article.choose"), ids, key="article", format_func=names.__getitem__
    )
    articles = page.corpus.articles
    return articles[articles["article_id"] == chosen].iloc[0]


def text(page: Page, article: pd.Series[Any]) -> None:
    """Show the article's facts and its text with the mentions marked."""
    t = page.t
    st.html(article_text.heading(str(article["title"]) or t("article.untitled")))
    facts = [
        f"{published(t, article)} · {t.code('precision', article['published_precision'])}",
        f"{t('article.from')}: {article['published_from'] or '–'}",
        f"{t('column.source')}: {article['source'] or '–'}",
    ]
    st.text("\n".join(facts))
    url = str(article["url"] or "")
    if url.startswith(("https://", "http://")):
        st.link_button(t("article.original"), url, type="tertiary", icon=":material/open_in_new:")
    mentions = page.corpus.mentions
    own = mentions[mentions["article_id"] == article["article_id"]]
    if len(own):
        row = st.container(horizontal=True)
        for symbol, rows in own.groupby("symbol", sort=False):
            count = int(rows["occurrences"].sum())
            dialects = ", ".join(t.code("dialect", d) for d in rows["dialect"].unique())
            row.badge(f"{symbol} × {count}", help=dialects, color="blue")
    else:
        st.info(t("article.no_mentions"))
    body = str(article["text"])
    with st.container(height=520 if len(body) > 900 else "content", border=True):
        st.html(article_text.marked(body, article_text.spans(own, body)))
    for note in _notes(article):
        st.text(f"· {note}")


def _notes(article: pd.Series[Any]) -> list[str]:
    notes = article.get("notes")
    if isinstance(notes, str):
        return [part for part in notes.split(";") if part]
    return [str(part) for part in notes] if notes is not None else []


def events(page: Page, article: pd.Series[Any]) -> None:
    """Show the article's events, one at a time, and its mentions that are no event."""
    t = page.t
    article_id = str(article["article_id"])
    all_events = page.corpus.events
    own = all_events[[article_id in str(ids).split(";") for ids in all_events["article_ids"]]]
    if own.empty:
        st.info(t("article.no_events"))
    else:
        ids = own["event_id"].tolist()
        state.limit("event", ids)
        if state.value("event") not in ids:
            state.choose("event", ids[0])
        names = {row.event_id: f"{row.symbol} · {row.day0:%Y-%m-%d}" for row in own.itertuples()}
        chosen = st.segmented_control(
            t("article.event"), ids, key="event", format_func=names.__getitem__, required=True
        )
        event_panel.draw(page, own[own["event_id"] == chosen].iloc[0])
    left_out = exclusions(page)
    if "article_id" in left_out:
        left_out = left_out[left_out["article_id"] == article_id]
        if len(left_out):
            with st.expander(t("article.left_out", n=len(left_out))):
                shown = pd.DataFrame(
                    {
                        "symbol": left_out["symbol"],
                        "reason": [t.code("exclusion", code) for code in left_out["code"]],
                        "detail": left_out["reason"],
                    }
                )
                show.table(shown, "article_left_out", t, raw=left_out)
