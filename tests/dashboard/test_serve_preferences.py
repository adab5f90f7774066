"""A user's own defaults: kept for that user alone, and never bent into another's link."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from streamlit.testing.v1 import AppTest

from mentionstudy.dashboard import i18n, preferences
from mentionstudy.dashboard.logins import user_key
from mentionstudy.data import Workspace

APP = i18n.__file__.replace("i18n.py", "app.py")
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "client_id": "mentionstudy",
    "client_secret": "not-a-secret",
    "server_metadata_url": "http://127.0.0.1:1/.well-known/openid-configuration",
}


def claims(name):
    return {
        "is_logged_in": True,
        "iss": "https://login.firm.example",
        "sub": name,
        "iat": int(time.time()) - 60,
        "email": f"{name}@firm.example",
    }


@pytest.fixture
def workspace(bare_workspace, tmp_path):
    return shutil.copytree(bare_workspace, tmp_path / "workspace")


@pytest.fixture
def visit(monkeypatch, workspace):
    """Return a function that opens the dashboard as somebody, from a link."""

    def opened(name="", *, guard="", read_only="", **query):
        monkeypatch.setenv("MENTIONSTUDY_WORKSPACE", str(workspace))
        monkeypatch.setenv("MENTIONSTUDY_READ_ONLY", read_only)
        monkeypatch.setenv("MENTIONSTUDY_ACCESS", guard or ("login" if name else "local"))
        app = AppTest.from_file(APP, default_timeout=60)
        if name:
            app.secrets = {"auth": AUTH}
            app.user = claims(name)
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return opened


def keys(app):
    return {button.key for button in app.button}


def test_what_one_keeps_one_finds_again_and_nobody_else(visit, workspace):
    app = visit("ann", lang="zh", up="green", win="[-5,5]")
    app.button(key="mine_keep").click().run()
    assert not app.exception
    assert "已保存：下次打开时将使用这些设置。" in [caption.value for caption in app.caption]
    [file] = (workspace / "users").iterdir()
    assert file.stem == user_key(claims("ann"))
    assert json.loads(file.read_text()) == {"lang": ["zh"], "up": ["green"], "win": ["[-5,5]"]}
    again = visit("ann")
    assert again.session_state["win"] == "[-5,5]"
    assert again.session_state["up"] == "green"
    assert again.session_state["lang"] == "zh"
    for other in (visit("ben"), visit()):
        assert other.session_state["win"] == "[-10,10]"
        assert "mine_forget" not in keys(other)


def test_a_link_shows_what_its_author_saw(visit):
    visit("ann", up="green", win="[-5,5]", model="market_adjusted").button(
        key="mine_keep"
    ).click().run()
    linked = visit("ann", model="mean_adjusted")
    assert linked.session_state["model"] == "mean_adjusted"
    assert linked.session_state["win"] == "[-10,10]"  # its author left the default
    assert linked.session_state["up"] == "green"
    filtered = visit("ann", ex="SH")
    assert filtered.session_state["win"] == "[-10,10]"


def test_what_was_kept_can_be_forgotten(visit, workspace):
    app = visit(win="[-5,5]")
    app.button(key="mine_keep").click().run()
    app.button(key="mine_forget").click().run()
    assert "mine_forget" not in keys(app)
    assert list((workspace / "users").iterdir()) == []
    assert visit().session_state["win"] == "[-10,10]"


def test_where_nobody_can_be_told_apart_or_nothing_may_be_written_nothing_is_kept(visit, workspace):
    assert "mine_keep" not in keys(visit(guard="open"))
    assert "mine_keep" not in keys(visit("ann", read_only="1"))
    assert "mine_keep" in keys(visit("ann"))
    assert not (workspace / "users").exists()


def test_a_kept_file_is_no_change_of_the_workspace(visit, workspace):
    before = Workspace.open(workspace).digest()
    visit(win="[-5,5]").button(key="mine_keep").click().run()
    assert Workspace.open(workspace).digest() == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"win": "zehn"}',
        '{"win": ["zehn"], "lang": ["xx"]}',
        '{"win": [5], "evil": ["x"]}',
        '{"lang": ["' + "x" * 30_000 + '"]}',
    ],
)
def test_a_damaged_file_is_passed_over(visit, workspace, content):
    (workspace / "users").mkdir()
    (workspace / "users" / "local.json").write_text(content, encoding="utf-8")
    app = visit()
    assert not app.exception
    assert app.session_state["win"] == "[-10,10]"
    assert app.session_state["lang"] == "en"


def test_a_folder_that_cannot_be_written_is_said(visit, workspace):
    (workspace / "users").write_text("a file where the folder should be")
    app = visit(lang="en", win="[-5,5]")
    app.button(key="mine_keep").click().run()
    assert not app.exception
    assert any("could not be stored" in caption.value for caption in app.caption)


def test_only_personal_choices_are_written_and_read(tmp_path):
    path = tmp_path / "users" / "x.json"
    preferences.write(path, {"win": ["[-5,5]"], "ex": ["SH"], "article": ["0a1b2c"]})
    assert preferences.read(path) == {"win": ["[-5,5]"]}
    assert [file.name for file in path.parent.iterdir()] == ["x.json"]
