"""A link reproduces a view, and a bad one says what it could not use."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.dashboard.state import PARAMS, read_query, write_query

DEFAULTS = {param.key: param.default for param in PARAMS}


def test_a_link_says_only_what_differs_from_the_defaults():
    values = DEFAULTS | {"model": "mean_adjusted", "from": date(2021, 1, 4)}
    assert write_query(values, DEFAULTS) == {"model": ["mean_adjusted"], "from": ["2021-01-04"]}


def test_every_choice_survives_the_way_through_the_url():
    values = {
        "lang": "zh",
        "up": "green",
        "model": "market_adjusted",
        "est": "[-120,-21]",
        "win": "[-5,5]",
        "car": ["[-2,2]", "[0,1]"],
        "minobs": 60,
        "rets": "log",
        "overlap": "first",
        "group": "exchange",
        "bm": "000001.SH",
        "bmhk": "HSI.HK",
        "ex": ["SH", "HK"],
        "tm": ["after_close"],
        "src": ["证券时报网", "a&b=c;d"],
        "cat": ["公司"],
        "sym": ["600718.SH", "00762.HK"],
        "from": date(2021, 1, 1),
        "to": date(2022, 12, 31),
        "article": "0123456789abcdef",
        "event": "600718.SH@2022-01-07",
        "q": "战略合作",
    }
    changed = {key for key in values if values[key] != DEFAULTS[key]}
    read, notes = read_query(write_query(values, DEFAULTS))
    assert notes == []
    assert read == {key: values[key] for key in changed}
    assert {p.key for p in PARAMS} >= set(values)


def test_an_emptied_list_is_not_the_default():
    query = write_query(DEFAULTS | {"car": []}, DEFAULTS)
    assert read_query(query) == ({"car": []}, [])


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("model", "magic"),
        ("est", "[-11,-250]"),
        ("win", "ten"),
        ("car", "[5]"),
        ("minobs", "-3"),
        ("minobs", "1e9"),
        ("ex", "<script>"),
        ("from", "2022-02-30"),
        ("article", "../../etc/passwd"),
        ("event", "x"),
        ("src", "\x00"),
        ("lang", "fr"),
    ],
)
def test_a_tampered_value_is_dropped_with_a_note(key, text):
    values, notes = read_query({key: [text]})
    assert values == {}
    assert [(n.key, n.name, n.value) for n in notes] == [("state.invalid", key, text)]


def test_of_a_list_only_the_bad_part_is_dropped():
    values, notes = read_query({"car": ["[-1,1]", "no", "-2:2"]})
    assert values == {"car": ["[-1,1]", "[-2,2]"]}
    assert len(notes) == 1


def test_an_unknown_name_is_noted_and_streamlits_own_is_not():
    values, notes = read_query({"utm_source": ["x"], "embed": ["true"]})
    assert values == {}
    assert [(n.key, n.name) for n in notes] == [("state.unknown", "utm_source")]


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=20), min_size=1), max_size=5))
def test_no_query_breaks_the_page(query):
    values, _ = read_query(query)
    assert set(values) <= set(DEFAULTS)


@given(
    st.sampled_from([p for p in PARAMS]),
    st.lists(st.text(max_size=30), min_size=1, max_size=3),
)
def test_what_is_read_is_written_the_same(param, texts):
    values, _ = read_query({param.key: texts})
    again, notes = read_query(write_query(values, DEFAULTS))
    assert notes == []
    assert again == {k: v for k, v in values.items() if v != DEFAULTS[k]}
