"""Regression of CARs on characteristics of the events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from mentionstudy.analysis.arrays import Floats
from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.inference.clusters import cluster_codes
from mentionstudy.analysis.inference.outcome import student_p

Covariance = Literal["classic", "hc1", "cluster"]
_ROUNDING = 1e-12
_NO_ERROR = "No variance is left to test it: its residuals are zero, or cancel in each cluster."


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionResult:
    """A fitted cross-sectional regression with P coefficients.

    Attributes
    ----------
    names
        P names, ``"(Intercept)"`` first.
    coefficient, standard_error, statistic, p, ci_low, ci_high
        (P,) floats; limits at 95 %. All but the coefficient are NaN where there is a reason.
    reason
        (P,) why a coefficient has no standard error, or an empty text.
    df
        Degrees of freedom of the t law.
    covariance
        (P, P) covariance matrix of the coefficients.
    n, n_dropped
        Events used, and events left out for a missing value.
    n_clusters
        Clusters, 0 without clustering.
    r2, adjusted_r2
        Share of (weighted) variance explained.
    convention
        What was computed.
    """

    names: tuple[str, ...]
    coefficient: Floats
    standard_error: Floats
    statistic: Floats
    p: Floats
    ci_low: Floats
    ci_high: Floats
    reason: tuple[str, ...]
    df: int
    covariance: Floats
    n: int
    n_dropped: int
    n_clusters: int
    r2: float
    adjusted_r2: float
    convention: str


def cross_sectional_regression(
    car: ArrayLike,
    characteristics: ArrayLike,
    names: tuple[str, ...],
    *,
    covariance: Covariance = "hc1",
    clusters: ArrayLike | None = None,
    variance: ArrayLike | None = None,
) -> RegressionResult:
    """Regress CARs on characteristics and a constant.

    Parameters
    ----------
    car
        (N,) CARs, decimal.
    characteristics
        (N, P - 1) numbers; code categories as 0/1 columns.
    names
        P - 1 names of the columns.
    covariance
        ``"classic"``, ``"hc1"`` (White with n/(n - P)) or ``"cluster"``
        (``G/(G-1) (n-1)/(n-P)``).
    clusters
        (N,) labels, needed for ``"cluster"``: the date of day 0 if dates repeat.
    variance
        (N,) variances of the CARs: weighted least squares with weights ``1/variance``.

    Returns
    -------
    RegressionResult
        Law t(n - P), clustered t(G - 1). Events with a missing value are left out and counted.

    Raises
    ------
    ConfigError
        For an unknown covariance, or clusters missing.
    InputError
        If shapes differ, too few events remain, the columns are linearly dependent, or they
        explain every CAR exactly.

    Notes
    -----
    The abnormal returns are estimates: their error is in the residual, not corrected beyond the
    weights. The usual errors of events sharing a date are too small; cluster them.

    References
    ----------
    MacKinnon, J. and White, H. (1985), Journal of Econometrics 29, 305-325,
    doi:10.1016/0304-4076(85)90158-7. Cameron and Miller (2015), Journal of Human Resources 50,
    317-372, doi:10.3368/jhr.50.2.317.
    """
    if covariance not in get_args(Covariance):
        allowed = ", ".join(get_args(Covariance))
        raise ConfigError(f"covariance is {covariance!r}; allowed: {allowed}")
    if covariance == "cluster" and clusters is None:
        raise ConfigError("covariance='cluster' needs clusters, for example the dates of day 0")
    y, x, weight, keep = _prepare(car, characteristics, names, variance)
    codes = None
    if covariance == "cluster":
        labels = np.unique(np.asarray(clusters).ravel(), return_inverse=True)[1]
        if labels.size != keep.size:
            raise InputError(f"clusters has {labels.size} labels for {keep.size} events")
        codes = cluster_codes(labels[keep])
    root = np.sqrt(weight)
    wx, wy = x * root[:, None], y * root
    n, p = x.shape
    # columns of unit length: the rank test must not depend on units
    length = np.sqrt((wx**2).sum(axis=0))
    if (length == 0).any() or np.linalg.matrix_rank(wx / length) < p:
        raise InputError(
            f"the characteristics {', '.join(names)} and the constant are linearly dependent; "
            "leave one out"
        )
    q, r = np.linalg.qr(wx / length)
    coefficient = np.linalg.solve(r, q.T @ wy) / length
    residual = wy - wx @ coefficient
    if not np.abs(residual).max() > 1e-12 * np.abs(wy).max():
        raise InputError("the characteristics explain every CAR exactly; there is no error to test")
    inverse = np.linalg.inv(r)
    bread = (inverse @ inverse.T) / np.outer(length, length)
    matrix, df, groups = _covariance(covariance, wx, residual, bread, codes)
    # what classic errors would be: below its rounding there is no variance
    scale = np.diag(bread) * float(residual @ residual) / (n - p)
    fitted = _Fit(coefficient=coefficient, matrix=matrix, scale=scale, df=df, groups=groups)
    spread = _spread(wy, root)
    r2 = 1.0 - float(residual @ residual) / spread if spread > 0 else float("nan")
    law = {"classic": "classic errors", "hc1": "HC1 errors", "cluster": "clustered errors"}
    fit = "OLS" if variance is None else "WLS, weights 1/Var(CAR)"
    return _result(names, fitted, n, int((~keep).sum()), r2, f"{fit}, {law[covariance]}; t({df})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    coefficient: Floats
    matrix: Floats
    scale: Floats
    df: int
    groups: int


def _spread(wy: Floats, root: Floats) -> float:
    """Sum of weighted squares about the weighted mean."""
    mean = float((root * wy).sum() / (root**2).sum())
    return float(((wy - root * mean) ** 2).sum())


def _prepare(
    car: ArrayLike, characteristics: ArrayLike, names: tuple[str, ...], variance: ArrayLike | None
) -> tuple[Floats, Floats, Floats, np.ndarray]:
    y = np.asarray(car, dtype=np.float64).ravel()
    columns = np.asarray(characteristics, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.shape != (y.size, len(names)):
        raise InputError(
            f"characteristics has shape {columns.shape}; {y.size} events and "
            f"{len(names)} names need {(y.size, len(names))}"
        )
    spread = np.ones(y.size) if variance is None else np.asarray(variance, dtype=np.float64)
    if spread.shape != y.shape:
        raise InputError(f"variance has {spread.size} values for {y.size} events")
    keep = np.isfinite(y) & np.isfinite(columns).all(axis=1) & np.isfinite(spread) & (spread > 0)
    n, p = int(keep.sum()), len(names) + 1
    if n <= p:
        raise InputError(f"{n} events have all values; {p} coefficients need at least {p + 1}")
    x = np.column_stack((np.ones(n), columns[keep]))
    return y[keep], x, 1.0 / spread[keep], keep


def _covariance(
    kind: Covariance, x: Floats, residual: Floats, bread: Floats, codes: np.ndarray | None
) -> tuple[Floats, int, int]:
    """Covariance matrix, degrees of freedom of its t, number of clusters."""
    n, p = x.shape
    if kind == "classic":
        return bread * float(residual @ residual) / (n - p), n - p, 0
    score = x * residual[:, None]
    if codes is None:
        return bread @ (score.T @ score) @ bread * n / (n - p), n - p, 0
    groups = int(codes.max()) + 1
    if groups < 2:
        raise InputError("all events are in one cluster; clustered errors need two")
    total = np.zeros((groups, p))
    np.add.at(total, codes, score)
    factor = groups / (groups - 1) * (n - 1) / (n - p)
    return bread @ (total.T @ total) @ bread * factor, groups - 1, groups


def _result(
    names: tuple[str, ...], fitted: _Fit, n: int, dropped: int, r2: float, convention: str
) -> RegressionResult:
    variance = np.diag(fitted.matrix)
    defined = variance > _ROUNDING * fitted.scale
    error = np.sqrt(np.where(defined, variance, np.nan))
    statistic = fitted.coefficient / error
    half = float(special.stdtrit(fitted.df, 0.975)) * error
    p = error.size
    return RegressionResult(
        names=("(Intercept)", *names),
        coefficient=fitted.coefficient,
        standard_error=error,
        statistic=statistic,
        p=student_p(statistic, np.full(p, float(fitted.df))),
        ci_low=fitted.coefficient - half,
        ci_high=fitted.coefficient + half,
        reason=tuple("" if known else _NO_ERROR for known in defined),
        df=fitted.df,
        covariance=fitted.matrix,
        n=n,
        n_dropped=dropped,
        n_clusters=fitted.groups,
        r2=r2,
        adjusted_r2=1.0 - (1.0 - r2) * (n - 1) / (n - p),
        convention=convention,
    )
