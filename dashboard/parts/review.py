"""What all of the Review page shares: the tables, who may write, keeping and undoing decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import access, reviewing, services, state
from mentionstudy.dashboard.i18n import Texts, as_markdown
from mentionstudy.dashboard.parts import states
from mentionstudy.dashboard.parts.frame import current_texts
from mentionstudy.dashboard.reviewing import Key, Step
from mentionstudy.data import Workspace
from mentionstudy.data.errors import DataError

LISTED = 200
"""Rows of the queue that a page lists; more would make every decision slow."""
_ROW_HEIGHT = 66  # pixels; Streamlit wraps the texts of rows above 64, so that titles are whole
_WHOLE_ROWS = 8
_WIDTHS = {
    **{"decision": 60, "symbol": 84, "published": 92},
    **{"title": 170, "doubts": 72, "confidence": 54},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the page works on.

    Attributes
    ----------
    t
        The texts.
    workspace
        Where decisions are kept.
    tables
        Articles and mentions as read, and the securities that are known.
    corrections
        The decisions so far.
    may_write
        Whether this visitor may decide.
    """

    t: Texts
    workspace: Workspace
    tables: services.ReviewTables
    corrections: pd.DataFrame
    may_write: bool


def prepare() -> Desk:
    """Open the tables, or show the state that says what is missing and stop."""
    t = current_texts()
    source = services.source()
    if source.workspace is None:
        states.no_workspace(t, source.path, source.problem)
        raise states.NothingMore
    tables = services.review_tables(source.workspace)
    if source.workspace.is_sample:
        st.badge(
            t("sample.badge"), icon=":material/science:", color="orange", help=t("sample.help")
        )
    if tables.articles.empty:
        states.no_articles(t, source.path)
        raise states.NothingMore
    return Desk(
        t=t,
        workspace=source.workspace,
        tables=tables,
        corrections=source.workspace.corrections(),
        may_write=access.may_write(),
    )


def choose_mode(desk: Desk) -> str:
    """Let the reader choose what to review; say what stands in the way of it."""
    t = desk.t
    mode = st.segmented_control(
        t("review.mode"),
        state.REVIEW_MODES,
        key="rmode",
        format_func=lambda code: t.code("rmode", code),
        label_visibility="collapsed",
        required=True,
    )
    if not desk.may_write:
        st.info(t("review.read_only"), icon=":material/lock:")
    said = st.session_state.pop("_review_said", "")
    if said:
        st.error(as_markdown(t.told(said)))
    return str(mode)


def choose_row(
    desk: Desk, queue: pd.DataFrame, shown: Callable[[pd.DataFrame], pd.DataFrame], name: str
) -> int | None:
    """List the queue and return the place of the row that is at hand; None if it is empty.

    What was at hand stays so until it leaves the queue; then the next one follows. Of the columns
    that are shown, that of the decisions is left out where there are none.
    """
    if queue.empty:
        return None
    place = min(int(st.session_state.get(f"_{name}_place", 0)), len(queue) - 1)
    start = place - place % LISTED
    rows = queue.iloc[start : start + LISTED]
    listed = shown(rows)
    if (listed["decision"] == "").all():
        listed = listed.drop(columns="decision")
    chosen = st.dataframe(
        listed,
        hide_index=True,
        column_config=_columns(desk.t, listed),
        row_height=_ROW_HEIGHT,
        key=f"table_{name}_{st.session_state.get(f'_{name}_turn', 0)}",
        on_select="rerun",
        selection_mode="single-row",
        height=_WHOLE_ROWS * _ROW_HEIGHT + 38 if len(rows) > _WHOLE_ROWS else "content",
    )
    if len(queue) > LISTED:
        st.caption(
            desk.t("review.listed", first=start + 1, last=start + len(rows), n=f"{len(queue):,}")
        )
    picked = chosen["selection"]["rows"]
    if picked:
        place = start + int(picked[0])
        go(name, place)
    return place


def _columns(t: Texts, listed: pd.DataFrame) -> dict[str, Any]:
    """Name the columns; beside a card there is room for short names only, the whole is a hint."""
    settings = {}
    for name in listed.columns:
        whole, short = t(f"column.{name}"), f"review.column_{name}"
        settings[name] = st.column_config.Column(
            t(short) if t.has(short) else whole,
            help=whole if t.has(short) else None,
            width=_WIDTHS.get(name),
        )
    return settings


def doubts(desk: Desk, joined: str) -> str:
    """Name the doubts of a row of a queue."""
    comma = "、" if desk.t.language == "zh" else ", "
    return comma.join(desk.t.code("doubt", code) for code in joined.split(";") if code)


def go(name: str, place: int) -> None:
    """Put the row at a place of a queue at hand."""
    st.session_state[f"_{name}_place"] = max(place, 0)


def turn(name: str, place: int) -> None:
    """Go to a place by a key, and forget the row that was clicked."""
    go(name, place)
    st.session_state[f"_{name}_turn"] = st.session_state.get(f"_{name}_turn", 0) + 1


def keep(workspace: Workspace, name: str, key: Key, action: str, value: str = "") -> None:
    """Keep a decision, in a callback."""
    _kept(workspace, name, key, action, value)


def _kept(workspace: Workspace, name: str, key: Key, action: str, value: str) -> bool:
    """Keep a decision; return whether it was kept."""
    user = access.user()

    def step() -> Step:
        return reviewing.decide(workspace, key, action, value, user.label if user else "")

    return _do(name, step)


def take_back(workspace: Workspace, name: str, key: Key) -> None:
    """Take a decision back, in a callback."""
    _do(name, lambda: reviewing.withdraw(workspace, key))


