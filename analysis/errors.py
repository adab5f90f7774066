"""What can go wrong in a study that was asked for."""

from __future__ import annotations


class StudyError(Exception):
    """Base of every error that `mentionstudy.analysis` raises on purpose."""


class ConfigError(StudyError, ValueError):
    """Settings that contradict each other or cannot be meant: what was given, what is allowed."""


class InputError(StudyError, ValueError):
    """A frame that cannot be used: which column, row or date, and what to do."""
