"""The container files agree with the project and the command; nothing is built here."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import yaml
from click.testing import CliRunner

from mentionstudy.dashboard.cli import cli
from mentionstudy.dashboard.cli.serve import dashboard
from mentionstudy.dashboard.logins import LoginError, read_login


@pytest.fixture(scope="module")
def deploy(root):
    return root / "dashboard" / "deploy"


@pytest.fixture(scope="module")
def instructions(deploy):
    """Return the Containerfile's instructions, continued lines joined."""
    text = (deploy / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def service(deploy):
    return yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))


def of(instructions, name):
    return [rest for kind, rest in instructions if kind == name]


def options():
    return {name for parameter in dashboard.params for name in parameter.opts}


def test_what_is_copied_exists_and_is_not_ignored(root, deploy, instructions):
    ignored = (deploy / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "**"
    copied = []
    for rest in of(instructions, "COPY"):
        if not rest.startswith("--from"):
            copied += shlex.split(rest)[:-1]
    assert {"data/", "analysis/", "dashboard/", "pyproject.toml"} <= set(copied)
    for path in copied:
        assert (root / path).exists(), path
        assert f"!{path.rstrip('/')}" in ignored


def test_the_image_installs_extras_that_exist(root, instructions):
    import tomllib

    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    [named] = re.findall(r'"\.\[(.+?)\]"', " ".join(of(instructions, "RUN")))
    assert "serve" in named.split(",")
    assert set(named.split(",")) <= set(extras)


def test_the_image_runs_as_nobody_special_and_watches_its_health(instructions):
    assert of(instructions, "USER")[-1] not in ("root", "0")
    last = [kind for kind, _ in instructions]
    assert last.index("USER") < last.index("ENTRYPOINT")
    [health] = of(instructions, "HEALTHCHECK")
    program = json.loads(health[health.index("[") :])[-1]
    compile(program, "healthcheck", "exec")
    assert "/_stcore/health" in program


def test_no_registry_and_no_secret_is_named(deploy):
    for path in deploy.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"index-url|pypi|docker\.io|ghcr|quay", text), path.name


def test_the_commands_are_understood(instructions, service):
    [command] = of(instructions, "CMD")
    for words in (json.loads(command), service["services"]["dashboard"]["command"]):
        assert words[0] == "dashboard"
        assert {word for word in words if word.startswith("--")} <= options()


def test_the_image_without_a_login_ends_with_a_sentence(instructions, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MENTIONSTUDY_SECRETS", raising=False)
    done = CliRunner().invoke(cli, json.loads(of(instructions, "CMD")[0]))
    assert done.exit_code == 2
    assert "name a login file with --secrets FILE" in done.stderr


def test_the_service_is_closed_by_default(service):
    box = service["services"]["dashboard"]
    assert all(port.startswith("127.0.0.1:") for port in box["ports"])
    assert box["read_only"] is True
    assert box["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in box["security_opt"]
    assert "/tmp" in box["tmpfs"]
    mounted = "/run/secrets/" + box["secrets"][0]["target"]
    assert box["environment"]["MENTIONSTUDY_SECRETS"] == mounted
    assert mounted.endswith(".toml")  # Streamlit takes any other name for a folder
    assert box["secrets"][0]["source"] in service["secrets"]
    assert box["volumes"][0].split(":")[0] in service["volumes"]


def test_the_services_build_finds_its_files(deploy, service, root):
    build = service["services"]["dashboard"]["build"]
    context = (deploy / build["context"]).resolve()
    assert context == root
    assert (context / build["dockerfile"]).is_file()


def test_the_example_is_refused_until_it_is_filled_in(deploy, tmp_path):
    example = deploy / "login.example.toml"
    with pytest.raises(LoginError, match="cookie_secret has to be a text that is not empty"):
        read_login(example)
    filled = tmp_path / "login.toml"
    filled.write_text(example.read_text(encoding="utf-8").replace('= ""', f'= "{"x" * 40}"'))
    filled.chmod(0o600)
    login = read_login(filled)
    assert login.warnings == ()
    assert login.rules.allowed_users == ("*@firm.example",)
    assert login.rules.login_hours == 12
