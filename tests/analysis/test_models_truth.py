"""Every model against statsmodels or a loop written from the paper, on data with gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from mentionstudy.analysis import EventStudy, StudyResult, engine

EXACT = 1e-10  # relative to returns of about 0.01: far below any rounding that could be seen
ESTIMATION, WINDOW = (-130, -11), (-5, 5)


@pytest.fixture(autouse=True, params=["window by window", "running sums"])
def _route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events are summed window by window, many by running sums: both must be right."""
    monkeypatch.setattr(engine, "_SUMS_COST", 0 if request.param == "window by window" else 1e18)


def _windows(result: StudyResult, frame: pd.DataFrame, row: int) -> tuple[pd.Index, pd.Index]:
    day0 = frame.index.get_loc(result.events["day0"].iloc[row])
    estimation = frame.index[day0 + ESTIMATION[0] : day0 + ESTIMATION[1] + 1]
    return estimation, frame.index[day0 + WINDOW[0] : day0 + WINDOW[1] + 1]


def _check(
    result: StudyResult,
    row: int,
    fitted: sm.regression.linear_model.RegressionResults,
    event_x: pd.DataFrame,
    actual: pd.Series,
) -> None:
    """AR, SAR, CAR and its variance of one event from a statsmodels fit."""
    rows = result.ar[result.ar["event_id"] == result.events["event_id"].iloc[row]]
    prediction = fitted.get_prediction(event_x)
    ar = actual - prediction.predicted_mean
    np.testing.assert_allclose(rows["ar"], ar, atol=EXACT, rtol=0)
    np.testing.assert_allclose(rows["sar"], ar / prediction.se_obs, rtol=1e-9)
    assert result.events["sigma"].iloc[row] == pytest.approx(np.sqrt(fitted.mse_resid), rel=1e-9)
    present = ar.notna()
    x = event_x[present].sum()
    variance = fitted.mse_resid * present.sum() + x @ fitted.cov_params() @ x
    car = result.car(*WINDOW).iloc[row]
    assert car["car"] == pytest.approx(ar.sum(), abs=EXACT)
    assert car["se"] == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert car["n"] == present.sum()
    assert car["df"] == fitted.df_resid


def _study(model: str, **options: object) -> EventStudy:
    return EventStudy(
        model=model,
        estimation=ESTIMATION,
        window=WINDOW,
        min_obs=50,
        car_windows=(WINDOW, (-1, 1)),
        **options,  # type: ignore[arg-type]
    )


def test_market_model_equals_statsmodels(gappy_market) -> None:
    panel, market = gappy_market.returns, gappy_market.market
    result = _study("market").run(gappy_market.events, panel, market)
    assert result.n_events == 14
    x = sm.add_constant(market.rename("m"), has_constant="add")
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        fitted = sm.OLS(panel.loc[days, symbol], x.loc[days], missing="drop").fit()
        assert result.events["n_est"].iloc[row] == fitted.nobs
        assert result.events["alpha"].iloc[row] == pytest.approx(fitted.params["const"], abs=1e-14)
        assert result.events["beta"].iloc[row] == pytest.approx(fitted.params["m"], rel=1e-11)
        assert result.events["r2"].iloc[row] == pytest.approx(fitted.rsquared, rel=1e-10)
        _check(result, row, fitted, x.loc[event], panel.loc[event, symbol])


def test_mean_adjusted_equals_statsmodels(gappy_market) -> None:
    panel = gappy_market.returns
    result = _study("mean_adjusted").run(gappy_market.events, panel)
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        y = panel.loc[days, symbol].dropna()
        fitted = sm.OLS(y, pd.DataFrame({"const": 1.0}, index=y.index)).fit()
        _check(
            result,
            row,
            fitted,
            pd.DataFrame({"const": 1.0}, index=event),
            panel.loc[event, symbol],
        )


