"""What every rank test needs of the ranks: sums over events, whose size does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from mentionstudy.analysis.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSums:
    """Sums over events, all that the rank tests need.

    T estimation days, L window days, A = T + L, K columns.

    Attributes
    ----------
    count
        (A,) events with a value on the day, estimation days first, then window days.
    rank
        (A,) sum of ``K_it - (n_i + 1)/2``, K the rank among the event's n_i days.
    scaled
        (A,) sum of ``K_it / (n_i + 1) - 1/2``.
    sign
        (A,) sum of ``sign(AR_it - median_i)``.
    day_count
        (T, K) events with a residual on the day and a value in the column.
    day_total
        (T, K) sum of their ``U_it = rank / (M_i + 2) - 1/2``, ranked with the column's value.
    event_total
        (K,) sum of U of the column's value itself.
    events
        (K,) events with a value in the column.
    null_variance
        (K,) sum of ``M_i / (M_i + 2)``, twelve times the variance of U under the null.
    """

    count: Floats
    rank: Floats
    scaled: Floats
    sign: Floats
    day_count: Floats
    day_total: Floats
    event_total: Floats
    events: Floats
    null_variance: Floats

    def __add__(self, other: RankSums) -> RankSums:
        """Join the sums of two disjoint sets of events."""
        names = (field.name for field in fields(self))
        return RankSums(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @classmethod
    def none(cls, n_estimation: int, n_window: int, n_columns: int) -> RankSums:
        """Return the sums over no event."""
        days, column = np.zeros(n_estimation + n_window), np.zeros(n_columns)
        table = np.zeros((n_estimation, n_columns))
        return cls(
            count=days,
            rank=days,
            scaled=days,
            sign=days,
            day_count=table,
            day_total=table,
            event_total=column,
            events=column,
            null_variance=column,
        )

    def columns(self, which: slice) -> RankSums:
        """Keep some of the K columns, and all days."""
        return replace(
            self,
            day_count=self.day_count[:, which],
            day_total=self.day_total[:, which],
            event_total=self.event_total[which],
            events=self.events[which],
            null_variance=self.null_variance[which],
        )
