"""A dashboard server on loopback and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import runpy
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mentionstudy.dashboard.i18n as i18n

APP = Path(i18n.__file__).with_name("app.py")
SUPPORT = runpy.run_path(str(Path(__file__).parents[1] / "dashboard" / "conftest.py"))
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serve(workspace: Path) -> Iterator[str]:
    """Run the dashboard on a free loopback port; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    environment = {**os.environ, "MENTIONSTUDY_WORKSPACE": str(workspace)}
    log = workspace.parent / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd="/")
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture(scope="session")
def sample_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the bundled sample."""
    with serve(SUPPORT["fill"](tmp_path_factory.mktemp("e2e") / "workspace")) as url:
        yield url


@pytest.fixture(scope="session")
def evil_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve articles that try everything against their reader."""
    with serve(SUPPORT["fill_with_evil"](tmp_path_factory.mktemp("e2e-evil"))) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Start the browser once; skip with the reason when there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """One browser tab that remembers everything that went wrong in it."""

    def __init__(self, browser: object, home: str, *, locale: str, dark: bool, width: int) -> None:
        self.home = home
        self.context = browser.new_context(  # type: ignore[attr-defined]
            viewport={"width": width, "height": 900},
            locale=locale,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(90_000)
        self.problems: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _console(self, message: object) -> None:
        # Streamlit asks twice for its health below the page's own path before it finds the root.
        address = str(message.location.get("url", ""))  # type: ignore[attr-defined]
        probe = address.endswith(("/_stcore/health", "/_stcore/host-config"))
        if message.type == "error" and not probe:  # type: ignore[attr-defined]
            self.problems.append(f"console: {message.text} {address}")  # type: ignore[attr-defined]

    def _dialog(self, dialog: object) -> None:
        self.problems.append(f"dialog: {dialog.message}")  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        url = str(request.url)  # type: ignore[attr-defined]
        own = self.home.split("://")[1]
        if not url.startswith(("data:", "blob:")) and f"//{own}/" not in url:
            self.outside.append(url)

    def open(self, path: str, *, charts: bool = True) -> None:
        """Open a page and wait until it is drawn and quiet."""
        self.page.goto(self.home + path)
        self.page.wait_for_selector("[data-testid=stAppViewContainer]", timeout=40_000)
        if charts:
            self.page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and the charts stand still."""
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(
            "document.querySelector('[data-testid=stApp]')"
            ".getAttribute('data-test-script-state') !== 'running'",
            timeout=60_000,
        )
        self.page.wait_for_timeout(700)

    def check(self) -> None:
        """Fail on an exception on the page, in the console, or a request to another host."""
        shown = self.page.locator("[data-testid=stException]").all_inner_texts()
        assert shown == []
        assert self.problems == []
        assert self.outside == []

    def barriers(self) -> list[str]:
        """Return what axe-core finds serious or critical on the page: rule, element, message."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        options = {"resultTypes": ["violations"], "iframes": False}
        found = axe.run(self.page, options=options).response["violations"]
        return [
            f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def picture(self, folder: Path | None, name: str) -> None:
        """Save the whole page, if pictures are asked for."""
        if folder is None:
            return
        width = self.page.viewport_size["width"]
        height = self.page.evaluate(
            "document.querySelector('[data-testid=stMain]').scrollHeight + 60"
        )
        self.page.set_viewport_size({"width": width, "height": min(int(height), 6000)})
        self.page.wait_for_timeout(500)
        self.page.screenshot(path=str(folder / f"{name}.png"))
        self.page.set_viewport_size({"width": width, "height": 900})


@pytest.fixture
def tab(chromium: object) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a fresh tab on a server."""
    opened: list[Tab] = []

    def new(home: str, *, locale: str = "en-US", dark: bool = False, width: int = 1280) -> Tab:
        opened.append(Tab(chromium, home, locale=locale, dark=dark, width=width))
        return opened[-1]

    yield new
    for each in opened:
        each.context.close()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Return the folder of screenshots, ``MENTIONSTUDY_PICTURES``; without it none are taken."""
    named = os.environ.get("MENTIONSTUDY_PICTURES")
    if not named:
        return None
    Path(named).mkdir(parents=True, exist_ok=True)
    return Path(named)
