"""``validate``: which test to trust on the user's own prices."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from mentionstudy.analysis import EventStudy, StudySettings
from mentionstudy.analysis.charts.power import power_map
from mentionstudy.analysis.errors import StudyError
from mentionstudy.analysis.inference.power import PowerResult
from mentionstudy.analysis.validation import validate as measure
from mentionstudy.dashboard.cli.options import open_workspace
from mentionstudy.dashboard.cli.output import Unusable, chosen_format, complain, emit, progress
from mentionstudy.dashboard.cli.rules import Selection
from mentionstudy.dashboard.cli.study import Source, study_options
from mentionstudy.dashboard.export import chart_html
from mentionstudy.dashboard.pipeline import StudyFrames, load_corpus, study_events, study_frames
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data.errors import DataError
from mentionstudy.data.tabular import read_events_file, read_returns_file

EFFECTS = "0,0.005,0.01,0.02,0.03"


@click.command()
@study_options
@click.option("--n-events", default=50, show_default=True, help="Events of one random sample.")
@click.option("--samples", default=250, show_default=True, help="Random samples to draw.")
@click.option(
    "--effects",
    default=EFFECTS,
    show_default=True,
    help="Abnormal returns put on day 0, decimal, separated by commas.",
)
@click.option("--clustered", is_flag=True, help="All events of a sample share one date.")
@click.option("--seed", default=0, show_default=True, help="Seed of the draws.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write power.csv and power.html to this folder."
)
def validate(
    source: Source,
    settings: StudySettings,
    selection: Selection,
    n_events: int,
    samples: int,
    effects: str,
    seed: int,
    out: Path | None,
    *,
    clustered: bool,
) -> None:
    """Measure on your own prices how often each test rejects, with and without an effect.

    Draws random dates of the same firms (Brown and Warner 1980, 1985). A rate at effect 0 far
    from 5 % says that a test cannot be trusted on this data; among the others, the highest rate at
    the other effects is the most powerful.
    """
    try:
        chosen = tuple(float(part) for part in effects.split(","))
    except ValueError as error:
        raise Unusable(
            f"--effects: {effects!r}; write decimals with commas, as {EFFECTS}"
        ) from error
    try:
        events, frames = _frames(source, selection)
        with progress("drawing samples") as show:
            result = measure(
                EventStudy(settings),
                events,
                frames.returns,
                frames.market if not isinstance(source.market, str) else source.market,
                spans=frames.spans if len(frames.spans) else None,
                sessions=frames.sessions or None,
                n_events=n_events,
                samples=samples,
                effects=chosen,
                clustered=clustered,
                seed=seed,
                progress=lambda done, total: show(done, total, ""),
            )
    except (StudyError, DataError) as error:
        raise Unusable(str(error)) from error
    for note in result.notes:
        complain(note)
    emit(result.rates().reset_index(), chosen_format(None))
    if out is not None:
        _write(result, out)


def _frames(source: Source, selection: Selection) -> tuple[pd.DataFrame, StudyFrames]:
    if source.events is not None and source.returns is not None:
        events = read_events_file(source.events).frame
        returns = read_returns_file(source.returns).frame
        return events, StudyFrames(returns, pd.DataFrame(), pd.DataFrame(), {})
    workspace = open_workspace(source.workspace)
    corpus = load_corpus(workspace, selection.rules)
    events = selection.events.apply(corpus.events)
    if events.empty:
        raise Unusable(f"{source.workspace}: no event whose firm could be drawn")
    prices = load_prices(workspace, corpus.events)
    known = study_events(events, prices)
    return known, study_frames(prices, sorted(known["calendar"].unique()))


def _write(result: PowerResult, out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        result.table.to_csv(out / "power.csv", index=False)
        subtitle = (
            f"{result.samples} samples of {result.n_events} events, level {result.alpha:.0%}, "
            f"window {result.table['window'].iloc[0]}"
        )
        figure = power_map(result.rates(), subtitle=subtitle)
        (out / "power.html").write_bytes(chart_html(figure))
    except OSError as error:
        raise Unusable(f"{out}: cannot be written ({error.strerror or error})") from error
    click.echo(f"power.csv and power.html are in {out}", err=True)
