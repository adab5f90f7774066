"""Everything that a study has computed, and the arrays derived from it on demand."""

from __future__ import annotations

import hashlib
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.assemble import event_arrays
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.extension import extension_notes
from mentionstudy.analysis.flags import flag_hits
from mentionstudy.analysis.sample import USED, EventTable, Located
from mentionstudy.analysis.settings import StudySettings, Window
from mentionstudy.analysis.tables import (
    Used,
    WindowValues,
    buy_and_hold,
    day_zero,
    event_ids,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# CARs of windows that were asked for beside the settings' and are kept.
_KEPT = 16


class Computed:
    """The numbers behind a result.

    Parameters
    ----------
    engine
        The model over the aligned panel.
    table
        The events as given.
    located
        Their places and exclusions.
    used
        The N used events and their estimates.
    n_est
        Estimation days of every given event, zero where none were counted.
    flags
        Marks on single days, or None.
    """

    def __init__(
        self,
        engine: Engine,
        table: EventTable,
        located: Located,
        used: Used,
        n_est: Ints,
        flags: pd.DataFrame | None = None,
    ) -> None:
        self._flags = flags
        self.engine, self.table, self.located = engine, table, located
        self.used, self.n_est = used, n_est
        self._values: dict[tuple[Window, ...], WindowValues] = {}

    @property
    def settings(self) -> StudySettings:
        """The study's settings."""
        return self.engine.settings

    @property
    def df(self) -> Ints:
        """(N,) residual degrees of freedom."""
        return np.asarray(self.used.estimates.n_est - self.engine.n_coef)

    @cached_property
    def day0(self) -> NDArray[np.datetime64]:
        """(N,) datetime64[ns] day 0."""
        return day_zero(self.engine.panel, self.used.places)

    @cached_property
    def ids(self) -> pd.Series:
        """Ids of all given events, used or not."""
        days = pd.Series(day_zero(self.engine.panel, self.located.places))
        unplaced = self.located.code != USED
        days[unplaced] = self.table.date[unplaced]
        return event_ids(self.table, self.table.symbol, days)

    @cached_property
    def who(self) -> pd.DataFrame:
        """(N rows) event_id, symbol, day0, group."""
        rows = self.used.rows
        group = self.table.column("group")
        return pd.DataFrame(
            {
                "event_id": self.ids.iloc[rows].to_numpy(),
                "symbol": self.table.symbol.iloc[rows].astype("str").str.strip().to_numpy(),
                "day0": self.day0,
                "group": "" if group is None else group.iloc[rows].to_numpy(),
            }
        )

    def only(self, rows: Ints) -> Computed:
        """Return the same study with some of its used events."""
        return Computed(
            self.engine, self.table, self.located, self.used.take(rows), self.n_est, self._flags
        )

    @cached_property
    def hits(self) -> pd.DataFrame:
        """Marks inside the event windows: event (0 to N - 1), tau, flag, detail."""
        return flag_hits(self._flags, self.engine.panel, self.used.places, self.settings.window)

    @cached_property
    def flags(self) -> pd.DataFrame:
        """Marks inside the event windows: event_id, symbol, day0, tau, flag, detail."""
        hits = self.hits
        who = self.who[["event_id", "symbol", "day0"]].iloc[hits["event"]]
        return pd.concat([who.reset_index(drop=True), hits.drop(columns="event")], axis=1)

    @cached_property
    def arrays(self) -> EventArrays:
        """Arrays with the CAR windows of the settings."""
        return self._build(self.settings.car_windows)

    def arrays_of(self, windows: tuple[Window, ...]) -> EventArrays:
        """Arrays with any CAR windows."""
        return self.arrays if windows == self.settings.car_windows else self._build(windows)

    def _build(self, windows: tuple[Window, ...]) -> EventArrays:
        weight = self.table.weight
        return event_arrays(
            self.engine,
            self.used,
            windows,
            self.values(windows),
            weight=None if weight is None else weight[self.used.rows],
            bhar=partial(self.bhars, windows),
        )

    def values(self, windows: tuple[Window, ...]) -> WindowValues:
        """CARs of K windows."""
        if windows not in self._values:
            while len(self._values) >= _KEPT:
                self._values.pop(next(iter(self._values)))
            known = windows == self.settings.car_windows
            estimates = (
                self.used.estimates if known else self.engine.compute(self.used.places, windows)
            )
            self._values[windows] = WindowValues.of(estimates)
        return self._values[windows]

    def window(self, window: Window) -> WindowValues:
        """CARs of one window, as (N,) arrays."""
        known = self.settings.car_windows
        if window in known:
            return self.values(known).column(known.index(window))
        return self.values((window,)).column(0)

    def bhars(self, windows: tuple[Window, ...]) -> Floats:
        """(N, K) buy-and-hold abnormal returns; NaN where the measure is no return."""
        if self.settings.measure != "return":
            return np.full((len(self.used.rows), len(windows)), np.nan)
        actual, expected = self._held
        low = self.settings.window[0]
        log = self.settings.return_kind == "log"
        columns = [slice(first - low, last - low + 1) for first, last in windows]
        return np.column_stack([buy_and_hold(actual, expected, run, log=log) for run in columns])

    @cached_property
    def _held(self) -> tuple[Floats, Floats]:
        """(N, L) actual returns, and those that were expected."""
        actual = self.engine.event_returns(self.used.places)
        if self.settings.bhar == "market":
            return actual, self.engine.market_returns(self.used.places)
        return actual, actual - self.used.estimates.ar

    @property
    def shared_day0(self) -> float:
        """Share of the used events whose day 0 is another used event's too."""
        if not len(self.day0):
            return 0.0
        _, index, counts = np.unique(self.day0, return_inverse=True, return_counts=True)
        return float((counts[index] > 1).mean())

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the aligned data and the events' places."""
        digest = hashlib.sha256()
        panel, places = self.engine.panel, self.located.places
        # only the events' firms, by name: the panel may hold others, in any order
        rows = np.unique(places.symbol[places.symbol >= 0])
        rows = rows[np.argsort(np.array(panel.symbols, dtype=object)[rows])]
        rank = np.full(len(panel.symbols) + 1, -1)
        rank[rows] = np.arange(len(rows))
        for calendar in panel.calendars:
            own = calendar.returns[rows]
            for values in (calendar.sessions, own, calendar.market, calendar.factors):
                digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(repr([panel.symbols[row] for row in rows]).encode())
        digest.update(rank[places.symbol].tobytes())
        digest.update(places.position.tobytes())
        return digest.hexdigest()[:16]

    def notes(self) -> tuple[str, ...]:
        """Say what was repaired or has to be known, in sentences."""
        notes = [*self.engine.panel.notes, *self.table.notes]
        moved = int((self.used.moved > 0).sum())
        if moved:
            notes.append(
                f"events: {moved} dates are no session; day 0 is the next session "
                f"(at most {int(self.used.moved.max())} days later)."
            )
        if self.settings.winsorize:
            notes.append(
                f"Averages and tests use values winsorised at {self.settings.winsorize:.2%} "
                "of each end; the tables of single events are as computed."
            )
        if self.table.weight is not None:
            notes.append(
                "Averages and their cross-sectional t use the weights; all other tests weigh "
                "events equally."
            )
        for flag, rows in self.flags.groupby("flag"):
            notes.append(
                f"events: {rows['event_id'].nunique()} of {len(self.used.rows)} carry the flag "
                f"{flag!r} in the event window."
            )
        notes += extension_notes(self)
        n, shared = len(self.used.rows), self.shared_day0
        if 1 < n < 10:
            notes.append(f"Only {n} events: tests with a normal law are rough below 10.")
        if shared > 0.25 and n > 1:
            notes.append(
                f"{shared:.0%} of the events share day 0 with another; prefer kp_bmp, grank_t "
                "and clustered_t, which allow for correlation on a date."
            )
        return tuple(notes)
