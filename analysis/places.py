"""Where events are in a panel, and what was estimated for them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where N events are in the panel.

    Attributes
    ----------
    calendar, symbol, benchmark
        (N,) int64 indices into the panel; benchmark is -1 without one.
    position
        (N,) int64, day 0 as a session of the event's calendar.
    """

    calendar: Ints
    symbol: Ints
    benchmark: Ints
    position: Ints

    def __len__(self) -> int:
        return len(self.position)

    def take(self, rows: Bools | Ints | slice) -> Places:
        """Return some of the events."""
        return Places(
            calendar=self.calendar[rows],
            symbol=self.symbol[rows],
            benchmark=self.benchmark[rows],
            position=self.position[rows],
        )

    def at(self, position: Ints) -> Places:
        """Return the same series with other days 0."""
        return replace(self, position=position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What a model computed for N events.

    Attributes
    ----------
    ar, sar
        (N, L) abnormal and standardised abnormal returns.
    car, car_var
        (N, K) sums over the days present and their variances.
    n_days
        (N, K) int64.
    alpha
        (N,) intercept, NaN for a model without one.
    beta
        (N, Q) slopes.
    sigma, r2
        (N,) residual standard deviation, share of explained variance.
    n_est
        (N,) int64.
    singular, flat
        (N,) bool, see :class:`mentionstudy.analysis.estimation.Fit`.
    residual_scale
        (N, T) deviation of each estimation residual over ``sigma``; None when all are one.
    """

    ar: Floats
    sar: Floats
    car: Floats
    car_var: Floats
    n_days: Ints
    alpha: Floats
    beta: Floats
    sigma: Floats
    r2: Floats
    n_est: Ints
    singular: Bools
    flat: Bools
    residual_scale: Floats | None = None

    @classmethod
    def empty(cls, n: int, days: int, windows: int, slopes: int, scaled: int) -> Estimates:
        """Make room for n events; ``scaled`` is T for a model with scaled residuals, else 0."""
        return cls(
            ar=np.empty((n, days)),
            sar=np.empty((n, days)),
            car=np.empty((n, windows)),
            car_var=np.empty((n, windows)),
            n_days=np.empty((n, windows), dtype=np.int64),
            alpha=np.empty(n),
            beta=np.empty((n, slopes)),
            sigma=np.empty(n),
            r2=np.empty(n),
            n_est=np.empty(n, dtype=np.int64),
            singular=np.empty(n, dtype=np.bool_),
            flat=np.empty(n, dtype=np.bool_),
            residual_scale=np.ones((n, scaled)) if scaled else None,
        )

    def take(self, rows: Bools | Ints | slice) -> Estimates:
        """Return the estimates of some events; a slice copies nothing."""
        taken: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            taken[field.name] = None if values is None else values[rows]
        return replace(self, **taken)
