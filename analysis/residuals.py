"""Estimation-window residuals of a study, a block of events at a time."""

from __future__ import annotations

from mentionstudy.analysis.arrays import ResidualBlock
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.tables import Used

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
        places, part = self._used.places.take(rows), self._used.estimates.take(rows)
        return ResidualBlock(
            start=start,
            stop=stop,
            residuals=self._engine.residuals(places, part),
            ar=part.ar,
            sar=part.sar,
            sigma=part.sigma,
            day=self._engine.estimation_days(places),
        )
