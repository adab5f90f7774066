from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionstudy.data.calendars import BEIJING, calendar_for
from mentionstudy.data.errors import CalendarUnknown, FileSchemaError

SH, HK = calendar_for("SH"), calendar_for("HK")

# (publication time, day 0 in Shanghai, day 0 in Hong Kong); Beijing time unless it says otherwise.
TIMED = [
    ("2022-01-06 15:11:41", "2022-01-07", "2022-01-06"),
    ("2022-06-14 22:23:32", "2022-06-15", "2022-06-15"),
    ("2022-01-23 20:41:05", "2022-01-24", "2022-01-24"),
    ("2021-04-09 18:10:00+00:00", "2021-04-12", "2021-04-12"),
    ("2022-01-06 14:59:59", "2022-01-06", "2022-01-06"),
    ("2022-01-06 15:00:00", "2022-01-07", "2022-01-06"),
    ("2022-01-06 16:00:00", "2022-01-07", "2022-01-07"),
    ("2022-01-06 08:00:00", "2022-01-06", "2022-01-06"),
    ("2022-01-06 12:10:00", "2022-01-06", "2022-01-06"),
    ("2021-12-24 11:59:00", "2021-12-24", "2021-12-24"),
    ("2021-12-24 12:00:00", "2021-12-24", "2021-12-28"),
    ("2022-01-28 20:00:00", "2022-02-07", "2022-01-31"),
    ("2023-08-31 20:00:00", "2023-09-01", "2023-09-04"),
    ("2023-09-08 10:00:00", "2023-09-08", "2023-09-11"),
    ("2010-02-12 15:30:00", "2010-02-22", "2010-02-12"),
    # The half day's close was 12:30 before the hours changed on 2011-03-07.
    ("2010-12-31 12:15:00", "2010-12-31", "2010-12-31"),
    ("2010-12-31 12:30:00", "2010-12-31", "2011-01-03"),
]
DATE_ONLY = [
    ("2010-02-28", "2010-03-01", "2010-03-01"),
    ("2021-04-10", "2021-04-12", "2021-04-12"),
    ("2022-02-01", "2022-02-07", "2022-02-04"),
    ("2022-01-06", "2022-01-06", "2022-01-06"),
]


@pytest.mark.parametrize(("published", "shanghai", "hong_kong"), TIMED)
def test_day0_of_a_timed_article(published: str, shanghai: str, hong_kong: str) -> None:
    ts = pd.Timestamp(published)
    assert SH.day0(ts) == pd.Timestamp(shanghai)
    assert HK.day0(ts) == pd.Timestamp(hong_kong)


@pytest.mark.parametrize(("date", "shanghai", "hong_kong"), DATE_ONLY)
def test_day0_of_a_date(date: str, shanghai: str, hong_kong: str) -> None:
    day = dt.date.fromisoformat(date)
    assert SH.day0_date_only(day) == pd.Timestamp(shanghai)
    assert HK.day0_date_only(day) == pd.Timestamp(hong_kong)


def test_the_three_mainland_exchanges_share_one_calendar() -> None:
    assert calendar_for("SZ") is SH
    assert calendar_for("BJ") is SH


def test_sessions_per_year_agree_with_the_exchanges() -> None:
    years = {2010: (242, 249), 2021: (243, 247), 2022: (242, 246), 2023: (242, 243)}
    years |= {2024: (242, 246), 2025: (243, 246), 2026: (242, 247)}
    for year, expected in years.items():
        found = tuple(len(c.between(dt.date(year, 1, 1), dt.date(year, 12, 31))) for c in (SH, HK))
        assert found == expected, year


@pytest.mark.parametrize(
    "closed",
    ["2020-10-13", "2021-10-13", "2023-07-17", "2023-09-01", "2023-09-08", "2024-09-06"],
)
def test_days_that_a_storm_cancelled_are_no_sessions(closed: str) -> None:
    assert not HK.is_session(dt.date.fromisoformat(closed))


@pytest.mark.parametrize(
    ("published", "timing"),
    [
        ("2022-01-06 09:29:59", "pre_open"),
        ("2022-01-06 09:30:00", "in_session"),
        ("2022-01-06 12:00:00", "in_session"),
        ("2022-01-06 14:59:59", "in_session"),
        ("2022-01-06 15:00:00", "after_close"),
        ("2022-01-08 10:00:00", "non_trading_day"),
        ("2022-02-01 10:00:00", "non_trading_day"),
    ],
)
def test_timing(published: str, timing: str) -> None:
    assert SH.timing(pd.Timestamp(published)) == timing


def test_timing_is_the_exchanges_own() -> None:
    ts = pd.Timestamp("2022-01-06 15:11:41", tz=BEIJING)
    assert (SH.timing(ts), HK.timing(ts)) == ("after_close", "in_session")


