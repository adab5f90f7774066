"""Mentions under review: one at a time with its sentences, the most doubtful first."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import reviewing
from mentionstudy.dashboard.parts import article_text, navigate, review
from mentionstudy.dashboard.parts.numbers import published
from mentionstudy.dashboard.parts.review import Desk
from mentionstudy.dashboard.reviewing import Key
from mentionstudy.data.corrections import MENTION_ROLES
from mentionstudy.data.review_queue import MENTION_DOUBTS, with_decisions

_NAME = "mention"
_HEAD = 240  # characters of an article that are shown where a mention has no words
_COLOURS: Final[dict[str, Literal["green", "blue", "red"]]] = {
    "accept": "green",
    "add": "green",
    "replace": "blue",
    "reject": "red",
}


def draw(desk: Desk) -> None:
    """Draw the queue of mentions and the one at hand."""
    t = desk.t
    queue = with_decisions(desk.tables.mentions, desk.corrections, "mention")
    if queue.empty:
        st.info(t("review.no_mentions"))
        return
    with st.expander(t("review.filters"), icon=":material/filter_alt:"):
        found = review.filters(desk, queue, MENTION_DOUBTS, extra=True)
    review.progress(desk, queue, found)
    if found.empty:
        review.nothing_left(desk, _NAME, ("rstate", "rsrc", "rdial", "rdoubt", "rconf"))
        return
    left, right = st.columns([6, 5], gap="medium")
    with right:
        place = review.choose_row(desk, found, lambda rows: _listed(desk, rows), _NAME)
    with left:
        _card(desk, found, place or 0)


def _listed(desk: Desk, rows: pd.DataFrame) -> pd.DataFrame:
    t = desk.t
    return pd.DataFrame(
        {
            "decision": [t.code("decision", code) if code else "" for code in rows["decision"]],
            "symbol": [
                _with_words(symbol, str(cell).split(";")[0])
                for symbol, cell in zip(rows["symbol"], rows["surfaces"], strict=True)
            ],
            "title": rows["title"],
            "doubts": [review.doubts(desk, cell) for cell in rows["doubts"]],
            "confidence": [f"{value:.0%}" for value in rows["confidence"]],
        }
    )


def _with_words(symbol: str, words: str) -> str:
    """Put the words that name a security beneath its symbol, unless they are its own code."""
    return symbol if words in symbol else f"{symbol} {words}"


def _card(desk: Desk, queue: pd.DataFrame, place: int) -> None:
    """Show the mention at hand, what can be decided about it, and its article's sentences."""
    t, row = desk.t, queue.iloc[place]
    article_id, symbol = str(row["article_id"]), str(row["symbol"])
    with st.container(border=True, key="review_card"):
        name = desk.tables.master.name_of(symbol)
        st.html(article_text.heading(f"{symbol} {name}".strip()))
        badges = st.container(horizontal=True)
        if row["decision"]:
            badges.badge(t.code("decision", row["decision"]), color=_COLOURS[row["decision"]])
            if row["value"]:
                badges.badge(_value(desk, str(row["value"])), color="blue")
        badges.badge(t("review.confidence", share=f"{row['confidence']:.0%}"), color="gray")
        if row["role"]:
            badges.badge(t.code("role", row["role"]), color="gray")
        for code in filter(None, str(row["doubts"]).split(";")):
            badges.badge(t.code("doubt", code), color="orange", help=t(f"hint.doubt_{code}"))
        _buttons(desk, queue, place, Key(article_id, "mention", symbol), decided=row["decision"])
        _sentences(desk, row)
        _facts(desk, row)
    _other(desk, row, Key(article_id, "mention", symbol))


def _value(desk: Desk, value: str) -> str:
    symbol, _, role = value.partition(" ")
    return " ".join(
        part if part == symbol and "." in part else desk.t.code("role", part)
        for part in (symbol, role)
        if part
    )


