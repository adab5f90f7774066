"""The running server: where it listens, which names it answers to, how much it takes."""

from __future__ import annotations

import base64
import http.client
import json
import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

SUPPORT = runpy.run_path(str(Path(__file__).parents[1] / "dashboard" / "conftest.py"))


@contextmanager
def serving(folder, *options, **variables):
    """Run ``mentionstudy dashboard``; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workspace = folder / "workspace"
    if not workspace.exists():
        SUPPORT["fill"](workspace, prices=False)
    command = [sys.executable, "-m", "mentionstudy.dashboard", "dashboard", "--port", str(port)]
    command += ["--workspace", str(workspace), *options]
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=out, cwd=folder, env={**os.environ, **variables}
        )
        try:
            end = time.monotonic() + 60
            while not answers("127.0.0.1", port):
                if server.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"the dashboard did not start:\n{log.read_text()[-3000:]}")
                time.sleep(0.2)
            yield port
            # asking the internet for this machine's address fails here, and is logged
            assert "external IP" not in log.read_text(encoding="utf-8")
        finally:
            server.terminate()
            server.wait(timeout=20)


def answers(address, port):
    try:
        with socket.create_connection((address, port), timeout=2):
            return True
    except OSError:
        return False


def websocket(port, host, origin):
    """Ask for the page's WebSocket under a name; return the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        "GET",
        "/_stcore/stream",
        headers={
            "Host": host,
            "Origin": origin,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        },
    )
    status = connection.getresponse().status
    connection.close()
    return status


def ask(port, path, host, method="GET", **headers):
    """Send a request under a name; return the status and the headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={"Host": host, **headers})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders())
    connection.close()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("network")


def test_without_a_host_only_loopback_is_listened_on(folder):
    # what the surroundings say does not open the server
    with serving(folder, STREAMLIT_SERVER_ADDRESS="0.0.0.0") as port:
        assert answers("127.0.0.1", port)
        # a server on every address would answer on these as well
        assert not answers("127.0.0.2", port)
        assert not answers("::1", port)
        assert websocket(port, f"127.0.0.1:{port}", f"http://127.0.0.1:{port}") == 101
        assert websocket(port, f"localhost:{port}", f"http://localhost:{port}") == 101
        rebound = f"rebinding.test:{port}"
        assert websocket(port, rebound, f"http://{rebound}") == 403
        assert websocket(port, f"127.0.0.1:{port}", "http://foreign.test") == 403
        status, headers = ask(port, "/", f"localhost:{port}")
        assert status == 200
        assert headers["x-content-type-options"] == "nosniff"
        assert ask(port, "/", rebound)[0] == 421
        assert ask(port, "/_stcore/health", rebound)[0] == 200  # a probe asks by address
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/host-config") as said:
            assert json.load(said)["allowedOrigins"] == []  # no page around it steers this one


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_an_opened_server_answers_to_the_names_it_was_told(folder):
    options = ("--host", "0.0.0.0", "--no-login", "--allow-host", "studies.firm.example")
    with serving(folder, *options) as port:
        assert answers("127.0.0.2", port)
        named = "studies.firm.example"
        assert websocket(port, f"{named}:{port}", f"http://{named}:{port}") == 101
        assert websocket(port, named, f"https://{named}") == 101  # behind a proxy
        for other in ("firm.example", "studies.firm.example.evil.test", f"127.0.0.2:{port}"):
            assert websocket(port, other, f"http://{other}") == 403
