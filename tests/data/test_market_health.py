"""The circuit breaker and its memory."""

from __future__ import annotations

import json

import pytest

from mentionstudy.data.market.health import NotNow, SourceHealth
from mentionstudy.data.market.manners import (
    Budget,
    FamilyManners,
    Manners,
    family_of,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


MANNERS = Manners(
    families={
        "em": FamilyManners(open_after=2, cool_down=(100.0, 300.0), refused_retries=0),
        "tx": FamilyManners(open_after=3, cool_down=(10.0,), refused_retries=2),
        "b": FamilyManners(budgets=(Budget(requests=2, seconds=60.0),)),
    }
)


@pytest.fixture
def clock():
    return Clock()


def health(clock, path=None):
    return SourceHealth(path, MANNERS, clock)


def test_it_opens_after_refusals_in_a_row_and_an_answer_resets_the_count(clock):
    h = health(clock)
    h.refused("tx", "HTTP 456")
    h.refused("tx", "HTTP 456")
    h.answered("tx", "shares.bars")
    h.refused("tx", "HTTP 456")
    h.refused("tx", "HTTP 456")
    assert h.state("tx") == "closed"
    h.refused("tx", "HTTP 456")
    assert h.state("tx") == "open"
    with pytest.raises(NotNow, match=r"refused 3 times in a row \(HTTP 456\); next try after"):
        h.check("tx")


def test_half_open_lets_one_through_and_a_refusal_waits_longer(clock):
    h = health(clock)
    for _ in range(2):
        h.refused("em", "dropped")
    clock.now += 101
    assert h.check("em") == "half_open"
    h.refused("em", "dropped")
    clock.now += 101
    assert h.state("em") == "open"
    clock.now += 200
    assert h.state("em") == "half_open"
    h.answered("em", "shares.bars")
    assert h.state("em") == "closed"
    assert h.frame().loc[0, "refusals"] == 0


def test_a_new_run_may_ask_again_except_where_that_deepens_a_ban(clock):
    h = health(clock)
    for family in ("em", "tx"):
        for _ in range(3):
            h.refused(family, "dropped")
        h.begin(family)
    assert (h.state("em"), h.state("tx")) == ("open", "half_open")
    h.begin("em", insist=True)
    assert h.state("em") == "half_open"


def test_the_memory_outlives_the_process(clock, tmp_path):
    path = tmp_path / "health.json"
    for _ in range(2):
        health(clock, path).refused("em", "dropped")
    later = health(clock, path)
    assert later.state("em") == "open"
    frame = later.frame()
    assert frame["family"].tolist() == ["em"]
    assert frame["retry_at"].iloc[0].timestamp() == clock.now + 100


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1}', "\x00"])
def test_a_damaged_memory_is_an_empty_one(clock, tmp_path, text):
    path = tmp_path / "health.json"
    path.write_text(text)
    h = health(clock, path)
    assert h.state("em") == "closed"
    h.refused("em", "dropped")
    assert json.loads(path.read_text())["families"]["em"]["refusals"] == 1


def test_an_unwritable_place_does_not_stop_the_work(clock, tmp_path):
    h = health(clock, tmp_path / "no" / "such" / "folder" / "health.json")
    h.refused("em", "dropped")
    h.refused("em", "dropped")
    assert h.state("em") == "open"


def test_budgets_are_kept_and_refill(clock, tmp_path):
    path = tmp_path / "health.json"
    h = health(clock, path)
    h.spend("b")
    clock.now += 10
    h.spend("b")
    with pytest.raises(NotNow, match="2 requests to it within 1 minutes"):
        health(clock, path).spend("b")
    clock.now += 51
    h.spend("b")


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("push2his.eastmoney.com", "eastmoney"),
        ("33.push2his.eastmoney.com", "eastmoney"),
        ("datacenter-web.eastmoney.com", "eastmoney_data"),
        ("finance.sina.com.cn", "sina"),
        ("web.ifzq.gtimg.cn", "tencent"),
        ("proxy.finance.qq.com", "tencent"),
        ("www.csindex.com.cn", "csindex"),
        ("example.org", "example.org"),
        ("noteastmoney.com", "noteastmoney.com"),
    ],
)
def test_hosts_that_ban_together_are_one_family(host, family):
    assert family_of(host) == family
