"""Twenty sessions at once on one server, for five minutes: errors, waits, memory.

Run: python tests/benchmarks/soak.py [SESSIONS [SECONDS [EVENTS]]]

Each session has a WebSocket of its own and says on it what a browser says: it opens pages, changes
controls, searches, clicks into charts, and now and then leaves and begins anew, as people do.
Asked are no error, on a page or in the server's log, and a server whose memory is flat after the
first minute: by least squares it grows by less than half a hundredth of itself a minute. What it
still grows by are results that nobody had asked for before, up to the bytes that are kept of them,
and the weak references that pandas counts views of a column by, up to 500 a column of what is kept.
At most 50 sessions and 30 minutes; loopback only. On a busy machine the first minute takes longer.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dashboard_10k import make
from lightclient import Client
from served import Server, served

THINK = (1.0, 8.0)  # seconds between two actions of one person
PATIENCE = 60.0
FLAT = 0.005  # of the memory, a minute


@dataclass(slots=True)
class Findings:
    """What the sessions saw.

    Attributes
    ----------
    waits
        Seconds that each action took, by kind.
    problems
        Exceptions on pages and actions that did not end.
    memory
        Seconds since the start and the server's megabytes.
    received
        Bytes that the server sent.
    """

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    received: int = 0


class Person:
    """One session that does what people do, in an order of its own."""

    def __init__(self, server: Server, seed: int, found: Findings) -> None:
        self._rng = random.Random(seed)
        self._client = Client(server.url, self._rng.choice(("zh-CN", "en-US")))
        self._found = found

    async def live(self, until: float) -> None:
        """Act until the time is over."""
        await self._do(self._client.arrive, "arrive")
        kinds = (self._go, self._go, self._model, self._window, self._search, self._click)
        while time.monotonic() < until:
            if self._rng.random() < 0.04:
                await self._do(self._client.arrive, "arrive")
            kind = self._rng.choice(kinds)
            await self._do(kind, kind.__name__.strip("_"))
            await asyncio.sleep(self._rng.uniform(*THINK))
        self._found.received += self._client.received
        await self._client.leave()

    async def _do(self, act: Callable[[], Awaitable[None]], name: str) -> None:
        start = time.monotonic()
        try:
            await asyncio.wait_for(act(), PATIENCE)
        except Exception as error:
            self._found.problems.append(f"{name}: {type(error).__name__} {error}")
            with suppress(OSError):  # it has been said; the next action tries again
                await self._client.arrive()
        self._found.waits[name].append(time.monotonic() - start)
        self._found.problems += [f"{name}: {text}" for text in self._client.exceptions]
        self._client.exceptions.clear()

    async def _go(self) -> None:
        await self._client.go(self._rng.choice(sorted(self._client.pages)))

    async def _model(self) -> None:
        if "model" not in self._client.widgets:  # not every page has the settings beside it
            await self._client.go("study")
        options = self._client.widgets["model"].options
        await self._client.set("model", self._rng.choice(options[:3]))

    async def _window(self) -> None:
        await self._client.go("study")
        await self._client.set("window", [self._rng.choice(("[-1,1]", "[0,0]", "[-5,5]"))])

    async def _search(self) -> None:
        await self._client.go("articles")
        await self._client.set("q", str(self._rng.randrange(100)))

    async def _click(self) -> None:
        await self._client.go("study")
        await self._client.click("aar", f"tau:{self._rng.randrange(-10, 11)}")


async def _watch(server: Server, found: Findings, start: float, until: float) -> None:
    while time.monotonic() < until:
        found.memory.append((time.monotonic() - start, server.megabytes()))
        await asyncio.sleep(5)


async def soak(server: Server, sessions: int, seconds: float) -> Findings:
    """Let the sessions live side by side; they arrive within the first twenty seconds."""
    found = Findings()
    start = time.monotonic()
    until = start + seconds

    async def come(number: int) -> None:
        await asyncio.sleep(number * 20 / sessions)
        await Person(server, number, found).live(until)

    await asyncio.gather(
        _watch(server, found, start, until), *(come(number) for number in range(sessions))
    )
    return found


def _flat(memory: list[tuple[float, float]]) -> None:
    """Say by how much the memory grew after the first minute, and whether that is flat."""
    late = [(at, size) for at, size in memory if at >= 60]
    if len(late) < 12:
        return
    slope, _ = statistics.linear_regression(*zip(*late, strict=True))
    level = statistics.median(size for _, size in late)
    halves = late[: len(late) // 2], late[len(late) // 2 :]
    first, second = (max(size for _, size in part) for part in halves)
    flat = "flat" if abs(60 * slope) < FLAT * level else "NOT FLAT"
    print(
        f"after the first minute {60 * slope:+.1f} MB a minute (least squares; flat is under "
        f"{FLAT * level:.1f}): {flat}; highest {first:.0f} MB in the first half, {second:.0f} MB "
        "in the second"
    )


def report(found: Findings, empty: float, server: Server) -> None:
    """Print the figures."""
    for name, waits in sorted(found.waits.items()):
        print(
            f"  {name:8s} {len(waits):5d} times, median {statistics.median(waits):6.2f} s, "
            f"longest {max(waits):6.2f} s"
        )
    print(f"the server sent {found.received / 1e6:.0f} MB, used {server.processor():.0f} s")
    print(f"memory before the first visit {empty:.0f} MB; then, second: MB")
    print("  " + "  ".join(f"{at:.0f}: {size:.0f}" for at, size in found.memory[::6]))
    _flat(found.memory)
    errors = server.errors()
    print(f"problems seen by sessions: {len(found.problems)}; errors in the log: {len(errors)}")
    for line, count in Counter([*found.problems, *errors]).most_common(10):
        print(f"  {count} x {line}")


def main() -> None:
    """Make a workspace, serve it, let the sessions live, print what they saw."""
    asked = [int(text) for text in sys.argv[1:]]
    sessions, seconds, events = (asked + [20, 300, 1000][len(asked) :])[:3]
    sessions, seconds = min(sessions, 50), min(seconds, 1800)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "workspace", events)
        with served(Path(folder) / "workspace") as server:
            empty = server.megabytes()
            found = asyncio.run(soak(server, sessions, seconds))
            print(f"{sessions} sessions, {seconds} s, {events:,} events")
            report(found, empty, server)
            failed = bool(found.problems or server.errors())
    sys.exit(failed)


if __name__ == "__main__":
    main()
