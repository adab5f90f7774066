"""Results that are kept for every session, as many as fit into so many bytes.

A number of results says little about memory: one of 10,000 events takes a thousand times what one
of ten takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Mapping
from threading import Lock, RLock
from types import FunctionType, ModuleType
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from cachetools import LRUCache

T = TypeVar("T")
_LOOKED_AT = 64  # of the objects in an array; the others are taken to be like them
_SMALL = (type, ModuleType, FunctionType, int, float, bool, type(None))


class Kept(Generic[T]):
    """Values by key; the one that was used longest ago goes when the others need its room.

    A value is computed once, even if several sessions ask for it at the same time. The newest
    stays even if it alone is larger than the room: its page is being drawn from it. New values are
    weighed by `settle`, when a page has been drawn, or when they are many.

    Parameters
    ----------
    megabytes
        Room for all values together.
    grows
        Whether a value takes more once it has been used, so that those used since are weighed
        again when a new one needs room.
    waiting
        How many new values may wait to be weighed; few where they are large.
    apart
        Types of what values share and something else keeps, and weighs.
    """

    def __init__(
        self,
        megabytes: int,
        *,
        grows: bool = False,
        waiting: int = 16,
        apart: tuple[type, ...] = (),
    ) -> None:
        room = megabytes << 20
        self._values: LRUCache[Hashable, T] = LRUCache(
            room, lambda value: min(weight(value, apart), room)
        )
        self._grows, self._waiting = grows, waiting
        self._since: set[Hashable] = set()
        self._fresh: dict[Hashable, T] = {}  # not weighed yet
        self._lock = RLock()
        self._making: dict[Hashable, Lock] = {}

    def __len__(self) -> int:
        self.settle()
        return len(self._values)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, which is made if it is not there."""
        with self._lock:
            if key in self._fresh or key in self._values:
                return self._used(key)
            turn = self._making.setdefault(key, Lock())
        with turn:
            with self._lock:
                if key in self._fresh or key in self._values:
                    return self._used(key)
            try:
                value = make()
                with self._lock:
                    self._fresh[key] = value
                    if len(self._fresh) > self._waiting:
                        self.settle()
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def at_hand(self, key: Hashable) -> T | None:
        """Return the value of a key if it is there."""
        with self._lock:
            there = key in self._fresh or key in self._values
            return self._used(key) if there else None

    def settle(self) -> None:
        """Weigh what is new, and what has grown since, and forget what there is no room for."""
        with self._lock:
            if not self._fresh:
                return
            for used in self._since:
                if used in self._values:
                    self._values[used] = self._values[used]
            self._since = set(self._fresh) if self._grows else set()
            for key, value in self._fresh.items():
                self._values[key] = value
            self._fresh.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._since.clear()
            self._fresh.clear()

    @property
    def megabytes(self) -> float:
        """What the values take together, as weighed."""
        self.settle()
        return self._values.currsize / 2**20

    def _used(self, key: Hashable) -> T:
        if key in self._fresh:
            self._fresh[key] = self._fresh.pop(key)  # the last that was used
            return self._fresh[key]
        if self._grows:
            self._since.add(key)
        return self._values[key]


def weight(value: object, apart: tuple[type, ...] = ()) -> int:
    """Estimate the bytes that a value keeps alive: arrays, frames, texts and what holds them.

    What two values share counts in both, so that an estimate is rather too large.

    Parameters
    ----------
    value
        Anything.
    apart
        Types that count nothing.
    """
    total, seen, waiting, skipped = 0, set[int](), [value], _SMALL + apart
    while waiting:
        item = waiting.pop()
        if isinstance(item, skipped) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            whole = item.base if isinstance(item.base, np.ndarray) else item
            if whole is item or id(whole) not in seen:
                seen.add(id(whole))
                total += _array(whole)
        elif isinstance(item, pd.DataFrame | pd.Series | pd.Index):
            total += _table(item)
        else:
            total += sys.getsizeof(item, 64)
            waiting.extend(_parts(item))
    return total


def _array(values: np.ndarray[Any, Any]) -> int:
    if values.dtype != object or not values.size:
        return values.nbytes
    few = values.ravel()[:: max(1, values.size // _LOOKED_AT)][:_LOOKED_AT]
    each = sum(sys.getsizeof(item, 64) for item in few) / len(few)
    return values.nbytes + int(each * values.size)


def _table(frame: pd.DataFrame | pd.Series[Any] | pd.Index[Any]) -> int:
    if isinstance(frame, pd.DataFrame):
        return int(frame.memory_usage().sum())
    return int(frame.memory_usage())


def _parts(item: object) -> list[object]:
    """Return what an object refers to."""
    if isinstance(item, Mapping):
        return [*item.keys(), *item.values()]
    if isinstance(item, list | tuple | set | frozenset):
        return list(item)
    parts = list(getattr(item, "__dict__", {}).values())
    for kind in type(item).__mro__:
        names = kind.__dict__.get("__slots__", ())
        names = (names,) if isinstance(names, str) else names
        parts += [getattr(item, name) for name in names if hasattr(item, name)]
    return parts
