"""Questions asked of a finished study: groups, characteristics, placebo dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.arrays import EventArrays
from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.cross_section import Covariance, cross_sectional_regression
from mentionstudy.analysis.inference.groups import difference_of_means
from mentionstudy.analysis.inference.mean_tests import cross_sectional_t
from mentionstudy.analysis.inference.outcome import TestResult
from mentionstudy.analysis.inference.sign_tests import sign
from mentionstudy.analysis.inference.standardized import bmp, patell
from mentionstudy.analysis.placebo import Placebo
from mentionstudy.analysis.settings import window_label

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def group_frame(arrays: EventArrays, group: pd.Series) -> pd.DataFrame:
    """CAAR of every group and window with its cross-sectional t.

    Parameters
    ----------
    arrays
        N events, K windows.
    group
        (N,) labels.

    Returns
    -------
    DataFrame
        window, group, n, caar, se, statistic, df, p, ci_low, ci_high (95 %), reason.
    """
    labels = group.astype("str").to_numpy()
    frames = []
    for name in sorted(set(labels)):
        rows = labels == name
        weight = None if arrays.weight is None else arrays.weight[rows]
        test = cross_sectional_t(arrays.car[rows], weight=weight)
        frames.append(
            pd.DataFrame(
                {
                    "window": [window_label(window) for window in arrays.windows],
                    "group": name,
                    "n": test.n,
                    "caar": test.estimate,
                    "se": test.standard_error,
                    "statistic": test.statistic,
                    "df": test.df,
                    "p": test.p,
                    "ci_low": test.ci_low,
                    "ci_high": test.ci_high,
                    "reason": list(test.reason),
                }
            )
        )
    if not frames:
        columns = "window group n caar se statistic df p ci_low ci_high reason"
        return pd.DataFrame(columns=columns.split())
    return pd.concat(frames, ignore_index=True)


def difference_frame(
    arrays: EventArrays, group: pd.Series, first: str | None, second: str | None, clustered: bool
) -> pd.DataFrame:
    """Difference of two groups' CAARs, one row a window.

    Parameters
    ----------
    arrays
        N events, K windows.
    group
        (N,) labels.
    first, second
        The groups; may be left out when there are exactly two.
    clustered
        Cluster the errors by the date of day 0.
    """
    clusters = arrays.day0 if clustered else None
    found = difference_of_means(
        arrays.car, group.astype("str").to_numpy(), first=first, second=second, clusters=clusters
    )
    return pd.DataFrame(
        {
            "window": [window_label(window) for window in arrays.windows],
            "first": found.first,
            "second": found.second,
            "n_first": found.n_first,
            "n_second": found.n_second,
            "caar_first": found.mean_first,
            "caar_second": found.mean_second,
            "difference": found.difference,
            "se": found.standard_error,
            "statistic": found.statistic,
            "df": found.df,
            "p": found.p,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "reason": list(found.reason),
            "convention": found.convention,
        }
    )


def regression_frame(
    car: Floats,
    variance: Floats | None,
    sample: pd.DataFrame,
    columns: Sequence[str],
    covariance: Covariance,
    clusters: Ints,
) -> pd.DataFrame:
    """Regress CARs on the events' characteristics, one row a term.

    Parameters
    ----------
    car
        (N,) CARs of one window.
    variance
        (N,) their variances for weighted least squares, or None.
    sample
        (N rows) the events' own columns.
    columns
        Characteristics: numbers as they are, other columns as 0/1 columns of every value but the
        first in order.
    covariance, clusters
        As for :func:`cross_sectional_regression`.
    """
    if isinstance(columns, str) or not columns:
        raise ConfigError("columns is a list of at least one column of the events")
    absent = [name for name in columns if name not in sample.columns]
    if absent:
        raise InputError(
            f"events: there is no column {absent[0]!r} to regress on; "
            f"the columns are {', '.join(sample.columns)}"
        )
    coded = pd.concat([_coded(sample[name]) for name in columns], axis=1)
    fitted = cross_sectional_regression(
        car,
        coded.to_numpy(dtype=np.float64),
        tuple(coded.columns),
        covariance=covariance,
        clusters=clusters if covariance == "cluster" else None,
        variance=variance,
    )
    return pd.DataFrame(
        {
            "term": fitted.names,
            "coefficient": fitted.coefficient,
            "se": fitted.standard_error,
            "statistic": fitted.statistic,
            "df": fitted.df,
            "p": fitted.p,
            "ci_low": fitted.ci_low,
            "ci_high": fitted.ci_high,
            "n": fitted.n,
            "n_dropped": fitted.n_dropped,
            "n_clusters": fitted.n_clusters,
            "r2": fitted.r2,
            "adjusted_r2": fitted.adjusted_r2,
            "convention": fitted.convention,
            "reason": list(fitted.reason),
        }
    )


def _coded(column: pd.Series) -> pd.DataFrame:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64").to_frame()
    texts = column.astype("string")
    values = sorted(texts.dropna().unique())
    if len(values) < 2:
        raise InputError(f"events: the column {column.name!r} has the same value for every event")
    coded = {
        f"{column.name}[{value}]": (texts == value).astype("Float64").to_numpy(np.float64, np.nan)
        for value in values[1:]
    }
    return pd.DataFrame(coded, index=column.index)


def placebo_frame(
    arrays: EventArrays,
    source: Placebo,
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Empirical p-values of the tests, from the same firms on other dates.

    Each draw gives every firm another eligible session as day 0 and computes the tests anew. The
    empirical two-sided p is ``(1 + draws at least as far from zero) / (1 + draws)``.

    Parameters
    ----------
    arrays
        N events, K windows.
    source
        Draws the placebo samples.
    draws
        Number of samples.
    seed
        Of the dates.
    progress
        Told after each sample how many are drawn, of how many; what it raises ends the work.

    Returns
    -------
    DataFrame
        window, test, n, mean, statistic, p (theoretical), p_placebo, placebo_mean, placebo_sd
        (of the statistic over the draws), draws.

    References
    ----------
    Brown, S. J. and Warner, J. B. (1985). Using daily stock returns. Journal of Financial
    Economics 14, 3-31.
    """
    if draws < 19:
        raise ConfigError(f"draws is {draws}; a placebo study needs at least 19")
    rng = np.random.default_rng(seed)
    actual = _quick_tests(arrays.car, arrays.scar, arrays.df)
    drawn = np.full((draws, len(actual), len(arrays.windows)), np.nan)
    for index in range(draws):
        sample = source.sample(rng)
        tests = _quick_tests(sample.car, sample.scar, sample.n_est - arrays.n_coef)
        drawn[index] = [test.statistic for test in tests]
        if progress is not None:
            progress(index + 1, draws)
    frames = []
    for place, test in enumerate(actual):
        values = drawn[:, place]
        valid = np.isfinite(values).sum(axis=0)
        far = (np.abs(values) >= np.abs(test.statistic) * (1 - 1e-12)).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # no valid draw: no value
            mean = np.nansum(values, axis=0) / valid
            spread = np.sqrt(np.nansum((values - mean) ** 2, axis=0) / (valid - 1))
        frames.append(
            pd.DataFrame(
                {
                    "window": [window_label(window) for window in arrays.windows],
                    "test": test.test,
                    "n": test.n,
                    "mean": test.estimate if place == 0 else actual[0].estimate,
                    "statistic": test.statistic,
                    "p": test.p,
                    "p_placebo": np.where(
                        np.isfinite(test.statistic) & (valid > 0), (1 + far) / (1 + valid), np.nan
                    ),
                    "placebo_mean": mean,
                    "placebo_sd": spread,
                    "draws": valid,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _quick_tests(car: Floats, scar: Floats, df: Ints) -> list[TestResult]:
    """Run the tests that need no estimation residuals."""
    tests: list[Callable[[], TestResult]] = [
        lambda: cross_sectional_t(car),
        lambda: patell(scar, df),
        lambda: bmp(scar),
        lambda: sign(car),
    ]
    return [test() for test in tests]
