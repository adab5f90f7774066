"""Marks on single days reach exactly the events whose windows hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.analysis import EventStudy, InputError, StudyResult

DAYS = pd.bdate_range("2021-01-04", periods=120)
OPTIONS = {
    "estimation": (-50, -6),
    "window": (-3, 2),
    "min_obs": 20,
    "bootstrap_draws": 0,
    "permutation_draws": 0,
    "returns_are": "log",
    "return_kind": "log",
}


def _run(flags: pd.DataFrame | None, **options: object) -> StudyResult:
    rng = np.random.default_rng(0)
    returns = pd.DataFrame(rng.normal(0, 0.01, (120, 3)), DAYS, list("ABM"))
    events = pd.DataFrame({"symbol": list("ABAB"), "date": DAYS[[60, 60, 64, 90]]})
    study = EventStudy(**(OPTIONS | options))  # type: ignore[arg-type]
    return study.run(events, returns, "M", flags=flags)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABX"), st.integers(50, 100), st.sampled_from(["halt", "ex"])),
        max_size=15,
    )
)
def test_flags_equal_a_plain_search(marks: list[tuple[str, int, str]]) -> None:
    frame = pd.DataFrame(
        [(symbol, DAYS[at], flag) for symbol, at, flag in marks],
        columns=["symbol", "date", "flag"],
    )
    got = _run(frame).flags
    expected = sorted(
        (f"{symbol}@{DAYS[day0]:%Y-%m-%d}", at - day0, flag)
        for symbol, day0 in (("A", 60), ("B", 60), ("A", 64), ("B", 90))
        for other, at, flag in marks
        if other == symbol and -3 <= at - day0 <= 2
    )
    assert sorted(zip(got["event_id"], got["tau"], got["flag"], strict=True)) == expected


def test_flags_are_shown_and_can_exclude() -> None:
    flags = pd.DataFrame(
        {
            "symbol": ["A", "B", "B"],
            "date": [DAYS[62], DAYS[90], pd.Timestamp("2021-05-01")],
            "flag": ["limit_up", "halted", "halted"],
            "detail": ["10 %", "", ""],
        }
    )
    shown = _run(flags)
    assert shown.n_events == 4
    assert any("2 of 4 carry the flag 'limit_up'" in note for note in shown.notes)
    assert shown.diagnostics["flags"].str.contains("limit_up").tolist() == [1, 0, 1, 0]
    kept = _run(flags, exclude_flags=("limit_up",))
    assert list(kept.excluded["code"]) == ["flagged", "flagged"]
    assert "limit_up" in kept.excluded["reason"].iloc[0]
    assert list(kept.events["symbol"]) == ["B", "B"]


def test_flags_without_a_column_are_refused() -> None:
    with pytest.raises(InputError, match="no column 'flag'"):
        _run(pd.DataFrame({"symbol": ["A"], "date": [DAYS[60]]})).flags  # noqa: B018
