"""The tests of a battery, as functions that several threads call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints
from mentionstudy.analysis.inference.clusters import Clusters, TwoWays, clustered_tests
from mentionstudy.analysis.inference.mean_tests import (
    cross_sectional_t,
    crude_dependence_t,
    skewness_adjusted_hall,
    skewness_adjusted_johnson,
)
from mentionstudy.analysis.inference.moments import Moments, moments
from mentionstudy.analysis.inference.outcome import Bools, TestResult
from mentionstudy.analysis.inference.portfolios import calendar_time
from mentionstudy.analysis.inference.rank_tests import (
    corrado_rank,
    corrado_sign,
    corrado_zivney,
    grank_t,
    grank_z,
)
from mentionstudy.analysis.inference.scan import (
    ResidualScan,
    date_labels,
    event_days,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
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


Job = Callable[[], tuple[TestResult, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
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
    def of(cls, arrays: EventArrays) -> Groups:
        """Group the events of a study."""
        ways = TwoWays(arrays.day0, arrays.symbol)
        dates = ways.first if arrays.event_day is None else Clusters(date_labels(arrays))
        return cls(ways=ways, dates=dates, day=event_days(arrays, dates.member))


def battery_jobs(arrays: EventArrays, scan: ResidualScan, side: Side, groups: Groups) -> list[Job]:
    """Return every test but the resampling ones, as functions to be called; the longest first."""
    values, m = side.values, side.moments
    return [
        lambda: (wilcoxon(values),),
        lambda: clustered_tests(values, groups.ways, known=m),
        lambda: (calendar_time(arrays.ar, groups.day, side.members, dates=groups.dates),),
        lambda: _sign_tests(values, scan),
        lambda: _mean_tests(arrays, scan, side),
        lambda: _standardized_tests(arrays, scan, side),
        lambda: _rank_tests(scan, side),
    ]


def _mean_tests(arrays: EventArrays, scan: ResidualScan, side: Side) -> tuple[TestResult, ...]:
    values, m = side.values, side.moments
    return (
        cross_sectional_t(values, weight=arrays.weight, known=m),
        crude_dependence_t(values, scan.portfolio, length=side.length, known=m),
        skewness_adjusted_johnson(values, known=m),
        skewness_adjusted_hall(values, known=m),
    )


def _standardized_tests(
    arrays: EventArrays, scan: ResidualScan, side: Side
) -> tuple[TestResult, ...]:
    scaled, known = side.standardized, side.standardized_moments
    correlation = scan.correlation
    r, why = correlation.r[side.columns], correlation.reason[side.columns]
    how = correlation.convention
    return (
        patell(side.patell_input, arrays.df, convention=side.patell_form),
        adjusted_patell(
            side.patell_input,
            arrays.df,
            correlation=r,
            correlation_reason=why,
            convention=how,
        ),
        bmp(scaled, known=known),
        kp_bmp(scaled, correlation=r, correlation_reason=why, convention=how, known=known),
    )


def _sign_tests(values: Floats, scan: ResidualScan) -> tuple[TestResult, ...]:
    return sign(values), generalized_sign(values, scan.positive)


def _rank_tests(scan: ResidualScan, side: Side) -> tuple[TestResult, ...]:
    members, n = side.members, side.moments.n
    ranks, scaled = scan.ranks.columns(side.columns), side.standardized_moments.n
    return (
        corrado_rank(ranks, members, n),
        corrado_zivney(ranks, members, n),
        corrado_sign(ranks, members, n),
        grank_t(ranks, scaled),
        grank_z(ranks, scaled),
    )


def of_days(arrays: EventArrays, start: int) -> Side:
    """Take every day of the event window as a column; ``start`` columns come before."""
    return Side(
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


def of_windows(arrays: EventArrays, form_of_patell: str) -> Side:
    """Take every CAR window as a column."""
    form, values = "SCAR with full variance", arrays.scar
    members = window_members(arrays)
    if form_of_patell == "sum":
        form = "W = sum SAR/sqrt(L)"
        values = np.column_stack([window_mean_sar(arrays.sar[:, member]) for member in members])
    return Side(
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


def done(jobs: list[list[Job]], threads: int) -> list[list[TestResult]]:
    """Run the jobs of all sides on several threads, and collect the tests of each side."""
    if threads <= 1:
        return [[test for job in side for test in job()] for side in jobs]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        waiting = [[pool.submit(job) for job in side] for side in jobs]
        return [[test for job in side for test in job.result()] for side in waiting]
