"""One article: choosing it, reading it, and its events."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.parts import article_text
from mentionstudy.dashboard.parts.frame import Page
from mentionstudy.dashboard.parts.numbers import exclusion_table, exclusions, published

_LISTED = 300


def choose(page: Page) -> pd.Series[Any]:
    """Let the reader choose an article; return its row."""
    index = services.article_index(page.corpus)
    order = pd.concat([index[index["n_events"] > 0], index[index["n_events"] == 0]])
    state.limit("article", index["article_id"].tolist())
    if state.value("article") is None:
        state.choose("article", order["article_id"].iloc[0])
    # a list of thousands would have to be sent to the browser at every run
    listed = order[:_LISTED]
    if state.value("article") not in set(listed["article_id"]):
        own = index[index["article_id"] == state.value("article")]
        listed = pd.concat([own, listed])
    undated = page.t("article.no_date")
    names = {
        str(row["article_id"]): f"{row['published'] or undated} · "
        f"{article_text.shortened(str(row['title']), 120)}"
        for row in listed.to_dict("records")
    }
    chosen = st.selectbox(
        page.t("article.choose"),
        list(names),
        key="article",
        format_func=lambda article_id: names.get(article_id, article_id),
    )
    if len(names) < len(index):
        st.caption(page.t("article.listed", shown=len(names), n=f"{len(index):,}"))
    articles = page.corpus.articles
    row: pd.Series[Any] = articles[articles["article_id"] == chosen].iloc[0]
    return row


def text(page: Page, article: pd.Series[Any]) -> None:
    """Show the article's facts and its text with the mentions marked."""
    t = page.t
    st.html(article_text.heading(str(article["title"]) or t("article.untitled")))
    facts = [
        f"{published(t, article)} · {t.code('precision', article['published_precision'])}",
        t.fact("article.from", origin(t, article["published_from"])),
        t.fact("column.source", article["source"] or "–"),
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
            named = as_markdown(page.corpus.named(str(symbol)))
            row.badge(f"{named} × {count}", help=dialects, color="blue")
    else:
        st.info(t("article.no_mentions"))
    body = str(article["text"])
    with st.container(height=560 if len(body) > 600 else "content", border=True):
        st.html(article_text.marked(body, article_text.spans(own, body)))
    for note in _notes(article):
        st.text(f"· {t.told(note)}")


def origin(t: Texts, place: str | None) -> str:
    """Name where a date was found, such as ``front_matter.date``."""
    place = str(place or "–")
    kind, mark, name = place.partition(":" if ":" in place else ".")
    return f"{t.code('origin', kind)} · {name}" if mark else t.code("origin", kind)


def _notes(article: pd.Series[Any]) -> list[str]:
    notes = article.get("notes")
    if isinstance(notes, str):
        return [part for part in notes.split(";") if part]
    return [str(part) for part in notes] if notes is not None else []


def event(page: Page, article: pd.Series[Any]) -> pd.Series[Any] | None:
    """Let the reader choose one of the article's events; return its row."""
    t = page.t
    article_id = str(article["article_id"])
    every = page.corpus.events
    near = every[every["article_ids"].str.contains(article_id, regex=False)]
    own = near[[article_id in str(ids).split(";") for ids in near["article_ids"]]]
    if own.empty:
        st.info(t("article.no_events"))
        return None
    ids = own["event_id"].tolist()
    if state.value("event") not in ids:
        state.choose("event", _first_used(page, ids))
    names = {
        row.event_id: f"{as_markdown(page.corpus.named(str(row.symbol)))} · {row.day0:%Y-%m-%d}"
        for row in own.itertuples()
    }
    chosen = st.pills(  # which take a second line when an article has many
        t("article.event"),
        ids,
        key="event",
        format_func=names.__getitem__,
        required=True,
        wrap=True,
    )
    return own[own["event_id"] == chosen].iloc[0]


def _first_used(page: Page, ids: list[str]) -> str:
    used = set(page.run.result.events["event_id"]) if page.run else set()
    return next((i for i in ids if i in used), ids[0])


def left_out(page: Page, article: pd.Series[Any]) -> None:
    """List the article's mentions that are no event."""
    t = page.t
    rows = exclusions(page)
    if "article_id" in rows:
        rows = rows[rows["article_id"] == article["article_id"]]
        if len(rows):
            with st.expander(t("article.left_out", n=len(rows))):
                exclusion_table(page, rows, "article_left_out")
