"""Studies that take minutes: each in a process of its own, which can be ended.

The process is started by its command line: `multiprocessing` would import the module that is called
``__main__``, and in a running dashboard that is the page.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd

from mentionstudy.analysis import StudySettings
from mentionstudy.analysis.errors import StudyError
from mentionstudy.dashboard.pipeline import Corpus, StudyRun, run_study
from mentionstudy.dashboard.traded import Prices

ENDED_EARLY = "the computation ended early; the server's log says more"
_LOG = logging.getLogger(__name__)
_SLOW_MODELS = ("garch",)  # each event is a maximum likelihood estimate of its own
_FEW = 150  # events of which the page waits for an answer
_PROBES = (3, 23)  # numbers of events by which the time of all is judged


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyWork:
    """All that a study needs but its events; it is sent to the process.

    Attributes
    ----------
    corpus, prices, settings, provenance
        As for `pipeline.run_study`.
    group
        Column of the events that makes groups, or empty.
    """

    corpus: Corpus
    prices: Prices
    settings: StudySettings
    group: str
    provenance: Mapping[str, object]

    def __call__(self, events: pd.DataFrame) -> StudyRun:
        """Study events."""
        return run_study(
            self.corpus,
            self.prices,
            self.settings,
            events=events,
            group=self.group or None,
            provenance=self.provenance,
        )


def is_slow(settings: StudySettings, events: int) -> bool:
    """Whether a study takes longer than a page may wait.

    Parameters
    ----------
    settings
        The study's settings.
    events
        How many events it takes.
    """
    return settings.model in _SLOW_MODELS and events > _FEW


@dataclass(slots=True)
class StudyJob:
    """A study at work in a process of its own.

    Attributes
    ----------
    run
        The answer, when it is there.
    problem
        Why there is none, in a sentence.
    expected
        Seconds that it takes in all, judged by a few of its events; 0 before that is known.
    stopped
        Whether somebody ended it.
    """

    run: StudyRun | None = None
    problem: str = ""
    expected: float = 0.0
    stopped: bool = False
    _begun: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begun

    def start(self, work: StudyWork, events: pd.DataFrame) -> None:
        """Begin, unless it is at work already.

        Parameters
        ----------
        work
            What is asked.
        events
            All events.
        """
        if self.running:
            return
        self.run, self.problem, self.expected = None, "", 0.0
        self._begun, self.stopped = time.monotonic(), False
        self._thread = threading.Thread(
            target=self._attend, args=(work, events), daemon=True, name="study"
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; nothing of it is kept."""
        self.stopped = True
        if self._process is not None:
            self._process.kill()

    def _attend(self, work: StudyWork, events: pd.DataFrame) -> None:
        command = [sys.executable, "-m", __name__]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self._process = process
            try:
                if process.stdin is not None and process.stdout is not None:
                    pickle.dump((work, events), process.stdin)
                    process.stdin.flush()
                    while self.run is None and not self.problem and not self.stopped:
                        self._take(*pickle.load(process.stdout))
            except (EOFError, OSError, pickle.PickleError):
                if not self.stopped:
                    _LOG.exception("the process of a study ended before its answer")
                    self.problem = ENDED_EARLY
            finally:
                process.kill()
                self._process = None

    def _take(self, kind: str, value: Any) -> None:
        if kind == "expected":
            self.expected = value
        elif kind == "problem":
            self.problem = value
        else:
            self.run = value


def compute(given: BinaryIO, out: BinaryIO) -> None:
    """Study events and write what came of it; the other end of a `StudyJob`.

    Parameters
    ----------
    given
        Holds the pickled work and events.
    out
        Takes pickled pairs: ``expected`` with seconds, then ``run`` or ``problem``.
    """
    work, events = pickle.load(given)
    threading.Thread(target=_end_with, args=(given,), daemon=True).start()
    try:
        _seconds(work, events, 1)
        few, more = (_seconds(work, events, number) for number in _PROBES)
        rate = (more - few) / (_PROBES[1] - _PROBES[0])  # without what any study costs
        expected = max(rate, 0.0) * len(events) + few
        pickle.dump(("expected", expected), out)
        out.flush()
        pickle.dump(("run", work(events)), out)
    except StudyError as error:
        pickle.dump(("problem", str(error)), out)
    out.flush()


def _end_with(given: BinaryIO) -> None:
    """End this process when the one that asked is gone, however it went."""
    given.read()
    os._exit(1)


def _seconds(work: StudyWork, events: pd.DataFrame, number: int) -> float:
    """Time a study of a few events from all over the list; the first time loads libraries too."""
    start = time.monotonic()
    work(events.iloc[:: max(1, len(events) // number)][:number])
    return time.monotonic() - start


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is for the log
    compute(sys.stdin.buffer, answers)