def test_a_cutoff_moves_late_articles_to_the_next_session() -> None:
    assert SH.day0(pd.Timestamp("2022-01-06 14:29:59"), cutoff_minutes=30).day == 6
    assert SH.day0(pd.Timestamp("2022-01-06 14:30:00"), cutoff_minutes=30).day == 7
    with pytest.raises(ValueError, match="cutoff_minutes is 600"):
        SH.day0(pd.Timestamp("2022-01-06"), cutoff_minutes=600)


@pytest.mark.parametrize("calendar", [SH, HK])
def test_nothing_is_guessed_outside_the_known_sessions(calendar) -> None:
    last, first = calendar.closes_utc[-1], calendar.first_session.tz_localize(calendar.tz)
    assert calendar.day0(last - pd.Timedelta("1s")) == calendar.last_session
    for outside in (last, last + pd.Timedelta(days=40), first - pd.Timedelta("1s")):
        with pytest.raises(CalendarUnknown, match="lies outside the sessions"):
            calendar.day0(outside)
    for day in (calendar.last_session + pd.Timedelta(days=1), pd.Timestamp("1970-01-05")):
        with pytest.raises(CalendarUnknown, match="lies outside the sessions"):
            calendar.day0_date_only(day.date())
    many = pd.to_datetime([first, pd.NaT, last], utc=True)
    assert calendar.day0_many(many).isna().tolist() == [False, True, True]


def test_an_unknown_exchange_is_named() -> None:
    with pytest.raises(CalendarUnknown, match="'US'"):
        calendar_for("US")


def test_offset_counts_sessions() -> None:
    assert SH.offset(dt.date(2022, 1, 28), 1) == pd.Timestamp("2022-02-07")
    assert SH.offset(dt.date(2022, 2, 7), -1) == pd.Timestamp("2022-01-28")
    with pytest.raises(CalendarUnknown, match="not a session"):
        SH.offset(dt.date(2022, 2, 1), 1)
    with pytest.raises(CalendarUnknown, match="lies outside"):
        SH.offset(SH.last_session, 1)


def test_an_override_file_adds_a_year_and_single_sessions(tmp_path) -> None:
    path = tmp_path / "more.toml"
    path.write_text(
        "[[XSHG.year]]\nyear = 2027\nclosed = [2027-01-01]\nsource = 'a notice'\n"
        "[[XSHG.added]]\ndate = 2027-01-02\nclose = 12:00:00\n"
        "[[XSHG.removed]]\ndate = 2026-12-31\n",
        encoding="utf-8",
    )
    extended = calendar_for("SZ", overrides=path)
    assert extended.day0(pd.Timestamp("2026-12-30 16:00")) == pd.Timestamp("2027-01-02")
    assert extended.day0(pd.Timestamp("2027-01-02 12:00")) == pd.Timestamp("2027-01-04")
    assert extended.last_session == pd.Timestamp("2027-12-31")
    assert not SH.is_session(dt.date(2027, 1, 2))


@pytest.mark.parametrize("text", ["[[XSHG.year]]\nyear = 2027\n", "no toml at all"])
def test_a_broken_override_file_is_named(tmp_path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileSchemaError, match=r"broken\.toml"):
        calendar_for("SH", overrides=path)


instants = st.datetimes(
    dt.datetime(1991, 1, 1), dt.datetime(2026, 12, 30), timezones=st.just(dt.UTC)
)


@settings(max_examples=300, deadline=None)
@given(ts=instants, exchange=st.sampled_from(["SH", "HK"]), cutoff=st.integers(0, 240))
def test_no_earlier_session_qualifies(ts: dt.datetime, exchange: str, cutoff: int) -> None:
    calendar = calendar_for(exchange)
    found = calendar.day0(ts, cutoff_minutes=cutoff)
    deadline = [c - pd.Timedelta(minutes=cutoff) > ts for c in _near(calendar, ts)]
    assert found == _near(calendar, ts, sessions=True)[deadline.index(True)]


def _near(calendar, ts: dt.datetime, *, sessions: bool = False):
    """Sessions from 40 days before to 40 days after, found without the code under test."""
    day = pd.Timestamp(ts).tz_convert(None)
    near = np.abs((calendar.sessions - day).days.to_numpy()) <= 40
    return (calendar.sessions if sessions else calendar.closes_utc)[near]


@settings(max_examples=50, deadline=None)
@given(st.lists(instants, min_size=1, max_size=20))
def test_many_equals_one_by_one(times: list[dt.datetime]) -> None:
    many = HK.day0_many(pd.DatetimeIndex(times))
    assert list(many) == [HK.day0(t) for t in times]
    assert list(HK.timing_many(pd.DatetimeIndex(times))) == [HK.timing(t) for t in times]
