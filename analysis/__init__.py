"""The event-study mathematics: events and returns in, results out.

No I/O, no clock, no Streamlit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mentionstudy.analysis.errors import ConfigError, InputError, StudyError
from mentionstudy.analysis.results import StudyResult
from mentionstudy.analysis.settings import StudySettings
from mentionstudy.analysis.study import EventStudy

if TYPE_CHECKING:
    from mentionstudy.analysis.validation import validate

__all__ = [
    "ConfigError",
    "EventStudy",
    "InputError",
    "StudyError",
    "StudyResult",
    "StudySettings",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Import `validate` when it is asked for: it brings scipy, which is slow to load."""
    if name == "validate":
        from mentionstudy.analysis.validation import validate

        return validate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
