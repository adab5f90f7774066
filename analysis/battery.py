"""Every test over every day and every window of a study."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.inference.mean_tests import cross_sectional_t
from mentionstudy.analysis.inference.outcome import TestResult
from mentionstudy.analysis.settings import StudySettings, Window, window_label

Floats = NDArray[np.float64]


class Battery:
    """Runs the tests and lays their results out as frames.

    Parameters
    ----------
    settings
        The study's settings.
    arrays
        The arrays with the windows of the settings.
    of_windows
        Gives the arrays with other windows.
    """

    def __init__(
        self,
        settings: StudySettings,
        arrays: EventArrays,
        of_windows: Callable[[tuple[Window, ...]], EventArrays],
    ) -> None:
        self._settings, self._arrays, self._of_windows = settings, arrays, of_windows

    def daily(self, running: Floats) -> pd.DataFrame:
        """Average and test every day; see :attr:`StudyResult.aar`.

        Parameters
        ----------
        running
            (N, L) abnormal returns cumulated from the window's first day.
        """
        arrays = self._arrays
        mean = cross_sectional_t(arrays.ar, weight=arrays.weight)
        total = cross_sectional_t(running, weight=arrays.weight)
        half = special.stdtrit(total.df, 0.5 + self._settings.confidence / 2)
        half = half * total.standard_error
        frame = pd.DataFrame(
            {
                "tau": arrays.tau,
                "n": mean.n,
                "aar": mean.estimate,
                "se": mean.standard_error,
                "caar": total.estimate,
                "caar_se": total.standard_error,
                "ci_low": total.estimate - half,
                "ci_high": total.estimate + half,
            }
        )
        for test in self._day_tests():
            frame[test.test] = test.statistic
            frame[f"{test.test}_p"] = test.p
        return frame

    def windows(self, windows: tuple[Window, ...]) -> pd.DataFrame:
        """Run the tests of every window; see :meth:`StudyResult.tests`."""
        arrays = self._arrays
        if windows != arrays.windows:
            arrays = self._of_windows(windows)
        frames = [_test_frame(test, windows) for test in self._window_tests(arrays)]
        return (
            pd.concat(frames, ignore_index=True)
            .sort_values(
                "window",
                kind="stable",
                key=lambda c: c.map({window_label(w): i for i, w in enumerate(windows)}),
            )
            .reset_index(drop=True)
        )

    def _day_tests(self) -> list[TestResult]:
        return [cross_sectional_t(self._arrays.ar, weight=self._arrays.weight)]

    def _window_tests(self, arrays: EventArrays) -> list[TestResult]:
        return [cross_sectional_t(arrays.car, weight=arrays.weight)]


def _test_frame(test: TestResult, windows: tuple[Window, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "window": [window_label(window) for window in windows],
            "test": test.test,
            "n": test.n,
            "mean": test.estimate,
            "statistic": test.statistic,
            "df": test.df,
            "p": test.p,
            "ci_low": test.ci_low,
            "ci_high": test.ci_high,
            "reason": list(test.reason),
            "convention": test.convention,
        }
    )
