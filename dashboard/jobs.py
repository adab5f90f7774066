"""Work that outlives one run of a page: fetching prices in the background, with progress and stop.

One job at a time for a workspace, whoever asks; its state is read by every page that shows it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from mentionstudy.data import Workspace
from mentionstudy.data.errors import DataError
from mentionstudy.data.market.fetching import FetchProgress, FetchReport, fetch

_LOG = logging.getLogger(__name__)


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
