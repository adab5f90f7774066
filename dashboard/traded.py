"""What was traded around a corpus's events: bars, returns, benchmarks, and why some are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from mentionstudy.analysis.panel import Panel
from mentionstudy.dashboard.characteristics import usual_turnover
from mentionstudy.data import ReturnsPanel, Workspace, returns_panel
from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.market import (
    SpecialTreatment,
    asked_until,
    default_benchmark,
    flag_endings,
    flag_price_limits,
)
from mentionstudy.data.master import Master
from mentionstudy.data.securities import parse_symbol


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Prices:
    """The traded figures behind a study.

    Attributes
    ----------
    bars
        Raw bars of the events' securities and the benchmarks.
    panel
        The returns derived from them.
    benchmarks
        Benchmark symbol by event symbol.
    missing
        For each symbol without any bar, why: what the sources answered last.
    turnover
        The usual turnover, dates by symbols; see `characteristics.usual_turnover`.
    table_versions
        Version of each table of the workspace as it was read.
    sources
        For ``bars`` and ``factors``, the number of symbols that came from each source.
    aligned
        What studies made of the returns, for those that ask the same; see `pipeline.run_study`.
    """

    bars: pd.DataFrame
    panel: ReturnsPanel
    benchmarks: Mapping[str, str]
    missing: Mapping[str, str]
    turnover: pd.DataFrame = field(default_factory=pd.DataFrame)
    table_versions: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    aligned: dict[tuple[object, ...], Panel] = field(default_factory=dict, repr=False)


def choose_benchmarks(
    symbols: Sequence[str], chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the benchmark of each symbol: the user's for its exchange, else the default.

    Parameters
    ----------
    symbols
        Canonical symbols.
    chosen
        Benchmark symbol by exchange, such as ``{"SH": "000001.SH"}``.
    """
    out = {}
    for symbol in symbols:
        security = parse_symbol(symbol)
        out[symbol] = (chosen or {}).get(security.exchange) or default_benchmark(security)
    return out


def load_prices(
    workspace: Workspace, events: pd.DataFrame, benchmarks: Mapping[str, str] | None = None
) -> Prices:
    """Read the bars of the events' securities and their benchmarks and derive returns.

    Parameters
    ----------
    workspace
        An open workspace.
    events
        A frame with a column ``symbol``.
    benchmarks
        As for :func:`choose_benchmarks`.
    """
    symbols = sorted(events["symbol"].unique())
    by_symbol = choose_benchmarks(symbols, benchmarks)
    wanted = sorted({*symbols, *by_symbol.values()})
    versions = workspace.versions()
    bars = workspace.bars(wanted)
    factors = workspace.factors(wanted)
    log = workspace.fetch_log()
    panel = returns_panel(bars, factors, _sessions_by_exchange(bars))
    panel = _flagged(panel, bars, log, Master.of(workspace), wanted)
    return Prices(
        bars=bars,
        panel=panel,
        benchmarks=by_symbol,
        missing=_why_missing(log, sorted(set(wanted) - set(panel.returns.columns))),
        turnover=usual_turnover(bars),
        table_versions=versions,
        sources={
            name: {str(k): int(n) for k, n in counted.items() if n}
            for name, frame in (("bars", bars), ("factors", factors))
            for counted in [frame.groupby("source", observed=True)["symbol"].nunique()]
        },
    )


def _flagged(
    panel: ReturnsPanel, bars: pd.DataFrame, log: pd.DataFrame, master: Master, wanted: list[str]
) -> ReturnsPanel:
    """Add what the market's rules and the securities master say about single days."""
    mine = master.securities[master.securities["symbol"].isin(wanted)]
    panel = flag_price_limits(
        panel,
        bars,
        st=SpecialTreatment.from_changes(master.changes),
        listed=_days(mine, "listed_on"),
    )
    return flag_endings(panel, bars, asked_until(log), _days(mine, "delisted_on"))


def _days(securities: pd.DataFrame, column: str) -> dict[str, pd.Timestamp]:
    known = securities[securities[column].notna()]
    return dict(zip(known["symbol"].astype("str"), known[column], strict=True))


def _why_missing(log: pd.DataFrame, symbols: list[str]) -> dict[str, str]:
    """Return the last answer of the sources about symbols that have no bars."""
    if not symbols:
        return {}
    failed = (log["kind"] == "bars") & ~log["outcome"].isin(["ok", "retried"])
    log = log[failed].sort_values("started_at")
    said = log.groupby("symbol").tail(1).set_index("symbol")
    never = "none were asked for yet; mentionstudy fetch gets them"
    last = dict(zip(said.index, said["source"] + ": " + said["reason"], strict=True))
    return {s: f"No prices in the workspace ({last.get(s, never)})." for s in symbols}


def _sessions_by_exchange(bars: pd.DataFrame) -> dict[str, pd.DatetimeIndex]:
    exchanges = {str(s).rpartition(".")[2] for s in bars["symbol"].unique()}
    return {e: calendar_for(e).sessions for e in sorted(exchanges)}
