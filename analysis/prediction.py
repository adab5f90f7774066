"""Abnormal returns of the event window and the variance of their forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mentionstudy.analysis.estimation import Fit
from mentionstudy.analysis.models.base import Design

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Abnormal returns of B events.

    Attributes
    ----------
    ar, sar
        (B, L) abnormal returns and the same over their forecast standard error.
    car, car_var
        (B, K) sums over the days present and their full-covariance variances; NaN without a day.
    n_days
        (B, K) days present.
    """

    ar: Floats
    sar: Floats
    car: Floats
    car_var: Floats
    n_days: Floats


def windows_of(values: Floats, length: int, series: Ints, start: Ints) -> Floats:
    """(B, length) copies of the runs that begin at ``values[series, start]``.

    Parameters
    ----------
    values
        (S, D).
    length
        Days of a run; every run lies inside its row.
    series, start
        (B,) row and first column.
    """
    width = values.shape[1]
    if values.flags.c_contiguous:
        return np.asarray(sliding_window_view(values.reshape(-1), length)[series * width + start])
    return np.asarray(sliding_window_view(values, length, axis=1)[series, start])


def predict(
    design: Design,
    fitted: Fit,
    series: Ints,
    start: Ints,
    days: list[slice],
    length: int,
    ratio: Floats | None = None,
) -> Prediction:
    """Predict the event window of B events.

    The variance of an abnormal return is ``s^2 [v + 1/M + d'Sd]`` and that of a CAR
    ``s^2 [sum v + L^2/M + (sum d)'S(sum d)]``, where d is the predictors' distance from their
    estimation means, S their inverse cross products, v the day's own variance over ``s^2`` (one,
    except for scaled designs and conditional variances), and sums run over the L days present.

    Parameters
    ----------
    design
        The regressions of S series.
    fitted
        Estimates of the B events.
    series, start
        (B,) row and first column of each event window.
    days
        K runs of columns of the event window: the CAR windows.
    length
        L, days of the event window.
    ratio
        (B, L) conditional variance of each day over ``s^2``, or None.

    References
    ----------
    Campbell, J. Y., Lo, A. W. and MacKinlay, A. C. (1997). The econometrics of financial
    markets, section 4.4. Mikkelson, W. H. and Partch, M. M. (1988). Withdrawn security
    offerings. Journal of Financial and Quantitative Analysis 23, 119-133.
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):  # NaN marks a missing day
        ar = windows_of(design.y, length, series, start)
        ar -= fitted.y_mean[:, None]
        distance = []
        for slope, q in enumerate(design.predict):
            x = windows_of(design.x[q], length, series, start)
            x -= fitted.x_mean[:, slope, None]
            ar -= fitted.beta[:, slope, None] * x
            distance.append(x)
        if design.scale is not None:
            scale = windows_of(design.scale, length, series, start)
            ar *= scale
            distance = [x * scale for x in distance]
            ratio = scale * scale
        error = _quadratic(fitted, distance, length)
        error += 1.0 if ratio is None else ratio
        if design.intercept:
            error += 1.0 / fitted.n[:, None]
        np.sqrt(error, out=error)
        error *= fitted.sigma[:, None]
        sar = ar / error
        car, car_var, n_days = _cumulate(design, fitted, ar, distance, ratio, days)
    return Prediction(ar=ar, sar=sar, car=car, car_var=car_var, n_days=n_days)


def _cumulate(
    design: Design,
    fitted: Fit,
    ar: Floats,
    distance: list[Floats],
    ratio: Floats | None,
    days: list[slice],
) -> tuple[Floats, Floats, Floats]:
    """CARs, their variances and the days present."""
    present = np.isfinite(ar)
    if present.all():
        clean = ar
        lengths = np.array([float(run.stop - run.start) for run in days])
        n_days = np.broadcast_to(lengths, (len(ar), len(days)))
    else:
        clean = np.where(present, ar, 0.0)
        distance = [np.where(present, x, 0.0) for x in distance]
        ratio = None if ratio is None else np.where(present, ratio, 0.0)
        n_days = _sums(present.astype(np.float64), days)
    variance = _quadratic(fitted, [_sums(x, days) for x in distance], len(days))
    variance += n_days if ratio is None else _sums(ratio, days)
    if design.intercept:
        variance += n_days * n_days / fitted.n[:, None]
    variance *= (fitted.sigma**2)[:, None]
    car = _sums(clean, days)
    if clean is not ar:
        car[n_days == 0.0] = variance[n_days == 0.0] = np.nan
    return car, variance, n_days


def _sums(values: Floats, days: list[slice]) -> Floats:
    """(B, K) sums over runs of columns; a matrix product would start threads of its own."""
    total = np.empty((len(values), len(days)))
    for column, run in enumerate(days):
        values[:, run].sum(axis=1, out=total[:, column])
    return total


def _quadratic(fitted: Fit, x: list[Floats], columns: int) -> Floats:
    """Quadratic form x'Sx for every event and column, S the spread of the slopes."""
    if not x:
        return np.zeros((len(fitted.n), columns))
    total = fitted.spread[:, 0, 0, None] * x[0]
    total *= x[0]
    for i in range(len(x)):
        for j in range(i, len(x)):
            if i or j:
                weight = fitted.spread[:, i, j, None] * (1.0 if i == j else 2.0)
                total += weight * x[i] * x[j]
    return total
