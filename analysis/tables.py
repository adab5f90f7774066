"""The long tables of a study, built from its arrays when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.panel import Panel
from mentionstudy.analysis.places import Estimates, Places
from mentionstudy.analysis.sample import EventTable
from mentionstudy.analysis.settings import Window, window_label

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AR_COLUMNS = ("event_id", "symbol", "day0", "tau", "actual", "normal", "ar", "sar")
CAR_COLUMNS = (
    "event_id",
    "symbol",
    "day0",
    "group",
    "window",
    "car",
    "se",
    "scar",
    "t",
    "df",
    "p",
    "n",
    "bhar",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The N used events: where they are, what was estimated, who they are.

    Attributes
    ----------
    rows
        (N,) rows of the user's frame.
    places, estimates
        Of those events, in that order.
    moved
        (N,) calendar days between the given date and day 0.
    """

    rows: Ints
    places: Places
    estimates: Estimates
    moved: Ints

    def take(self, rows: Ints) -> Used:
        """Return some of the events."""
        return Used(
            rows=self.rows[rows],
            places=self.places.take(rows),
            estimates=self.estimates.take(rows),
            moved=self.moved[rows],
        )


def event_ids(table: EventTable, symbols: pd.Series, days: pd.Series) -> pd.Series:
    """(N,) ids: the user's, or ``SYMBOL@DAY0``, numbered where that repeats."""
    given = table.column("event_id")
    if given is not None:
        return given
    ids = symbols.astype("str") + "@" + days.dt.strftime("%Y-%m-%d").fillna("no-date")
    repeat = ids.groupby(ids).cumcount()
    numbered: pd.Series = ids.where(repeat == 0, ids + "#" + (repeat + 1).astype("str"))
    return numbered


def day_zero(panel: Panel, places: Places) -> NDArray[np.datetime64]:
    """(N,) datetime64[ns] day 0 of each event."""
    days = np.full(len(places), np.datetime64("NaT"), dtype="datetime64[ns]")
    for index, calendar in enumerate(panel.calendars):
        rows = places.calendar == index
        days[rows] = calendar.sessions[places.position[rows]]
    return days


def ar_frame(who: pd.DataFrame, used: Used, engine: Engine) -> pd.DataFrame:
    """Abnormal returns, one row an event and day of the event window.

    Parameters
    ----------
    who
        (N rows) ``event_id, symbol, day0``.
    used, engine
        The estimates and where the actual returns are.
    """
    low, high = engine.settings.window
    length = high - low + 1
    actual = engine.event_returns(used.places)
    long = who[["event_id", "symbol", "day0"]].loc[who.index.repeat(length)]
    long = long.reset_index(drop=True)
    long["tau"] = np.tile(np.arange(low, high + 1), len(who))
    long["actual"] = actual.ravel()
    long["normal"] = (actual - used.estimates.ar).ravel()
    long["ar"] = used.estimates.ar.ravel()
    long["sar"] = used.estimates.sar.ravel()
    return long


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowValues:
    """CARs of K windows.

    Attributes
    ----------
    car, car_var, scar
        (N, K) floats.
    n_days
        (N, K) int64, days present.
    """

    car: Floats
    car_var: Floats
    scar: Floats
    n_days: Ints

    @classmethod
    def of(cls, estimates: Estimates) -> WindowValues:
        """Take the CARs of all windows that were estimated."""
        with np.errstate(invalid="ignore", divide="ignore"):  # NaN without a day
            scar = estimates.car / np.sqrt(estimates.car_var)
        return cls(car=estimates.car, car_var=estimates.car_var, scar=scar, n_days=estimates.n_days)

    def column(self, index: int) -> WindowValues:
        """Take one window, as (N,) arrays."""
        return WindowValues(
            car=self.car[:, index],
            car_var=self.car_var[:, index],
            scar=self.scar[:, index],
            n_days=self.n_days[:, index],
        )


def car_frame(
    who: pd.DataFrame, values: WindowValues, bhar: Floats, df: Ints, window: Window
) -> pd.DataFrame:
    """CARs of one window, one row an event.

    ``t`` is ``car / se`` with the full-covariance standard error of the forecast, referred to
    Student's law with ``df = M - k`` (Campbell, Lo and MacKinlay 1997, chapter 4). ``scar`` is the
    same number under the name that the standardised tests use.
    """
    from scipy import special  # slow to load, and not every study asks for single events

    with np.errstate(invalid="ignore"):
        p = 2.0 * special.stdtr(df, -np.abs(values.scar))
    frame = who[["event_id", "symbol", "day0", "group"]].reset_index(drop=True)
    frame["window"] = window_label(window)
    frame["car"] = values.car
    frame["se"] = np.sqrt(values.car_var)
    frame["scar"] = values.scar
    frame["t"] = values.scar
    frame["df"] = df
    frame["p"] = p
    frame["n"] = values.n_days
    frame["bhar"] = bhar
    return frame


