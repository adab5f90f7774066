"""Estimation-window residuals of a study, a block of events at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mentionstudy.analysis.arrays import ResidualBlock
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.tables import Used

Rows = slice | NDArray[np.int64]

# About 16 MB of residuals a block at 240 days: larger than a cache, small beside any memory.
_BLOCK = 8192


class Residuals:
    """Computes residual blocks on demand.

    Parameters
    ----------
    engine
        The model over the panel.
    used
        The N used events.
    block
        Events a block.
    """

    def __init__(self, engine: Engine, used: Used, block: int = _BLOCK) -> None:
        self._engine, self._used, self._size = engine, used, block

    @property
    def n_blocks(self) -> int:
        """Number of blocks; none without events."""
        return -(-len(self._used.rows) // self._size)

    def block(self, index: int) -> ResidualBlock:
        """Compute one block; see :class:`mentionstudy.analysis.arrays.ResidualBlock`."""
        start = index * self._size
        stop = min(start + self._size, len(self._used.rows))
        rows = slice(start, stop)
        part = self._used.estimates.take(rows)
        return ResidualBlock(
            start=start,
            stop=stop,
            residuals=self.some(rows),
            ar=part.ar,
            sar=part.sar,
            sigma=part.sigma,
            day=self.days(rows),
        )

    def some(self, rows: Rows) -> NDArray[np.float64]:
        """(B, T) residuals of some events over their deviation; NaN on unusable days."""
        events = np.arange(len(self._used.rows))[rows]
        return self._engine.residuals(self._used.places.take(rows), self._used.estimates, events)

    def days(self, rows: Rows) -> NDArray[np.int64]:
        """(B, T) calendar positions of their estimation days."""
        return self._engine.estimation_days(self._used.places.take(rows))
