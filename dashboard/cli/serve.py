"""``dashboard`` and ``demo``: the Streamlit server, on loopback unless the user says otherwise."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mentionstudy.dashboard.cli.corpus import run_ingest
from mentionstudy.dashboard.cli.market import run_fetch
from mentionstudy.dashboard.cli.options import DEFAULT_WORKSPACE, open_workspace
from mentionstudy.dashboard.cli.output import PARTLY, Unusable, complain

APP = Path(__file__).resolve().parents[1] / "app.py"
WORKSPACE_VARIABLE = "MENTIONSTUDY_WORKSPACE"
DEFAULT_PORT = 8501

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
@click.option(
    "--prices",
    "price_folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="With PATHs: take prices from this folder of CSV or Parquet files, not from the network.",
)
@port_option
def dashboard(
    paths: tuple[Path, ...], folder: str, price_folder: Path | None, port: int | None
) -> None:
    """Open the dashboard on a workspace.

    With PATHs, the articles are read into the workspace and their prices fetched first: the whole
    way in one command.
    """
    workspace = open_workspace(folder, create=bool(paths))
    if paths:
        run_ingest(workspace, paths)
        report = run_fetch(workspace, price_folder=price_folder)
        if report.missing:
            complain("the dashboard opens with what arrived; `mentionstudy fetch` tries the rest")
    sys.exit(serve(folder, port))


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


def serve(workspace: str, port: int | None) -> int:
    """Run the dashboard until it is stopped; return the exit code."""
    port = port or _free_port(DEFAULT_PORT)
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    click.echo(f"The dashboard is on http://127.0.0.1:{port}  (Ctrl-C stops it)", err=True)
    where = workspace if "://" in workspace else str(Path(workspace).resolve())
    # the server answers Ctrl-C and SIGTERM itself; here they only have to reach it
    server = subprocess.Popen(command, env={**os.environ, WORKSPACE_VARIABLE: where})
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while True:
        try:
            code = server.wait()
        except KeyboardInterrupt:
            continue
        return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else PARTLY


@contextmanager
def _sample_folder(folder: str) -> Iterator[str]:
    if folder:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mentionstudy-demo-") as place:
        yield place


def _print_summary(folder: str) -> None:
    from mentionstudy.analysis import StudySettings
    from mentionstudy.dashboard.pipeline import load_corpus, load_prices, run_study
    from mentionstudy.dashboard.summary import run_summary

    workspace = open_workspace(folder)
    corpus = load_corpus(workspace)
    prices = load_prices(workspace, corpus.events)
    click.echo(run_summary(run_study(corpus, prices, StudySettings()), corpus))


def _free_port(first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Unusable(f"no free port from {first} to {first + 49}; name one with --port")
