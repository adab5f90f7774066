"""``study`` and ``export``: from a workspace, or from a user's own events and returns."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mentionstudy.analysis import EventStudy, StudyResult, StudySettings
from mentionstudy.analysis.errors import StudyError
from mentionstudy.dashboard.cli.beside import read_beside
from mentionstudy.dashboard.cli.options import (
    DEFAULT_WORKSPACE,
    Flag,
    Versions,
    Window,
    open_workspace,
)
from mentionstudy.dashboard.cli.output import DONE, PARTLY, Unusable, complain
from mentionstudy.dashboard.cli.rules import Selection, selection_options
from mentionstudy.dashboard.i18n import Language
from mentionstudy.dashboard.images import ImagesUnavailable
from mentionstudy.dashboard.pipeline import (
    StudyRun,
    load_corpus,
    package_versions,
    run_study,
    workspace_provenance,
)
from mentionstudy.dashboard.study_files import CHART_FORMATS, TABLE_FORMATS, write_study
from mentionstudy.dashboard.summary import run_summary
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data.errors import DataError
from mentionstudy.data.market.rates import RATES
from mentionstudy.data.tabular import (
    file_fingerprint,
    read_events_file,
    read_returns_file,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a study's events and prices come from: files, or else the workspace."""

    workspace: str
    events: Path | None
    returns: Path | None
    market: str | None
    as_of: Mapping[str, int] | None = None
    factors: Path | None = None
    risk_free: str | None = None


_SOURCE = ("workspace", "events", "returns", "market", "as_of", "factors", "risk_free")
# the option's name in the function, the setting that it is
_SETTINGS = {
    "model": "model",
    "estimation": "estimation",
    "window": "window",
    "car": "car_windows",
    "return_kind": "return_kind",
    "min_obs": "min_obs",
    "exclude_flag": "exclude_flags",
    "extend_flag": "extend_flags",
}
_FLAGS = ("exclude_flag", "extend_flag")
_OPTIONS = (
    click.option(
        "--workspace",
        metavar="DIR",
        default=DEFAULT_WORKSPACE,
        envvar="MENTIONSTUDY_WORKSPACE",
        show_default=True,
        help="Study the events of this workspace.",
    ),
    click.option(
        "--events",
        type=click.Path(path_type=Path),
        help="Study these events instead: a CSV or Parquet file with symbol,date[,group].",
    ),
    click.option(
        "--returns",
        type=click.Path(path_type=Path),
        help="With --events: a wide table of decimal returns, the date in its first column.",
    ),
    click.option("--market", help="With --returns: the column that is the benchmark."),
    click.option(
        "--factors",
        type=click.Path(path_type=Path),
        help="With --model factors: daily decimal factor returns, the date in the first column.",
    ),
    click.option(
        "--risk-free",
        metavar="RATE|FILE",
        help=f"Study returns above this: {', '.join(RATES)} of the workspace, or a file as for "
        "--factors.",
    ),
    click.option(
        "--as-of",
        metavar="VERSIONS",
        type=Versions(),
        help="Read the workspace as it was: the study.json of an earlier study, or versions of "
        "tables as bars=3,factors=1.",
    ),
    click.option(
        "--model", help="Normal-return model: market, market_adjusted, mean_adjusted, ..."
    ),
    click.option("--estimation", type=Window(), help="Estimation window, as -250:-11."),
    click.option("--window", type=Window(), help="Event window, as -10:10."),
    click.option(
        "--car", type=Window(), multiple=True, help="A CAR window, as -1:1; again for more."
    ),
    click.option(
        "--return",
        "return_kind",
        type=click.Choice(["simple", "log"]),
        help="Compute with simple or log returns.",
    ),
    click.option("--min-obs", type=int, help="Least number of usable estimation days."),
    click.option(
        "--exclude-flag",
        type=Flag(),
        multiple=True,
        help="Leave out events that carry this flag in the event window, such as limit_close or "
        "halted; again for more.",
    ),
    click.option(
        "--extend-flag",
        type=Flag(),
        multiple=True,
        help="Also give each CAR up to the first day without this flag: limit_close measures to "
        "the first close off a price limit.",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Settings from a TOML file; options given here win.",
    ),
)


def study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a study's options, and hand it ``source, settings, selection``."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        source = Source(**{name: options.pop(name) for name in _SOURCE})
        config = options.pop("config")
        if source.events is not None and options["selection"] != Selection():
            raise Unusable(
                "--group, --roles and the like are for a workspace; a file of events "
                "has its own column group"
            )
        for name in _FLAGS:
            options[name] = tuple(dict.fromkeys(itertools.chain(*options[name])))
        given = {s: v for o, s in _SETTINGS.items() if (v := options.pop(o)) not in (None, ())}
        command(source=source, settings=study_settings(config, given), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return selection_options(wrapped)


@click.command()
@study_options
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the tables of the study to this folder."
)
def study(source: Source, settings: StudySettings, selection: Selection, out: Path | None) -> None:
    """Measure abnormal returns around the events and print the summary."""
    run, problems = run_from(source, settings, selection)
    click.echo(run_summary(run))
    if out is not None:
        _written(lambda: write_study(run, out, table_formats=("csv",), chart_formats=()), out)
        click.echo(f"The tables are in {out}", err=True)
    sys.exit(_exit_code(run.result, problems))


