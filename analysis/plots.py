"""The charts of one study, as methods of its result: ``result.plot.caar()``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mentionstudy.analysis import charts

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mentionstudy.analysis.results import StudyResult


@dataclass(frozen=True, slots=True)
class Plots:
    """Charts of a result; each returns a figure and shows nothing by itself.

    Attributes
    ----------
    result
        The study.

    Notes
    -----
    Every chart takes a ``look`` (`mentionstudy.analysis.charts.Look`): language, light or dark,
    the colour of a rising price, a note beneath the title.
    """

    result: StudyResult

    def caar(self, look: charts.Look | None = None) -> go.Figure:
        """Cumulative average abnormal return with its band and the number of events a day."""
        return charts.caar_fan(self.result.averages, look=look)

    def aar(self, look: charts.Look | None = None) -> go.Figure:
        """Average abnormal return of each day."""
        return charts.aar_bars(self.result.averages, look=look)

    def heatmap(self, look: charts.Look | None = None) -> go.Figure:
        """Abnormal returns, events by days."""
        return charts.event_heatmap(self.result.ar, look=look)

    def distribution(
        self, first: int | None = None, last: int | None = None, look: charts.Look | None = None
    ) -> go.Figure:
        """Distribution of CARs over a window; by default the whole event window."""
        low, high = self.result.settings.window
        window = (low if first is None else first, high if last is None else last)
        return charts.car_distribution(self.result.car(*window), look=look)

    def calendar(self, look: charts.Look | None = None) -> go.Figure:
        """When the events happened."""
        return charts.event_calendar(self.result.events, look=look)

    def multiples(self, look: charts.Look | None = None) -> go.Figure:
        """CAR paths of single events, small and side by side."""
        return charts.car_small_multiples(self.result.ar, look=look)
