"""Refreshing a workspace's securities master from the exchanges' own lists."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from mentionstudy.data.errors import (
    SourceError,
    SourceRefused,
    SymbolNotFound,
)
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.live import load_akshare
from mentionstudy.data.market.manners import Manners
from mentionstudy.data.market.outcomes import PARSE_ERRORS, NotAsked, changed_shape, failure
from mentionstudy.data.market.transport import HttpCall
from mentionstudy.data.master.lists import MASTER_LISTS, Facts, MasterList, Reader
from mentionstudy.data.master.model import Master, merge_facts
from mentionstudy.data.workspace import Workspace

REPORT_COLUMNS: Final = ("list", "source", "outcome", "rows", "skipped", "seconds", "reason")
_SHORT_SHARE: Final = 0.5  # a list this much shorter than the last time has been cut off
_TEMPORARY: Final = ("XD", "XR", "DR")  # put before a name on one day only
_DEADLINE_SECONDS: Final = 300.0  # the lists of Hong Kong come in dozens of pages
Notify = Callable[[int, int, str], None]
"""Called as ``(done, total, note)`` after every list."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefreshReport:
    """What one refresh did.

    Attributes
    ----------
    lists
        One row a reader that was asked: ``list, source`` (the akshare function), ``outcome``
        (``ok``, ``short`` for a list much shorter than the last time, or the outcome of the
        error: ``refused``, ``timeout``, ``schema``, ...), ``rows, skipped, seconds, reason``.
    missing
        ``(list, reason)`` of the lists that no reader delivered; what was known of them stays.
    securities, names
        How many rows of each table are new or have changed.
    """

    lists: pd.DataFrame
    missing: list[tuple[str, str]]
    securities: int
    names: int


def refresh_master(
    workspace: Workspace,
    *,
    lists: Sequence[str] | None = None,
    manners: Manners | None = None,
    health: SourceHealth | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Notify | None = None,
) -> RefreshReport:
    """Ask the exchanges' lists and store what they say.

    Parameters
    ----------
    workspace
        Where to.
    lists
        Names of `MASTER_LISTS`; all by default.
    manners, health
        Time limits, spacing and circuit breakers, as for prices.
    now
        The clock; time zone aware.
    progress
        Called after every list.

    Returns
    -------
    RefreshReport
        A list that is refused costs only itself: what an earlier run stored of it stays.

    Raises
    ------
    ValueError
        An unknown name of a list.
    WorkspaceError
        The workspace cannot be written.

    Notes
    -----
    A short name that differs from the stored one makes that one a former name, until the day of
    this run; Shenzhen's own list of changes gives the exact days. Every request goes into the
    workspace's fetch log, of kind ``list`` and under the list's name.
    """
    unknown = sorted(set(lists or ()) - set(MASTER_LISTS))
    if unknown:
        raise ValueError(f"no list {unknown[0]!r}; there are {', '.join(MASTER_LISTS)}")
    chosen = [MASTER_LISTS[name] for name in (MASTER_LISTS if lists is None else lists)]
    run = _Run(workspace, manners or Manners(), health or SourceHealth(manners=manners), now())
    try:
        for done, entry in enumerate(chosen, start=1):
            run.read(entry)
            if progress:
                progress(done, len(chosen), entry.what)
    finally:  # an interrupted run keeps what arrived
        securities, names = run.store()
    return RefreshReport(
        lists=pd.DataFrame(run.log, columns=list(REPORT_COLUMNS)),
        missing=run.missing,
        securities=securities,
        names=names,
    )


