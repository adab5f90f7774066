"""What was asked of whom, and how it went: the rows of the fetch log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mentionstudy.data.errors import SourceError

Outcome = Literal[
    "ok", "empty", "not_found", "refused", "timeout", "schema", "failed", "not_covered", "retried"
]
"""How a request went; ``retried`` is a failure after which the same was asked again at once."""

Asked = Literal["bars", "factors", "canary"]
"""What was asked for; a canary is a symbol that is known to exist, asked only to learn whether the
upstream answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One source asked once for one table of one symbol.

    Attributes
    ----------
    symbol, kind, source : str
        What was asked of whom.
    outcome, reason : str
        How it went; for ``ok`` the reason says what was left out, and is mostly empty.
    rows : int
        Rows that came.
    started_at : datetime.datetime
        Time zone aware.
    seconds : float
        How long it took, waiting included.
    """

    symbol: str
    kind: Asked
    source: str
    outcome: Outcome
    reason: str
    rows: int
    started_at: datetime
    seconds: float


def outcome_of(error: SourceError) -> Outcome:
    """Return the stable word for a failure."""
    outcome: Outcome = error.outcome  # type: ignore[assignment]  # the classes use these words
    return outcome
