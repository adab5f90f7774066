"""What explains a CAR was known before the event."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mentionstudy.dashboard.characteristics import characteristics, usual_turnover

DAYS = pd.bdate_range("2024-01-01", periods=120)


@pytest.fixture
def bars() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"date": DAYS, "symbol": symbol, "amount": rng.lognormal(15, 1, len(DAYS))})
        for symbol in ("600718.SH", "00762.HK")
    ]
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)


@pytest.fixture
def events() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "symbol": ["00762.HK", "600718.SH", "600718.SH", "000001.SZ"],
            "day0": DAYS[[90, 100, 5, 90]],
            "timing": "after_close",
            "exchange": ["HK", "SH", "SH", "SZ"],
            "source": "s",
            "n_articles": [1, 2, 1, 1],
        }
    )


def test_turnover_is_the_mean_of_fifty_sessions_that_end_eleven_before(bars, events):
    found = characteristics(events, usual_turnover(bars))
    amount = bars.pivot(index="date", columns="symbol", values="amount")
    expected = np.log10(amount["00762.HK"].to_numpy()[30:80].mean())
    assert found["turnover"].iloc[0] == pytest.approx(expected)
    assert found["turnover"].iloc[2:].isna().all(), "too early, or no bars"
    assert found["n_articles"].tolist() == [1, 2, 1, 1]


def test_nothing_after_the_stretch_can_change_it(bars, events):
    before = characteristics(events, usual_turnover(bars))["turnover"]
    later = bars.assign(amount=bars["amount"].where(bars["date"] <= DAYS[79], 1e12))
    after = characteristics(events, usual_turnover(later))["turnover"]
    assert after.iloc[0] == before.iloc[0]
    assert after.iloc[1] != before.iloc[1], "the other event's stretch ends later"
