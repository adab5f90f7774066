"""Who may enter: the login file, read and checked before a server starts and at every visit.

The file is Streamlit's ``secrets.toml``: its ``[auth]`` section names the identity provider, and a
section of our own says which of the provider's users may enter and which of them may write::

    [auth]
    redirect_uri = "https://studies.firm.example/oauth2callback"
    cookie_secret = "…"
    client_id = "…"
    client_secret = "…"
    server_metadata_url = "https://login.firm.example/.well-known/openid-configuration"

    [mentionstudy]
    allowed_users = ["*@firm.example"]
    editors = ["desk-head@firm.example"]
    login_hours = 12

This module knows no Streamlit, so that the command line can refuse a faulty file at once.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

Refusal = Literal["not_logged_in", "expired", "no_email", "unverified", "not_listed"]
Guard = Literal["local", "open", "login"]
ACCESS_VARIABLE = "MENTIONSTUDY_ACCESS"
READ_ONLY_VARIABLE = "MENTIONSTUDY_READ_ONLY"
CALLBACK = "oauth2callback"
DEFAULT_LOGIN_HOURS = 12
_SHARED_KEYS = ("redirect_uri", "cookie_secret")
_PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_RULE_KEYS = ("allowed_users", "editors", "login_hours")
_SHORTEST_SECRET = 32
_NEW_SECRET = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'


class LoginError(ValueError):
    """A login file that cannot be used; the message says what is missing and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who of the provider's users may do what.

    Attributes
    ----------
    allowed_users
        Patterns of e-mail addresses (``*@firm.example``); empty lets in everybody whom the
        provider lets in.
    editors
        Patterns of those who may write; empty lets everybody write who may enter.
    login_hours
        Hours after which a login has to be renewed.
    """

    allowed_users: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    login_hours: float = DEFAULT_LOGIN_HOURS

    def refusal(self, claims: Mapping[str, Any], now: float) -> Refusal | None:
        """Return why the bearer of an identity token may not enter, or None.

        Parameters
        ----------
        claims
            The token's claims, and Streamlit's ``is_logged_in``.
        now
            Seconds since 1970.
        """
        if claims.get("is_logged_in") is not True:
            return "not_logged_in"
        issued = claims.get("iat")
        # the cookie lives for 30 days and nobody else looks at the token's age
        if not isinstance(issued, (int, float)) or now - issued > self.login_hours * 3600:
            return "expired"
        if not self.allowed_users:
            return None
        email = claims.get("email")
        if not isinstance(email, str) or not email:
            return "no_email"
        if claims.get("email_verified") in (False, "false"):
            return "unverified"  # at many providers anybody can claim anybody's address
        return None if matches(self.allowed_users, email) else "not_listed"

    def may_write(self, claims: Mapping[str, Any]) -> bool:
        """Whether one who may enter may also write."""
        if not self.editors:
            return True
        verified = claims.get("email_verified") not in (False, "false")
        return verified and matches(self.editors, str(claims.get("email", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A checked login file.

    Attributes
    ----------
    path
        Where it is.
    redirect_uri
        Where the provider sends people back to; ``{port}`` stands for the server's port.
    providers
        Names of the providers; ``default`` for the unnamed one.
    rules
        Who may do what.
    warnings
        What is usable and unwise, one sentence each.
    """

    path: Path
    redirect_uri: str
    providers: tuple[str, ...]
    rules: Rules
    warnings: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The name under which browsers reach the dashboard."""
        return _hostname(self.redirect_uri)

    def address(self, port: int) -> str:
        """Return the dashboard's address as browsers see it."""
        return self.redirect_uri.replace("{port}", str(port)).removesuffix(CALLBACK)


def matches(patterns: tuple[str, ...], email: str) -> bool:
    """Whether an address fits one of the patterns; capitals do not matter.

    Examples
    --------
    >>> matches(("*@firm.example",), "Ann@Firm.example")
    True
    """
    return any(fnmatchcase(email.casefold(), pattern.casefold()) for pattern in patterns)


def user_key(claims: Mapping[str, Any]) -> str:
    """Return a name for a user's own files that tells nothing about the user.

    The provider and its subject identify a person; an address can pass to somebody else.
    """
    identity = f"{claims.get('iss', '')}\0{claims.get('sub', '')}"
    return sha256(identity.encode()).hexdigest()[:32]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host of this name."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def read_login(path: Path, *, base_path: str = "") -> Login:
    """Read and check a login file.

    Parameters
    ----------
    path
        A TOML file.
    base_path
        The path below which the dashboard is served, without slashes at its ends.

    Raises
    ------
    LoginError
        If it cannot be read, or a key is missing or cannot be meant.
    """
    if path.suffix != ".toml":  # Streamlit takes any other name for a folder of secrets
        raise LoginError(f"{path}: the login file's name has to end in .toml; rename it")
    content = _toml(path)
    auth = content.get("auth")
    if not isinstance(auth, dict):
        raise LoginError(
            f"{path}: there is no section [auth]; it names the identity provider with "
            + _listed((*_SHARED_KEYS, *_PROVIDER_KEYS))
        )
    for key in _SHARED_KEYS:
        _text(path, auth, "auth", key)
    if len(auth["cookie_secret"]) < _SHORTEST_SECRET:
        raise LoginError(
            f"{path}: [auth] cookie_secret is shorter than {_SHORTEST_SECRET} characters, and "
            f"whoever guesses it can log in as anybody; make one with: {_NEW_SECRET}"
        )
    _check_redirect(path, auth["redirect_uri"], base_path)
    providers = _providers(path, auth)
    rules = read_rules(content.get("mentionstudy", {}), str(path))
    return Login(
        path=path,
        redirect_uri=auth["redirect_uri"],
        providers=tuple(providers),
        rules=rules,
        warnings=tuple(_warnings(path, auth["redirect_uri"], providers, rules)),
    )


