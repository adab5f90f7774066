"""The Review page: doubtful things first, decisions kept, undone, shared, and refused."""

from __future__ import annotations

import json
import time

import pandas as pd
import pytest

from mentionstudy.dashboard.pipeline import load_corpus
from mentionstudy.data import Workspace
from mentionstudy.data.corrections import correction
from mentionstudy.data.errors import WorkspaceError

READ_ONLY = "MENTIONSTUDY_READ_ONLY"


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error]
    return "\n".join(str(part.value) for part in parts)


def heading(app):
    """Return the card's first line: the security at hand."""
    return next(html.proto.body for html in app.get("html") if "<h2" in html.proto.body)


def decisions(path):
    rows = Workspace.open(path).corrections()
    return rows[["field", "symbol", "action", "value"]].to_numpy().tolist()


def test_a_mention_is_rejected_undone_and_put_right_and_events_follow(open_app, bare_copy):
    before = set(load_corpus(Workspace.open(bare_copy)).events["symbol"])
    app = open_app(bare_copy, "review", lang="en")
    assert not app.exception
    assert "0 of 8 decided" in app.get("progress")[0].proto.text
    first = heading(app)
    app.button(key="review_reject").click().run()
    (rejected,) = [symbol for _, symbol, action, _ in decisions(bare_copy) if action == "reject"]
    assert rejected in first
    assert rejected not in heading(app)  # the next one follows
    assert "1 of 8 decided" in app.get("progress")[0].proto.text
    assert set(load_corpus(Workspace.open(bare_copy)).events["symbol"]) == before - {rejected}
    app.button(key="mention_undo").click().run()
    assert decisions(bare_copy) == []
    assert rejected in heading(app)
    symbol_field = next(field for field in app.text_input if field.key.startswith("symbol_"))
    symbol_field.set_value("东软集团").run()
    app.button(key="review_replace").click().run()
    assert not app.exception
    assert decisions(bare_copy) == [["mention", rejected, "replace", "600718.SH subject"]]
    events = load_corpus(Workspace.open(bare_copy)).events
    assert set(events["symbol"]) == before - {rejected} | {"600718.SH"}


@pytest.mark.parametrize(
    ("mode", "columns", "labels"),
    [
        ("mentions", ["symbol", "title", "doubts", "confidence"], ["证券", "标题", "疑点", "置信"]),
        ("dates", ["published", "title", "doubts"], ["发布时间", "标题", "疑点"]),
    ],
)
def test_the_list_has_room_for_whole_titles(open_app, sample_workspace, mode, columns, labels):
    app = open_app(sample_workspace, "review", lang="zh", rmode=mode)
    listed = app.dataframe[0]
    assert listed.value.columns.tolist() == columns
    settings = json.loads(listed.proto.columns)
    assert [settings[name]["label"] for name in columns] == labels
    assert listed.proto.row_height > 64, "Streamlit wraps texts in rows above 64 pixels"
    title = listed.value["title"].str.len().max()
    lines, letters = listed.proto.row_height // 20, settings["title"]["width"] // 15
    assert title <= lines * letters
    words = dict(part for cell in listed.value.iloc[:, 0] if len(part := cell.split(" ")) == 2)
    assert mode == "dates" or words["000750.SZ"] == "国海证券"


def test_a_role_and_a_missed_security_are_given(open_app, bare_copy):
    app = open_app(bare_copy, "review", lang="zh")
    role = next(box for box in app.selectbox if str(box.key).startswith("role_"))
    role.set_value("analyst").run()
    app.button(key="review_set_role").click().run()
    field = next(field for field in app.text_input if field.key.startswith("symbol_"))
    field.set_value("nonsense").run()
    app.button(key="review_add").click().run()
    assert "nonsense" in said(app)
    assert [row[2:] for row in decisions(bare_copy)] == [["accept", "analyst"]]
    field = next(field for field in app.text_input if field.key.startswith("symbol_"))
    field.set_value("000001").run()  # a share or an index
    app.button(key="review_add").click().run()
    assert "000001.SH" in said(app).replace("\\", "")
    field.set_value("000001.SZ").run()
    app.button(key="review_add").click().run()
    assert ["mention", "000001.SZ", "add", "subject"] in decisions(bare_copy)
    corpus = load_corpus(Workspace.open(bare_copy))
    assert "000001.SZ" in set(corpus.events["symbol"])
    assert "role_analyst" in set(corpus.excluded["code"])


