"""A study's summary for a terminal: what was used, what was not and why, and the result."""

from __future__ import annotations

import pandas as pd

from mentionstudy.dashboard.pipeline import Corpus, StudyRun

MAX_LISTED = 12


def run_summary(run: StudyRun, corpus: Corpus | None = None) -> str:
    """Write a study as a few lines of text.

    Parameters
    ----------
    run
        The study.
    corpus
        The articles behind it, if there are any.
    """
    lines = []
    if run.is_sample:
        lines.append("Bundled sample: articles in our own words, real end-of-day prices, not live.")
    if corpus is not None:
        named = int(corpus.status["n_mentions"].gt(0).sum())
        lines.append(
            f"{len(corpus.articles)} articles read, {named} name a security by code; "
            f"{len(corpus.mentions)} mentions."
        )
    chosen = "" if len(run.events) == run.n_available else f" of {run.n_available}"
    used = run.result.n_events
    lines.append(
        f"{len(run.events)}{chosen} events, {used} used, {len(run.events) - used} excluded."
    )
    listed = run.excluded.head(MAX_LISTED)
    for row in listed.to_dict("records"):
        what = row["symbol"] if pd.isna(row["event_id"]) else row["event_id"]
        lines.append(f"  not used: {what}: {row['code']}: {row['reason']}")
    if len(run.excluded) > len(listed):
        lines.append(f"  and {len(run.excluded) - len(listed)} more, all listed in excluded.csv")
    lines += _behind(run)
    lines += ["", str(run.result.summary())]
    if run.grouped and run.result.n_events:
        groups = run.result.groups()[["window", "group", "n", "caar", "statistic", "p"]]
        name = run.group or "group"
        lines += ["", f"By {name}:", groups.to_string(index=False, float_format="{:.4f}".format)]
    return "\n".join(lines)


def _behind(run: StudyRun) -> list[str]:
    """Name the sources of the prices and the versions of the tables, where there are any."""
    sources, versions = run.provenance.get("sources"), run.provenance.get("table_versions")
    if not isinstance(sources, dict) or not isinstance(versions, dict):
        return []
    bars = ", ".join(f"{name} ({n})" for name, n in sources.get("bars", {}).items())
    read = ", ".join(f"{t}={versions[t]}" for t in ("mentions", "bars", "factors") if t in versions)
    return [f"prices from {bars or 'no source'}; tables as of {read}"]
