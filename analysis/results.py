"""What a study returns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis import export
from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.battery import Battery
from mentionstudy.analysis.diagnostics import diagnostics_frame
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.placebo import Placebo
from mentionstudy.analysis.residuals import Residuals
from mentionstudy.analysis.sample import EventTable, Located, exclusion_frame
from mentionstudy.analysis.settings import StudySettings, Window, parse_window
from mentionstudy.analysis.tables import (
    Used,
    WindowValues,
    ar_frame,
    bhar,
    car_frame,
    day_zero,
    event_ids,
    events_frame,
    running_cars,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class StudyResult:
    """The result of an event study; every table is built when it is first asked for.

    Made by :meth:`mentionstudy.analysis.EventStudy.run`.

    Parameters
    ----------
    engine
        The model over the aligned panel.
    table
        The events as given.
    located
        Their places and exclusions.
    used
        The used events and their estimates.
    n_est
        Estimation days of every given event, zero where none were counted.
    """

    def __init__(
        self, engine: Engine, table: EventTable, located: Located, used: Used, n_est: Ints
    ) -> None:
        self._engine, self._table, self._located, self._used = engine, table, located, used
        self._n_est = n_est
        self._window = lru_cache(maxsize=64)(self._compute_window)

    @property
    def settings(self) -> StudySettings:
        """The settings, as checked and completed."""
        return self._engine.settings

    @property
    def n_events(self) -> int:
        """Number of used events."""
        return len(self._used.rows)

    @property
    def n_given(self) -> int:
        """Number of events that were given."""
        return len(self._table)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was repaired or has to be known, in sentences."""
        notes = [*self._engine.panel.notes, *self._table.notes]
        moved = int((self._used.moved > 0).sum())
        if moved:
            notes.append(
                f"events: {moved} dates are no session; day 0 is the next session "
                f"(at most {int(self._used.moved.max())} days later)."
            )
        if self.settings.winsorize:
            notes.append(
                f"Averages and tests use values winsorised at {self.settings.winsorize:.2%} "
                "of each end; the tables of single events are as computed."
            )
        shared = self.shared_day0
        if shared > 0.25 and self.n_events > 1:
            notes.append(
                f"{shared:.0%} of the events share day 0 with another; prefer kp_bmp, grank_t "
                "and clustered_t, which allow for correlation on a date."
            )
        return tuple(notes)

    @property
    def shared_day0(self) -> float:
        """Share of the used events whose day 0 is another used event's too."""
        if not self.n_events:
            return 0.0
        _, index, counts = np.unique(self._day0, return_inverse=True, return_counts=True)
        return float((counts[index] > 1).mean())

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the aligned data and the events' places."""
        digest = hashlib.sha256()
        for calendar in self._engine.panel.calendars:
            for values in (calendar.sessions, calendar.returns, calendar.market, calendar.factors):
                digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(repr(self._engine.panel.symbols).encode())
        digest.update(self._located.places.symbol.tobytes())
        digest.update(self._located.places.position.tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def _day0(self) -> NDArray[np.datetime64]:
        return day_zero(self._engine.panel, self._used.places)

    @cached_property
    def _ids(self) -> pd.Series:
        """(N_given,) ids of all given events."""
        days = pd.Series(day_zero(self._engine.panel, self._located.places))
        unplaced = self._located.code >= 0
        days[unplaced] = self._table.date[unplaced]
        return event_ids(self._table, self._table.symbol, days)

    @cached_property
    def _who(self) -> pd.DataFrame:
        rows = self._used.rows
        group = self._table.column("group")
        return pd.DataFrame(
            {
                "event_id": self._ids.iloc[rows].to_numpy(),
                "symbol": self._table.symbol.iloc[rows].astype("str").str.strip().to_numpy(),
                "day0": self._day0,
                "group": "" if group is None else group.iloc[rows].to_numpy(),
            }
        )

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row a used event: coefficients, sigma, n_est, r2, days present, notes."""
        return events_frame(self._who, self._table, self._used, self._engine)

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The user's own rows of the used events, all their columns, in the order of events."""
        return self._table.frame.iloc[self._used.rows].reset_index(drop=True)

    @cached_property
    def ar(self) -> pd.DataFrame:
        """Abnormal returns: event_id, symbol, day0, tau, actual, normal, ar, sar."""
        return ar_frame(self._who, self._used, self._engine)

    @cached_property
    def excluded(self) -> pd.DataFrame:
        """Every event that is not in the statistics: event_id, symbol, date, code, reason."""
        return exclusion_frame(
            self._table, self._located, self._ids, self._n_est, self._engine.panel, self.settings
        )

    @cached_property
    def diagnostics(self) -> pd.DataFrame:
        """Diagnostics of each event's estimation.

        See :func:`mentionstudy.analysis.diagnostics.diagnostics_frame`.
        """
        return diagnostics_frame(self._who, self._used, self._engine, self.arrays)

    def car(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Cumulative abnormal returns per event.

        Parameters
        ----------
        first, last
            The window, inside the event window; without them all windows of the settings.

        Returns
        -------
        DataFrame
            event_id, symbol, day0, group, window, car, se, scar, t, df, p, n, bhar.

        Raises
        ------
        ConfigError
            If the window is not inside the event window.
        """
        df = self._used.estimates.n_est - self._engine.n_coef
        frames = [
            car_frame(self._who, self._window(window), df, window)
            for window in self._windows(first, last)
        ]
        return pd.concat(frames, ignore_index=True)

    def car_path(self, event_id: object) -> pd.DataFrame:
        """One event's CAR from the first day of the event window on, with its band.

        Parameters
        ----------
        event_id
            As in :attr:`events`.

        Returns
        -------
        DataFrame
            tau, ar, car, se, ci_low, ci_high, n; the band from Student's law with M - k degrees of
            freedom at the level of the settings.
        """
        match = np.flatnonzero((self._who["event_id"] == event_id).to_numpy())
        if not match.size:
            raise ConfigError(f"{event_id!r} is no used event; see result.events and .excluded")
        low, high = self.settings.window
        windows = tuple((low, tau) for tau in range(low, high + 1))
        estimates = self._engine.compute(self._used.places.take(match[:1]), windows)
        df = estimates.n_est - self._engine.n_coef
        se = np.sqrt(estimates.car_var[0])
        half = special.stdtrit(df, 0.5 + self.settings.confidence / 2) * se
        car = estimates.car[0]
        return pd.DataFrame(
            {
                "tau": np.arange(low, high + 1),
                "ar": estimates.ar[0],
                "car": car,
                "se": se,
                "ci_low": car - half,
                "ci_high": car + half,
                "n": estimates.n_days[0],
            }
        )

    @cached_property
    def aar(self) -> pd.DataFrame:
        """Averages a day: tau, n, aar, se, caar, caar_se, ci_low, ci_high, and every test.

        The band is that of the CAAR, from its cross-section and Student's law with n - 1 degrees
        of freedom. Each test has its statistic in a column of its name and its p-value in
        ``<name>_p``.
        """
        return self._battery.daily(running_cars(self.arrays.ar))

    def tests(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Every test of the mean CAR of a window.

        Parameters
        ----------
        first, last
            The window, inside the event window; without them all windows of the settings.

        Returns
        -------
        DataFrame
            window, test, n, mean, statistic, df, p, p_adjusted, ci_low, ci_high (95 %), reason,
            warning, convention. A test that is not defined for the sample has no statistic and a
            reason; ``p_adjusted`` is Benjamini and Hochberg's over the rows that are returned.
        """
        return self._battery.windows(self._windows(first, last))

    def day_tests(self) -> pd.DataFrame:
        """Every test of every day's average abnormal return, in long form.

        Returns
        -------
        DataFrame
            As :meth:`tests`, with ``tau`` in place of ``window``; :attr:`aar` has the same
            statistics and p-values as columns.
        """
        return self._battery.day_tests()

    @cached_property
    def arrays(self) -> EventArrays:
        """The arrays behind the averages and tests; winsorised if the settings say so."""
        return self._build(self.settings.car_windows)

    @cached_property
    def _battery(self) -> Battery:
        return Battery(self.settings, self._arrays_of)

    def _arrays_of(self, windows: tuple[Window, ...]) -> EventArrays:
        return self.arrays if windows == self.settings.car_windows else self._build(windows)

    def _build(self, windows: tuple[Window, ...]) -> EventArrays:
        values = [self._window(window) for window in windows]
        estimates, share = self._used.estimates, self.settings.winsorize
        panel, places = self._engine.panel, self._used.places
        low, high = self.settings.window
        position = _calendar_days(self._engine, self._used)
        return EventArrays(
            tau=np.arange(low, high + 1),
            estimation_tau=np.arange(self.settings.estimation[0], self.settings.estimation[1] + 1),
            windows=windows,
            ar=winsorized(estimates.ar, share),
            sar=winsorized(estimates.sar, share),
            car=winsorized(np.column_stack([value.car for value in values]), share),
            car_var=np.column_stack([value.car_var for value in values]),
            scar=winsorized(np.column_stack([value.scar for value in values]), share),
            bhar_source=lambda: np.column_stack([self._bhar(window) for window in windows]),
            n_days=np.column_stack([value.n_days for value in values]),
            sigma=estimates.sigma,
            n_est=estimates.n_est,
            n_coef=self._engine.n_coef,
            day0=position[0],
            symbol=places.symbol,
            symbols=panel.symbols,
            dates=panel.dates,
            weight=None if self._table.weight is None else self._table.weight[self._used.rows],
            residuals=Residuals(self._engine, self._used),
            placebo=Placebo(self._engine, self._used, windows),
            event_day=position[1],
            calendar=places.calendar,
        )

    def _windows(self, first: int | None, last: int | None) -> tuple[Window, ...]:
        if first is None and last is None:
            return self.settings.car_windows
        window = parse_window((first, last))
        self.settings.check_inside(window)
        return (window,)

    def _compute_window(self, window: Window) -> WindowValues:
        estimates = self._used.estimates
        if window in self.settings.car_windows:
            column = self.settings.car_windows.index(window)
        else:
            estimates, column = self._engine.compute(self._used.places, (window,)), 0
        car, variance = estimates.car[:, column], estimates.car_var[:, column]
        with np.errstate(invalid="ignore", divide="ignore"):
            scar = car / np.sqrt(variance)
        return WindowValues(
            car=car,
            car_var=variance,
            scar=scar,
            n_days=estimates.n_days[:, column],
            bhar=self._bhar(window),
        )

    def _bhar(self, window: Window) -> Floats:
        actual, expected = self._held
        low = self.settings.window[0]
        return bhar(
            actual,
            expected,
            slice(window[0] - low, window[1] - low + 1),
            log=self.settings.return_kind == "log",
        )

    @cached_property
    def _held(self) -> tuple[Floats, Floats]:
        actual = self._engine.event_returns(self._used.places)
        if self.settings.bhar == "market":
            return actual, self._engine.market_returns(self._used.places)
        return actual, actual - self._used.estimates.ar

    def _repr_html_(self) -> str:
        """Show the summary in a notebook."""
        from mentionstudy.analysis.display import html

        return html(self)

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Describe the study in a screen of text: sample, settings, averages, tests, exclusions."""
        from mentionstudy.analysis.display import text

        return text(self)

    def to_frame(self, table: str = "tests") -> pd.DataFrame:
        """Return a table by name: tests, aar, car, ar, events, diagnostics, excluded."""
        known = export.tables(self)
        if table not in known:
            raise ConfigError(f"{table!r} is no table; the tables are {', '.join(known)}")
        return known[table]()

    def to_csv_dir(
        self, folder: str | Path, provenance: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write every table as CSV and ``study.json`` into a folder; returns the files."""
        return export.to_csv_dir(self, folder, provenance)

    def to_parquet(
        self, folder: str | Path, provenance: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write every table as Parquet and ``study.json`` into a folder; returns the files."""
        return export.to_parquet(self, folder, provenance)

    def to_excel(
        self, path: str | Path | BinaryIO, provenance: Mapping[str, Any] | None = None
    ) -> None:
        """Write a formatted workbook, settings included, to a path or an open binary file."""
        export.to_excel(self, path, provenance)

    def to_latex(self, table: str = "tests") -> str:
        """Return a table as LaTeX for ``booktabs``."""
        return export.to_latex(self, table)

    def to_dict(self) -> dict[str, Any]:
        """Return what reproduces the study: settings, digest, counts, model, notes."""
        from mentionstudy.analysis.display import facts

        return facts(self)


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


def _calendar_days(engine: Engine, used: Used) -> tuple[Ints, Ints | None]:
    """(N,) day 0 as an index into all dates, and (N, L) of each day if calendars differ."""
    panel, places = engine.panel, used.places
    day0 = np.zeros(len(places), dtype=np.int64)
    low, high = engine.settings.window
    tau = np.arange(low, high + 1)
    several = len(panel.calendars) > 1
    days = np.zeros((len(places), len(tau)), dtype=np.int64) if several else None
    for index, calendar in enumerate(panel.calendars):
        rows = places.calendar == index
        day0[rows] = calendar.day[places.position[rows]]
        if days is not None:
            position = places.position[rows, None] + tau
            outside = (position < 0) | (position >= calendar.day.size)
            days[rows] = np.where(
                outside, -1, calendar.day[np.clip(position, 0, calendar.day.size - 1)]
            )
    return day0, days
