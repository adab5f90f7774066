"""Every test of a CAR window with its reading in words; its convention comes on hover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.analysis.literature import TESTS
from mentionstudy.analysis.settings import Window
from mentionstudy.dashboard.i18n import Texts, as_html
from mentionstudy.dashboard.parts import show
from mentionstudy.dashboard.parts.frame import Page

_LEVELS = ((0.01, "tests.strong"), (0.05, "tests.yes"), (0.10, "tests.weak"))


def draw(page: Page, window: Window) -> None:
    """Show every test of a window, or the reason why it is not defined."""
    raw = page.tests(window)
    st.html(as_table(page.t, raw))
    st.caption(f"{page.t('stars')} {page.t('tests.how')}")
    show.csv_button(raw, "tests", page.t)


def as_table(t: Texts, tests: pd.DataFrame) -> str:
    """Write the tests of a window as an HTML table.

    Streamlit's own tables are drawn on a canvas and show nothing on hover.

    Parameters
    ----------
    t
        The texts.
    tests
        ``StudyResult.tests`` of one window.

    Returns
    -------
    str
        Hovering over a test's name, or reaching it by key, shows its convention.
    """
    columns = ("test", "statistic", "p", "df", "n", "reading")
    head = "".join(f'<th scope="col" class="{c}">{as_html(t(f"column.{c}"))}</th>' for c in columns)
    # rows of their own: pandas remembers each view of a column of a table that is kept
    rows: list[dict[str, Any]] = tests.copy().to_dict("records")  # type: ignore[assignment]
    body = "".join(_row(t, row, f"battery-{number}") for number, row in enumerate(rows))
    return f'<table class="battery"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(t: Texts, test: Mapping[str, Any], tip: str) -> str:
    p, warning = test["p"], t.told(test["warning"])
    said = as_html(reading(t, p, test["reason"]))
    if warning:
        said += f'<span class="warning"> · {as_html(warning)}</span>'
    return (
        f'<tr><th scope="row"><span class="how" tabindex="0" aria-describedby="{tip}">'
        f"{as_html(t.code('test', test['test']))}"
        f'<span class="tip" role="tooltip" id="{tip}">{as_html(behind(t, test))}</span>'
        "</span></th>"
        f'<td class="statistic">{_number(test["statistic"], "z.2f")}</td>'
        f'<td class="p" title="{exact(p)}">{_number(p, ".4f")}{show.stars(p)}</td>'
        f'<td class="df">{_number(test["df"], ".1f")}</td>'
        f'<td class="n">{_number(test["n"], ",.0f")}</td>'
        f'<td class="reading">{said}</td></tr>'
    )


def _number(value: Any, form: str) -> str:
    return "–" if pd.isna(value) else format(value, form)


def behind(t: Texts, test: Mapping[str, Any]) -> str:
    """Say how a test is computed, where it comes from, and what it is short of.

    Parameters
    ----------
    t
        The texts.
    test
        One row of ``StudyResult.tests``.
    """
    papers = "; ".join(TESTS.get(test["test"], ()))
    said = (t.told(test["convention"]), papers, t.told(test["warning"]))
    return " · ".join(filter(None, said))


def exact(p: float) -> str:
    """Write a p-value with all that can be meant by it."""
    return "" if pd.isna(p) else f"p = {p:.6g}"


def reading(t: Texts, p: float, reason: str) -> str:
    """Say in words what a p-value means, or why there is none.

    Parameters
    ----------
    t
        The texts.
    p
        NaN where the test is not defined.
    reason
        Why it is not, in the words of `analysis`.
    """
    if pd.isna(p):
        return t("tests.undefined", reason=t.told(reason or "–"))
    return next((t(key) for level, key in _LEVELS if p < level), t("tests.no"))
