"""Risk-free rates: three months between banks in Shanghai and Hong Kong, through akshare."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mentionstudy.data.errors import DataError, SourceError, SymbolNotFound
from mentionstudy.data.market.health import SourceHealth
from mentionstudy.data.market.live import load_akshare
from mentionstudy.data.market.manners import Manners
from mentionstudy.data.market.outcomes import PARSE_ERRORS, NotAsked, changed_shape, failure
from mentionstudy.data.market.transport import HttpCall

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace

RATES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "shibor": ("上海银行同业拆借市场", "Shibor人民币", "3月"),
        "hibor": ("香港银行同业拆借市场", "Hibor港币", "3月"),
    }
)
"""By name, what akshare's ``rate_interbank`` is asked for."""

SESSIONS_A_YEAR: Final = 252
_FAMILY: Final = "eastmoney_data"
_HIGHEST: Final = 30.0  # percent a year; a rate beyond is another unit


def fetch_rate(
    workspace: Workspace,
    name: str,
    *,
    manners: Manners | None = None,
    health: SourceHealth | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Bring a rate into a workspace; returns how many days are new or changed.

    Parameters
    ----------
    workspace
        Where to.
    name
        A key of `RATES`.
    manners, health
        Time limits, spacing and circuit breakers, as for prices.
    now
        The clock; time zone aware.

    Raises
    ------
    DataError
        An unknown name.
    SourceError
        The upstream did not deliver; the fetch log says so too.
    """
    if name not in RATES:
        raise DataError(f"{name!r} is no rate; there are {', '.join(RATES)}")
    manners = manners or Manners()
    health = health or SourceHealth(manners=manners)
    begin, at = time.monotonic(), datetime.now(UTC)
    outcome, reason, rows = "ok", "", pd.DataFrame()
    try:
        health.begin(_FAMILY)
        rows = _ask(name, manners, health).assign(
            name=name, source=_FAMILY, fetched_at=pd.Timestamp(now())
        )
        health.answered(_FAMILY, name)
    except SourceError as error:
        outcome, reason = error.outcome, error.reason
        if outcome in {"refused", "timeout"} and not isinstance(error, NotAsked):
            health.refused(_FAMILY, error.reason)
        raise
    finally:
        entry: dict[str, object] = {
            "symbol": name,
            "kind": "rate",
            "source": _FAMILY,
            "outcome": outcome,
            "reason": reason,
            "rows": len(rows),
            "started_at": pd.Timestamp(at),
            "seconds": round(time.monotonic() - begin, 3),
        }
        workspace.append_fetch_log(pd.DataFrame([entry]))
    return workspace.merge_rates(rows)


def risk_free(workspace: Workspace, name: str) -> pd.Series[float]:
    """Return a rate as decimal one-day returns: percent a year over 100 and 252 sessions.

    Raises
    ------
    DataError
        An unknown name, or a workspace that does not hold it.
    """
    if name not in RATES:
        raise DataError(f"{name!r} is no rate; there are {', '.join(RATES)}")
    mine = workspace.rates()
    mine = mine[mine["name"] == name]
    if mine.empty:
        raise DataError(
            f"{workspace.path}: it holds no {name}; `mentionstudy fetch --risk-free {name}` gets it"
        )
    values = mine["percent"].to_numpy(np.float64) / 100 / SESSIONS_A_YEAR
    return pd.Series(values, index=pd.DatetimeIndex(mine["date"], name="date"), name=name)


def on_sessions(rate: pd.Series[float], sessions: pd.DatetimeIndex) -> pd.Series[float]:
    """Carry the last known rate to each session; none before the first day of the series."""
    return rate.sort_index().reindex(sessions, method="ffill")


def _ask(name: str, manners: Manners, health: SourceHealth) -> pd.DataFrame:
    """Ask once, and check what came: days, and percents a year that can be."""
    akshare = load_akshare()
    call = HttpCall(manners=manners, on_request=health.spend)
    try:
        health.check(_FAMILY)
        frame = call.run(lambda: akshare.rate_interbank(*RATES[name]))
    except Exception as error:
        found, _ = failure(error, call.answers, _FAMILY, name)
        if isinstance(found, SymbolNotFound):
            found = changed_shape(_FAMILY, name, error)
        raise found from error
    try:
        rows = pd.DataFrame(
            {
                "date": pd.to_datetime(frame["报告日"]),
                "percent": pd.to_numeric(frame["利率"], errors="coerce"),
            }
        ).dropna()
    except PARSE_ERRORS as error:
        raise changed_shape(_FAMILY, name, error) from error
    wrong = rows[rows["percent"].abs() > _HIGHEST]
    if rows.empty or len(wrong):
        text = f"{wrong['percent'].iloc[0]:g} % a year" if len(wrong) else "no rate"
        raise changed_shape(_FAMILY, name, text)
    return rows.drop_duplicates("date").sort_values("date", ignore_index=True)
