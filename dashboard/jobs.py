"""Work that outlives one run of a page, in the background, with progress and stop.

Prices are fetched by one job at a time for a workspace, whoever asks; its state is read by every
page that shows it. Placebo dates are drawn for the reader who asked, one reader after another.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from mentionstudy.analysis.errors import StudyError
from mentionstudy.dashboard.slow import ENDED_EARLY
from mentionstudy.data import Workspace
from mentionstudy.data.errors import DataError
from mentionstudy.data.market.fetching import FetchProgress, FetchReport, fetch

Progress = Callable[[int, int], None]
_LOG = logging.getLogger(__name__)
_TURN = threading.Lock()  # placebos at once would only slow each other and the pages


@dataclass(slots=True)
class FetchJob:
    """A fetch that runs in a thread of its own.

    Attributes
    ----------
    done, total
        Requests answered, and all of them.
    now
        What is being asked for.
    report
        What it brought, when it is over.
    problem
        Why it ended early, in a sentence.
    """

    done: int = 0
    total: int = 0
    now: str = ""
    report: FetchReport | None = None
    problem: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(
        self, workspace: Workspace, plan: pd.DataFrame, sources: Callable[[], object]
    ) -> None:
        """Begin, unless it is at work already.

        Parameters
        ----------
        workspace, plan
            As for `mentionstudy.data.market.fetching.fetch`.
        sources
            Makes the price source or chain, inside the thread.
        """
        if self.running:
            return
        self.done, self.total, self.now = 0, len(plan), ""
        self.report, self.problem = None, ""
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._work, args=(workspace, plan, sources), daemon=True, name="fetch"
        )
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; what has arrived is kept."""
        self._stop.set()

    def _work(
        self, workspace: Workspace, plan: pd.DataFrame, sources: Callable[[], object]
    ) -> None:
        try:
            self.report = fetch(workspace, plan, sources(), self._step)  # type: ignore[arg-type]
        except (DataError, OSError) as error:
            self.problem = str(error)
        except Exception:  # a thread's error would reach nobody
            _LOG.exception("the fetch ended with an error that was not expected")
            self.problem = "unexpected"

    def _step(self, at: FetchProgress) -> None:
        self.done, self.total, self.now = at.done, at.total, f"{at.symbol} {at.kind}"
        if self._stop.is_set():
            raise KeyboardInterrupt  # fetch ends as it does for Ctrl-C


class _Stopped(Exception):
    """Raised within the work of a job that was stopped."""


@dataclass(slots=True)
class PlaceboJob:
    """A placebo that is drawn in a thread of its own.

    Attributes
    ----------
    done, total
        Samples drawn, and all of them; 0 before the first.
    table
        The answer, when it is there.
    problem
        Why there is none, in a sentence.
    stopped
        Whether somebody ended it.
    """

    done: int = 0
    total: int = 0
    table: pd.DataFrame | None = None
    problem: str = ""
    stopped: bool = False
    _thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, answer: Callable[[Progress], pd.DataFrame]) -> None:
        """Begin.

        Parameters
        ----------
        answer
            Returns the table; it is told whom to tell how many samples are drawn, of how many.
        """
        self._thread = threading.Thread(
            target=self._work, args=(answer,), daemon=True, name="placebo"
        )
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until it is over, but not longer than some seconds."""
        if self._thread is not None:
            self._thread.join(seconds)

    def stop(self) -> None:
        """End it with the sample that is being drawn; nothing of it is kept."""
        self.stopped = True

    def _work(self, answer: Callable[[Progress], pd.DataFrame]) -> None:
        try:
            self.table = answer(self._step)
        except _Stopped:
            return
        except StudyError as error:
            self.problem = str(error)
        except Exception:  # a thread's error would reach nobody
            _LOG.exception("a placebo ended with an error that was not expected")
            self.problem = ENDED_EARLY

    def in_turn(self, draw: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Draw when no other job draws; within the work of this job.

        Parameters
        ----------
        draw
            Returns the table.
        """
        while not _TURN.acquire(timeout=0.2):
            self._heed()
        try:
            self._heed()
            return draw()
        finally:
            _TURN.release()

    def _step(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._heed()

    def _heed(self) -> None:
        if self.stopped:
            raise _Stopped
