"""Refuse every connection beyond this machine, in the tests and in the programs that they start.

Python imports a module of this name at start-up when its folder is on PYTHONPATH; the test
configuration puts it there. Loopback and Unix sockets stay open.
"""

from __future__ import annotations

import ipaddress
import socket

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo
_LOCAL_NAMES = {"localhost", "", None}


class BeyondLoopback(ConnectionRefusedError):
    """A test, or a program that a test started, tried to leave this machine."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _check(address: object) -> None:
    # str and bytes are Unix sockets
    if isinstance(address, tuple) and not _is_local(address[0]):
        raise BeyondLoopback(f"the tests stay on this machine; refused: {address!r}")


def _guarded_connect(self: socket.socket, address: object) -> object:
    _check(address)
    return _connect(self, address)  # type: ignore[arg-type]


def _guarded_connect_ex(self: socket.socket, address: object) -> object:
    _check(address)
    return _connect_ex(self, address)  # type: ignore[arg-type]


def _guarded_getaddrinfo(host: object, *args: object, **kwargs: object) -> object:
    # "0.0.0.0" and "::" are what a server binds to when told so, never what a client asks
    if not _is_local(host) and host not in ("0.0.0.0", "::"):
        raise BeyondLoopback(f"the tests stay on this machine; refused to look up {host!r}")
    return _getaddrinfo(host, *args, **kwargs)  # type: ignore[arg-type]


def install() -> None:
    """Put the guard in place; a second call changes nothing."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = _guarded_getaddrinfo  # type: ignore[assignment]


install()
