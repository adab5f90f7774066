"""Every test over every day and every window of a study, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.jobs import (
    Groups,
    Side,
    battery_jobs,
    done,
    of_days,
    of_windows,
)
from mentionstudy.analysis.inference.outcome import TestName, TestResult
from mentionstudy.analysis.inference.resampling import bootstrap, placebo, sign_flip
from mentionstudy.analysis.inference.scan import scan_residuals, unit

PLACEBO_EVENTS = 500_000
"""More placebo events than this are not drawn; the permutation then flips signs by date."""
HIGH_CLUSTERING = 0.25
"""From this share of events on a shared day 0 on, tests for dependent events come first."""
_DEPENDENT: tuple[TestName, ...] = ("kp_bmp", "grank_t", "clustered_t", "adjusted_patell")
_ORDER: tuple[TestName, ...] = (
    "cross_sectional_t",
    "bmp",
    "kp_bmp",
    "grank_t",
    "clustered_t",
    "clustered_t_two_way",
    "calendar_time",
    "crude_dependence_t",
    "patell",
    "adjusted_patell",
    "skewness_adjusted_johnson",
    "skewness_adjusted_hall",
    "sign",
    "generalized_sign",
    "wilcoxon",
    "corrado_rank",
    "corrado_zivney",
    "corrado_sign",
    "grank_z",
    "bootstrap",
    "permutation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryOptions:
    """How the battery is run.

    Attributes
    ----------
    patell
        ``"exact"``: SCAR with its full variance; ``"sum"``: Patell's sum of SARs.
    bootstrap_draws, permutation_draws
        Resamples; 0 leaves the test out.
    seed
        Seed of both.
    days
        Also test every day of the event window, not only the CAR windows.
    threads
        Blocks and tests computed at a time; changes no result.
    """

    patell: Literal["exact", "sum"] = "exact"
    bootstrap_draws: int = 999
    permutation_draws: int = 199
    seed: int = 0
    days: bool = True
    threads: int = 2

    def __post_init__(self) -> None:
        """Check the options.

        Raises
        ------
        ConfigError
            For an option that is not allowed.
        """
        if self.patell not in ("exact", "sum"):
            raise ConfigError(f"patell is {self.patell!r}; allowed: 'exact', 'sum'")
        for name, least in (("bootstrap_draws", 99), ("permutation_draws", 19)):
            value = getattr(self, name)
            if value != 0 and value < least:
                raise ConfigError(f"{name} is {value}; it is 0 (left out) or at least {least}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryResult:
    """All tests of a study.

    Attributes
    ----------
    days
        Per test, one column for each day of the event window; empty if not asked for.
    windows
        Per test, one column for each CAR window.
    shared_day_share
        Share of the events whose day 0 is the day 0 of another event too.
    mean_correlation
        (K,) mean residual correlation of each window, see :func:`mean_residual_correlation`.
    notes
        Sentences that belong beside the numbers.
    """

    days: tuple[TestResult, ...]
    windows: tuple[TestResult, ...]
    shared_day_share: float
    mean_correlation: Floats
    notes: tuple[str, ...]

    def day(self, test: TestName) -> TestResult:
        """Return one test over the days.

        Parameters
        ----------
        test
            Its name.
        """
        return next(result for result in self.days if result.test == test)

    def window(self, test: TestName) -> TestResult:
        """Return one test over the windows.

        Parameters
        ----------
        test
            Its name.
        """
        return next(result for result in self.windows if result.test == test)


def shared_day_share(day0: Ints) -> float:
    """Share of events whose date another event has too.

    Parameters
    ----------
    day0
        (N,) int64 dates.
    """
    if day0.size == 0:
        return 0.0
    _, code, count = np.unique(day0, return_inverse=True, return_counts=True)
    return float((count[code] > 1).mean())


def test_order(share: float) -> tuple[TestName, ...]:
    """Order the tests for display.

    Parameters
    ----------
    share
        Share of events on a shared day 0. From 25 % on, the tests that allow for dependent
        events (Kolari-Pynnonen, GRANK-T, clustered by date, adjusted Patell) come first.
    """
    if share < HIGH_CLUSTERING:
        return _ORDER
    return _DEPENDENT + tuple(name for name in _ORDER if name not in _DEPENDENT)


test_order.__test__ = False  # type: ignore[attr-defined]  # no test case, whatever its name


def run_battery(arrays: EventArrays, options: BatteryOptions | None = None) -> BatteryResult:
    """Run every test over every day and every window.

    Parameters
    ----------
    arrays
        N events.
    options
        Defaults if None.

    Returns
    -------
    BatteryResult
        Tests in the order of :func:`test_order`; one that is not defined has its reason.

    Notes
    -----
    Only the cross-sectional t uses ``arrays.weight``; all other tests weigh events equally and
    the notes say so.
    """
    options = BatteryOptions() if options is None else options
    sides = [of_windows(arrays, options.patell)]
    if options.days:
        sides.append(of_days(arrays, len(arrays.windows)))
    scan = scan_residuals(
        arrays,
        [(side.standardized, unit(side.standardized_moments)) for side in sides],
        np.concatenate([side.members for side in sides]),
        threads=options.threads,
    )
    groups = Groups.of(arrays)
    jobs = [battery_jobs(arrays, scan, side, groups) for side in sides]
    if options.bootstrap_draws:
        for waiting, side in zip(jobs, sides, strict=True):
            waiting.append(partial(_bootstrap, arrays, options, side))
    tests = done(jobs, options.threads)
    if options.permutation_draws:
        permuted = _permutation(arrays, options, sides)
        tests = [[*one, extra] for one, extra in zip(tests, permuted, strict=True)]
    share = shared_day_share(arrays.day0)
    place = {name: index for index, name in enumerate(test_order(share))}
    return BatteryResult(
        days=_ordered(tests[1], place) if options.days else (),
        windows=_ordered(tests[0], place),
        shared_day_share=share,
        mean_correlation=scan.correlation.r[sides[0].columns],
        notes=_notes(arrays, share),
    )


def _ordered(tests: list[TestResult], place: dict[TestName, int]) -> tuple[TestResult, ...]:
    return tuple(sorted(tests, key=lambda result: place[result.test]))


def _bootstrap(arrays: EventArrays, options: BatteryOptions, side: Side) -> tuple[TestResult, ...]:
    draws, seed = options.bootstrap_draws, options.seed
    return (bootstrap(side.values, clusters=arrays.day0, draws=draws, seed=seed),)


def _permutation(
    arrays: EventArrays, options: BatteryOptions, sides: list[Side]
) -> list[TestResult]:
    """Permutation test of every side, all from the same placebo samples."""
    draws, seed, source = options.permutation_draws, options.seed, arrays.placebo
    if source is None or draws * arrays.n_events > PLACEBO_EVENTS or arrays.n_events == 0:
        flips = max(draws, 999)
        return [
            sign_flip(side.values, clusters=arrays.day0, draws=flips, seed=seed) for side in sides
        ]

    def draw(rng: np.random.Generator) -> Floats:
        sample = source.draw(rng)
        parts = (sample.car, sample.ar)
        return np.concatenate(parts[: len(sides)], axis=1)

    values = np.concatenate([side.values for side in sides], axis=1)
    both = placebo(values, draw, draws=draws, seed=seed)
    return [both.take(side.columns) for side in sides]


def _notes(arrays: EventArrays, share: float) -> tuple[str, ...]:
    notes = []
    if share >= HIGH_CLUSTERING:
        notes.append(
            f"{share:.0%} of the events share day 0 with another event: their returns are not "
            "independent; rely on kp_bmp, grank_t and clustered_t."
        )
    if 0 < arrays.n_events < 10:
        notes.append(f"Only {arrays.n_events} events: tests with a normal law are rough below 10.")
    if arrays.weight is not None:
        notes.append("Only cross_sectional_t uses the weights; all other tests weigh equally.")
    return tuple(notes)
