"""The side bar: which events, how they are studied, how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.derivation import GROUPS, EventRules
from mentionstudy.dashboard.i18n import LANGUAGES, Texts
from mentionstudy.dashboard.parts import finder
from mentionstudy.dashboard.pipeline import Corpus
from mentionstudy.data.market.flags import FLAGS
from mentionstudy.data.mentions.model import ROLES
from mentionstudy.data.topics import NO_TOPIC, topics

MAINLAND_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if not s.endswith(".HK"))
HONG_KONG_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if s.endswith(".HK"))


def draw(t: Texts, pages: tuple[str, ...], *, study: bool = True) -> None:
    """Draw the side bar; without a workspace only what concerns the display.

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
        if study and source.workspace is not None:
            corpus = services.corpus(source.workspace, state.event_rules())
            finder.draw(t, corpus, pages)
            if len(corpus.events) or state.event_rules() != EventRules():
                _study(t, services.benchmark_symbols(source.workspace, corpus))
                if len(corpus.events):
                    _filters(t, corpus)
                _rules(t)
                _details(t)
        _display(t)


def _filters(t: Texts, corpus: Corpus) -> None:
    known = services.choices(corpus)
    # who takes the last filter away is still at work here: what was open is not closed on them
    used = st.session_state.get("_filtered", False) or bool(state.active_filters())
    st.session_state["_filtered"] = used
    with st.expander(t("filter.title"), expanded=used, icon=":material/filter_alt:"):
        _several(t, "sym", known.symbols, corpus.named)
        _several(t, "ex", _present(state.EXCHANGES, known.exchanges), _named(t, "exchange"))
        _several(t, "src", known.sources)
        _several(t, "cat", known.categories)
        _several(t, "topic", _present((*topics(), NO_TOPIC), known.topics), _named(t, "topic"))
        _several(t, "tm", _present(state.TIMINGS, known.timings), _named(t, "timing"))
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


def _present(order: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in order if item in values)


def _named(t: Texts, family: str) -> Callable[[str], str]:
    return lambda item: t.code(family, item)


def _several(
    t: Texts, key: str, options: Sequence[str], named: Callable[[str], str] | None = None
) -> None:
    state.limit(key, options)
    if options:
        st.multiselect(
            t(f"filter.{key}"),
            options,
            key=key,
            format_func=named or str,
            placeholder=t("filter.all"),
        )


def _study(t: Texts, benchmarks: tuple[str, ...]) -> None:
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
        _benchmark(t, "bm", MAINLAND_BENCHMARKS, benchmarks)
        _benchmark(t, "bmhk", HONG_KONG_BENCHMARKS, benchmarks)


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


def _benchmark(t: Texts, key: str, known: tuple[str, ...], have: tuple[str, ...]) -> None:
    options = [symbol for symbol in known if symbol in have]
    state.limit(key, options)
    if options:
        st.selectbox(
            t(f"study.{key}"),
            ["", *options],
            key=key,
            format_func=lambda s: t.code("index", s) if s else t("study.default"),
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
