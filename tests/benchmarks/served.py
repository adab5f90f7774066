"""A dashboard server on loopback and a browser to look at it, for the commands beside this file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mentionstudy.dashboard.i18n as i18n
from mentionstudy.dashboard.cli.serve import MEMORY

SERVER = Path(i18n.__file__).with_name("server.py")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running dashboard.

    Attributes
    ----------
    url
        Where it answers.
    pid
        Its process.
    log
        What it wrote.
    """

    url: str
    pid: int
    log: Path

    def processor(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def errors(self) -> list[str]:
        """Lines of the log that speak of an error."""
        words = ("Traceback", "Error", "ERROR", "Exception")
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in words)]


@contextmanager
def served(workspace: Path) -> Iterator[Server]:
    """Run the dashboard on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(SERVER), "--server.port", str(port)]
    environment = {**MEMORY, **os.environ, "MENTIONSTUDY_WORKSPACE": str(workspace)}
    log = workspace.parent / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd="/")
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield Server(f"http://127.0.0.1:{port}", process.pid, log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the dashboard did not start; see server.log")


def browser_path() -> str:
    """Return the path of Chromium, or end with a sentence."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("there is no Chromium on this machine")
    return path


@contextmanager
def chromium() -> Iterator[object]:
    """Start a Chromium that Playwright drives."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        yield browser
        browser.close()
