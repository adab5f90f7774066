"""How many requests a fetch would make, before it makes any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from mentionstudy.data.errors import SymbolError
from mentionstudy.data.market.base import PriceSource
from mentionstudy.data.market.chain import SourceChain
from mentionstudy.data.market.coverage import covered_requests, known_missing
from mentionstudy.data.market.plan import requests_of
from mentionstudy.data.securities import parse_symbol

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace


def planned_requests(
    workspace: Workspace,
    plan: pd.DataFrame,
    sources: PriceSource | SourceChain,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> pd.DataFrame:
    """Say how many requests a fetch would make to whom, if every first choice answers.

    Returns
    -------
    pandas.DataFrame
        ``source, hosts, tables, requests, minutes``: who is asked, the tables that are not covered
        by the workspace, HTTP requests for them, and the time that the pauses between them take
        at least.
    """
    chain = sources if isinstance(sources, SourceChain) else SourceChain.of(sources)
    log = workspace.fetch_log()
    have = set() if chain.local else covered_requests(workspace, plan, now(), log)
    skip = {} if chain.local else known_missing(log, now())
    counts: dict[str, list[int]] = {}
    for request in requests_of(plan):
        if (request.symbol, str(request.kind)) in have | skip.keys():
            continue
        try:
            security = parse_symbol(request.symbol)
        except SymbolError:
            continue
        source, requests = chain.cost(security, request.kind, request.start, request.end)
        if source:
            count = counts.setdefault(source, [0, 0])
            count[0] += 1
            count[1] += requests
    rows = [
        (s, ", ".join(chain.hosts(s)), tables, n, n * chain.pause(s) / 60)
        for s, (tables, n) in sorted(counts.items())
    ]
    return pd.DataFrame(rows, columns=["source", "hosts", "tables", "requests", "minutes"])
