"""The closed lists of options, and the check that names the allowed values."""

from __future__ import annotations

from typing import Literal, get_args

from mentionstudy.analysis.errors import ConfigError

ReturnKind = Literal["simple", "log"]
Measure = Literal["return", "log_volume"]
Overlap = Literal["keep", "first", "drop"]
Duplicates = Literal["exclude", "keep"]
NonSession = Literal["next", "exclude"]
Weighting = Literal["equal", "weight"]
PatellForm = Literal["exact", "sum"]
BharBenchmark = Literal["model", "market"]
IncompleteWindow = Literal["exclude", "keep"]

EXCLUSIONS: dict[str, str] = {
    "symbol_missing": "The event names no symbol.",
    "symbol_unknown": "The returns have no column {symbol}.",
    "no_prices": "{symbol} has no return in the whole panel.",
    "date_invalid": "The date {date} cannot be read as a calendar date.",
    "calendar_unknown": "No sessions were given for the calendar {calendar}.",
    "benchmark_unknown": "The benchmark {benchmark} is not among the market series.",
    "date_not_a_session": "{date} is no session and no session follows within {shift} days.",
    "window_outside_data": (
        "The event window {window} reaches outside the data, {first} to {last}."
    ),
    "duplicate_event": "{symbol} already has an event on {day0}; an event counts once.",
    "overlapping_event": (
        "The event window overlaps another event of {symbol}; the overlap rule is {overlap!r}."
    ),
    "insufficient_estimation": (
        "Only {n_est} usable days in the estimation window {estimation}; {min_obs} are asked for."
    ),
    "no_return_on_day0": "{symbol} or its benchmark has no one-day return on day 0, {day0}.",
    "no_event_returns": "{symbol} has no abnormal return in the event window around {day0}.",
    "constant_market": (
        "The regressors do not vary independently in the estimation window; "
        "no coefficient can be estimated."
    ),
    "constant_stock": (
        "The residuals of the estimation window are all zero; nothing can be standardised."
    ),
    "flagged": "{symbol} carries a flag that excludes it ({flags}) inside the event window.",
    "model_failed": "The model did not converge on the estimation window.",
}
"""Code of every exclusion and its sentence; braces are filled from the event and the settings."""


def check_choice(field: str, value: object, choices: object) -> None:
    """Raise a ConfigError that lists what is allowed.

    Parameters
    ----------
    field
        The setting's name.
    value
        What was given.
    choices
        A ``Literal`` alias.

    Raises
    ------
    ConfigError
        If the value is not one of the alias's members.
    """
    allowed = get_args(choices)
    if value not in allowed:
        raise ConfigError(f"{field} is {value!r}; allowed: {', '.join(map(repr, allowed))}")
