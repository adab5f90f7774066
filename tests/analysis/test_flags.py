"""Marks on single days reach exactly the events whose windows hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.analysis import EventStudy, InputError, StudyResult, StudySettings
from mentionstudy.analysis.errors import ConfigError

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


def test_diagnostics_name_what_they_warn_of_and_then_each_mark_once() -> None:
    marked = [("B", 90, "halt"), ("A", 60, "limit"), ("B", 91, "ex"), ("B", 92, "halt")]
    flags = pd.DataFrame(
        [(symbol, DAYS[day], flag) for symbol, day, flag in marked],
        columns=["symbol", "date", "flag"],
    )
    result = _run(flags)
    table = result.diagnostics
    assert table["event_id"].tolist()[-1] == f"B@{DAYS[90]:%Y-%m-%d}"
    for row in table.itertuples():
        warnings = {
            "autocorrelated": row.autocorrelation_p < 0.01,
            "arch": row.arch_p < 0.01,
            "thin_trading": row.zero_returns > 0.25,
            "unusual_beta": abs(row.beta_distance) > 5,
        }
        own = result.flags.loc[result.flags["event_id"] == row.event_id, "flag"]
        expected = [name for name, holds in warnings.items() if holds] + list(dict.fromkeys(own))
        assert row.flags == ";".join(expected)
    assert table["flags"].iloc[-1].endswith("halt;ex")


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(55, 95)), max_size=25),
    st.sampled_from([(0, 0), (-1, 1), (-3, 2), (1, 1)]),
)
def test_extended_cars_equal_a_loop_over_days(marks: list[tuple[str, int]], window) -> None:
    frame = pd.DataFrame(
        [(symbol, DAYS[at], "limit") for symbol, at in marks], columns=["symbol", "date", "flag"]
    )
    result = _run(frame, extend_flags=("limit",), car_windows=(window,))
    got = result.extended(*window)
    assert set(got["asked"]) == {f"[{window[0]},{window[1]}]"}
    for row, (symbol, day0) in enumerate((("A", 60), ("B", 60), ("A", 64), ("B", 90))):
        end = window[1]
        while end < 2 and (symbol, day0 + end) in marks:
            end += 1
        plain = result.car(window[0], end).iloc[row]
        mine = got.iloc[row]
        assert mine["event_id"] == plain["event_id"]
        assert mine["window"] == f"[{window[0]},{end}]"
        assert mine[["car", "se", "t", "n"]].tolist() == plain[["car", "se", "t", "n"]].tolist()
        assert mine["extended"] == (end > window[1])
        assert mine["open_end"] == (end == 2 and (symbol, day0 + 2) in marks)
    summary = result.extensions().iloc[0]
    assert summary["caar_extended"] == pytest.approx(got["car"].mean(), abs=1e-15)
    assert summary["caar"] == pytest.approx(result.car(*window)["car"].mean(), abs=1e-15)
    assert summary["n_extended"] == got["extended"].sum()


def test_an_extension_is_told_in_the_notes_and_kept_in_the_settings() -> None:
    flags = pd.DataFrame({"symbol": ["A"], "date": [DAYS[60]], "flag": ["limit"]})
    result = _run(flags, extend_flags=("limit",), car_windows=((0, 0),))
    (note,) = [n for n in result.notes if n.startswith("CAR [0,0]")]
    assert "1 of 4 events end on a day with limit" in note
    assert result.settings.to_dict()["extend_flags"] == ["limit"]
    again = _run(flags, **StudySettings.from_toml(result.settings.to_toml()).to_dict())
    pd.testing.assert_frame_equal(again.extended(), result.extended())


def test_without_flags_to_extend_over_there_is_no_extension() -> None:
    with pytest.raises(ConfigError, match="extend_flags is empty"):
        _run(None).extended()


def test_flags_without_a_column_are_refused() -> None:
    with pytest.raises(InputError, match="no column 'flag'"):
        _run(pd.DataFrame({"symbol": ["A"], "date": [DAYS[60]]})).flags  # noqa: B018
