"""Which of a corpus's events a study takes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mentionstudy.dashboard.listing import split


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which of the corpus's events a study takes; an empty choice means all.

    Attributes
    ----------
    symbols, exchanges, sources, categories, timings, topics
        Values to keep.
    alone
        Only events that no other event of the firm confounds.
    first_day, last_day
        Bounds of day 0, both included, as ISO dates; empty means open.
    """

    symbols: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    timings: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    alone: bool = False
    first_day: str = ""
    last_day: str = ""

    def apply(self, events: pd.DataFrame) -> pd.DataFrame:
        """Return the events that pass, in their order."""
        keep = pd.Series(data=True, index=events.index)
        for column, values in (
            ("symbol", self.symbols),
            ("exchange", self.exchanges),
            ("source", self.sources),
            ("timing", self.timings),
        ):
            if values:
                keep &= events[column].isin(values)
        for column, several in (("categories", self.categories), ("topics", self.topics)):
            if several:
                wanted = set(several)
                keep &= pd.Series(
                    [bool(wanted & set(split(cell))) for cell in events[column]],
                    index=events.index,
                    dtype=bool,
                )
        if self.alone:
            keep &= events["confounded"] == "no"
        if self.first_day:
            keep &= events["day0"] >= pd.Timestamp(self.first_day)
        if self.last_day:
            keep &= events["day0"] <= pd.Timestamp(self.last_day)
        return events.loc[keep]
