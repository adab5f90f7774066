"""Bad frames: one clear sentence, or one excluded event, and the rest goes on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import ConfigError, EventStudy, InputError, StudyResult
from mentionstudy.analysis.literals import EXCLUSIONS

STUDY = EventStudy(estimation=(-60, -6), window=(-2, 2), min_obs=40)


def _panel(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2021-01-04", periods=n)
    return pd.DataFrame(rng.normal(0, 0.01, (n, 3)), days, ["A", "B", "M"])


def _run(panel: pd.DataFrame, symbol: object = "A", date: object = None, **columns) -> StudyResult:
    day = _panel().index[100] if date is None else date
    events = pd.DataFrame({"symbol": [symbol], "date": [day], **columns})
    return STUDY.run(events, panel, "M")


def _excluded(result: StudyResult) -> tuple[str, str]:
    assert result.n_events == 0
    assert len(result.excluded) == 1
    return result.excluded["code"].iloc[0], result.excluded["reason"].iloc[0]


def test_text_in_a_number_column_names_column_date_and_cell() -> None:
    panel = _panel().astype(object)
    panel.iloc[7, 0] = "n/a?"
    with pytest.raises(InputError, match=r"column 'A' holds the text 'n/a\?' on 2021-01-13"):
        _run(panel)


def test_numbers_written_as_text_and_empty_cells_are_read() -> None:
    panel = _panel()
    texts = panel.astype(str).astype(object)
    texts.iloc[9, 0] = ""
    panel.iloc[9, 0] = np.nan
    pd.testing.assert_frame_equal(_run(texts).ar, _run(panel).ar)


def test_text_in_a_column_that_is_not_used_does_not_matter() -> None:
    panel = _panel()
    panel["name"] = "text"
    assert _run(panel).n_events == 1


def test_duplicated_dates_are_named() -> None:
    panel = _panel()
    twice = pd.concat([panel, panel.iloc[[5]]])
    with pytest.raises(InputError, match="2021-01-11 occurs 2 times"):
        _run(twice)


def test_unsorted_dates_are_sorted_and_noted() -> None:
    panel = _panel()
    shuffled = panel.sample(frac=1, random_state=0)
    result = _run(shuffled)
    pd.testing.assert_frame_equal(result.ar, _run(panel).ar)
    assert any("sorted" in note for note in result.notes)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_infinite_and_absurd_returns_are_named(value: float) -> None:
    panel = _panel()
    panel.iloc[3, 2] = value
    with pytest.raises(InputError, match=r"column 'M' is (-?inf|1e\+300) on 2021-01-07"):
        _run(panel)


def test_percent_returns_are_recognised() -> None:
    with pytest.raises(InputError, match="look like percent"):
        _run(_panel() * 100)


def test_a_lone_impossible_return_is_missing_and_noted() -> None:
    panel = _panel()
    panel.iloc[50, 0] = -1.2
    result = _run(panel)
    assert result.events["n_est"].iloc[0] == 54
    assert any("below -1" in note for note in result.notes)


def test_time_zone_aware_dates_keep_their_local_date() -> None:
    panel = _panel()
    zoned = panel.tz_localize("Asia/Shanghai")
    result = _run(zoned, date=zoned.index[100])
    pd.testing.assert_frame_equal(result.ar, _run(panel).ar)
    assert any("Asia/Shanghai was dropped" in note for note in result.notes)


def test_times_of_day_in_the_returns_are_refused() -> None:
    panel = _panel()
    panel.index = panel.index + pd.Timedelta(hours=15)
    with pytest.raises(InputError, match="carries a time of day"):
        _run(panel)


@pytest.mark.parametrize(
    "spell",
    [
        lambda d: d.strftime("%Y-%m-%d"),
        lambda d: d.strftime("%Y/%m/%d"),
        lambda d: int(d.strftime("%Y%m%d")),
        lambda d: d.strftime("%Y年%m月%d日"),
        lambda d: d.date(),
        lambda d: d.strftime("%Y-%m-%dT15:11:41+08:00"),
    ],
)
def test_dates_are_read_in_the_usual_spellings(spell) -> None:
    panel = _panel()
    day = panel.index[100]
    result = _run(
        panel.set_axis([spell(d) for d in panel.index]) if False else panel, "A", spell(day)
    )
    assert result.events["day0"].iloc[0] == day


def test_integer_dates_and_a_date_column_index_the_returns() -> None:
    panel = _panel()
    flat = panel.reset_index(names="date")
    flat["date"] = flat["date"].dt.strftime("%Y%m%d").astype(int)
    pd.testing.assert_frame_equal(_run(flat).ar, _run(panel).ar)


def test_returns_without_dates_are_refused() -> None:
    with pytest.raises(InputError, match="index the frame by date"):
        _run(_panel().reset_index(drop=True))


def test_integer_symbols_and_integer_returns() -> None:
    panel = _panel().rename(columns={"A": 600718})
    panel["M"] = 0.001 * np.arange(120) % 0.01
    panel[600000] = 1
    result = _run(panel, symbol=600718)
    assert result.n_events == 1
    assert _excluded(_run(panel, symbol=600000))[0] == "constant_stock"


def test_two_columns_of_one_name_are_refused() -> None:
    panel = _panel().set_axis(["A", "A", "M"], axis=1)
    with pytest.raises(InputError, match="'A' occurs twice"):
        _run(panel)


@pytest.mark.parametrize(
    ("symbol", "date", "code"),
    [
        ("X", None, "symbol_unknown"),
        (None, None, "symbol_missing"),
        ("A", "03/04/2021", "date_invalid"),
        ("A", "2021-02-30", "date_invalid"),
        ("A", "2019-01-01", "window_outside_data"),
        ("A", "2031-01-01", "window_outside_data"),
        ("A", "2021-06-17", "window_outside_data"),
        ("A", "2021-02-10", "insufficient_estimation"),
    ],
)
def test_an_event_that_cannot_be_used_is_excluded_with_its_reason(symbol, date, code) -> None:
    got, reason = _excluded(_run(_panel(), symbol, date))
    assert got == code
    assert "{" not in reason
    assert reason.endswith(".")


def test_exclusions_of_data_states() -> None:
    panel = _panel()
    cases = {
        "no_prices": panel.assign(A=np.nan),
        "no_return_on_day0": panel.assign(A=panel["A"].where(panel.index != panel.index[100])),
        "constant_market": panel.assign(M=0.01),
        "constant_stock": panel.assign(A=2 * panel["M"] + 0.001),
        "insufficient_estimation": panel.assign(A=panel["A"].where(panel.index > panel.index[60])),
    }
    for code, frame in cases.items():
        assert _excluded(_run(frame))[0] == code, code


def test_one_bad_event_does_not_stop_the_others() -> None:
    panel = _panel()
    events = pd.DataFrame(
        {
            "symbol": ["A", "nobody", "B", "A", "A"],
            "date": [
                panel.index[100],
                panel.index[100],
                panel.index[90],
                "never",
                panel.index[100],
            ],
            "event_id": list("vwxyz"),
        }
    )
    result = STUDY.run(events, panel, "M")
    assert list(result.events["event_id"]) == ["v", "x"]
    assert dict(zip(result.excluded["event_id"], result.excluded["code"], strict=True)) == {
        "w": "symbol_unknown",
        "y": "date_invalid",
        "z": "duplicate_event",
    }


def test_no_usable_event_gives_empty_tables_with_all_columns() -> None:
    result = _run(_panel(), "nobody")
    filled = _run(_panel())
    for name in ("ar", "events", "excluded", "diagnostics"):
        assert list(getattr(result, name).columns) == list(getattr(filled, name).columns)
    assert list(result.car().columns) == list(filled.car().columns)
    assert (result.aar["n"] == 0).all()
    assert result.tests()["statistic"].isna().all()
    assert result.tests()["reason"].str.len().gt(0).all()
    assert "0 used" in result.summary()


def test_a_date_that_is_no_session_moves_to_the_next_and_is_noted() -> None:
    panel = _panel()
    saturday = pd.Timestamp("2021-05-22")
    result = _run(panel, date=saturday)
    assert result.events["day0"].iloc[0] == pd.Timestamp("2021-05-24")
    assert result.events["date"].iloc[0] == saturday
    assert "2 days after" in result.events["notes"].iloc[0]
    strict = EventStudy(estimation=(-60, -6), window=(-2, 2), min_obs=40, non_session="exclude")
    events = pd.DataFrame({"symbol": ["A"], "date": [saturday]})
    assert _excluded(strict.run(events, panel, "M"))[0] == "date_not_a_session"


def test_an_incomplete_window_can_be_kept_with_its_missing_days() -> None:
    panel = _panel()
    keep = EventStudy(estimation=(-60, -6), window=(-2, 2), min_obs=40, incomplete_window="keep")
    events = pd.DataFrame({"symbol": ["A"], "date": [panel.index[-2]]})
    result = keep.run(events, panel, "M")
    assert result.car(-2, 2)["n"].iloc[0] == 4
    assert "1 days of the event window" in result.events["notes"].iloc[0]


def test_what_a_model_needs_is_asked_for() -> None:
    events = pd.DataFrame({"symbol": ["A"], "date": [_panel().index[100]]})
    with pytest.raises(ConfigError, match="needs a benchmark"):
        STUDY.run(events, _panel())
    with pytest.raises(ConfigError, match="needs factors"):
        EventStudy(model="factors").run(events, _panel())
    with pytest.raises(ConfigError, match="needs a risk-free return"):
        EventStudy(model="capm").run(events, _panel(), "M")
    with pytest.raises(InputError, match="no column 'SPY'"):
        STUDY.run(events, _panel(), "SPY")


def test_events_without_the_needed_columns_are_refused() -> None:
    with pytest.raises(InputError, match="no column 'symbol'"):
        STUDY.run(pd.DataFrame({"code": ["A"]}), _panel(), "M")
    with pytest.raises(InputError, match="event_id 'e' occurs twice"):
        STUDY.run(
            pd.DataFrame({"symbol": ["A", "B"], "date": "2021-05-20", "event_id": ["e", "e"]}),
            _panel(),
            "M",
        )


def test_factors_in_percent_and_unknown_columns_are_refused() -> None:
    panel = _panel()
    events = pd.DataFrame({"symbol": ["A"], "date": [panel.index[100]]})
    rng = np.random.default_rng(0)
    factors = pd.DataFrame(rng.normal(0, 1, (120, 1)), panel.index, ["MKT"])
    study = EventStudy(model="factors", estimation=(-60, -6), window=(-2, 2), min_obs=40)
    with pytest.raises(InputError, match="percent"):
        study.run(events, panel, factors=factors)
    named = EventStudy(
        model="factors", factors=("UMD",), estimation=(-60, -6), window=(-2, 2), min_obs=40
    )
    with pytest.raises(InputError, match="no column 'UMD'"):
        named.run(events, panel, factors=factors / 100)


def test_two_calendars_count_their_own_sessions() -> None:
    rng = np.random.default_rng(8)
    union = pd.bdate_range("2021-01-04", periods=120)
    shanghai, hongkong = union.delete([80, 81, 82]), union.delete([99])
    panel = pd.DataFrame(rng.normal(0, 0.01, (120, 2)), union, ["600718.SH", "02066.HK"])
    panel.loc[union.difference(shanghai), "600718.SH"] = np.nan
    panel.loc[union.difference(hongkong), "02066.HK"] = np.nan
    market = pd.DataFrame(rng.normal(0, 0.01, (120, 2)), union, ["000300.SH", "HSI.HK"])
    events = pd.DataFrame(
        {
            "symbol": ["600718.SH", "02066.HK", "02066.HK"],
            "date": union[100],
            "calendar": ["SH", "HK", "TYO"],
            "benchmark": ["000300.SH", "HSI.HK", "HSI.HK"],
        }
    )
    sessions = {"SH": shanghai, "HK": hongkong}
    result = STUDY.run(events, panel, market, sessions=sessions)
    assert list(result.excluded["code"]) == ["calendar_unknown"]
    for symbol, own, bench in (
        ("600718.SH", shanghai, "000300.SH"),
        ("02066.HK", hongkong, "HSI.HK"),
    ):
        alone = STUDY.run(
            pd.DataFrame({"symbol": [symbol], "date": [union[100]]}),
            panel.loc[own, [symbol]],
            market.loc[own, bench],
        )
        ours = result.ar[result.ar["symbol"] == symbol]
        np.testing.assert_array_equal(ours["ar"], alone.ar["ar"])
    arrays = result.arrays
    assert arrays.event_day is not None
    np.testing.assert_array_equal(
        arrays.dates[arrays.event_day[1]], hongkong[[97, 98, 99, 100, 101]]
    )
    blocks = list(arrays.iter_blocks())
    np.testing.assert_array_equal(
        arrays.dates[blocks[0].day[0]],
        shanghai[shanghai.get_loc(union[100]) - 60 : shanghai.get_loc(union[100]) - 5],
    )


def test_every_exclusion_code_has_a_sentence_that_can_be_filled() -> None:
    for code, sentence in EXCLUSIONS.items():
        assert sentence.endswith("."), code
        assert code == code.lower()


def test_dates_of_events_may_be_of_mixed_kinds() -> None:
    panel = _panel()
    day = panel.index[100]
    events = pd.DataFrame(
        {
            "symbol": ["A", "B", "A"],
            "date": [day, day.strftime("%Y-%m-%d"), dt.date(2021, 5, 7)],
        }
    )
    assert STUDY.run(events, panel, "M").n_events == 3


def test_an_empty_list_of_events_is_an_empty_study() -> None:
    result = STUDY.run(pd.DataFrame({"symbol": [], "date": []}), _panel(), "M")
    assert result.n_given == result.n_events == 0
    assert len(result.excluded) == 0
    assert len(result.ar) == 0
    assert "0 events given" in result.summary()


def test_events_of_symbols_that_nobody_has_leave_every_table_empty() -> None:
    events = pd.DataFrame({"symbol": ["X", "Y"], "date": _panel().index[100], "group": ["a", "b"]})
    result = STUDY.run(events, _panel(), _panel()["M"])
    assert set(result.excluded["code"]) == {"symbol_unknown"}
    assert len(result.groups()) == 0
    assert "<li>2 symbol_unknown" in result._repr_html_()
