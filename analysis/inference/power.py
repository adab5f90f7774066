"""Size and power of every test on a user's own data, as Brown and Warner measured them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mentionstudy.analysis.arrays import EventArrays, Floats, Ints, ResidualBlock
from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.inference.runner import BatteryOptions, run_battery

EFFECTS = (0.0, 0.005, 0.01, 0.02, 0.03)
"""Default abnormal returns put on day 0, decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerResult:
    """Rejection rates of the tests.

    Attributes
    ----------
    table
        One row a window, test and effect: ``window, test, effect, samples`` (in which the test
        was defined), ``undefined, rejections, rate, low, high`` (Wilson's 95 % limits of the
        rate) and ``well_specified``: without an effect, whether the nominal level lies within
        those limits; missing for the other effects.
    n_events, samples
        Events of a sample, samples.
    alpha
        Nominal two-sided level.
    variance_ratio
        Variance of the day-0 abnormal return over its usual one.
    shared_day_share
        Mean share of events on a shared day 0.
    notes
        Sentences that belong beside the table.
    """

    table: pd.DataFrame
    n_events: int
    samples: int
    alpha: float
    variance_ratio: float
    shared_day_share: float
    notes: tuple[str, ...]

    def rates(self, window: str | None = None) -> pd.DataFrame:
        """Lay the rates out: tests down, effects across.

        Parameters
        ----------
        window
            A window such as ``"[-1,1]"``; the first of the table if None.

        Raises
        ------
        ConfigError
            If the table has no such window.
        """
        labels = list(dict.fromkeys(self.table["window"]))
        chosen = labels[0] if window is None else window
        if chosen not in labels:
            raise ConfigError(f"no window {chosen!r}; the windows are {', '.join(labels)}")
        part = self.table[self.table["window"] == chosen]
        wide = part.pivot(index="test", columns="effect", values="rate")
        return wide.loc[list(dict.fromkeys(part["test"]))]


class _Held:
    """One block of residuals in memory."""

    n_blocks = 1

    def __init__(self, block: ResidualBlock) -> None:
        self._block = block

    def block(self, index: int) -> ResidualBlock:
        """Return the block."""
        return self._block

    def some(self, rows: slice | Ints) -> Floats:
        """Return some of its residuals."""
        return self._block.residuals[rows]

    def days(self, rows: slice | Ints) -> Ints:
        """Return their days."""
        return self._block.day[rows]


def split(arrays: EventArrays, samples: Sequence[Ints]) -> Iterator[EventArrays]:
    """Yield the arrays of some samples of events.

    Parameters
    ----------
    arrays
        All events.
    samples
        Rows of each sample, ascending within a sample and from sample to sample, so that the
        residual blocks stream by once.
    """
    held: ResidualBlock | None = None
    waiting = arrays.iter_blocks()
    for rows in samples:
        while held is None or held.stop <= rows[-1]:
            held = _join(held, next(waiting), int(rows[0]))
        own = rows - held.start
        block = ResidualBlock(
            start=0,
            stop=rows.size,
            residuals=held.residuals[own],
            ar=held.ar[own],
            sar=held.sar[own],
            sigma=held.sigma[own],
            day=held.day[own],
        )
        yield _some(arrays, rows, block)


def _join(held: ResidualBlock | None, new: ResidualBlock, first: int) -> ResidualBlock:
    """Put two blocks together, without the rows before ``first``."""
    if held is None or held.stop <= first:
        return new
    keep = slice(max(first - held.start, 0), None)
    return ResidualBlock(
        start=max(first, held.start),
        stop=new.stop,
        residuals=np.concatenate((held.residuals[keep], new.residuals)),
        ar=np.concatenate((held.ar[keep], new.ar)),
        sar=np.concatenate((held.sar[keep], new.sar)),
        sigma=np.concatenate((held.sigma[keep], new.sigma)),
        day=np.concatenate((held.day[keep], new.day)),
    )


def _some(arrays: EventArrays, rows: Ints, block: ResidualBlock) -> EventArrays:
    return replace(
        arrays,
        ar=arrays.ar[rows],
        sar=arrays.sar[rows],
        car=arrays.car[rows],
        car_var=arrays.car_var[rows],
        scar=arrays.scar[rows],
        bhar_source=None,
        n_days=arrays.n_days[rows],
        sigma=arrays.sigma[rows],
        n_est=arrays.n_est[rows],
        day0=arrays.day0[rows],
        symbol=arrays.symbol[rows],
        weight=None,
        residuals=_Held(block),
        placebo=None,
        event_day=None if arrays.event_day is None else arrays.event_day[rows],
        calendar=None if arrays.calendar is None else arrays.calendar[rows],
    )


