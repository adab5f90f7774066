"""``dashboard`` and ``demo``: the Streamlit server, on loopback unless the user says otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from mentionstudy.dashboard.cli.corpus import run_ingest
from mentionstudy.dashboard.cli.exposure import (
    DEFAULT_PORT,
    DEFAULT_UPLOAD_MB,
    LOOPBACK,
    Exposure,
    plan_exposure,
)
from mentionstudy.dashboard.cli.market import run_fetch
from mentionstudy.dashboard.cli.options import DEFAULT_WORKSPACE, open_workspace
from mentionstudy.dashboard.cli.output import PARTLY, Unusable, complain
from mentionstudy.dashboard.cli.own_prices import own_prices
from mentionstudy.data.market import FolderSource

SERVER = Path(__file__).resolve().parents[1] / "server.py"
WORKSPACE_VARIABLE = "MENTIONSTUDY_WORKSPACE"
# Pages are drawn by a thread each. By itself glibc gives up to eight arenas a processor to threads
# and keeps what they free; two, which return large blocks at once, keep the server's memory flat.
# What is freed at an arena's end stays for the next page: fresh memory is slow to get.
MEMORY: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}

port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port to serve on; by default {DEFAULT_PORT}, or the next free one.",
)


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--workspace",
    "folder",
    metavar="DIR",
    default=DEFAULT_WORKSPACE,
    envvar=WORKSPACE_VARIABLE,
    show_default=True,
    help="The folder, or object-store address, that holds the tables.",
)
@own_prices
@port_option
@click.option(
    "--host",
    metavar="ADDRESS",
    default=LOOPBACK,
    show_default=True,
    help="Address to listen on. Any but loopback demands a login, or --no-login.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="NAME",
    multiple=True,
    help="A name by which browsers ask for the server, as studies.firm.example; others are "
    "refused. Repeatable. A login's own name is allowed by itself.",
)
@click.option(
    "--base-path",
    metavar="PATH",
    default="",
    help="The path below which a proxy serves the dashboard, as /studies.",
)
@click.option(
    "--secrets",
    metavar="FILE",
    envvar="MENTIONSTUDY_SECRETS",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with Streamlit's section [auth]: everybody has to log in. Its section "
    "[mentionstudy] says who may enter (allowed_users) and who may write (editors).",
)
@click.option(
    "--no-login",
    is_flag=True,
    help="Serve beyond this machine without a login: whoever reaches the address may enter.",
)
@click.option(
    "--read-only", is_flag=True, help="The pages fetch, store and correct nothing in the workspace."
)
@click.option(
    "--max-upload",
    metavar="MB",
    type=click.IntRange(1, 2000),
    default=DEFAULT_UPLOAD_MB,
    show_default=True,
    help="The largest file that the pages take.",
)
def dashboard(
    paths: tuple[Path, ...],
    folder: str,
    own: FolderSource | None,
    port: int | None,
    *,
    host: str,
    allow_hosts: tuple[str, ...],
    base_path: str,
    secrets: Path | None,
    no_login: bool,
    read_only: bool,
    max_upload: int,
) -> None:
    """Open the dashboard on a workspace.

    With PATHs, the articles are read into the workspace and their prices fetched first: the whole
    way in one command.
    """
    exposure = plan_exposure(
        host=host,
        allow_hosts=allow_hosts,
        base_path=base_path,
        secrets=secrets,
        no_login=no_login,
        read_only=read_only,
        max_upload=max_upload,
    )
    port = exposure.port(port)
    workspace = open_workspace(folder, create=bool(paths))
    if paths:
        run_ingest(workspace, paths)
        report = run_fetch(workspace, own=own)
        if report.missing:
            complain("the dashboard opens with what arrived; `mentionstudy fetch` tries the rest")
    sys.exit(serve(folder, port, exposure))


@click.command()
@click.option(
    "--no-serve", is_flag=True, help="Print the study's summary and exit without a dashboard."
)
@click.option(
    "--workspace",
    "folder",
    metavar="DIR",
    default="",
    help="Keep the sample workspace in this folder; by default it goes when the demo ends.",
)
@port_option
def demo(folder: str, port: int | None, *, no_serve: bool) -> None:
    """Open the dashboard on the bundled sample: five articles and the real prices around them."""
    with _sample_folder(folder) as place:
        fill_sample(place)
        _print_summary(place)
        if not no_serve:
            sys.exit(serve(place, port))


def fill_sample(folder: str) -> None:
    """Read the bundled articles and prices into a workspace that is marked as sample."""
    from mentionstudy.data.ingest import ingest
    from mentionstudy.data.sample import sample_articles_path
    from mentionstudy.data.workspace import Workspace

    workspace = Workspace.open(folder, create=True, sample=True)
    if not workspace.is_sample:
        raise Unusable(f"{folder} holds a workspace of your own; choose another --workspace")
    ingest(workspace, [sample_articles_path()])
    run_fetch(workspace, sample=True, quiet=True)


def serve(workspace: str, port: int | None, exposure: Exposure | None = None) -> int:
    """Run the dashboard until it is stopped; return the exit code."""
    exposure = exposure or Exposure()
    port = port or exposure.port(None)
    _say(exposure, port)
    command = [sys.executable, "-m", "streamlit", "run", str(SERVER), *exposure.arguments(port)]
    where = workspace if "://" in workspace else str(Path(workspace).resolve())
    environment = {**MEMORY, **os.environ, WORKSPACE_VARIABLE: where, **exposure.environment()}
    # the server answers Ctrl-C and SIGTERM itself; here they only have to reach it
    server = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while True:
        try:
            code = server.wait()
        except KeyboardInterrupt:
            continue
        return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else PARTLY


def _say(exposure: Exposure, port: int) -> None:
    """Print where the dashboard is, and what is unwise about it."""
    for warning in exposure.login.warnings if exposure.login else ():
        complain(f"warning: {warning}")
    if exposure.guard == "open":
        rights = "read" if exposure.read_only else "read and change"
        complain(
            f"warning: nobody has to log in (--no-login): whoever reaches the address can {rights} "
            "the workspace"
        )
    click.echo(f"The dashboard is on {exposure.address(port)}  (Ctrl-C stops it)", err=True)


@contextmanager
def _sample_folder(folder: str) -> Iterator[str]:
    if folder:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mentionstudy-demo-") as place:
        yield place


def _print_summary(folder: str) -> None:
    from mentionstudy.analysis import StudySettings
    from mentionstudy.dashboard.pipeline import load_corpus, run_study
    from mentionstudy.dashboard.summary import run_summary
    from mentionstudy.dashboard.traded import load_prices

    workspace = open_workspace(folder)
    corpus = load_corpus(workspace)
    prices = load_prices(workspace, corpus.events)
    click.echo(run_summary(run_study(corpus, prices, StudySettings()), corpus))
