"""Planning and fetching into a workspace: complete, resumable, accountable."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from market_replay import MarketServer, Stock, redirect, seed_market

from mentionstudy.data import Workspace
from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.errors import DataError
from mentionstudy.data.market import (
    FamilyManners,
    Manners,
    SampleSource,
    default_benchmark,
    fetch,
    live_chain,
    plan_fetch,
    plan_symbols,
    workspace_health,
)
from mentionstudy.data.securities import parse_symbol

pytestmark = pytest.mark.filterwarnings("ignore")

NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)
FAMILIES = ("tencent", "sina", "eastmoney", "csindex")
IMPATIENT = Manners(
    timeout_retries=0,
    retry_wait=0.0,
    retry_wait_max=0.01,
    families={
        name: FamilyManners(spacing=0.0, refused_retries=0 if name == "eastmoney" else 1)
        for name in FAMILIES
    },
)
SEEDS = pd.DataFrame(
    [
        ("600718.SH", "2022-01-07"),
        ("02066.HK", "2022-01-06"),
        ("600050.SH", "2022-06-15"),
        ("00762.HK", "2022-06-15"),
        ("601328.SH", "2021-04-12"),
        ("601998.SH", "2021-04-12"),
        ("601229.SH", "2021-04-12"),
        ("000750.SZ", "2021-04-12"),
    ],
    columns=["symbol", "day0"],
)
FEW = plan_fetch(SEEDS.iloc[:2], (-5, 5))


@pytest.fixture(scope="module")
def server():
    with MarketServer(seed_market()) as running, redirect(running.url):
        yield running


@pytest.fixture(autouse=True)
def _well(server):
    yield
    server.recover()


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "w", create=True)


def run(workspace, plan=FEW, now=NOW, **more):
    chain = live_chain(workspace_health(workspace, IMPATIENT), IMPATIENT, now=lambda: now)
    return fetch(workspace, plan, chain, now=lambda: now, **more)


# --- the plan ----------------------------------------------------------------------------------


def test_one_request_a_symbol_spans_all_its_events():
    events = pd.DataFrame(
        {
            "symbol": ["600718.SH", "600718.SH", "02066.HK"],
            "day0": pd.to_datetime(["2022-01-07", "2021-04-12", "2022-01-06"]),
        }
    )
    plan = plan_fetch(events, (-250, 10)).set_index(["symbol", "kind"])
    sessions = calendar_for("SH").sessions
    first = sessions[sessions.get_loc("2021-04-12") - 251]
    last = sessions[sessions.get_loc("2022-01-07") + 10]
    row = plan.loc["600718.SH", "bars"]
    assert (row["start"], row["end"], row["n_events"]) == (first, last, 2)
    assert plan.index.tolist() == [
        ("000300.SH", "bars"),
        ("HSI.HK", "bars"),
        ("02066.HK", "bars"),
        ("02066.HK", "factors"),
        ("600718.SH", "bars"),
        ("600718.SH", "factors"),
    ]
    assert plan.loc[("000300.SH", "bars"), "start"] == first


def test_hong_kong_counts_its_own_sessions():
    event = pd.DataFrame({"symbol": ["02066.HK"], "day0": [pd.Timestamp("2022-02-10")]})
    plan = plan_fetch(event, (-10, 0))
    assert plan["start"].iloc[0] == calendar_for("HK").offset(dt.date(2022, 2, 10), -11)


def test_the_plan_stops_at_the_last_known_session():
    last = calendar_for("SH").last_session
    event = pd.DataFrame({"symbol": ["600718.SH"], "day0": [last]})
    assert plan_fetch(event, (-5, 30))["end"].max() == last


def test_other_benchmarks_replace_the_default_ones():
    plan = plan_fetch(SEEDS, (-5, 5), benchmarks=["399006.SZ", "HSCEI.HK"])
    assert plan.loc[plan["role"] == "benchmark", "symbol"].tolist() == ["399006.SZ", "HSCEI.HK"]


def test_a_reversed_window_and_missing_columns_are_refused():
    with pytest.raises(DataError, match="reversed"):
        plan_fetch(SEEDS, (10, -10))
    with pytest.raises(DataError, match="no column day0"):
        plan_fetch(SEEDS[["symbol"]])
    assert plan_fetch(SEEDS.iloc[:0]).empty
    with pytest.raises(DataError, match="from 2022-06-30 to 2022-06-01 is reversed"):
        plan_symbols(["600718.SH"], "2022-06-30", "2022-06-01")
    for wrong in ("yesterday", "2022-02-30", ""):
        with pytest.raises(DataError, match="is no date; write it as"):
            plan_symbols(["600718.SH"], wrong, "2022-06-01")


@pytest.mark.parametrize(
    ("symbol", "benchmark"),
    [
        ("600718.SH", "000300.SH"),
        ("300750.SZ", "000300.SH"),
        ("920002.BJ", "899050.BJ"),
        ("00700.HK", "HSI.HK"),
    ],
)
def test_default_benchmarks(symbol, benchmark):
    assert default_benchmark(parse_symbol(symbol)) == benchmark


# --- fetching ----------------------------------------------------------------------------------


def test_an_empty_workspace_is_filled_for_the_seed_symbols(server, workspace):
    plan = plan_fetch(SEEDS, (-60, 10))
    report = run(workspace, plan)
    assert (report.ok, report.missing, report.complete) == (len(plan), (), True)
    bars = workspace.bars()
    for row in plan.loc[plan["kind"] == "bars"].itertuples():
        true = server.market.bars(row.symbol)
        true = true.loc[true["date"].between(row.start, row.end)]
        mine = bars.loc[bars["symbol"] == row.symbol]
        np.testing.assert_allclose(mine["close"], true["close"])
        assert mine["date"].tolist() == true["date"].tolist()
    factors = workspace.factors()
    assert set(factors["symbol"]) == set(SEEDS["symbol"])
    assert report.rows == len(bars) + len(factors)
    log = workspace.fetch_log()
    assert set(log["outcome"]) == {"ok"}
    assert len(log) == len(plan)


def test_the_next_source_is_used_and_both_answers_are_logged(server, workspace):
    server.fail("drop", "tencent", "eastmoney")
    report = run(workspace)
    assert report.complete
    log = workspace.fetch_log()
    mine = log.loc[(log["symbol"] == "600718.SH") & (log["kind"] == "bars")]
    assert mine[["source", "outcome"]].to_numpy().tolist() == [
        ["tencent", "retried"],
        ["tencent", "refused"],
        ["sina", "ok"],
    ]
    assert "connection failed" in mine["reason"].iloc[0]


HASTY = replace(IMPATIENT, connect_timeout=0.5, read_timeout=0.5, deadline=0.8)


@pytest.mark.parametrize(
    ("mode", "outcome", "words"),
    [
        ("drop", "refused", "the connection failed"),
        ("403", "refused", "answered HTTP 403"),
        ("456", "refused", "answered HTTP 456"),
        ("502", "refused", "answered HTTP 502"),
        ("html", "refused", "sent a page in place of data"),
        ("empty", "refused", "sent an empty answer"),
        ("null", "refused", "answered HTTP 502"),
        ("no_data", "refused", "it answers without data"),
        ("truncated", "refused", "the connection failed"),
        ("hang", "timeout", "no answer within"),
        ("drip", "timeout", "no answer within 0.8 s"),
        ("columns", "schema", "does not have the known shape"),
        ("other_symbol", "schema", "it answered for 600000"),
        ("conflict", "schema", "two different bars of 2022-"),
        ("negative", "schema", "an impossible price on 20"),
    ],
)
def test_each_failure_has_its_class_its_fallback_and_its_sentence(
    server, workspace, mode, outcome, words
):
    server.fail(mode, "tencent")
    manners = HASTY if outcome == "timeout" else IMPATIENT
    chain = live_chain(workspace_health(workspace, manners), manners, now=lambda: NOW)
    plan = plan_symbols(["600718.SH"], "2020-12-01", "2022-12-30")
    plan = plan.loc[plan["kind"] == "bars"]
    assert fetch(workspace, plan, chain, now=lambda: NOW).complete
    log = workspace.fetch_log()
    asked = log.loc[log["kind"] == "bars", ["source", "outcome"]].drop_duplicates()
    assert asked.to_numpy().tolist()[-2:] == [["tencent", outcome], ["sina", "ok"]]
    assert words in log.loc[log["outcome"] == outcome, "reason"].iloc[-1]
    assert set(workspace.bars()["source"]) == {"sina"}
    if outcome == "timeout":
        return  # waiting for all three would only take longer
    server.fail(mode, "sina", "eastmoney")
    alone = plan_symbols(["600718.SH"], "2020-11-01", "2022-12-30").query("kind == 'bars'")
    (missing,) = fetch(workspace, alone, chain, now=lambda: NOW).missing
    assert "tencent: " in missing.reason
    assert "sina: " in missing.reason


def test_with_all_refusing_every_symbol_has_its_reason_and_a_later_run_completes(server, workspace):
    server.fail("456")
    report = run(workspace)
    assert report.ok == 0
    assert {(m.symbol, m.kind) for m in report.missing} == set(
        FEW[["symbol", "kind"]].itertuples(index=False, name=None)
    )
    for missing in report.missing:
        assert missing.outcome == "refused"
        assert "HTTP 456" in missing.reason
    assert workspace.bars().empty
    assert not report.to_frame().empty
    server.recover()
    later = run(workspace)  # at once: a run that a user starts may ask again
    assert later.complete
    assert later.ok == len(FEW)


def test_every_request_is_logged_with_repeated_tries_and_canaries(server, workspace):
    server.fail("drop", "tencent", times=1)  # the second try is answered
    plan = plan_symbols(["600718.SH", "600999.SH"], "2022-06-01", "2022-06-10")
    run(workspace, plan.loc[plan["kind"] == "bars"])
    log = workspace.fetch_log()
    told = log.loc[log["source"] == "tencent", ["symbol", "kind", "outcome"]]
    assert told.to_numpy().tolist() == [
        ["600718.SH", "bars", "retried"],
        ["600718.SH", "bars", "ok"],
        ["600999.SH", "bars", "not_found"],  # proven by the answer before: no canary is needed
    ]
    sina = log.loc[log["source"] == "sina", ["symbol", "kind", "outcome"]].to_numpy().tolist()
    assert sorted(sina) == [["600000.SH", "canary", "ok"], ["600999.SH", "bars", "not_found"]]
    assert (log["seconds"] >= 0).all()
    assert run(workspace, plan).covered == 1  # neither a canary nor a try counts as there


def test_a_half_open_breaker_asks_for_the_canary_first(server, workspace):
    server.fail("403", "tencent", "eastmoney", "sina")
    symbols = [f"6008{i:02d}.SH" for i in range(4)]
    server.market.add(*symbols)
    plan = plan_symbols(symbols, "2022-06-01", "2022-06-10")
    plan = plan.loc[plan["kind"] == "bars"]
    run(workspace, plan)
    server.log.clear()
    run(workspace, plan)  # a new run: the breaker lets one request through
    assert {seen.symbol for seen in server.log if "gtimg" in seen.host} == {"600000.SH"}
    log = workspace.fetch_log()
    reason = log.loc[(log["symbol"] == symbols[0]) & (log["source"] == "tencent"), "reason"]
    assert reason.str.contains("asked for 600000.SH first, which exists").any()
    server.recover()
    server.log.clear()
    assert run(workspace, plan).complete
    first = next(seen.symbol for seen in server.log if "gtimg" in seen.host)
    assert first == "600000.SH"


def test_a_second_run_asks_for_nothing(server, workspace):
    run(workspace)
    versions, asked = workspace.versions(), server.asked()
    again = run(workspace)
    assert (again.ok, again.covered, again.rows) == (0, len(FEW), 0)
    assert server.asked() == asked
    assert workspace.versions() == versions


def test_only_what_is_missing_is_asked_for(server, workspace):
    server.fail("502", symbol="02066.HK")
    first = run(workspace)
    assert {m.symbol for m in first.missing} == {"02066.HK"}
    server.recover()
    server.log.clear()
    second = run(workspace)
    assert second.complete
    assert {seen.symbol for seen in server.log} == {"02066.HK"}


def test_a_wider_window_is_fetched_and_a_narrower_one_is_covered(workspace):
    run(workspace)
    wider = plan_fetch(SEEDS.iloc[:1], (-20, 5))
    assert run(workspace, wider).ok == 2  # the benchmark and the share; factors are there
    assert run(workspace, plan_fetch(SEEDS.iloc[:1], (-3, 3))).ok == 0


def test_a_deleted_table_is_fetched_again_although_the_log_says_otherwise(workspace):
    import shutil

    run(workspace)
    shutil.rmtree(f"{workspace.path}/bars")
    report = run(workspace)
    assert report.ok == len(FEW.loc[FEW["kind"] == "bars"])


def test_unfinished_sessions_are_neither_stored_nor_taken_for_covered(workspace):
    plan = plan_symbols(["600718.SH"], "2022-12-20", "2022-12-30")
    noon = dt.datetime(2022, 12, 30, 4, 0, tzinfo=dt.UTC)
    assert run(workspace, plan, now=noon).complete
    assert workspace.bars()["date"].max() == pd.Timestamp("2022-12-29")
    assert run(workspace, plan, now=noon).covered == 2
    evening = run(workspace, plan, now=NOW)
    assert evening.ok == 2
    assert workspace.bars()["date"].max() == pd.Timestamp("2022-12-30")


def test_a_window_that_has_not_begun_is_not_asked_for(server, workspace):
    plan = plan_symbols(["600718.SH"], "2023-03-01", "2023-03-10")
    asked = server.asked()
    report = run(workspace, plan)
    assert {m.outcome for m in report.missing} == {"not_asked"}
    assert "not over yet" in report.missing[0].reason
    assert server.asked() == asked


def test_bars_that_end_early_are_told(server, workspace):
    server.market.add(Stock("600002.SH", last="2021-06-30"))
    report = run(workspace, plan_symbols(["600002.SH"], "2021-06-01", "2022-06-30"))
    assert report.complete
    (note,) = report.notes
    assert note.text.startswith("its bars end on 2021-06-30, 242 sessions before 2022-06-30: a del")


def test_nothing_else_is_asked_about_a_symbol_that_no_source_knows(server, workspace):
    server.log.clear()
    report = run(workspace, plan_symbols(["600999.SH"], "2022-06-01", "2022-06-30"))
    assert [(m.kind, m.outcome) for m in report.missing] == [
        ("bars", "not_found"),
        ("factors", "not_found"),
    ]
    assert "check the code: `mentionstudy securities`" in report.missing[0].reason
    assert workspace.factors().empty
    assert not any("hfq" in seen.path for seen in server.log)


def test_unknown_symbols_do_not_stop_the_others(workspace):
    symbols = ["600999.SH", "NIO.US", "BK0493.EM", "600718.SH"]
    report = run(workspace, plan_symbols(symbols, "2022-06-01", "2022-06-30"))
    outcome = {m.symbol: m.outcome for m in report.missing if m.kind == "bars"}
    assert outcome == {
        "600999.SH": "not_found",
        "NIO.US": "not_covered",
        "BK0493.EM": "not_covered",
    }
    assert set(workspace.bars()["symbol"]) == {"600718.SH"}


def test_ctrl_c_keeps_what_arrived_and_says_what_did_not(workspace):
    plan = plan_fetch(SEEDS.iloc[:4], (-5, 5))

    def stop(step):
        if step.done == 4 and not step.outcome:
            raise KeyboardInterrupt

    report = run(workspace, plan, progress=stop)
    assert report.interrupted
    assert report.ok == 4
    assert len(report.missing) == len(plan) - 4
    assert {m.outcome for m in report.missing} == {"not_asked"}
    assert len(workspace.fetch_log()) == 4
    assert run(workspace, plan).ok == len(plan) - 4


def test_the_time_limit_leaves_the_rest_for_later(workspace):
    report = run(workspace, max_seconds=-1.0)
    assert report.ok == 0
    assert {m.outcome for m in report.missing} == {"not_asked"}


def test_progress_is_told_before_and_after_each_request(workspace):
    steps = []
    run(workspace, progress=steps.append)
    assert [s.outcome for s in steps] == ["", "ok"] * len(FEW)
    assert steps[-1].done == steps[-1].total == len(FEW)
    steps.clear()
    run(workspace, progress=steps.append)
    assert [s.outcome for s in steps] == ["covered"] * len(FEW)


def test_the_breaker_stops_a_long_run_against_a_wall(server, workspace):
    server.fail("403", "tencent", "eastmoney", "sina")
    server.log.clear()
    symbols = [f"6007{i:02d}.SH" for i in range(30)]
    server.market.add(*(s for s in symbols if s not in server.market))
    run(workspace, plan_symbols(symbols, "2022-06-01", "2022-06-10"))
    assert server.asked("tencent") < 15  # four refusals in a row, each tried twice
    log = workspace.fetch_log()
    reasons = log.loc[(log["source"] == "tencent") & (log["kind"] == "bars"), "reason"]
    assert reasons.str.startswith("not asked: it refused 4 times in a row").sum() >= 25
    health = workspace_health(workspace, IMPATIENT).frame().set_index("family")
    assert health.loc["tencent", "state"] == "open"
    assert "HTTP 403" in health.loc["tencent", "reason"]


def test_the_sample_is_a_source_like_any_other(workspace):
    report = fetch(workspace, plan_fetch(SEEDS, (-20, 10)), SampleSource())
    missing = {m.symbol: m.reason for m in report.missing}
    assert set(missing) == {"02066.HK"}
    assert "no prices of it" in missing["02066.HK"]
    assert not workspace.bars().empty
    again = fetch(workspace, plan_fetch(SEEDS, (-20, 10)), SampleSource())
    assert again.rows == 0  # local sources are read again, and nothing changes


# --- coverage, two fetches at once, and what is known to be missing -----------------------------


def test_coverage_tells_what_is_there_and_what_is_not(server, workspace):
    from mentionstudy.data.market import coverage

    plan = plan_symbols(["600718.SH", "02066.HK", "600999.SH"], "2022-06-01", "2022-06-30")
    before = coverage(workspace, plan, now=NOW)
    assert set(before["state"]) == {"not_asked"}
    server.fail("456", symbol="02066.HK")
    run(workspace, plan)
    health = workspace_health(workspace, IMPATIENT)
    frame = coverage(workspace, plan, health=health, now=NOW).set_index(["symbol", "kind"])
    assert frame.loc[("600718.SH", "bars"), "state"] == "complete"
    assert frame.loc[("600718.SH", "bars"), "share"] == 1.0
    assert frame.loc[("600718.SH", "bars"), "sessions"] == 21
    assert frame.loc[("02066.HK", "bars"), "state"] == "missing"
    assert "HTTP 456" in frame.loc[("02066.HK", "bars"), "reason"]
    assert frame.loc[("600999.SH", "bars"), "retry_at"] > frame["asked_at"].max()
    wider = plan_symbols(["600718.SH"], "2022-05-02", "2022-06-30")
    assert coverage(workspace, wider, now=NOW)["state"].tolist() == ["partial", "complete"]


def test_what_no_source_knew_is_not_asked_for_again_for_some_days(server, workspace):
    plan = plan_symbols(["600999.SH"], "2022-06-01", "2022-06-30")
    run(workspace, plan)
    asked = server.asked()
    second = run(workspace, plan, now=dt.datetime.now(dt.UTC))
    assert server.asked() == asked
    assert "asked again after" in second.missing[0].reason
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
    chain = live_chain(workspace_health(workspace, IMPATIENT), IMPATIENT, now=lambda: NOW)
    fetch(workspace, plan, chain, now=lambda: later)
    assert server.asked() > asked


def test_a_source_that_contradicts_the_stored_closes_is_noted(server, workspace):
    plan = plan_symbols(["600718.SH"], "2022-06-01", "2022-06-30")
    run(workspace, plan)
    bars = workspace.bars()
    changed = bars.astype({"symbol": "str", "source": "str"})
    changed.loc[3, "close"] += 0.02
    workspace.merge_bars(changed)
    report = run(workspace, plan, refetch=True)
    note = next(n for n in report.notes if n.symbol == "600718.SH")
    assert note.text.startswith("1 closes differ from those that were stored, such as 2022-06-0")


def test_two_fetches_at_once_share_the_work(server, workspace):
    from concurrent.futures import ThreadPoolExecutor

    server.log.clear()
    plan = plan_symbols(["600718.SH", "00762.HK"], "2022-06-01", "2022-06-30")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: run(Workspace.open(workspace.path), plan), range(2))
    assert sorted([first.ok, second.ok]) == [0, 4]
    assert sorted([first.covered, second.covered]) == [0, 4]
    bars = workspace.bars()
    assert not bars.duplicated(["symbol", "date"]).any()


def test_the_forecast_of_requests_is_what_is_then_asked(server, workspace):
    from mentionstudy.data.market import planned_requests

    chain = live_chain(workspace_health(workspace, IMPATIENT), IMPATIENT, now=lambda: NOW)
    symbols = ["600718.SH", "02066.HK", "000300.SH", "HSI.HK"]
    plan = plan_symbols(symbols, "2021-11-01", "2022-03-31")
    forecast = planned_requests(workspace, plan, chain, now=lambda: NOW)
    forecast = forecast.set_index("source")["requests"].to_dict()
    server.log.clear()
    assert fetch(workspace, plan, chain, now=lambda: NOW).complete
    asked = {name: server.asked(name) for name in FAMILIES if server.asked(name)}
    assert forecast == asked == {"eastmoney": 1, "sina": 5, "tencent": 3}
    assert planned_requests(workspace, plan, chain, now=lambda: NOW).empty
