"""How long the report of 1,000 events takes, and a chart as PNG after the first.

Run: python tests/benchmarks/report_1k.py [EVENTS]

The made-up workspace of dashboard_10k.py. Asked: the report as HTML and as PDF in under 20 s each,
from a study that has not been computed yet; one PNG in under 2 s once the browser that draws
stands ready. The processor's seconds include those of the browser, once it is closed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dashboard_10k import make

from mentionstudy.analysis import StudySettings
from mentionstudy.dashboard.images import Painter, page_pdf
from mentionstudy.dashboard.pipeline import load_corpus, run_study
from mentionstudy.dashboard.reporting import report_html
from mentionstudy.dashboard.study_files import study_charts
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data import Workspace

T = TypeVar("T")


def measure(name: str, work: Callable[[], T]) -> T:
    """Do something and print the seconds by the clock and of the processor."""
    clock, used = time.perf_counter(), _processor()
    made = work()
    print(
        f"{name:44s} {time.perf_counter() - clock:6.2f} s  processor {_processor() - used:6.2f} s",
        flush=True,
    )
    return made


def _processor() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def main() -> None:
    """Make a workspace and write a report and pictures of it."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "workspace", events)
        workspace = Workspace.open(Path(folder) / "workspace")
        corpus = measure("articles and events", lambda: load_corpus(workspace))
        prices = measure("prices", lambda: load_prices(workspace, corpus.events))
        run = measure("study", lambda: run_study(corpus, prices, StudySettings()))
        page = measure("report, HTML", lambda: report_html(run, "en"))
        printed = measure("report, PDF of it", lambda: page_pdf(page))
        print(f"HTML {len(page) / 1e6:.1f} MB, PDF {len(printed) / 1e6:.1f} MB")
        figures = study_charts(run, "zh")
        painter = measure("the browser that draws starts", Painter)
        try:
            for number, (name, figure) in enumerate(figures.items()):
                label = "first PNG" if number == 0 else "PNG"
                measure(f"{label}, {name}", lambda figure=figure: painter.draw(figure, "png"))
        finally:
            painter.close()


if __name__ == "__main__":
    main()
