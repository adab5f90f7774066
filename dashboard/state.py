"""The reader's choices: their defaults, their form in the URL, and what happens to a bad one.

The URL is read when a session begins; after that the widgets hold the choices and every run
writes them back, defaults left out. Values are the same in every language, so that a link made on
a Chinese page opens on an English one. Streamlit's own ``bind="query-params"`` writes the
translated labels of select boxes, which is why it is not used here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from mentionstudy.analysis.errors import ConfigError
from mentionstudy.analysis.settings import StudySettings, parse_window, window_label
from mentionstudy.dashboard.derivation import GROUPS, EventRules
from mentionstudy.dashboard.i18n import LANGUAGES, preferred
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.data.market.flags import FLAGS, LIMIT_CLOSES
from mentionstudy.data.mentions.model import ROLES
from mentionstudy.data.review_queue import DATE_DOUBTS, MENTION_DOUBTS
from mentionstudy.data.topics import NO_TOPIC, topics

MODELS = (
    "market",
    "market_adjusted",
    "mean_adjusted",
    "scholes_williams",
    "dimson",
    "trade_to_trade",
    "garch",
)
TIMINGS = ("pre_open", "in_session", "after_close", "non_trading_day", "date_only")
STATUSES = ("events", "no_mention", "no_date", "calendar_unknown", "excluded")
STUDY_PARTS = ("events", "groups", "cross", "multiples", "calendar")
CLOCKS = ("night", "morning", "noon", "afternoon", "evening", "weekend", "unknown")
EXCHANGES = ("SH", "SZ", "BJ", "HK", "US")
REVIEW_MODES = ("mentions", "dates", "zones", "log")
REVIEW_STATES = ("open", "decided", "all")
USUAL_WINDOWS = ("[0,0]", "[-1,1]", "[0,1]", "[-3,3]", "[-5,5]", "[-10,10]", "[0,5]", "[0,10]")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_SYMBOL = re.compile(r"[0-9A-Z.]{3,15}")


def _choice(options: Iterable[str]) -> Callable[[str], str]:
    allowed = tuple(options)

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return read


def _pattern(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return read


def _window(text: str) -> str:
    return window_label(parse_window(text))


def _count(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read


@dataclass(frozen=True, slots=True)
class Param:
    """One choice that lives in the URL.

    Attributes
    ----------
    key
        Its name in the URL and in the session.
    default
        Its value when the URL says nothing; left out of the URL.
    read
        From one text of the URL to a value; raises ValueError for what cannot be meant.
    write
        From a value to its text.
    many
        The value is a list, one text each.
    """

    key: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    many: bool = False


DISPLAY_KEYS = ("lang", "up")
RULE_KEYS = ("role", "conf", "anchor", "copies", "near")
STUDY_KEYS = (
    *("model", "est", "win", "car", "minobs", "rets", "overlap", "group", "bm", "bmhk"),
    *("xflag", "limits"),
    *RULE_KEYS,
)
PERSONAL_KEYS = (*DISPLAY_KEYS, *STUDY_KEYS)
FILTER_KEYS = ("ex", "tm", "src", "cat", "topic", "sym", "alone", "from", "to")
QUESTION_KEYS = (*STUDY_KEYS, *FILTER_KEYS)
"""The choices that decide a study's numbers."""
PARAMS: tuple[Param, ...] = (
    Param("lang", "en", _choice(LANGUAGES)),
    Param("up", "red", _choice(("red", "green"))),
    Param("model", "market", _choice(MODELS)),
    Param("est", "[-250,-11]", _window),
    Param("win", "[-10,10]", _window),
    Param("car", ["[-1,1]", "[0,0]", "[-5,5]", "[-10,10]"], _window, many=True),
    Param("minobs", 100, _count(3, 5000)),
    Param("rets", "simple", _choice(("simple", "log"))),
    Param("overlap", "keep", _choice(("keep", "first", "drop"))),
    Param("group", "", _choice(("", *GROUPS))),
    Param("xflag", [], _choice(FLAGS), many=True),
    Param("limits", "as_asked", _choice(("as_asked", "beside"))),
    Param("role", ["subject"], _choice(ROLES), many=True),
    Param("conf", 0, _count(0, 100)),
    Param("anchor", "published", _choice(("published", "event_date"))),
    Param("copies", "group", _choice(("group", "keep"))),
    Param("near", 10, _count(0, 250)),
    Param("bm", "", _pattern(_SYMBOL)),
    Param("bmhk", "", _pattern(_SYMBOL)),
    Param("ex", [], _choice(EXCHANGES), many=True),
    Param("tm", [], _choice(TIMINGS), many=True),
    Param("src", [], _pattern(_PLAIN), many=True),
    Param("cat", [], _pattern(_PLAIN), many=True),
    Param("topic", [], _choice((*topics(), NO_TOPIC)), many=True),
    Param("sym", [], _pattern(_SYMBOL), many=True),
    Param("alone", "", _choice(("", "yes"))),
    Param("from", None, date.fromisoformat, date.isoformat),
    Param("to", None, date.fromisoformat, date.isoformat),
    Param("article", None, _pattern(re.compile(r"[0-9a-f]{6,64}"))),
    Param("event", None, _pattern(re.compile(r"[0-9A-Z.]{3,15}@\d{4}-\d{2}-\d{2}"))),
    Param("security", None, _pattern(_SYMBOL)),
    Param("part", "events", _choice(STUDY_PARTS)),
    Param("cw", "", _window),
    Param("rmode", "mentions", _choice(REVIEW_MODES)),
    Param("rstate", "open", _choice(REVIEW_STATES)),
    Param("rsrc", [], _pattern(_PLAIN), many=True),
    Param("rdial", [], _pattern(_PLAIN), many=True),
    Param("rdoubt", [], _choice((*MENTION_DOUBTS, *DATE_DOUBTS)), many=True),
    Param("rconf", 100, _count(0, 100)),
    Param("q", "", _pattern(_PLAIN)),
    Param("st", [], _choice(STATUSES), many=True),
    Param("clock", [], _choice(CLOCKS), many=True),
)
_BY_KEY = {param.key: param for param in PARAMS}
_STREAMLIT_KEYS = ("embed", "embed_options")


