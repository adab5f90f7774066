"""Simulated study arrays, without the study core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mentionstudy.analysis.arrays import EventArrays, PlaceboDraw, ResidualBlock


@dataclass(frozen=True)
class Blocks:
    """Residual blocks of arrays held in memory."""

    residuals: np.ndarray
    ar: np.ndarray
    sar: np.ndarray
    sigma: np.ndarray
    day: np.ndarray
    size: int

    @property
    def n_blocks(self) -> int:
        return -(-len(self.sigma) // self.size)

    def block(self, index: int) -> ResidualBlock:
        rows = slice(index * self.size, min((index + 1) * self.size, len(self.sigma)))
        return ResidualBlock(
            start=rows.start,
            stop=rows.stop,
            residuals=self.residuals[rows].copy(),
            ar=self.ar[rows],
            sar=self.sar[rows],
            sigma=self.sigma[rows],
            day=self.day[rows],
        )

    def some(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.residuals[rows].copy()

    def days(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.day[rows]


@dataclass(frozen=True)
class NoEvent:
    """Placebo samples without any effect."""

    shape: tuple[int, int]
    windows: int

    def draw(self, rng: np.random.Generator) -> PlaceboDraw:
        ar = rng.normal(0, 0.02, self.shape)
        car = np.repeat(ar.sum(axis=1)[:, None], self.windows, axis=1)
        return PlaceboDraw(ar=ar, car=car, scar=car / 0.05)


def simulate(
    n: int,
    *,
    seed: int = 0,
    effect: float = 0.0,
    common: float = 0.0,
    one_date: bool = False,
    gaps: float = 0.0,
    block: int = 8192,
    length: int = 5,
    estimation: int = 100,
    firms: int = 50,
    placebo: bool = False,
) -> EventArrays:
    """Simulate a market model: Gaussian errors, a market, and an effect on day 0.

    ``common`` is the share of residual variance that all firms have in common on a day.
    """
    rng = np.random.default_rng(seed)
    low = -(length // 2)
    tau = np.arange(low, low + length)
    est_tau = np.arange(low - estimation, low)
    total = estimation + length
    span = total + 200
    day0 = np.full(n, estimation - low) if one_date else rng.integers(estimation - low, span - 5, n)
    position = day0[:, None] + np.concatenate((est_tau, tau))
    market = rng.normal(0, 0.01, span + 10)
    shock = rng.normal(0, np.sqrt(common), span + 10)
    scale = rng.uniform(0.01, 0.03, n)
    noise = rng.normal(0, np.sqrt(1 - common), (n, total)) + shock[position]
    returns = 0.0003 + 1.1 * market[position] + scale[:, None] * noise
    returns[:, estimation - low] += effect
    returns[rng.random(returns.shape) < gaps] = np.nan
    x = market[position]
    here = ~np.isnan(returns[:, :estimation])
    m = here.sum(axis=1)
    xe = np.where(here, x[:, :estimation], 0.0)
    ye = np.where(here, returns[:, :estimation], 0.0)
    mean_x, mean_y = xe.sum(axis=1) / m, ye.sum(axis=1) / m
    dx = np.where(here, xe - mean_x[:, None], 0.0)
    ssx = (dx**2).sum(axis=1)
    beta = (dx * ye).sum(axis=1) / ssx
    residual = returns - mean_y[:, None] - beta[:, None] * (x - mean_x[:, None])
    e, ar = residual[:, :estimation], residual[:, estimation:]
    sigma = np.sqrt(np.nansum(e**2, axis=1) / (m - 2))
    move = x[:, estimation:] - mean_x[:, None]
    c = 1 + 1 / m[:, None] + move**2 / ssx[:, None]
    sar = ar / (sigma[:, None] * np.sqrt(c))
    windows = ((0, 0), (low, int(tau[-1])), (-1, 1))
    there = ~np.isnan(ar)
    car, var, days = [], [], []
    for a, b in windows:
        inside = (tau >= a) & (tau <= b)
        number = (there & inside).sum(axis=1)
        shift = (np.where(there, move, 0.0) * inside).sum(axis=1)
        days.append(number)
        car.append(np.where(number > 0, (np.where(there, ar, 0.0) * inside).sum(axis=1), np.nan))
        var.append(sigma**2 * (number + number**2 / m + shift**2 / ssx))
    cars, variances = np.column_stack(car), np.column_stack(var)
    with np.errstate(invalid="ignore", divide="ignore"):
        scar = cars / np.sqrt(variances)
    return EventArrays(
        tau=tau,
        estimation_tau=est_tau,
        windows=windows,
        ar=ar,
        sar=sar,
        car=cars,
        car_var=variances,
        scar=scar,
        n_days=np.column_stack(days),
        sigma=sigma,
        n_est=m,
        n_coef=2,
        day0=day0,
        symbol=rng.integers(0, firms, n),
        symbols=tuple(f"S{i}" for i in range(firms)),
        dates=np.arange(span + 10).astype("datetime64[D]").astype("datetime64[ns]"),
        weight=None,
        residuals=Blocks(e / sigma[:, None], ar, sar, sigma, position[:, :estimation], block),
        placebo=NoEvent(ar.shape, len(windows)) if placebo else None,
    )


@pytest.fixture
def simulated():  # type: ignore[no-untyped-def]
    """Return the simulator."""
    return simulate
