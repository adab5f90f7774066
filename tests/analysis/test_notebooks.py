"""The notebooks run from top to bottom, without network, as a reader would run them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "analysis" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "keep it without outputs"
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("text/html" in output.get("data", {}) for output in shown)
    assert not [output for output in shown if output.get("name") == "stderr"]
    drawn = {"text/html", "application/vnd.plotly.v1+json"}
    assert sum(bool(drawn & set(output.get("data", {}))) for output in shown) >= 2


def test_there_are_notebooks() -> None:
    wanted = {"quick_start", "own_csv", "robustness", "corpus_by_group", "dialect"}
    assert {path.stem for path in NOTEBOOKS} == wanted
