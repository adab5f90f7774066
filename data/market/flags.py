"""Flags on stock-days: what each says, and a cheap way to collect millions of them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FLAG_COLUMNS: Final = ("symbol", "date", "flag", "detail")

FLAGS: Final[dict[str, str]] = {
    "ex_date": "a corporate action: the return is measured from the reference close",
    "halted": "a session without a trade between two traded ones",
    "multi_day_return": "the first return after a halt spans the sessions of the halt",
    "no_trade_bar": "a bar with volume 0 is a placeholder, not a trade",
    "gap": "too long without bars to form a return: a long halt, or not fetched",
    "stale": "the last bar although later ones were asked for: a halt, or a source that is late",
    "delisted": "the last bar before the delisting",
    "bad_price": "a close that is missing, infinite, zero or negative; the bar is not used",
    "bad_factor": "an adjustment factor that is missing, infinite, zero or negative",
    "bad_reference": "the corporate action leaves no positive reference close; no return",
    "non_session": "a bar on a day that is no session of the exchange; it is not used",
    "no_calendar": "no sessions are known for the exchange of the symbol; its bars are not used",
    "duplicate": "the same bar more than once; it is used once",
    "limit_up_close": "closed at the upper price limit: the reaction may go on",
    "limit_up_locked": "traded at the upper price limit all day",
    "limit_up_touched": "reached the upper price limit during the day",
    "limit_down_close": "closed at the lower price limit: the reaction may go on",
    "limit_down_locked": "traded at the lower price limit all day",
    "limit_down_touched": "reached the lower price limit during the day",
    "new_listing": "among the first days after the listing, which have no ordinary limit",
    "delisting_period": "the first day of the last weeks before a delisting, which has no limit",
    "st_unknown": "at 5 %, which is the limit of a share under special treatment; whether it was "
    "is not known",
    "suspect_corporate_action": "a close beyond the price limit without a corporate action",
    "conflicting_duplicate": "bars of one day with different closes; none of them is used",
}
"""What each flag says."""


LIMIT_CLOSES: Final = (
    "limit_up_close",
    "limit_up_locked",
    "limit_down_close",
    "limit_down_locked",
)
"""Closes at a price limit: the rest of the reaction comes in the sessions after."""


class FlagLog:
    """Collects flags as arrays, so that a million halted sessions cost no Python objects."""

    def __init__(self) -> None:
        self._codes: list[NDArray[np.int64]] = []
        self._days: list[NDArray[np.int64]] = []
        self._flags: list[NDArray[np.int16]] = []
        self._details: dict[int, list[str]] = {}
        self._names = list(FLAGS)

    def add(
        self,
        flag: str,
        codes: NDArray[np.integer],
        days: NDArray[np.integer],
        details: list[str] | None = None,
    ) -> None:
        """Raise one flag on many stock-days: symbol numbers, days since 1970, optional details."""
        if not len(codes):
            return
        if details is not None:
            self._details[len(self._codes)] = details
        self._codes.append(np.asarray(codes, dtype=np.int64))
        self._days.append(np.asarray(days, dtype=np.int64))
        self._flags.append(np.full(len(codes), self._names.index(flag), dtype=np.int16))

    def frame(self, names: list[str]) -> pd.DataFrame:
        """Return `FLAG_COLUMNS`, sorted by symbol, date and the order of `FLAGS`."""
        codes = np.concatenate([*self._codes, np.empty(0, np.int64)])
        days = np.concatenate([*self._days, np.empty(0, np.int64)])
        flags = np.concatenate([*self._flags, np.empty(0, np.int16)])
        detail = np.full(len(codes), "", dtype=object)
        start = 0
        for i, chunk in enumerate(self._codes):
            if i in self._details:
                detail[start : start + len(chunk)] = self._details[i]
            start += len(chunk)
        order = np.lexsort((flags, days, codes))
        return pd.DataFrame(
            {
                "symbol": pd.array(np.array(names, dtype=object)[codes[order]], dtype="str"),
                "date": day_index(days[order]),
                "flag": pd.array(np.array(self._names, dtype=object)[flags[order]], dtype="str"),
                "detail": pd.array(detail[order], dtype="str"),
            }
        )


def day_numbers(values: pd.Series) -> NDArray[np.int64]:
    """Days since 1970 of naive dates; a time of day is cut off."""
    dates = pd.to_datetime(values)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    return dates.to_numpy().astype("datetime64[D]").view(np.int64)


def day_index(days: NDArray[np.integer]) -> pd.DatetimeIndex:
    """Naive dates of days since 1970."""
    return pd.DatetimeIndex(np.asarray(days).astype("datetime64[D]").astype("datetime64[us]"))
