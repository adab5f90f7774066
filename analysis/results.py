"""What a study returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.computed import Computed
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.exclusions import exclusion_frame
from mentionstudy.analysis.placebo import Placebo
from mentionstudy.analysis.settings import StudySettings, Window, parse_window
from mentionstudy.analysis.tables import ar_frame, car_frame, car_path, events_frame, running_cars
from mentionstudy.analysis.writing import Writing

# What needs scipy is imported where it is used: scipy takes a quarter of a second to load.
if TYPE_CHECKING:
    from mentionstudy.analysis.battery import Battery
    from mentionstudy.analysis.inference.cross_section import Covariance


class StudyResult(Writing):
    """The result of an event study; every table is built when it is first asked for.

    Made by :meth:`mentionstudy.analysis.EventStudy.run`.

    Parameters
    ----------
    data
        Everything that was computed.
    """

    def __init__(self, data: Computed) -> None:
        self._data = data

    @property
    def settings(self) -> StudySettings:
        """The settings, as checked and completed."""
        return self._data.settings

    @property
    def n_events(self) -> int:
        """Number of used events."""
        return len(self._data.used.rows)

    @property
    def n_given(self) -> int:
        """Number of events that were given."""
        return len(self._data.table)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was repaired or has to be known, in sentences."""
        return self._data.notes()

    @property
    def shared_day0(self) -> float:
        """Share of the used events whose day 0 is another used event's too."""
        return self._data.shared_day0

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the aligned data and the events' places."""
        return self._data.fingerprint

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row a used event: coefficients, sigma, n_est, r2, days present, notes."""
        data = self._data
        return events_frame(data.who, data.table, data.used, data.engine)

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The user's own rows of the used events, all their columns, in the order of events."""
        return self._data.table.frame.iloc[self._data.used.rows].reset_index(drop=True)

    @cached_property
    def ar(self) -> pd.DataFrame:
        """Abnormal returns: event_id, symbol, day0, tau, actual, normal, ar, sar."""
        return ar_frame(self._data.who, self._data.used, self._data.engine)

    @cached_property
    def excluded(self) -> pd.DataFrame:
        """Every event that is not in the statistics: event_id, symbol, date, code, reason."""
        data = self._data
        return exclusion_frame(
            data.table, data.located, data.ids, data.n_est, data.engine.panel, data.settings
        )

    @property
    def flags(self) -> pd.DataFrame:
        """Marks inside the event windows: event_id, symbol, day0, tau, flag, detail."""
        return self._data.flags

    @cached_property
    def diagnostics(self) -> pd.DataFrame:
        """Diagnostics of each event's estimation.

        See :func:`mentionstudy.analysis.diagnostics.diagnostics_frame`.
        """
        from mentionstudy.analysis.diagnostics import diagnostics_frame

        data = self._data
        return diagnostics_frame(data.who, data.used, data.engine, data.arrays, data.flags)

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
        data = self._data
        frames = [
            car_frame(data.who, data.window(window), data.bhars((window,))[:, 0], data.df, window)
            for window in self._windows(first, last)
        ]
        return pd.concat(frames, ignore_index=True)

    def extended(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """CARs per event to the first day without one of the settings' ``extend_flags``.

        Parameters
        ----------
        first, last
            The window whose end is moved; without them all windows of the settings.

        Returns
        -------
        DataFrame
            As :meth:`car`, with the window that was used, and asked, extended, open_end.

        Raises
        ------
        ConfigError
            If the settings name no ``extend_flags``.
        """
        from mentionstudy.analysis.extension import extended_frame

        frames = [extended_frame(self._data, w) for w in self._windows(first, last)]
        return pd.concat(frames, ignore_index=True)

    def extensions(self, first: int | None = None, last: int | None = None) -> pd.DataFrame:
        """Mean CARs of :meth:`extended` beside those as asked.

        Parameters
        ----------
        first, last
            The window; without them all windows of the settings.

        Returns
        -------
        DataFrame
            One row a window: window, n, n_extended, n_open, caar, caar_extended, statistic, df, p
            (the cross-sectional t of the extended CARs).
        """
        from mentionstudy.analysis.extension import extension_summary

        return extension_summary(self._data, self._windows(first, last))

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
        return car_path(self._data.who, self._data.used, self._data.engine, event_id)

    @cached_property
    def aar(self) -> pd.DataFrame:
        """Averages a day: tau, n, aar, se, caar, caar_se, ci_low, ci_high, and every test.

        The band is that of the CAAR, from its cross-section and Student's law with n - 1 degrees
        of freedom. Each test has its statistic in a column of its name and its p-value in
        ``<name>_p``.
        """
        return self._battery.daily(self.averages)

    @cached_property
    def averages(self) -> pd.DataFrame:
        """The averages of :attr:`aar` without its tests, which cost most of the time."""
        return self._battery.averages(running_cars(self.arrays.ar))

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
        from mentionstudy.analysis.followup import group_frame

        return group_frame(self._data.arrays_of(self._windows(first, last)), self._group())

    def only(self, group: object) -> StudyResult:
        """Return the study of one group: averages, tests and charts of its events alone.

        Parameters
        ----------
        group
            A label of the events' column ``group``. Nothing is estimated anew; the list of
            exclusions stays that of all events.

        Raises
        ------
        ConfigError
            If no used event is in the group.
        """
        rows = np.flatnonzero((self._group() == group).to_numpy(dtype=bool))
        if not rows.size:
            known = ", ".join(sorted(map(str, self._group().unique())))
            raise ConfigError(f"no used event is in group {group!r}; the groups are {known}")
        return StudyResult(self._data.only(rows))

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

        Returns
        -------
        DataFrame
            One row a window: the difference of the CAARs, decimal, with its test and limits.

        References
        ----------
        Welch, B. (1947), Biometrika 34, 28-35, doi:10.1093/biomet/34.1-2.28.
        """
        from mentionstudy.analysis.followup import difference_frame

        windows = self._windows(*(window or (None, None)))
        return difference_frame(
            self._data.arrays_of(windows), self._group(), first_group, second_group, clustered
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
            One row a term: coefficient, se, statistic, df, p, ci_low, ci_high, n, r2, convention,
            reason.
        """
        from mentionstudy.analysis.followup import regression_frame

        values = self._data.window(self._windows(*(window or self.settings.window))[0])
        return regression_frame(
            values.car,
            values.car_var if weighted else None,
            self.sample,
            columns,
            covariance,
            self.arrays.day0,
        )

    def placebo(
        self,
        first: int | None = None,
        last: int | None = None,
        *,
        draws: int = 199,
        progress: Callable[[int, int], None] | None = None,
    ) -> pd.DataFrame:
        """Repeat the study on random other dates of the same firms.

        Parameters
        ----------
        first, last
            The window; without them all windows of the settings.
        draws
            Number of placebo samples, at least 19.
        progress
            Told after each sample how many are drawn, of how many; what it raises ends the work.

        Returns
        -------
        DataFrame
            window, test, n, mean, statistic, p, p_placebo, placebo_mean, placebo_sd, draws: the
            empirical p beside the theoretical one.
        """
        from mentionstudy.analysis.followup import placebo_frame

        windows = self._windows(first, last)
        source = Placebo(self._data.engine, self._data.used, windows)
        arrays = self._data.arrays_of(windows)
        return placebo_frame(arrays, source, draws, self.settings.seed, progress)

    def _group(self) -> pd.Series:
        if self._data.table.column("group") is None:
            raise ConfigError("the events have no column 'group'")
        return self._data.who["group"]

    @property
    def arrays(self) -> EventArrays:
        """The arrays behind the averages and tests; winsorised if the settings say so."""
        return self._data.arrays

    @cached_property
    def _battery(self) -> Battery:
        from mentionstudy.analysis.battery import Battery

        return Battery(self.settings, self._data.arrays_of)

    def _windows(self, first: int | None, last: int | None) -> tuple[Window, ...]:
        if first is None and last is None:
            return self.settings.car_windows
        window = parse_window((first, last))
        self.settings.check_inside(window)
        return (window,)
