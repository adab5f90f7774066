"""Everything that a study can be told, checked once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.literals import (
    BharBenchmark,
    Duplicates,
    IncompleteWindow,
    Measure,
    NonSession,
    Overlap,
    PatellForm,
    ReturnKind,
    Weighting,
    check_choice,
)

Window = tuple[int, int]

_CHOICES: dict[str, object] = {
    "return_kind": ReturnKind,
    "returns_are": ReturnKind,
    "measure": Measure,
    "overlap": Overlap,
    "duplicates": Duplicates,
    "non_session": NonSession,
    "weighting": Weighting,
    "patell": PatellForm,
    "bhar": BharBenchmark,
    "incomplete_window": IncompleteWindow,
}
_LONGEST = 100_000  # sessions; a longer window is a typing error
_USUAL_CAR_WINDOWS: tuple[Window, ...] = ((0, 0), (-1, 1), (-5, 5))


def window_label(window: Window) -> str:
    """Write a window the way the field does: ``[-1,1]``."""
    return f"[{window[0]},{window[1]}]"


def parse_window(value: object, field: str = "window") -> Window:
    """Read a window from a pair of integers or a text.

    Parameters
    ----------
    value
        ``(-1, 1)``, ``[-1, 1]``, ``"-1:1"``, ``"[-1,1]"`` or ``"-1,1"``.
    field
        The setting's name, for the error.

    Returns
    -------
    tuple of int
        First and last session relative to day 0.

    Raises
    ------
    ConfigError
        If it is no pair of whole numbers, is reversed, or is longer than 100,000 sessions.
    """
    parts: list[object]
    if isinstance(value, str):
        text = value.strip().strip("[]()")
        parts = list(text.split(":" if ":" in text else ","))
    elif isinstance(value, (tuple, list)):
        parts = list(value)
    else:
        parts = []
    numbers = [_whole(part) for part in parts]
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        raise ConfigError(
            f"{field} is {value!r}; write two whole numbers of sessions relative to day 0, "
            "first and last, for example (-10, 10) or -10:10"
        )
    first, last = numbers[0], numbers[1]
    if first > last:
        raise ConfigError(
            f"{field} is reversed: it starts at {first} and ends at {last}; write ({last}, {first})"
        )
    if last - first >= _LONGEST or max(abs(first), abs(last)) > _LONGEST:
        raise ConfigError(f"{field} is {value!r}; no window may reach beyond {_LONGEST} sessions")
    return first, last


def _whole(value: object) -> int | None:
    """Return an integer for 3, 3.0, numpy integers and '3', else None."""
    if isinstance(value, bool):
        return None
    try:
        number = int(value)  # type: ignore[call-overload]
        return number if float(value) == number else None  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """The settings of an event study; immutable and reproducible.

    Attributes
    ----------
    model
        Name of the normal-return model, one of :data:`mentionstudy.analysis.models.MODELS`.
    estimation
        Estimation window in sessions relative to day 0; disjoint from ``window``.
    window
        Event window in sessions relative to day 0.
    car_windows
        The CAR windows; each inside ``window``. Empty means ``[0,0]``, ``[-1,1]``, ``[-5,5]`` as
        far as they fit, and the whole window.
    min_obs
        Least number of usable estimation days; an event with fewer is excluded.
    return_kind
        Kind of return that the study computes with.
    returns_are
        Kind of return in the frames that are given; converted when it differs.
    measure
        ``return``, or ``log_volume`` when the frame holds the logarithm of trading volume.
    factors
        Columns of the factor frame, for ``model="factors"``.
    exclude_flags
        Flags, such as ``limit_up``, that exclude an event when the stock carries one inside the
        event window.
    extend_flags
        Flags, such as a close at a price limit, over which a CAR goes on: beside the CARs of the
        windows, the study gives those to the first day without such a flag.
    lags, leads
        Lagged and leading market returns of the Dimson model.
    overlap
        Events of one firm whose event windows overlap: keep all, the first, or none of them.
    cut_own_events
        Leave the event windows of the firm's other events out of the estimation window.
    duplicates
        Whether a second event of the same symbol and day 0 is excluded.
    non_session
        An event date that is no session moves to the next session, or is excluded.
    max_shift_days
        Longest such move in calendar days.
    require_day0
        Exclude an event without a return on day 0.
    incomplete_window
        An event window that reaches beyond the data excludes the event, or the days beyond count
        as missing.
    weighting
        Averages with equal weights or with the events' ``weight`` column.
    winsorize
        Share of AR, SAR, CAR and SCAR set to the nearest kept value at each end of the
        cross-section; 0 for none.
    patell
        Patell over a window from SCAR with its full variance, or from Patell's sums of SAR.
    bhar
        Expected return in the BHAR: the model's, or the benchmark's.
    confidence
        Level of confidence bands.
    bootstrap_draws, permutation_draws
        Resamples of the bootstrap and of the placebo permutation; 0 switches them off.
    seed
        Seed of everything random.
    """

    model: str = "market"
    estimation: Window = (-250, -11)
    window: Window = (-10, 10)
    car_windows: tuple[Window, ...] = ()
    min_obs: int = 100
    return_kind: ReturnKind = "simple"
    returns_are: ReturnKind = "simple"
    measure: Measure = "return"
    factors: tuple[str, ...] = ()
    exclude_flags: tuple[str, ...] = ()
    extend_flags: tuple[str, ...] = ()
    lags: int = 1
    leads: int = 1
    overlap: Overlap = "keep"
    cut_own_events: bool = False
    duplicates: Duplicates = "exclude"
    non_session: NonSession = "next"
    max_shift_days: int = 14
    require_day0: bool = True
    incomplete_window: IncompleteWindow = "exclude"
    weighting: Weighting = "equal"
    winsorize: float = 0.0
    patell: PatellForm = "exact"
    bhar: BharBenchmark = "model"
    confidence: float = 0.95
    bootstrap_draws: int = 999
    permutation_draws: int = 199
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field and the fields against each other."""
        for field, choices in _CHOICES.items():
            check_choice(field, getattr(self, field), choices)
        if not isinstance(self.model, str):
            raise ConfigError(f"model is {self.model!r}; give the name of a model")
        self._set("estimation", parse_window(self.estimation, "estimation"))
        self._set("window", parse_window(self.window, "window"))
        self._check_numbers()
        self._check_draws()
        self._check_windows()
        self._set("car_windows", self._resolved_car_windows())
        for field in ("factors", "exclude_flags", "extend_flags"):
            if isinstance(getattr(self, field), str):
                raise ConfigError(f"{field} is one text; give a list of names")
            self._set(field, tuple(str(name) for name in getattr(self, field)))

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)

    def _check_numbers(self) -> None:
        limits = {
            "min_obs": 3,
            "lags": 0,
            "leads": 0,
            "max_shift_days": 0,
            "bootstrap_draws": 0,
            "permutation_draws": 0,
            "seed": 0,
        }
        for field, least in limits.items():
            number = _whole(getattr(self, field))
            if number is None or number < least:
                raise ConfigError(
                    f"{field} is {getattr(self, field)!r}; give a whole number of at least {least}"
                )
            self._set(field, number)
        for field, low, high in (("winsorize", 0.0, 0.5), ("confidence", 0.0, 1.0)):
            value = getattr(self, field)
            inside = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not inside or not low <= value < high or (field == "confidence" and value == 0):
                raise ConfigError(f"{field} is {value!r}; give a number from {low} to below {high}")
            self._set(field, float(value))
        for field in ("cut_own_events", "require_day0"):
            if not isinstance(getattr(self, field), bool):
                raise ConfigError(f"{field} is {getattr(self, field)!r}; give true or false")

    def _check_draws(self) -> None:
        for field, least in (("bootstrap_draws", 99), ("permutation_draws", 19)):
            if 0 < getattr(self, field) < least:
                raise ConfigError(
                    f"{field} is {getattr(self, field)}; give 0 to leave the test out, "
                    f"or at least {least}"
                )

    def _check_windows(self) -> None:
        (first, last), (start, end) = self.estimation, self.window
        if not (last < start or first > end):
            raise ConfigError(
                f"the estimation window {window_label(self.estimation)} overlaps the event window "
                f"{window_label(self.window)}; end it before {start}, for example "
                f"({start - 240}, {start - 1})"
            )
        if not start <= 0 <= end:
            raise ConfigError(
                f"the event window {window_label(self.window)} does not contain day 0; "
                "let it start at 0 or earlier and end at 0 or later"
            )
        length = last - first + 1
        if self.min_obs > length:
            raise ConfigError(
                f"min_obs is {self.min_obs}, but the estimation window "
                f"{window_label(self.estimation)} has only {length} sessions; "
                "lengthen the window or lower min_obs"
            )

    def _resolved_car_windows(self) -> tuple[Window, ...]:
        if isinstance(self.car_windows, str):
            raise ConfigError("car_windows is one text; give a list of windows")
        asked = tuple(parse_window(window, "car_windows") for window in self.car_windows)
        for window in asked:
            self.check_inside(window)
        if not asked:
            low, high = self.window
            asked = tuple(w for w in _USUAL_CAR_WINDOWS if low <= w[0] and w[1] <= high)
            asked += (self.window,)
        return tuple(dict.fromkeys(asked))

    def check_inside(self, window: Window) -> None:
        """Refuse a window that is not inside the event window.

        Parameters
        ----------
        window
            First and last day, in sessions relative to day 0.

        Raises
        ------
        ConfigError
            If it is not inside.
        """
        if window[0] < self.window[0] or window[1] > self.window[1] or window[0] > window[1]:
            raise ConfigError(
                f"the CAR window {window_label(window)} is not inside the event window "
                f"{window_label(self.window)}; widen the event window or choose another"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain lists, texts and numbers, for JSON and TOML."""
        plain = asdict(self)
        return {
            key: [list(item) if isinstance(item, tuple) else item for item in value]
            if isinstance(value, tuple)
            else value
            for key, value in plain.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StudySettings:
        """Build settings from a mapping.

        Parameters
        ----------
        values
            Any subset of the fields; windows as pairs or as texts such as ``"-10:10"``.

        Raises
        ------
        ConfigError
            If a key is no setting or a value cannot be meant.
        """
        known = [field.name for field in fields(cls)]
        unknown = [key for key in values if key not in known]
        if unknown:
            raise ConfigError(f"{unknown[0]!r} is no setting; the settings are {', '.join(known)}")
        converted = dict(values)
        for key in ("car_windows", "factors", "exclude_flags", "extend_flags"):
            if isinstance(converted.get(key), list):
                converted[key] = tuple(converted[key])
        return cls(**converted)

    def to_toml(self) -> str:
        """Return the settings as TOML, one key a line."""
        # Every value is text, number, boolean or a list of those, where JSON is valid TOML.
        lines = (f"{key} = {json.dumps(value)}" for key, value in self.to_dict().items())
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> StudySettings:
        """Read what :meth:`to_toml` wrote, or any subset of it.

        Parameters
        ----------
        text
            TOML; the settings at top level or in a table ``[study]``.

        Returns
        -------
        StudySettings
            Checked; what is not in the text has its default.

        Raises
        ------
        ConfigError
            If it is not TOML, or holds an unknown key or an impossible value.
        """
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"the settings are not valid TOML: {error}") from error
        table = values.get("study", values)
        if not isinstance(table, dict):
            raise ConfigError("study is no table; write [study] and the settings beneath it")
        return cls.from_dict(table)

    def digest(self) -> str:
        """Return 16 hexadecimal digits that differ whenever a setting differs."""
        canonical = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