def inject(arrays: EventArrays, effect: float, variance_ratio: float = 1.0) -> EventArrays:
    """Add an abnormal return to day 0 of every event.

    Parameters
    ----------
    arrays
        N events.
    effect
        Decimal abnormal return.
    variance_ratio
        The day-0 abnormal return that is there is scaled to this multiple of its variance.

    Returns
    -------
    EventArrays
        As if the returns themselves had been changed: the models are linear in the day's return
        and do not use the event window to estimate.
    """
    day = int(np.flatnonzero(arrays.tau == 0)[0])
    extra = effect + (np.sqrt(variance_ratio) - 1.0) * arrays.ar[:, day]
    ar, sar = arrays.ar.copy(), arrays.sar.copy()
    with np.errstate(invalid="ignore", divide="ignore"):  # an abnormal return of exactly zero
        error = np.where(ar[:, day] == 0, arrays.sigma, ar[:, day] / sar[:, day])
    ar[:, day] += extra
    sar[:, day] = ar[:, day] / error
    inside = np.array([a <= 0 <= b for a, b in arrays.windows])
    shift = np.where(np.isnan(extra), 0.0, extra)[:, None] * inside
    return replace(
        arrays,
        ar=ar,
        sar=sar,
        car=arrays.car + shift,
        scar=arrays.scar + shift / np.sqrt(arrays.car_var),
    )


def rejection_rates(
    arrays: EventArrays,
    samples: Sequence[Ints],
    *,
    effects: Sequence[float] = EFFECTS,
    alpha: float = 0.05,
    variance_ratio: float = 1.0,
    options: BatteryOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PowerResult:
    """Count how often each test rejects, without and with an abnormal return on day 0.

    Parameters
    ----------
    arrays
        Events on which nothing is known to have happened.
    samples
        Rows of each sample, as :func:`split` needs them; all of one size.
    effects
        Abnormal returns put on day 0, decimal; 0 measures the size.
    alpha
        Nominal two-sided level.
    variance_ratio
        Multiple of the variance that the event gives to day 0.
    options
        Of the battery; bootstrap, permutation and days are left out by default.
    progress
        Called with the samples done and their number.

    Returns
    -------
    PowerResult
        Its Monte Carlo error is in ``low`` and ``high``.

    Raises
    ------
    ConfigError
        For an empty list of effects or samples, or a level or ratio that cannot be.

    References
    ----------
    Brown, S. and Warner, J. (1985), Journal of Financial Economics 14, 3-31,
    doi:10.1016/0304-405X(85)90042-X.
    """
    _check(arrays, samples, effects, alpha, variance_ratio)
    if options is None:
        options = BatteryOptions(bootstrap_draws=0, permutation_draws=0)
    options = replace(options, days=False, threads=1)
    rejected: dict[tuple[str, float], Floats] = {}
    defined: dict[tuple[str, float], Floats] = {}
    shared = 0.0
    zero = np.zeros(len(arrays.windows))
    for number, sample in enumerate(split(arrays, samples), start=1):
        for effect in effects:
            result = run_battery(inject(sample, effect, variance_ratio), options)
            for one in result.windows:
                key = (one.test, effect)
                there = np.isfinite(one.p)
                hit = there & (np.nan_to_num(one.p, nan=1.0) < alpha)
                rejected[key] = rejected.get(key, zero) + hit
                defined[key] = defined.get(key, zero) + there
        shared += result.shared_day_share
        if progress is not None:
            progress(number, len(samples))
    labels = [f"[{a},{b}]" for a, b in arrays.windows]
    return PowerResult(
        table=_table(rejected, defined, labels, len(samples), alpha),
        n_events=int(samples[0].size),
        samples=len(samples),
        alpha=alpha,
        variance_ratio=variance_ratio,
        shared_day_share=shared / len(samples),
        notes=(),
    )


def _check(
    arrays: EventArrays,
    samples: Sequence[Ints],
    effects: Sequence[float],
    alpha: float,
    variance_ratio: float,
) -> None:
    if not len(samples) or not len(effects):
        raise ConfigError("at least one sample and one effect are needed")
    if not 0 < alpha < 1:
        raise ConfigError(f"alpha is {alpha}; a level lies between 0 and 1")
    if not variance_ratio > 0:
        raise ConfigError(f"variance_ratio is {variance_ratio}; it is above 0")
    if 0 not in arrays.tau:
        raise ConfigError("the event window leaves day 0 out, on which the effect is put")


def _table(
    rejected: dict[tuple[str, float], Floats],
    defined: dict[tuple[str, float], Floats],
    labels: list[str],
    samples: int,
    alpha: float,
) -> pd.DataFrame:
    rows = []
    tests = list(dict.fromkeys(test for test, _ in rejected))
    effects = sorted({effect for _, effect in rejected})
    for column, label in enumerate(labels):
        for test in tests:
            for effect in effects:
                n, k = defined[test, effect][column], rejected[test, effect][column]
                low, high = wilson(k, n)
                rows.append(
                    {
                        "window": label,
                        "test": test,
                        "effect": effect,
                        "samples": int(n),
                        "undefined": int(samples - n),
                        "rejections": int(k),
                        "rate": k / n if n else np.nan,
                        "low": low,
                        "high": high,
                        "well_specified": low <= alpha <= high if n and effect == 0 else None,
                    }
                )
    return pd.DataFrame(rows)


def wilson(count: float, n: float) -> tuple[float, float]:
    """Wilson's (1927) 95 % limits of a share; NaN for an empty sample."""
    if n == 0:
        return float("nan"), float("nan")
    z = 1.959963984540054
    share = count / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))
