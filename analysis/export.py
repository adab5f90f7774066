"""Writing a study to files: CSV, Parquet, a formatted workbook, LaTeX.

Texts can come from articles. A text that a spreadsheet would run as a formula is written as text:
in a workbook by its cell type, in CSV behind an apostrophe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from mentionstudy.analysis.errors import ConfigError

if TYPE_CHECKING:
    from mentionstudy.analysis.results import StudyResult

# some spreadsheets take the full-width signs for the others
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SHEET_ROWS = 1_048_575
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # else a file differs by its time
_PERCENT = frozenset(
    {"actual", "normal", "ar", "aar", "caar", "se", "caar_se", "ci_low", "ci_high"}
    | {"car", "bhar", "mean", "sigma", "alpha"}
)
_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


Extra = Mapping[str, pd.DataFrame]


def tables(
    result: StudyResult, extra: Extra | None = None
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Name every table of a study and say how to get it.

    Parameters
    ----------
    result
        The study.
    extra
        Tables by name that go beside the study's own, or in place of one of the same name: for
        example a list of exclusions that begins before the study does.
    """
    own: dict[str, Callable[[], pd.DataFrame]] = {
        "tests": result.tests,
        "aar": lambda: result.aar,
        "car": result.car,
        "ar": lambda: result.ar,
        "events": lambda: result.events,
        "diagnostics": lambda: result.diagnostics,
        "excluded": lambda: result.excluded,
    }
    return own | {name: partial(_same, frame) for name, frame in (extra or {}).items()}


def _same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before every text that a spreadsheet would take for a formula."""
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name].dtype) and not (
            pd.api.types.is_datetime64_any_dtype(safe[name].dtype)
        ):
            safe[name] = safe[name].map(_harmless_cell)
    return safe


def _harmless_cell(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return "'" + cell
    return cell


def study_json(result: StudyResult, provenance: Mapping[str, Any] | None) -> str:
    """Return the study's facts as JSON: settings, versions, fingerprint, counts, notes."""
    facts = result.to_dict() | {"provenance": dict(provenance or {})}
    return json.dumps(facts, indent=2, ensure_ascii=False, default=str) + "\n"


def to_csv_dir(
    result: StudyResult,
    folder: str | Path,
    provenance: Mapping[str, Any] | None = None,
    extra: Extra | None = None,
) -> list[Path]:
    """Write every table as CSV (UTF-8, full precision) and ``study.json``.

    Parameters
    ----------
    result
        The study.
    folder
        Where to; made if it does not exist. Files of the same names are replaced.
    provenance
        Facts about the data for ``study.json``, such as file names and table versions.
    extra
        Further tables, as for :func:`tables`.

    Returns
    -------
    list of Path
        The files.
    """
    return _to_files(
        result, folder, provenance, extra, "csv", lambda f, p: harmless(f).to_csv(p, index=False)
    )


def to_parquet(
    result: StudyResult,
    folder: str | Path,
    provenance: Mapping[str, Any] | None = None,
    extra: Extra | None = None,
) -> list[Path]:
    """Write every table as Parquet and ``study.json``; see :func:`to_csv_dir`."""
    return _to_files(
        result, folder, provenance, extra, "parquet", lambda f, p: f.to_parquet(p, index=False)
    )


def _to_files(
    result: StudyResult,
    folder: str | Path,
    provenance: Mapping[str, Any] | None,
    extra: Extra | None,
    suffix: str,
    write: Callable[[pd.DataFrame, Path], object],
) -> list[Path]:
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    _ = result.aar  # first: its run over the days holds the tests of the windows too
    for name, make in tables(result, extra).items():
        path = folder / f"{name}.{suffix}"
        write(make(), path)
        files.append(path)
    path = folder / "study.json"
    path.write_text(study_json(result, provenance), encoding="utf-8")
    return [*files, path]


