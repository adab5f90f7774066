"""Logging in, with a real browser, a real server and an identity provider on loopback."""

from __future__ import annotations

import os
import re
import runpy
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("authlib", reason="the packages of the extra [serve] are not installed")
OIDC = runpy.run_path(str(Path(__file__).with_name("oidc_provider.py")))
SUPPORT = runpy.run_path(str(Path(__file__).parents[1] / "dashboard" / "conftest.py"))
pytestmark = pytest.mark.browser

ACCOUNTS = {
    "ann": {"email": "ann@firm.example", "email_verified": True, "name": "Ann"},
    "eve": {"email": "eve@other.example", "email_verified": True, "name": "Eve"},
    "mallory": {"email": "mallory@firm.example", "email_verified": False},
}
SECRET_OF_COOKIES = "0123456789abcdef0123456789abcdef"
# what the sample's pages show and nobody may see without a login
DATA = re.compile(r"600718|东软|601328|交通银行")


@contextmanager
def serving(folder, workspace, provider, *options, base=""):
    """Run the dashboard's own command with a login; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = f"http://localhost:{port}{base}"
    secrets = folder / "login.toml"
    secrets.write_text(
        f"""
[auth]
redirect_uri = "{home}/oauth2callback"
cookie_secret = "{SECRET_OF_COOKIES}"
client_id = "{OIDC["CLIENT"]}"
client_secret = "{OIDC["SECRET"]}"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"
[mentionstudy]
allowed_users = ["*@firm.example"]
""",
        encoding="utf-8",
    )
    secrets.chmod(0o600)
    command = [sys.executable, "-m", "mentionstudy.dashboard", "dashboard"]
    command += ["--workspace", str(workspace), "--port", str(port), "--secrets", str(secrets)]
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, *options], stdout=out, stderr=out, cwd=folder, env={**os.environ}
        )
        try:
            _wait(f"{home}/_stcore/health", server, log)
            yield home
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(url, server, log):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return SUPPORT["fill"](tmp_path_factory.mktemp("login") / "workspace")


@pytest.fixture(scope="module")
def provider():
    with OIDC["provide"](ACCOUNTS) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory, workspace, provider):
    with serving(tmp_path_factory.mktemp("server"), workspace, provider) as home:
        yield home


@pytest.fixture
def visitor(tab, provider):
    """Return a function that opens the dashboard in a fresh browser and hears every frame."""

    def new(home, path="/", **options):
        page = tab(home, **options)
        page.frames = []
        page.page.on(
            "websocket",
            lambda ws: ws.on("framereceived", lambda data: page.frames.append(_bytes(data))),
        )
        page.open(path, charts=False)
        return page

    return new


def _bytes(data):
    return data if isinstance(data, bytes) else data.encode()


def sent(page):
    """Return everything that the server told the browser, as text."""
    return b"".join(page.frames).decode("utf-8", "replace")


def log_in(page, account, *, button="Log in"):
    page.page.get_by_role("button", name=button).click()
    page.page.wait_for_url(re.compile("/authorize"))
    page.page.get_by_role("link", name=account, exact=True).click()
    page.page.wait_for_url(re.compile("localhost"))
    page.page.wait_for_selector("[data-testid=stAppViewContainer]", timeout=40_000)
    page.settle()


def check_quiet(page, provider):
    """Nothing but the dashboard and its provider was asked, and nothing went wrong."""
    assert [url for url in page.outside if not url.startswith(provider.url)] == []
    assert page.problems == []


@pytest.mark.parametrize(
    "path", ["/", "/study?lang=en", "/article?lang=en&event=600718.SH%402022-01-07"]
)
def test_without_a_login_no_page_tells_anything(visitor, server, provider, path):
    page = visitor(server, path)
    page.page.get_by_role("button", name="Log in").wait_for()
    assert page.page.locator("[data-testid=stPlotlyChart], [data-testid=stDataFrame]").count() == 0
    assert "Log in" in sent(page)  # the frames are heard
    assert not DATA.search(sent(page))
    check_quiet(page, provider)


def test_one_who_logs_in_works_and_logs_out(visitor, server, provider, pictures):
    page = visitor(server, "/study?lang=en&model=market_adjusted")
    page.picture(pictures, "login-en")
    log_in(page, "ann")
    # the link that was followed is not lost on the way through the provider
    assert re.search(r"/study\?(.*&)?model=market_adjusted", page.page.url)
    assert not [c for c in page.context.cookies() if c["name"] == "mentionstudy_page"]
    page.page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
    assert DATA.search(sent(page))
    assert "ann@firm.example" in page.page.inner_text("[data-testid=stSidebar]")
    cookies = {c["name"]: c for c in page.context.cookies() if c["name"].startswith("_streamlit_u")}
    assert cookies["_streamlit_user"]["httpOnly"]
    assert cookies["_streamlit_user"]["sameSite"] == "Lax"
    # a page opened anew is still open
    page.open("/study?lang=en", charts=False)
    page.picture(pictures, "logged-in")
    page.page.get_by_role("button", name="Log out").click()
    page.page.get_by_role("button", name="Log in").wait_for(timeout=20_000)
    assert "/logout" in provider.asked
    assert not [c for c in page.context.cookies() if c["name"].startswith("_streamlit_user")]
    page.frames.clear()
    page.open("/study?lang=en", charts=False)
    page.page.get_by_role("button", name="Log in").wait_for()
    assert not DATA.search(sent(page))
    check_quiet(page, provider)


@pytest.mark.parametrize(
    ("account", "locale", "word"),
    [
        ("eve", "zh-CN", "不在准入名单中"),
        ("mallory", "en-US", "not verified"),
    ],
)
def test_one_who_is_not_on_the_list_is_told_so_and_sees_nothing(
    visitor, server, provider, pictures, account, locale, word
):
    page = visitor(server, locale=locale)
    chinese = locale == "zh-CN"
    log_in(page, account, button="登录" if chinese else "Log in")
    out = page.page.get_by_role("button", name="退出登录" if chinese else "Log out")
    out.wait_for(timeout=20_000)
    page.picture(pictures, f"refused-{account}-{locale[:2]}")
    assert word in page.page.inner_text("[data-testid=stMain]")
    assert ACCOUNTS[account]["email"] in page.page.inner_text("[data-testid=stMain]")
    assert not DATA.search(sent(page))
    out.click()
    page.page.get_by_role("button", name="登录" if chinese else "Log in").wait_for(timeout=20_000)
    check_quiet(page, provider)


def test_a_cookie_that_somebody_else_signed_is_no_login(visitor, server, provider):
    from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

    claims = f'{{"email": "ann@firm.example", "iat": {int(time.time())}, "is_logged_in": true, '
    claims += f'"origin": "{server}", "provider": "default"}}'
    for key, inside in [("f" * 32, False), (SECRET_OF_COOKIES, True)]:
        page = visitor(server, "/?lang=en")
        value = create_signed_value(key, "_streamlit_user", claims).decode()
        page.context.add_cookies([{"name": "_streamlit_user", "value": value, "url": server}])
        page.frames.clear()
        page.open("/?lang=en", charts=False)
        page.page.get_by_role("button", name="Log out" if inside else "Log in").wait_for()
        page.settle()
        assert bool(DATA.search(sent(page))) is inside
    check_quiet(page, provider)


def test_a_token_that_the_provider_did_not_sign_is_no_login(visitor, server, provider):
    stranger = type(provider)(ACCOUNTS)
    page = visitor(server, "/?lang=en")
    provider.signing_key = stranger.key
    try:
        log_in(page, "ann")
    finally:
        provider.signing_key = provider.key
    page.page.get_by_role("button", name="Log in").wait_for()
    assert not DATA.search(sent(page))


def test_nobody_sends_a_file_without_a_login(server):
    asked = urllib.request.Request(
        f"{server}/_stcore/upload_file/session/file", data=b"x", method="PUT"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=20)
    assert refused.value.code == 403
    assert refused.value.read() == b"Forbidden"


def test_behind_a_proxys_path_the_login_works_and_the_limits_hold(
    visitor, workspace, provider, tmp_path
):
    options = ("--base-path", "/studies", "--read-only", "--max-upload", "1")
    with serving(tmp_path, workspace, provider, *options, base="/studies") as home:
        page = visitor(home)
        assert not DATA.search(sent(page))
        log_in(page, "ann")
        page.page.get_by_role("button", name="Log out").wait_for(timeout=20_000)
        assert page.page.url.startswith(home)
        assert "Read only" in page.page.inner_text("[data-testid=stSidebar]")
        cookie = next(c for c in page.context.cookies() if c["name"] == "_streamlit_user")
        assert cookie["path"] == "/studies"
        page.open("/compare?lang=en", charts=False)
        (tmp_path / "large.json").write_bytes(b"x" * 1_500_000)
        page.page.set_input_files("input[type=file] >> nth=0", tmp_path / "large.json")
        page.page.get_by_text(re.compile(r"1(\.0)?\s?MB or smaller")).wait_for(
            state="attached", timeout=10_000
        )
        check_quiet(page, provider)
