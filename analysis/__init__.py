"""The event-study mathematics: events and returns in, results out.

No I/O, no clock, no Streamlit.

Names are loaded when they are first asked for (PEP 562): importing the package costs nothing, and
``from mentionstudy.analysis import EventStudy`` costs what pandas does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOME = {
    "ConfigError": "errors",
    "EventStudy": "study",
    "InputError": "errors",
    "StudyError": "errors",
    "StudyResult": "results",
    "StudySettings": "settings",
    "validate": "validation",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that holds it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names beside those that are loaded."""
    return sorted({*globals(), *__all__})
