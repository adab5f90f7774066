"""Factors recovered from Eastmoney's additive adjustment give the true returns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_market import Action, Market, Stock

from mentionstudy.data.calendars import calendar_for
from mentionstudy.data.market import returns_panel
from mentionstudy.data.market.reconstruction import factors_from_adjusted

TODAY = "2022-12-30"
SHANGHAI = calendar_for("SH").sessions


def adjusted(raw: pd.DataFrame, actions, slope=1.0, decimals=2) -> pd.DataFrame:
    """Backward adjustment as Eastmoney does it: cash is added, splits are multiplied."""
    a, b = np.full(len(raw), slope), np.zeros(len(raw))
    for action in actions:
        on = (raw["date"] >= action.ex_date).to_numpy()
        b[on] += a[on] * action.cash
        a[on] *= action.ratio
    return raw.assign(close=(raw["close"] * a + b).round(decimals))


def true_returns(raw: pd.DataFrame, actions) -> np.ndarray:
    close = raw["close"].to_numpy()
    out = np.append(np.nan, close[1:] / close[:-1] - 1)
    for action in actions:
        i = int((raw["date"] >= action.ex_date).argmax())
        out[i] = close[i] / ((close[i - 1] - action.cash) / action.ratio) - 1
    return out


def recovered_returns(raw: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    factors = table.rename(columns={"date": "ex_date", "hfq_factor": "factor"})
    bars = raw.assign(symbol="600718.SH")
    panel = returns_panel(bars, factors.assign(symbol="600718.SH"), {"SH": SHANGHAI})
    return panel.returns["600718.SH"].to_numpy()


ACTIONS = (
    Action("2019-06-18", cash=0.1),
    Action("2020-06-18", cash=0.2, ratio=1.4),
    Action("2021-06-18", cash=0.05),
)


@pytest.mark.parametrize("slope", [1.0, 162.5])
def test_cash_and_splits_are_told_apart(slope):
    raw = Market(TODAY).add(Stock("600718.SH", ACTIONS)).bars("600718.SH")
    table = factors_from_adjusted(raw, adjusted(raw, ACTIONS, slope))
    assert table["date"].astype(str).tolist()[1:] == [a.ex_date for a in ACTIONS]
    assert table["date"].iloc[0] == pd.Timestamp("1900-01-01")
    np.testing.assert_allclose(table["hfq_factor"] / slope, [1, 1, 1.4, 1.4], rtol=1e-3)
    np.testing.assert_allclose(recovered_returns(raw, table), true_returns(raw, ACTIONS), atol=3e-4)


def test_better_than_the_adjusted_series_itself():
    raw = Market(TODAY).add(Stock("600718.SH", ACTIONS)).bars("600718.SH")
    series = adjusted(raw, ACTIONS)
    truth = true_returns(raw, ACTIONS)[1:]
    naive = series["close"].pct_change().to_numpy()[1:]
    mine = recovered_returns(raw, factors_from_adjusted(raw, series))[1:]
    assert np.abs(mine - truth).mean() < np.abs(naive - truth).mean() / 20


def test_without_corporate_actions_the_factor_is_one():
    raw = Market(TODAY).add("600718.SH").bars("600718.SH")
    table = factors_from_adjusted(raw, raw)
    assert table[["hfq_factor", "cash"]].round(9).to_numpy().tolist() == [[1.0, 0.0]]


def test_too_few_days_and_unrelated_series_are_refused():
    raw = Market(TODAY).add("600718.SH", "000750.SZ").bars("600718.SH")
    with pytest.raises(ValueError, match="too few"):
        factors_from_adjusted(raw.head(3), raw.head(3))
    noise = raw.assign(close=raw["close"].sample(frac=1, random_state=0).to_numpy())
    with pytest.raises(ValueError, match="no line"):
        factors_from_adjusted(raw, noise)


@settings(max_examples=25)
@given(
    cash=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    ratio=st.sampled_from([1.0, 1.3, 2.0, 0.2]),
    offset=st.integers(0, 150),
    slope=st.sampled_from([1.0, 7.5, 120.0]),
)
def test_any_actions_are_recovered_up_to_rounding(cash, ratio, offset, slope):
    days = SHANGHAI[(SHANGHAI >= "2019-04-01") & (SHANGHAI <= "2022-10-01")]
    actions = [
        Action(f"{days[offset + 220 * i]:%Y-%m-%d}", c / 100, ratio if i == 1 else 1.0)
        for i, c in enumerate(cash[:3])
    ]
    raw = Market(TODAY).add(Stock("601328.SH")).bars("601328.SH")
    raw = raw.assign(close=(raw["close"] + 10).round(2))
    table = factors_from_adjusted(raw, adjusted(raw, actions, slope))
    off = np.abs(recovered_returns(raw, table) - true_returns(raw, actions))
    assert np.nanmax(off) < 2e-3
    assert np.nanmean(off) < 2e-5
