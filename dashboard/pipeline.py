"""From a workspace to a study's result: the one route that pages and commands share.

No Streamlit and no statistics here: it joins what `mentionstudy.data` knows to what
`mentionstudy.analysis` computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import pandas as pd

from mentionstudy.analysis import EventStudy, StudyResult, StudySettings
from mentionstudy.analysis.panel import Panel, conversion
from mentionstudy.dashboard.characteristics import characteristics
from mentionstudy.dashboard.derivation import EventRules, Reading, derive_events, read_corrected
from mentionstudy.dashboard.traded import Prices
from mentionstudy.data import Workspace
from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.events import article_status
from mentionstudy.data.market.flags import FLAG_COLUMNS
from mentionstudy.data.market.rates import on_sessions
from mentionstudy.data.master import Renumbered

EXCLUSION_COLUMNS = ["stage", "event_id", "article_id", "symbol", "date", "code", "reason"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a workspace's articles say, before any price is looked at.

    Attributes
    ----------
    articles, mentions
        The workspace's tables, with the user's corrections.
    unapplied
        Corrections that found nothing to correct, each with its reason.
    events
        One row an event (security and day 0).
    excluded
        Mentions that are no event, each with a code and a sentence.
    status
        One row an article: whether it gave events, and why not.
    is_sample
        Whether the workspace holds the bundled sample.
    digest
        Names exactly this state of the tables and the rules; a cache key.
    rules
        What made events of mentions.
    codes
        Old codes that articles print, and what they are today; the mentions and events here have
        today's.
    names
        Short names of the events' securities, of those that the master knows.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    events: pd.DataFrame
    excluded: pd.DataFrame
    status: pd.DataFrame
    unapplied: pd.DataFrame
    is_sample: bool
    digest: str
    rules: EventRules = field(default_factory=EventRules)
    codes: Mapping[str, Renumbered] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def named(self, symbol: str) -> str:
        """Return a symbol with its short name behind it, if there is one."""
        return f"{symbol} {self.names.get(symbol, '')}".rstrip()


@dataclass(frozen=True, slots=True)
class StudyRun:
    """A study of a corpus with everything that a reader must know beside it.

    Attributes
    ----------
    result
        What the mathematics returned.
    events
        The events that were asked for, after the filter.
    excluded
        Every mention and event that is not in the statistics: stage (``mention`` or ``study``),
        code and reason.
    flags
        The panel's data-quality flags that fall into the events' windows.
    benchmarks
        Benchmark symbol by event symbol.
    n_available
        Number of events before the filter.
    is_sample
        Whether the figures are the bundled sample's.
    provenance
        What the reader needs to run it again.
    group
        Column of the events by which they are compared, or empty.
    """

    result: StudyResult
    events: pd.DataFrame
    excluded: pd.DataFrame
    flags: pd.DataFrame
    benchmarks: Mapping[str, str]
    n_available: int
    is_sample: bool
    provenance: Mapping[str, object] = field(default_factory=dict)
    group: str = ""

    @property
    def grouped(self) -> bool:
        """Whether the events are in groups, by a column or by the user's own file."""
        return bool(self.group) or "group" in self.events

    @classmethod
    def of_files(
        cls, result: StudyResult, events: pd.DataFrame, provenance: Mapping[str, object]
    ) -> StudyRun:
        """Wrap a study of a user's own events and returns, where no article is involved."""
        return cls(
            result=result,
            events=events,
            excluded=all_exclusions(pd.DataFrame(), result.excluded),
            flags=pd.DataFrame(columns=list(FLAG_COLUMNS)),
            benchmarks={},
            n_available=len(events),
            is_sample=False,
            provenance=dict(provenance),
        )


def package_versions() -> dict[str, str]:
    """Return the versions of what computed a study."""
    return {name: version(name) for name in ("mentionstudy", "numpy", "pandas", "scipy")}


