"""Least squares over many estimation windows at once.

The sums of a window are differences of running sums, so that an event costs a few look-ups
whatever the window's length. Running sums lose digits where an earlier outlier dwarfs the window,
or where the residuals are tiny beside the returns; :func:`fit` notices both and computes those
events' sums directly, in two passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mentionstudy.analysis.models.base import Coefficients, Design, Model, Moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A window whose sums of squares are less than this share of the running sum is computed directly.
_SHARE = 1.0 / 250.0
# Relative size below which a sum of squared deviations is rounding, not variation.
_ROUNDING = 1e-24


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Estimates of B events.

    Attributes
    ----------
    n
        (B,) int64, usable estimation days M.
    y_mean, x_mean
        (B,) and (B, Q) estimation means of response and predictors; zero without intercept.
    beta
        (B, Q) slopes.
    spread
        (B, Q, Q) covariance of the slopes over the residual variance.
    rss
        (B,) residual sum of squares about the prediction line.
    yy
        (B,) total sum of squares.
    sigma
        (B,) ``sqrt(rss / (M - k))``; NaN where M <= k.
    singular
        (B,) True where the regressors do not vary independently.
    flat
        (B,) True where the residuals are all zero but for rounding.
    """

    n: Ints
    y_mean: Floats
    x_mean: Floats
    beta: Floats
    spread: Floats
    rss: Floats
    yy: Floats
    sigma: Floats
    singular: Bools
    flat: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Sums over the estimation windows of B events.

    Attributes
    ----------
    moments
        Of B events.
    lost
        (B,) True where digits were lost and the moments have to be computed directly.
    largest
        (B,) running sum of the response's squares: the scale of the lost digits.
    """

    moments: Moments
    lost: Bools
    largest: Floats


class RunningSums:
    """Running sums of the products of one design's series.

    Parameters
    ----------
    design
        The regression of S series over D sessions.
    usable
        (S, D) days that may enter an estimation.
    """

    def __init__(self, design: Design, usable: Bools) -> None:
        self.design = design
        regressors = design.x.shape[0]
        self._pairs = [(i, j) for i in range(regressors) for j in range(i, regressors)]
        count = np.maximum(usable.sum(axis=1), 1)[:, None]
        series = [design.y, *design.x]
        filled = [np.where(usable, values, 0.0) for values in series]
        if design.intercept:
            # Centring on each series' own mean removes what the intercept absorbs anyway.
            centre = [values.sum(axis=1, keepdims=True) / count for values in filled]
            filled = [
                np.where(usable, values - middle, 0.0)
                for values, middle in zip(filled, centre, strict=True)
            ]
        else:
            centre = [np.zeros_like(count, dtype=np.float64) for _ in filled]
        self.centre = np.concatenate(centre, axis=1)
        self.usable = usable
        y, x = filled[0], filled[1:]
        columns = [usable, *filled, y * y, *(y * one for one in x)]
        columns += [x[i] * x[j] for i, j in self._pairs]
        sums = np.zeros((usable.shape[0], usable.shape[1] + 1, len(columns)))
        for position, values in enumerate(columns):
            np.cumsum(values, axis=1, out=sums[:, 1:, position])
        self.sums = sums

    def window(self, series: Ints, first: Ints, last: Ints) -> Windows:
        """Moments over the sessions ``first..last`` of each event's series.

        Parameters
        ----------
        series, first, last
            (B,) row and first and last column, inside the design.
        """
        width, columns = self.sums.shape[1:]
        flat = self.sums.reshape(-1, columns)
        until = flat.take(series * width + last + 1, axis=0)
        total = until - flat.take(series * width + first, axis=0)
        # One sum after the other in memory: all that follows runs along the events.
        until, total = np.ascontiguousarray(until.T), np.ascontiguousarray(total.T)
        p = self.design.x.shape[0]
        n = total[0]
        mean = np.zeros((1 + p, len(n)))
        if self.design.intercept:
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = total[1 : 2 + p] / n
        weighted = n * mean
        yy = total[2 + p] - weighted[0] * mean[0]
        xy = total[3 + p : 3 + 2 * p] - weighted[0] * mean[1:]
        xx = np.empty((len(n), p, p))
        lost = np.zeros(len(n), dtype=np.bool_)
        for column, (i, j) in enumerate(self._pairs, start=3 + 2 * p):
            value = total[column] - weighted[1 + i] * mean[1 + j]
            xx[:, i, j] = value
            if i == j:
                lost |= value < _SHARE * until[column]
            else:
                xx[:, j, i] = value
        mean += self.centre.T[:, series]
        moments = Moments(
            n=n.astype(np.int64),
            y_mean=mean[0],
            x_mean=mean[1:].T,
            yy=yy,
            xy=xy.T,
            xx=xx,
        )
        largest = until[2 + p]
        return Windows(moments=moments, lost=lost | (yy < _SHARE * largest), largest=largest)


def direct(
    design: Design, usable: Bools, series: Ints, first: Ints, length: int
) -> tuple[Moments, Floats]:
    """Moments of a few events in two passes over their own windows.

    Parameters
    ----------
    design
        The regressions of S series.
    usable
        (S, D) days that may enter.
    series, first
        (B,) row and first column of each event's window.
    length
        Sessions of the window.

    Returns
    -------
    Moments
        Of B events.
    Floats
        (B, 1 + P, T) deviations of the response and the regressors; zero on unusable days.
    """
    inside = sliding_window_view(usable, length, axis=1)[series, first]
    stack = np.stack(
        [
            np.where(inside, sliding_window_view(values, length, axis=1)[series, first], 0.0)
            for values in (design.y, *design.x)
        ],
        axis=1,
    )
    n = inside.sum(axis=1)
    mean = np.zeros(stack.shape[:2])
    if design.intercept:
        mean = stack.sum(axis=2) / np.maximum(n, 1)[:, None]
        stack = np.where(inside[:, None, :], stack - mean[:, :, None], 0.0)
        # The second pass takes out what rounding left of the mean.
        rest = stack.sum(axis=2) / np.maximum(n, 1)[:, None]
        stack = np.where(inside[:, None, :], stack - rest[:, :, None], 0.0)
        mean = mean + rest
    products = np.einsum("bit,bjt->bij", stack, stack)
    moments = Moments(
        n=n.astype(np.int64),
        y_mean=mean[:, 0],
        x_mean=mean[:, 1:],
        yy=products[:, 0, 0],
        xy=products[:, 0, 1:],
        xx=products[:, 1:, 1:],
    )
    return moments, stack


def fit(
    model: Model,
    design: Design,
    usable: Bools,
    sums: RunningSums | None,
    n_coef: int,
    series: Ints,
    first: Ints,
    length: int,
) -> Fit:
    """Estimate a model for B events.

    Parameters
    ----------
    model
        Gives the coefficients.
    design
        The regressions of S series.
    usable
        (S, D) days that may enter an estimation.
    sums
        Running sums of the design, or None to compute every window directly.
    n_coef
        k of the residual variance.
    series, first
        (B,) each event's row and the first column of its estimation window.
    length
        Sessions of the estimation window.
    """
    if sums is None:
        exact = _solve_directly(model, design, usable, series, first, length)
        return _fit(design, exact.moments, exact.coefficients, exact.rss, n_coef)
    found = sums.window(series, first, first + length - 1)
    moments = found.moments
    with np.errstate(invalid="ignore", over="ignore"):
        coefficients = model.solve(moments)
        rss = _residual_squares(design, moments, coefficients)
        lost = found.lost | ~(rss > _SHARE * found.largest)
    rows = np.flatnonzero(lost & (moments.n > n_coef))
    if rows.size:
        exact = _solve_directly(model, design, usable, series[rows], first[rows], length)
        _replace(moments, rows, exact.moments)
        coefficients.beta[rows] = exact.coefficients.beta
        coefficients.spread[rows] = exact.coefficients.spread
        rss[rows] = exact.rss
    return _fit(design, moments, coefficients, rss, n_coef)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """Coefficients of some events from their own windows, with the residuals' squares."""

    moments: Moments
    coefficients: Coefficients
    rss: Floats


