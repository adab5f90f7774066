"""Whether a security was listed on the day of an article."""

from __future__ import annotations

from typing import Final

import pandas as pd

from mentionstudy.data.calendars import BEIJING
from mentionstudy.data.errors import FileSchemaError

LISTING_COLUMNS: Final = ("symbol", "listed_on", "delisted_on")


def exclude_unlisted(pairs: pd.DataFrame, listings: pd.DataFrame) -> None:
    """Take out the pairs whose article is of a day on which the security was not listed.

    Parameters
    ----------
    pairs
        One row a (article, symbol): ``symbol, published_at`` (time zone aware) and ``code``, empty
        where nothing stands against an event; ``code`` and ``reason`` are filled in.
    listings
        ``symbol, listed_on, delisted_on``; NaT where not known.

    Raises
    ------
    FileSchemaError
        A column of `listings` is missing.
    """
    missing = [name for name in LISTING_COLUMNS if name not in listings.columns]
    if missing:
        raise FileSchemaError(
            f"the listings lack the column {missing[0]!r}; they need {', '.join(LISTING_COLUMNS)}"
        )
    known = listings.drop_duplicates("symbol").set_index("symbol")
    day = pairs["published_at"].dt.tz_convert(BEIJING).dt.tz_localize(None).dt.normalize()
    listed = pd.to_datetime(pairs["symbol"].map(known["listed_on"]))
    delisted = pd.to_datetime(pairs["symbol"].map(known["delisted_on"]))
    placed = pairs["code"] == ""
    # An article of the evening before moves the first day's price as much as one of that day,
    # but there is no earlier price that it could be measured against.
    early, late = placed & (day < listed), placed & (day >= delisted)
    for chosen, code, verb, dates in (
        (early, "not_listed", "was listed only on", listed),
        (late, "delisted", "was delisted on", delisted),
    ):
        pairs.loc[chosen, "code"] = code
        pairs.loc[chosen, "reason"] = [
            f"{symbol} {verb} {date:%Y-%m-%d}; the article is of {at:%Y-%m-%d}"
            for symbol, date, at in zip(
                pairs.loc[chosen, "symbol"], dates[chosen], day[chosen], strict=True
            )
        ]
