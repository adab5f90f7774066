"""What a workspace covers: judged by what was asked and answered, not by the rows alone.

A share that was listed late, or halted, has no bars in a part of its window although there is
nothing more to fetch; the fetch log knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mentionstudy.data.calendars import CALENDAR_OF, calendar_for
from mentionstudy.data.errors import CalendarUnknown
from mentionstudy.data.market.held import Held, Ints, day_numbers
from mentionstudy.data.market.normal import last_complete_session
from mentionstudy.data.market.plan import requests_of

if TYPE_CHECKING:
    from mentionstudy.data.market.health import SourceHealth
    from mentionstudy.data.workspace import Workspace


NOT_FOUND_DAYS: Final = 7
"""For how long it is believed that no source knows a symbol."""

STATES: Final = ("missing", "not_asked", "partial", "complete")
"""What can be said of a table of a symbol, worst first."""

COVERAGE_COLUMNS: Final = (
    "symbol",
    "kind",
    "role",
    "n_events",
    "start",
    "end",
    "sessions",
    "rows",
    "share",
    "state",
    "first",
    "last",
    "sources",
    "asked_at",
    "reason",
    "retry_at",
)


def covered_requests(
    workspace: Workspace, plan: pd.DataFrame, now: datetime, log: pd.DataFrame | None = None
) -> set[tuple[str, str]]:
    """Return the (symbol, kind) pairs of a plan that need no request.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    now
        Time zone aware; sessions that are not over cannot be missing.
    log
        The workspace's fetch log, if it is at hand.
    """
    log = workspace.fetch_log() if log is None else log
    if plan.empty or not (log["outcome"] == "ok").any():
        return set()
    symbols = list(plan["symbol"].unique())
    present = {
        "bars": set(workspace.bars(symbols, columns=["symbol"])["symbol"].unique()),
        "factors": set(workspace.factors(symbols)["symbol"].unique()),
    }
    return _covered(plan, now, log, present)


def _covered(
    plan: pd.DataFrame, now: datetime, log: pd.DataFrame, present: dict[str, set[str]]
) -> set[tuple[str, str]]:
    spans = _answered_spans(log)
    requests = requests_of(plan)
    limit = {r.symbol.rpartition(".")[2]: date.max for r in requests}
    limit = {exchange: last_session(exchange, now) for exchange in limit}
    covered = set()
    for request in requests:
        end = min(request.end, limit[request.symbol.rpartition(".")[2]])
        start = min(request.start, end)
        known = spans.get((request.symbol, request.kind), [])
        if request.symbol in present[request.kind] and any(
            first <= start and end <= last for first, last in known
        ):
            covered.add((request.symbol, str(request.kind)))
    return covered


def known_missing(log: pd.DataFrame, now: datetime) -> dict[tuple[str, str], str]:
    """Return the (symbol, kind) pairs that no source knew in the last days, with the reason.

    Only where every source that was asked said so: a refusal among them means nothing is known.
    """
    asked = log["started_at"] > pd.Timestamp(now) - pd.Timedelta(days=NOT_FOUND_DAYS)
    recent = log.loc[asked & ~log["outcome"].isin(["not_covered", "retried"])]
    each = recent.assign(unknown=recent["outcome"] == "not_found").groupby(
        ["symbol", "kind"], observed=True
    )
    found = each.agg(unknown=("unknown", "all"), when=("started_at", "max"))
    found = found[found["unknown"]]
    texts = {}
    for (symbol, kind), when in zip(found.index.tolist(), found["when"].tolist(), strict=True):
        again = when + pd.Timedelta(days=NOT_FOUND_DAYS)
        texts[str(symbol), str(kind)] = (
            f"no source knew it on {when:%Y-%m-%d}; asked again after {again:%Y-%m-%d}"
        )
    return texts


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What a workspace holds of the symbols of a plan.

    Attributes
    ----------
    bars, factors
        The stored rows.
    log
        The fetch log.
    """

    bars: Held
    factors: Held
    log: pd.DataFrame

    @classmethod
    def of(cls, workspace: Workspace, plan: pd.DataFrame) -> Stored:
        """Read it."""
        symbols = list(plan["symbol"].unique())
        return cls(
            bars=Held.bars(workspace, symbols),
            factors=Held.of(workspace.factors(symbols), "ex_date"),
            log=workspace.fetch_log().astype({"symbol": "str", "kind": "str", "source": "str"}),
        )


