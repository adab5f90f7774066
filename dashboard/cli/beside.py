"""What a study takes beside events and returns: daily factors and a risk-free rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mentionstudy.dashboard.cli.output import Unusable, complain
from mentionstudy.data.market.rates import RATES, risk_free
from mentionstudy.data.tabular import file_fingerprint, read_factors_file
from mentionstudy.data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Beside:
    """What a study takes beside returns, where it came from, and what was wrong with it.

    Attributes
    ----------
    factors
        Dates by factors, decimal.
    risk_free
        One-day returns by date, decimal.
    provenance
        What names them in the study's record.
    problems
        Sentences on what cost data.
    """

    factors: pd.DataFrame | None
    risk_free: pd.Series | None
    provenance: Mapping[str, object]
    problems: tuple[str, ...]


def read_beside(
    factor_file: Path | None, rate_named: str | None, workspace: Workspace | None
) -> Beside:
    """Read the factors and the risk-free rate that the command line names.

    Parameters
    ----------
    factor_file
        A file of daily factors.
    rate_named
        A key of `RATES`, or the path of a file.
    workspace
        Whose rates may be named; None for a study of files.

    Raises
    ------
    Unusable
        If the rate is neither.
    """
    factors, rate = None, None
    provenance: dict[str, object] = {}
    problems: list[str] = []

    def read(path: Path, what: str) -> pd.DataFrame:
        table = read_factors_file(path)
        for sentence in (*table.notes, *table.problems):
            complain(sentence)
        problems.extend(table.problems)
        provenance.update({what: str(path), f"{what}_sha256": file_fingerprint(path)})
        return table.frame

    if factor_file is not None:
        factors = read(factor_file, "factors")
    if rate_named is not None and rate_named in RATES:
        if workspace is None:
            raise Unusable(f"--risk-free {rate_named} is of a workspace; give a file here")
        rate = risk_free(workspace, rate_named)
        provenance["risk_free"] = rate_named
    elif rate_named is not None:
        if not Path(rate_named).is_file():
            raise Unusable(
                f"--risk-free: {rate_named!r} is neither a file nor one of {', '.join(RATES)}"
            )
        rate = read(Path(rate_named), "risk_free").iloc[:, 0]
    return Beside(factors, rate, provenance, tuple(problems))
