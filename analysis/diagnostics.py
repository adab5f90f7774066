"""How far each event's estimation can be trusted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mentionstudy.analysis.arrays import EventArrays, ResidualBlock
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.tables import Used

Floats = NDArray[np.float64]


def diagnostics_frame(
    who: pd.DataFrame, used: Used, engine: Engine, arrays: EventArrays, marks: pd.DataFrame
) -> pd.DataFrame:
    """Diagnose the estimation of every used event.

    Parameters
    ----------
    who
        (N rows) event_id, symbol, day0.
    used, engine, arrays
        The study.
    marks
        Flags inside the event windows: event_id, flag.

    Returns
    -------
    DataFrame
        event_id, symbol, day0, n_est, r2, ``autocorrelation`` (first order, residuals of
        consecutive sessions) and its p (n r^2 is chi-squared(1); Box and Pierce 1970),
        ``jarque_bera`` and p (chi-squared(2); Jarque and Bera 1980), ``arch`` and p (Engle 1982,
        n R^2 of squared residuals on one lag, chi-squared(1)), ``zero_returns`` (share of
        estimation days without a price change), ``beta_distance`` (the first slope's distance
        from the median of the sample, in 1.4826 median absolute deviations), ``flags`` (what
        these numbers warn of, and the marks inside the event window).
    """
    frame = who[["event_id", "symbol", "day0"]].reset_index(drop=True)
    frame["n_est"] = used.estimates.n_est
    frame["r2"] = used.estimates.r2
    parts = arrays.map_blocks(_residual_statistics)
    columns = np.concatenate(parts) if parts else np.empty((0, 6))
    names = ("autocorrelation", "autocorrelation_p", "jarque_bera", "jarque_bera_p", "arch")
    for position, name in enumerate((*names, "arch_p")):
        frame[name] = columns[:, position]
    frame["zero_returns"] = _zero_share(used, engine)
    frame["beta_distance"] = _distance(used.estimates.beta)
    frame["flags"] = _flags(frame, marks)
    return frame


def _residual_statistics(block: ResidualBlock) -> Floats:
    e = block.residuals
    present = np.isfinite(e)
    n = present.sum(axis=1)
    filled = np.where(present, e, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # an undefined measure is NaN
        mean = filled.sum(axis=1) / n
        centred = np.where(present, e - mean[:, None], 0.0)
        squared = centred * centred  # powers by products: `**` of 3 and 4 is slow
        m2 = squared.sum(axis=1) / n
        m3 = np.einsum("ij,ij->i", squared, centred) / n
        m4 = np.einsum("ij,ij->i", squared, squared) / n
        jarque_bera = n / 6 * ((m3 / m2**1.5) ** 2 + (m4 / m2**2 - 3) ** 2 / 4)
        r, pairs = _lag_correlation(centred, present, about_mean=False)
        rho, squares = _lag_correlation(squared, present, about_mean=True)
        arch = squares * rho**2
        columns = (
            r,
            special.chdtrc(1, pairs * r**2),
            jarque_bera,
            special.chdtrc(2, jarque_bera),
            arch,
            special.chdtrc(1, arch),
        )
    return np.column_stack(columns)


def _lag_correlation(
    values: Floats, present: NDArray[np.bool_], *, about_mean: bool
) -> tuple[Floats, Floats]:
    """Correlation of each day with the next where both are present, and the number of pairs."""
    both = present[:, 1:] & present[:, :-1]
    pairs = both.sum(axis=1).astype(np.float64)
    now, before = np.where(both, values[:, 1:], 0.0), np.where(both, values[:, :-1], 0.0)
    if about_mean:
        now = np.where(both, now - (now.sum(axis=1) / pairs)[:, None], 0.0)
        before = np.where(both, before - (before.sum(axis=1) / pairs)[:, None], 0.0)
        scale = np.sqrt((now**2).sum(axis=1) * (before**2).sum(axis=1))
    else:
        scale = (values**2).sum(axis=1)
    return (now * before).sum(axis=1) / scale, pairs


def _zero_share(used: Used, engine: Engine) -> Floats:
    share = np.empty(len(used.rows))
    for start in range(0, len(used.rows), 8192):
        rows = np.arange(start, min(start + 8192, len(used.rows)))
        returns = engine.estimation_returns(used.places.take(rows))
        with np.errstate(invalid="ignore"):
            share[rows] = (returns == 0.0).sum(axis=1) / np.isfinite(returns).sum(axis=1)
    return share


def _distance(beta: Floats) -> Floats:
    if not beta.shape[1] or not len(beta):
        return np.full(len(beta), np.nan)
    first = beta[:, 0]
    middle = np.median(first)
    spread = 1.4826 * np.median(np.abs(first - middle))
    return (first - middle) / spread if spread > 0 else np.full(len(first), np.nan)


def _flags(frame: pd.DataFrame, marks: pd.DataFrame) -> list[str]:
    rules = {
        "autocorrelated": frame["autocorrelation_p"] < 0.01,
        "arch": frame["arch_p"] < 0.01,
        "thin_trading": frame["zero_returns"] > 0.25,
        "unusual_beta": frame["beta_distance"].abs() > 5,
    }
    names = list(rules)
    found = np.column_stack([rule.to_numpy() for rule in rules.values()])
    kinds, kind = np.unique(found, axis=0, return_inverse=True)  # few, however many the events
    own = [[name for name, holds in zip(names, row, strict=True) if holds] for row in kinds]
    given: dict[str, list[str]] = {}
    marked = marks[["event_id", "flag"]].drop_duplicates()
    for event, flag in zip(marked["event_id"].tolist(), marked["flag"].tolist(), strict=True):
        given.setdefault(event, []).append(flag)
    return [
        ";".join([*own[position], *given.get(event, ())])
        for position, event in zip(kind.tolist(), frame["event_id"].tolist(), strict=True)
    ]
