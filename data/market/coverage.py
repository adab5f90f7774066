"""What a workspace covers: judged by what was asked and answered, not by the rows alone.

A share that was listed late, or halted, has no bars in a part of its window although there is
nothing more to fetch; the fetch log knows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pandas as pd

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.errors import CalendarUnknown
from mentionstudy.data.market.normal import last_complete_session
from mentionstudy.data.market.plan import Request, requests_of

if TYPE_CHECKING:
    from pandas._libs.tslibs.nattype import NaTType

    from mentionstudy.data.market.health import SourceHealth
    from mentionstudy.data.workspace import Workspace


NOT_FOUND_DAYS: Final = 7
"""For how long it is believed that no source knows a symbol."""

STATES: Final = ("missing", "not_asked", "partial", "complete")
"""What can be said of a table of a symbol, worst first."""

COVERAGE_COLUMNS: Final = (
    "symbol",
    "kind",
    "role",
    "n_events",
    "start",
    "end",
    "sessions",
    "rows",
    "share",
    "state",
    "first",
    "last",
    "sources",
    "asked_at",
    "reason",
    "retry_at",
)


def covered_requests(
    workspace: Workspace, plan: pd.DataFrame, now: datetime, log: pd.DataFrame | None = None
) -> set[tuple[str, str]]:
    """Return the (symbol, kind) pairs of a plan that need no request.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    now
        Time zone aware; sessions that are not over cannot be missing.
    log
        The workspace's fetch log, if it is at hand.
    """
    log = workspace.fetch_log() if log is None else log
    log = log.loc[log["outcome"] == "ok", ["symbol", "kind", "first", "last"]]
    if log.empty or plan.empty:
        return set()
    symbols = list(plan["symbol"].unique())
    present = {
        "bars": set(workspace.bars(symbols, columns=["symbol"])["symbol"].unique()),
        "factors": set(workspace.factors(symbols)["symbol"].unique()),
    }
    requests = requests_of(plan)
    limit = {r.symbol.rpartition(".")[2]: date.max for r in requests}
    limit = {exchange: last_session(exchange, now) for exchange in limit}
    spans = {
        (str(symbol), str(kind)): _joined(rows)
        for (symbol, kind), rows in log.groupby(["symbol", "kind"])
    }
    covered = set()
    for request in requests:
        end = min(request.end, limit[request.symbol.rpartition(".")[2]])
        start = min(request.start, end)
        known = spans.get((request.symbol, request.kind), [])
        if request.symbol in present[request.kind] and any(
            first <= start and end <= last for first, last in known
        ):
            covered.add((request.symbol, str(request.kind)))
    return covered


def known_missing(log: pd.DataFrame, now: datetime) -> dict[tuple[str, str], str]:
    """Return the (symbol, kind) pairs that no source knew in the last days, with the reason.

    Only where every source that was asked said so: a refusal among them means nothing is known.
    """
    asked = log["started_at"] > pd.Timestamp(now) - pd.Timedelta(days=NOT_FOUND_DAYS)
    recent = log.loc[asked & ~log["outcome"].isin(["not_covered", "retried"])]
    found = {}
    for (symbol, kind), rows in recent.groupby(["symbol", "kind"]):
        if set(rows["outcome"]) == {"not_found"}:
            when = rows["started_at"].max()
            again = when + pd.Timedelta(days=NOT_FOUND_DAYS)
            found[str(symbol), str(kind)] = (
                f"no source knew it on {when:%Y-%m-%d}; asked again after {again:%Y-%m-%d}"
            )
    return found


def coverage(
    workspace: Workspace,
    plan: pd.DataFrame,
    *,
    health: SourceHealth | None = None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """Say for every planned table what is there, what is missing and when to try again.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    health
        The breakers, for the time from which a source may be asked again.
    now
        Time zone aware.

    Returns
    -------
    pandas.DataFrame
        `COVERAGE_COLUMNS`. ``sessions`` counts those of the exchange in the range that are over,
        ``rows`` the rows that are there, ``share`` their quotient (bars only). ``state`` is
        ``complete`` (asked for and answered; a share below 1 is halts or a late listing),
        ``partial``, ``missing`` or ``not_asked``; ``reason`` is that of the last failure and
        ``retry_at`` from when another try makes sense (NaT: now).
    """
    now = now or datetime.now(UTC)
    log = workspace.fetch_log()
    done = covered_requests(workspace, plan, now, log)
    symbols = list(plan["symbol"].unique())
    bars = workspace.bars(symbols, columns=["symbol", "date", "source"])
    bars = bars.astype({"symbol": "str", "source": "str"})
    factors = workspace.factors(symbols).rename(columns={"ex_date": "date"})
    groups = {
        (symbol, kind): rows
        for kind, frame in (("bars", bars), ("factors", factors))
        for symbol, rows in frame.groupby("symbol")
    }
    answers = {key: rows for key, rows in log.groupby(["symbol", "kind"])}
    waiting = known_missing(log, now)
    retry = _retry_times(health)
    none = bars.iloc[:0]
    lines = []
    for request in requests_of(plan):
        key = (request.symbol, str(request.kind))
        rows = groups.get(key, none)
        end = min(request.end, last_session(request.symbol.rpartition(".")[2], now))
        line = _line(request, rows, end, key in done, answers.get(key))
        if line["state"] in {"missing", "partial"}:
            line["retry_at"] = _next_try(answers.get(key), retry)
            if key in waiting:
                last = pd.Timestamp(answers[key]["started_at"].max())
                line["retry_at"] = last + pd.Timedelta(days=NOT_FOUND_DAYS)
        lines.append(line)
    table = pd.DataFrame(lines, columns=list(COVERAGE_COLUMNS))
    return table.assign(role=plan["role"].to_numpy(), n_events=plan["n_events"].to_numpy())


def _line(
    request: Request, rows: pd.DataFrame, end: date, done: bool, answers: pd.DataFrame | None
) -> dict[str, object]:
    """One line of the coverage, without what comes from the plan."""
    inside = rows
    sessions = 0
    share = float("nan")
    if request.kind == "bars":
        span = (pd.Timestamp(request.start), pd.Timestamp(end))
        inside = rows.loc[rows["date"].between(*span)]
        exchange = request.symbol.rpartition(".")[2]
        if exchange in CALENDAR_OF and end >= request.start:
            sessions = len(calendar_for(exchange).between(request.start, end))
            share = len(inside) / sessions if sessions else float("nan")
    failed = (
        answers.loc[~answers["outcome"].isin(["ok", "retried"])] if answers is not None else None
    )
    state = "complete" if done else "partial" if len(inside) else "missing"
    if state == "missing" and answers is None:
        state = "not_asked"
    return {
        "symbol": request.symbol,
        "kind": str(request.kind),
        "start": pd.Timestamp(request.start),
        "end": pd.Timestamp(request.end),
        "sessions": sessions,
        "rows": len(inside),
        "share": share,
        "state": state,
        "first": inside["date"].min() if len(inside) else pd.NaT,
        "last": inside["date"].max() if len(inside) else pd.NaT,
        "sources": ", ".join(sorted(inside["source"].unique())),
        "asked_at": answers["started_at"].max() if answers is not None else pd.NaT,
        "reason": ""
        if done or failed is None or failed.empty
        else f"{failed['source'].iloc[-1]}: {failed['reason'].iloc[-1]}",
        "retry_at": pd.NaT,
    }


def _next_try(
    answers: pd.DataFrame | None, retry: dict[str, pd.Timestamp]
) -> pd.Timestamp | NaTType:
    """Return when the first of the sources that failed last can be asked again; NaT for now."""
    if answers is None:
        return pd.NaT
    last = answers[~answers["outcome"].isin(["not_covered", "retried"])]
    last = last.drop_duplicates("source", keep="last")
    failed = last.loc[last["outcome"] != "ok", "source"].tolist()
    times = [retry.get(str(source), pd.NaT) for source in failed]
    return min(times) if times and not any(pd.isna(t) for t in times) else pd.NaT


def _retry_times(health: SourceHealth | None) -> dict[str, pd.Timestamp]:
    if health is None:
        return {}
    frame = health.frame()
    frame = frame.loc[frame["state"] == "open"]
    return dict(zip(frame["family"].tolist(), frame["retry_at"].tolist(), strict=True))


def last_session(exchange: str, now: datetime) -> date:
    """Return the last session that is over; the end of time where no calendar is known."""
    try:
        return last_complete_session(exchange, now)
    except CalendarUnknown:
        return date.max


def _joined(rows: pd.DataFrame) -> list[tuple[date, date]]:
    """Ranges that were asked for, overlapping ones joined."""
    joined: list[tuple[date, date]] = []
    spans = zip(rows["first"].dt.date.tolist(), rows["last"].dt.date.tolist(), strict=True)
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
