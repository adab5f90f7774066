"""Why events are not in the statistics: the rules that need data, and the list of all reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.flags import flag_hits
from mentionstudy.analysis.literals import EXCLUSIONS
from mentionstudy.analysis.panel import Panel
from mentionstudy.analysis.places import Estimates, Places
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
    codes = [CODES[code] for code in located.code[rows].tolist()]
    facts = _facts(table, located.places.take(rows), rows, panel).assign(n_est=n_est[rows])
    common = {
        "shift": settings.max_shift_days if settings.non_session == "next" else 0,
        "window": window_label(settings.window),
        "estimation": window_label(settings.estimation),
        "overlap": settings.overlap,
        "flags": ", ".join(settings.exclude_flags),
        "min_obs": settings.min_obs,
    }
    reasons = [
        EXCLUSIONS[code].format_map(common | own)
        for code, own in zip(codes, facts.to_dict("records"), strict=True)
    ]
    return pd.DataFrame(
        {
            "event_id": ids.iloc[rows].to_numpy(),
            "symbol": table.symbol.iloc[rows].to_numpy(),
            "date": table.date.iloc[rows].to_numpy(),
            "code": pd.array(codes, dtype="str"),
            "reason": pd.array(reasons, dtype="str"),
        }
    )


def _facts(table: EventTable, places: Places, rows: Ints, panel: Panel) -> pd.DataFrame:
    """Collect what the sentences name of each excluded event."""
    given = table.frame["day0" if "day0" in table.frame.columns else "date"].iloc[rows]
    dates = table.date.iloc[rows]
    day0 = np.full(len(rows), "", dtype=object)
    first, last = day0.copy(), day0.copy()
    for index, calendar in enumerate(panel.calendars):
        own = np.maximum(places.calendar, 0) == index
        labels = np.datetime_as_string(calendar.sessions, unit="D")
        day0[own] = labels[places.position[own]]
        first[own], last[own] = labels[0], labels[-1]
    facts = pd.DataFrame(
        {
            "symbol": table.symbol.iloc[rows].astype("object").to_numpy(),
            "date": dates.dt.strftime("%Y-%m-%d").astype("object").to_numpy(),
            "day0": day0,
            "first": first,
            "last": last,
        }
    )
    unread = dates.isna().to_numpy()
    facts.loc[unread, "date"] = given.astype("object").to_numpy()[unread]
    for name in ("calendar", "benchmark"):
        column = table.column(name)
        facts[name] = None if column is None else column.iloc[rows].astype("object").to_numpy()
    return facts
