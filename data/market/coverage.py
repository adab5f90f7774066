"""What a workspace covers: judged by what was asked and answered, not by the rows alone.

A share that was listed late, or halted, has no bars in a part of its window although there is
nothing more to fetch; the fetch log knows.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from mentionstudy.data.errors import CalendarUnknown
from mentionstudy.data.market.normal import last_complete_session
from mentionstudy.data.market.plan import requests_of

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace


def covered_requests(
    workspace: Workspace, plan: pd.DataFrame, now: datetime
) -> set[tuple[str, str]]:
    """Return the (symbol, kind) pairs of a plan that need no request.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    now
        Time zone aware; sessions that are not over cannot be missing.
    """
    log = workspace.fetch_log()
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
    limit = {exchange: _last(exchange, now) for exchange in limit}
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


def _last(exchange: str, now: datetime) -> date:
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