@dataclass(frozen=True, slots=True)
class Note:
    """Something in a link that could not be used: a catalogue key and what fills it."""

    key: str
    name: str
    value: str


def read_query(query: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], list[Note]]:
    """Turn a URL's parameters into values, with a note for each that cannot be meant.

    Parameters
    ----------
    query
        Every text of each parameter.

    Returns
    -------
    tuple of dict and list
        Values of the usable parameters only, and the notes.
    """
    values: dict[str, Any] = {}
    notes: list[Note] = []
    for key, given in query.items():
        param = _BY_KEY.get(key)
        if param is None:
            if key not in _STREAMLIT_KEYS:
                notes.append(Note("state.unknown", key, ""))
            continue
        if param.many and list(given) == [""]:  # a list that was emptied on purpose
            values[key] = []
            continue
        good = []
        for text in given if param.many else given[-1:]:
            try:
                good.append(param.read(text))
            except ValueError:  # a ConfigError is one too
                notes.append(Note("state.invalid", key, text))
        if good:
            values[key] = list(dict.fromkeys(good)) if param.many else good[0]
    return values, notes


def write_query(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, list[str]]:
    """Turn values into a URL's parameters, without those at their default."""
    query = {}
    for param in PARAMS:
        value = values.get(param.key, defaults[param.key])
        if value is None or value == defaults[param.key]:
            continue
        items = value if param.many else [value]
        # an emptied list whose default is not empty still has to be said
        query[param.key] = [param.write(item) for item in items] or [""]
    return query


