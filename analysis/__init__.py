"""The event-study mathematics: events and returns in, results out.

No I/O, no clock, no Streamlit.
"""

from __future__ import annotations

from mentionstudy.analysis.errors import ConfigError, InputError, StudyError
from mentionstudy.analysis.results import StudyResult
from mentionstudy.analysis.settings import StudySettings
from mentionstudy.analysis.study import EventStudy
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