def undo(workspace: Workspace, name: str) -> None:
    """Undo the last step of this session, in a callback."""
    steps: list[Step] = st.session_state.get("_review_steps", [])
    if not steps or not access.may_write():
        return
    try:
        reviewing.undo(workspace, steps[-1])
        steps.pop()
    except DataError as error:
        st.session_state["_review_said"] = str(error)


def _do(name: str, act: Callable[[], Step]) -> bool:
    """Do what a button says if the visitor may, and remember how to undo it."""
    if not access.may_write():  # the rules may have changed since the page was drawn
        st.session_state["_review_said"] = current_texts()("review.read_only")
        return False
    try:
        done = act()
    except (ValueError, DataError) as error:
        st.session_state["_review_said"] = str(error)
        return False
    st.session_state.setdefault("_review_steps", []).append(done)
    turn(name, int(st.session_state.get(f"_{name}_place", 0)))
    return True


def decide(desk: Desk, name: str, key: Key, action: str, value: str, place: int) -> None:
    """Keep a decision and go on, in a callback; a row that stays in the queue is left behind."""
    if _kept(desk.workspace, name, key, action, value) and state.value("rstate") == "all":
        turn(name, place + 1)


def steps(desk: Desk, name: str, place: int, count: int) -> None:
    """Offer to go back and forth in the queue, and to undo."""
    for word, letter, to in (("back", "p", place - 1), ("next", "n", place + 1)):
        st.button(
            desk.t(f"review.{word}"),
            key=f"review_{word}",
            on_click=turn,
            args=(name, to),
            disabled=not 0 <= to < count,
            shortcut=letter,
        )
    undo_button(desk, name)


def take_back_button(desk: Desk, name: str, key: Key) -> None:
    """Offer to take one decision back."""
    st.button(
        desk.t("review.take_back"),
        key=f"take_back_{key.field}_{key.article_id}_{key.symbol}",
        on_click=take_back,
        args=(desk.workspace, name, key),
        disabled=not desk.may_write,
    )


def nothing_left(desk: Desk, name: str, keys: tuple[str, ...]) -> None:
    """Say that the list is done, and offer to drop its filters."""
    st.success(desk.t("review.nothing_left"))
    row = st.container(horizontal=True)
    row.button(desk.t("filter.reset"), key="review_reset", on_click=state.reset, args=(keys,))
    with row:
        undo_button(desk, name)


def undo_button(desk: Desk, name: str) -> None:
    """Offer to undo this session's last step."""
    steps = st.session_state.get("_review_steps", [])
    st.button(
        desk.t("review.undo"),
        key=f"{name}_undo",
        on_click=undo,
        args=(desk.workspace, name),
        disabled=not steps or not desk.may_write,
        shortcut="u",
        icon=":material/undo:",
    )


def progress(desk: Desk, queue: pd.DataFrame, found: pd.DataFrame) -> None:
    """Show how much is decided, and how many rows the filters leave."""
    decided = int((queue["decision"] != "").sum())
    st.progress(
        decided / len(queue) if len(queue) else 0.0,
        text=desk.t(
            "review.progress", done=f"{decided:,}", n=f"{len(queue):,}", here=f"{len(found):,}"
        ),
    )


def in_state(queue: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows have the state that the reader has chosen."""
    chosen = state.value("rstate")
    decided = queue["decision"] != ""
    if chosen == "all":
        return pd.Series(data=True, index=queue.index)
    return decided if chosen == "decided" else ~decided


def filters(desk: Desk, queue: pd.DataFrame, doubts: dict[str, float], extra: bool) -> pd.DataFrame:
    """Draw the filters and return the rows that they leave."""
    t = desk.t
    columns = st.columns([2, 2, 2, 2, 2] if extra else [2, 2, 2], gap="small")
    columns[0].selectbox(
        t("review.state"),
        state.REVIEW_STATES,
        key="rstate",
        format_func=lambda code: t.code("rstate", code),
    )
    keep = in_state(queue)
    sources = sorted(source for source in queue["source"].unique() if source)
    keep &= _several(t, columns[1], "rsrc", sources, queue["source"], str)
    codes = {code for cell in queue["doubts"].unique() for code in cell.split(";") if code}
    known = [code for code in doubts if code in codes]
    keep &= _several(
        t, columns[2], "rdoubt", known, queue["doubts"], lambda code: t.code("doubt", code)
    )
    if extra:
        dialects = sorted({d for cell in queue["dialects"].unique() for d in cell.split(";")})
        keep &= _several(
            t, columns[3], "rdial", dialects, queue["dialects"], lambda d: t.code("dialect", d)
        )
        most = columns[4].slider(t("review.conf"), 0, 100, step=5, format="%d%%", key="rconf")
        keep &= queue["confidence"] * 100 <= most + 1e-9
    return queue[keep].reset_index(drop=True)


def _several(
    t: Texts,
    column: st.delta_generator.DeltaGenerator,
    key: str,
    options: list[str],
    cells: pd.Series[str],
    named: Callable[[str], str],
) -> pd.Series[bool]:
    """Draw a choice of several; tell which cells hold any of the chosen codes."""
    chosen = [item for item in state.value(key) if item in options]
    if chosen != state.value(key):  # of another mode, or of rows that are gone
        state.choose(key, chosen)
    column.multiselect(
        t(f"review.{key}"), options, key=key, format_func=named, placeholder=t("filter.all")
    )
    wanted = set(state.value(key))
    if not wanted:
        return pd.Series(data=True, index=cells.index)
    whole = key == "rsrc"  # a source's name may hold a semicolon
    return cells.map(lambda cell: bool(wanted & ({cell} if whole else set(cell.split(";")))))
