"""Five short articles and the real prices around them: the default that needs no network."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def sample_articles_path() -> Path:
    """Return the folder of the bundled sample articles."""
    return Path(str(files(__name__) / "articles"))


def sample_prices() -> Traversable:
    """Return the folder of the bundled prices: ``SYMBOL.csv`` and ``factors.csv``."""
    return files(__name__) / "prices"
