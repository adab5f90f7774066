"""From estimates to the arrays that the tests read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.placebo import Placebo
from mentionstudy.analysis.residuals import Residuals
from mentionstudy.analysis.settings import Window
from mentionstudy.analysis.tables import Used, WindowValues

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDays:
    """Where events are in the union of all calendars.

    Attributes
    ----------
    day0
        (N,) index of day 0 into all dates.
    window
        (N, L) index of each event-window day, -1 outside; None with one calendar.
    """

    day0: Ints
    window: Ints | None


def event_arrays(
    engine: Engine,
    used: Used,
    windows: tuple[Window, ...],
    values: WindowValues,
    *,
    weight: Floats | None,
    bhar: Callable[[], Floats],
) -> EventArrays:
    """Collect the arrays of N used events, winsorised if the settings say so.

    Parameters
    ----------
    engine, used
        The study.
    windows, values
        K windows and their (N, K) CARs.
    weight
        (N,) or None.
    bhar
        Computes (N, K) buy-and-hold returns when they are asked for.
    """
    settings, estimates, share = engine.settings, used.estimates, engine.settings.winsorize
    days = calendar_days(engine, used)
    low, high = settings.window
    return EventArrays(
        tau=np.arange(low, high + 1),
        estimation_tau=np.arange(settings.estimation[0], settings.estimation[1] + 1),
        windows=windows,
        ar=winsorized(estimates.ar, share),
        sar=winsorized(estimates.sar, share),
        car=winsorized(values.car, share),
        car_var=values.car_var,
        scar=winsorized(values.scar, share),
        bhar_source=bhar,
        n_days=values.n_days,
        sigma=estimates.sigma,
        n_est=estimates.n_est,
        n_coef=engine.n_coef,
        day0=days.day0,
        symbol=used.places.symbol,
        symbols=engine.panel.symbols,
        dates=engine.panel.dates,
        weight=weight,
        residuals=Residuals(engine, used),
        placebo=Placebo(engine, used, windows),
        event_day=days.window,
        calendar=used.places.calendar,
    )


def winsorized(values: Floats, share: float) -> Floats:
    """Pull each column's ends in to its quantiles ``share`` and ``1 - share``.

    Parameters
    ----------
    values
        (N, K); NaN is left out and stays. Not changed.
    share
        Share at each end, below 0.5; 0 returns the values as they are.
    """
    if not share or not len(values):
        return values
    pulled = values.copy()
    for column in pulled.T:
        present = np.isfinite(column)
        if present.any():
            low, high = np.quantile(column[present], [share, 1.0 - share])
            column[present] = np.clip(column[present], low, high)
    return pulled


def calendar_days(engine: Engine, used: Used) -> CalendarDays:
    """Find the events in the union of all calendars' sessions."""
    panel, places = engine.panel, used.places
    low, high = engine.settings.window
    tau = np.arange(low, high + 1)
    several = len(panel.calendars) > 1
    day0 = np.zeros(len(places), dtype=np.int64)
    window = np.zeros((len(places), tau.size), dtype=np.int64) if several else None
    for index, calendar in enumerate(panel.calendars):
        rows = places.calendar == index
        day0[rows] = calendar.day[places.position[rows]]
        if window is not None:
            position = places.position[rows, None] + tau
            last = calendar.day.size - 1
            found = calendar.day[np.clip(position, 0, last)]
            window[rows] = np.where((position < 0) | (position > last), -1, found)
    return CalendarDays(day0=day0, window=window)
