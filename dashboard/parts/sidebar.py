"""The side bar: which events, how they are studied, how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.derivation import GROUPS, EventRules
from mentionstudy.dashboard.i18n import LANGUAGES, Texts
from mentionstudy.dashboard.listing import Choices
from mentionstudy.dashboard.parts import finder
from mentionstudy.dashboard.pipeline import Corpus
from mentionstudy.data.market.flags import FLAGS
from mentionstudy.data.mentions.model import ROLES
from mentionstudy.data.topics import NO_TOPIC, topics

MAINLAND_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if not s.endswith(".HK"))
HONG_KONG_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if s.endswith(".HK"))


@dataclass(frozen=True, slots=True)
class SideBar:
    """What the side bar offers; its head is drawn before the page, the rest after it.

    The page is what the reader waits for, and drawing all that can be set takes as long as drawing
    a chart, on the server and in the browser.

    Attributes
    ----------
    t
        The texts.
    corpus
        What can be filtered and studied, or None where nothing is.
    filters
        What the events can be filtered by; None without any event.
    benchmarks
        The indices that can be chosen, by the choice that takes them.
    """

    t: Texts
    corpus: Corpus | None = None
    filters: Choices | None = None
    benchmarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def draw_rest(self) -> None:
        """Draw all that can be set; without a workspace only what concerns the display."""
        with st.sidebar:
            if self.corpus is not None:
                _study(self.t, self.benchmarks)
                if self.filters is not None:
                    _filters(self.t, self.corpus, self.filters)
                _rules(self.t)
                _details(self.t)
            _display(self.t)


def begin(t: Texts, pages: tuple[str, ...], *, study: bool = True) -> SideBar:
    """Draw the head of the side bar, and drop the choices that these data do not have.

    Parameters
    ----------
    t
        The texts.
    pages
        Names of the pages that the search offers.
    study
        Whether the page shows anything that depends on the study's settings.
    """
    with st.sidebar:
        st.radio(
            "语言 · Language",
            LANGUAGES,
            key="lang",
            horizontal=True,
            format_func=lambda code: {"zh": "中文", "en": "English"}[code],
            label_visibility="collapsed",
        )
        source = services.source()
        if not study or source.workspace is None:
            return SideBar(t)
        corpus = services.corpus(source.workspace, state.event_rules())
        finder.draw(t, corpus, pages)
    if corpus.events.empty and state.event_rules() == EventRules():
        return SideBar(t)
    return SideBar(
        t,
        corpus,
        None if corpus.events.empty else _limited(services.choices(corpus)),
        _benchmarks(services.benchmark_symbols(source.workspace, corpus)),
    )


def _limited(known: Choices) -> Choices:
    for key, options in _options(known).items():
        state.limit(key, options)
    return known


def _options(known: Choices) -> dict[str, tuple[str, ...]]:
    """Return what each filter of several values offers."""
    return {
        "sym": known.symbols,
        "ex": _present(state.EXCHANGES, known.exchanges),
        "src": known.sources,
        "cat": known.categories,
        "topic": _present((*topics(), NO_TOPIC), known.topics),
        "tm": _present(state.TIMINGS, known.timings),
    }


def _present(order: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in order if item in values)


def _benchmarks(have: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found = {}
    for key, known in (("bm", MAINLAND_BENCHMARKS), ("bmhk", HONG_KONG_BENCHMARKS)):
        found[key] = _present(known, have)
        state.limit(key, found[key])
    return found


def _filters(t: Texts, corpus: Corpus, known: Choices) -> None:
    # who takes the last filter away is still at work here: what was open is not closed on them
    used = st.session_state.get("_filtered", False) or bool(state.active_filters())
    st.session_state["_filtered"] = used
    named: dict[str, Callable[[str], str]] = {
        "sym": corpus.named,
        "ex": _named(t, "exchange"),
        "topic": _named(t, "topic"),
        "tm": _named(t, "timing"),
    }
    with st.expander(t("filter.title"), expanded=used, icon=":material/filter_alt:"):
        for key, options in _options(known).items():
            if options:
                st.multiselect(
                    t(f"filter.{key}"),
                    options,
                    key=key,
                    format_func=named.get(key, str),
                    placeholder=t("filter.all"),
                )
        st.selectbox(
            t("filter.alone"),
            ("", "yes"),
            key="alone",
            format_func=_named(t, "alone"),
            help=t("filter.alone_help"),
        )
        for key in ("from", "to"):
            st.date_input(
                t(f"filter.{key}"),
                key=key,
                min_value=known.first_day,
                max_value=known.last_day,
                format="YYYY-MM-DD",
            )
        if state.active_filters():
            st.button(
                t("filter.reset"), key="reset", on_click=state.reset, args=(state.FILTER_KEYS,)
            )
        elif state.can_undo():
            st.button(t("filter.undo"), key="undo", on_click=state.undo)


def _named(t: Texts, family: str) -> Callable[[str], str]:
    return lambda item: t.code(family, item)


def _study(t: Texts, benchmarks: Mapping[str, tuple[str, ...]]) -> None:
    with st.expander(t("study.settings"), expanded=True, icon=":material/functions:"):
        st.selectbox(
            t("study.model"),
            services.models(state.MODELS),
            key="model",
            format_func=_named(t, "model"),
            help=t("study.model_help"),
        )
        left, right = st.columns(2)
        left.text_input(t("study.est"), key="est", help=t("study.est_help"))
        right.text_input(t("study.win"), key="win", help=t("study.win_help"))
        st.multiselect(
            t("study.car"),
            list(dict.fromkeys([*state.USUAL_WINDOWS, *state.value("car")])),
            key="car",
            accept_new_options=True,
            help=t("study.car_help"),
            placeholder=t("study.car_placeholder"),
        )
        for key, options in benchmarks.items():
            if options:
                st.selectbox(
                    t(f"study.{key}"),
                    ["", *options],
                    key=key,
                    format_func=lambda s: t.code("index", s) if s else t("study.default"),
                )


def _rules(t: Texts) -> None:
    """Draw what makes an event of a mention."""
    with st.expander(t("rules.title"), icon=":material/rule:"):
        st.multiselect(
            t("rules.role"),
            ROLES,
            key="role",
            format_func=_named(t, "role"),
            help=t("rules.role_help"),
        )
        st.slider(
            t("rules.conf"),
            min_value=0,
            max_value=100,
            step=5,
            format="%d%%",
            key="conf",
            help=t("rules.conf_help"),
        )
        for key, options in (
            ("anchor", ("published", "event_date")),
            ("copies", ("group", "keep")),
        ):
            st.selectbox(
                t(f"rules.{key}"),
                options,
                key=key,
                format_func=_named(t, key),
                help=t(f"rules.{key}_help"),
            )
        st.number_input(
            t("rules.near"), min_value=0, max_value=250, key="near", help=t("rules.near_help")
        )


def _details(t: Texts) -> None:
    """Draw the settings that most readers leave alone."""
    with st.expander(t("study.details"), icon=":material/tune:"):
        st.number_input(
            t("study.minobs"),
            min_value=3,
            max_value=5000,
            step=10,
            key="minobs",
            help=t("study.minobs_help"),
        )
        st.selectbox(
            t("study.overlap"),
            ("keep", "first", "drop"),
            key="overlap",
            format_func=_named(t, "overlap"),
            help=t("study.overlap_help"),
        )
        st.selectbox(
            t("study.group"),
            ("", *GROUPS),
            key="group",
            format_func=_named(t, "group"),
        )
        st.selectbox(t("study.rets"), ("simple", "log"), key="rets", format_func=_named(t, "rets"))
        st.multiselect(
            t("study.xflag"),
            list(FLAGS),
            key="xflag",
            format_func=_named(t, "flag"),
            help=t("study.xflag_help"),
            placeholder=t("study.xflag_none"),
        )
        st.selectbox(
            t("study.limits"),
            ("as_asked", "beside"),
            key="limits",
            format_func=_named(t, "limits"),
            help=t("study.limits_help"),
        )


def _display(t: Texts) -> None:
    with st.expander(t("display.title"), icon=":material/palette:"):
        st.radio(
            t("display.up"),
            ("red", "green"),
            key="up",
            horizontal=True,
            format_func=_named(t, "up"),
        )
        st.caption(t("display.theme"))