def test_market_adjusted_has_nothing_estimated_but_the_variance(gappy_market) -> None:
    panel, market = gappy_market.returns, gappy_market.market
    result = _study("market_adjusted").run(gappy_market.events, panel, market)
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        excess = (panel[symbol] - market).loc[days].dropna()
        sigma = np.sqrt((excess**2).sum() / len(excess))
        rows = result.ar.iloc[row * 11 : row * 11 + 11]
        expected = (panel[symbol] - market).loc[event].to_numpy()
        np.testing.assert_allclose(rows["ar"], expected, atol=1e-15)
        np.testing.assert_allclose(rows["sar"], expected / sigma, rtol=1e-11)
        car = result.car(*WINDOW).iloc[row]
        assert car["se"] == pytest.approx(sigma * np.sqrt(car["n"]), rel=1e-11)


def test_factor_model_equals_statsmodels_and_a_missing_factor_day_is_a_missing_day(
    gappy_market,
) -> None:
    panel = gappy_market.returns
    rng = np.random.default_rng(3)
    factors = pd.DataFrame(
        rng.normal(0, [0.01, 0.006, 0.004], (500, 3)), panel.index, ["MKT", "SMB", "HML"]
    )
    factors["RF"] = 0.0001
    factors = factors.drop(panel.index[[250, 328, 401]])
    result = _study("factors", factors=("MKT", "SMB", "HML")).run(
        gappy_market.events, panel, factors=factors
    )
    assert any("factors: 3 of 500 sessions" in note for note in result.notes)
    aligned = factors.reindex(panel.index)
    x = sm.add_constant(aligned[["MKT", "SMB", "HML"]], has_constant="add")
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        excess = panel[symbol] - aligned["RF"]
        fitted = sm.OLS(excess.loc[days], x.loc[days], missing="drop").fit()
        for name in ("MKT", "SMB", "HML"):
            slope = result.events[f"beta_{name}"].iloc[row]
            assert slope == pytest.approx(fitted.params[name], rel=1e-9)
        _check(result, row, fitted, x.loc[event], excess.loc[event])


def test_capm_equals_statsmodels_on_excess_returns(gappy_market) -> None:
    panel, market = gappy_market.returns, gappy_market.market
    free = pd.Series(np.linspace(1e-5, 2e-4, 500), panel.index)
    result = _study("capm").run(gappy_market.events, panel, market, risk_free=free)
    x = sm.add_constant((market - free).rename("m"), has_constant="add")
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        excess = panel[symbol] - free
        fitted = sm.OLS(excess.loc[days], x.loc[days], missing="drop").fit()
        _check(result, row, fitted, x.loc[event], excess.loc[event])


def test_scholes_williams_from_three_single_regressions(gappy_market) -> None:
    panel, market = gappy_market.returns, gappy_market.market
    result = _study("scholes_williams").run(gappy_market.events, panel, market)
    frame = pd.DataFrame({"m": market, "lag": market.shift(1), "lead": market.shift(-1)})
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        part = frame.loc[days].assign(r=panel[symbol]).dropna()
        slopes = [np.polyfit(part[name], part["r"], 1)[0] for name in ("lag", "m", "lead")]
        rho = np.corrcoef(part["m"], part["lag"])[0, 1]
        beta = sum(slopes) / (1 + 2 * rho)
        alpha = part["r"].mean() - beta * part["m"].mean()
        residual = part["r"] - alpha - beta * part["m"]
        sigma = np.sqrt((residual**2).sum() / (len(part) - 2))
        got = result.events.iloc[row]
        assert got["beta"] == pytest.approx(beta, rel=1e-10)
        assert got["sigma"] == pytest.approx(sigma, rel=1e-10)
        rows = result.ar.iloc[row * 11 : row * 11 + 11]
        expected = panel.loc[event, symbol] - alpha - beta * market.loc[event]
        np.testing.assert_allclose(rows["ar"], expected, atol=EXACT)


