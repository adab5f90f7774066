"""Pure functions from result frames to plotly figures; notebooks and pages use the same ones."""

from mentionstudy.analysis.charts.averages import aar_bars, caar_fan
from mentionstudy.analysis.charts.crosssection import cross_section, cross_section_bins
from mentionstudy.analysis.charts.event import ar_bars, candles, car_band
from mentionstudy.analysis.charts.history import car_by_event, groups_fan, price_with_events
from mentionstudy.analysis.charts.labels import CHINESE, ENGLISH, Labels, labels_for
from mentionstudy.analysis.charts.look import FONTS, Look, UpColour, plain
from mentionstudy.analysis.charts.power import power_map
from mentionstudy.analysis.charts.spread import (
    MAX_PANELS,
    MAX_ROWS,
    car_distribution,
    car_small_multiples,
    event_heatmap,
    heatmap_row,
)
from mentionstudy.analysis.charts.timeline import days_of_week, event_calendar

__all__ = [
    "CHINESE",
    "ENGLISH",
    "FONTS",
    "MAX_PANELS",
    "MAX_ROWS",
    "Labels",
    "Look",
    "UpColour",
    "aar_bars",
    "ar_bars",
    "caar_fan",
    "candles",
    "car_band",
    "car_by_event",
    "car_distribution",
    "car_small_multiples",
    "cross_section",
    "cross_section_bins",
    "days_of_week",
    "event_calendar",
    "event_heatmap",
    "groups_fan",
    "heatmap_row",
    "labels_for",
    "plain",
    "power_map",
    "price_with_events",
]
