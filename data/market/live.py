"""The frame around every live source: one route per class of security, one way to ask.

A source is a name and a list of routes; a route is a real akshare function, what it covers and a
symbol that is known to exist. Asking is the same for all: the breaker is consulted, the call is
bounded and observed, a failure gets its class, and what came back is normalised and checked.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from mentionstudy.data.errors import (
    NoData,
    NotCovered,
    SourceError,
    SourceRefused,
    SourceSchemaChanged,
    SourceTimeout,
    SymbolNotFound,
)
from mentionstudy.data.market.attempts import Asked, Attempt, Outcome, outcome_of
from mentionstudy.data.market.base import TableKind, unit_factors
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.manners import Manners
from mentionstudy.data.market.normal import VolumeUnit, Window, normal_bars, normal_factors
from mentionstudy.data.market.outcomes import (
    NotAsked,
    changed_shape,
    emptiness,
    failure,
    without_data,
)
from mentionstudy.data.market.transport import HttpCall
from mentionstudy.data.securities import Security, parse_symbol

if TYPE_CHECKING:
    from types import ModuleType

BarsFunction = Callable[[Any, Security, Window], Any]
FactorsFunction = Callable[[Any, Security], Any]

CANARY_DAYS: Final = 30
_NAMED_CODE: Final = re.compile(
    r'"code"\s*:\s*"(\w+)"'
    r'|(?:^|[_\s"])(?:sh|sz|bj|hk)(\d{5,6})(?=["=]|[hq]fq)'
    r"|[_\s](\d{5})(?==|[hq]fq)"
)
"""Where the upstreams name the security that an answer is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One akshare function of a source.

    Attributes
    ----------
    name : str
        Unique within the source.
    covers : callable
        Whether a security is served by it.
    bars : callable
        ``(akshare, security, window) -> frame`` as akshare returns it.
    canary : str
        A symbol that the upstream certainly knows.
    unit : str
        What its volume is counted in, where the amount cannot tell.
    factors : callable or None
        ``(akshare, security) -> frame`` with the table of adjustment factors.
    absent_is_one : bool
        Whether the upstream has no table for a security without corporate actions, so that
        none means factor 1. Otherwise none means that it does not know the security.
    requests, factor_requests
        How many HTTP requests a call makes: for bars by the range, for factors always.
    """

    name: str
    covers: Callable[[Security], bool]
    bars: BarsFunction
    canary: str
    unit: VolumeUnit = "share"
    factors: FactorsFunction | None = None
    absent_is_one: bool = False
    requests: Callable[[date, date], int] = lambda _start, _end: 1
    factor_requests: int = 1


@dataclass(slots=True)
class LiveSource:
    """A price source over akshare.

    Attributes
    ----------
    name
        Of the source, and of the family of hosts that its breaker watches.
    routes
        The first that covers a security is asked.
    manners
        Time limits, retries, spacing.
    health
        Breakers and budgets; shared by all sources of a workspace.
    hosts
        Who is asked.
    """

    name: str
    routes: Sequence[Route]
    manners: Manners = field(default_factory=Manners)
    health: SourceHealth = field(default_factory=SourceHealth)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    hosts: tuple[str, ...] = ()
    _dead_canaries: dict[str, tuple[datetime, SourceError]] = field(default_factory=dict)
    _notes: list[Attempt] = field(default_factory=list)

    def bars(self, security: Security, start: date, end: date) -> pd.DataFrame:
        """See `PriceSource.bars`."""
        route = self._route(security)
        window = Window.of(start, end, self.now())
        return self._bars(route, security, window)

    def factors(self, security: Security) -> pd.DataFrame:
        """See `PriceSource.factors`."""
        if security.kind == "index":
            return unit_factors(security.symbol, self.name, self.now())
        route = self._route(security)
        function = route.factors
        if function is None:
            raise NotCovered(self.name, security.symbol, "it has no adjustment factors")
        try:
            raw = self._ask(route, security, lambda ak: function(ak, security), "factors")
        except (SymbolNotFound, NoData):
            if not route.absent_is_one:
                raise
            # Without corporate actions the file is empty or absent. A canary has answered, or
            # the error would be another.
            return unit_factors(security.symbol, self.name, self.now())
        return normal_factors(raw, security, self.name, self.now())

    def cost(self, security: Security, kind: TableKind, start: date, end: date) -> int:
        """Return how many HTTP requests a table takes; 0 if nothing would be asked."""
        if not self.covers(security) or (kind == "factors" and security.kind == "index"):
            return 0
        route = self._route(security)
        if kind == "bars":
            return route.requests(start, end)
        return route.factor_requests if route.factors is not None else 0

    def begin(self, *, insist: bool = False) -> None:
        """Start a run that a user asked for; see `SourceHealth.begin`."""
        self.health.begin(self.name, insist=insist)

    def take_notes(self) -> list[Attempt]:
        """Hand over what was asked beside the last answers: repeated tries and canaries."""
        notes, self._notes = self._notes, []
        return notes

    def covers(self, security: Security) -> bool:
        """Say whether any route serves a security."""
        return any(r.covers(security) for r in self.routes)

    def _route(self, security: Security) -> Route:
        for route in self.routes:
            if route.covers(security):
                return route
        what = f"{security.kind} on {security.exchange}"
        raise NotCovered(self.name, security.symbol, f"it does not carry a {what}")

    def _bars(self, route: Route, security: Security, window: Window) -> pd.DataFrame:
        raw = self._ask(route, security, lambda ak: route.bars(ak, security, window), "bars")
        try:
            return normal_bars(raw, security, self.name, window, route.unit)
        except SourceError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise changed_shape(self.name, security.symbol, error) from error

    def _ask(
        self,
        route: Route,
        security: Security,
        function: Callable[[ModuleType], Any],
        what: TableKind,
    ) -> pd.DataFrame:
        """Ask with the retries that help, and remember how it went."""
        if security.symbol != route.canary and self.health.state(self.name) == "half_open":
            self._probe(route, what, security)

        clock = [0.0]

        def start(_state: RetryCallState) -> None:
            clock[0] = time.perf_counter()

        def note(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            reason = error.reason if isinstance(error, SourceError) else ""
            self._note(security.symbol, what, "retried", reason, time.perf_counter() - clock[0])

        retries = Retrying(
            retry=retry_if_exception(self._worth_retrying),
            stop=stop_after_attempt(1 + self._retries),
            wait=wait_random_exponential(
                multiplier=self.manners.retry_wait, max=self.manners.retry_wait_max
            ),
            before=start,
            before_sleep=note,
            reraise=True,
        )
        try:
            frame: pd.DataFrame = retries(self._once, route, security, function, what)
        except (SourceRefused, SourceTimeout) as error:
            if not isinstance(error, NotAsked):
                self.health.refused(self.name, error.reason)
            raise
        self.health.answered(self.name, f"{route.name}.{what}")
        return frame

    def _note(
        self, symbol: str, kind: Asked, outcome: Outcome, reason: str, seconds: float
    ) -> None:
        began = datetime.now(UTC) - timedelta(seconds=seconds)
        self._notes.append(
            Attempt(
                symbol=symbol,
                kind=kind,
                source=self.name,
                outcome=outcome,
                reason=reason,
                rows=0,
                started_at=began,
                seconds=seconds,
            )
        )

    def _probe(self, route: Route, what: TableKind, security: Security) -> None:
        """Ask for the canary before anything else when a cool-down is over.

        An upstream that still refuses is then known to, whatever it says about other symbols.
        """
        error = self._canary_error(route, what)
        if isinstance(error, NotAsked):
            raise NotAsked(self.name, security.symbol, error.reason)
        if error is not None:
            reason = f"{error.reason}; asked for {route.canary} first, which exists"
            raise type(error)(self.name, security.symbol, reason)

    @property
    def _retries(self) -> int:
        return max(self.manners.timeout_retries, self.manners.of(self.name).refused_retries)

    def _worth_retrying(self, error: BaseException) -> bool:
        if isinstance(error, SourceRefused):
            return (
                not isinstance(error, NotAsked) and self.manners.of(self.name).refused_retries > 0
            )
        return isinstance(error, SourceTimeout) and self.manners.timeout_retries > 0

    def _once(
        self,
        route: Route,
        security: Security,
        function: Callable[[ModuleType], Any],
        what: TableKind,
    ) -> pd.DataFrame:
        """One bounded call; a failure becomes one of the classes of `SourceError`."""
        symbol = security.symbol
        call = HttpCall(manners=self.manners, on_request=self.health.spend)
        akshare = load_akshare()
        try:
            self.health.check(self.name)
            frame = call.run(lambda: function(akshare))
        except Exception as error:
            if other := _another_code(call, security):
                text = f"it answered for {other}"
                raise changed_shape(self.name, symbol, text) from error
            found, unsure = failure(error, call.answers, self.name, symbol)
            none = without_data(call.answers)
            raise self._judged(
                found, unsure, route, what, security, "no data" if none else error
            ) from error
        if not isinstance(frame, pd.DataFrame) or frame.empty:
            found, unsure = emptiness(call.answers, self.name, symbol)
            raise self._judged(found, unsure, route, what, security, "no rows")
        if other := _another_code(call, security):
            raise changed_shape(self.name, symbol, f"it answered for {other}")
        return frame

    def _judged(
        self,
        found: SourceError,
        unsure: bool,
        route: Route,
        what: TableKind,
        security: Security,
        error: BaseException | str,
    ) -> SourceError:
        """Let a known-good symbol decide between an unknown symbol and a changed upstream."""
        if not unsure:
            return found
        if security.symbol == route.canary:
            if isinstance(error, str):  # no rows of what exists: a refusal in good form
                return SourceRefused(self.name, security.symbol, "it answers without data")
            return changed_shape(self.name, security.symbol, error)
        if self.health.proven(self.name, f"{route.name}.{what}"):
            return found
        key, memory = f"{route.name}.{what}", timedelta(minutes=self.manners.canary_minutes)
        died, worse = self._dead_canaries.get(key, (None, None))
        if died is None or self.now() - died > memory:
            worse = self._canary_error(route, what)
            if worse is not None:
                self._dead_canaries[key] = (self.now(), worse)
        if worse is None:
            return found
        if isinstance(worse, SourceSchemaChanged):
            reason = f"{worse.reason}; not even {route.canary} is answered"
            return SourceSchemaChanged(self.name, security.symbol, reason)
        return type(worse)(self.name, security.symbol, worse.reason)

    def _canary_error(self, route: Route, what: TableKind) -> SourceError | None:
        clock = time.perf_counter()
        found: SourceError | None = None
        try:
            self._canary(route, what)
        except SourceError as error:
            found = error
        outcome: Outcome = outcome_of(found) if found else "ok"
        reason = found.reason if found else ""
        self._note(route.canary, "canary", outcome, reason, time.perf_counter() - clock)
        return found

    def _canary(self, route: Route, what: TableKind) -> None:
        security = parse_symbol(route.canary)
        if what == "factors" and route.factors is not None:
            function = route.factors
            self._ask(route, security, lambda ak: function(ak, security), what)
            return
        today = self.now().date()
        window = Window.of(today - timedelta(days=CANARY_DAYS), today, self.now())
        self._bars(route, security, window)


def load_akshare() -> ModuleType:
    """Import akshare when it is first needed: it takes more than a second."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # its progress bars would be drawn over ours
    import akshare

    return akshare  # type: ignore[no-any-return]


def _another_code(call: HttpCall, security: Security) -> str:
    """Return the code that an answer names in its head, if it is not the one asked for."""
    for answer in call.answers:
        named = ["".join(groups) for groups in _NAMED_CODE.findall(answer.head[:200])]
        if named and security.code not in answer.head:
            return named[0]
    return ""
