"""Charts in the colours of the page at once when the reader's theme changes.

Streamlit tells the theme with each run, and its own parts follow a change without one; our charts
are drawn on the server. So a spot of the page's colour asks for a run when its colour changes,
whether the system or the menu changed the theme.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

KEY: Final = "theme"
_CSS = """
i { display: block; background-color: var(--st-background-color); }
i { transition: background-color 1ms; }
"""
_JS = """
export default function ({ parentElement, setTriggerValue }) {
  const spot = parentElement.querySelector("i");
  const ask = () => setTriggerValue("changed", true);
  spot.addEventListener("transitionend", ask);
  return () => spot.removeEventListener("transitionend", ask);
}
"""
_spot = st.components.v2.component("theme", html='<i aria-hidden="true"></i>', css=_CSS, js=_JS)


def follow() -> None:
    """Draw the page anew when its theme changes."""
    with st.container(key=KEY):  # which the style sheet takes out of the page's flow
        _spot(key="theme_spot", height=1, on_changed_change=_nothing)


def _nothing() -> None:
    """Ask for the run alone."""