@pytest.mark.parametrize(("lags", "leads"), [(1, 1), (2, 0), (0, 0)])
def test_dimson_sums_the_slopes_of_one_regression(gappy_market, lags: int, leads: int) -> None:
    panel, market = gappy_market.returns, gappy_market.market
    result = _study("dimson", lags=lags, leads=leads).run(gappy_market.events, panel, market)
    shifted = pd.DataFrame({k: market.shift(-k) for k in range(-lags, leads + 1)})
    for row, symbol in enumerate(result.events["symbol"]):
        days, event = _windows(result, panel, row)
        part = shifted.loc[days].assign(r=panel[symbol]).dropna()
        x = sm.add_constant(part[list(shifted.columns)])
        fitted = sm.OLS(part["r"], x).fit()
        beta = fitted.params.iloc[1:].sum()
        alpha = part["r"].mean() - beta * part[0].mean()
        residual = part["r"] - alpha - beta * part[0]
        k = 2 + lags + leads
        got = result.events.iloc[row]
        assert got["beta"] == pytest.approx(beta, rel=1e-9)
        assert got["sigma"] ** 2 == pytest.approx((residual**2).sum() / (len(part) - k), rel=1e-9)
        rows = result.ar.iloc[row * 11 : row * 11 + 11]
        expected = panel.loc[event, symbol] - alpha - beta * market.loc[event]
        np.testing.assert_allclose(rows["ar"], expected, atol=EXACT)


def test_trade_to_trade_is_weighted_least_squares_over_the_spans() -> None:
    rng = np.random.default_rng(11)
    days = pd.bdate_range("2021-01-04", periods=260)
    market = pd.Series(rng.normal(0, 0.01, 260), days, name="m")
    spans = np.ones(260, dtype=int)
    values = 0.8 * market.to_numpy() + rng.normal(0, 0.02, 260)
    for last, n in ((60, 4), (110, 2), (203, 3)):
        spans[last - n + 1 : last] = 0
        spans[last] = n
        values[last - n + 1 : last] = np.nan
    panel = pd.DataFrame({"S": values}, index=days)
    span_frame = pd.DataFrame({"S": spans}, index=days)
    events = pd.DataFrame({"symbol": ["S"], "date": [days[200]]})
    result = _study("trade_to_trade", require_day0=False).run(
        events, panel, market, spans=span_frame
    )
    compounded = pd.Series(
        [
            np.prod(1 + market.iloc[t - n + 1 : t + 1]) - 1 if n else np.nan
            for t, n in enumerate(spans)
        ],
        days,
    )
    x = pd.DataFrame({"m": compounded, "n": spans.astype(float)}, days)
    estimation = days[200 + ESTIMATION[0] : 200 + ESTIMATION[1] + 1]
    part = x.loc[estimation].assign(r=panel["S"]).dropna()
    fitted = sm.WLS(part["r"], part[["m", "n"]], weights=1 / part["n"]).fit()
    event = days[200 + WINDOW[0] : 200 + WINDOW[1] + 1]
    ar = panel.loc[event, "S"] - x.loc[event, ["m", "n"]] @ fitted.params
    np.testing.assert_allclose(result.ar["ar"], ar, atol=EXACT)
    assert result.events["sigma"].iloc[0] == pytest.approx(np.sqrt(fitted.mse_resid), rel=1e-10)
    present = ar.notna()
    total = x.loc[event][present].sum()
    variance = fitted.mse_resid * total["n"] + total @ fitted.cov_params() @ total
    assert result.car(*WINDOW)["se"].iloc[0] == pytest.approx(np.sqrt(variance), rel=1e-10)


def test_a_return_over_a_halt_never_enters_as_a_one_day_return(gappy_market) -> None:
    panel, market = gappy_market.returns.copy(), gappy_market.market
    spans = pd.DataFrame(1, index=panel.index, columns=panel.columns)
    day0 = panel.index.get_loc(gappy_market.events["date"].iloc[0])
    for offset in (-40, 2):
        panel.iat[day0 + offset, 0] = 0.3
        spans.iat[day0 + offset, 0] = 5
    with_spans = _study("market").run(gappy_market.events, panel, market, spans=spans)
    blanked = panel.where(spans == 1)
    without = _study("market").run(gappy_market.events, blanked, market)
    pd.testing.assert_frame_equal(with_spans.ar, without.ar)
    assert np.isnan(with_spans.ar["ar"].iloc[7])


