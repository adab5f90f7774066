"""The securities master: the real akshare functions against a server that plays the exchanges."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from market_replay import redirect
from master_replay import MasterServer, serving, sse_rows

from mentionstudy.data.market import FamilyManners, Manners, SourceHealth
from mentionstudy.data.master import MASTER_LISTS, Master, refresh_master
from mentionstudy.data.master.lists import tidy
from mentionstudy.data.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore")

NOW = dt.datetime(2024, 7, 1, 12, 0, tzinfo=dt.UTC)
HOSTS = ("exchange", "sina", "eastmoney")
IMPATIENT = Manners(
    connect_timeout=1.0,
    read_timeout=1.0,
    deadline=5.0,
    timeout_retries=0,
    families={name: FamilyManners(spacing=0.0, refused_retries=0) for name in HOSTS},
)


@pytest.fixture(scope="module")
def server():
    with serving(MasterServer()) as running, redirect(running.url):
        yield running


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.open(tmp_path / "workspace", create=True)


@pytest.fixture(autouse=True)
def _well(server):
    yield
    server.faults.clear()
    server.sse = sse_rows()


def refresh(workspace, lists=None, now=NOW, health=None):
    health = health or SourceHealth(manners=IMPATIENT)
    return refresh_master(workspace, lists=lists, manners=IMPATIENT, health=health, now=lambda: now)


def test_every_list_is_read_through_the_real_functions(server, workspace):
    notes = []
    report = refresh_master(
        workspace,
        manners=IMPATIENT,
        health=SourceHealth(manners=IMPATIENT),
        now=lambda: NOW,
        progress=lambda done, total, note: notes.append((done, total, note)),
    )
    assert report.missing == []
    assert list(report.lists["list"]) == list(MASTER_LISTS)
    assert set(report.lists["outcome"]) == {"ok"}
    assert notes[-1][:2] == (len(MASTER_LISTS), len(MASTER_LISTS))

    stored = workspace.securities().set_index("symbol")
    assert stored.loc["600718.SH", "name"] == "东软集团"
    assert stored.loc["600718.SH", "listed_on"] == pd.Timestamp("1996-06-18")
    assert stored.loc["688047.SH", "board"] == "star"
    assert stored.loc["000002.SZ", "name"] == "万科A"  # the list pads it to "万  科Ａ"
    assert stored.loc["920002.BJ", "name"] == "万达轴承"
    assert stored.loc["920002.BJ", "listed_on"] == pd.Timestamp("2024-05-30")
    assert stored.loc["02066.HK", "exchange"] == "HK"
    assert stored.loc["600001.SH", "delisted_on"] == pd.Timestamp("2009-12-29")
    assert stored.loc["000005.SZ", "delisted_on"] == pd.Timestamp("2024-04-26")


def test_pairs_of_shares_of_one_firm(server, workspace):
    refresh(workspace)
    pairs = workspace.securities().set_index("symbol")["pairs"]
    assert pairs["600050.SH"] == "00762.HK"
    assert pairs["00762.HK"] == "600050.SH"
    assert pairs["600650.SH"] == "900914.SH"  # Shanghai has no list of pairs: by the full name
    assert pairs["900914.SH"] == "600650.SH"
    assert pairs["000002.SZ"] == "02202.HK;200003.SZ"  # a B share and one in Hong Kong


def test_former_names_come_with_the_days_of_their_change(server, workspace):
    refresh(workspace, ["szse_a", "szse_renames"])
    names = workspace.security_names()
    former = names[names["kind"] == "former"].set_index("symbol")
    assert former.loc["000001.SZ", "name"] == "深发展A"
    assert former.loc["000001.SZ", "valid_until"] == pd.Timestamp("2012-08-02")
    assert former.loc["000750.SZ", "name"] == "SST集琦"


def test_a_name_that_changed_since_the_last_run_becomes_a_former_one(server, workspace):
    server.sse["1"][2]["SEC_NAME_CN"] = "锦江投资"
    refresh(workspace, ["sse_main"])
    server.sse = sse_rows()
    later = NOW + dt.timedelta(days=30)
    report = refresh(workspace, ["sse_main"], now=later)
    names = workspace.security_names().query("symbol == '600650.SH'").set_index("kind")
    assert names.loc["short", "name"] == "锦江在线"
    assert names.loc["former", "name"] == "锦江投资"
    assert names.loc["former", "valid_until"] == pd.Timestamp("2024-07-31")
    assert report.names > 0
    # a third run finds nothing new but the time
    refresh(workspace, ["sse_main"], now=later)
    again = workspace.security_names().query("symbol == '600650.SH'")
    assert sorted(again["name"]) == sorted(names["name"])


def test_a_name_of_one_day_is_not_kept(server, workspace):
    server.sse["1"][0]["SEC_NAME_CN"] = "XD东软集"
    refresh(workspace, ["sse_main"])
    server.sse = sse_rows()
    refresh(workspace, ["sse_main"], now=NOW + dt.timedelta(days=1))
    names = workspace.security_names().query("symbol == '600718.SH'")
    assert "XD东软集" not in set(names["name"])


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("drop", "refused"), ("403", "refused"), ("456", "refused"), ("html", "refused")],
)
def test_a_list_that_is_refused_costs_only_itself(server, workspace, mode, outcome):
    server.faults["szse.cn"] = mode
    report = refresh(workspace)
    failed = report.lists[report.lists["outcome"] != "ok"]
    assert set(failed["outcome"]) == {outcome}
    assert {name for name, _ in report.missing} == {n for n in MASTER_LISTS if "szse" in n}
    assert all(reason for _, reason in report.missing)
    symbols = set(workspace.securities()["symbol"])
    assert {"600718.SH", "02066.HK", "920002.BJ"} <= symbols
    server.faults.clear()
    assert refresh(workspace).missing == []
    assert "000750.SZ" in set(workspace.securities()["symbol"])


def test_an_answer_in_another_shape_is_called_that(server, workspace):
    server.faults["query.sse.com.cn"] = "columns"
    report = refresh(workspace, ["sse_main"])
    assert list(report.lists["outcome"]) == ["schema"]
    assert "newer akshare" in report.missing[0][1]
    assert workspace.securities().empty


def test_eastmoney_without_data_is_a_refusal(server, workspace):
    server.faults["eastmoney.com"] = "null"
    report = refresh(workspace, ["ah_pairs"])
    assert list(report.lists["outcome"]) == ["refused"]


def test_hong_kong_falls_back_to_the_second_source(server, workspace):
    server.faults["sina.com.cn"] = "456"
    report = refresh(workspace, ["hk"])
    assert list(report.lists["outcome"]) == ["refused", "ok"]
    assert list(report.lists["source"]) == ["stock_hk_spot", "stock_hk_spot_em"]
    assert report.missing == []
    assert Master.of(workspace).name_of("00700.HK") == "腾讯控股"


def test_a_host_that_refuses_is_left_alone_and_the_others_are_asked(server, workspace):
    server.faults["szse.cn"] = "403"
    health = SourceHealth(manners=IMPATIENT)
    server.log.clear()
    report = refresh(workspace, health=health)
    assert server.log.count("www.szse.cn") == 4  # then its breaker is open
    assert any("not asked" in reason for _, reason in report.missing)
    assert health.state("sse") == "closed"


def test_a_list_cut_short_is_reported_and_nothing_is_forgotten(server, workspace):
    refresh(workspace, ["sse_main"])
    server.sse["1"] = server.sse["1"][:1]
    report = refresh(workspace, ["sse_main"])
    assert list(report.lists["outcome"]) == ["short"]
    assert "only 1" in report.lists["reason"][0]
    assert len(workspace.securities()) == 3


def test_an_interrupted_refresh_keeps_what_arrived(server, workspace):
    def stop(done, total, note):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_master(
            workspace,
            manners=IMPATIENT,
            health=SourceHealth(manners=IMPATIENT),
            now=lambda: NOW,
            progress=stop,
        )
    assert {"600718.SH", "688047.SH"} <= set(workspace.securities()["symbol"])


def test_the_master_knows_its_age_and_fills_gaps_from_the_snapshot(server, workspace):
    empty = Master.of(workspace)
    assert empty.fetched_at is None
    assert empty.age_days(NOW) is None
    assert empty.name_of("02066.HK") == "盛京银行"
    refresh(workspace, ["hk"])
    master = Master.of(workspace)
    assert master.age_days(NOW + dt.timedelta(days=3)) == pytest.approx(3.0)
    listed = master.listings.set_index("symbol")["listed_on"]
    # the list of Hong Kong has no dates; the snapshot has this one
    assert listed["02066.HK"] == pd.Timestamp("2014-12-29")


def test_the_snapshot_is_consistent():
    master = Master.bundled()
    frame = master.securities.set_index("symbol")
    assert len(frame) > 30
    assert set(frame["kind"]) == {"stock"}
    for symbol, pairs in frame["pairs"].items():
        for other in filter(None, pairs.split(";")):
            assert symbol in frame.loc[other, "pairs"].split(";"), (symbol, other)
    assert frame.loc["688047.SH", "listed_on"] == pd.Timestamp("2022-06-24")
    former = master.names.query("kind == 'former' and symbol == '601012.SH'")
    assert list(former["name"]) == ["隆基股份"]


def test_an_unknown_list_is_refused_by_name(workspace):
    with pytest.raises(ValueError, match="no list 'nasdaq'"):
        refresh_master(workspace, lists=["nasdaq"])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("万  科Ａ", "万科A"),
        ("＊ＳＴ大洲", "*ST大洲"),
        ("五 粮 液", "五粮液"),
        ("TCL 科技", "TCL科技"),
        ("Bank of X", "Bank of X"),
        (float("nan"), ""),
        (None, ""),
    ],
)
def test_names_are_tidied(given, wanted):
    assert tidy(given) == wanted
