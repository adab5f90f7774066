"""The coverage of many symbols, found at once, beside a plain loop over its lines and rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mentionstudy.data import Workspace
from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.market import coverage, coverage_matrix, plan_symbols

NOW = dt.datetime(2024, 6, 28, 12, 0, tzinfo=dt.UTC)
STAMP = pd.Timestamp(NOW)
SYMBOLS = ["600718.SH", "600719.SH", "000750.SZ", "430047.BJ", "02066.HK", "00762.HK", "HSI.HK"]
OUTCOMES = ["ok", "ok", "not_found", "refused", "retried", "not_covered"]


class _Breakers:
    def frame(self):
        hours = pd.to_timedelta([1, 2], unit="h")
        return pd.DataFrame(
            {"family": ["sina", "tencent"], "state": "open", "retry_at": STAMP + hours}
        )


def odd_workspace(path, rng):
    """Holes, symbols without a row, sources that take turns, answers that overlap or do not."""
    workspace = Workspace.open(path, create=True)
    bars, factors, log = [], [], []
    for number, symbol in enumerate(SYMBOLS):
        sessions = calendar_for(symbol[-2:]).sessions
        sessions = sessions[(sessions > "2021-11-01") & (sessions < "2024-08-01")]
        days = sessions[rng.random(len(sessions)) < number / 5]  # none of the first, all of others
        source = rng.choice(["b", "a", "c"], len(days))
        bars.append(pd.DataFrame({"symbol": symbol, "date": days, "source": source}))
        if number % 2:
            row = {"symbol": symbol, "ex_date": sessions[[0, 9]], "source": ["y", "x"]}
            factors.append(pd.DataFrame(row))
        for kind in ("bars", "factors"):
            for _ in range(rng.integers(0, 5)):
                first, last = np.sort(rng.choice(len(sessions), 2))
                log.append(
                    {
                        "symbol": symbol,
                        "kind": kind,
                        "source": rng.choice(["sina", "tencent", "eastmoney"]),
                        "outcome": rng.choice(OUTCOMES),
                        "reason": f"reason {len(log)}",
                        "first": sessions[first],
                        "last": sessions[last],
                        "started_at": STAMP - pd.Timedelta(hours=float(rng.integers(0, 400))),
                    }
                )
    prices = dict.fromkeys(("open", "high", "low", "close", "volume", "amount"), 1.0)
    workspace.merge_bars(pd.concat(bars).assign(**prices, fetched_at=STAMP))
    workspace.merge_factors(pd.concat(factors).assign(factor=1.0, cash=0.0, fetched_at=STAMP))
    workspace.append_fetch_log(pd.DataFrame(log).assign(rows=0, seconds=0.0))
    return workspace


def line_by_line(workspace, plan):
    """Yield what the documentation says of each line, counted row by row."""
    bars, factors = workspace.bars(), workspace.factors()
    log = workspace.fetch_log()
    for line in plan.itertuples():
        sessions = calendar_for(line.symbol[-2:]).sessions
        end = min(line.end, pd.Timestamp("2024-06-28"))
        if line.kind == "bars":
            own = bars[(bars["symbol"] == line.symbol) & bars["date"].between(line.start, end)]
            days = own["date"].tolist()
            wanted = int(sum(line.start <= day <= end for day in sessions))
        else:
            own = factors[factors["symbol"] == line.symbol]
            days, wanted = own["ex_date"].tolist(), 0
        asked = log[(log["symbol"] == line.symbol) & (log["kind"] == line.kind)]
        failed = asked[~asked["outcome"].isin(["ok", "retried"])]
        yield {
            "rows": len(own),
            "sessions": wanted,
            "share": len(own) / wanted if wanted else np.nan,
            "first": min(days, default=pd.NaT),
            "last": max(days, default=pd.NaT),
            "sources": ", ".join(sorted(set(own["source"]))),
            "asked": asked["started_at"].max() if len(asked) else pd.NaT,
            "failure": ""
            if failed.empty
            else f"{failed.iloc[-1].source}: {failed.iloc[-1].reason}",
            "retry_at": next_try(asked),
        }


def next_try(asked):
    open_until = dict(zip(*(_Breakers().frame()[c] for c in ("family", "retry_at")), strict=True))
    newest = {row.source: row.outcome for row in asked.itertuples()
              if row.outcome not in ("not_covered", "retried")}  # fmt: skip
    times = [open_until.get(source) for source, outcome in newest.items() if outcome != "ok"]
    recent = asked[asked["started_at"] > STAMP - pd.Timedelta(days=7)]
    said = set(recent["outcome"]) - {"not_covered", "retried"}
    if said == {"not_found"}:
        return asked["started_at"].max() + pd.Timedelta(days=7)
    return min(times) if times and None not in times else pd.NaT


def same(left, right):
    return (pd.isna(left) and pd.isna(right)) or left == right


@pytest.mark.parametrize("seed", range(4))
def test_all_symbols_at_once_are_as_one_by_one(tmp_path, seed):
    workspace = odd_workspace(tmp_path / "w", np.random.default_rng(seed))
    plan = pd.concat(
        [
            plan_symbols([*SYMBOLS, "600999.SH"], "2022-03-05", "2023-02-28"),
            plan_symbols(SYMBOLS[2:4], "2024-06-03", "2024-12-31"),  # over only in part
            plan_symbols(SYMBOLS[:1], "2024-08-01", "2024-12-31"),  # has not begun
        ],
        ignore_index=True,
    )
    table = coverage(workspace, plan, health=_Breakers(), now=NOW)
    assert table["symbol"].tolist() == plan["symbol"].tolist()
    states = set()
    for got, expected in zip(table.itertuples(), line_by_line(workspace, plan), strict=True):
        for name in ("rows", "sessions", "share", "first", "last", "sources"):
            assert same(getattr(got, name), expected[name]), (got.symbol, got.kind, name)
        assert same(got.asked_at, expected["asked"])
        states.add(got.state)
        done = got.state == "complete"
        assert got.reason == ("" if done else expected["failure"])
        tried = got.state in ("missing", "partial")
        assert same(got.retry_at, expected["retry_at"] if tried else pd.NaT), (got.symbol, got.kind)
        if not done:
            without = "missing" if pd.notna(expected["asked"]) else "not_asked"
            assert got.state == ("partial" if expected["rows"] else without)
    assert len(states) > 2


def test_the_share_of_each_year_is_counted_day_by_day(tmp_path):
    workspace = odd_workspace(tmp_path / "w", np.random.default_rng(9))
    early = plan_symbols(SYMBOLS[:5], "2022-11-30", "2023-02-28")
    plan = pd.concat([early, plan_symbols(SYMBOLS[5:], "2024-05-01", "2024-12-31")])
    matrix = coverage_matrix(workspace, plan.reset_index(drop=True), now=NOW).set_index("symbol")
    assert [name for name in matrix.columns if name.isdigit()] == ["2022", "2023", "2024"]
    bars = workspace.bars()
    for line in plan[plan["kind"] == "bars"].itertuples():
        end = min(line.end, pd.Timestamp("2024-06-28"))
        for year in (2022, 2023, 2024):
            needed = [
                day
                for day in calendar_for(line.symbol[-2:]).sessions
                if line.start <= day <= end and day.year == year
            ]
            own = bars[(bars["symbol"] == line.symbol) & bars["date"].isin(needed)]
            share = len(own) / len(needed) if needed else np.nan
            assert same(matrix.loc[line.symbol, str(year)], share)
