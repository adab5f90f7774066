"""From a workspace to a study: corrections count, what is left out is told, frames fit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mentionstudy.analysis import StudySettings
from mentionstudy.analysis.panel import Panel
from mentionstudy.dashboard.cli.serve import fill_sample
from mentionstudy.dashboard.pipeline import (
    StudyRun,
    load_corpus,
    run_study,
    study_events,
    study_frames,
)
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.dashboard.traded import choose_benchmarks, load_prices
from mentionstudy.data import Workspace
from mentionstudy.data.corrections import correction
from mentionstudy.data.market import plan_fetch


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    fill_sample(str(tmp_path / "w"))
    return Workspace.open(tmp_path / "w")


def test_a_rejected_mention_is_no_event_and_can_be_taken_back(workspace: Workspace) -> None:
    before = load_corpus(workspace)
    event = before.events.set_index("symbol").loc["601998.SH"]
    article = event["article_ids"]
    workspace.merge_corrections(correction(article, "mention", "reject", symbol="601998.SH"))
    after = load_corpus(workspace)
    assert set(before.events["symbol"]) - set(after.events["symbol"]) == {"601998.SH"}
    assert after.digest != before.digest


def test_a_corrected_date_moves_day_0(workspace: Workspace) -> None:
    before = load_corpus(workspace).events.set_index("symbol")
    article = before.at["601328.SH", "article_ids"]
    workspace.merge_corrections(correction(article, "date", "set", value="2021-04-09T10:00:00"))
    after = load_corpus(workspace).events.set_index("symbol")
    assert after.at["601328.SH", "day0"] == pd.Timestamp("2021-04-09")


def test_a_correction_of_nothing_is_told(workspace: Workspace) -> None:
    workspace.merge_corrections(correction("0" * 16, "mention", "reject", symbol="600718.SH"))
    unapplied = load_corpus(workspace).unapplied
    assert len(unapplied) == 1
    assert unapplied["reason"].str.len().gt(10).all()


def test_every_share_meets_the_index_and_the_sessions_of_its_own_market(
    workspace: Workspace,
) -> None:
    corpus = load_corpus(workspace)
    prices = load_prices(workspace, corpus.events)
    events = study_events(corpus.events, prices)
    frames = study_frames(prices, events["calendar"].unique())
    by_symbol = events.set_index("symbol")
    assert by_symbol.at["00762.HK", "benchmark"] == "HSI.HK"
    assert by_symbol.at["600050.SH", "benchmark"] == "000300.SH"
    holiday = pd.Timestamp("2022-02-04")  # Hong Kong trades, the mainland does not
    assert holiday in frames.sessions[by_symbol.at["00762.HK", "calendar"]]
    assert holiday not in frames.sessions[by_symbol.at["600050.SH", "calendar"]]
    assert frames.returns["02066.HK"].isna().all()


def test_a_chosen_benchmark_replaces_the_default_of_its_exchange() -> None:
    chosen = choose_benchmarks(["600718.SH", "00762.HK"], {"SH": "000001.SH"})
    assert chosen == {"600718.SH": "000001.SH", "00762.HK": "HSI.HK"}


def test_every_event_is_used_or_excluded_with_a_reason(workspace: Workspace) -> None:
    corpus = load_corpus(workspace)
    run = run_study(corpus, load_prices(workspace, corpus.events), StudySettings())
    assert run.result.n_events + len(run.excluded) == len(corpus.events)
    (row,) = run.excluded.to_dict("records")
    assert (row["symbol"], row["code"], row["stage"]) == ("02066.HK", "no_prices", "study")
    assert "sample" in row["reason"]


@pytest.mark.parametrize(
    ("chosen", "symbols"),
    [
        (EventFilter(exchanges=("HK",)), {"00762.HK", "02066.HK"}),
        (EventFilter(symbols=("000750.SZ",)), {"000750.SZ"}),
        (EventFilter(timings=("in_session",)), {"02066.HK"}),
        (EventFilter(first_day="2022-06-01"), {"00762.HK", "600050.SH"}),
        (EventFilter(last_day="2021-12-31", exchanges=("SZ",)), {"000750.SZ"}),
        (EventFilter(sources=("no such source",)), set()),
    ],
)
def test_filters(workspace: Workspace, chosen: EventFilter, symbols: set[str]) -> None:
    events = load_corpus(workspace).events
    assert set(chosen.apply(events)["symbol"]) == symbols
    assert set(EventFilter().apply(events)["symbol"]) == set(events["symbol"])


def test_an_old_code_of_beijing_is_todays_code_in_the_events(tmp_path) -> None:
    own = Workspace.open(tmp_path / "own", create=True)
    stamp = pd.Timestamp("2023-03-01 10:00", tz="Asia/Shanghai")
    own.merge_articles(
        pd.DataFrame(
            {"article_id": ["a"], "published_at": [stamp], "published_precision": ["second"]}
        )
    )
    own.merge_mentions(
        pd.DataFrame(
            {"article_id": ["a", "a"], "symbol": ["838163.BJ", "832982.BJ"]}
            | {"kind": "stock", "dialect": "text_code", "occurrences": 1, "role": "subject"}
        )
    )
    corpus = load_corpus(own)
    assert sorted(corpus.events["symbol"]) == ["832982.BJ", "920163.BJ"]
    assert {c.symbol: c.basis for c in corpus.codes.values()} == {
        "838163.BJ": "table",
        "832982.BJ": "unknown",
    }
    assert "920163.BJ" in set(plan_fetch(corpus.events)["symbol"])
    assert own.mentions()["symbol"].tolist() == ["832982.BJ", "838163.BJ"]  # as printed


def test_studies_that_ask_for_the_same_returns_share_them(workspace: Workspace) -> None:
    corpus = load_corpus(workspace)
    prices = load_prices(workspace, corpus.events)
    some = corpus.events[corpus.events["exchange"] != "HK"]
    one = run_study(corpus, prices, StudySettings())
    other = run_study(corpus, prices, StudySettings(model="mean_adjusted"))
    mainland = run_study(corpus, prices, StudySettings(), events=some)
    assert panel_of(one) is panel_of(other)
    # Hong Kong's holidays are none of its events' days
    assert [calendar.name for calendar in panel_of(mainland).calendars] == ["XSHG"]


def panel_of(run: StudyRun) -> Panel:
    return run.result._data.engine.panel
