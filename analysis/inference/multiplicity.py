"""Corrections for testing many cells at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mentionstudy.analysis.arrays import Floats
from mentionstudy.analysis.errors import InputError


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Benjamini-Hochberg adjusted p-values (false discovery rate).

    Parameters
    ----------
    p
        (...,) p-values of any shape; NaN (undefined tests) stay NaN and do not count.

    Returns
    -------
    Floats
        (...,) adjusted p-values of the same shape: the smallest false discovery rate at which the
        cell would be reported.

    Raises
    ------
    InputError
        If a value lies outside [0, 1].

    Notes
    -----
    Controls the rate for independent or positively dependent cells, as neighbouring windows are.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), JRSS B 57, 289-300,
    doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=np.float64)
    flat = values.ravel()
    present = np.flatnonzero(~np.isnan(flat))
    kept = flat[present]
    if kept.size and not ((kept >= 0) & (kept <= 1)).all():
        raise InputError("p-values lie between 0 and 1; one of those given does not")
    adjusted = np.full(flat.shape, np.nan)
    order = np.argsort(kept, kind="stable")
    scaled = kept[order] * kept.size / np.arange(1, kept.size + 1)
    running = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted[present[order]] = np.minimum(running, 1.0)
    return adjusted.reshape(values.shape)
