"""Old codes of Beijing: the table, and the rule that only the exchange's list can confirm."""

from __future__ import annotations

import pandas as pd
import pytest

from mentionstudy.data.master import Master, current_codes, renumbered
from mentionstudy.data.master.model import merge_facts, security_row
from mentionstudy.data.master.renumbering import OLD_BEIJING, published_codes
from mentionstudy.data.securities import parse_symbol


def master(*rows: tuple[str, str, str | None]) -> Master:
    frame = pd.DataFrame(
        [security_row(s, name=name, listed_on=listed, source="bse") for s, name, listed in rows]
    )
    empty = Master.bundled()
    return Master(merge_facts(empty.securities, frame, "securities"), empty.names)


@pytest.mark.parametrize(
    ("old", "new", "since"),
    [
        ("838163.BJ", "920163.BJ", "2025-10-09"),
        ("430476.BJ", "920476.BJ", "2025-10-09"),
        ("839729.BJ", "920729.BJ", "2025-10-09"),
        ("833819.BJ", "920819.BJ", "2025-05-06"),
    ],
)
def test_published_pairs_need_no_list(old, new, since):
    code = current_codes([old], Master.bundled())[old]
    assert (code.current, code.basis, str(code.since)) == (new, "table", since)


def test_the_table_holds_symbols_that_can_be_and_each_once():
    pairs = published_codes()
    assert len(pairs) == len({new for new, _ in pairs.values()}) == 15
    for old, (new, _) in pairs.items():
        assert OLD_BEIJING.fullmatch(old)
        assert parse_symbol(new).board == "bse"
        assert old[3:6] == new[3:6]


def test_the_rule_is_used_only_when_the_list_confirms_it():
    old = "832982.BJ"
    nothing = current_codes([old], Master.bundled())[old]
    assert (nothing.current, nothing.basis) == (old, "unknown")
    assert "securities --refresh" in nothing.reason
    listed = master(("920982.BJ", "锦波生物", "2023-07-20"))
    sure = current_codes([old], listed)[old]
    assert (sure.current, sure.basis) == ("920982.BJ", "inferred")
    assert "inferred: the last three digits" in sure.reason
    assert "2023-07-20" in sure.reason


@pytest.mark.parametrize(
    ("rows", "asked", "why"),
    [
        ([("920982.BJ", "甲", "2024-08-01")], ["832982.BJ"], "was listed under this code"),
        ([("920982.BJ", "甲", None)], ["832982.BJ"], "no list confirms 920982.BJ"),
        (
            [("920982.BJ", "甲", "2023-07-20")],
            ["832982.BJ", "430982.BJ"],
            "430982.BJ ends in the same digits",
        ),
        ([("920163.BJ", "方大新材", "2020-07-27")], ["430163.BJ"], "920163.BJ was 838163.BJ"),
        (
            [("920982.BJ", "甲", "2023-07-20"), ("832982.BJ", "乙", "2023-07-20")],
            ["832982.BJ"],
            "832982.BJ was 乙, and 920982.BJ is 甲",
        ),
    ],
)
def test_what_stands_against_the_rule(rows, asked, why):
    code = current_codes(asked, master(*rows))[asked[0]]
    assert (code.current, code.basis) == (asked[0], "unknown")
    assert why in code.reason


def test_other_symbols_are_left_alone():
    assert current_codes(["600718.SH", "920002.BJ", "BK0493.EM"], Master.bundled()) == {}
    mentions = pd.DataFrame({"symbol": ["838163.BJ", "600718.SH"], "surface": ["838163", "600718"]})
    codes = current_codes(mentions["symbol"], Master.bundled())
    assert renumbered(mentions, codes)["symbol"].tolist() == ["920163.BJ", "600718.SH"]
    assert mentions["symbol"].tolist() == ["838163.BJ", "600718.SH"]
