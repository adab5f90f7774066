"""The lists of `context.toml`: words and firms of which the rules must know."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files


def vendors() -> frozenset[str]:
    """Return the symbols of the firms that supply data and news to others."""
    return _vendors()


def words_known() -> Mapping[str, frozenset[str]]:
    """Return the corrections of the segmenter's dictionary: ``firms`` and ``ordinary`` words."""
    return _words()


@lru_cache(maxsize=1)
def _vendors() -> frozenset[str]:
    return frozenset(_context()["vendors"])


@lru_cache(maxsize=1)
def _words() -> dict[str, frozenset[str]]:
    return {kind: frozenset(words) for kind, words in _context()["words"].items()}


def _context() -> dict[str, dict[str, list[str]]]:
    text = files("mentionstudy.data.names").joinpath("context.toml").read_text("utf-8")
    return tomllib.loads(text)
