"""What a study returns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis import export, followup
from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.assemble import event_arrays
from mentionstudy.analysis.battery import Battery
from mentionstudy.analysis.diagnostics import diagnostics_frame
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.cross_section import Covariance
from mentionstudy.analysis.placebo import Placebo
from mentionstudy.analysis.sample import EventTable, Located, exclusion_frame
from mentionstudy.analysis.settings import StudySettings, Window, parse_window
from mentionstudy.analysis.tables import (
    Used,
    WindowValues,
    ar_frame,
    buy_and_hold,
    car_frame,
    day_zero,
    event_ids,
    events_frame,
    running_cars,
)

if TYPE_CHECKING:
    from mentionstudy.analysis.plots import Plots

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
        self._values = lru_cache(maxsize=16)(self._compute_values)

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
            car_frame(self._who, self._window(window), self._bhar(window), df, window)
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

    def groups(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """CAAR of every group (the events' column ``group``) with its cross-sectional t.

        Parameters
        ----------
        first, last
            The window; without them all windows of the settings.

        Returns
        -------
        DataFrame
            window, group, n, caar, se, statistic, df, p, ci_low, ci_high, reason.
        """
        return followup.group_frame(self._arrays_of(self._windows(first, last)), self._group())

    def compare(
        self,
        first_group: str | None = None,
        second_group: str | None = None,
        *,
        window: Window | None = None,
        clustered: bool = False,
    ) -> pd.DataFrame:
        """Test whether two groups have the same CAAR.

        Parameters
        ----------
        first_group, second_group
            Their labels; may be left out when there are exactly two.
        window
            The window; by default all windows of the settings.
        clustered
            Cluster the errors by the date of day 0; otherwise Welch's t.
        """
        windows = self._windows(*(window or (None, None)))
        return followup.difference_frame(
            self._arrays_of(windows), self._group(), first_group, second_group, clustered
        )

    def regress(
        self,
        columns: Sequence[str],
        *,
        window: Window | None = None,
        covariance: Covariance = "hc1",
        weighted: bool = False,
    ) -> pd.DataFrame:
        """Regress CARs on characteristics of the events.

        Parameters
        ----------
        columns
            Columns of the events that were given; texts become 0/1 columns.
        window
            The window; by default the whole event window.
        covariance
            ``hc1``, ``classic``, or ``cluster`` by the date of day 0.
        weighted
            Weighted least squares with weights 1 / Var(CAR).

        Returns
        -------
        DataFrame
            One row a term: coefficient, se, statistic, df, p, ci_low, ci_high, n, r2, convention.
        """
        values = self._window(self._windows(*(window or self.settings.window))[0])
        return followup.regression_frame(
            values.car,
            values.car_var if weighted else None,
            self.sample,
            columns,
            covariance,
            self.arrays.day0,
        )

    def placebo(
        self, first: int | None = None, last: int | None = None, *, draws: int = 199
    ) -> pd.DataFrame:
        """Repeat the study on random other dates of the same firms.

        Parameters
        ----------
        first, last
            The window; without them all windows of the settings.
        draws
            Number of placebo samples, at least 19.

        Returns
        -------
        DataFrame
            window, test, n, mean, statistic, p, p_placebo, placebo_mean, placebo_sd, draws: the
            empirical p beside the theoretical one.
        """
        windows = self._windows(first, last)
        source = Placebo(self._engine, self._used, windows)
        arrays = self._arrays_of(windows)
        return followup.placebo_frame(arrays, source, draws, self.settings.seed)

    def _group(self) -> pd.Series:
        if self._table.column("group") is None:
            raise ConfigError("the events have no column 'group'")
        return self._who["group"]

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
        weight = self._table.weight
        return event_arrays(
            self._engine,
            self._used,
            windows,
            self._values(windows),
            weight=None if weight is None else weight[self._used.rows],
            bhar=lambda: np.column_stack([self._bhar(window) for window in windows]),
        )

    def _windows(self, first: int | None, last: int | None) -> tuple[Window, ...]:
        if first is None and last is None:
            return self.settings.car_windows
        window = parse_window((first, last))
        self.settings.check_inside(window)
        return (window,)

    def _compute_values(self, windows: tuple[Window, ...]) -> WindowValues:
        if windows == self.settings.car_windows:
            return WindowValues.of(self._used.estimates)
        return WindowValues.of(self._engine.compute(self._used.places, windows))

    def _window(self, window: Window) -> WindowValues:
        known = self.settings.car_windows
        if window in known:
            return self._values(known).column(known.index(window))
        return self._values((window,)).column(0)

    def _bhar(self, window: Window) -> Floats:
        if self.settings.measure != "return":
            return np.full(self.n_events, np.nan)
        actual, expected = self._held
        low = self.settings.window[0]
        return buy_and_hold(
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

    @property
    def plot(self) -> Plots:
        """The study's charts, as plotly figures: ``plot.caar()``, ``plot.heatmap()``, ..."""
        from mentionstudy.analysis.plots import Plots

        return Plots(self)

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
