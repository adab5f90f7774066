"""Why events are not in the statistics: the rules that need data, and the list of all reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.flags import flag_hits
from mentionstudy.analysis.literals import EXCLUSIONS
from mentionstudy.analysis.panel import Panel
from mentionstudy.analysis.places import Estimates
from mentionstudy.analysis.sample import CODES, USED, EventTable, Located, mark
from mentionstudy.analysis.settings import StudySettings, window_label

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def exclude_flagged(
    located: Located, flags: pd.DataFrame | None, panel: Panel, settings: StudySettings
) -> None:
    """Exclude events that carry one of the settings' ``exclude_flags`` in the event window."""
    if not settings.exclude_flags:
        return
    rows = np.flatnonzero(located.code == USED)
    hits = flag_hits(flags, panel, located.places.take(rows), settings.window)
    unwanted = hits.loc[hits["flag"].isin(settings.exclude_flags), "event"].unique()
    mark(located, rows[unwanted], "flagged")


def exclude_by_estimates(
    located: Located, rows: Ints, estimates: Estimates, n_coef: int, settings: StudySettings
) -> Bools:
    """Exclude events whose estimates cannot be used.

    Parameters
    ----------
    located
        All events; receives the codes.
    rows
        (B,) the events that were computed.
    estimates
        Of those B events.
    n_coef
        Coefficients of the model.
    settings
        ``min_obs`` and ``require_day0``.

    Returns
    -------
    Bools
        (B,) True for the events that stay.
    """
    day0 = -settings.window[0]
    least = max(settings.min_obs, n_coef + 1)
    present = np.isfinite(estimates.ar)
    reasons = (
        ("insufficient_estimation", estimates.n_est < least),
        ("constant_market", estimates.singular),
        ("constant_stock", estimates.flat),
        ("model_failed", ~np.isfinite(estimates.sigma)),
        ("no_event_returns", ~present.any(axis=1)),
    )
    bad = np.zeros(len(rows), dtype=np.bool_)
    for code, where in reasons:
        mark(located, rows[where], code)
        bad |= where
    if settings.require_day0:
        where = ~present[:, day0]
        mark(located, rows[where], "no_return_on_day0")
        bad |= where
    return ~bad


def exclusion_frame(
    table: EventTable,
    located: Located,
    ids: pd.Series,
    n_est: Ints,
    panel: Panel,
    settings: StudySettings,
) -> pd.DataFrame:
    """One row an excluded event: event_id, symbol, date, code, reason.

    Parameters
    ----------
    table, located
        All N events.
    ids
        (N,) event ids.
    n_est
        (N,) estimation days, zero where none were counted.
    panel, settings
        Fill the sentences.
    """
    rows = np.flatnonzero(located.code != USED)
    benchmark, calendar = table.column("benchmark"), table.column("calendar")
    records = []
    for row in rows:
        code = CODES[located.code[row]]
        symbol, date = table.symbol.iloc[row], table.date.iloc[row]
        sessions = panel.calendars[max(int(located.places.calendar[row]), 0)].sessions
        column = "day0" if "day0" in table.frame.columns else "date"
        facts = {
            "symbol": symbol,
            "date": table.frame[column].iloc[row] if pd.isna(date) else f"{date:%Y-%m-%d}",
            "day0": np.datetime_as_string(sessions[located.places.position[row]], unit="D"),
            "calendar": None if calendar is None else calendar.iloc[row],
            "benchmark": None if benchmark is None else benchmark.iloc[row],
            "shift": settings.max_shift_days if settings.non_session == "next" else 0,
            "window": window_label(settings.window),
            "estimation": window_label(settings.estimation),
            "first": np.datetime_as_string(sessions[0], unit="D"),
            "last": np.datetime_as_string(sessions[-1], unit="D"),
            "overlap": settings.overlap,
            "flags": ", ".join(settings.exclude_flags),
            "n_est": int(n_est[row]),
            "min_obs": settings.min_obs,
        }
        reason = EXCLUSIONS[code].format_map(facts)
        records.append((ids.iloc[row], symbol, date, code, reason))
    frame = pd.DataFrame(records, columns=["event_id", "symbol", "date", "code", "reason"])
    return frame.astype({"date": "datetime64[ns]"})
