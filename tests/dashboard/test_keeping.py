"""Results are kept by the bytes they take, computed once, and weighed for what they hold."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from mentionstudy.dashboard import services
from mentionstudy.dashboard.services import places
from mentionstudy.dashboard.services.keeping import Kept, weight

MB = 2**20


def megabyte(n=1):
    return np.zeros(n * MB, dtype=np.uint8)


def test_what_was_used_longest_ago_goes_when_the_room_is_full():
    kept = Kept(3)
    for name in "abc":
        kept.get(name, megabyte)
    kept.get("a", pytest.fail)  # is there, and so is not made
    kept.get("d", megabyte)
    kept.settle()
    assert [name for name in "abcd" if kept.at_hand(name) is not None] == ["a", "c", "d"]
    assert kept.megabytes <= 3


def test_one_value_larger_than_the_room_is_kept_alone():
    kept = Kept(2)
    kept.get("small", megabyte)
    large = kept.get("large", lambda: megabyte(5))
    assert kept.at_hand("large") is large
    assert len(kept) == 1


def test_a_value_that_grew_is_weighed_again_when_another_needs_room():
    kept = Kept(4, grows=True)
    first = kept.get("first", list)
    first.append(megabyte(3))
    kept.get("second", megabyte)
    kept.settle()
    assert kept.at_hand("first") is None
    assert kept.at_hand("second") is not None


def test_new_values_are_weighed_when_they_are_many():
    kept = Kept(4)
    for number in range(100):
        kept.get(number, megabyte)
        held = sum(kept.at_hand(other) is not None for other in range(number + 1))
        assert held <= 4 + 16
    assert len(kept) == 4


def test_sessions_that_ask_at_once_get_one_value():
    kept, made, gate = Kept(4), [], threading.Barrier(8)

    def make():
        made.append(1)
        return megabyte()

    def ask():
        gate.wait()
        found.append(kept.get("key", make))

    found = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert len(found) == 8
    assert all(value is found[0] for value in found)


def test_what_fails_is_asked_again():
    kept = Kept(4)
    with pytest.raises(ZeroDivisionError):
        kept.get("key", lambda: 1 // 0)
    assert kept.get("key", lambda: 7) == 7


@dataclass(slots=True)
class Holder:
    values: np.ndarray
    notes: list = field(default_factory=list)


@pytest.mark.parametrize(
    ("value", "megabytes"),
    [
        (megabyte(3), 3),
        ([megabyte(1), {"key": megabyte(1)}, (megabyte(1),)], 3),
        (Holder(megabyte(2), ["x" * MB]), 3),
        (pd.DataFrame({"a": np.zeros(3 * MB // 8)}), 3),
        ((whole := megabyte(3))[:10], 3),  # a part keeps the whole alive
        ([whole[:10], whole[10:], whole], 3),
        (np.array(["x" * 1000 + str(i) for i in range(3000)], dtype=object), 3),
    ],
)
def test_a_value_weighs_what_it_keeps_alive(value, megabytes):
    assert weight(value) / MB == pytest.approx(megabytes, rel=0.03)


def test_what_is_kept_elsewhere_weighs_nothing():
    @dataclass
    class Shared:
        values: object = field(default_factory=megabyte)

    kept = Kept(3, apart=(Shared,))
    shared = Shared()
    for name in "abc":
        kept.get(name, lambda: [shared, np.zeros(MB // 2, dtype=np.uint8)])
    assert len(kept) == 3
    assert 1.5 <= kept.megabytes < 1.6


def test_a_drawn_page_looks_for_garbage_but_not_each():
    class Ring:
        def __init__(self):
            self.me = self

    def dropped():
        return weakref.ref(Ring())

    st.cache_resource.clear()
    gc.disable()  # so that it is not found by the way
    try:
        services.settle()  # leaves what is there for good out, and looks for the first time
        second = dropped()
        services.settle()
        assert second() is not None, "the last search is a moment ago"
        places.look_for_garbage.clear()  # ten seconds later
        services.settle()
        assert second() is None
    finally:
        gc.enable()
        gc.unfreeze()
