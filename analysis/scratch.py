"""Working memory that is used again, step after step.

The system hands out fresh memory page by page, zeroed, and that takes longer than what a step
does in it.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Named arrays that keep their memory between uses. One thread at a time may use them."""

    def __init__(self) -> None:
        self._held: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> Any:
        """Return a contiguous array of any content, valid until the name is asked for again.

        Parameters
        ----------
        name
            Each purpose has its own.
        shape, dtype
            Of the array.
        """
        size = int(np.prod(shape))
        held = self._held.get(name)
        if held is None or held.size < size or held.dtype != dtype:
            held = self._held[name] = np.empty(size, dtype=dtype)
        return held[:size].reshape(shape)


class ThreadScratch(threading.local):
    """Working memory of which every thread has its own."""

    def __init__(self) -> None:
        self.room = Scratch()