def begin(own: Callable[[], Mapping[str, Sequence[str]]] = dict) -> None:
    """Read the URL once a session, and give every choice a value.

    Parameters
    ----------
    own
        Asked once a session for the visitor's own choices, in their form of the URL. A link that
        says something about the study says all of it, so that it shows what its author saw.
    """
    session = st.session_state
    if "_defaults" not in session:
        defaults = {p.key: p.default for p in PARAMS}
        defaults["lang"] = preferred(st.context.locale)
        query = {key: st.query_params.get_all(key) for key in st.query_params}
        values, notes = read_query(query)
        session["_defaults"] = defaults
        session["_notes"] = notes
        kept, _ = read_query(own())
        if not values.keys().isdisjoint(QUESTION_KEYS):
            kept = {key: value for key, value in kept.items() if key in DISPLAY_KEYS}
        session["_values"] = {**defaults, **kept, **values}
    # A widget that a page does not show loses its value; the shadow copy keeps it.
    for key, value in session["_values"].items():
        if key not in session:
            session[key] = list(value) if isinstance(value, list) else value


def arrive(place: str) -> None:
    """Hand the choices to the widgets of a place that the reader comes to.

    Streamlit tells the browser only what was set in the present run: a widget that was away would
    else show its default, and send that back at the next run as if it had been chosen.

    Parameters
    ----------
    place
        Names the page, and the part of it that is shown.
    """
    session = st.session_state
    if session.get("_place") != place:
        session["_place"] = ""  # until it is drawn whole: the reader may leave before
        for key in session["_values"]:
            session[key] = session[key]


def end(place: str | None = None) -> None:
    """Keep the choices for the next run and write them to the URL.

    Parameters
    ----------
    place
        What was drawn whole, if it was.
    """
    session = st.session_state
    if place is not None:
        session["_place"] = place
    for key in session["_values"]:
        if key in session:
            session["_values"][key] = session[key]
    query = write_query(session["_values"], session["_defaults"])
    kept = {k: st.query_params.get_all(k) for k in _STREAMLIT_KEYS if k in st.query_params}
    query.update(kept)
    if query != {key: st.query_params.get_all(key) for key in st.query_params}:
        st.query_params.from_dict(query)


def personal_choices() -> dict[str, list[str]]:
    """Return the present choices that a user may keep, in their form of the URL."""
    values = {key: value(key) for key in PERSONAL_KEYS}
    # what is at its default is left out, but the language's default is the browser's
    return write_query(values, {**st.session_state["_defaults"], "lang": ""})


def notes() -> list[Note]:
    """Return what the link said that could not be used."""
    return list(st.session_state.get("_notes", []))


def dismiss_notes() -> None:
    """Forget the notes."""
    st.session_state["_notes"] = []


def value(key: str) -> Any:
    """Return one choice."""
    session = st.session_state
    return session[key] if key in session else session["_values"][key]


def choose(key: str, chosen: Any) -> None:
    """Set one choice from code, before its widget is drawn or in a callback."""
    session: MutableMapping[Any, Any] = st.session_state
    session["_values"][key] = chosen
    session[key] = chosen


def limit(key: str, options: Sequence[str]) -> None:
    """Drop what a choice names and the data do not have, with a note.

    Parameters
    ----------
    key
        A parameter.
    options
        What can be chosen in this workspace.
    """
    current = value(key)
    allowed = set(options)
    default = st.session_state["_defaults"][key]
    if isinstance(current, list):
        lost = [item for item in current if item not in allowed]
        kept: Any = [item for item in current if item in allowed]
    else:
        lost = [] if current == default or current in allowed else [current]
        kept = default if lost else current
    if lost:
        session = st.session_state
        session["_notes"] += [Note("state.absent", key, str(item)) for item in lost]
        choose(key, kept)


