"""Trading volume as a measure: its logarithm, ready for a study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mentionstudy.analysis.errors import InputError
from mentionstudy.analysis.frames import dated, numbers, text_columns


def log_volume(volume: pd.DataFrame, *, shares: pd.Series | None = None) -> pd.DataFrame:
    """Take the natural logarithm of traded volume, for ``EventStudy(measure="log_volume")``.

    With ``model="mean_adjusted"`` the abnormal volume is the logarithm over its own mean of the
    estimation window; with ``model="market"`` and a market volume, such as the mean of the
    columns, it is the residual of a regression on that.

    Parameters
    ----------
    volume
        Wide, dates × symbols, shares or currency. A day without trade (zero) has no logarithm and
        becomes missing, as a halt does.
    shares
        Shares outstanding per symbol: the logarithm of turnover then.

    Returns
    -------
    DataFrame
        Same rows and columns.

    Raises
    ------
    InputError
        If a volume is negative, or a symbol has no shares.

    References
    ----------
    Ajinkya, B. B. and Jain, P. C. (1989). The behavior of daily stock market trading volume.
    Journal of Accounting and Economics 11, 331-359. Campbell, C. J. and Wasley, C. E. (1996).
    Measuring abnormal daily trading volume. Review of Quantitative Finance and Accounting 6,
    309-326.
    """
    notes: list[str] = []
    frame = text_columns(dated(volume, "volume", notes), "volume")
    columns = list(frame.columns)
    # Volumes are far larger than the returns that the check of numbers is made for.
    values = numbers(frame, columns, "volume", largest=1e18)
    negative = values < 0
    if negative.any():
        row, column = map(int, np.argwhere(negative)[0])
        raise InputError(
            f"volume: column {columns[column]!r} is {values[row, column]:g} on "
            f"{frame.index[row]:%Y-%m-%d}; a volume is not negative"
        )
    if shares is not None:
        absent = [name for name in columns if not shares.get(name, 0.0) > 0.0]
        if absent:
            raise InputError(f"shares: {absent[0]!r} has no positive number of shares")
        values = values / np.array([float(shares[name]) for name in columns])
    logarithm = np.log(np.where(values > 0, values, np.nan))
    return pd.DataFrame(logarithm, index=frame.index, columns=columns)