@pytest.mark.parametrize("price", [0.01, 1000.0])
def test_running_sums_are_safe_over_twenty_years(price: float) -> None:
    """A penny stock doubles and halves by the day, and an early crash dwarfs all later windows."""
    rng = np.random.default_rng(5)
    n = 5000
    days = pd.bdate_range("2001-01-01", periods=n)
    market = rng.normal(0, 0.01, n)
    if price < 1:
        ticks = np.clip(np.cumsum(rng.integers(-1, 2, n)) + 30, 1, None)
        stock = np.diff(ticks * 0.01, prepend=0.3) / np.concatenate([[0.3], ticks[:-1] * 0.01])
    else:
        stock = market + rng.normal(0, 1e-7, n)
    stock[3], market[5] = 900.0, 0.9
    panel = pd.DataFrame({"S": stock}, days)
    index = pd.Series(market, days)
    positions = [300, 2500, 4900]
    events = pd.DataFrame({"symbol": "S", "date": days[positions]})
    result = _study("market").run(events, panel, index)
    for row, position in enumerate(positions):
        estimation = slice(position + ESTIMATION[0], position + ESTIMATION[1] + 1)
        event = slice(position + WINDOW[0], position + WINDOW[1] + 1)
        x = np.column_stack([np.ones(120), market[estimation]])
        coefficients, *_ = np.linalg.lstsq(x, stock[estimation], rcond=None)
        ar = stock[event] - coefficients[0] - coefficients[1] * market[event]
        got = result.ar["ar"].iloc[row * 11 : row * 11 + 11]
        np.testing.assert_allclose(got, ar, atol=1e-12, rtol=0)
        residual = stock[estimation] - x @ coefficients
        sigma = np.sqrt((residual**2).sum() / 118)
        assert result.events["sigma"].iloc[row] == pytest.approx(sigma, rel=1e-9)


def test_garch_standardises_by_forecast_variances() -> None:
    """Market-model abnormal returns; variances from ``arch`` called the other way round."""
    arch = pytest.importorskip("arch")
    rng = np.random.default_rng(4)
    n = 700
    days = pd.bdate_range("2019-01-01", periods=n)
    market = rng.normal(0, 0.01, n)
    shocks, variance = np.empty(n), 1e-4
    for t in range(n):
        shocks[t] = np.sqrt(variance) * rng.standard_normal()
        variance = 5e-6 + 0.12 * shocks[t] ** 2 + 0.83 * variance
    stock = 0.9 * market + shocks
    stock[[150, 400]] = np.nan
    panel = pd.DataFrame({"S": stock}, days)
    index = pd.Series(market, days)
    options = {"estimation": (-550, -11), "window": WINDOW, "min_obs": 300}
    events = pd.DataFrame({"symbol": ["S"], "date": [days[600]]})
    result = EventStudy(model="garch", **options).run(events, panel, index)  # type: ignore[arg-type]
    plain = EventStudy(model="market", **options).run(events, panel, index)  # type: ignore[arg-type]
    np.testing.assert_array_equal(result.ar["ar"], plain.ar["ar"])

    part = pd.DataFrame({"r": stock, "m": market}).iloc[50:590].dropna()
    x = sm.add_constant(part["m"])
    ols = sm.OLS(part["r"], x).fit()
    fitted = arch.arch_model(ols.resid * 100, mean="Zero", vol="GARCH", p=1, q=1).fit(disp="off")
    path = fitted.forecast(horizon=16, reindex=False).variance.to_numpy()[0] / 1e4
    h = path[np.arange(-5, 6) + 11 - 1]
    event_x = sm.add_constant(pd.Series(market[595:606], name="m"))
    estimation_error = np.einsum("ti,ij,tj->t", event_x, ols.cov_params(), event_x)
    expected = result.ar["ar"] / np.sqrt(h + estimation_error)
    np.testing.assert_allclose(result.ar["sar"], expected, rtol=2e-3)  # two optimiser paths
    total = event_x.sum().to_numpy()
    car_var = h.sum() + total @ ols.cov_params().to_numpy() @ total
    assert result.car(*WINDOW)["se"].iloc[0] == pytest.approx(np.sqrt(car_var), rel=2e-3)
    residuals = next(result.arrays.iter_blocks()).residuals[0]
    standardised = ols.resid / (fitted.conditional_volatility / 100)
    np.testing.assert_allclose(residuals[np.isfinite(residuals)], standardised, rtol=2e-2)
