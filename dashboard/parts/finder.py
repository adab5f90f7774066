"""One search over everything, opened by a key: articles, securities and pages."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import listing, services
from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.parts import navigate
from mentionstudy.dashboard.pipeline import Corpus

_EACH = 5  # securities and articles that are offered at a time
_KEYS = 9  # offers that have a key of their own

Offer = tuple[str, str, Callable[[], None]]


def draw(t: Texts, corpus: Corpus, pages: tuple[str, ...]) -> None:
    """Draw the button that opens the search; Ctrl+K presses it.

    Parameters
    ----------
    t
        The texts.
    corpus
        What is searched.
    pages
        Names of the pages, as in ``views``.
    """
    pressed = st.button(
        t("find.open"),
        key="find",
        icon=":material/search:",
        shortcut="Mod+K",
        width="stretch",
        help=t("find.help"),
    )
    if pressed:
        st.dialog(t("find.title"), width="medium")(_search)(t, corpus, pages)


def _search(t: Texts, corpus: Corpus, pages: tuple[str, ...]) -> None:
    words = st.text_input(
        t("find.words"),
        key="find_words",
        type="search",
        live="200ms",
        placeholder=t("find.hint"),
        label_visibility="collapsed",
    )
    found = offers(t, corpus, pages, words or "")
    if not found:
        st.info(t("find.nothing"))
    for number, (icon, label, go) in enumerate(found):
        pressed = st.button(
            label,
            key=f"find_{number}",
            icon=icon,
            type="tertiary",
            shortcut=f"Alt+{number + 1}" if number < _KEYS else None,
            width="stretch",
        )
        if pressed:
            go()


def offers(t: Texts, corpus: Corpus, pages: tuple[str, ...], words: str) -> list[Offer]:
    """Return what fits the words: an icon, a label as Markdown, and the way there.

    Parameters
    ----------
    t, corpus, pages
        As for :func:`draw`.
    words
        Separated by blanks; all have to fit. Without any, the pages are offered.
    """
    wanted = words.lower().split()
    index = services.article_index(corpus)
    out: list[Offer] = []
    if wanted:
        out += [_security(t, corpus, symbol, n) for symbol, n in _symbols(corpus, wanted)]
        hits = index[listing.search(index, words)]
        out += [_article(row) for row in hits[:_EACH].itertuples()]
    names = [(name, t(f"page.{name}")) for name in pages]
    fitting = [(name, title) for name, title in names if all(w in title.lower() for w in wanted)]
    return out + [_page(name, title) for name, title in fitting]


def _symbols(corpus: Corpus, wanted: list[str]) -> list[tuple[str, int]]:
    if corpus.events.empty:
        return []
    counts: pd.Series[int] = corpus.events["symbol"].value_counts()
    named = {symbol: corpus.named(str(symbol)).lower() for symbol in counts.index}
    fitting = [s for s in counts.index if all(word in named[s] for word in wanted)]
    return [(str(s), int(counts[s])) for s in fitting[:_EACH]]


def _security(t: Texts, corpus: Corpus, symbol: str, events: int) -> Offer:
    label = f"**{as_markdown(corpus.named(symbol))}** · {t('security.events', n=events)}"
    return ":material/candlestick_chart:", label, lambda: navigate.to_security(symbol)


def _article(row: object) -> Offer:
    article_id, title = str(getattr(row, "article_id", "")), str(getattr(row, "title", ""))
    label = f"{getattr(row, 'published', '')[:10]} {as_markdown(title[:80])}".strip()
    return ":material/article:", label or article_id, lambda: navigate.to_article(article_id)


def _page(name: str, title: str) -> Offer:
    return ":material/arrow_forward:", title, lambda: navigate.to_page(name)
