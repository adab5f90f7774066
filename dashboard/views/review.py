"""Review: the doubtful mentions and dates first, each with its sentence, to be put right."""

from __future__ import annotations

from mentionstudy.dashboard.parts import review, review_dates, review_log, review_mentions

MODES = {
    "mentions": review_mentions.draw,
    "dates": review_dates.draw,
    "zones": review_dates.draw_zones,
    "log": review_log.draw,
}


def view() -> None:
    """Draw the page."""
    desk = review.prepare()
    MODES[review.choose_mode(desk)](desk)


view()
