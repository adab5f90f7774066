"""Serving: loopback unless a login or an explicit opt-out says otherwise, in words."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from mentionstudy.dashboard.cli import cli, serve
from mentionstudy.dashboard.cli.exposure import Exposure, free_port, plan_exposure
from mentionstudy.dashboard.cli.output import Unusable

LOGIN = """
[auth]
redirect_uri = "https://studies.firm.example/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "mentionstudy"
client_secret = "not-a-secret"
server_metadata_url = "https://login.firm.example/.well-known/openid-configuration"
[mentionstudy]
allowed_users = ["*@firm.example"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Stand in an empty folder with an empty home, where no secrets file lies about."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("MENTIONSTUDY_SECRETS", raising=False)
    return tmp_path


@pytest.fixture
def login(home):
    path = home / "login.toml"
    path.write_text(LOGIN, encoding="utf-8")
    path.chmod(0o600)
    return path


def options(exposure, port=8501):
    """Return the server's options as pairs."""
    given = exposure.arguments(port)
    return list(zip(given[::2], given[1::2], strict=True))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"host": "0.0.0.0"}, "--host 0.0.0.0"),
        ({"host": "192.168.1.20"}, "--host 192.168.1.20"),
        ({"host": "::"}, "--host ::"),
        ({"allow_hosts": ["studies.firm.example"]}, "--allow-host studies.firm.example"),
        ({"base_path": "/studies/"}, "--base-path /studies"),
    ],
)
def test_beyond_this_machine_nothing_is_served_without_a_login_or_an_opt_out(home, given, named):
    with pytest.raises(Unusable) as refused:
        plan_exposure(**given)
    assert str(refused.value.message) == (
        f"with {named} others could read and change the workspace without a login; name a login "
        "file with --secrets FILE, or say --no-login if something else decides who reaches this "
        "address"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_login(home, host):
    exposure = plan_exposure(host=host, allow_hosts=["localhost"])
    assert exposure.guard == "local"
    assert exposure.login is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "http://0.0.0.0"}, "--host http://0.0.0.0 is no address to listen on"),
        ({"host": ""}, "is no address to listen on"),
        ({"host": "unix:///run/x"}, "is no address to listen on"),
        ({"allow_hosts": ["https://a.example"]}, "--allow-host https://a.example is no host name"),
        ({"allow_hosts": ["a.example:443"]}, "is no host name"),
        ({"allow_hosts": ["*"]}, "--allow-host * is no host name"),
        ({"base_path": "/a b"}, "--base-path /a b is no path"),
        ({"base_path": "a//b"}, "is no path"),
        ({"base_path": "../x?y"}, "is no path"),
        ({"host": "0.0.0.0", "no_login": True}, "say with --allow-host NAME"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(home, given, said):
    with pytest.raises(Unusable) as refused:
        plan_exposure(**given)
    assert said in refused.value.message


def test_a_login_opens_the_server_under_its_own_name_only(login):
    exposure = plan_exposure(host="0.0.0.0", secrets=login)
    assert exposure.guard == "login"
    assert exposure.allowed_hosts == ("localhost", "127.0.0.1", "studies.firm.example")
    assert exposure.address(8501) == "https://studies.firm.example/"
    assert exposure.environment() == {
        "MENTIONSTUDY_ACCESS": "login",
        "MENTIONSTUDY_READ_ONLY": "",
    }
    assert ("--secrets.files", str(login)) in options(exposure)


def test_a_login_file_on_loopback_demands_the_login_too(login):
    assert plan_exposure(secrets=login).guard == "login"


@pytest.mark.parametrize("folder", ["home", "work"])
def test_a_secrets_file_at_its_usual_place_is_found(home, login, folder):
    (home / folder / ".streamlit").mkdir()
    usual = login.rename(home / folder / ".streamlit" / "secrets.toml")
    exposure = plan_exposure(host="0.0.0.0")
    assert exposure.login
    assert exposure.login.path == usual
    # another program's login is none of a server on loopback
    assert plan_exposure().guard == "local"


def test_a_faulty_login_file_is_refused_with_the_missing_key(login):
    login.write_text(LOGIN.replace('client_secret = "not-a-secret"\n', ""))
    with pytest.raises(Unusable) as refused:
        plan_exposure(host="0.0.0.0", secrets=login)
    assert refused.value.message == f"{login}: [auth] lacks the key client_secret"


def test_the_redirect_address_has_to_fit_the_base_path(login):
    with pytest.raises(Unusable, match="its path has to be /studies/oauth2callback"):
        plan_exposure(base_path="/studies", secrets=login)
    login.write_text(LOGIN.replace("/oauth2callback", "/studies/oauth2callback"))
    exposure = plan_exposure(base_path="/studies/", secrets=login)
    assert ("--server.baseUrlPath", "studies") in options(exposure)
    assert exposure.address(8501) == "https://studies.firm.example/studies/"


def test_a_login_without_its_packages_is_refused(login, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unusable) as refused:
        plan_exposure(host="0.0.0.0", secrets=login)
    assert 'pip install "mentionstudy[serve]"' in refused.value.message
    assert "authlib and httpx" in refused.value.message


def test_a_login_and_no_login_contradict_each_other(login):
    with pytest.raises(Unusable, match="contradict"):
        plan_exposure(host="0.0.0.0", secrets=login, no_login=True)


def test_the_opt_out_opens_the_server_and_names_its_hosts(home):
    exposure = plan_exposure(
        host="0.0.0.0", allow_hosts=["studies.firm.example"], no_login=True, read_only=True
    )
    assert exposure.guard == "open"
    assert exposure.environment()["MENTIONSTUDY_READ_ONLY"] == "1"
    assert [v for k, v in options(exposure) if k == "--server.allowedHosts"] == [
        "localhost",
        "127.0.0.1",
        "studies.firm.example",
    ]
    assert exposure.address(8501) == "http://studies.firm.example:8501/"
    assert plan_exposure(host="192.168.1.20", no_login=True).allowed_hosts[-1] == "192.168.1.20"


def test_what_is_closed_is_said_to_the_server_whatever_its_surroundings_say(home):
    given = options(Exposure())
    assert ("--server.address", "127.0.0.1") in given
    assert ("--server.enableCORS", "true") in given
    assert ("--server.enableXsrfProtection", "true") in given
    assert ("--server.enableAgentApi", "false") in given
    assert ("--server.trustedUserHeaders", "{}") in given
    assert ("--server.maxUploadSize", "50") in given
    assert ("--server.maxUploadSize", "7") in options(Exposure(max_upload=7))


def test_a_taken_port_is_passed_over_on_loopback_and_refused_elsewhere(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
        with pytest.raises(Unusable, match=rf"cannot listen on 127\.0\.0\.1 port {port}"):
            Exposure().port(port)
        with pytest.raises(Unusable, match=r"cannot listen on 192\.0\.2\.1"):
            Exposure(host="192.0.2.1", guard="open").port(None)


@pytest.fixture
def started(monkeypatch):
    """Catch the server's start; gives the calls."""
    calls = []

    class Server:
        def __init__(self, command, env):
            calls.append((command, env))

        def wait(self):
            return 0

        def terminate(self):
            raise AssertionError

    monkeypatch.setattr(serve.subprocess, "Popen", Server)
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)
    return calls


def run(*arguments):
    return CliRunner().invoke(cli, ["dashboard", *map(str, arguments)])


def test_the_command_refuses_before_it_reads_anything(home, started):
    done = run("--host", "0.0.0.0", "--workspace", home / "none", home / "no-articles")
    assert done.exit_code == 2
    assert done.stderr.startswith("mentionstudy: with --host 0.0.0.0 others could read")
    assert done.stderr.count("\n") == 1
    assert not (home / "none").exists()
    assert started == []


def test_the_command_starts_a_server_with_a_login(sample_workspace, login, started):
    login.chmod(0o644)
    port = free_port(18501)
    done = run("--workspace", sample_workspace, "--secrets", login, "--port", port, "--read-only")
    assert done.exit_code == 0, done.stderr
    assert f"warning: {login} can be read by every user" in done.stderr
    assert "The dashboard is on https://studies.firm.example/" in done.stderr
    [(command, environment)] = started
    assert command[command.index("--secrets.files") + 1] == str(login)
    assert environment["MENTIONSTUDY_ACCESS"] == "login"
    assert environment["MENTIONSTUDY_READ_ONLY"] == "1"


def test_the_command_warns_about_the_opt_out(sample_workspace, home, started):
    port = free_port(18501)
    done = run(
        *("--workspace", sample_workspace, "--port", port),
        *("--base-path", "/studies", "--no-login"),
    )
    assert done.exit_code == 0, done.stderr
    assert "warning: nobody has to log in (--no-login)" in done.stderr
    assert started[0][1]["MENTIONSTUDY_ACCESS"] == "open"


def test_the_command_takes_a_limit_for_uploads(sample_workspace, home, started):
    assert run("--workspace", sample_workspace, "--max-upload", "7").exit_code == 0
    command = started[0][0]
    assert command[command.index("--server.maxUploadSize") + 1] == "7"
    assert run("--workspace", sample_workspace, "--max-upload", "0").exit_code == 2


def test_no_option_of_the_surroundings_opens_the_demo(sample_workspace, home, started, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    monkeypatch.setenv("MENTIONSTUDY_ACCESS", "open")
    assert run("--workspace", sample_workspace).exit_code == 0
    command, environment = started[0]
    assert command[command.index("--server.address") + 1] == "127.0.0.1"
    assert environment["MENTIONSTUDY_ACCESS"] == "local"


def test_the_server_returns_memory_unless_the_user_sets_the_allocator(
    sample_workspace, home, started, monkeypatch
):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "131072")
    assert run("--workspace", sample_workspace).exit_code == 0
    environment = started[0][1]
    assert environment["MALLOC_ARENA_MAX"] == "2"
    assert environment["MALLOC_MMAP_THRESHOLD_"] == "131072"
