"""The tests of a study, laid out as frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.inference.mean_tests import cross_sectional_t
from mentionstudy.analysis.inference.multiplicity import benjamini_hochberg
from mentionstudy.analysis.inference.outcome import Reasons, TestName, TestResult, result
from mentionstudy.analysis.inference.runner import BatteryOptions, BatteryResult, run_battery
from mentionstudy.analysis.settings import StudySettings, Window, window_label

Floats = NDArray[np.float64]


class Battery:
    """Runs the tests when they are first asked for and lays them out.

    Parameters
    ----------
    settings
        The study's settings.
    of_windows
        Gives the study's arrays for any CAR windows.
    """

    def __init__(
        self, settings: StudySettings, of_windows: Callable[[tuple[Window, ...]], EventArrays]
    ) -> None:
        self._settings, self._of_windows = settings, of_windows
        self._done: dict[tuple[tuple[Window, ...], bool], BatteryResult] = {}

    def averages(self, running: Floats) -> pd.DataFrame:
        """Average every day, without the tests; see :attr:`StudyResult.averages`.

        Parameters
        ----------
        running
            (N, L) abnormal returns cumulated from the window's first day.
        """
        arrays = self._of_windows(self._settings.car_windows)
        mean = cross_sectional_t(arrays.ar, weight=arrays.weight)
        total = cross_sectional_t(running, weight=arrays.weight)
        quantile = special.stdtrit(total.df, 0.5 + self._settings.confidence / 2)
        half = quantile * total.standard_error
        columns = {
            "tau": arrays.tau,
            "n": mean.n,
            "aar": mean.estimate,
            "se": mean.standard_error,
            "caar": total.estimate,
            "caar_se": total.standard_error,
            "ci_low": total.estimate - half,
            "ci_high": total.estimate + half,
        }
        return pd.DataFrame(columns)

    def daily(self, averages: pd.DataFrame) -> pd.DataFrame:
        """Put every test of every day beside the averages; see :attr:`StudyResult.aar`."""
        columns = dict(averages.items())
        for test in self._run(self._settings.car_windows, days=True).days:
            columns[test.test] = pd.Series(test.statistic)
            columns[f"{test.test}_p"] = pd.Series(test.p)
        return pd.DataFrame(columns)

    def day_tests(self) -> pd.DataFrame:
        """Every test of every day in long form; see :meth:`StudyResult.day_tests`."""
        done = self._run(self._settings.car_windows, days=True)
        labels = [int(day) for day in self._of_windows(self._settings.car_windows).tau]
        return _adjusted(_long(done.days, "tau", labels))

    def windows(self, windows: tuple[Window, ...]) -> pd.DataFrame:
        """Every test of every window; see :meth:`StudyResult.tests`."""
        known = self._settings.car_windows
        asked = known if set(windows) <= set(known) else windows
        labels = [window_label(window) for window in asked]
        frame = _long(self._run(asked).windows, "window", labels)
        return _adjusted(frame[frame["window"].isin([window_label(w) for w in windows])])

    def _not_asked(self, tests: tuple[TestResult, ...]) -> tuple[TestResult, ...]:
        """Stand in for tests that were switched off: a table always has every test."""
        if not tests:
            return ()
        off = []
        n = tests[0].n
        names: tuple[TestName, ...] = ("bootstrap", "permutation")
        for name in names:
            if all(test.test != name for test in tests):
                why = Reasons(n.size)
                why.mark(np.ones(n.size, dtype=bool), f"Not asked for: {name}_draws is 0.")
                none = np.full(n.size, np.nan)
                off.append(result(name, none, n, why, law="resampling", convention="", p=none))
        return tuple(off)

    def _run(self, windows: tuple[Window, ...], *, days: bool = False) -> BatteryResult:
        # a run over the days holds the windows too; most readers ask for the windows only
        key = next((k for k in ((windows, True), (windows, days)) if k in self._done), None)
        if key is None:
            key = (windows, days)
            self._done[key] = self._compute(windows, days=days)
        return self._done[key]

    def _compute(self, windows: tuple[Window, ...], *, days: bool) -> BatteryResult:
        options = BatteryOptions(
            patell=self._settings.patell,
            bootstrap_draws=self._settings.bootstrap_draws,
            permutation_draws=self._settings.permutation_draws,
            seed=self._settings.seed,
            days=days,
        )
        done = run_battery(self._of_windows(windows), options)
        return replace(
            done,
            days=done.days + self._not_asked(done.days),
            windows=done.windows + self._not_asked(done.windows),
        )


def _long(tests: tuple[TestResult, ...], name: str, labels: list[str] | list[int]) -> pd.DataFrame:
    """One row a label and test, the tests of one label together."""
    frames = [
        pd.DataFrame(
            {
                name: labels,
                "test": test.test,
                "n": test.n,
                "mean": test.estimate,
                "statistic": test.statistic,
                "df": test.df,
                "p": test.p,
                "ci_low": test.ci_low,
                "ci_high": test.ci_high,
                "reason": list(test.reason),
                "warning": list(test.warning),
                "convention": test.convention,
            }
        )
        for test in tests
    ]
    frame = pd.concat(frames, ignore_index=True)
    order = np.argsort(np.tile(np.arange(len(labels)), len(tests)), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _adjusted(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.insert(list(frame.columns).index("p") + 1, "p_adjusted", benjamini_hochberg(frame["p"]))
    return frame
