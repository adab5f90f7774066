"""``fetch`` and ``status``: prices into the workspace, and what it holds."""

from __future__ import annotations

import sys

import click
import pandas as pd

from mentionstudy.dashboard.cli.options import workspace_option
from mentionstudy.dashboard.cli.output import (
    DONE,
    PARTLY,
    Unusable,
    chosen_format,
    complain,
    emit,
    format_option,
    progress,
)
from mentionstudy.dashboard.cli.own_prices import own_prices
from mentionstudy.dashboard.pipeline import load_corpus
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data.calendars import BEIJING
from mentionstudy.data.errors import DataError
from mentionstudy.data.market import (
    FetchProgress,
    FetchReport,
    PriceSource,
    SampleSource,
    SourceChain,
    SourceHealth,
    coverage,
    coverage_matrix,
    live_chain,
    plan_fetch,
    plan_symbols,
    planned_requests,
    workspace_health,
)
from mentionstudy.data.market import fetch as fetch_prices
from mentionstudy.data.market.rates import RATES, fetch_rate
from mentionstudy.data.master import Master, current_codes
from mentionstudy.data.securities import parse_symbol
from mentionstudy.data.workspace import Workspace

TABLE_COLUMNS = [
    *("symbol", "kind", "state", "rows", "share", "first", "last"),
    *("sources", "reason", "retry_at"),
]


@click.command()
@workspace_option(create=True)
@click.option(
    "--symbols",
    default="",
    help="Only these, separated by commas; by default those of the workspace's events.",
)
@click.option("--start", help="With --symbols: the first day, as 2020-01-01.")
@click.option("--end", help="With --symbols: the last day; by default today.")
@own_prices
@click.option(
    "--risk-free",
    type=click.Choice(list(RATES)),
    help="Only bring this rate of three months between banks, for `study --risk-free`.",
)
@click.option("--max-minutes", type=float, help="Start no new request after so long.")
@click.option(
    "--only-missing/--refetch",
    default=True,
    show_default=True,
    help="Ask only for what the workspace lacks, or for everything.",
)
@click.option(
    "--retry-refused",
    is_flag=True,
    help="Ask even a source that is left alone after refusals; asking during a ban prolongs it.",
)
@click.option("--dry-run", is_flag=True, help="List what would be asked for, and ask nothing.")
def fetch(
    workspace: Workspace,
    symbols: str,
    start: str | None,
    end: str | None,
    own: PriceSource | None,
    risk_free: str | None,
    max_minutes: float | None,
    *,
    only_missing: bool,
    retry_refused: bool,
    dry_run: bool,
) -> None:
    """Fill the workspace with the prices that its events need.

    Asks the free upstreams one after the other, with pauses; what is there already is not asked
    again. Ends with a list of what is missing and why; run it again to try these.
    """
    try:
        if risk_free is not None:
            days = fetch_rate(workspace, risk_free, health=workspace_health(workspace))
            click.echo(f"{risk_free}: {days} new days", err=True)
            return
        plan = _plan(workspace, symbols, start, end)
        if dry_run:
            emit(plan, chosen_format(None))
            forecast = planned_requests(workspace, plan, _sources(workspace, own, sample=False))
            for line in forecast.to_dict("records"):
                click.echo(
                    f"{line['source']}: {line['tables']} tables, {line['requests']} requests"
                    f"{' to ' if line['hosts'] else ''}{line['hosts']}, "
                    f"{line['minutes']:.0f} min of pauses at least",
                    err=True,
                )
            return
        report = run_fetch(
            workspace,
            own=own,
            plan=plan,
            refetch=not only_missing,
            insist=retry_refused,
            max_minutes=max_minutes,
        )
    except DataError as error:
        raise Unusable(str(error)) from error
    sys.exit(DONE if report.complete else PARTLY)


@click.command()
@workspace_option()
@format_option()
@click.option("--tables", is_flag=True, help="A row a table and symbol, without the years.")
def status(workspace: Workspace, fmt: str | None, *, tables: bool) -> None:
    """Show what the workspace holds: articles, mentions, events, and prices by symbol and year.

    A column of a year holds the share of the sessions needed for which there are bars; what is
    missing has its reason and, in Beijing time, when it is worth trying again. The state of the
    sources goes to standard error.
    """
    try:
        _status(workspace, chosen_format(fmt), tables=tables)
    except DataError as error:
        raise Unusable(str(error)) from error