def coverage(
    workspace: Workspace,
    plan: pd.DataFrame,
    *,
    health: SourceHealth | None = None,
    now: datetime | None = None,
) -> pd.DataFrame:
    """Say for every planned table what is there, what is missing and when to try again.

    Parameters
    ----------
    workspace, plan
        As in `fetch`.
    health
        The breakers, for the time from which a source may be asked again.
    now
        Time zone aware.

    Returns
    -------
    pandas.DataFrame
        `COVERAGE_COLUMNS`. ``sessions`` counts those of the exchange in the range that are over,
        ``rows`` the rows that are there, ``share`` their quotient (bars only). ``state`` is
        ``complete`` (asked for and answered; a share below 1 is halts or a late listing),
        ``partial``, ``missing`` or ``not_asked``; ``reason`` is that of the last failure and
        ``retry_at`` from when another try makes sense (NaT: now).
    """
    return judged(plan, Stored.of(workspace, plan), health, now or datetime.now(UTC))


def judged(
    plan: pd.DataFrame, stored: Stored, health: SourceHealth | None, now: datetime
) -> pd.DataFrame:
    """As `coverage`, of what was read already."""
    is_bars = (plan["kind"] == "bars").to_numpy()
    start, last = day_numbers(plan["start"]), last_days(plan, now)
    low, high = stored.factors.whole(plan["symbol"])
    within = stored.bars.between(plan["symbol"], start, last)
    low, high = np.where(is_bars, within[0], low), np.where(is_bars, within[1], high)
    rows = high - low
    sessions = np.where(is_bars, sessions_between(plan["symbol"], start, last), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(sessions > 0, rows / sessions, np.nan)
    table = pd.DataFrame(
        {
            **{name: plan[name].to_numpy() for name in ("symbol", "kind", "role", "n_events")},
            **{name: plan[name].dt.normalize().to_numpy() for name in ("start", "end")},
            "sessions": sessions,
            "rows": rows,
            "share": share,
            "first": _both(stored, is_bars, low, rows > 0),
            "last": _both(stored, is_bars, high - 1, rows > 0),
        }
    )
    names = (held.sources_in(low * own, high * own) for held, own in _tables(stored, is_bars))
    table["sources"] = [of_bars or of_factors for of_bars, of_factors in zip(*names, strict=True)]
    return _with_answers(table, stored, health, now)[list(COVERAGE_COLUMNS)]


def _tables(stored: Stored, is_bars: NDArray[np.bool_]) -> list[tuple[Held, NDArray[np.bool_]]]:
    return [(stored.bars, is_bars), (stored.factors, ~is_bars)]


def _both(
    stored: Stored, is_bars: NDArray[np.bool_], rows: Ints, there: NDArray[np.bool_]
) -> NDArray[np.datetime64]:
    """Return the days of rows that lie in the one table or the other."""
    days = [held.days(rows, there & own) for held, own in _tables(stored, is_bars)]
    return np.where(is_bars, *days)


def _with_answers(
    table: pd.DataFrame, stored: Stored, health: SourceHealth | None, now: datetime
) -> pd.DataFrame:
    """Add what follows from the log: the state, the last failure, the next try."""
    pairs = pd.MultiIndex.from_frame(table[["symbol", "kind"]])
    present = {"bars": set(stored.bars.symbols), "factors": set(stored.factors.symbols)}
    plan = table[["symbol", "kind", "start", "end"]]
    done = pairs.isin(list(_covered(plan, now, stored.log, present)))
    said = _answers(stored.log, _retry_times(health)).reindex(pairs).reset_index(drop=True)
    state = np.select(
        [done, table["rows"] > 0, said["asked_at"].notna()],
        ["complete", "partial", "missing"],
        "not_asked",
    )
    waiting = pairs.isin(list(known_missing(stored.log, now)))
    again = said["asked_at"] + pd.Timedelta(days=NOT_FOUND_DAYS)
    retry_at = said["retry_at"].where(~waiting, again)
    return table.assign(
        state=state,
        asked_at=said["asked_at"],
        reason=said["reason"].where(~done).fillna(""),
        retry_at=retry_at.where(np.isin(state, ["missing", "partial"])),
    )


def _answers(log: pd.DataFrame, retry: dict[str, pd.Timestamp]) -> pd.DataFrame:
    """Say of each symbol and kind when it was asked, what failed last, when the next try is due.

    It is due when the first of the sources that failed last can be asked again; NaT is now.
    """
    pair = ["symbol", "kind"]
    failed = log[~log["outcome"].isin(["ok", "retried"])].drop_duplicates(pair, keep="last")
    failed = failed.set_index(pair)
    last = log[~log["outcome"].isin(["not_covered", "retried"])]
    last = last.drop_duplicates([*pair, "source"], keep="last")
    last = last[last["outcome"] != "ok"]
    times = [retry.get(source, pd.NaT) for source in last["source"].tolist()]
    due = pd.Series(times, index=last.index, dtype="datetime64[us, UTC]")
    each = last.assign(due=due, open=due.notna()).groupby(pair)
    due = each["due"].min().where(each["open"].all())
    asked = log.groupby(pair)["started_at"].max()
    return pd.DataFrame(
        {
            "asked_at": asked,
            "reason": (failed["source"] + ": " + failed["reason"].astype("str")).reindex(
                asked.index
            ),
            "retry_at": due.reindex(asked.index),
        }
    )


def _retry_times(health: SourceHealth | None) -> dict[str, pd.Timestamp]:
    if health is None:
        return {}
    frame = health.frame()
    frame = frame.loc[frame["state"] == "open"]
    return dict(zip(frame["family"].tolist(), frame["retry_at"].tolist(), strict=True))


def last_days(plan: pd.DataFrame, now: datetime) -> Ints:
    """Return for each line of a plan its last day, or that of the last session that is over."""
    exchange = plan["symbol"].str.rpartition(".")[2]
    limit = {name: last_session(name, now) for name in exchange.unique()}
    ends = np.array([limit[name] for name in exchange], dtype="datetime64[D]").view(np.int64)
    return np.minimum(day_numbers(plan["end"]), ends)


def sessions_between(symbols: pd.Series[str], first: Ints, last: Ints) -> Ints:
    """Count the sessions of each symbol's exchange in a range; 0 where no calendar is known.

    Parameters
    ----------
    symbols
        (r,) symbols.
    first, last
        (r,) days since 1970, both included.
    """
    exchange = symbols.str.rpartition(".")[2].to_numpy()
    count = np.zeros(len(symbols), dtype=np.int64)
    for name in CALENDAR_OF:
        mine = exchange == name
        if mine.any():
            sessions = day_numbers(calendar_for(name).sessions)
            upto = np.searchsorted(sessions, last[mine], side="right")
            count[mine] = np.maximum(upto - np.searchsorted(sessions, first[mine]), 0)
    return count


def last_session(exchange: str, now: datetime) -> date:
    """Return the last session that is over; the end of time where no calendar is known."""
    try:
        return last_complete_session(exchange, now)
    except CalendarUnknown:
        return date.max


def _answered_spans(log: pd.DataFrame) -> dict[tuple[str, str], list[tuple[date, date]]]:
    """Ranges that were asked for and answered, by symbol and kind; overlapping ones joined."""
    good = log.loc[log["outcome"] == "ok"]
    columns = [good["symbol"], good["kind"], good["first"].dt.date, good["last"].dt.date]
    spans: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for symbol, kind, first, last in sorted(zip(*(c.tolist() for c in columns), strict=True)):
        joined = spans.setdefault((symbol, kind), [])
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return spans
