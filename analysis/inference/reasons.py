"""Why a test is not defined: a stable code and a sentence for each reason."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "few_events": "Fewer than 2 events have a value; a test across events needs 2.",
    "no_event": "No event has a value.",
    "no_variance": "All events have the same value; its variance is zero.",
    "not_finite": "The values are too large or too small to be squared in double precision.",
    "only_zeros": "No event has a value other than zero.",
    "few_estimation_days": "There are too few estimation days.",
    "flat_residuals": "The mean residual is the same on every day.",
    "few_degrees": "An event has M - k <= 2 degrees of freedom.",
    "no_residuals": "No event has estimation residuals.",
    "one_sign": "All residuals of the estimation windows have one sign, or are zero.",
    "few_common_days": "No two events have 30 estimation days in common.",
    "negative_correlation": (
        "1 + (N-1) r is not positive: the mean residual correlation r is too negative."
    ),
    "unit_correlation": "The mean residual correlation r is 1: one event, repeated.",
    "one_cluster": "All events are in one cluster.",
    "no_two_way_variance": "The two-way variance is not positive.",
    "flat_ranks": "The mean rank is the same on every day; it has no variance.",
    "rank_explains_all": "The event's rank explains all variance of the mean ranks.",
    "few_calendar_days": "The events' windows cover fewer than 3 calendar days.",
    "flat_portfolio": "The portfolio's return is the same on every day.",
    "few_signs": "Fewer than 2 signs can be flipped.",
    "no_placebo_session": "A firm has no session for a placebo date.",
    "flat_placebo": "All placebo samples are the same.",
    "few_in_group": "A group has too few events with a value.",
    "flat_groups": "All events of each group have the same value.",
}
"""Code of every reason and its sentence; a page in another language translates by the code."""

_CODES = {sentence: code for code, sentence in REASONS.items()}


def reason_code(sentence: str) -> str:
    """Return the code of a reason.

    Parameters
    ----------
    sentence
        One of the values of :data:`REASONS`, or empty.

    Returns
    -------
    str
        Its code; empty for an empty sentence, ``"other"`` for one that is not listed.
    """
    return _CODES.get(sentence, "other") if sentence else ""
