"""Abnormal returns of the event window and the variance of their forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mentionstudy.analysis.estimation import Fit
from mentionstudy.analysis.models.base import Design
from mentionstudy.analysis.scratch import Scratch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The matrix library works in one thread up to this many products.
_PRODUCTS = 250_000


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
    n_days: Ints


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
    if values.strides[0] == 0:  # one row stands for all
        return np.asarray(sliding_window_view(values[0], length)[start])
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
    out: Prediction,
    room: Scratch,
    ratio: Floats | None = None,
) -> None:
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
    out
        Where the numbers go.
    room
        Working memory.
    ratio
        (B, L) conditional variance of each day over ``s^2``, or None.

    References
    ----------
    Campbell, J. Y., Lo, A. W. and MacKinlay, A. C. (1997). The econometrics of financial
    markets, section 4.4. Mikkelson, W. H. and Partch, M. M. (1988). Withdrawn security
    offerings. Journal of Financial and Quantitative Analysis 23, 119-133.
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):  # NaN marks a missing day
        ar = np.subtract(
            windows_of(design.y, length, series, start), fitted.y_mean[:, None], out=out.ar
        )
        distance = []
        for slope, q in enumerate(design.predict):
            x = windows_of(design.x[q], length, series, start)
            x -= fitted.x_mean[:, slope, None]
            ar -= np.multiply(fitted.beta[:, slope, None], x, out=room.array("normal", x.shape))
            distance.append(x)
        if design.scale is not None:
            scale = windows_of(design.scale, length, series, start)
            ar *= scale
            distance = [x * scale for x in distance]
            ratio = scale * scale
        variance = fitted.sigma**2
        error = _quadratic(fitted, variance, distance, room.array("error", ar.shape))
        own = 1.0 / fitted.n if design.intercept else np.zeros(len(ar))
        if ratio is None:
            error += (variance * (1.0 + own))[:, None]
        else:
            error += variance[:, None] * (ratio + own[:, None])
        np.divide(ar, np.sqrt(error, out=error), out=out.sar)
        _cumulate(fitted, own, distance, ratio, days, out)


def _cumulate(
    fitted: Fit,
    own: Floats,
    distance: list[Floats],
    ratio: Floats | None,
    days: list[slice],
    out: Prediction,
) -> None:
    """CARs, their variances and the days present."""
    ar, n_days = out.ar, out.n_days
    lengths = np.array([run.stop - run.start for run in days])
    member = np.zeros((ar.shape[1], len(days)))
    for column, run in enumerate(days):
        member[run, column] = 1.0
    _sums(ar, member, out.car)
    present = (
        None if np.isfinite(out.car).all() and (lengths == ar.shape[1]).any() else np.isfinite(ar)
    )
    if present is None:
        n_days[:] = lengths
    else:
        _sums(np.where(present, ar, 0.0), member, out.car)
        distance = [np.where(present, x, 0.0) for x in distance]
        ratio = None if ratio is None else np.where(present, ratio, 0.0)
        n_days[:] = _sums(present.astype(np.float64), member)
    square = fitted.sigma**2
    sums = [_sums(x, member) for x in distance]
    variance = _quadratic(fitted, square, sums, np.empty(n_days.shape))
    single = n_days if ratio is None else _sums(ratio, member)
    variance += square[:, None] * (single + own[:, None] * (n_days * n_days))
    out.car_var[:] = variance
    if present is not None:
        out.car[n_days == 0] = out.car_var[n_days == 0] = np.nan


def _sums(values: Floats, member: Floats, out: Floats | None = None) -> Floats:
    """(B, K) sums over the days of each window.

    So many rows at a time that the matrix library does not start threads of its own.
    """
    total = np.empty((len(values), member.shape[1])) if out is None else out
    step = max(1, _PRODUCTS // max(member.size, 1))
    for low in range(0, len(values), step):
        np.matmul(values[low : low + step], member, out=total[low : low + step])
    return total


def _quadratic(fitted: Fit, variance: Floats, x: list[Floats], total: Floats) -> Floats:
    """``s^2 x'Sx`` for every event and column, S the spread of the slopes; in ``total``."""
    if not x:
        total[:] = 0.0
        return total
    np.multiply(x[0], x[0], out=total)
    total *= (variance * fitted.spread[:, 0, 0])[:, None]
    for i in range(len(x)):
        for j in range(i, len(x)):
            if i or j:
                weight = variance * fitted.spread[:, i, j] * (1.0 if i == j else 2.0)
                total += weight[:, None] * x[i] * x[j]
    return total
