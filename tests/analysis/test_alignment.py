"""Returns that were aligned once serve many studies, with the numbers of those aligned anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mentionstudy.analysis import ConfigError, EventStudy, InputError

WINDOWS = {"estimation": (-130, -11), "window": (-5, 5), "min_obs": 50}
MODELS = "market", "market_adjusted", "mean_adjusted", "trade_to_trade"


def _spans(returns: pd.DataFrame) -> pd.DataFrame:
    spans = pd.DataFrame(1, returns.index, returns.columns)
    spans.iloc[310, 4] = 3  # a return over a halt
    return spans


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("some", [slice(None), slice(2, 9)])
def test_a_study_of_aligned_returns_is_that_of_the_frames(
    gappy_market, model: str, some: slice
) -> None:
    returns, market = gappy_market.returns, gappy_market.market
    # more firms than have events, in another order than the events name them
    returns = returns[returns.columns[::-1]].assign(OTHER=0.01)
    spans, events = _spans(returns), gappy_market.events.iloc[some]
    panel = EventStudy(**WINDOWS).align(returns, market, spans=spans)
    study = EventStudy(model=model, **WINDOWS)
    one, other = study.run(events, panel), study.run(events, returns, market, spans=spans)
    for left, right in zip(
        (one.ar, one.events, one.car(), one.tests(), one.excluded),
        (other.ar, other.events, other.car(), other.tests(), other.excluded),
        strict=True,
    ):
        pd.testing.assert_frame_equal(left, right, rtol=1e-10, atol=1e-14)
    assert one.arrays.n_events > 3
    assert _print(one) == _print(other)


def test_the_fingerprint_is_of_the_events_firms_and_their_returns(gappy_market) -> None:
    returns, market, events = gappy_market.returns, gappy_market.market, gappy_market.events
    study = EventStudy(**WINDOWS)
    print_ = _print(study.run(events, returns, market))
    changed = returns.copy()
    changed.iloc[200, 3] += 1e-6
    assert _print(study.run(events, changed, market)) != print_
    assert _print(study.run(events.iloc[1:], returns, market)) != print_
    unread = returns.assign(OTHER=np.arange(500.0) / 1e4)
    assert _print(study.run(events, unread, market)) == print_


def test_returns_aligned_for_other_settings_are_refused(gappy_market) -> None:
    panel = EventStudy(**WINDOWS).align(gappy_market.returns, gappy_market.market)
    with pytest.raises(ConfigError, match="align them again"):
        EventStudy(return_kind="log", **WINDOWS).run(gappy_market.events, panel)


def test_what_is_in_the_aligned_returns_is_not_given_again(gappy_market) -> None:
    study = EventStudy(**WINDOWS)
    panel = study.align(gappy_market.returns, gappy_market.market)
    with pytest.raises(InputError, match=r"give those to align\(\)"):
        study.run(gappy_market.events, panel, gappy_market.market)


def test_only_frames_can_be_aligned() -> None:
    with pytest.raises(InputError, match="returns: a pandas DataFrame is needed, not list"):
        EventStudy().align([0.1, 0.2])


def _print(result) -> str:
    return result._data.fingerprint