def reset(keys: Sequence[str]) -> None:
    """Set choices back to their defaults, remembering them for `undo`."""
    session = st.session_state
    session["_undo"] = {key: value(key) for key in keys}
    for key in keys:
        default = session["_defaults"][key]
        choose(key, list(default) if isinstance(default, list) else default)


def undo() -> None:
    """Bring back what the last `reset` took."""
    for key, old in st.session_state.pop("_undo", {}).items():
        choose(key, old)


def can_undo() -> bool:
    """Whether a reset can be taken back."""
    return bool(st.session_state.get("_undo"))


Values = Mapping[str, Any]


def current() -> dict[str, Any]:
    """Return every choice as it is now."""
    return {param.key: value(param.key) for param in PARAMS}


def complete(values: Values) -> dict[str, Any]:
    """Return all choices: those given, and the defaults for the rest."""
    return {param.key: values.get(param.key, param.default) for param in PARAMS}


def event_filter(values: Values | None = None) -> EventFilter:
    """Return the filter that choices describe; by default the present ones."""
    chosen = values or current()
    first, last = chosen["from"], chosen["to"]
    return EventFilter(
        symbols=tuple(chosen["sym"]),
        exchanges=tuple(chosen["ex"]),
        sources=tuple(chosen["src"]),
        categories=tuple(chosen["cat"]),
        timings=tuple(chosen["tm"]),
        topics=tuple(chosen["topic"]),
        alone=bool(chosen["alone"]),
        first_day=first.isoformat() if first else "",
        last_day=last.isoformat() if last else "",
    )


def event_rules(values: Values | None = None) -> EventRules:
    """Return what choices make an event of a mention; by default the present ones.

    Without any role nothing could be an event, so that none means the usual one.
    """
    chosen = values or current()
    return EventRules(
        roles=tuple(chosen["role"]) or EventRules().roles,
        min_confidence=chosen["conf"] / 100,
        anchor=chosen["anchor"],
        copies=chosen["copies"],
        confounded_within=chosen["near"],
    )


def active_filters() -> list[str]:
    """Return the keys of the filters that are not at their default."""
    defaults = st.session_state["_defaults"]
    return [key for key in FILTER_KEYS if value(key) != defaults[key]]


def settings(values: Values | None = None) -> StudySettings:
    """Return the study's settings; by default the present ones.

    Raises
    ------
    ConfigError
        If the choices contradict each other; the message says how.
    """
    chosen = values or current()
    window = parse_window(chosen["win"], "window")
    return StudySettings(
        model=chosen["model"],
        estimation=parse_window(chosen["est"], "estimation"),
        window=window,
        car_windows=_windows_inside(chosen["car"], window),
        min_obs=chosen["minobs"],
        return_kind=chosen["rets"],
        overlap=chosen["overlap"],
        exclude_flags=tuple(chosen["xflag"]),
        extend_flags=LIMIT_CLOSES if chosen["limits"] == "beside" else (),
    )


def _windows_inside(windows: Sequence[str], window: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Keep the CAR windows that fit; those of the default go quietly, the reader's own do not."""
    parsed = [parse_window(text, "car") for text in windows]
    usual = {parse_window(text) for text in _BY_KEY["car"].default}
    kept = []
    for low, high in parsed:
        if low >= window[0] and high <= window[1]:
            kept.append((low, high))
        elif (low, high) not in usual:
            raise ConfigError(
                f"the CAR window {window_label((low, high))} is not inside the event window "
                f"{window_label(window)}; widen the event window or choose another"
            )
    return tuple(kept)


def benchmarks(values: Values | None = None) -> dict[str, str]:
    """Return the benchmark that was chosen for each exchange; the default where none was."""
    known = values or current()
    mainland: str = known["bm"]
    chosen: dict[str, str] = {}
    if mainland:
        chosen.update({exchange: mainland for exchange in ("SH", "SZ", "BJ")})
    if known["bmhk"]:
        chosen["HK"] = known["bmhk"]
    return chosen