@dataclass(slots=True)
class _Run:
    """One refresh: what is stored, and what the lists have said so far."""

    workspace: Workspace
    manners: Manners
    health: SourceHealth
    at: datetime
    log: list[tuple[object, ...]] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    facts: list[tuple[str, Facts]] = field(default_factory=list)
    _begun: set[str] = field(default_factory=set)
    _stored: pd.Series | None = None

    def read(self, entry: MasterList) -> None:
        """Ask the readers of one list in turn until one delivers."""
        reasons = []
        for reader in entry.readers:
            begin, at = time.monotonic(), datetime.now(UTC)
            try:
                found = self._ask(entry, reader)
            except SourceError as error:
                reasons.append(f"{reader.family}: {error.reason}")
                outcome, rows, skipped, reason = error.outcome, 0, 0, error.reason
            else:
                rows, skipped = len(found.securities) or len(found.names), found.skipped
                outcome, reason = self._judge(entry, rows)
            seconds = round(time.monotonic() - begin, 3)
            self.log.append((entry.name, reader.function, outcome, rows, skipped, seconds, reason))
            self._note(entry, reader, outcome, reason, rows, at, seconds)
            if rows:
                self.facts.append((entry.name, found))
                return
        self.missing.append((entry.name, "; ".join(reasons)))

    def _note(
        self,
        entry: MasterList,
        reader: Reader,
        outcome: str,
        reason: str,
        rows: int,
        at: datetime,
        seconds: float,
    ) -> None:
        self.requests.append(
            {
                "symbol": entry.name,
                "kind": "list",
                "source": reader.family,
                "outcome": outcome,
                "reason": reason,
                "rows": rows,
                "started_at": pd.Timestamp(at),
                "seconds": seconds,
            }
        )

    def _judge(self, entry: MasterList, rows: int) -> tuple[str, str]:
        if self._stored is None:
            self._stored = self.workspace.securities()["source"].value_counts()
        before = int(self._stored.get(entry.name, 0))
        if rows < _SHORT_SHARE * before:
            return "short", f"only {rows} securities where there were {before}; all stay known"
        return "ok", ""

    def _ask(self, entry: MasterList, reader: Reader) -> Facts:
        """One bounded, polite call; whatever fails becomes a `SourceError`."""
        family = reader.family
        if family not in self._begun:
            self._begun.add(family)
            self.health.begin(family)
        for attempt in range(1 + self.manners.timeout_retries):
            begin, at = time.monotonic(), datetime.now(UTC)
            try:
                facts = self._once(entry, reader)
            except SourceError as error:
                if isinstance(error, NotAsked):
                    raise
                if error.outcome in {"refused", "timeout"}:
                    self.health.refused(family, error.reason)
                if error.outcome != "timeout" or attempt == self.manners.timeout_retries:
                    raise
                seconds = round(time.monotonic() - begin, 3)
                self._note(entry, reader, "retried", error.reason, 0, at, seconds)
            else:
                self.health.answered(family, entry.name)
                return facts
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(self, entry: MasterList, reader: Reader) -> Facts:
        akshare = load_akshare()
        patient = Manners(
            connect_timeout=self.manners.connect_timeout,
            read_timeout=self.manners.read_timeout,
            deadline=max(self.manners.deadline, _DEADLINE_SECONDS),
            families=self.manners.families,
        )
        call = HttpCall(manners=patient, on_request=self.health.spend)
        try:
            self.health.check(reader.family)
            frame = call.run(lambda: reader.ask(akshare))
        except Exception as error:
            found, _ = failure(error, call.answers, reader.family, entry.name)
            if any('"data":null' in a.head.replace(" ", "") for a in call.answers):
                text = "it answered without data"
                found = SourceRefused(reader.family, entry.name, text)
            elif isinstance(found, SymbolNotFound):  # a list has no symbol that could be missing
                found = changed_shape(reader.family, entry.name, error)
            raise found from error
        try:
            facts = reader.read(frame)
        except PARSE_ERRORS as error:
            raise changed_shape(reader.family, entry.name, error) from error
        if not facts.securities and not facts.names:
            raise changed_shape(reader.family, entry.name, "it has no row with a known code")
        return facts

    def store(self) -> tuple[int, int]:
        """Merge what arrived into the workspace; returns how many rows changed in each table."""
        if self.requests:
            self.workspace.append_fetch_log(pd.DataFrame(self.requests))
        if not self.facts:
            return 0, 0
        stored = Master(self.workspace.securities(), self.workspace.security_names())
        securities = [
            row | {"source": name if row["name"] else "", "fetched_at": self.at}
            for name, facts in self.facts
            for row in facts.securities
        ]
        names = [
            row | {"source": name, "fetched_at": self.at}
            for name, facts in self.facts
            for row in facts.names
        ]
        new_names = _frame(names)
        listed = merge_facts(stored.securities, _frame(securities), "securities")
        known = merge_facts(stored.names, new_names, "security_names")
        known = _retire(known, listed, self.at)
        listed["pairs"] = listed["symbol"].map(_pairs(stored.securities, securities, known))
        listed["pairs"] = listed["pairs"].fillna("").astype("str")
        touched = set(_frame(securities).get("symbol", ())) | set(new_names.get("symbol", ()))
        changed = self.workspace.merge_securities(listed[listed["symbol"].isin(touched)])
        renamed = self.workspace.merge_security_names(known[known["symbol"].isin(touched)])
        dated = [
            row | {"source": name, "fetched_at": self.at}
            for name, facts in self.facts
            for row in facts.changes
        ]
        if dated:
            self.workspace.merge_name_changes(pd.DataFrame(dated))
        return changed, renamed


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["symbol", "name", "kind"])


def _retire(names: pd.DataFrame, securities: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """Make short names that are no longer the name former ones, unless that is known already."""
    current = names["symbol"].map(dict(zip(securities["symbol"], securities["name"], strict=True)))
    old = (names["kind"] == "short") & (names["name"] != current)
    temporary = names["name"].str.startswith(_TEMPORARY)
    dated = set(
        names.loc[names["kind"] == "former", ["symbol", "name"]].itertuples(index=False, name=None)
    )
    again = [pair in dated for pair in zip(names["symbol"], names["name"], strict=True)]
    kept = names[~(old & (temporary | pd.Series(again, index=names.index)))].copy()
    retired = old.reindex(kept.index)
    kept.loc[retired, "kind"] = "former"
    today = pd.Timestamp(at).tz_convert("Asia/Shanghai").tz_localize(None).normalize()
    undated = retired & kept["valid_until"].isna()
    kept.loc[undated, "valid_until"] = today
    return kept.reset_index(drop=True)


def _pairs(
    stored: pd.DataFrame, rows: Iterable[Mapping[str, object]], names: pd.DataFrame
) -> dict[str, str]:
    """Join the other shares of each firm: those that lists pair, and A and B of one full name."""
    found: dict[str, set[str]] = defaultdict(set)
    said = [*zip(stored["symbol"], stored["pairs"], strict=True)]
    said += [(str(row["symbol"]), str(row["pairs"])) for row in rows]
    for symbol, pairs in said:
        found[symbol].update(filter(None, pairs.split(";")))
    full = names[(names["kind"] == "full") & names["symbol"].str.endswith((".SH", ".SZ"))]
    for _, symbols in full.groupby("name")["symbol"]:
        for symbol in symbols:
            found[symbol].update(set(symbols) - {symbol})
    return {symbol: ";".join(sorted(pairs)) for symbol, pairs in found.items()}
