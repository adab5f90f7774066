"""What every test shares: the network guard and the folder of facts beside the project."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
GUARD = ROOT / "tests" / "guard"

# the same guard in this process and in every Python that a test starts, unless the real upstreams
# are to be asked
if os.environ.get("MENTIONSTUDY_LIVE") != "1":
    runpy.run_path(str(GUARD / "sitecustomize.py"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        p for p in (str(GUARD), os.environ.get("PYTHONPATH", "")) if p
    )
os.environ.setdefault("TQDM_DISABLE", "1")
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)
    os.environ.pop(name.lower(), None)

# machines that share their cores make single examples slow, which is no failure
# and a landing must not hang on a draw: in CI the examples are the same every time
settings.register_profile("project", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests in a browser: as the last ones they would leave cores without work."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real posts, prices and reference results beside the project, or skip."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of real posts and reference results is not beside the project")
    return folder