def _buttons(desk: Desk, queue: pd.DataFrame, place: int, key: Key, *, decided: str) -> None:
    t = desk.t
    line = st.container(horizontal=True, key="review_buttons")
    for action, letter, icon in (
        ("accept", "a", ":material/check:"),
        ("reject", "x", ":material/close:"),
    ):
        line.button(
            t(f"review.{action}"),
            key=f"review_{action}",
            type="primary" if action == "accept" else "secondary",
            on_click=review.decide,
            args=(desk, _NAME, key, action, "", place),
            disabled=not desk.may_write,
            shortcut=letter,
            icon=icon,
        )
    with line:
        review.steps(desk, _NAME, place, len(queue))
        if decided:
            review.take_back_button(desk, _NAME, key)


def _sentences(desk: Desk, row: pd.Series[Any]) -> None:
    t = desk.t
    article = _article(desk, str(row["article_id"]))
    text = "" if article is None else str(article["text"])
    found = reviewing.passages(text, row)
    if found:
        html = "<br>".join(article_text.marked(each.text.strip("\n"), each.spans) for each in found)
        st.html(html)
        return
    st.caption(t("review.no_words"))
    st.text(text[:_HEAD] + ("…" if len(text) > _HEAD else ""))


def _article(desk: Desk, article_id: str) -> pd.Series[Any] | None:
    articles = desk.tables.articles
    if article_id not in articles.index:
        return None
    return articles.loc[[article_id]].iloc[0]


def _facts(desk: Desk, row: pd.Series[Any]) -> None:
    t = desk.t
    article = _article(desk, str(row["article_id"]))
    if article is None:
        st.caption(t("exclusion.article_missing"))
        return
    comma = "、" if t.language == "zh" else ", "
    dialects = comma.join(t.code("dialect", d) for d in str(row["dialects"]).split(";"))
    st.text(
        f"{article['title'] or t('article.untitled')}\n"
        f"{published(t, article)} · {article['source'] or '–'} · {dialects}"
    )
    if st.button(
        t("review.open_article"), key="review_open", type="tertiary", icon=":material/article:"
    ):
        navigate.to_article(str(row["article_id"]))


def _other(desk: Desk, row: pd.Series[Any], key: Key) -> None:
    """Let the reader give another security or role, or name one that was missed."""
    t, mark = desk.t, f"{key.article_id}{key.symbol}"
    disabled = not desk.may_write
    roles: list[str] = list(MENTION_ROLES)
    present = str(row["role"]) if row["role"] in roles else "subject"
    with st.container(border=True, key="review_other"):
        st.selectbox(
            t("review.role"),
            roles,
            index=roles.index(present),
            key=f"role_{mark}",
            format_func=lambda code: t.code("role", code),
            help=t("review.role_help"),
            disabled=disabled,
        )
        typed = st.text_input(
            t("review.symbol"),
            key=f"symbol_{mark}",
            placeholder=t("review.symbol_hint"),
            help=t("review.symbol_help"),
            disabled=disabled,
        )
        line = st.container(horizontal=True)
        for action in ("set_role", "replace", "add"):
            line.button(
                t(f"review.{action}"),
                key=f"review_{action}",
                on_click=_apply,
                args=(desk, key, action, f"role_{mark}", f"symbol_{mark}"),
                disabled=disabled or (action != "set_role" and not typed.strip()),
            )


def _apply(desk: Desk, key: Key, action: str, role_key: str, symbol_key: str) -> None:
    """Keep another role, another security, or one more, in a callback."""
    role, typed = str(st.session_state[role_key]), str(st.session_state[symbol_key])
    if action == "set_role":
        place = int(st.session_state.get(f"_{_NAME}_place", 0))
        review.decide(desk, _NAME, key, "accept", role, place)
        return
    try:
        symbol = reviewing.symbol_of(typed, desk.tables.master)
    except ValueError as error:
        st.session_state["_review_said"] = str(error)
        return
    if action == "replace":
        review.keep(desk.workspace, _NAME, key, "replace", f"{symbol} {role}")
    else:
        review.keep(desk.workspace, _NAME, Key(key.article_id, "mention", symbol), "add", role)
