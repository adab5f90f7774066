"""Every correction of the workspace: what it says, whether it holds, as a file and from a file."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mentionstudy.dashboard import access, services, state
from mentionstudy.dashboard.parts import review
from mentionstudy.dashboard.parts.review import Desk
from mentionstudy.dashboard.reviewing import Key
from mentionstudy.data.correction_files import corrections_csv, read_corrections
from mentionstudy.data.corrections import MENTION_ROLES, SOURCE_PREFIX, newer_corrections
from mentionstudy.data.errors import DataError

_NAME = "log"


def draw(desk: Desk) -> None:
    """Draw the list of corrections with its file."""
    t, rows = desk.t, desk.corrections.iloc[::-1].reset_index(drop=True)
    st.write(t("review.log_how"))
    if rows.empty:
        st.info(t("review.no_corrections"))
    else:
        _list(desk, rows)
    _upload(desk)


def _list(desk: Desk, rows: pd.DataFrame) -> None:
    t = desk.t
    titles = desk.tables.articles["title"]
    reasons = _unapplied(desk)
    keys = zip(rows["article_id"], rows["field"], rows["symbol"], strict=True)
    shown = pd.DataFrame(
        {
            "created_at": [
                "" if pd.isna(at) else f"{at:%Y-%m-%d %H:%M}" for at in rows["created_at"]
            ],
            "field": [t.code("correction", code) for code in rows["field"]],
            "decision": [t.code("decision", code) for code in rows["action"]],
            "symbol": rows["symbol"],
            "value": [
                _value(desk, str(field), str(value))
                for field, value in zip(rows["field"], rows["value"], strict=True)
            ],
            "title": [
                titles.get(name, name.removeprefix(SOURCE_PREFIX)) for name in rows["article_id"]
            ],
            "author": rows["author"],
            "reason": [reasons.get(key, "") for key in keys],
        }
    )
    place = review.choose_row(desk, rows, lambda part: shown.loc[part.index], _NAME)
    line = st.container(horizontal=True, vertical_alignment="bottom")
    line.download_button(
        t("review.export"),
        data=lambda: corrections_csv(desk.corrections).encode("utf-8"),
        file_name="corrections.csv",
        mime="text/csv",
        key="corrections_csv",
        on_click="ignore",
        icon=":material/download:",
    )
    row = rows.iloc[place or 0]
    key = Key(str(row["article_id"]), str(row["field"]), str(row["symbol"]))
    at_hand = shown.iloc[place or 0]
    what = [at_hand[name] for name in ("field", "symbol", "value", "title")]
    st.text(" · ".join(str(part) for part in what if part))
    with line:
        st.button(
            t("review.take_back_row"),
            key="log_take_back",
            on_click=review.take_back,
            args=(desk.workspace, _NAME, key),
            disabled=not desk.may_write,
        )
        review.undo_button(desk, _NAME)
    if reasons:
        st.caption(t("review.unapplied", n=len(reasons)))


def _value(desk: Desk, field: str, value: str) -> str:
    """Name the codes in a correction's value in the reader's language."""
    if field == "zone":
        return desk.t.code("clock_of", value)
    return " ".join(
        desk.t.code("role", part) if part in MENTION_ROLES else part for part in value.split(" ")
    )


def _unapplied(desk: Desk) -> dict[tuple[str, str, str], str]:
    """Say of each correction that found nothing to correct why."""
    rows = services.corpus(desk.workspace, state.event_rules()).unapplied
    keys = zip(rows["article_id"], rows["field"], rows["symbol"], strict=True)
    return dict(zip(keys, (desk.t.code("unapplied", r) for r in rows["reason"]), strict=True))


def _upload(desk: Desk) -> None:
    t = desk.t
    with st.expander(t("review.import"), icon=":material/upload_file:"):
        if not desk.may_write:
            st.caption(t("review.read_only"))
            return
        st.caption(t("review.import_how"))
        with st.form("corrections_upload", clear_on_submit=True, border=False):
            given = st.file_uploader(t("upload.files"), type=["csv"], key="corrections_file")
            sent = st.form_submit_button(t("upload.read"), icon=":material/read_more:")
        if sent and given is not None and access.may_write():
            _read(desk, given.name, given.getvalue())


def _read(desk: Desk, name: str, data: bytes) -> None:
    t = desk.t
    try:
        rows = read_corrections(data, name)
        changed = desk.workspace.merge_corrections(newer_corrections(rows, desk.corrections))
    except DataError as error:
        st.error(t("upload.failed"))
        st.text(t.told(error))
        return
    st.success(t("review.imported", n=len(rows), changed=changed))
