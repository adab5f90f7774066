"""Risk-free rates through the real akshare function, and files of factors."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from market_replay import MarketServer, redirect, seed_market

from mentionstudy.data import Workspace
from mentionstudy.data.errors import (
    DataError,
    FileSchemaError,
    SourceRefused,
    SourceSchemaChanged,
)
from mentionstudy.data.market import FamilyManners, Manners, SourceHealth
from mentionstudy.data.market.rates import fetch_rate, on_sessions, risk_free
from mentionstudy.data.tabular import read_factors_file

pytestmark = pytest.mark.filterwarnings("ignore")

NOW = dt.datetime(2022, 12, 30, 12, 0, tzinfo=dt.UTC)
HASTY = Manners(families={"eastmoney_data": FamilyManners(spacing=0.0)})


@pytest.fixture(scope="module")
def server():
    with MarketServer(seed_market()) as running, redirect(running.url):
        yield running


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "w", create=True)


@pytest.fixture(autouse=True)
def _well(server):
    yield
    server.recover()


def ask(workspace):
    health = SourceHealth(manners=HASTY)
    return fetch_rate(workspace, "shibor", manners=HASTY, health=health, now=lambda: NOW)


def test_a_rate_is_kept_and_read_as_one_day_returns(server, workspace):
    assert ask(workspace) == len(pd.bdate_range("2020-01-02", "2022-12-30"))
    assert ask(workspace) == 0
    rate = risk_free(workspace, "shibor")
    assert rate.iloc[0] == pytest.approx(0.0252 / 252)
    weekend = on_sessions(rate, pd.DatetimeIndex(["2019-12-31", "2021-01-02", "2021-01-04"]))
    assert weekend.isna().tolist() == [True, False, False]
    assert (
        workspace.fetch_log()[["symbol", "kind", "outcome"]].to_numpy().tolist()
        == [["shibor", "rate", "ok"]] * 2
    )


@pytest.mark.parametrize(
    ("mode", "error", "words"),
    [
        ("456", SourceRefused, "HTTP 456"),
        ("columns", SourceSchemaChanged, "known shape"),
        ("negative", SourceSchemaChanged, "252 % a year"),
    ],
)
def test_what_is_no_rate_is_refused_and_logged(server, workspace, mode, error, words):
    server.fail(mode, "eastmoney")
    with pytest.raises(error, match=words):
        ask(workspace)
    assert workspace.rates().empty
    assert workspace.fetch_log()["outcome"].tolist() == [error.outcome]


def test_an_unknown_or_missing_rate_says_what_to_do(workspace):
    with pytest.raises(DataError, match="there are shibor, hibor"):
        risk_free(workspace, "libor")
    with pytest.raises(DataError, match="fetch --risk-free hibor"):
        risk_free(workspace, "hibor")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_factors_is_read_and_days_without_trading_are_told(tmp_path):
    file = write(
        tmp_path / "f.csv",
        "date,mkt_rf,smb,vmg,rf\n2022-01-04,0.01,0.002,-0.001,0.0001\n"
        "2022-01-05,-0.01,0.001,0.002,0.0001\n2022-01-08,0.0,0.0,0.0,0.0001\n",
    )
    read = read_factors_file(file)
    assert list(read.frame.columns) == ["mkt_rf", "smb", "vmg", "rf"]
    assert any("1 days are no session in Shanghai, such as 2022-01-08" in n for n in read.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,smb\n2022-01-31,0.01\n2022-02-28,0.01\n2022-03-31,0.0\n", "needs daily factors"),
        ("date,smb,vmg\n2022-01-04,0.01,\n2022-01-05,0.01,\n", "'vmg' has no number"),
        ("date\n2022-01-04\n", "one column"),
    ],
)
def test_a_file_that_holds_no_daily_factors_is_refused(tmp_path, text, words):
    with pytest.raises(FileSchemaError, match=words):
        read_factors_file(write(tmp_path / "f.csv", text))


def test_factors_in_percent_are_noticed(tmp_path):
    text = "date,smb\n2022-01-04,1.2\n2022-01-05,-0.8\n2022-01-06,0.9\n"
    read = read_factors_file(write(tmp_path / "f.csv", text))
    assert any("looks like percent" in problem for problem in read.problems)