def car_path(who: pd.DataFrame, used: Used, engine: Engine, event_id: object) -> pd.DataFrame:
    """One event's CAR from the first day of the event window on; see :meth:`StudyResult.car_path`.

    Raises
    ------
    ConfigError
        If no used event has the id.
    """
    from scipy import special  # slow to load

    match = np.flatnonzero((who["event_id"] == event_id).to_numpy())
    if not match.size:
        raise ConfigError(f"{event_id!r} is no used event; see result.events and .excluded")
    low, high = engine.settings.window
    windows = tuple((low, tau) for tau in range(low, high + 1))
    estimates = engine.compute(used.places.take(match[:1]), windows)
    se = np.sqrt(estimates.car_var[0])
    level = 0.5 + engine.settings.confidence / 2
    half = special.stdtrit(estimates.n_est - engine.n_coef, level) * se
    return pd.DataFrame(
        {
            "tau": np.arange(low, high + 1),
            "ar": estimates.ar[0],
            "car": estimates.car[0],
            "se": se,
            "ci_low": estimates.car[0] - half,
            "ci_high": estimates.car[0] + half,
            "n": estimates.n_days[0],
        }
    )


def buy_and_hold(actual: Floats, expected: Floats, columns: slice, *, log: bool) -> Floats:
    """Buy-and-hold abnormal return of a window: the compounded return less the expected one.

    Parameters
    ----------
    actual, expected
        (N, L) returns; a day missing in either is left out of both.
    columns
        The window's days.
    log
        Whether the returns are logarithmic.

    Returns
    -------
    Floats
        (N,) simple returns; NaN where no day is present.

    References
    ----------
    Barber, B. M. and Lyon, J. D. (1997). Detecting long-run abnormal stock returns. Journal of
    Financial Economics 43, 341-372.
    """
    held, normal = actual[:, columns], expected[:, columns]
    present = np.isfinite(held) & np.isfinite(normal)
    held, normal = np.where(present, held, 0.0), np.where(present, normal, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond double precision: undefined
        if log:
            difference = np.exp(held.sum(axis=1)) - np.exp(normal.sum(axis=1))
        else:
            difference = np.prod(1.0 + held, axis=1) - np.prod(1.0 + normal, axis=1)
    difference[~np.isfinite(difference)] = np.nan
    return np.where(present.any(axis=1), difference, np.nan)


def events_frame(who: pd.DataFrame, table: EventTable, used: Used, engine: Engine) -> pd.DataFrame:
    """One row a used event: who it is, what was estimated, what to know about it."""
    estimates, settings = used.estimates, engine.settings
    frame = who.copy()
    frame["date"] = table.date.iloc[used.rows].to_numpy()
    names = [calendar.name for calendar in engine.panel.calendars]
    if names != [""]:
        frame["calendar"] = np.array(names, dtype=object)[used.places.calendar]
    if engine.panel.benchmarks:
        names = list(engine.panel.benchmarks)
        frame["benchmark"] = np.array(names, dtype=object)[used.places.benchmark]
    if table.weight is not None:
        frame["weight"] = table.weight[used.rows]
    frame["n_est"] = estimates.n_est
    if engine.n_coef > len(engine.slopes):
        frame["alpha"] = estimates.alpha
    for position, name in enumerate(engine.slopes):
        frame[name] = estimates.beta[:, position]
    frame["sigma"] = estimates.sigma
    frame["r2"] = estimates.r2
    frame["n_window"] = np.isfinite(estimates.ar).sum(axis=1)
    length = settings.window[1] - settings.window[0] + 1
    asked = settings.estimation[1] - settings.estimation[0] + 1
    frame["notes"] = _event_notes(
        used.moved, length - frame["n_window"].to_numpy(), asked - estimates.n_est
    )
    return frame


def _event_notes(moved: Ints, missing: Ints, absent: Ints) -> NDArray[np.object_]:
    texts = np.full(len(moved), "", dtype=object)
    for values, sentence in (
        (moved, "day 0 is {} days after the given date"),
        (missing, "{} days of the event window have no return"),
        (absent, "{} days of the estimation window have no return"),
    ):
        for row in np.flatnonzero(values > 0):
            texts[row] = "; ".join(filter(None, (texts[row], sentence.format(values[row]))))
    return texts


def running_cars(ar: Floats) -> Floats:
    """(N, L) abnormal returns cumulated over the days present; NaN before the first of them."""
    present = np.isfinite(ar)
    total = np.cumsum(np.where(present, ar, 0.0), axis=1)
    total[~np.logical_or.accumulate(present, axis=1)] = np.nan
    return total