@click.command()
@study_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to write to; it is made if need be.",
)
@click.option(
    "--tables",
    default="csv,xlsx",
    show_default=True,
    help=f"Table formats, separated by commas: {', '.join(TABLE_FORMATS)}.",
)
@click.option(
    "--charts",
    default="html",
    show_default=True,
    help=f"Chart formats, separated by commas: {', '.join(CHART_FORMATS)}.",
)
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default="en",
    show_default=True,
    help="Language of the charts and the report.",
)
@click.option("--report", is_flag=True, help="Also write the report, one self-contained page.")
def export(
    source: Source,
    settings: StudySettings,
    selection: Selection,
    out: Path,
    tables: str,
    charts: str,
    language: Language,
    *,
    report: bool,
) -> None:
    """Run a study and write its tables, its workbook and its charts."""
    table_formats = _formats(tables, TABLE_FORMATS, "--tables")
    chart_formats = _formats(charts, CHART_FORMATS, "--charts")
    run, problems = run_from(source, settings, selection)
    paths = _written(
        lambda: write_study(
            run,
            out,
            table_formats=table_formats,
            chart_formats=chart_formats,
            language=language,
            report=report,
        ),
        out,
    )
    for path in paths:
        click.echo(str(path))
    sys.exit(_exit_code(run.result, problems))


def study_settings(config: Path | None, given: Mapping[str, object]) -> StudySettings:
    """Join a settings file and the options of the command line; the options win."""
    try:
        values: dict[str, object] = {}
        if config is not None:
            values = StudySettings.from_toml(config.read_text(encoding="utf-8")).to_dict()
            if "window" in given:
                values.pop("car_windows")  # the file's need not fit the new event window
        return StudySettings.from_dict({**values, **given})
    except (StudyError, UnicodeDecodeError) as error:
        raise Unusable(f"{config}: {error}" if config else str(error)) from error


def run_from(
    source: Source, settings: StudySettings, selection: Selection
) -> tuple[StudyRun, tuple[str, ...]]:
    """Run the study of files or of a workspace; return it with the faults of its input."""
    try:
        if source.events is None and source.returns is None:
            return _run_workspace(source, settings, selection)
        return _run_files(source, settings)
    except (StudyError, DataError) as error:
        raise Unusable(str(error)) from error


def _run_workspace(
    source: Source, settings: StudySettings, selection: Selection
) -> tuple[StudyRun, tuple[str, ...]]:
    folder = source.workspace
    # a fetch that commits meanwhile must not come between what is read and what is named
    workspace = open_workspace(folder, as_of=source.as_of).pinned()
    corpus = load_corpus(workspace, selection.rules)
    if corpus.events.empty and len(corpus.excluded):
        code, count = next(iter(corpus.excluded["code"].value_counts().items()))
        raise Unusable(
            f"{folder}: none of {len(corpus.excluded)} mentions is an event, {count} of them for "
            f"the reason {code}; --roles and --min-confidence say what counts"
        )
    if corpus.events.empty:
        raise Unusable(
            f"{folder}: no event to study; `mentionstudy ingest PATH...` reads articles into it"
        )
    events = selection.events.apply(corpus.events)
    if events.empty:
        raise Unusable(f"{folder}: none of the {len(corpus.events)} events passes the filter")
    prices = load_prices(workspace, corpus.events)
    if prices.panel.returns.empty:
        raise Unusable(f"{folder}: no prices yet; `mentionstudy fetch` gets them")
    beside = read_beside(source.factors, source.risk_free, workspace)
    run = run_study(
        corpus,
        prices,
        settings,
        events=events,
        group=selection.group or None,
        factors=beside.factors,
        risk_free=beside.risk_free,
        provenance={**workspace_provenance(workspace), **beside.provenance},
    )
    return run, beside.problems


def _run_files(source: Source, settings: StudySettings) -> tuple[StudyRun, tuple[str, ...]]:
    if source.events is None or source.returns is None:
        raise Unusable("a study of your own files takes both --events FILE and --returns FILE")
    events, returns = read_events_file(source.events), read_returns_file(source.returns)
    problems = (*events.problems, *returns.problems)
    for sentence in (*events.notes, *returns.notes, *problems):
        complain(sentence)
    if events.frame.empty:
        raise Unusable(f"{source.events}: no usable event")
    beside = read_beside(source.factors, source.risk_free, None)
    result = EventStudy(settings).run(
        events.frame,
        returns.frame,
        source.market,
        factors=beside.factors,
        risk_free=beside.risk_free,
    )
    provenance = {
        "events": str(source.events),
        "events_sha256": file_fingerprint(source.events),
        "returns": str(source.returns),
        "returns_sha256": file_fingerprint(source.returns),
        "market": source.market,
        "versions": package_versions(),
        **beside.provenance,
    }
    return StudyRun.of_files(result, events.frame, provenance), (*problems, *beside.problems)


def _formats(joined: str, allowed: tuple[str, ...], option: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in joined.split(",") if part.strip())
    unknown = [part for part in chosen if part not in allowed]
    if unknown:
        raise Unusable(f"{option}: {unknown[0]!r} is no format; choose from {', '.join(allowed)}")
    return chosen


def _written(write: Callable[[], list[Path]], out: Path) -> list[Path]:
    try:
        return write()
    except ImagesUnavailable as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"{out}: cannot be written ({error.strerror or error})") from error


def _exit_code(result: StudyResult, problems: tuple[str, ...]) -> int:
    if result.n_events == 0:
        raise Unusable("no event could be used; the reasons are listed above")
    return PARTLY if problems else DONE
