"""The report of a run: a study's page with what the dashboard knows about its articles and data."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from mentionstudy.analysis.report import ReportFacts, html_report
from mentionstudy.analysis.settings import Window, window_label
from mentionstudy.dashboard.i18n import Language, Texts, explained, texts
from mentionstudy.dashboard.pipeline import StudyRun

# Robust to variance that the event itself adds and to events on one date, then less so.
HEADLINE_TESTS = ("kp_bmp", "bmp", "cross_sectional_t")


def report_html(
    run: StudyRun, language: Language, *, title: str = "", question: str = "", made_at: str = ""
) -> str:
    """Write a run's report.

    Parameters
    ----------
    run
        The run.
    language
        ``zh`` or ``en``.
    title, question
        The reader's own words; a plain title stands in for an empty one.
    made_at
        When, as text.
    """
    t = texts(language)
    titles = run.events.set_index("event_id")["title"] if "title" in run.events else None
    facts = ReportFacts(
        title=title or t("report.title"),
        question=question,
        reading=plain_reading(t, run),
        language=language,
        sample_note=t("sample.help_short") if run.is_sample else "",
        excluded=_excluded(t, run.excluded),
        names={family: _family(t, family) for family in ("test", "model", "exclusion")},
        titles=dict(titles) if titles is not None else {},
        say=t.told,
        provenance={"benchmarks": dict(run.benchmarks), **run.provenance},
        made_at=made_at,
    )
    return html_report(run.result, facts)


def _family(t: Texts, family: str) -> dict[str, str]:
    start = f"{family}."
    return {k.removeprefix(start): v for k, v in t.catalogue.items() if k.startswith(start)}


def _excluded(t: Texts, excluded: pd.DataFrame) -> pd.DataFrame:
    reasons = [
        explained(t, str(code), str(reason))
        for code, reason in zip(excluded["code"], excluded["reason"], strict=True)
    ]
    return excluded.assign(reason=reasons)


def headline(tests: pd.DataFrame) -> dict[str, Any] | None:
    """Return the row of the first headline test that is defined for the sample.

    Parameters
    ----------
    tests
        ``StudyResult.tests`` of one window.
    """
    names = [str(name) for name in tests.columns]
    # rows of their own: pandas remembers each view of a column of a table that is kept
    few = tests[tests["test"].isin(HEADLINE_TESTS)]
    records: list[dict[str, Any]] = [
        dict(zip(names, row, strict=True)) for row in few.itertuples(index=False, name=None)
    ]
    rows = {str(row["test"]): row for row in records}
    defined = (rows[name] for name in HEADLINE_TESTS if name in rows)
    return next((row for row in defined if pd.notna(row["p"])), None)


def reading(t: Texts, run: StudyRun) -> str:
    """Say in one sentence, as Markdown, what the study found in its first window."""
    low, high = run.result.settings.car_windows[0]
    return reading_of(t, (low, high), run.result.car(low, high), run.result.tests(low, high))


def reading_of(t: Texts, bounds: Window, cars: pd.DataFrame, tests: pd.DataFrame) -> str:
    """Say in one sentence, as Markdown, what was found in a window.

    Parameters
    ----------
    t
        The texts.
    bounds, cars, tests
        The window, and ``StudyResult.car`` and ``StudyResult.tests`` of it.
    """
    low, high = bounds
    car = cars["car"].dropna()
    window = window_label((low, high)).replace("[", r"\[")
    if car.empty:
        return t("reading.none", window=window)
    row = headline(tests)
    if row is not None:
        return t(
            "reading.significant" if row["p"] < 0.05 else "reading.chance",
            window=window,
            caar=f"{car.mean():+.2%}",
            n=f"{len(car):,}",
            test=t.code("test", row["test"]),
            statistic=f"{row['statistic']:.2f}",
            p=p_text(row["p"]).replace(" ", "\N{NO-BREAK SPACE}"),
        )
    return t("reading.untested", window=window, caar=f"{car.mean():+.2%}", n=f"{len(car):,}")


def plain_reading(t: Texts, run: StudyRun) -> str:
    """Say the same without Markdown."""
    return reading(t, run).replace("**", "").replace("\\", "")


def p_text(p: float) -> str:
    """Write a p-value for a sentence."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
