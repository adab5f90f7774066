"""Dates and clocks under review: when an article appeared, and when its event happened."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import services
from mentionstudy.dashboard.i18n import as_markdown
from mentionstudy.dashboard.parts import article_text, navigate, reader, review, show
from mentionstudy.dashboard.parts.numbers import published
from mentionstudy.dashboard.parts.review import Desk
from mentionstudy.dashboard.reviewing import Key
from mentionstudy.data.corrections import SOURCE_PREFIX
from mentionstudy.data.review_queue import DATE_DOUBTS, both_day0, with_decisions

_NAME = "date"
_HEAD = 700  # characters; news tells its date first
_ZONES = {"beijing": "beijing_labelled_gmt", "utc": "stated"}


def draw(desk: Desk) -> None:
    """Draw the queue of dates and the article at hand."""
    t = desk.t
    queue = with_decisions(services.review_dates(desk.tables), desk.corrections, "date")
    with st.expander(t("review.filters"), icon=":material/filter_alt:"):
        found = review.filters(desk, queue, DATE_DOUBTS, extra=False)
    review.progress(desk, queue, found)
    if found.empty:
        review.nothing_left(desk, _NAME, ("rstate", "rsrc", "rdoubt"))
        return
    left, right = st.columns([6, 5], gap="medium")
    with right:
        place = review.choose_row(desk, found, lambda rows: _listed(desk, rows), _NAME)
    with left:
        _card(desk, found, place or 0)


def _listed(desk: Desk, rows: pd.DataFrame) -> pd.DataFrame:
    t = desk.t
    return pd.DataFrame(
        {
            "decision": [t.code("decision", code) if code else "" for code in rows["decision"]],
            "published": [published(t, row)[:16] for row in rows.itertuples()],
            "title": rows["title"],
            "doubts": [review.doubts(desk, cell) for cell in rows["doubts"]],
        }
    )


def _card(desk: Desk, queue: pd.DataFrame, place: int) -> None:
    t, row = desk.t, queue.iloc[place]
    article_id = str(row["article_id"])
    key = Key(article_id, "date")
    with st.container(border=True, key="review_card"):
        st.html(article_text.heading(str(row["title"]) or t("article.untitled")))
        badges = st.container(horizontal=True)
        if row["decision"]:
            badges.badge(t.code("decision", row["decision"]), color="green")
        for code in filter(None, str(row["doubts"]).split(";")):
            badges.badge(t.code("doubt", code), color="orange", help=t(f"hint.doubt_{code}"))
        st.text(_stated(desk, row))
        _buttons(desk, queue, place, key, decided=str(row["decision"]))
        _set_date(desk, key)
        _event_date(desk, row)
        _zone(desk, row)
        text = str(desk.tables.articles.loc[article_id, "text"])
        st.html(article_text.marked(text[:_HEAD] + ("…" if len(text) > _HEAD else ""), []))
        if st.button(
            t("review.open_article"), key="review_open", type="tertiary", icon=":material/article:"
        ):
            navigate.to_article(article_id)


def _stated(desk: Desk, row: pd.Series[Any]) -> str:
    """Say what was read of the date, and what was decided."""
    t = desk.t
    precision = t.code("precision", row["published_precision"] or "None")
    lines = [
        f"{published(t, row)} · {precision} · "
        + t.fact("article.from", reader.origin(t, row["published_from"])),
        t.fact("review.clock", t.code("zone_policy", row["zone_policy"])),
    ]
    if row["value"]:
        lines.append(t.fact("review.set_to", row["value"]))
    lines += [f"· {note}" for note in str(row["notes"]).split(";") if note]
    return "\n".join(lines)


def _buttons(desk: Desk, queue: pd.DataFrame, place: int, key: Key, *, decided: str) -> None:
    t = desk.t
    line = st.container(horizontal=True, key="review_buttons")
    line.button(
        t("review.date_right"),
        key="review_accept",
        type="primary",
        on_click=review.decide,
        args=(desk, _NAME, key, "accept", "", place),
        disabled=not desk.may_write or bool(pd.isna(queue["published_at"].iloc[place])),
        shortcut="a",
        icon=":material/check:",
    )
    with line:
        review.steps(desk, _NAME, place, len(queue))
        if decided:
            review.take_back_button(desk, _NAME, key)


def _set_date(desk: Desk, key: Key) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _field(desk, key, desk.t("review.date"), "2022-01-06 15:11:41", desk.t("review.date_help"))


def _field(desk: Desk, key: Key, label: str, example: str, hint: str | None = None) -> None:
    """Draw a field for a date with the button that sets it."""
    name = f"set_{key.field}_{key.article_id}"
    st.text_input(label, key=name, placeholder=example, help=hint, disabled=not desk.may_write)
    st.button(
        desk.t("review.set"),
        key=f"review_set_{key.field}",
        on_click=_typed,
        args=(desk, key, name),
        disabled=not desk.may_write,
    )


def _typed(desk: Desk, key: Key, name: str) -> None:
    """Keep the date that was typed, in a callback."""
    review.keep(desk.workspace, _NAME, key, "set", str(st.session_state[name]))


def _event_date(desk: Desk, row: pd.Series[Any]) -> None:
    """Show the day of the event that the text gives, to be taken, changed or dropped."""
    t = desk.t
    key = Key(str(row["article_id"]), "event_date")
    own = _decision(desk, key)
    said = "–" if pd.isna(row["event_date"]) else f"{row['event_date']:%Y-%m-%d}"
    line = t.fact("review.event_date", said)
    if own is not None:
        line += f" → {own['value'] or t('review.no_event_date')}"
    st.text(line, help=t("review.event_date_help"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _field(desk, key, t("review.event_date_other"), "2022-01-04")
        if said != "–":
            st.button(
                t("review.event_date_wrong"),
                key="review_drop_event",
                on_click=review.keep,
                args=(desk.workspace, _NAME, key, "reject"),
                disabled=not desk.may_write,
            )
        if own is not None:
            review.take_back_button(desk, _NAME, key)


def _zone(desk: Desk, row: pd.Series[Any]) -> None:
    """Offer the other reading of a clock under the label GMT, for this article alone."""
    t = desk.t
    key = Key(str(row["article_id"]), "zone")
    own = _decision(desk, key)
    if own is not None:
        with st.container(horizontal=True):
            st.text(t.fact("review.zone", t.code("clock_of", own["value"])))
            review.take_back_button(desk, _NAME, key)
        return
    if row["zone_policy"] not in _ZONES.values():
        return
    other = next(code for code, policy in _ZONES.items() if policy != row["zone_policy"])
    days = [f"{day:%Y-%m-%d}" if pd.notna(day) else "–" for day in both_day0(row)]
    st.text(t("review.day0_both", now=days[0], other=days[1]))
    st.button(
        t("review.zone_other", clock=t.code("clock_of", other)),
        key="review_zone",
        help=t("review.zone_help"),
        on_click=review.keep,
        args=(desk.workspace, _NAME, key, "set", other),
        disabled=not desk.may_write,
    )


def _decision(desk: Desk, key: Key) -> pd.Series[Any] | None:
    rows = desk.corrections
    own = rows[(rows["article_id"] == key.article_id) & (rows["field"] == key.field)]
    return own.iloc[-1] if len(own) else None


def draw_zones(desk: Desk) -> None:
    """Show what each source's articles say about its clock, and let the reader decide."""
    t = desk.t
    st.write(t("review.zones_how"))
    evidence = services.zone_evidence(desk.tables)
    if evidence.empty:
        st.info(t("review.no_zones"))
        return
    rows = desk.corrections[desk.corrections["field"] == "zone"]
    own = dict(zip(rows["article_id"], rows["value"], strict=True))
    chosen = [own.get(SOURCE_PREFIX + source, "") for source in evidence["source"]]
    shown = evidence.assign(
        suggestion=[t.code("zone_policy", code) for code in evidence["suggestion"]],
        in_use=[t.code("zone_policy", code) for code in evidence["in_use"]],
        decision=[t.code("clock_of", code) if code else "" for code in chosen],
    )
    for column in ("night_share_as_gmt", "night_share_as_beijing"):
        shown[column] = [f"{share:.0%}" for share in evidence[column]]
    show.table(shown, "zones", t, raw=evidence.assign(decision=chosen))
    differs = (evidence["suggestion"] != evidence["in_use"]) & (
        evidence["suggestion"] != "undecided"
    )
    first = int(differs.to_numpy().argmax()) if differs.any() else 0
    source = st.selectbox(
        t("column.source"),
        list(evidence["source"]),
        index=first,
        key="zone_source",
        format_func=lambda name: name or "–",
    )
    _zone_buttons(desk, str(source), own)


def _zone_buttons(desk: Desk, source: str, own: dict[str, str]) -> None:
    t, key = desk.t, Key(f"{SOURCE_PREFIX}{source}", "zone")
    st.caption(t("review.zone_of", source=as_markdown(source or "–")))
    line = st.container(horizontal=True)
    for clock in _ZONES:
        line.button(
            t.code("clock_of", clock),
            key=f"zone_{clock}",
            type="primary" if own.get(key.article_id) == clock else "secondary",
            on_click=review.keep,
            args=(desk.workspace, "zone", key, "set", clock),
            disabled=not desk.may_write or not source,
        )
    with line:
        if key.article_id in own:
            review.take_back_button(desk, _NAME, key)
        review.undo_button(desk, "zone")
