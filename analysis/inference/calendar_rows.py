"""Estimation residuals by calendar date: of single events, or summed over those of one date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mentionstudy.analysis.arrays import Floats, Ints
from mentionstudy.analysis.inference.moments import true_values


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRows:
    """Residuals with the calendar position of each day; a row is an event, or a date's events.

    Attributes
    ----------
    total
        (R, T) residuals of root mean square one, summed over the row's events; 0 where missing.
    count
        (R, T) events of the row with a residual on that day.
    own
        (R,) sum over the row's events of their squared residuals.
    events
        (R,) events in the row.
    day
        (R, T) int64 calendar positions of the estimation days.
    event_day
        (R, L) int64 calendar positions of the event-window days.
    """

    total: Floats
    count: Floats
    own: Floats
    events: Floats
    day: Ints
    event_day: Ints

    def take(self, index: Ints | slice) -> CalendarRows:
        """Return some of the rows."""
        return CalendarRows(
            total=self.total[index],
            count=self.count[index],
            own=self.own[index],
            events=self.events[index],
            day=self.day[index],
            event_day=self.event_day[index],
        )


def event_rows(residuals: Floats, day: Ints, event_day: Ints) -> CalendarRows:
    """Make one row of each event.

    Parameters
    ----------
    residuals
        (B, T) estimation residuals in any unit, NaN where missing.
    day, event_day
        (B, T), (B, L) int64 calendar positions of the estimation and event-window days.

    Returns
    -------
    CalendarRows
        B rows of residuals with a root mean square of one.
    """
    n = np.arange(len(residuals))
    sums = label_sums(residuals, n)
    return CalendarRows(
        total=sums.total,
        count=sums.count,
        own=sums.own,
        events=sums.events,
        day=day,
        event_day=event_day,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSums:
    """Residuals summed over the events of each label, as in :class:`CalendarRows`."""

    labels: Ints
    total: Floats
    count: Floats
    own: Floats
    events: Floats


def label_sums(residuals: Floats, labels: Ints) -> LabelSums:
    """Scale residuals to a root mean square of one, and sum them over the events of a label.

    Parameters
    ----------
    residuals
        (B, T) estimation residuals in any unit, NaN where missing.
    labels
        (B,) ascending: events of one label have all their days in common.
    """
    square = np.vecdot(residuals, residuals)
    whole = bool(np.isfinite(square).all())
    present = None if whole else np.isfinite(residuals)
    if present is None:
        size = np.full(len(residuals), float(residuals.shape[1]))
    else:
        residuals = np.where(present, residuals, 0.0)
        size, square = true_values(present).astype(np.float64), np.vecdot(residuals, residuals)
    unit = np.sqrt(np.divide(size, square, out=np.zeros(size.shape), where=square > 0))
    start = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]][: len(labels)])
    events = np.diff(np.r_[start, len(labels)]).astype(np.float64)
    if start.size == len(labels):
        total = residuals * unit[:, None]
    else:
        total = _run_sums(start, unit) @ residuals
    if present is None:
        count = np.repeat(events[:, None], residuals.shape[1], axis=1)
    else:
        count = _run_sums(start, np.ones(size.size)) @ present.astype(np.float64)
    own = np.add.reduceat(np.where(square > 0, size, 0.0), start) if start.size else np.zeros(0)
    return LabelSums(labels=labels[start], total=total, count=count, own=own, events=events)


def _run_sums(start: Ints, weight: Floats) -> sparse.csr_matrix:
    """Matrix that adds up runs of rows, each row times its weight."""
    pointers = np.r_[start, weight.size]
    return sparse.csr_matrix(
        (weight, np.arange(weight.size), pointers), shape=(start.size, weight.size)
    )


def date_rows(rows: CalendarRows, date: Ints) -> tuple[Ints, CalendarRows]:
    """Add up the rows that carry the same label, that is, have all days in common.

    Parameters
    ----------
    rows
        B rows.
    date
        (B,) label of each row.

    Returns
    -------
    tuple
        (R,) distinct labels, sorted, and one row for each.
    """
    order = np.argsort(date, kind="stable")
    labels, start = np.unique(date[order], return_index=True)
    add = _run_sums(start, np.ones(order.size))
    rows = rows.take(order)
    return labels, CalendarRows(
        total=add @ rows.total,
        count=add @ rows.count,
        own=np.asarray(add @ rows.own),
        events=np.asarray(add @ rows.events),
        day=rows.day[start],
        event_day=rows.event_day[start],
    )
