"""The pages ask who looks before they show anything, and who writes before they write."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from mentionstudy.dashboard import access, i18n
from mentionstudy.dashboard.i18n import texts

APP = i18n.__file__.replace("i18n.py", "app.py")
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "client_id": "mentionstudy",
    "client_secret": "not-a-secret",
    "server_metadata_url": "http://127.0.0.1:1/.well-known/openid-configuration",
}
EN, ZH = texts("en"), texts("zh")


def ann(**more):
    return {
        "is_logged_in": True,
        "iss": "https://login.firm.example",
        "sub": "42",
        "iat": int(time.time()) - 60,
        "email": "ann@firm.example",
        **more,
    }


@pytest.fixture
def visit(monkeypatch, sample_workspace):
    """Return a function that opens the dashboard as somebody, under a guard."""

    def opened(user=None, *, guard="login", rules=None, auth=AUTH, lang="en", read_only=""):
        monkeypatch.setenv("MENTIONSTUDY_WORKSPACE", str(sample_workspace))
        monkeypatch.setenv("MENTIONSTUDY_READ_ONLY", read_only)
        if guard is None:
            monkeypatch.delenv("MENTIONSTUDY_ACCESS", raising=False)
        else:
            monkeypatch.setenv("MENTIONSTUDY_ACCESS", guard)
        app = AppTest.from_file(APP, default_timeout=60)
        app.secrets = {"auth": auth, "mentionstudy": rules or {}} if auth else {}
        app.user = user or {}
        app.query_params["lang"] = lang
        return app.run()

    return opened


def shown(app):
    """Return everything that the page says."""
    parts = [*app.header, *app.markdown, *app.caption, *app.info, *app.text]
    return "\n".join(str(part.value) for part in parts)


def nothing_of_the_workspace(app):
    assert not app.exception
    assert not app.get("plotly_chart")
    assert not app.dataframe
    assert not app.metric
    assert not app.sidebar.children
    return True


@pytest.mark.parametrize(("lang", "word"), [("en", "Log in"), ("zh", "登录")])
def test_a_visitor_sees_a_login_and_nothing_else(visit, lang, word):
    app = visit(lang=lang)
    assert nothing_of_the_workspace(app)
    assert [button.label for button in app.button] == [word]


def test_one_button_for_each_provider(visit):
    shared = {key: AUTH[key] for key in ("redirect_uri", "cookie_secret")}
    own = {key: value for key, value in AUTH.items() if key not in shared}
    app = visit(auth={**shared, "desk": own, "guests": own})
    assert [button.label for button in app.button] == ["Log in with desk", "Log in with guests"]


def test_one_who_is_let_in_sees_the_pages_and_a_way_out(visit):
    app = visit(ann(), rules={"allowed_users": ["*@firm.example"]})
    assert not app.exception
    assert app.metric
    assert "ann@firm.example" in shown(app)
    assert app.button(key="logout").label == "Log out"


def test_logging_out_ends_the_view(visit):
    app = visit(ann())
    app.button(key="logout").click().run()
    assert nothing_of_the_workspace(app)
    assert app.button(key="login_default")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": "eve@other.example"}, "not_listed"),
        ({"email_verified": False}, "unverified"),
        ({"email": None}, "no_email"),
    ],
)
@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_one_who_is_not_let_in_reads_why_and_can_log_out(visit, claims, reason, t):
    app = visit(ann(**claims), rules={"allowed_users": ["*@firm.example"]}, lang=t.language)
    assert nothing_of_the_workspace(app)
    assert app.header[0].value == t("access.refused")
    assert t.code("refused", reason) in shown(app)
    assert [button.label for button in app.button] == [t("access.logout")]


def test_an_address_is_shown_as_text(visit):
    evil = "![x](http://outside.test/a.png)<script>@other.example"
    app = visit(ann(email=evil), rules={"allowed_users": ["*@firm.example"]})
    assert evil in "".join(text.value for text in app.text)


def test_an_old_login_has_to_be_renewed(visit):
    app = visit(ann(iat=time.time() - 7200), rules={"login_hours": 1})
    assert nothing_of_the_workspace(app)
    assert EN.code("refused", "expired") in shown(app)
    assert app.button(key="login_default")


@pytest.mark.parametrize("rules", [{"allowed_user": ["*@firm.example"]}, {"allowed_users": []}])
def test_a_slip_in_the_rules_closes_the_dashboard(visit, rules):
    app = visit(ann(), rules=rules)
    assert nothing_of_the_workspace(app)
    assert EN.code("refused", "faulty") in shown(app)


def test_a_login_file_that_vanished_closes_the_dashboard(visit):
    app = visit(ann(), auth=None)
    assert nothing_of_the_workspace(app)
    assert EN.code("refused", "faulty") in shown(app)


def test_a_server_that_nobody_guards_shows_nothing(visit, monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    app = visit(ann(), guard=None, auth=None)
    assert nothing_of_the_workspace(app)
    assert EN.code("refused", "unguarded") in shown(app)
    assert visit(guard="anything").header[0].value == EN("access.closed")
    # with a login among the secrets that login is what counts
    assert visit(guard=None).button(key="login_default")
    assert visit(ann(), guard=None).metric


@pytest.mark.parametrize("guard", ["local", "open"])
def test_where_no_login_is_asked_for_the_pages_open(visit, guard):
    app = visit(guard=guard, auth=None)
    assert app.metric
    assert not [button for button in app.button if button.key == "logout"]


def test_a_read_only_dashboard_says_so(visit):
    assert "Read only" in shown(visit(guard="local", read_only="1"))
    assert "Read only" not in shown(visit(guard="local"))


@pytest.mark.parametrize(
    ("user", "rules", "read_only", "expected"),
    [
        (ann(), {}, "", True),
        (ann(), {}, "1", False),
        (ann(), {"editors": ["ann@firm.example"]}, "", True),
        (ann(), {"editors": ["ben@firm.example"]}, "", False),
        (ann(), {"allowed_users": ["ben@firm.example"]}, "", False),
        ({}, {}, "", False),
    ],
)
def test_who_may_write(monkeypatch, user, rules, read_only, expected):
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "login")
    monkeypatch.setenv("MENTIONSTUDY_READ_ONLY", read_only)
    monkeypatch.setattr(access, "_claims", lambda: user)
    monkeypatch.setattr(access, "_secrets", {"auth": AUTH, "mentionstudy": rules}.get)
    assert access.may_write() is expected


def test_a_user_has_a_name_for_files_and_a_label(monkeypatch):
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "login")
    monkeypatch.setattr(access, "_secrets", {"auth": AUTH, "mentionstudy": {}}.get)
    monkeypatch.setattr(access, "_claims", lambda: ann())
    known = access.user()
    assert known
    assert known.label == "ann@firm.example"
    assert "ann" not in known.key
    monkeypatch.setattr(access, "_claims", lambda: {})
    assert access.user() is None
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "local")
    assert access.user() is None


def test_a_server_listens_for_others_only_when_it_was_told_who_they_are(monkeypatch):
    monkeypatch.delenv("MENTIONSTUDY_ACCESS", raising=False)
    monkeypatch.setattr(access, "_secrets", lambda section: {})
    for address, admitted in [
        ("127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        (None, False),
    ]:
        monkeypatch.setattr(access, "st", SimpleNamespace(get_option=lambda _, a=address: a))
        assert access.verdict().admitted is admitted, address
