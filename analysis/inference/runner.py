"""Every test over every day and every window of a study, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.clusters import Clusters, TwoWays, clustered_tests
from mentionstudy.analysis.inference.mean_tests import (
    cross_sectional_t,
    crude_dependence_t,
    skewness_adjusted_hall,
    skewness_adjusted_johnson,
)
from mentionstudy.analysis.inference.moments import Moments, moments
from mentionstudy.analysis.inference.outcome import Bools, TestName, TestResult
from mentionstudy.analysis.inference.portfolios import calendar_time
from mentionstudy.analysis.inference.rank_tests import (
    corrado_rank,
    corrado_sign,
    corrado_zivney,
    grank_t,
    grank_z,
)
from mentionstudy.analysis.inference.resampling import bootstrap, placebo, sign_flip
from mentionstudy.analysis.inference.scan import (
    ResidualScan,
    date_labels,
    event_days,
    scan_residuals,
    unit,
    window_members,
)
from mentionstudy.analysis.inference.sign_tests import generalized_sign, sign, wilcoxon
from mentionstudy.analysis.inference.standardized import (
    adjusted_patell,
    bmp,
    kp_bmp,
    patell,
    window_mean_sar,
)

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
        """Return one test over the days."""
        return next(result for result in self.days if result.test == test)

    def window(self, test: TestName) -> TestResult:
        """Return one test over the windows."""
        return next(result for result in self.windows if result.test == test)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The days, or the windows, as columns."""

    values: Floats
    standardized: Floats
    patell_input: Floats
    patell_form: str
    length: Ints
    members: Bools
    columns: slice
    moments: Moments
    standardized_moments: Moments


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
    sides = [_windows(arrays, options)]
    if options.days:
        sides.append(_days(arrays, len(arrays.windows)))
    scan = scan_residuals(
        arrays,
        [(side.standardized, unit(side.standardized_moments)) for side in sides],
        np.concatenate([side.members for side in sides]),
        threads=options.threads,
    )
    groups = _Groups.of(arrays)
    jobs = [_jobs(arrays, options, scan, side, groups) for side in sides]
    tests = _done(jobs, options.threads)
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


def _done(jobs: list[list[Job]], threads: int) -> list[list[TestResult]]:
    """Run the jobs of all sides on several threads, and collect the tests of each side."""
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        waiting = [[pool.submit(job) for job in side] for side in jobs]
        return [[test for job in side for test in job.result()] for side in waiting]


def _ordered(tests: list[TestResult], place: dict[TestName, int]) -> tuple[TestResult, ...]:
    return tuple(sorted(tests, key=lambda result: place[result.test]))


def _days(arrays: EventArrays, start: int) -> _Side:
    return _Side(
        values=arrays.ar,
        standardized=arrays.sar,
        patell_input=arrays.sar,
        patell_form="SAR with forecast error",
        length=np.ones(arrays.tau.size, dtype=np.int64),
        members=np.eye(arrays.tau.size, dtype=bool),
        columns=slice(start, start + arrays.tau.size),
        moments=moments(arrays.ar),
        standardized_moments=moments(arrays.sar),
    )


def _windows(arrays: EventArrays, options: BatteryOptions) -> _Side:
    form, values = "SCAR with full variance", arrays.scar
    members = window_members(arrays)
    if options.patell == "sum":
        form = "W = sum SAR/sqrt(L)"
        values = np.column_stack([window_mean_sar(arrays.sar[:, member]) for member in members])
    return _Side(
        values=arrays.car,
        standardized=arrays.scar,
        patell_input=values,
        patell_form=form,
        length=members.sum(axis=1),
        members=members,
        columns=slice(0, len(arrays.windows)),
        moments=moments(arrays.car),
        standardized_moments=moments(arrays.scar),
    )


Job = Callable[[], tuple[TestResult, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Events that have something in common.

    Attributes
    ----------
    ways
        By day 0, by firm, and by both.
    dates
        By all days of their windows.
    day
        (G, L) int64 calendar positions of those days.
    """

    ways: TwoWays
    dates: Clusters
    day: Ints

    @classmethod
    def of(cls, arrays: EventArrays) -> _Groups:
        """Group the events of a study."""
        ways = TwoWays(arrays.day0, arrays.symbol)
        dates = ways.first if arrays.event_day is None else Clusters(date_labels(arrays))
        return cls(ways=ways, dates=dates, day=event_days(arrays, dates.member))


def _jobs(
    arrays: EventArrays,
    options: BatteryOptions,
    scan: ResidualScan,
    side: _Side,
    groups: _Groups,
) -> list[Job]:
    """Return every test but the permutation, as functions to be called; the longest first."""
    values, m = side.values, side.moments
    jobs: list[Job] = [
        lambda: (wilcoxon(values),),
        lambda: clustered_tests(values, groups.ways, known=m),
        lambda: (calendar_time(arrays.ar, groups.day, side.members, dates=groups.dates),),
        lambda: _sign_tests(values, scan),
        lambda: _mean_tests(arrays, scan, side),
        lambda: _standardized_tests(arrays, scan, side),
        lambda: _rank_tests(scan, side),
    ]
    if options.bootstrap_draws:
        draws, seed = options.bootstrap_draws, options.seed
        jobs.append(lambda: (bootstrap(values, clusters=arrays.day0, draws=draws, seed=seed),))
    return jobs


def _mean_tests(arrays: EventArrays, scan: ResidualScan, side: _Side) -> tuple[TestResult, ...]:
    values, m = side.values, side.moments
    return (
        cross_sectional_t(values, weight=arrays.weight, known=m),
        crude_dependence_t(values, scan.portfolio, length=side.length, known=m),
        skewness_adjusted_johnson(values, known=m),
        skewness_adjusted_hall(values, known=m),
    )


def _standardized_tests(
    arrays: EventArrays, scan: ResidualScan, side: _Side
) -> tuple[TestResult, ...]:
    scaled, known = side.standardized, side.standardized_moments
    correlation = scan.correlation
    adjusted = {
        "correlation": correlation.r[side.columns],
        "correlation_reason": correlation.reason[side.columns],
        "convention": correlation.convention,
    }
    return (
        patell(side.patell_input, arrays.df, convention=side.patell_form),
        adjusted_patell(side.patell_input, arrays.df, **adjusted),
        bmp(scaled, known=known),
        kp_bmp(scaled, known=known, **adjusted),
    )


def _sign_tests(values: Floats, scan: ResidualScan) -> tuple[TestResult, ...]:
    return sign(values), generalized_sign(values, scan.positive)


def _rank_tests(scan: ResidualScan, side: _Side) -> tuple[TestResult, ...]:
    members, n = side.members, side.moments.n
    ranks, scaled = scan.ranks.columns(side.columns), side.standardized_moments.n
    return (
        corrado_rank(ranks, members, n),
        corrado_zivney(ranks, members, n),
        corrado_sign(ranks, members, n),
        grank_t(ranks, scaled),
        grank_z(ranks, scaled),
    )


def _permutation(
    arrays: EventArrays, options: BatteryOptions, sides: list[_Side]
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