def to_excel(
    result: StudyResult,
    path: str | Path | BinaryIO,
    provenance: Mapping[str, Any] | None = None,
    extra: Extra | None = None,
) -> None:
    """Write a formatted workbook: a summary with the settings, then one sheet a table.

    Parameters
    ----------
    result
        The study.
    path
        The file, replaced if it exists, or an open binary file.
    provenance
        Facts about the data for the summary sheet.
    extra
        Further tables, as for :func:`tables`.

    Notes
    -----
    A table with more rows than a sheet holds is named on the summary sheet and left out;
    :func:`to_parquet` has it whole. Equal studies give equal bytes.
    """
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    target = str(path) if isinstance(path, Path) else path
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"created": _NO_TIME})
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#EDEDED"}),
            "percent": book.add_format({"num_format": "0.00%"}),
            "number": book.add_format({"num_format": "0.0000"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        summary = book.add_worksheet("Summary")
        left_out = []
        _ = result.aar  # first: its run over the days holds the tests of the windows too
        for name, make in tables(result, extra).items():
            frame = make()
            if len(frame) > _SHEET_ROWS:
                left_out.append(f"{name}: {len(frame)} rows, more than a sheet holds")
                continue
            _write_sheet(book.add_worksheet(name.upper()), frame, styles)
        _write_summary(summary, result, provenance, left_out, styles)


def _write_sheet(sheet: Any, frame: pd.DataFrame, styles: dict[str, Any]) -> None:
    for column, name in enumerate(frame.columns):
        sheet.write_string(0, column, str(name), styles["head"])
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            for row, stamp in enumerate(values, start=1):
                if not pd.isna(stamp) and stamp.tzinfo is not None:
                    sheet.write_string(row, column, stamp.isoformat())  # a sheet has no zones
                elif not pd.isna(stamp):
                    sheet.write_datetime(row, column, stamp.to_pydatetime(), styles["date"])
        elif pd.api.types.is_numeric_dtype(values.dtype):
            style = _number_style(str(name), values, styles)
            for row, number in enumerate(values.tolist(), start=1):
                if not pd.isna(number) and abs(number) != np.inf:
                    sheet.write_number(row, column, number, style)
        else:
            for row, cell in enumerate(values.tolist(), start=1):
                if not pd.isna(cell):
                    sheet.write_string(row, column, str(cell)[:32_767])
        longest = max([len(str(name)), *(len(str(cell)) for cell in values.head(50))])
        sheet.set_column(column, column, min(max(longest + 1, 8), 60))
    sheet.freeze_panes(1, 0)
    if len(frame):
        sheet.autofilter(0, 0, len(frame), max(len(frame.columns) - 1, 0))


def _number_style(name: str, values: pd.Series, styles: dict[str, Any]) -> Any:
    if pd.api.types.is_integer_dtype(values.dtype):
        return None
    return styles["percent"] if name in _PERCENT else styles["number"]


def _write_summary(
    sheet: Any,
    result: StudyResult,
    provenance: Mapping[str, Any] | None,
    left_out: list[str],
    styles: dict[str, Any],
) -> None:
    rows: list[tuple[str, str]] = [("Event study", "")]
    facts = result.to_dict()
    settings = facts.pop("settings")
    for name, value in (facts | {"provenance": dict(provenance or {})}).items():
        rows.append((name, value if isinstance(value, str) else json.dumps(value, default=str)))
    rows += [("left out", text) for text in left_out]
    rows.append(("Settings", ""))
    rows += [(name, json.dumps(value)) for name, value in settings.items()]
    for row, (name, value) in enumerate(rows):
        sheet.write_string(row, 0, name, styles["head"] if not value else None)
        sheet.write_string(row, 1, value[:32_767], styles["text"])
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)


def to_latex(result: StudyResult, table: str = "tests") -> str:
    """Return a table as LaTeX (``booktabs``).

    Parameters
    ----------
    result
        The study.
    table
        ``tests`` gives a line a window and a column a test, statistics with stars at 10, 5 and
        1 % and p-values beneath; any other table's name gives the table as it is.

    Raises
    ------
    ConfigError
        If the study has no such table.
    """
    known = tables(result)
    if table not in known:
        raise ConfigError(f"{table!r} is no table; the tables are {', '.join(known)}")
    frame = known[table]()
    return _latex(_tests_layout(frame) if table == "tests" else _formatted(frame))


def _tests_layout(tests: pd.DataFrame) -> pd.DataFrame:
    """Windows by tests, two lines each: the statistic with stars, the p-value in brackets."""
    names = list(dict.fromkeys(tests["test"]))
    records = []
    for window, part in tests.groupby("window", sort=False):
        cells = part.set_index("test")
        mean = cells["mean"].iloc[0]
        first = {"window": str(window), "N": str(cells["n"].iloc[0]), "CAAR": f"{mean:.2%}"}
        second = {"window": "", "N": "", "CAAR": ""}
        for name in names:
            statistic, p = float(cells["statistic"][name]), float(cells["p"][name])
            defined = p == p
            first[name] = f"{statistic:.2f}{stars(p)}" if statistic == statistic else ""
            second[name] = f"({p:.3f})" if defined else ""
        records += [first, second]
    return pd.DataFrame(records)


def stars(p: float) -> str:
    """Three, two or one star at 1, 5 and 10 %."""
    return "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.10 else ""


def _formatted(frame: pd.DataFrame) -> pd.DataFrame:
    shown = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            shown[name] = values.dt.strftime("%Y-%m-%d").fillna("")
        elif pd.api.types.is_float_dtype(values.dtype):
            style = "{:.2%}" if name in _PERCENT else "{:.4f}"
            shown[name] = ["" if pd.isna(v) else style.format(v) for v in values.tolist()]
        else:
            shown[name] = ["" if pd.isna(v) else str(v) for v in values.tolist()]
    return shown


def _latex(frame: pd.DataFrame) -> str:
    align = "l" + "r" * (len(frame.columns) - 1)
    lines = [rf"\begin{{tabular}}{{{align}}}", r"\toprule"]
    lines += [_latex_row(frame.columns), r"\midrule"]
    lines += [_latex_row(row) for row in frame.itertuples(index=False)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_row(cells: Any) -> str:
    escaped = ("".join(_LATEX.get(sign, sign) for sign in str(cell)) for cell in cells)
    row = " & ".join(escaped)
    # the end of the row above would take a bracket or a star for its own argument
    guard = "{}" if row.startswith(("[", "*")) else ""
    return guard + "".join(sign if sign.isprintable() else " " for sign in row) + r" \\"