def workspace_provenance(workspace: Workspace) -> dict[str, object]:
    """Return what names exactly the tables that a study reads."""
    return {
        # its name: a path says more about the machine than a file for others should
        "workspace": str(workspace.path).rstrip("/").rpartition("/")[2],
        "table_versions": workspace.versions(),
        "digest": workspace.digest(),
        "is_sample": workspace.is_sample,
        "versions": package_versions(),
    }


def load_corpus(
    workspace: Workspace, rules: EventRules | None = None, *, reading: Reading | None = None
) -> Corpus:
    """Read a workspace's articles and mentions and derive its events.

    Parameters
    ----------
    workspace
        An open workspace.
    rules
        What makes an event of a mention; the usual ones by default.
    reading
        What `read_corrected` gave for the workspace as it is now, to read nothing twice.
    """
    rules, known = rules or EventRules(), reading or read_corrected(workspace)
    found = derive_events(known, rules)
    digest = workspace.digest()
    return Corpus(
        articles=known.articles,
        mentions=known.mentions,
        events=found.events,
        excluded=found.excluded,
        status=article_status(known.articles, known.mentions, found),
        unapplied=known.unapplied,
        is_sample=workspace.is_sample,
        digest=digest if rules == EventRules() else f"{digest} {rules}",
        rules=rules,
        codes=known.codes,
        names={
            symbol: name
            for symbol in found.events["symbol"].unique()
            if (name := known.master.name_of(symbol))
        },
    )


def run_study(
    corpus: Corpus,
    prices: Prices,
    settings: StudySettings,
    *,
    events: pd.DataFrame | None = None,
    group: str | None = None,
    factors: pd.DataFrame | None = None,
    risk_free: pd.Series | None = None,
    provenance: Mapping[str, object] | None = None,
) -> StudyRun:
    """Study a corpus's events on its prices.

    Parameters
    ----------
    corpus, prices
        From :func:`load_corpus` and :func:`load_prices`.
    settings
        The study's settings.
    events
        A selection of ``corpus.events``; all of them by default.
    group
        Column of the events by which the study compares groups.
    factors, risk_free
        Daily factor returns, and one-day risk-free returns that are carried to every session.
    provenance
        What the reader needs to run it again, such as table versions.
    """
    selected = corpus.events if events is None else events
    study, known = EventStudy(settings), study_events(selected, prices, group=group)
    calendars = sorted(known["calendar"].unique())
    if factors is None and risk_free is None:
        key = (*calendars, conversion(settings))
        panel = prices.aligned.get(key)
        if panel is None:
            panel = prices.aligned[key] = align(study, prices, calendars)
    else:
        panel = align(study, prices, calendars, factors=factors, risk_free=risk_free)
    result = study.run(known, panel, flags=prices.panel.flags)
    return StudyRun(
        result=result,
        events=selected,
        excluded=all_exclusions(corpus.excluded, _without_prices(result.excluded, prices.missing)),
        flags=prices.panel.flags,
        benchmarks=prices.benchmarks,
        n_available=len(corpus.events),
        is_sample=corpus.is_sample,
        group=group or "",
        provenance={
            "event_rules": corpus.rules.record(),
            **(provenance or {}),
            "table_versions": dict(prices.table_versions),
            "sources": {kind: dict(named) for kind, named in prices.sources.items()},
        },
    )


def align(
    study: EventStudy,
    prices: Prices,
    calendars: Sequence[str],
    *,
    factors: pd.DataFrame | None = None,
    risk_free: pd.Series | None = None,
) -> Panel:
    """Lay out the prices behind a corpus for the studies of it.

    Parameters
    ----------
    study
        Its settings say which returns are wanted.
    prices
        From :func:`load_prices`.
    calendars
        Those of the events, as :func:`study_events` names them.
    factors, risk_free
        As for :func:`run_study`.
    """
    frames = study_frames(prices, calendars)
    index = pd.DatetimeIndex(frames.returns.index)
    return study.align(
        frames.returns,
        frames.market,
        spans=frames.spans,
        sessions=frames.sessions,
        factors=factors,
        risk_free=None if risk_free is None else on_sessions(risk_free, index),
    )