def test_dates_of_publication_and_event_are_set(open_app, bare_copy):
    app = open_app(bare_copy, "review", lang="en", rmode="dates", rdoubt="event_earlier")
    assert not app.exception
    article_id = next(f.key for f in app.text_input if f.key.startswith("set_date_"))[9:]
    app.text_input(key=f"set_event_date_{article_id}").set_value("2022-01-05").run()
    app.button(key="review_set_event_date").click().run()
    app.text_input(key=f"set_date_{article_id}").set_value("2022-02-30").run()
    app.button(key="review_set_date").click().run()
    assert "no ISO date" in said(app).replace("\\", "")
    app.text_input(key=f"set_date_{article_id}").set_value("2022-02-10T14:00").run()
    app.button(key="review_set_date").click().run()
    kept = Workspace.open(bare_copy).corrections()
    assert set(kept["article_id"]) == {article_id}
    assert sorted(zip(kept["field"], kept["value"], strict=True)) == [
        ("date", "2022-02-10T14:00+08:00"),
        ("event_date", "2022-01-05"),
    ]


def test_a_sources_clock_is_decided_for_all_its_articles(open_app, bare_copy):
    app = open_app(bare_copy, "review", lang="en", rmode="zones")
    app.selectbox(key="zone_source").set_value("证券时报网").run()
    app.button(key="zone_utc").click().run()
    assert decisions(bare_copy) == [["zone", "", "set", "utc"]]
    articles = load_corpus(Workspace.open(bare_copy)).articles.set_index("source")
    assert articles.loc["证券时报网", "published_at"].isoformat() == "2021-04-10T02:10:00+08:00"
    app = open_app(bare_copy, "review", lang="en", rmode="log")
    assert not app.exception
    app.button(key="log_take_back").click().run()
    assert decisions(bare_copy) == []


def test_a_reader_who_may_not_write_sees_and_cannot_decide(open_app, bare_copy, monkeypatch):
    # a button that was drawn before the server became read-only, and those drawn after
    app = open_app(bare_copy, "review", lang="en")
    monkeypatch.setenv(READ_ONLY, "1")
    app.button(key="review_reject").click().run()
    assert decisions(bare_copy) == []
    for mode in ("mentions", "dates"):
        app.segmented_control(key="rmode").set_value(mode).run()
        assert not app.exception
        assert "switched off for you" in said(app)
        free = {b.key for b in app.button if not b.disabled and str(b.key).startswith("review_")}
        assert free <= {"review_next", "review_open"}


def test_the_page_without_a_workspace_and_without_mentions(open_app, plain_workspace, tmp_path):
    assert "No workspace" in "".join(
        str(s.value) for s in open_app(None, "review", lang="en").subheader
    )
    Workspace.open(tmp_path / "empty", create=True)
    empty = open_app(tmp_path / "empty", "review", lang="en")
    assert "no article yet" in "".join(str(s.value) for s in empty.subheader)
    app = open_app(plain_workspace, "review", lang="zh")
    assert not app.exception
    app.segmented_control(key="rmode").set_value("log").run()
    assert not app.exception
    with pytest.raises(WorkspaceError):  # nothing was made where nothing was
        Workspace.open(tmp_path / "none")


def test_ten_thousand_mentions_are_listed_in_part_and_decided_at_once(open_app, tmp_path):
    workspace = Workspace.open(tmp_path / "many", create=True)
    n = 10_000
    ids = [f"{i:016x}" for i in range(n)]
    at = pd.Timestamp("2022-01-06 10:00", tz="Asia/Shanghai")
    facts = {"title": "标题", "source": "S", "text": "正文提到某公司。", "zone_policy": "stated"}
    times = {"published_at": at, "published_precision": "second", "published_from": "meta"}
    workspace.merge_articles(pd.DataFrame({"article_id": ids, "path": ids} | facts | times))
    found = {"symbol": "600718.SH", "kind": "stock", "dialect": "company_name", "role": "subject"}
    place = {"occurrences": 1, "positions": "4", "surface": "某公司", "in_title": False}
    confidence = [0.5 + i / n / 2 for i in range(n)]
    workspace.merge_mentions(
        pd.DataFrame({"article_id": ids, "confidence": confidence} | found | place)
    )
    app = open_app(workspace.path, "review", lang="en")
    assert "Rows 1 to 200 of 10,000" in said(app)
    start = time.process_time()
    app.button(key="review_accept").click().run()
    assert time.process_time() - start < 4  # it takes a tenth of that on a quiet machine
    assert workspace.corrections()["article_id"].tolist() == ids[:1]  # the most doubtful one
    assert "1 of 10,000 decided" in app.get("progress")[0].proto.text


def test_filters_leave_what_they_name(open_app, bare_copy):
    workspace = Workspace.open(bare_copy)
    row = workspace.mentions().iloc[0]
    kept = correction(row["article_id"], "mention", "accept", symbol=row["symbol"])
    workspace.merge_corrections(kept)
    app = open_app(bare_copy, "review", lang="en", rstate="decided", rdial=[row["dialect"]])
    assert "1 in this list" in app.get("progress")[0].proto.text
    assert row["symbol"] in heading(app)
    app.slider(key="rconf").set_value(10).run()
    assert "Nothing is left" in said(app)
    app.button(key="review_reset").click().run()
    assert "7 in this list" in app.get("progress")[0].proto.text
