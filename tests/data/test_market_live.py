"""The real upstreams, over the real internet; only when asked for.

    MENTIONSTUDY_LIVE=1 python -m pytest -m live -n 0 tests/data/test_market_live.py

One symbol a class, with the pauses of the product, in some minutes. What it cannot reach it names.
"""

from __future__ import annotations

import datetime as dt
import os

import pytest

from mentionstudy.data import Workspace
from mentionstudy.data.market import fetch, live_chain, plan_symbols, workspace_health

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        os.environ.get("MENTIONSTUDY_LIVE") != "1",
        reason="asks the real upstreams; set MENTIONSTUDY_LIVE=1 to run it",
    ),
]

SYMBOLS = (
    *("600718.SH", "000750.SZ", "688981.SH", "300750.SZ", "689009.SH", "920002.BJ"),
    *("900901.SH", "200596.SZ", "510300.SH", "00700.HK", "000300.SH", "899050.BJ", "HSI.HK"),
)


def test_every_class_of_security_is_answered_by_some_upstream(tmp_path):
    workspace = Workspace.open(tmp_path / "w", create=True)
    today = dt.datetime.now(dt.UTC).date()
    plan = plan_symbols(SYMBOLS, str(today - dt.timedelta(days=40)), str(today))
    report = fetch(workspace, plan, live_chain(workspace_health(workspace)))
    told = [f"{m.symbol} {m.kind} ({m.outcome}): {m.reason}" for m in report.missing]
    assert report.complete, "\n".join(told)
    bars = workspace.bars()
    assert (bars["close"] > 0).all()
    assert (bars.groupby("symbol", observed=True).size() >= 10).all()


def test_the_ex_date_of_000002_in_2023_is_that_of_the_exchange(tmp_path):
    workspace = Workspace.open(tmp_path / "w", create=True)
    plan = plan_symbols(["000002.SZ"], "2023-08-20", "2023-08-31")
    assert fetch(workspace, plan, live_chain(workspace_health(workspace))).complete
    from mentionstudy.data.calendars import calendar_for
    from mentionstudy.data.market import returns_panel

    panel = returns_panel(
        workspace.bars(), workspace.factors(), {"SZ": calendar_for("SZ").sessions}
    )
    detail = panel.flags.loc[panel.flags["flag"] == "ex_date", "detail"]
    assert detail.tolist() == ["reference close 13.0400 after 13.71"]
