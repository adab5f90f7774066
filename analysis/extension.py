"""CARs that go on until a flag has passed, such as to the first close away from a price limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.settings import Window, window_label
from mentionstudy.analysis.tables import car_frame

if TYPE_CHECKING:
    from mentionstudy.analysis.computed import Computed

Ints = NDArray[np.int64]

SUMMARY_COLUMNS: Final = (
    "window",
    "n",
    "n_extended",
    "n_open",
    "caar",
    "caar_extended",
    "statistic",
    "df",
    "p",
)


def extended_ends(data: Computed, window: Window) -> tuple[Ints, NDArray[np.bool_]]:
    """Find the day on which each event's CAR ends.

    Parameters
    ----------
    data
        N used events and the flags in their event windows.
    window
        The window as asked.

    Returns
    -------
    ends : ndarray of shape (N,)
        The first day on or after the window's last that carries none of ``extend_flags``; the
        last day of the event window where there is none.
    still : ndarray of bool, shape (N,)
        Whether that last day carries one too, so that the reaction may go on beyond it.
    """
    low, high = data.settings.window
    held = np.zeros((len(data.used.rows), high - low + 1), dtype=bool)
    hits = data.hits
    mine = hits["flag"].isin(data.settings.extend_flags).to_numpy()
    held[hits["event"].to_numpy()[mine], hits["tau"].to_numpy()[mine] - low] = True
    after = ~held[:, window[1] - low :]
    free = after.any(axis=1)
    ends = np.where(free, window[1] + after.argmax(axis=1), high)
    return ends.astype(np.int64), np.logical_not(free, dtype=np.bool_)


def extended_frame(data: Computed, window: Window) -> pd.DataFrame:
    """CARs to the first day without one of the settings' ``extend_flags``, one row an event.

    Parameters
    ----------
    data
        N used events.
    window
        The window as asked; its first day stays.

    Returns
    -------
    DataFrame
        The columns of :meth:`StudyResult.car` with the window that was used, then ``asked`` (the
        window as asked), ``extended`` and ``open_end`` (flagged up to the end of the event
        window).

    Raises
    ------
    ConfigError
        If the settings name no ``extend_flags``.
    """
    if not data.settings.extend_flags:
        raise ConfigError(
            "extend_flags is empty; name the flags over which a CAR goes on, "
            "for example ('limit_up_close',)"
        )
    ends, still = extended_ends(data, window)
    parts = []
    for end in np.unique(ends):
        used = (window[0], int(end))
        rows = np.flatnonzero(ends == end)
        cars = car_frame(
            data.who, data.window(used), data.bhars((used,))[:, 0], data.df, used
        ).iloc[rows]
        parts.append(cars.assign(extended=end > window[1], open_end=still[rows]))
    frame = pd.concat(parts) if parts else pd.DataFrame()
    return frame.sort_index(ignore_index=True).assign(asked=window_label(window))


def extension_summary(data: Computed, windows: tuple[Window, ...]) -> pd.DataFrame:
    """Compare the mean CAR as asked with the extended one, one row a window.

    Parameters
    ----------
    data
        N used events.
    windows
        K windows.

    Returns
    -------
    DataFrame
        window, n, n_extended, n_open, caar, caar_extended, and of the latter the cross-sectional
        t: statistic, df, p.
    """
    from mentionstudy.analysis.inference.mean_tests import cross_sectional_t

    rows = []
    for window in windows:
        extended = extended_frame(data, window)
        test = cross_sectional_t(extended["car"].to_numpy(dtype=np.float64)[:, None])
        asked = data.window(window).car
        rows.append(
            (
                window_label(window),
                int(test.n[0]),
                int(extended["extended"].sum()),
                int(extended["open_end"].sum()),
                float(np.nanmean(asked)) if np.isfinite(asked).any() else np.nan,
                float(test.estimate[0]),
                float(test.statistic[0]),
                float(test.df[0]),
                float(test.p[0]),
            )
        )
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def extension_notes(data: Computed) -> list[str]:
    """Say in a sentence a window how far the extension moves the mean CAR."""
    if not data.settings.extend_flags or not len(data.used.rows):
        return []
    names = ", ".join(data.settings.extend_flags)
    notes = []
    for row in extension_summary(data, data.settings.car_windows).to_dict("records"):
        more = f" ({row['n_open']} still flagged at the end)" if row["n_open"] else ""
        notes.append(
            f"CAR {row['window']}: {row['n_extended']} of {row['n']} events end on a day with "
            f"{names}; continued to the first day without{more}, the mean is "
            f"{row['caar_extended']:+.2%} (t {row['statistic']:.2f}) "
            f"in place of {row['caar']:+.2%}."
        )
    return notes