def _solve_directly(
    model: Model, design: Design, usable: Bools, series: Ints, first: Ints, length: int
) -> _Solved:
    moments, stack = direct(design, usable, series, first, length)
    with np.errstate(invalid="ignore", over="ignore"):
        solved = model.solve(moments)
        residual = stack[:, 0]
        for slope, q in enumerate(design.predict):
            residual = residual - solved.beta[:, slope, None] * stack[:, 1 + q]
        rss = np.einsum("bt,bt->b", residual, residual)
    return _Solved(moments=moments, coefficients=solved, rss=rss)


def _replace(moments: Moments, rows: Ints, exact: Moments) -> None:
    for name in ("n", "y_mean", "x_mean", "yy", "xy", "xx"):
        getattr(moments, name)[rows] = getattr(exact, name)


def _residual_squares(design: Design, moments: Moments, coefficients: Coefficients) -> Floats:
    """RSS about the prediction line, for any coefficients: yy - 2 b'xy + b'xx b."""
    q = list(design.predict)
    beta = coefficients.beta
    if not q:
        return moments.yy.copy()
    if len(q) == 1:
        slope = beta[:, 0]
        return moments.yy + slope * (slope * moments.xx[:, q[0], q[0]] - 2 * moments.xy[:, q[0]])
    cross = np.einsum("bi,bi->b", beta, moments.xy[:, q])
    square = np.einsum("bi,bij,bj->b", beta, moments.xx[:, q][:, :, q], beta)
    return np.asarray(moments.yy - 2 * cross + square)


def _fit(
    design: Design, moments: Moments, coefficients: Coefficients, rss: Floats, n_coef: int
) -> Fit:
    n = moments.n
    q = list(design.predict)
    x_size = np.diagonal(moments.xx, axis1=1, axis2=2) + n[:, None] * moments.x_mean**2
    spread_x = np.diagonal(moments.xx, axis1=1, axis2=2)
    singular = np.asarray((spread_x <= _ROUNDING * x_size).any(axis=1))
    singular |= ~np.isfinite(coefficients.beta).all(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(np.where(n > n_coef, np.maximum(rss, 0.0) / (n - n_coef), np.nan))
    return Fit(
        n=n,
        y_mean=moments.y_mean,
        x_mean=moments.x_mean[:, q],
        beta=coefficients.beta,
        spread=coefficients.spread,
        rss=rss,
        yy=moments.yy,
        sigma=sigma,
        singular=singular,
        flat=~(rss > _ROUNDING * (moments.yy + n * moments.y_mean**2)),
    )
