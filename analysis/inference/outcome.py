"""The result of a test, its p-values, and how an undefined test is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.reasons import REASONS, reason_code

TestName = Literal[
    "cross_sectional_t",
    "crude_dependence_t",
    "patell",
    "adjusted_patell",
    "bmp",
    "kp_bmp",
    "skewness_adjusted_johnson",
    "skewness_adjusted_hall",
    "clustered_t",
    "clustered_t_two_way",
    "sign",
    "generalized_sign",
    "wilcoxon",
    "corrado_rank",
    "corrado_zivney",
    "corrado_sign",
    "grank_t",
    "grank_z",
    "bootstrap",
    "permutation",
    "calendar_time",
]
Law = Literal["t", "normal", "exact", "resampling"]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

FEW_FOR_ASYMPTOTICS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test over K columns, each a day of the event window or a CAR window.

    Attributes
    ----------
    test
        Name of the test.
    statistic
        (K,) the statistic; NaN where the test is not defined, and then ``reason`` says why.
    df
        (K,) degrees of freedom; NaN for a normal, exact or resampling law.
    p
        (K,) two-sided p-value; NaN where the statistic is.
    n
        (K,) int64, events that entered.
    reason
        K sentences, empty where the test is defined.
    law
        Null distribution behind ``p``.
    warning
        K sentences about a defined test that should be read with care, else empty.
    convention
        What exactly was computed, in one line.
    estimate
        (K,) what the test is about, in the units of the input (mean CAR, ...); NaN if none.
    standard_error
        (K,) its standard error, NaN if the test has none.
    ci_low, ci_high
        (K,) 95 % confidence limits of ``estimate``, NaN where the test gives none.
    """

    __test__: ClassVar[bool] = False  # no test case, whatever pytest thinks of the name

    test: TestName
    statistic: Floats
    df: Floats
    p: Floats
    n: Ints
    reason: tuple[str, ...]
    warning: tuple[str, ...]
    law: Law
    convention: str
    estimate: Floats
    standard_error: Floats
    ci_low: Floats
    ci_high: Floats

    @property
    def defined(self) -> Bools:
        """(K,) bool, True where the test has a statistic."""
        return np.array([not text for text in self.reason], dtype=bool)

    @property
    def reason_code(self) -> tuple[str, ...]:
        """K stable codes of the reasons, empty where the test is defined."""
        return tuple(reason_code(text) for text in self.reason)

    def take(self, columns: slice) -> TestResult:
        """Return some of the columns.

        Parameters
        ----------
        columns
            Which of the K.
        """
        return replace(
            self,
            statistic=self.statistic[columns],
            df=self.df[columns],
            p=self.p[columns],
            n=self.n[columns],
            reason=self.reason[columns],
            warning=self.warning[columns],
            estimate=self.estimate[columns],
            standard_error=self.standard_error[columns],
            ci_low=self.ci_low[columns],
            ci_high=self.ci_high[columns],
        )


class Reasons:
    """Collects, per column, the first reason why a test is not defined there."""

    __slots__ = ("texts",)

    def __init__(self, n_columns: int) -> None:
        self.texts: Texts = np.full(n_columns, "", dtype=object)

    def mark(self, where: Bools, text: str) -> None:
        """Give a reason to the columns of a (K,) mask that have none yet."""
        self.texts[where & (self.texts == "")] = text

    @property
    def any(self) -> Bools:
        """(K,) bool, True where the test is undefined."""
        return np.asarray(self.texts != "", dtype=bool)


def normal_p(statistic: Floats) -> Floats:
    """Two-sided normal p-value, exact far into the tail."""
    p: Floats = special.erfc(np.abs(statistic) / np.sqrt(2.0))
    return p


def student_p(statistic: Floats, df: Floats) -> Floats:
    """Two-sided Student-t p-value, exact far into the tail."""
    p: Floats = 2.0 * special.stdtr(df, -np.abs(statistic))
    return p


def result(
    test: TestName,
    statistic: Floats,
    n: Ints,
    reasons: Reasons,
    *,
    law: Law,
    convention: str,
    df: NDArray[np.floating[Any]] | None = None,
    p: Floats | None = None,
    estimate: Floats | None = None,
    standard_error: Floats | None = None,
    limits: tuple[Floats, Floats] | None = None,
    independent: Ints | None = None,
) -> TestResult:
    """Blank the undefined columns, add p-values and, for a t law, 95 % limits.

    Parameters
    ----------
    test, statistic, n, law, convention, df, estimate, standard_error
        As in :class:`TestResult`.
    reasons
        Why some columns are undefined. A non-finite statistic without a reason gets one.
    p
        (K,) p-values; needed for the exact and resampling laws.
    limits
        Confidence limits; from the t or normal quantile of ``standard_error`` if not given.
    independent
        (K,) clusters that an asymptotic law counts in place of events.
    """
    statistic = np.asarray(statistic, dtype=np.float64)
    reasons.mark(~np.isfinite(statistic), REASONS["not_finite"])
    bad = reasons.any
    blank = np.full(statistic.shape, np.nan)
    degrees = blank.copy() if df is None else np.broadcast_to(df, statistic.shape).astype(float)
    if p is None:
        p = student_p(statistic, degrees) if law == "t" else normal_p(statistic)
    estimate = blank if estimate is None else estimate
    if standard_error is None:
        standard_error = blank
    elif limits is None:
        half = _critical(law, degrees) * standard_error
        limits = (estimate - half, estimate + half)
    low, high = (blank, blank) if limits is None else limits
    return TestResult(
        test=test,
        statistic=np.where(bad, np.nan, statistic),
        df=np.where(bad, np.nan, degrees),
        p=np.where(bad, np.nan, p),
        n=np.asarray(n, dtype=np.int64),
        reason=tuple(str(text) for text in reasons.texts),
        warning=_warnings(law, n, bad, independent),
        law=law,
        convention=convention,
        estimate=estimate,
        standard_error=np.where(bad, np.nan, standard_error),
        ci_low=np.where(bad, np.nan, low),
        ci_high=np.where(bad, np.nan, high),
    )


def _warnings(law: Law, n: Ints, bad: Bools, independent: Ints | None) -> tuple[str, ...]:
    """Say where an asymptotic law rests on few events or clusters."""
    if independent is not None:
        what, number = "clusters", independent
    elif law == "normal":
        what, number = "events", n
    else:
        return ("",) * bad.size
    return tuple(
        f"Only {count} {what}; the law is asymptotic and rough below {FEW_FOR_ASYMPTOTICS}."
        if count < FEW_FOR_ASYMPTOTICS and not undefined
        else ""
        for count, undefined in zip(number.tolist(), bad.tolist(), strict=True)
    )


def _critical(law: Law, df: Floats) -> Floats:
    """97.5 % quantile of the law."""
    if law == "t":
        quantile: Floats = special.stdtrit(df, 0.975)
        return quantile
    return np.full(df.shape, special.ndtri(0.975))
