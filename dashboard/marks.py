"""From the mark that a click in a chart gives to the events behind it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from mentionstudy.analysis import charts
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.settings import Window
from mentionstudy.dashboard.pipeline import StudyRun

Cars = Callable[[Window], pd.DataFrame]


def events_behind(
    run: StudyRun, cars: Cars, mark: str, window: Window, *, summed: bool = False
) -> pd.DataFrame:
    """Return the events behind a mark, with the CAR that the chart shows of them.

    Parameters
    ----------
    run
        A study's answer.
    cars
        Gives ``StudyResult.car`` of a window.
    mark
        An event_id, or one of ``tau:3``, ``group:3:NAME``, ``row:7``, ``car:low:high`` and
        ``week:2022:3`` as the charts give them.
    window
        The CAR window of charts that have no days.
    summed
        Whether a day stands for the sum up to it, not for itself.

    Returns
    -------
    DataFrame
        Rows of ``StudyResult.car``, the largest first; none if the mark belongs to other
        settings.
    """
    kind, _, rest = mark.partition(":")
    try:
        rows = _FINDERS[kind](run, cars, rest, window, summed) if kind in _FINDERS else None
    except (ConfigError, ValueError):  # a click that was made before the settings changed
        return cars(window)[:0]
    if rows is None:
        rows = cars(window)
        rows = rows[rows["event_id"].astype("str") == mark]
    return largest_first(rows)


def largest_first(cars: pd.DataFrame) -> pd.DataFrame:
    """Order rows of ``StudyResult.car`` by the size of the CAR."""
    ordered: pd.DataFrame = cars.sort_values("car", key=lambda car: -car.abs(), kind="stable")
    return ordered


def _of_day(run: StudyRun, cars: Cars, rest: str, _: Window, summed: bool) -> pd.DataFrame:
    tau = int(rest)
    rows = cars((run.result.settings.window[0] if summed else tau, tau))
    return rows[rows["car"].notna()]


def _of_group(run: StudyRun, cars: Cars, rest: str, window: Window, _summed: bool) -> pd.DataFrame:
    day, _colon, name = rest.partition(":")
    rows = _of_day(run, cars, day, window, True)
    return rows[rows["group"].astype("str") == name]


def _of_row(run: StudyRun, cars: Cars, rest: str, _: Window, _summed: bool) -> pd.DataFrame:
    rows = cars(run.result.settings.window)
    return rows[rows["event_id"].isin(charts.heatmap_row(run.result.ar, int(rest)))]


def _of_bar(_run: StudyRun, cars: Cars, rest: str, window: Window, _summed: bool) -> pd.DataFrame:
    low, high = map(float, rest.split(":"))
    rows = cars(window)
    car = rows["car"]
    inside: pd.DataFrame = rows[
        (car >= low) & ((car < high) | ((car == high) & (high == car.max())))
    ]
    return inside


def _of_week(_run: StudyRun, cars: Cars, rest: str, window: Window, _summed: bool) -> pd.DataFrame:
    first, last = charts.days_of_week(*map(int, rest.split(":")))
    rows = cars(window)
    inside: pd.DataFrame = rows[rows["day0"].between(first, last)]
    return inside


_FINDERS: dict[str, Callable[[StudyRun, Cars, str, Window, bool], pd.DataFrame]] = {
    "tau": _of_day,
    "group": _of_group,
    "row": _of_row,
    "car": _of_bar,
    "week": _of_week,
}
