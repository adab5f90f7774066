"""The dashboard: ``mentionstudy dashboard`` runs this file with Streamlit."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from mentionstudy.dashboard import access, preferences, services, state
from mentionstudy.dashboard.i18n import texts
from mentionstudy.dashboard.parts import frame, sidebar, states, theme

STYLE = Path(__file__).resolve().parent / "style.css"
PAGES = (
    ("overview", ":material/newspaper:", ""),
    ("articles", ":material/search:", "articles"),
    ("article", ":material/article:", "article"),
    ("review", ":material/fact_check:", "review"),
    ("securities", ":material/candlestick_chart:", "securities"),
    ("study", ":material/query_stats:", "study"),
    ("compare", ":material/compare_arrows:", "compare"),
    ("data", ":material/database:", "data"),
    ("export", ":material/download:", "export"),
)
WITHOUT_SETTINGS = ("review",)


def main() -> None:
    """Draw the frame and the chosen page."""
    state.begin(preferences.load)
    t = texts(state.value("lang"))
    st.set_page_config(
        page_title=t("app.title"),
        page_icon="📈",
        layout="wide",
        initial_sidebar_state="auto",
    )
    st.html(STYLE)
    theme.follow()
    visitor = access.verdict()
    page = st.navigation(
        [
            st.Page(
                f"views/{name}.py",
                title=t(f"page.{name}"),
                icon=icon,
                url_path=path or None,
                default=not path,
            )
            for name, icon, path in PAGES
        ],
        position="top" if visitor.admitted else "hidden",
    )
    if not visitor.admitted:
        access.turn_away(t, visitor)
        return
    place = f"{page.url_path} {state.value('rmode')}"  # each mode has widgets of its own
    state.arrive(place)
    with st.sidebar:
        access.draw_account(t)
    names = tuple(name for name, _, _ in PAGES)
    side = sidebar.begin(t, names, study=page.url_path not in WITHOUT_SETTINGS)
    frame.show_notes(t)
    said = state.notes()
    state.end()
    try:
        whole = states.drawn(page.run)
    except Exception:
        side.draw_rest()  # another setting may be the way out
        raise
    side.draw_rest()
    with st.sidebar:
        preferences.draw(t)
    state.end(place if whole else None)
    if state.notes() != said:  # the page met more of the link than the side bar did
        st.rerun()
    services.settle()


main()
