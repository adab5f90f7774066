"""Which test to trust on this data: sizes and powers measured on the user's own panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.power import EFFECTS, PowerResult, rejection_rates
from mentionstudy.analysis.study import EventStudy

Ints = NDArray[np.int64]
_SURPLUS = 1.6  # drawn over needed: some dates have no price or too short a history


def validate(
    study: EventStudy,
    events: pd.DataFrame,
    returns: pd.DataFrame,
    market: pd.Series | pd.DataFrame | str | None = None,
    *,
    spans: pd.DataFrame | None = None,
    sessions: Mapping[str, pd.DatetimeIndex] | None = None,
    factors: pd.DataFrame | None = None,
    risk_free: pd.Series | None = None,
    n_events: int = 50,
    samples: int = 250,
    effects: Sequence[float] = EFFECTS,
    alpha: float = 0.05,
    clustered: bool = False,
    variance_ratio: float = 1.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> PowerResult:
    """Measure how often each test rejects on random dates of the user's own firms.

    Parameters
    ----------
    study
        Windows, model and options; its CAR windows are tested.
    events
        The firms: ``symbol`` and, where the study needs them, ``benchmark`` and ``calendar``.
        Their dates are not used.
    returns, market, spans, sessions, factors, risk_free
        As for :meth:`EventStudy.run`.
    n_events, samples
        Events of a sample, at least 2, and number of samples.
    effects
        Abnormal returns put on day 0, decimal.
    alpha
        Nominal two-sided level.
    clustered
        All events of a sample share one date, in place of a date each.
    variance_ratio
        Multiple of the variance that the event gives to day 0.
    seed
        Seed of the draws.
    progress
        Called with the samples done and their number.

    Returns
    -------
    PowerResult
        A rate at effect 0 far from ``alpha`` says that the test cannot be trusted on this data;
        among those that can, the highest rate at the other effects is the most powerful.

    Raises
    ------
    ConfigError
        For numbers that cannot be.
    InputError
        If the panel is too short or too empty for a single sample.

    Notes
    -----
    Dates are drawn from the whole panel, true event dates included.

    References
    ----------
    Brown, S. and Warner, J. (1985), Journal of Financial Economics 14, 3-31,
    doi:10.1016/0304-405X(85)90042-X.
    """
    if n_events < 2 or samples < 1:
        raise ConfigError(f"n_events is {n_events} and samples {samples}; at least 2 and 1")
    settings = replace(
        study.settings,
        duplicates="keep",
        overlap="keep",
        cut_own_events=False,
        incomplete_window="exclude",
        weighting="equal",
        non_session="next",
    )
    random = EventStudy(settings)
    frames = {"spans": spans, "factors": factors, "risk_free": risk_free}
    dates = random.run(events, returns, market, sessions=sessions, **frames).arrays.dates  # type: ignore[arg-type]
    drawn = _draw(events, dates, settings.estimation[0], settings.window[1], n_events, samples,
                  clustered, seed)  # fmt: skip
    result = random.run(drawn, returns, market, sessions=sessions, **frames)  # type: ignore[arg-type]
    rows = _samples(result.sample["sample"].to_numpy(), n_events)
    if not rows:
        raise InputError(
            f"no sample of {n_events} random events could be drawn: the firms have too few days "
            f"with the {settings.min_obs} estimation days that are asked for"
        )
    power = rejection_rates(
        result.arrays,
        rows,
        effects=effects,
        alpha=alpha,
        variance_ratio=variance_ratio,
        progress=progress,
    )
    notes = [f"Random dates of {events['symbol'].nunique()} firms, seed {seed}."]
    if len(rows) < samples:
        notes.append(
            f"{samples - len(rows)} of {samples} samples were left out: too few of their dates "
            "had prices and a full estimation window."
        )
    return replace(power, notes=tuple(notes))


def _draw(
    events: pd.DataFrame,
    dates: NDArray[np.datetime64],
    first: int,
    last: int,
    n_events: int,
    samples: int,
    clustered: bool,
    seed: int,
) -> pd.DataFrame:
    """Draw more random events than needed, sample after sample."""
    low, high = max(0, -first), len(dates) - max(0, last)
    if high <= low:
        raise InputError(
            f"the panel has {len(dates)} sessions; the estimation and event windows need "
            f"{low + max(0, last) + 1}"
        )
    columns = [name for name in ("symbol", "benchmark", "calendar") if name in events.columns]
    firms = events[columns].dropna(subset=["symbol"]).drop_duplicates()
    if firms.empty:
        raise InputError("events: no row has a symbol")
    rng = np.random.default_rng(seed)
    size = int(np.ceil(n_events * _SURPLUS)) + 5
    chosen = rng.integers(0, len(firms), (samples, size))
    if clustered and len(firms) >= n_events:  # a firm has one event a date
        chosen = np.argsort(rng.random((samples, len(firms))), axis=1)[:, :size]
    day = rng.integers(low, high, (samples, 1 if clustered else chosen.shape[1]))
    day = np.broadcast_to(day, chosen.shape)
    drawn = firms.iloc[chosen.ravel()].reset_index(drop=True)
    drawn["date"] = dates[day.ravel()]
    drawn["sample"] = np.repeat(np.arange(samples), chosen.shape[1])
    return drawn


def _samples(label: Ints, n_events: int) -> list[Ints]:
    """Rows of the first ``n_events`` usable events of each sample that has as many."""
    if not label.size:
        return []
    starts = np.flatnonzero(np.r_[True, label[1:] != label[:-1]])
    stops = np.r_[starts[1:], label.size]
    return [
        np.arange(start, start + n_events)
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= n_events
    ]
