"""How a result shows itself: in a terminal, in a notebook, as facts for a file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from mentionstudy.analysis.models import MODELS
from mentionstudy.analysis.settings import window_label

if TYPE_CHECKING:
    from mentionstudy.analysis.results import StudyResult

_TESTS_SHOWN = ("cross_sectional_t", "patell", "bmp", "kp_bmp", "generalized_sign", "grank_t")


def facts(result: StudyResult) -> dict[str, Any]:
    """Collect what reproduces and qualifies a study, as plain values for JSON."""
    import numpy

    settings = result.settings
    model = MODELS[settings.model]
    return {
        "settings": settings.to_dict(),
        "settings_digest": settings.digest(),
        "data_fingerprint": result.fingerprint,
        "model": {"title": model.title, "formula": model.formula, "source": model.source},
        "events_given": result.n_given,
        "events_used": result.n_events,
        "exclusions": {str(k): int(v) for k, v in result.excluded["code"].value_counts().items()},
        "shared_day0": result.shared_day0,
        "notes": list(result.notes),
        "versions": {"numpy": numpy.__version__, "pandas": pd.__version__},
    }


def text(result: StudyResult) -> str:
    """Describe the study in a screen of text."""
    settings, model = result.settings, MODELS[result.settings.model]
    lines = [
        f"Event study: {model.title}, {settings.return_kind} {_unit(result)}",
        f"  {model.formula}",
        f"  estimation {window_label(settings.estimation)}, event window "
        f"{window_label(settings.window)}, at least {settings.min_obs} estimation days",
        f"  {result.n_given} events given, {result.n_events} used, "
        f"{result.n_given - result.n_events} excluded",
    ]
    if result.n_events:
        lines += ["", _tests_table(result).to_string(index=False)]
    if len(result.excluded):
        lines += ["", "Excluded:"]
        for code, rows in result.excluded.groupby("code", sort=False):
            lines.append(f"  {len(rows)} {code}: {rows['reason'].iloc[0]}")
    lines += ["", *(f"Note: {note}" for note in result.notes)] if result.notes else []
    return "\n".join(lines)


def _unit(result: StudyResult) -> str:
    return "returns" if result.settings.measure == "return" else "volume"


def _tests_table(result: StudyResult) -> pd.DataFrame:
    """CAAR and the p-values of the usual tests, a line a window, formatted."""
    tests = result.tests()
    rows = []
    for window, part in tests.groupby("window", sort=False):
        by_name = part.set_index("test")
        row = {
            "window": window,
            "N": int(by_name["n"].iloc[0]),
            "CAAR": f"{float(by_name['mean']['cross_sectional_t']):.2%}",
        }
        for name in by_name.index:  # in the battery's order: what the sample calls for comes first
            if name in _TESTS_SHOWN:
                statistic, p = float(by_name["statistic"][name]), float(by_name["p"][name])
                row[name] = "–" if statistic != statistic else f"{statistic:.2f} (p={p:.3f})"
        rows.append(row)
    return pd.DataFrame(rows)


def html(result: StudyResult) -> str:
    """Describe the study as HTML; every text of the user's is escaped."""
    settings, model = result.settings, MODELS[result.settings.model]
    parts = [
        f"<p><b>Event study</b>: {escape(model.title)}, {escape(model.formula)}<br>"
        f"estimation {window_label(settings.estimation)}, event window "
        f"{window_label(settings.window)}<br>{result.n_given} events given, "
        f"{result.n_events} used, {result.n_given - result.n_events} excluded</p>"
    ]
    if result.n_events:
        parts.append(_tests_table(result).to_html(index=False, escape=True, border=0))
    if len(result.excluded):
        counts = result.excluded.groupby("code", sort=False)["reason"].agg(["size", "first"])
        items = "".join(
            f"<li>{row['size']} {escape(str(code))}: {escape(str(row['first']))}</li>"
            for code, row in counts.iterrows()
        )
        parts.append(f"<p>Excluded</p><ul>{items}</ul>")
    if result.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
        parts.append(f"<p>Notes</p><ul>{items}</ul>")
    return "\n".join(parts)
