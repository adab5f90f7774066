"""A study as one self-contained HTML page: question, sample, method, results, exclusions, versions.

The page carries its own script and asks nothing of any network; texts are escaped, and a content
policy forbids whatever a text could still try.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from mentionstudy.analysis import charts
from mentionstudy.analysis.charts import Look
from mentionstudy.analysis.literature import references
from mentionstudy.analysis.models import MODELS
from mentionstudy.analysis.report_texts import report_texts
from mentionstudy.analysis.settings import window_label

if TYPE_CHECKING:
    from mentionstudy.analysis.results import StudyResult

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; form-action 'none'; base-uri 'none'"
)
_PERCENT = frozenset({"car", "caar", "aar", "mean", "se", "ci_low", "ci_high", "sigma", "bhar"})
_FOUR = frozenset({"p", "p_adjusted"})
_STYLE = """
:root{color-scheme:light}
body{font:15px/1.6 "Source Sans 3","Noto Sans CJK SC","WenQuanYi Zen Hei","Microsoft YaHei",
"PingFang SC",sans-serif;color:#262b33;max-width:1000px;margin:2rem auto;padding:0 1.2rem;
overflow-wrap:break-word}
h1{font-size:1.7rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem;
border-bottom:1px solid #ccd2d9;padding-bottom:.2rem}
.lead{font-size:1.1rem}.note{color:#5c6570}.sample{display:inline-block;background:#fff3dc;
border:1px solid #e69f00;border-radius:4px;padding:0 .5rem}
table{border-collapse:collapse;font-size:.85rem;margin:.6rem 0;width:100%}
th{border-top:1.5px solid #262b33;border-bottom:1px solid #262b33;text-align:left;
padding:.25rem .5rem}td{padding:.18rem .5rem;border-bottom:1px solid #eceff2;
overflow-wrap:anywhere;unicode-bidi:isolate}
td.s{white-space:nowrap}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
pre{background:#f6f7f9;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem}
.wide{overflow-x:auto}
@media print{body{max-width:none;margin:0}figure,tr{break-inside:avoid}h2{break-after:avoid}}
figure{margin:.6rem 0}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a report says beside the study's own numbers.

    Attributes
    ----------
    title, question
        What the reader wanted to know; plain text.
    reading
        The result in one sentence; plain text.
    language
        ``en`` or ``zh``.
    sample_note
        Not empty when the figures are those of a bundled sample.
    excluded
        All exclusions, ``symbol, code, reason`` and more; None takes the study's own.
    titles
        The article's title by event_id.
    names
        Words for stable codes, by family and code, such as ``{"test": {"bmp": "BMP t"}}``.
    say
        Puts a sentence of this library into the report's language; as it is if not given.
    provenance
        Table versions, benchmarks, program versions.
    made_at
        When, as text; the report itself never looks at a clock.
    """

    title: str
    question: str = ""
    reading: str = ""
    language: str = "en"
    sample_note: str = ""
    excluded: pd.DataFrame | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    say: Callable[[str], str] = str
    provenance: Mapping[str, object] = field(default_factory=dict)
    made_at: str = ""


def html_report(result: StudyResult, facts: ReportFacts) -> str:
    """Write a study as one HTML page.

    Parameters
    ----------
    result
        The study.
    facts
        Everything else.

    Returns
    -------
    str
        A complete page of about 5 MB, nearly all of it the charts' script; equal input gives
        equal text.
    """
    from plotly.offline import get_plotlyjs

    text = report_texts(facts.language)
    parts = [
        _head(facts, text),
        _section(text["results"], _results(result, facts, text)),
        _section(text["charts"], _figures(result, facts)),
        _section(text["tests"], _tests(result, facts, text)),
        _section(text["events"], _events(result, facts, text)),
        _section(text["excluded"], _excluded(result, facts, text)),
        _section(text["method"], _method(result, text)),
        _section(text["literature"], _literature(result)),
        _section(text["reproduce"], _reproduce(result, facts, text)),
    ]
    return (
        f'<!DOCTYPE html><html lang="{"zh-CN" if facts.language == "zh" else "en"}"><head>'
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(facts.title)}</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>{''.join(parts)}</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{body}</section>"


def _head(facts: ReportFacts, text: Mapping[str, str]) -> str:
    out = [f"<h1>{html.escape(facts.title)}</h1>"]
    if facts.sample_note:
        out.append(f'<p><span class="sample">{html.escape(facts.sample_note)}</span></p>')
    if facts.question:
        question = html.escape(facts.question)
        out.append(f"<p><b>{html.escape(text['question'])}</b> {question}</p>")
    if facts.reading:
        out.append(f'<p class="lead">{html.escape(facts.reading)}</p>')
    if facts.made_at:
        out.append(f'<p class="note">{html.escape(facts.made_at)}</p>')
    return "".join(out)


def _results(result: StudyResult, facts: ReportFacts, text: Mapping[str, str]) -> str:
    settings = result.settings
    lead = text["sample"].format(
        used=result.n_events,
        given=result.n_given,
        model=facts.names.get("model", {}).get(settings.model, settings.model),
        estimation=window_label(settings.estimation),
        window=window_label(settings.window),
    )
    tests = result.tests()
    rows = []
    for window, part in tests.groupby("window", sort=False):
        car = result.car(*_bounds(str(window)))["car"].dropna()
        row: dict[str, object] = {
            "window": window,
            "n": len(car),
            "caar": car.mean() if len(car) else float("nan"),
            "positive": f"{(car > 0).mean():.0%}" if len(car) else "–",
        }
        by_name = {str(record["test"]): record for record in part.to_dict("records")}
        for name in ("cross_sectional_t", "bmp", "kp_bmp", "generalized_sign"):
            if name in by_name:
                label = facts.names.get("test", {}).get(name, name)
                row[label] = _statistic(by_name[name])
        rows.append(row)
    said = [html.escape(facts.say(note)) for note in result.notes]
    notes = "".join(f'<p class="note">{note}</p>' for note in said)
    return f"<p>{html.escape(lead)}</p>{table(pd.DataFrame(rows), text)}{notes}"


def _bounds(label: str) -> tuple[int, int]:
    first, last = label.strip("[]").split(",")
    return int(first), int(last)


def _statistic(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["statistic"]):
        return "–"
    stars = next((m for a, m in ((0.01, "***"), (0.05, "**"), (0.1, "*")) if row["p"] < a), "")
    return f"{row['statistic']:.2f}{stars}"


def _figures(result: StudyResult, facts: ReportFacts) -> str:
    note = facts.sample_note
    look = Look(labels=charts.labels_for(facts.language), note=note)
    window = result.settings.car_windows[0]
    figures: Sequence[tuple[str, go.Figure]] = (
        ("caar", charts.caar_fan(result.averages, look=look)),
        ("aar", charts.aar_bars(result.averages, look=look)),
        ("distribution", charts.car_distribution(result.car(*window), look=look)),
        ("heatmap", charts.event_heatmap(result.ar, look=look)),
        ("calendar", charts.event_calendar(result.events, look=look)),
    )
    return "".join(f"<figure>{_inline(name, figure)}</figure>" for name, figure in figures)


def _inline(name: str, figure: go.Figure) -> str:
    block: str = figure.to_html(
        include_plotlyjs=False,
        full_html=False,
        div_id=f"chart-{name}",  # a random one would make equal reports differ
        config={
            "displaylogo": False,
            "responsive": True,
            "toImageButtonOptions": {"format": "svg"},
        },
    )
    return block


def _tests(result: StudyResult, facts: ReportFacts, text: Mapping[str, str]) -> str:
    tests = result.tests()
    names = facts.names.get("test", {})
    how = tests["convention"].where(tests["statistic"].notna(), tests["reason"])
    comments = [
        " ".join(facts.say(said) for said in (first, warning) if said)
        for first, warning in zip(how, tests["warning"], strict=True)
    ]
    shown = pd.DataFrame(
        {
            "window": tests["window"],
            "test": [names.get(name, name) for name in tests["test"]],
            "n": tests["n"],
            "statistic": tests["statistic"],
            "df": tests["df"],
            "p": tests["p"],
            "p_adjusted": tests["p_adjusted"],
            "convention": comments,
        }
    )
    note = html.escape(text["stars"])
    return f'<div class="wide">{table(shown, text)}</div><p class="note">{note}</p>'


def _literature(result: StudyResult) -> str:
    cited = references(MODELS[result.settings.model].source, result.tests()["test"])
    return f"<ul>{''.join(f'<li>{html.escape(paper)}</li>' for paper in cited)}</ul>"


def _events(result: StudyResult, facts: ReportFacts, text: Mapping[str, str]) -> str:
    window = result.settings.car_windows[0]
    car = result.car(*window)
    shown = car[["symbol", "day0", "window", "car", "t", "p", "n"]].copy()
    for name in ("beta", "r2", "n_est"):
        if name in result.events:
            shown[name] = result.events[name].to_numpy()
    if facts.titles:
        shown["title"] = [facts.titles.get(i, "") for i in car["event_id"]]
    return f'<div class="wide">{table(shown, text)}</div>'


def _excluded(result: StudyResult, facts: ReportFacts, text: Mapping[str, str]) -> str:
    rows = result.excluded if facts.excluded is None else facts.excluded
    if rows.empty:
        return f"<p>{html.escape(text['none_excluded'])}</p>"
    names = facts.names.get("exclusion", {})
    shown = pd.DataFrame(
        {
            "symbol": rows["symbol"],
            "event_id": rows.get("event_id", ""),
            "code": [names.get(code, code) for code in rows["code"]],
            "reason": rows["reason"],
        }
    )
    return table(shown, text)


def _method(result: StudyResult, text: Mapping[str, str]) -> str:
    model = text.get(f"model.{result.settings.model}", result.settings.model)
    lines = [model, text["variance"], text["day0"], text["missing"], text["band"]]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _reproduce(result: StudyResult, facts: ReportFacts, text: Mapping[str, str]) -> str:
    known = {"fingerprint": result.fingerprint, **facts.provenance}
    lines = "\n".join(f"{key}: {value}" for key, value in known.items())
    settings = html.escape(result.settings.to_toml())
    return (
        f"<p>{html.escape(text['settings'])}</p><pre>{settings}</pre>"
        f"<p>{html.escape(text['versions'])}</p><pre>{html.escape(lines)}</pre>"
    )


def table(frame: pd.DataFrame, text: Mapping[str, str]) -> str:
    """Write a frame as an HTML table with the field's number formats.

    Parameters
    ----------
    frame
        Returns as decimals; they are shown in percent with two decimals, p with four.
    text
        Names of columns, as ``column.<name>``.
    """
    heads = "".join(
        f"<th>{html.escape(text.get(f'column.{name}', str(name)))}</th>" for name in frame.columns
    )
    body = "".join(
        f"<tr>{''.join(_cells(row, frame.columns))}</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Iterable[object], columns: Iterable[object]) -> Iterable[str]:
    for value, name in zip(row, columns, strict=True):
        shown, number = _shown(value, str(name))
        kind = " class=n" if number else " class=s" if len(shown) <= 14 else ""
        yield f"<td{kind}>{html.escape(shown)}</td>"


def _shown(value: Any, name: str) -> tuple[str, bool]:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}", False
    if value is None or (isinstance(value, float) and pd.isna(value)) or value is pd.NaT:
        return "–", True
    if isinstance(value, float):
        if name in _PERCENT:
            return f"{value:.2%}", True
        return (f"{value:.4f}" if name in _FOUR else f"{value:.2f}"), True
    if isinstance(value, str):
        return value, False
    return f"{value}", True
