"""The guard itself: nothing leaves this machine, here or in a program that a test starts."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest


def test_a_connection_beyond_loopback_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError, match="stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_name_beyond_loopback_is_not_looked_up() -> None:
    with pytest.raises(ConnectionRefusedError, match="refused to look up"):
        socket.getaddrinfo("upstream.example", 443)


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_a_started_program_is_guarded_too() -> None:
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "stay on this machine" in done.stderr
