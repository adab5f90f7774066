"""Who may see the pages and who may write: asked at every run, before anything is drawn.

The command line decides how the server is reached and says so in two variables. Without them the
pages trust only a server on loopback, so that ``streamlit run`` with another address shows
nothing.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import streamlit as st

from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.logins import (
    ACCESS_VARIABLE,
    READ_ONLY_VARIABLE,
    Guard,
    LoginError,
    Refusal,
    Rules,
    is_loopback,
    provider_names,
    read_rules,
    user_key,
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One who logged in.

    Attributes
    ----------
    key
        A name for the user's own files that tells nothing about the user.
    label
        What to call the user on a page; foreign text.
    """

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a visitor may enter.

    Attributes
    ----------
    admitted
        Whether the pages may be drawn.
    reason
        Otherwise why not: a `Refusal`, ``unguarded`` or ``faulty``.
    """

    admitted: bool
    reason: Refusal | Literal["", "unguarded", "faulty"] = ""


def verdict() -> Verdict:
    """Decide about the visitor of this run; what cannot be decided is refused."""
    guard = _guard()
    if guard is None:
        return Verdict(False, "unguarded")
    if guard != "login":
        return Verdict(True)
    try:
        reason = _rules().refusal(_claims(), time.time())
    except LoginError:
        _LOG.exception("the login file was changed and cannot be used; nobody is let in")
        return Verdict(False, "faulty")
    return Verdict(reason is None, reason or "")


def may_write() -> bool:
    """Whether the visitor may change the workspace: fetch, upload, correct, save."""
    if os.environ.get(READ_ONLY_VARIABLE) or not verdict().admitted:
        return False
    return _guard() != "login" or _rules().may_write(_claims())


def needs_login() -> bool:
    """Whether visitors have to log in."""
    return _guard() == "login"


def lets_in(claims: Mapping[str, Any], now: float) -> bool:
    """Whether the bearer of a cookie may enter, asked outside of any session.

    Parameters
    ----------
    claims
        What the cookie says, its signature verified; looked at only where one has to log in.
    now
        Seconds since 1970.

    Raises
    ------
    LoginError
        If the rules cannot be read.
    """
    guard = _guard()
    if guard != "login":
        return guard is not None
    return _rules().refusal(claims, now) is None


def may_keep() -> bool:
    """Whether the visitor's own settings may be written; a read-only dashboard writes nothing."""
    return not os.environ.get(READ_ONLY_VARIABLE) and settings_key() is not None


def settings_key() -> str | None:
    """Return the name of the visitor's own files; None where visitors cannot be told apart."""
    if _guard() == "local":
        return "local"
    known = user()
    return known.key if known else None


def user() -> User | None:
    """Return who logged in; None where nobody has to."""
    if _guard() != "login" or not verdict().admitted:
        return None
    claims = _claims()
    label = claims.get("email") or claims.get("name") or claims.get("sub") or "?"
    return User(key=user_key(claims), label=str(label))


def turn_away(t: Texts, refused: Verdict) -> None:
    """Draw the page of one who may not enter, or not yet."""
    st.space("large")
    centred = st.container(horizontal_alignment="center")
    with centred.container(key="access", width=480, border=True):
        st.caption(t("app.title"))
        if refused.reason in ("not_logged_in", "expired"):
            _draw_login(t, expired=refused.reason == "expired")
        elif refused.reason in ("unguarded", "faulty"):
            st.header(t("access.closed"))
            st.write(t.code("refused", refused.reason))
        else:
            _draw_refusal(t, refused)


def draw_account(t: Texts) -> None:
    """Draw who is logged in, and a way out; nothing where nobody has to log in."""
    known = user()
    if known:
        st.text(t("access.who", user=known.label))  # Markdown would make a link of an address
        _logout_button(t)
    if not may_write():
        st.badge(t("access.read_only"), icon=":material/lock:", help=t("access.read_only_help"))


def _draw_login(t: Texts, *, expired: bool) -> None:
    st.header(t("access.login_title"))
    if expired:
        st.info(t.code("refused", "expired"))
    st.write(t("access.login_how"))
    for name in provider_names(_secrets("auth")):
        unnamed = name == "default"
        st.button(
            t("access.login") if unnamed else t("access.login_with", name=as_markdown(name)),
            key=f"login_{name}",
            type="primary",
            on_click=st.login,
            args=() if unnamed else (name,),
        )


def _draw_refusal(t: Texts, refused: Verdict) -> None:
    claims = _claims()
    email = str(claims.get("email") or claims.get("sub") or "?")
    if st.session_state.get("_refused") != refused.reason:
        st.session_state["_refused"] = refused.reason
        _LOG.warning("refused %r: %s", email, refused.reason)
    st.header(t("access.refused"))
    st.text(t("access.refused_who", user=email))
    st.write(t.code("refused", refused.reason))
    _logout_button(t)


def _logout_button(t: Texts) -> None:
    st.button(t("access.logout"), key="logout", on_click=st.logout, icon=":material/logout:")


def _guard() -> Guard | None:
    """Return what is demanded of a visitor; None when the server is open and nobody said so."""
    said = os.environ.get(ACCESS_VARIABLE, "")
    if said in ("local", "open", "login"):
        return cast("Guard", said)
    if said:
        return None
    # no command line of ours: a login if there is one, else loopback only
    address = st.get_option("server.address")
    if address and is_loopback(str(address)):
        return "local"
    return "login" if _secrets("auth") else None


def _rules() -> Rules:
    if not _secrets("auth"):  # a broken file would otherwise read as one without limits
        raise LoginError("the section [auth] cannot be read")
    return read_rules(_secrets("mentionstudy"), "secrets.toml")


def _secrets(section: str) -> dict[str, Any]:
    """Return one section of the secrets; Streamlit reads them again when the file changes."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get(section, {})
    return found.to_dict() if hasattr(found, "to_dict") else {}


def _claims() -> dict[str, Any]:
    return dict(st.user.to_dict())
