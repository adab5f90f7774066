"""The login file: each fault is named with its place, and a slip never lets everybody in."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.dashboard.logins import (
    LoginError,
    Rules,
    has_login,
    is_loopback,
    matches,
    read_login,
    read_rules,
    user_key,
)

NOW = 1_800_000_000.0
AUTH = {
    "redirect_uri": "https://studies.firm.example/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "client_id": "mentionstudy",
    "client_secret": "not-a-secret",
    "server_metadata_url": "https://login.firm.example/.well-known/openid-configuration",
}
PROVIDER = ("client_id", "client_secret", "server_metadata_url")


def written(folder, auth, more=""):
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in auth.items()]
    path = folder / "login.toml"
    path.write_text("\n".join(["[auth]", *lines, more, ""]), encoding="utf-8")
    path.chmod(0o600)
    return path


def claims(**more):
    return {"is_logged_in": True, "iat": NOW - 60, "email": "ann@firm.example", **more}


def test_a_complete_file_is_read(tmp_path):
    path = written(tmp_path, AUTH, '[mentionstudy]\nallowed_users = ["*@firm.example"]')
    login = read_login(path)
    assert login.host == "studies.firm.example"
    assert login.providers == ("default",)
    assert login.address(8501) == "https://studies.firm.example/"
    assert login.rules.allowed_users == ("*@firm.example",)
    assert login.warnings == ()


@pytest.mark.parametrize("key", sorted(AUTH))
def test_a_missing_key_is_named(tmp_path, key):
    path = written(tmp_path, {k: v for k, v in AUTH.items() if k != key})
    with pytest.raises(LoginError, match=rf"login\.toml: \[auth\] lacks the key {key}$"):
        read_login(path)


@pytest.mark.parametrize(("key", "value"), [("client_id", ""), ("client_secret", 5)])
def test_a_key_without_a_text_is_named(tmp_path, key, value):
    with pytest.raises(LoginError, match=f"{key} has to be a text"):
        read_login(written(tmp_path, {**AUTH, key: value}))


@pytest.mark.parametrize(
    ("uri", "base_path", "wanted"),
    [
        ("https://studies.firm.example/", "", "has to be /oauth2callback"),
        ("https://studies.firm.example/oauth2callback/", "", "has to be /oauth2callback"),
        ("https://firm.example/oauth2callback", "studies", "has to be /studies/oauth2callback"),
        ("https://firm.example/studies/oauth2callback", "", "without --base-path"),
        ("studies.firm.example/oauth2callback", "", "give the whole address"),
        ("https://ann@firm.example/oauth2callback", "", "give the whole address"),
    ],
)
def test_a_redirect_address_that_cannot_work_is_refused(tmp_path, uri, base_path, wanted):
    with pytest.raises(LoginError, match=wanted):
        read_login(written(tmp_path, {**AUTH, "redirect_uri": uri}), base_path=base_path)


def test_the_port_may_be_left_to_the_server(tmp_path):
    login = read_login(
        written(tmp_path, {**AUTH, "redirect_uri": "http://localhost:{port}/oauth2callback"})
    )
    assert login.address(8600) == "http://localhost:8600/"
    assert login.host == "localhost"


def test_a_guessable_cookie_secret_is_refused(tmp_path):
    with pytest.raises(LoginError, match="cookie_secret is shorter than 32 characters"):
        read_login(written(tmp_path, {**AUTH, "cookie_secret": "change-me"}))


def test_several_providers_are_checked_one_by_one(tmp_path):
    shared = {k: v for k, v in AUTH.items() if k not in PROVIDER}
    own = "\n".join(f'{k} = "{AUTH[k]}"' for k in PROVIDER)
    both = f"[auth.desk]\n{own}\n[auth.guests]\n{own}"
    assert read_login(written(tmp_path, shared, both)).providers == ("desk", "guests")
    lost = both[::-1].replace('client_secret = "not-a-secret"'[::-1], "", 1)[::-1]
    with pytest.raises(LoginError, match=r"\[auth\.guests\] lacks the key client_secret"):
        read_login(written(tmp_path, shared, lost))
    with pytest.raises(LoginError, match=r"\[auth\.my_desk\] has an underscore"):
        read_login(written(tmp_path, shared, both.replace("auth.desk", "auth.my_desk")))


def test_what_is_no_login_file_is_said(tmp_path):
    with pytest.raises(LoginError, match="cannot be read: No such file"):
        read_login(tmp_path / "none.toml")
    with pytest.raises(LoginError, match=r"has to end in \.toml"):
        read_login(tmp_path / "secrets")
    path = tmp_path / "login.toml"
    path.write_text("[auth\n")
    with pytest.raises(LoginError, match="is no TOML"):
        read_login(path)
    path.write_text("[other]\n")
    with pytest.raises(LoginError, match=r"there is no section \[auth\]"):
        read_login(path)
    assert not has_login(path)
    assert not has_login(tmp_path / "none.toml")
    assert has_login(written(tmp_path, AUTH))


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_file_that_everybody_can_read_is_warned_about(tmp_path):
    path = written(tmp_path, AUTH, '[mentionstudy]\nallowed_users = ["*"]')
    path.chmod(0o644)
    assert [w for w in read_login(path).warnings if "chmod o=" in w]
    path.chmod(0o640)
    assert read_login(path).warnings == ()


def test_traffic_in_the_clear_is_warned_about(tmp_path):
    plain = {k: v.replace("https://", "http://") for k, v in AUTH.items()}
    warned = " ".join(read_login(written(tmp_path, plain)).warnings)
    assert "redirect_uri begins with http://" in warned
    assert "'default' is asked over http://" in warned
    assert "allowed_users is not set" in warned
    local = {k: v.replace("studies.firm.example", "localhost:8501") for k, v in plain.items()}
    local["server_metadata_url"] = "http://127.0.0.1:9000/.well-known/openid-configuration"
    assert "http://" not in " ".join(read_login(written(tmp_path, local)).warnings)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"allowed_user": ["a@b.example"]}, "has no key 'allowed_user'"),
        ({"allowed_users": []}, "allowed_users is empty"),
        ({"allowed_users": "*@firm.example"}, "has to be a list"),
        ({"editors": [""]}, "editors has to be a list"),
        ({"login_hours": 0}, "login_hours is 0"),
        ({"login_hours": True}, "login_hours is True"),
        ("all", "has to be a section"),
    ],
)
def test_a_slip_in_the_rules_lets_nobody_in(section, said):
    with pytest.raises(LoginError, match=said):
        read_rules(section, "login.toml")


RULES = Rules(allowed_users=("*@firm.example", "guest@other.example"))


@pytest.mark.parametrize(
    ("rules", "visitor", "reason"),
    [
        (RULES, claims(), None),
        (RULES, claims(email="ANN@FIRM.EXAMPLE"), None),
        (RULES, claims(email="guest@other.example", email_verified=True), None),
        (RULES, claims(email="host@other.example"), "not_listed"),
        (RULES, claims(email="ann@firm.example.evil.example"), "not_listed"),
        (RULES, claims(email="ann@evilfirm.example"), "not_listed"),
        (RULES, claims(email_verified=False), "unverified"),
        (RULES, claims(email_verified="false"), "unverified"),
        (RULES, claims(email=None), "no_email"),
        (RULES, claims(email=["ann@firm.example"]), "no_email"),
        (RULES, {}, "not_logged_in"),
        (RULES, {"email": "ann@firm.example", "iat": NOW}, "not_logged_in"),
        (RULES, claims(is_logged_in="yes"), "not_logged_in"),
        (RULES, claims(iat=NOW - 13 * 3600), "expired"),
        (RULES, claims(iat=None), "expired"),
        (Rules(), claims(email=None), None),
        (Rules(login_hours=1), claims(iat=NOW - 3601), "expired"),
    ],
)
def test_who_may_enter(rules, visitor, reason):
    assert rules.refusal(visitor, NOW) == reason


def test_who_may_write():
    rules = Rules(editors=("head@firm.example",))
    assert rules.may_write(claims(email="head@firm.example"))
    assert not rules.may_write(claims())
    assert not rules.may_write(claims(email="head@firm.example", email_verified=False))
    assert not rules.may_write({})
    assert Rules().may_write(claims())


@given(st.text(max_size=30))
def test_only_addresses_of_the_firm_fit_its_pattern(name):
    assert matches(("*@firm.example",), f"{name}@firm.example")
    assert not matches(("*@firm.example",), f"{name}@firm.example.org")
    assert not matches(("ann@firm.example",), f"x{name}ann@firm.example")


def test_a_users_name_for_files_depends_on_provider_and_subject_only():
    one = user_key({"iss": "https://a.example", "sub": "1", "email": "x@a.example"})
    assert one == user_key({"iss": "https://a.example", "sub": "1", "email": "y@a.example"})
    assert one != user_key({"iss": "https://a.example", "sub": "2"})
    assert one != user_key({"iss": "https://b.example", "sub": "1"})
    assert one.isalnum()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.20", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_known(host, expected):
    assert is_loopback(host) is expected