@dataclass(frozen=True, slots=True)
class StudyFrames:
    """What the mathematics takes beside events.

    Attributes
    ----------
    returns, spans
        Sessions by symbols; a symbol without bars is a column without values, so that its events
        are excluded for that reason.
    market
        Sessions by benchmarks.
    sessions
        Sessions by calendar.
    """

    returns: pd.DataFrame
    spans: pd.DataFrame
    market: pd.DataFrame
    sessions: Mapping[str, pd.DatetimeIndex]


def study_events(events: pd.DataFrame, prices: Prices, *, group: str | None = None) -> pd.DataFrame:
    """Return events of a corpus as `EventStudy.run` takes them.

    Parameters
    ----------
    events
        Rows of ``Corpus.events``.
    prices
        From :func:`load_prices`.
    group
        Column of the events by which the study compares groups.

    Returns
    -------
    DataFrame
        ``event_id, symbol, date, benchmark, calendar``, the characteristics, perhaps ``group``.
    """
    named = pd.DataFrame(
        {
            "event_id": events["event_id"],
            "symbol": events["symbol"],
            "date": events["day0"],
            "benchmark": events["symbol"].map(prices.benchmarks),
            "calendar": events["exchange"].map(_calendar_name),
        }
    )
    known = characteristics(events, prices.turnover)
    named = pd.concat([named, known], axis="columns")
    if group:
        named["group"] = events[group].astype("str")
    return named


def study_frames(prices: Prices, calendars: Sequence[str]) -> StudyFrames:
    """Lay out the prices behind a corpus for `EventStudy.run`.

    Parameters
    ----------
    prices
        From :func:`load_prices`.
    calendars
        Those of the events, as :func:`study_events` names them.
    """
    panel = prices.panel
    columns = panel.returns.columns.union(pd.Index(list(prices.benchmarks)))
    returns = panel.returns.reindex(columns=columns)
    spans = panel.spans.reindex(columns=columns, fill_value=0)
    benchmarks = sorted(set(prices.benchmarks.values()))
    return StudyFrames(
        returns=returns,
        spans=spans,
        market=returns.mask(spans > 1).reindex(columns=benchmarks),
        sessions=_sessions_by_calendar(calendars, pd.DatetimeIndex(panel.returns.index)),
    )


def _without_prices(excluded: pd.DataFrame, missing: Mapping[str, str]) -> pd.DataFrame:
    """Give events whose security or benchmark has no bars the reason that the sources gave."""
    known = excluded["symbol"].isin(list(missing))
    out = excluded.copy()
    out.loc[known, "code"] = "no_prices"
    out.loc[known, "reason"] = out.loc[known, "symbol"].map(missing)
    return out


def all_exclusions(mentions: pd.DataFrame, study: pd.DataFrame) -> pd.DataFrame:
    """Join the two stages at which something leaves the statistics into one list."""
    parts = [
        frame.assign(stage=stage).reindex(columns=EXCLUSION_COLUMNS)
        for stage, frame in (("mention", mentions), ("study", study))
        if len(frame)
    ]
    if not parts:
        return pd.DataFrame(columns=EXCLUSION_COLUMNS)
    return pd.concat(parts, ignore_index=True)


# Shanghai, Shenzhen and Beijing share one schedule, and one event time
_EXCHANGE_OF = {"XHKG": "HK", "XSHG": "SH"}


def _calendar_name(exchange: str) -> str:
    return "XHKG" if exchange == "HK" else "XSHG"


def _sessions_by_calendar(
    calendars: Sequence[str], index: pd.DatetimeIndex
) -> dict[str, pd.DatetimeIndex]:
    out: dict[str, pd.DatetimeIndex] = {}
    for name in calendars:
        sessions = calendar_for(_EXCHANGE_OF[name]).sessions
        if len(index):
            sessions = sessions[(sessions >= index[0]) & (sessions <= index[-1])]
        out[name] = sessions
    return out
