"""What may import what, and that what is written is also what is installed."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("analysis", "data", "dashboard")
FORBIDDEN = {
    "analysis": ("mentionstudy.data", "mentionstudy.dashboard", "streamlit", "akshare", "requests"),
    "data": ("mentionstudy.analysis", "mentionstudy.dashboard", "streamlit"),
    "dashboard": (),
}


def modules(layer: str) -> list[Path]:
    return sorted(p for p in (ROOT / layer).rglob("*.py") if "__pycache__" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(layer)
        for name in imports(path)
        if name.startswith(FORBIDDEN[layer])
    ]
    assert wrong == []


def test_pages_hold_no_statistics() -> None:
    wrong = [
        f"{path.name}: {name}"
        for path in (ROOT / "dashboard" / "views").glob("*.py")
        for name in imports(path)
        if name.split(".")[0] in {"numpy", "scipy", "statsmodels"}
    ]
    assert wrong == []


def test_only_the_services_cache() -> None:
    caching = ("cache_data", "cache_resource", "cachetools", "Kept(")
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules("dashboard")
        if path.parent.name != "services"
        and any(word in path.read_text(encoding="utf-8") for word in caching)
    ]
    assert wrong == []


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(listed["tool"]["setuptools"]["packages"])
    written = {
        "mentionstudy." + ".".join(path.parent.relative_to(ROOT).parts)
        for layer in LAYERS
        for path in modules(layer)
    }
    assert packages == written
    for package in written:
        folder = ROOT.joinpath(*package.split(".")[1:])
        assert (folder / "__init__.py").exists(), f"{folder} needs an __init__.py"


def test_nothing_switches_raw_html_on() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules("dashboard")
        if "unsafe_allow_html=True" in path.read_text(encoding="utf-8")
    ]
    assert wrong == []
