"""The side bar: which events, how they are studied, how it is shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mentionstudy.dashboard import services, state
from mentionstudy.dashboard.i18n import LANGUAGES, Texts
from mentionstudy.dashboard.pipeline import Corpus

MAINLAND_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if not s.endswith(".HK"))
HONG_KONG_BENCHMARKS = tuple(s for s in services.KNOWN_INDICES if s.endswith(".HK"))


def draw(t: Texts) -> None:
    """Draw the side bar; without a workspace only what concerns the display."""
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
        if source.workspace is not None:
            corpus = services.corpus(source.workspace)
            if len(corpus.events):
                _study(t, services.benchmark_symbols(source.workspace, corpus))
                _filters(t, corpus)
                _details(t)
        _display(t)


def _filters(t: Texts, corpus: Corpus) -> None:
    events = corpus.events
    with st.expander(
        t("filter.title"), expanded=bool(state.active_filters()), icon=":material/filter_alt:"
    ):
        _several(t, "sym", sorted(events["symbol"].unique()))
        _several(t, "ex", _present(state.EXCHANGES, events["exchange"]), _named(t, "exchange"))
        _several(t, "src", sorted(s for s in events["source"].dropna().unique() if s))
        _several(t, "cat", services.categories(events))
        _several(t, "tm", _present(state.TIMINGS, events["timing"]), _named(t, "timing"))
        low, high = events["day0"].min().date(), events["day0"].max().date()
        for key in ("from", "to"):
            st.date_input(
                t(f"filter.{key}"),
                key=key,
                min_value=low,
                max_value=high,
                format="YYYY-MM-DD",
            )
        if state.active_filters():
            st.button(
                t("filter.reset"), key="reset", on_click=state.reset, args=(state.FILTER_KEYS,)
            )
        elif state.can_undo():
            st.button(t("filter.undo"), key="undo", on_click=state.undo)


def _present(order: tuple[str, ...], column: object) -> list[str]:
    values = set(column)  # type: ignore[call-overload]
    return [item for item in order if item in values]


def _named(t: Texts, family: str) -> Callable[[str], str]:
    return lambda item: t.code(family, item)


def _several(
    t: Texts, key: str, options: list[str], named: Callable[[str], str] | None = None
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
            ("", "exchange", "timing", "source", "symbol"),
            key="group",
            format_func=_named(t, "group"),
        )
        st.selectbox(t("study.rets"), ("simple", "log"), key="rets", format_func=_named(t, "rets"))


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
