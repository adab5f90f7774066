"""Who can reach the server: this machine alone, unless the user says who else may enter."""

from __future__ import annotations

import importlib.util
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mentionstudy.dashboard.cli.output import Unusable
from mentionstudy.dashboard.logins import (
    ACCESS_VARIABLE,
    READ_ONLY_VARIABLE,
    Guard,
    Login,
    LoginError,
    has_login,
    is_loopback,
    read_login,
)

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8501
DEFAULT_UPLOAD_MB = 50
_EVERYWHERE = ("0.0.0.0", "::")
_LOGIN_PACKAGES = ("authlib", "httpx")
_HOST = re.compile(r"[0-9A-Za-z.:_\-]+")
_NAME = re.compile(r"(\*\.)?[0-9A-Za-z_\-]+(\.[0-9A-Za-z_\-]+)*|[0-9A-Fa-f:]+")
_PATH = re.compile(r"[0-9A-Za-z._~\-]+(/[0-9A-Za-z._~\-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How the dashboard is reached; made by `plan_exposure`, which refuses what is unsafe.

    Attributes
    ----------
    host
        Address to listen on.
    allowed_hosts
        Names that a browser may ask for; any other is refused, so that a foreign web page cannot
        point its own name at this server.
    base_path
        Path below which a proxy serves the dashboard, without slashes at its ends.
    login
        The checked login file, or None when nobody has to log in.
    guard
        What the pages demand of a visitor.
    read_only
        Whether the pages refuse to write.
    max_upload
        Megabytes of the largest upload.
    """

    host: str = LOOPBACK
    allowed_hosts: tuple[str, ...] = ("localhost", LOOPBACK)
    base_path: str = ""
    login: Login | None = None
    guard: Guard = "local"
    read_only: bool = False
    max_upload: int = DEFAULT_UPLOAD_MB

    def arguments(self, port: int) -> list[str]:
        """Return the options of ``streamlit run``.

        Each is given although some are defaults: a variable or a configuration file of the
        surroundings must not open what is closed here.
        """
        options: list[tuple[str, object]] = [
            ("server.address", self.host),
            ("server.port", port),
            *(("server.allowedHosts", name) for name in self.allowed_hosts),
            ("server.baseUrlPath", self.base_path),
            ("server.maxUploadSize", self.max_upload),
            ("server.enableCORS", "true"),
            ("server.enableXsrfProtection", "true"),
            ("server.enableAgentApi", "false"),
            ("server.trustedUserHeaders", json.dumps({})),
            ("browser.gatherUsageStats", "false"),
            # the banner would ask a foreign host for this machine's address
            ("logger.hideWelcomeMessage", "true"),
        ]
        if self.login:
            options.append(("secrets.files", self.login.path.resolve()))
        return [part for name, value in options for part in (f"--{name}", str(value))]

    def environment(self) -> dict[str, str]:
        """Return the variables that the pages read."""
        return {
            ACCESS_VARIABLE: self.guard,
            READ_ONLY_VARIABLE: "1" if self.read_only else "",
        }

    def address(self, port: int) -> str:
        """Return the address to open in a browser."""
        if self.login:
            return self.login.address(port)
        named = [name for name in self.allowed_hosts if not is_loopback(name) and "*" not in name]
        host = named[0] if named else LOOPBACK if self.host in _EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/{self.base_path}"

    def port(self, wanted: int | None) -> int:
        """Return the port to serve on.

        On loopback the next free one will do; an address that others know has to stay.
        """
        if wanted is None and self.guard == "local":
            return free_port(DEFAULT_PORT, self.host)
        port = wanted or DEFAULT_PORT
        problem = _cannot_listen(self.host, port)
        if problem:
            raise Unusable(problem)
        return port


def plan_exposure(
    *,
    host: str = LOOPBACK,
    allow_hosts: Sequence[str] = (),
    base_path: str = "",
    secrets: Path | None = None,
    no_login: bool = False,
    read_only: bool = False,
    max_upload: int = DEFAULT_UPLOAD_MB,
) -> Exposure:
    """Check how the dashboard is to be reached.

    Parameters
    ----------
    host, allow_hosts, base_path, secrets, no_login, read_only, max_upload
        As the options of ``mentionstudy dashboard``.

    Raises
    ------
    Unusable
        If others could reach the server and nobody would have to log in, or if an option cannot
        be meant; the message says what to do.
    """
    if not _HOST.fullmatch(host):
        raise Unusable(
            f"--host {host} is no address to listen on; write one of this machine, as 192.168.1.20 "
            "or 0.0.0.0, without http:// and port"
        )
    for name in allow_hosts:
        if not _NAME.fullmatch(name):
            raise Unusable(
                f"--allow-host {name} is no host name; write it as studies.firm.example or "
                "*.firm.example, without http://, port and path"
            )
    path = base_path.strip("/")
    if path and not _PATH.fullmatch(path):
        raise Unusable(f"--base-path {base_path} is no path; write it as /studies")
    reached_by = _reached_by(host, allow_hosts, path)
    login = _login(secrets, path, reached_by, no_login=no_login)
    return Exposure(
        host=host,
        allowed_hosts=_allowed_hosts(host, allow_hosts, login),
        base_path=path,
        login=login,
        guard="login" if login else "open" if reached_by else "local",
        read_only=read_only,
        max_upload=max_upload,
    )


def free_port(first: int, host: str = LOOPBACK) -> int:
    """Return the first port that is free."""
    for port in range(first, first + 50):
        if not _cannot_listen(host, port):
            return port
    raise Unusable(f"no free port from {first} to {first + 49}; name one with --port")


def _reached_by(host: str, allow_hosts: Sequence[str], base_path: str) -> str:
    """Return the option by which others than this machine's users reach the server, or nothing."""
    if not is_loopback(host):
        return f"--host {host}"
    for name in allow_hosts:
        if not is_loopback(name):
            return f"--allow-host {name}"
    return f"--base-path /{base_path}" if base_path else ""


def _login(
    secrets: Path | None, base_path: str, reached_by: str, *, no_login: bool
) -> Login | None:
    if no_login:
        if secrets:
            raise Unusable("--secrets and --no-login contradict each other; give one of them")
        return None
    path = secrets or (_usual_secrets() if reached_by else None)
    if path is None:
        if reached_by:
            raise Unusable(
                f"with {reached_by} others could read and change the workspace without a login; "
                "name a login file with --secrets FILE, or say --no-login if something else "
                "decides who reaches this address"
            )
        return None
    missing = [name for name in _LOGIN_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise Unusable(
            f"a login needs {' and '.join(missing)}, not installed here; "
            'run: pip install "mentionstudy[serve]"'
        )
    try:
        return read_login(path, base_path=base_path)
    except LoginError as error:
        raise Unusable(str(error)) from error


def _usual_secrets() -> Path | None:
    """Return the secrets file with a login at one of Streamlit's own places."""
    for folder in (Path.cwd(), Path.home()):
        path = folder / ".streamlit" / "secrets.toml"
        if has_login(path):
            return path
    return None


def _allowed_hosts(host: str, allow_hosts: Sequence[str], login: Login | None) -> tuple[str, ...]:
    names = ["localhost", LOOPBACK, *allow_hosts]
    if host not in _EVERYWHERE:
        names.append(host)
    elif not login and not allow_hosts:
        raise Unusable(
            f"--host {host} is every address of this machine; say with --allow-host NAME by which "
            "name browsers will ask for it"
        )
    if login:  # a login works only under the name of its redirect_uri
        names.append(login.host)
    return tuple(dict.fromkeys(names))


def _cannot_listen(host: str, port: int) -> str:
    """Return why the server cannot listen there, or nothing."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        return (
            f"cannot listen on {host} port {port}: {reason}; choose another with --host or --port"
        )
    return ""
