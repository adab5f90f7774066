"""What is known of an event before it happens, by which its CAR may be explained."""

from __future__ import annotations

import numpy as np
import pandas as pd

CHARACTERISTICS = ("timing", "exchange", "source", "n_articles", "turnover")
"""Columns that `characteristics` gives, kinds first."""
_SESSIONS, _FEWEST = 50, 20
_BEFORE = 11  # sessions before day 0 at which the turnover's stretch ends


def usual_turnover(bars: pd.DataFrame) -> pd.DataFrame:
    """Average the traded amount of 50 sessions.

    Parameters
    ----------
    bars
        Columns ``date, symbol, amount``.

    Returns
    -------
    DataFrame
        Dates by symbols: log10 of the mean daily amount, in the currency of trading, of the 50
        dates up to each; NaN below 20 known days.
    """
    row, dates = pd.factorize(bars["date"], sort=True)
    column, symbols = pd.factorize(bars["symbol"].astype("str"), sort=True)
    amounts = np.full((len(dates), len(symbols)), np.nan)
    amounts[row, column] = pd.to_numeric(bars["amount"], errors="coerce").to_numpy(float)
    mean = pd.DataFrame(amounts, index=pd.DatetimeIndex(dates), columns=list(symbols))
    mean = mean.rolling(_SESSIONS, min_periods=_FEWEST).mean()
    logs = np.log10(mean.where(mean > 0).to_numpy())
    return pd.DataFrame(logs, index=mean.index, columns=mean.columns)


def characteristics(events: pd.DataFrame, turnover: pd.DataFrame) -> pd.DataFrame:
    """Give each event what it can be explained by.

    Parameters
    ----------
    events
        Rows of ``Corpus.events``.
    turnover
        From :func:`usual_turnover`.

    Returns
    -------
    DataFrame
        In the order of ``events``: ``timing, exchange, source``; ``n_articles``; ``turnover``, the
        usual turnover 11 sessions before day 0.
    """
    out = events[["timing", "exchange", "source", "n_articles"]].copy()
    column = turnover.columns.get_indexer(pd.Index(events["symbol"].astype("str")))
    row = turnover.index.searchsorted(pd.DatetimeIndex(events["day0"])) - _BEFORE
    known = (column >= 0) & (row >= 0)
    values = np.full(len(events), np.nan)
    values[known] = turnover.to_numpy()[row[known], column[known]]
    out["turnover"] = values
    return out
