"""Which upstreams answer, which refuse, and when it is worth asking again; kept on disk.

A circuit breaker per family of hosts: closed while it answers, open after several refusals in a
row, and half open when the cool-down is over: then the next request is the probe, and a single
refusal opens the breaker again, for longer. The state outlives the process, so that a restart does
not hammer a host that has just banned us.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from mentionstudy.data.market.manners import Manners

BreakerState = Literal["closed", "open", "half_open"]

_VERSION: Final = 1
HEALTH_COLUMNS: Final = ("family", "state", "refusals", "retry_at", "reason", "requests_today")


class NotNow(Exception):
    """A family of hosts that is better left alone; nothing was asked."""


@dataclass(slots=True)
class _Family:
    """What is remembered of one family; times are seconds since 1970."""

    refusals: int = 0
    level: int = 0
    open_until: float = 0.0
    reason: str = ""
    requests: list[float] = field(default_factory=list)
    answered: dict[str, float] = field(default_factory=dict)


class SourceHealth:
    """The circuit breakers and request budgets of all families.

    Parameters
    ----------
    path
        The JSON file that remembers; without one the memory ends with the process. A file that
        cannot be read counts as empty: forgetting is safe, failing is not.
    manners
        Thresholds, cool-downs and budgets.
    clock
        Seconds since 1970; for tests.
    """

    def __init__(
        self,
        path: Path | None = None,
        manners: Manners | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._manners = manners or Manners()
        self._clock = clock
        self._lock = threading.RLock()
        self._families: dict[str, _Family] = _load(path)

    def state(self, family: str) -> BreakerState:
        """Return the state of a family's breaker now."""
        with self._lock:
            mine = self._of(family)
            if mine.refusals < self._manners.of(family).open_after and not mine.open_until:
                return "closed"
            return "open" if self._clock() < mine.open_until else "half_open"

    def check(self, family: str) -> BreakerState:
        """Return the state, or raise.

        Raises
        ------
        NotNow
            If the breaker is open or a request budget is used up; says until when.
        """
        with self._lock:
            state = self.state(family)
            if state == "open":
                mine = self._of(family)
                raise NotNow(
                    f"not asked: it refused {mine.refusals} times in a row "
                    f"({mine.reason}); next try after {_text(mine.open_until)}"
                )
            self._within_budget(family)
            return state

    def begin(self, family: str, *, insist: bool = False) -> None:
        """Let one request through again, because a user started a new run.

        Not where asking deepens a ban: such a family is left alone until its cool-down is over,
        unless the user insists.
        """
        with self._lock:
            mine = self._of(family)
            if mine.open_until and (insist or self._manners.of(family).refused_retries):
                mine.open_until = min(mine.open_until, self._clock())

    def spend(self, family: str) -> None:
        """Count one request; raises `NotNow` if a budget is used up."""
        with self._lock:
            self._within_budget(family)
            if self._manners.of(family).budgets:
                self._of(family).requests.append(self._clock())
                self._save()

    def answered(self, family: str, route: str) -> None:
        """Note a good answer: the breaker closes, the route counts as proven."""
        with self._lock:
            mine = self._of(family)
            changed = bool(mine.refusals or mine.open_until)
            mine.refusals, mine.level, mine.open_until, mine.reason = 0, 0, 0.0, ""
            mine.answered[route] = self._clock()
            if changed:
                self._save()

    def refused(self, family: str, reason: str) -> None:
        """Note a refusal; the breaker may open, and each time for longer."""
        with self._lock:
            mine, manners = self._of(family), self._manners.of(family)
            was_open = bool(mine.open_until)
            mine.refusals += 1
            mine.reason = reason
            if was_open or mine.refusals >= manners.open_after:
                level = min(mine.level, len(manners.cool_down) - 1)
                mine.open_until = self._clock() + manners.cool_down[level]
                mine.level = level + 1
            self._save()

    def proven(self, family: str, route: str) -> bool:
        """Say whether a route answered within the last minutes."""
        with self._lock:
            last = self._of(family).answered.get(route, 0.0)
            return self._clock() - last <= self._manners.canary_minutes * 60.0

    def frame(self) -> pd.DataFrame:
        """Return `HEALTH_COLUMNS`, one row a family that was ever asked."""
        with self._lock:
            rows = [
                (
                    name,
                    self.state(name),
                    f.refusals,
                    pd.Timestamp(f.open_until, unit="s", tz="UTC") if f.open_until else pd.NaT,
                    f.reason,
                    sum(t > self._clock() - 86_400.0 for t in f.requests),
                )
                for name, f in sorted(self._families.items())
            ]
        return pd.DataFrame(rows, columns=list(HEALTH_COLUMNS))

    def _of(self, family: str) -> _Family:
        return self._families.setdefault(family, _Family())

    def _within_budget(self, family: str) -> None:
        mine, now = self._of(family), self._clock()
        budgets = self._manners.of(family).budgets
        if not budgets:
            return
        longest = max(b.seconds for b in budgets)
        mine.requests = [t for t in mine.requests if t > now - longest]
        for budget in budgets:
            recent = [t for t in mine.requests if t > now - budget.seconds]
            if len(recent) >= budget.requests:
                again = recent[-budget.requests] + budget.seconds
                raise NotNow(
                    f"not asked: {budget.requests} requests to it within "
                    f"{budget.seconds / 60:g} minutes are enough; next try after {_text(again)}"
                )

    def _save(self) -> None:
        if self._path is None:
            return
        content = {
            "version": _VERSION,
            "families": {name: asdict(f) for name, f in self._families.items()},
        }
        # A breaker that cannot be remembered still works in this process.
        with contextlib.suppress(OSError), _replacing(self._path) as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _load(path: Path | None) -> dict[str, _Family]:
    if path is None or not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            return {}
        return {str(name): _Family(**f) for name, f in content["families"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Write a file beside `path` and move it there, so that no reader sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _text(seconds: float) -> str:
    """Seconds since 1970 as a time with its zone."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")
