"""Placebo dates: the same firms on sessions of their own on which nothing happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mentionstudy.analysis.arrays import PlaceboDraw
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.settings import Window
from mentionstudy.analysis.tables import Used

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboSample:
    """One placebo sample of N events.

    Attributes
    ----------
    ar
        (N, L) abnormal returns.
    car, scar
        (N, K).
    n_est
        (N,) int64, estimation days.
    """

    ar: Floats
    car: Floats
    scar: Floats
    n_est: Ints


class Placebo:
    """Draws, for each event, another session of its firm that could have been day 0.

    A session is eligible if it has the data that an event needs and its event window touches no
    event window of the firm.

    Parameters
    ----------
    engine
        The model over the panel.
    used
        The N used events.
    windows
        The CAR windows.
    """

    def __init__(self, engine: Engine, used: Used, windows: tuple[Window, ...]) -> None:
        self._engine, self._used, self._windows = engine, used, windows
        self._eligible: tuple[Ints, Ints, Ints] | None = None

    def draw(self, rng: np.random.Generator) -> PlaceboDraw:
        """Draw one placebo sample; a firm without an eligible session gives NaN."""
        sample = self.sample(rng)
        return PlaceboDraw(ar=sample.ar, car=sample.car, scar=sample.scar)

    def sample(self, rng: np.random.Generator) -> PlaceboSample:
        """Draw one placebo sample with what all tests need."""
        positions, start, count = self._sessions()
        places = self._used.places
        some = count > 0
        chosen = places.position.copy()
        offset = (rng.random(len(places)) * count).astype(np.int64)
        chosen[some] = positions[(start + offset)[some]]
        estimates = self._engine.compute(places.at(chosen), self._windows, repeated=True)
        usable = some & ~estimates.singular & ~estimates.flat
        with np.errstate(invalid="ignore", divide="ignore"):
            scar = estimates.car / np.sqrt(estimates.car_var)
        for values in (estimates.ar, estimates.car, scar):
            values[~usable] = np.nan
        return PlaceboSample(ar=estimates.ar, car=estimates.car, scar=scar, n_est=estimates.n_est)

    def _sessions(self) -> tuple[Ints, Ints, Ints]:
        """Eligible sessions of all series in a row, and each event's start and count therein."""
        if self._eligible is None:
            places = self._used.places
            keys = np.column_stack([places.calendar, places.symbol, places.benchmark])
            _, example, series = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            usable = self._engine.usable_sessions(places.take(example))
            lists = [
                np.flatnonzero(self._free(one, places.position[series == index]))
                for index, one in enumerate(usable)
            ]
            counts = np.array([len(one) for one in lists], dtype=np.int64)
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
            every = np.concatenate([np.empty(0, dtype=np.int64), *lists])
            self._eligible = every, starts[series], counts[series]
        return self._eligible

    def _free(self, usable: NDArray[np.bool_], own: Ints) -> NDArray[np.bool_]:
        """(D,) usable sessions whose event window touches none of the firm's events."""
        low, high = self._engine.settings.window
        reach = high - low
        change = np.zeros(len(usable) + 1, dtype=np.int64)
        np.add.at(change, np.clip(own - reach, 0, len(usable)), 1)
        np.add.at(change, np.clip(own + reach + 1, 0, len(usable)), -1)
        return np.asarray(usable & (np.cumsum(change[:-1]) == 0))
