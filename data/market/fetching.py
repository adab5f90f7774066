"""Filling a workspace with prices: it resumes, can be stopped, and accounts for what is missing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd
from filelock import FileLock

from mentionstudy.data.calendars import CALENDAR_OF
from mentionstudy.data.errors import CalendarUnknown, SymbolError, WorkspaceError
from mentionstudy.data.market.attempts import Attempt
from mentionstudy.data.market.base import PriceSource
from mentionstudy.data.market.chain import ChainAnswer, SourceChain
from mentionstudy.data.market.coverage import covered_requests, known_missing
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.manners import Manners
from mentionstudy.data.market.normal import last_complete_session
from mentionstudy.data.market.notes import Note, disagreements, early_end
from mentionstudy.data.market.plan import Request, requests_of
from mentionstudy.data.master.renumbering import OLD_BEIJING
from mentionstudy.data.securities import parse_symbol

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace

HEALTH_FILE: Final = ".source_health.json"
LOCK_FILE: Final = ".fetch.lock"
_OLD_CODE: Final = (
    "shares in Beijing have other codes, 920xxx, since 2025-10-09; "
    "`mentionstudy securities --refresh` reads the list that can confirm which"
)
_UNKNOWN: Final = "check the code: `mentionstudy securities` lists those that are known by name"
_BATCH_REQUESTS: Final = 40
_BATCH_SECONDS: Final = 10.0


class Missing(NamedTuple):
    """One table of one symbol that is still missing.

    Attributes
    ----------
    symbol, reason : str
        What, and why in words.
    kind : str
        ``bars`` or ``factors``.
    outcome : str
        The stable code of the reason, as in the fetch log; ``not_asked`` if time ran out.
    """

    symbol: str
    reason: str
    kind: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProgress:
    """Where a fetch stands; handed to the `progress` callback before and after each request.

    Attributes
    ----------
    done, total : int
        Requests of the plan.
    symbol, kind : str
        What is being asked for or was just answered.
    outcome : str
        Empty before the answer; then ``ok``, ``covered`` or the code of the failure.
    source : str
        Who answered.
    """

    done: int
    total: int
    symbol: str
    kind: str
    outcome: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What a fetch brought.

    Attributes
    ----------
    ok : int
        Requests that were answered with rows.
    covered : int
        Requests that the workspace already covered; nothing was asked.
    missing : tuple of Missing
        The rest, each with its reason.
    notes : tuple of Note
        What was left out of answers that came, in words.
    rows : int
        Rows that are new or changed in the workspace.
    seconds : float
        How long it took.
    interrupted : bool
        Whether it was stopped from the keyboard; what had arrived is kept.
    """

    ok: int
    covered: int
    missing: tuple[Missing, ...]
    rows: int
    seconds: float
    notes: tuple[Note, ...] = ()
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything that was planned is in the workspace now."""
        return not self.missing

    def to_frame(self) -> pd.DataFrame:
        """Return what is missing as a frame: symbol, reason, kind, outcome."""
        return pd.DataFrame(list(self.missing), columns=list(Missing._fields))


def fetch(
    workspace: Workspace,
    plan: pd.DataFrame,
    sources: PriceSource | SourceChain,
    progress: Callable[[FetchProgress], None] | None = None,
    *,
    refetch: bool = False,
    insist: bool = False,
    max_seconds: float | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FetchReport:
    """Bring the planned bars and factors into a workspace.

    What the workspace covers already is not asked for again, unless the source is a local one.
    Each answer is logged in the workspace's fetch log. A failure of one symbol stops no other.
    Stopping it, by Ctrl-C or a crash, loses at most the last few answers; running it again
    goes on where it stopped. A second fetch of the same workspace waits for the first.

    Parameters
    ----------
    workspace
        Where the tables are.
    plan
        From `plan_fetch` or `plan_symbols`.
    sources
        A source, or a chain of sources.
    progress
        Called before and after each request.
    refetch
        Ask even for what is covered, and for symbols that no source knew in the last days.
    insist
        Ask even a source that bans for longer when it is asked during a ban.
    max_seconds
        Start no new request after so long.
    now
        The clock, time zone aware; bars of sessions that are not over are never stored.

    Returns
    -------
    FetchReport
        Ends with the list of what is missing and why.
    """
    chain = sources if isinstance(sources, SourceChain) else SourceChain.of(sources)
    chain.begin(insist=insist)
    began = time.monotonic()
    with _only_fetch(workspace):
        log = workspace.fetch_log()
        run = _Run(
            workspace=workspace,
            chain=chain,
            now=now,
            tell=progress or (lambda _step: None),
            stop_at=None if max_seconds is None else began + max_seconds,
        )
        if not (refetch or chain.local):
            run.have = covered_requests(workspace, plan, now(), log)
            run.known_missing = known_missing(log, now())
        run.all(requests_of(plan))
    return FetchReport(
        ok=run.ok,
        covered=run.covered,
        missing=tuple(run.missing),
        notes=tuple(run.notes),
        rows=run.rows,
        seconds=time.monotonic() - began,
        interrupted=run.interrupted,
    )


@contextlib.contextmanager
def _only_fetch(workspace: Workspace) -> Iterator[None]:
    """Let one fetch at a time work on a workspace; the others wait and then find it done.

    The lock belongs to the open file, so it ends with its process however that ends.
    """
    if "://" in workspace.path:
        yield
        return
    try:
        with FileLock(Path(workspace.path) / LOCK_FILE):
            yield
    except PermissionError as error:
        raise WorkspaceError(
            f"{workspace.path}: the folder cannot be written; check its permissions"
        ) from error


def workspace_health(workspace: Workspace, manners: Manners | None = None) -> SourceHealth:
    """Return the breakers and budgets that a workspace remembers.

    A workspace on an object store has no place for them; they then end with the process.
    """
    path = None if "://" in workspace.path else Path(workspace.path) / HEALTH_FILE
    return SourceHealth(path, manners or Manners())


@dataclass(slots=True)
class _Run:
    """What has arrived and is not written yet, and the balance so far."""

    workspace: Workspace
    chain: SourceChain
    now: Callable[[], datetime]
    tell: Callable[[FetchProgress], None]
    stop_at: float | None
    have: set[tuple[str, str]] = field(default_factory=set)
    known_missing: dict[tuple[str, str], str] = field(default_factory=dict)
    ok: int = 0
    covered: int = 0
    rows: int = 0
    interrupted: bool = False
    missing: list[Missing] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _bars: list[pd.DataFrame] = field(default_factory=list)
    _factors: list[pd.DataFrame] = field(default_factory=list)
    _log: list[dict[str, object]] = field(default_factory=list)
    _pending: int = 0
    _written: float = field(default_factory=time.monotonic)

    def all(self, requests: list[Request]) -> None:
        """Answer all requests in turn; what arrived is written whatever happens."""
        done = 0
        total = len(requests)
        try:
            for request in requests:
                outcome, source = self._one(request, done, total)
                done += 1
                self.tell(
                    FetchProgress(
                        done=done,
                        total=total,
                        symbol=request.symbol,
                        kind=request.kind,
                        outcome=outcome,
                        source=source,
                    )
                )
        except KeyboardInterrupt:
            self.interrupted = True
            for request in requests[done:]:
                self.leave(request, "the fetch was stopped before its turn")
        finally:
            self.flush()

    def _one(self, request: Request, done: int, total: int) -> tuple[str, str]:
        """Answer one request, if it needs an answer."""
        key = (request.symbol, str(request.kind))
        if key in self.have:
            self.covered += 1
            return "covered", ""
        if key in self.known_missing:
            return self.leave(request, self.known_missing[key], "not_found"), ""
        if without_bars := self.known_missing.get((request.symbol, "bars")):
            # what no source trades has no factors either; without a table they would be 1
            return self.leave(request, without_bars, "not_found"), ""
        if self.stop_at is not None and time.monotonic() > self.stop_at:
            return self.leave(request, "the time limit was reached before its turn"), ""
        self.tell(FetchProgress(done=done, total=total, symbol=request.symbol, kind=request.kind))
        return self.ask(request)

    def ask(self, request: Request) -> tuple[str, str]:
        """Answer one request; returns its outcome and who answered."""
        try:
            security = parse_symbol(request.symbol)
            last = last_complete_session(security.exchange, self.now())
        except SymbolError as error:
            return self.leave(request, str(error), "not_found"), ""
        except CalendarUnknown:
            venue = request.symbol.rpartition(".")[2]
            reason = f"no source carries {venue}; covered are {', '.join(CALENDAR_OF)}"
            return self.leave(request, reason, "not_covered"), ""
        end = min(request.end, last)
        if request.start > end:
            reason = f"its first session, {request.start}, is not over yet"
            return self.leave(request, reason, "not_asked"), ""
        if request.kind == "bars":
            answer = self.chain.try_bars(security, request.start, end)
        else:
            answer = self.chain.try_factors(security)
            end = last
        return self._take(request, answer, end)

    def leave(self, request: Request, reason: str, outcome: str = "not_asked") -> str:
        """Count a request as missing without asking."""
        self.missing.append(Missing(request.symbol, reason, request.kind, outcome))
        return outcome

    def flush(self) -> None:
        """Write what has arrived: the rows first, then the log that vouches for them."""
        if self._bars:
            frame = pd.concat(self._bars, ignore_index=True)
            self.notes += disagreements(self.workspace, frame)
            self.rows += self.workspace.merge_bars(frame)
        if self._factors:
            frame = pd.concat(self._factors, ignore_index=True)
            self.rows += self.workspace.merge_factors(frame)
        if self._log:
            self.workspace.append_fetch_log(pd.DataFrame(self._log))
        self._bars, self._factors, self._log, self._pending = [], [], [], 0
        self._written = time.monotonic()

    def _take(self, request: Request, answer: ChainAnswer, end: date) -> tuple[str, str]:
        first = request.start if request.kind == "bars" else date(1900, 1, 1)
        asked = sorted((*answer.others, *answer.attempts), key=lambda a: a.started_at)
        self._log += [_log_row(a, first, end) for a in asked]
        outcome, source = "ok", ""
        if answer.frame is not None:
            self.ok += 1
            source = answer.attempts[-1].source
            if answer.attempts[-1].reason:
                self.notes.append(Note(request.symbol, answer.attempts[-1].reason))
            if request.kind == "bars":
                self.notes += early_end(request.symbol, answer.frame, end)
            (self._bars if request.kind == "bars" else self._factors).append(answer.frame)
        else:
            worst = answer.worst
            code = worst.outcome if worst else "not_covered"
            reason = answer.reason or "no source is set up for it"
            if code == "not_found":
                hint = _OLD_CODE if OLD_BEIJING.fullmatch(request.symbol) else _UNKNOWN
                reason = f"{reason}; {hint}"
                self.known_missing[request.symbol, str(request.kind)] = reason
            outcome = self.leave(request, reason, code)
        self._pending += 1
        late = time.monotonic() - self._written > _BATCH_SECONDS
        if self._pending >= _BATCH_REQUESTS or late:
            self.flush()
        return outcome, source


def _log_row(attempt: Attempt, first: date, last: date) -> dict[str, object]:
    return {
        "symbol": attempt.symbol,
        "kind": attempt.kind,
        "source": attempt.source,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "rows": attempt.rows,
        "first": first,
        "last": last,
        "started_at": pd.Timestamp(attempt.started_at),
        "seconds": attempt.seconds,
    }