def _status(workspace: Workspace, fmt: str, *, tables: bool) -> None:
    corpus = load_corpus(workspace)
    click.echo(
        f"{len(corpus.articles)} articles, {len(corpus.mentions)} mentions, "
        f"{len(corpus.events)} events, {len(corpus.excluded)} mentions that are no event"
        f"{' (bundled sample)' if workspace.is_sample else ''}",
        err=True,
    )
    for code in corpus.codes.values():
        complain(code.reason)
    plan = plan_fetch(corpus.events)
    health = workspace_health(workspace)
    if tables:
        table = coverage(workspace, plan, health=health)
        for column in ("first", "last"):
            table[column] = table[column].dt.strftime("%Y-%m-%d")
        table = table[TABLE_COLUMNS]
    else:
        flags = load_prices(workspace, corpus.events).panel.flags if len(corpus.events) else None
        table = coverage_matrix(workspace, plan, health=health, flags=flags)
        table["age_days"] = table["age_days"].astype("float64").round(1)
        shares = table.select_dtypes("float64").columns.drop("age_days")
        table[shares] = table[shares].round(3)
    table["retry_at"] = _beijing(table["retry_at"])
    if fmt == "table" and not tables:
        emit(table.drop(columns=["role", "flags", "reason"]), fmt)
        _tell_reasons(table)
    else:
        emit(table, fmt)
    _tell_sources(health)


def _tell_reasons(table: pd.DataFrame) -> None:
    """Print beneath a table what is too long for its columns."""
    for row in table[table["reason"].astype("str") != ""].itertuples(index=False):
        click.echo(f"{row.symbol}: {row.missing} missing: {row.reason}")
    for row in table[table["flags"].astype("str") != ""].itertuples(index=False):
        click.echo(f"{row.symbol}: marked days: {row.flags}")


def _beijing(stamps: pd.Series) -> pd.Series:
    return pd.to_datetime(stamps, utc=True).dt.tz_convert(BEIJING).dt.strftime("%Y-%m-%d %H:%M")


def _tell_sources(health: SourceHealth) -> None:
    """Say on standard error which sources answer and which are left alone until when."""
    frame = health.frame()
    for row in frame.assign(retry_at=_beijing(frame["retry_at"])).to_dict("records"):
        state, reason = str(row["state"]), row["reason"]
        until = f", next try {row['retry_at']} Beijing" if state == "open" else ""
        wait = "" if state == "closed" else f"{until} ({reason})"
        used = f", {row['requests_today']} requests in a day" if row["requests_today"] else ""
        click.echo(f"source {row['family']}: {_STATES[state]}{used}{wait}", err=True)


_STATES = {
    "closed": "answers",
    "open": "left alone",
    "half_open": "may be tried again",
}


def run_fetch(
    workspace: Workspace,
    *,
    own: PriceSource | None = None,
    sample: bool = False,
    plan: pd.DataFrame | None = None,
    refetch: bool = False,
    insist: bool = False,
    max_minutes: float | None = None,
    quiet: bool = False,
) -> FetchReport:
    """Fetch with a progress bar and print what is missing and why."""
    if plan is None:
        plan = plan_fetch(load_corpus(workspace).events)
    with progress("fetching prices") as show:

        def step(now: FetchProgress) -> None:
            show(now.done, now.total, f"{now.symbol} {now.kind} {now.outcome}")

        report = fetch_prices(
            workspace,
            plan,
            _sources(workspace, own, sample=sample),
            None if quiet else step,
            refetch=refetch,
            insist=insist,
            max_seconds=None if max_minutes is None else 60 * max_minutes,
        )
    if not quiet:
        for missing in report.missing:
            complain(f"{missing.symbol}: no {missing.kind} ({missing.outcome}): {missing.reason}")
        for note in report.notes:
            complain(f"{note.symbol}: {note.text}")
        click.echo(
            f"{report.ok} answered, {report.covered} there already, {len(report.missing)} missing; "
            f"{report.rows} new rows in {report.seconds:.0f} s",
            err=True,
        )
        if report.interrupted:
            complain("stopped; what arrived is kept, and the next run goes on from here")
    return report


def _sources(
    workspace: Workspace, own: PriceSource | None, *, sample: bool
) -> PriceSource | SourceChain:
    if sample or workspace.is_sample:
        return SampleSource()
    if own is not None:
        return own
    return live_chain(workspace_health(workspace))


def _plan(workspace: Workspace, symbols: str, start: str | None, end: str | None) -> pd.DataFrame:
    chosen = _todays_codes(workspace, symbols)
    if not chosen:
        plan = plan_fetch(load_corpus(workspace).events)
        if plan.empty:
            raise Unusable(
                f"{workspace.path}: no event needs a price; `mentionstudy ingest PATH...` reads "
                "articles, or name --symbols and --start"
            )
        return plan
    if start is None:
        plan = plan_fetch(load_corpus(workspace).events)
        wanted = set(plan_symbols(chosen, "2000-01-01", "2000-01-02")["symbol"])
        plan = plan[plan["symbol"].isin(wanted)]
        unknown = sorted(wanted - set(plan["symbol"]))
        if unknown:
            raise Unusable(f"{unknown[0]}: no event needs it; give --start for the days you want")
        return plan
    return plan_symbols(chosen, start, end or pd.Timestamp.now().strftime("%Y-%m-%d"))


def _todays_codes(workspace: Workspace, symbols: str) -> list[str]:
    """Split the symbols of the command line, and put today's codes in place of old ones."""
    given = [parse_symbol(part).symbol for part in symbols.split(",") if part.strip()]
    codes = current_codes(given, Master.of(workspace))
    for code in codes.values():
        complain(code.reason)
    return [codes[symbol].current if symbol in codes else symbol for symbol in given]
