"""Sources one after the other: the first good answer wins, and every attempt is remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pandas as pd

from mentionstudy.data.errors import NotCovered, SourceError
from mentionstudy.data.market.attempts import Attempt, Outcome, outcome_of
from mentionstudy.data.market.base import PriceSource, TableKind
from mentionstudy.data.market.live import LiveSource

if TYPE_CHECKING:
    from mentionstudy.data.securities import Security

# What the last word is when several sources failed differently: first what may be cured by
# asking again, then what the sources agree on.
_TELLING: Final = (
    "refused",
    "timeout",
    "schema",
    "failed",
    "empty",
    "not_found",
    "not_covered",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnswer:
    """What a chain found.

    Attributes
    ----------
    frame
        The rows, or None if no source had them.
    attempts
        Every source that was asked, in order, with its last word.
    others
        What else was asked on the way: tries that were repeated, and canaries.
    """

    frame: pd.DataFrame | None
    attempts: tuple[Attempt, ...]
    others: tuple[Attempt, ...] = ()

    @property
    def worst(self) -> Attempt | None:
        """The most telling failed attempt, or None."""
        failed = [a for a in self.attempts if a.outcome != "ok"]
        return min(failed, key=lambda a: _TELLING.index(a.outcome), default=None)

    @property
    def reason(self) -> str:
        """All failures in one sentence."""
        asked = [a for a in self.attempts if a.outcome not in {"ok", "not_covered"}]
        told = asked or [a for a in self.attempts if a.outcome != "ok"]
        return "; ".join(f"{a.source}: {a.reason}" for a in told)


@dataclass(slots=True)
class SourceChain:
    """A price source that asks others in turn.

    Attributes
    ----------
    sources
        By name.
    bars_order, factors_order
        Which names to ask for a security, best first.
    name
        Of the chain.
    """

    sources: Mapping[str, PriceSource]
    bars_order: Callable[[Security], Sequence[str]]
    factors_order: Callable[[Security], Sequence[str]]
    name: str = "live"

    @property
    def local(self) -> bool:
        """Whether every source is a local one, which costs nothing to read again."""
        return all(getattr(s, "local", False) for s in self.sources.values())

    def begin(self, *, insist: bool = False) -> None:
        """Tell the sources that a user started a new run; `insist` asks even where that is bad."""
        for source in self.sources.values():
            if isinstance(source, LiveSource):
                source.begin(insist=insist)

    def cost(self, security: Security, kind: TableKind, start: date, end: date) -> tuple[str, int]:
        """Return the first source that would be asked for a table, and its HTTP requests."""
        try:
            order = (self.bars_order if kind == "bars" else self.factors_order)(security)
        except SourceError:
            return "", 0
        for source in self._in_order(order):
            if not isinstance(source, LiveSource):
                return source.name, 0
            if requests := source.cost(security, kind, start, end):
                return source.name, requests
        return "", 0

    def pause(self, name: str) -> float:
        """Return the mean pause before a request of a source, in seconds."""
        source = self.sources[name]
        return 1.5 * source.manners.of(name).spacing if isinstance(source, LiveSource) else 0.0

    def hosts(self, name: str) -> tuple[str, ...]:
        """Return the hosts behind a source; none for a local one."""
        source = self.sources[name]
        return source.hosts if isinstance(source, LiveSource) else ()

    @classmethod
    def of(cls, *sources: PriceSource) -> SourceChain:
        """Return a chain that asks the given sources in the given order for everything."""
        names = tuple(s.name for s in sources)
        return cls(
            sources={s.name: s for s in sources},
            bars_order=lambda _security: names,
            factors_order=lambda _security: names,
            name="+".join(names),
        )

    def bars(self, security: Security, start: date, end: date) -> pd.DataFrame:
        """See `PriceSource.bars`."""
        return self._or_raise(self.try_bars(security, start, end), security)

    def factors(self, security: Security) -> pd.DataFrame:
        """See `PriceSource.factors`."""
        return self._or_raise(self.try_factors(security), security)

    def try_bars(self, security: Security, start: date, end: date) -> ChainAnswer:
        """Ask for bars; failures are in the answer, not raised."""
        try:
            order = self.bars_order(security)
        except SourceError as error:
            return self._refusal(error, "bars")
        return self._try(security, "bars", order, lambda source: source.bars(security, start, end))

    def try_factors(self, security: Security) -> ChainAnswer:
        """Ask for adjustment factors; failures are in the answer, not raised."""
        try:
            order = self.factors_order(security)
        except SourceError as error:
            return self._refusal(error, "factors")
        return self._try(security, "factors", order, lambda source: source.factors(security))

    def _try(
        self,
        security: Security,
        kind: TableKind,
        order: Sequence[str],
        ask: Callable[[PriceSource], pd.DataFrame],
    ) -> ChainAnswer:
        attempts: list[Attempt] = []
        others: list[Attempt] = []
        frame: pd.DataFrame | None = None
        for source in self._in_order(order):
            began, clock = datetime.now(UTC), time.perf_counter()
            outcome: Outcome = "ok"
            reason = ""
            try:
                frame = ask(source)
                reason = str(frame.attrs.get("notes", ""))
            except SourceError as error:
                outcome, reason = outcome_of(error), error.reason
            notes = source.take_notes() if isinstance(source, LiveSource) else []
            others += notes
            for note in notes:  # the last word is that of the last try
                if note.outcome == "retried":
                    began = note.started_at + timedelta(seconds=note.seconds)
            attempts.append(
                Attempt(
                    symbol=security.symbol,
                    kind=kind,
                    source=source.name,
                    outcome=outcome,
                    reason=reason,
                    rows=0 if frame is None else len(frame),
                    started_at=began,
                    seconds=time.perf_counter() - clock,
                )
            )
            if frame is not None:
                break
        return ChainAnswer(frame=frame, attempts=tuple(attempts), others=tuple(others))

    def _in_order(self, order: Sequence[str]) -> Iterator[PriceSource]:
        return (self.sources[name] for name in order if name in self.sources)

    def _refusal(self, error: SourceError, kind: TableKind) -> ChainAnswer:
        attempt = Attempt(
            symbol=error.symbol,
            kind=kind,
            source=self.name,
            outcome=outcome_of(error),
            reason=error.reason,
            rows=0,
            started_at=datetime.now(UTC),
            seconds=0.0,
        )
        return ChainAnswer(frame=None, attempts=(attempt,))

    def _or_raise(self, answer: ChainAnswer, security: Security) -> pd.DataFrame:
        if answer.frame is not None:
            return answer.frame
        worst = answer.worst
        if worst is None:
            raise NotCovered(self.name, security.symbol, "no source is set up for it")
        raise _ERRORS[worst.outcome](self.name, security.symbol, answer.reason)


def _classes(base: type[SourceError]) -> Iterator[type[SourceError]]:
    yield base
    for sub in base.__subclasses__():
        if sub.__module__ == base.__module__:
            yield from _classes(sub)


_ERRORS: Final = {c.outcome: c for c in _classes(SourceError)}