def has_login(path: Path) -> bool:
    """Whether a secrets file has an ``[auth]`` section; an unreadable file counts as having one."""
    try:
        return path.is_file() and "auth" in _toml(path)
    except LoginError:
        return True  # reading it again for use says what is wrong


def provider_names(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the providers of an ``[auth]`` section."""
    named = tuple(
        name
        for name, section in auth.items()
        if isinstance(section, Mapping) and name != "client_kwargs"
    )
    unnamed = any(key in auth for key in _PROVIDER_KEYS)
    return ("default", *named) if unnamed or not named else named


def read_rules(section: object, where: str) -> Rules:
    """Check the section ``[mentionstudy]``; a misspelt rule must not let everybody in.

    Raises
    ------
    LoginError
        If a key is unknown or its value cannot be meant.
    """
    if not isinstance(section, Mapping):
        raise LoginError(f"{where}: [mentionstudy] has to be a section")
    for key in section:
        if key not in _RULE_KEYS:
            raise LoginError(
                f"{where}: [mentionstudy] has no key {key!r}; it knows {_listed(_RULE_KEYS)}"
            )
    hours = section.get("login_hours", DEFAULT_LOGIN_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not 0 < hours <= 720:
        raise LoginError(
            f"{where}: [mentionstudy] login_hours is {hours!r}; give hours above 0 and up to 720"
        )
    return Rules(
        allowed_users=_patterns(section, "allowed_users", where),
        editors=_patterns(section, "editors", where),
        login_hours=float(hours),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LoginError(f"{path}: the login file cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LoginError(f"{path}: the login file is no TOML: {error}") from error


def _text(path: Path, section: Mapping[str, Any], name: str, key: str) -> str:
    value = section.get(key)
    if value is None:
        raise LoginError(f"{path}: [{name}] lacks the key {key}")
    if not isinstance(value, str) or not value.strip():
        raise LoginError(f"{path}: [{name}] {key} has to be a text that is not empty")
    return value


def _providers(path: Path, auth: Mapping[str, Any]) -> dict[str, str]:
    """Return the address of each provider's metadata by the provider's name."""
    found = {}
    for name in provider_names(auth):
        if "_" in name:
            raise LoginError(
                f"{path}: [auth.{name}] has an underscore in its name, which Streamlit does not "
                "take; use a name without"
            )
        section, title = (auth, "auth") if name == "default" else (auth[name], f"auth.{name}")
        for key in _PROVIDER_KEYS:
            _text(path, section, title, key)
        metadata = section["server_metadata_url"]
        if not re.match(r"https?://[^/]+/", metadata):
            raise LoginError(
                f"{path}: [{title}] server_metadata_url is {metadata!r}; give the whole address, "
                "https://… up to /.well-known/openid-configuration"
            )
        found[name] = metadata
    return found


def _check_redirect(path: Path, uri: str, base_path: str) -> None:
    wanted = f"/{base_path}/{CALLBACK}" if base_path else f"/{CALLBACK}"
    if not re.match(r"https?://[^/@]+/", uri) or not _hostname(uri):
        raise LoginError(
            f"{path}: [auth] redirect_uri is {uri!r}; give the whole address by which browsers "
            f"reach the dashboard, as https://studies.firm.example{wanted}"
        )
    if urlsplit(uri.replace("{port}", "0")).path != wanted:
        reason = f"with --base-path /{base_path}" if base_path else "without --base-path"
        raise LoginError(
            f"{path}: [auth] redirect_uri is {uri!r}; {reason} its path has to be {wanted}"
        )


def _warnings(path: Path, redirect: str, providers: Mapping[str, str], rules: Rules) -> list[str]:
    said = []
    if path.stat().st_mode & 0o007:
        said.append(f"{path} can be read by every user of this machine; run: chmod o= {path}")
    if redirect.startswith("http://") and not is_loopback(_hostname(redirect)):
        said.append(
            f"{path}: redirect_uri begins with http://, so that logins cross the network "
            "unencrypted; put a TLS proxy in front and write https://"
        )
    for name, metadata in providers.items():
        if metadata.startswith("http://") and not is_loopback(_hostname(metadata)):
            said.append(
                f"{path}: the provider {name!r} is asked over http://, so that whoever sits "
                "between can log in as anybody"
            )
    if not rules.allowed_users:
        said.append(
            f"{path}: [mentionstudy] allowed_users is not set: everybody whom the provider lets "
            "in may enter"
        )
    return said


def _hostname(uri: str) -> str:
    try:
        return urlsplit(uri.replace("{port}", "0")).hostname or ""
    except ValueError:
        return ""


def _patterns(section: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    if key not in section:
        return ()
    given = section[key]
    if not isinstance(given, (list, tuple)) or not all(isinstance(p, str) and p for p in given):
        raise LoginError(
            f'{where}: [mentionstudy] {key} has to be a list of addresses, as ["*@firm.example"]'
        )
    if not given:
        raise LoginError(
            f"{where}: [mentionstudy] {key} is empty; list addresses, or remove the key to set "
            "no limit"
        )
    return tuple(given)


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
