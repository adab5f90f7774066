"""How a result is shown and written: summary, charts, frames by name, files, LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pandas as pd

from mentionstudy.analysis import export
from mentionstudy.analysis.errors import ConfigError

if TYPE_CHECKING:
    from mentionstudy.analysis.plots import Plots
    from mentionstudy.analysis.results import StudyResult


class Writing:
    """The part of :class:`~mentionstudy.analysis.results.StudyResult` that shows and writes."""

    @property
    def _result(self) -> StudyResult:
        return cast("StudyResult", self)

    @property
    def plot(self) -> Plots:
        """The study's charts, as plotly figures: ``plot.caar()``, ``plot.heatmap()``, ..."""
        from mentionstudy.analysis.plots import Plots

        return Plots(self._result)

    def _repr_html_(self) -> str:
        """Show the summary in a notebook."""
        from mentionstudy.analysis.display import html

        return html(self._result)

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Return the study as a screen of text: sample, settings, averages, tests, exclusions."""
        from mentionstudy.analysis.display import text

        return text(self._result)

    def to_frame(self, table: str = "tests") -> pd.DataFrame:
        """Return a table by name.

        Parameters
        ----------
        table
            tests, aar, car, ar, events, diagnostics or excluded.

        Raises
        ------
        ConfigError
            For another name.
        """
        known = export.tables(self._result)
        if table not in known:
            raise ConfigError(f"{table!r} is no table; the tables are {', '.join(known)}")
        return known[table]()

    def to_csv_dir(
        self, folder: str | Path, provenance: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write every table as CSV, and ``study.json``, into a folder.

        Parameters
        ----------
        folder
            Made where it does not exist.
        provenance
            Beside the study's facts in ``study.json``: where the data came from.

        Returns
        -------
        list of Path
            The files written.
        """
        return export.to_csv_dir(self._result, folder, provenance)

    def to_parquet(
        self, folder: str | Path, provenance: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write every table as Parquet, and ``study.json``, into a folder.

        Parameters
        ----------
        folder, provenance
            As for :meth:`to_csv_dir`.

        Returns
        -------
        list of Path
            The files written.
        """
        return export.to_parquet(self._result, folder, provenance)

    def to_excel(
        self, path: str | Path | BinaryIO, provenance: Mapping[str, Any] | None = None
    ) -> None:
        """Write a formatted workbook, one sheet a table, settings included.

        Parameters
        ----------
        path
            A path, or a file open for binary writing.
        provenance
            As for :meth:`to_csv_dir`.
        """
        export.to_excel(self._result, path, provenance)

    def to_latex(self, table: str = "tests") -> str:
        """Return a table as LaTeX for ``booktabs``.

        Parameters
        ----------
        table
            A name as for :meth:`to_frame`.
        """
        return export.to_latex(self._result, table)

    def to_dict(self) -> dict[str, Any]:
        """Return what reproduces the study: settings, digest, counts, model, notes."""
        from mentionstudy.analysis.display import facts

        return facts(self._result)
