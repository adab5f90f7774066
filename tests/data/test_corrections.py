from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentionstudy.data.calendars import BEIJING
from mentionstudy.data.correction_files import export_corrections, import_corrections
from mentionstudy.data.corrections import (
    SOURCE_PREFIX,
    apply_corrections,
    correction,
    event_dates,
    newer_corrections,
    without_correction,
)
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.events import find_events
from mentionstudy.data.ingest import ingest
from mentionstudy.data.tables import TABLES, empty_frame
from mentionstudy.data.workspace import Workspace

WHEN = dt.datetime(2026, 1, 5, 9, 0, tzinfo=BEIJING)


def articles(**changes: object) -> pd.DataFrame:
    row = {
        "article_id": "a",
        "published_at": pd.Timestamp("2022-01-06 15:11:41", tz=BEIJING),
        "published_precision": "second",
        "published_from": "front_matter.date",
        "zone_policy": "stated",
    }
    return pd.DataFrame([row | changes])


def mentions(*symbols: str) -> pd.DataFrame:
    frame = empty_frame(TABLES["mentions"])
    rows = [
        {
            "article_id": "a",
            "symbol": symbol,
            "kind": "stock",
            "dialect": "stcn_hotword",
            "occurrences": 2,
            "positions": "3;9",
            "confidence": 0.94,
            "surface": "the firm",
            "in_title": False,
            "role": "subject",
        }
        for symbol in symbols
    ]
    return pd.concat([frame.astype(object), pd.DataFrame(rows)]).astype(frame.dtypes)


def rows(*corrections: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(corrections, ignore_index=True)


def test_mentions_are_accepted_rejected_replaced_and_added() -> None:
    given_mentions = mentions("600718.SH", "000750.SZ", "601328.SH")
    before = given_mentions.copy()
    done = apply_corrections(
        articles(),
        given_mentions,
        rows(
            correction("a", "mention", "accept", symbol="600718.SH"),
            correction("a", "mention", "reject", symbol="000750.SZ"),
            correction("a", "mention", "replace", symbol="601328.SH", value="sz000001"),
            correction("a", "mention", "add", symbol="2066.HK"),
        ),
    )
    pd.testing.assert_frame_equal(given_mentions, before)
    table = done.mentions.set_index("symbol")
    assert table["review"].to_dict() == {
        "600718.SH": "accepted",
        "000001.SZ": "replaced",
        "02066.HK": "added",
    }
    assert (table["confidence"] == 1.0).all()
    assert table.loc["02066.HK", "dialect"] == "correction"
    assert done.unapplied.empty
    events = find_events(done.articles, done.mentions).events
    assert sorted(events["symbol"]) == ["000001.SZ", "02066.HK", "600718.SH"]


def test_what_is_not_corrected_stays_as_it_was() -> None:
    given_mentions, given_articles = mentions("600718.SH", "000750.SZ"), articles()
    done = apply_corrections(given_articles, given_mentions, empty_frame(TABLES["corrections"]))
    pd.testing.assert_frame_equal(done.mentions.drop(columns="review"), given_mentions)
    assert done.mentions["review"].tolist() == ["", ""]
    assert done.articles.iloc[0].tolist() == given_articles.iloc[0].tolist()


def test_a_replacement_by_a_security_that_is_there_leaves_one_mention() -> None:
    done = apply_corrections(
        articles(),
        mentions("600718.SH", "000750.SZ"),
        correction("a", "mention", "replace", symbol="000750.SZ", value="600718.SH"),
    )
    assert done.mentions["symbol"].tolist() == ["600718.SH"]
    assert done.mentions["review"].tolist() == ["replaced"]


@pytest.mark.parametrize(
    ("value", "iso", "precision"),
    [
        ("2022-01-10", "2022-01-10T00:00:00+08:00", "day"),
        ("2022-01-10T14:59", "2022-01-10T14:59:00+08:00", "minute"),
        ("2022-01-10T06:59:30+00:00", "2022-01-10T14:59:30+08:00", "second"),
    ],
)
def test_a_date_is_set_with_its_precision(value: str, iso: str, precision: str) -> None:
    for before in (articles(), articles(published_at=pd.NaT, published_precision="")):
        done = apply_corrections(before, mentions(), correction("a", "date", "set", value=value))
        row = done.articles.iloc[0]
        assert row["published_at"].isoformat() == iso
        assert (row["published_precision"], row["published_from"]) == (precision, "correction")


def test_a_clock_under_a_false_label_is_put_right_and_back() -> None:
    stated = articles(published_at=pd.Timestamp("2021-04-10 02:10", tz=BEIJING))
    beijing = correction("a", "zone", "set", value="beijing")
    done = apply_corrections(stated, mentions(), beijing).articles
    assert done["published_at"][0].isoformat() == "2021-04-09T18:10:00+08:00"
    assert done["zone_policy"][0] == "beijing_labelled_gmt"
    again = apply_corrections(done, mentions(), beijing).articles
    assert again["published_at"][0] == done["published_at"][0]
    utc = correction("a", "zone", "set", value="utc")
    back = apply_corrections(done, mentions(), utc).articles
    assert back["published_at"][0] == stated["published_at"][0]


def test_a_correction_without_an_object_is_reported() -> None:
    done = apply_corrections(
        articles(published_precision="day"),
        mentions("600718.SH"),
        rows(
            correction("b", "mention", "reject", symbol="600718.SH"),
            correction("a", "mention", "reject", symbol="000750.SZ"),
            correction("a", "zone", "set", value="utc"),
        ),
    )
    reasons = dict(
        zip(
            done.unapplied["field"] + done.unapplied["article_id"],
            done.unapplied["reason"],
            strict=True,
        )
    )
    assert set(reasons) == {"mentionb", "mentiona", "zonea"}
    assert "no article" in reasons["mentionb"]
    assert "does not mention" in reasons["mentiona"]
    assert "no time of day" in reasons["zonea"]


def test_corrections_survive_a_new_reading(tmp_path: Path) -> None:
    post = tmp_path / "a.md"
    text = '<span class="em_stock_key_common" data-code="1,600718">a</span>'
    post.write_text(f"---\ndate: 2022-01-06 15:11:41 +0800\n---\n{text}\n", encoding="utf-8")
    workspace = Workspace.open(tmp_path / "ws", create=True)
    ingest(workspace, [post])
    article_id = workspace.articles()["article_id"][0]
    wrong = correction(article_id, "mention", "reject", symbol="600718.SH", created_at=WHEN)
    assert workspace.merge_corrections(wrong) == 1
    for _ in range(2):
        done = apply_corrections(
            workspace.articles(), workspace.mentions(), workspace.corrections()
        )
        assert done.mentions.empty
        ingest(workspace, [post], reread=True)
    # The later one counts, and only once.
    right = correction(article_id, "mention", "accept", symbol="600718.SH", created_at=WHEN)
    workspace.merge_corrections(right)
    assert workspace.corrections()["action"].tolist() == ["accept"]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("a", "price", "set"), "no field 'price'"),
        (("a", "mention", "set"), "cannot be 'set'"),
        (("", "mention", "accept"), "needs the id"),
        (("a", "date", "set"), "no ISO date"),
        (("a", "zone", "set"), "beijing or utc"),
        (("a", "mention", "accept"), "not a symbol"),
        (("a", "mention", "accept", "600718.SH", "hero"), "no role 'hero'"),
        (("a", "mention", "replace", "600718.SH", "000750.SZ unclear"), "no role 'unclear'"),
    ],
)
def test_a_correction_without_sense_is_refused(arguments: tuple[str, ...], match: str) -> None:
    article_id, field, action, *more = arguments
    given_values = dict(zip(("symbol", "value"), more, strict=False))
    with pytest.raises(ValueError, match=match):
        correction(article_id, field, action, **given_values)


def test_a_role_can_be_given_and_what_was_unclear_is_a_subject_once_accepted() -> None:
    found = mentions("600718.SH", "000750.SZ", "601328.SH")
    found["role"] = ["unclear", "subject", "unclear"]
    done = apply_corrections(
        articles(),
        found,
        rows(
            correction("a", "mention", "accept", symbol="600718.SH"),
            correction("a", "mention", "accept", symbol="000750.SZ", value="analyst"),
            correction("a", "mention", "replace", symbol="601328.SH", value="2066.HK source"),
            correction("a", "mention", "add", symbol="000001.SZ", value="product"),
        ),
    )
    roles = done.mentions.set_index("symbol")["role"].to_dict()
    assert roles == {
        "600718.SH": "subject",
        "000750.SZ": "analyst",
        "02066.HK": "source",
        "000001.SZ": "product",
    }
    assert find_events(done.articles, done.mentions).events["symbol"].tolist() == ["600718.SH"]


def test_what_was_accepted_or_put_right_stays_when_nothing_finds_it_any_more() -> None:
    done = apply_corrections(
        articles(),
        mentions(),
        rows(
            correction("a", "mention", "accept", symbol="600718.SH"),
            correction("a", "mention", "replace", symbol="000750.SZ", value="601328.SH"),
        ),
    )
    assert sorted(done.mentions["symbol"]) == ["600718.SH", "601328.SH"]
    assert done.unapplied.empty


def test_a_zone_holds_for_all_articles_of_a_source_but_those_with_their_own() -> None:
    wrong = pd.Timestamp("2021-04-10 02:10", tz=BEIJING)
    both = pd.concat(
        [
            articles(article_id="a", published_at=wrong, source="S"),
            articles(article_id="b", published_at=wrong, source="S"),
            articles(article_id="c", published_at=wrong, source="T"),
            articles(article_id="d", published_at=wrong, source="S", zone_policy="naive_beijing"),
        ],
        ignore_index=True,
    )
    given_rows = rows(
        correction(f"{SOURCE_PREFIX}S", "zone", "set", value="beijing"),
        correction("b", "zone", "set", value="utc"),
        correction(f"{SOURCE_PREFIX}U", "zone", "set", value="utc"),
    )
    done = apply_corrections(both, mentions(), given_rows)
    assert [at.hour for at in done.articles["published_at"]] == [18, 2, 2, 2]
    assert done.unapplied["article_id"].tolist() == [f"{SOURCE_PREFIX}U"]
    with pytest.raises(ValueError, match="only a zone holds"):
        correction(f"{SOURCE_PREFIX}S", "date", "set", value="2022-01-06")


def test_the_date_of_the_event_is_the_texts_unless_a_user_says_otherwise() -> None:
    told = pd.concat(
        [articles(article_id=name, text="2022年1月4日，公司签约。") for name in "abc"],
        ignore_index=True,
    )
    given_rows = rows(
        correction("b", "event_date", "set", value="2022-01-05"),
        correction("c", "event_date", "reject"),
    )
    dates = event_dates(told, given_rows)
    assert [str(day)[:10] for day in dates] == ["2022-01-04", "2022-01-05", "NaT"]
    anchored = find_events(
        told.assign(event_date=dates),
        pd.concat([mentions("600718.SH").assign(article_id=name) for name in "abc"]),
        anchor="event_date",
    ).events
    assert anchored["day0"].dt.strftime("%d").tolist() == ["04", "05", "07"]
    assert anchored["anchor"].tolist() == ["event_date", "event_date", "published"]
    assert anchored["timing"].tolist() == ["date_only", "date_only", "after_close"]
    with pytest.raises(ValueError, match="has a time of day"):
        correction("a", "event_date", "set", value="2022-01-06T10:00")


def test_the_newer_of_two_corrections_counts_when_files_are_joined() -> None:
    later = WHEN + dt.timedelta(days=1)
    known = rows(
        correction("a", "mention", "accept", symbol="600718.SH", created_at=WHEN),
        correction("a", "mention", "accept", symbol="000750.SZ", created_at=later),
    )
    sent = rows(
        correction("a", "mention", "reject", symbol="600718.SH", created_at=later),
        correction("a", "mention", "reject", symbol="000750.SZ", created_at=WHEN),
        correction("b", "date", "accept", created_at=WHEN),
    )
    kept = newer_corrections(sent, known)
    assert kept[["article_id", "symbol"]].to_numpy().tolist() == [["a", "600718.SH"], ["b", ""]]
    assert len(newer_corrections(sent, known.iloc[:0])) == 3


def test_a_correction_is_taken_back(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "ws", create=True)
    made = rows(
        correction("a", "mention", "accept", symbol="600718.SH", created_at=WHEN),
        correction("a", "date", "accept", created_at=WHEN),
        correction("b", "date", "accept", created_at=WHEN),
    )
    workspace.merge_corrections(made)
    left = without_correction(workspace.corrections(), "a", "mention", "600718.SH")
    workspace.merge_corrections(left, replacing=["a"])
    kept = workspace.corrections()
    assert kept[["article_id", "field"]].to_numpy().tolist() == [["a", "date"], ["b", "date"]]


def test_corrections_travel_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    sent = rows(
        correction("a", "mention", "accept", symbol="600718.SH", author="Li", created_at=WHEN),
        correction("a", "date", "set", value="2022-01-10T14:59", note='=HYPERLINK("x")'),
        correction("b", "mention", "replace", symbol="600718.SH", value="02066.HK", note="a,\n'b"),
    )
    export_corrections(sent, path)
    assert "\n=" not in path.read_text(encoding="utf-8").replace(",", "\n")
    got = import_corrections(path)
    assert got["created_at"][0] == WHEN
    columns = [column for column in sent.columns if column != "created_at"]
    assert got[columns].to_numpy().tolist() == sent[columns].to_numpy().tolist()
    workspace = Workspace.open(tmp_path / "ws", create=True)
    assert workspace.merge_corrections(got) == 3
    assert workspace.merge_corrections(import_corrections(path)) == 0


@given(note=st.text(st.characters(blacklist_categories=("Cs",))))
@example(note="'=1+1")
@example(note="''＝1")
@example(note="'a")
@example(note="＋1")
@example(note="a\rb\r\nc")
def test_any_note_comes_back(tmp_path_factory: pytest.TempPathFactory, note: str) -> None:
    path = tmp_path_factory.mktemp("notes") / "c.csv"
    export_corrections(correction("a", "mention", "accept", symbol="600718.SH", note=note), path)
    assert import_corrections(path)["note"].tolist() == [note]


def test_a_file_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    with pytest.raises(FileSchemaError, match=r"c\.csv: cannot be read"):
        import_corrections(path)
    path.write_text("article_id,action\na,accept\n", encoding="utf-8")
    with pytest.raises(FileSchemaError, match="lacks the column 'field'"):
        import_corrections(path)
    path.write_text("article_id,field,action,symbol\na,mention,accept,x\n", encoding="utf-8")
    with pytest.raises(FileSchemaError, match="line 2: 'x' is not a symbol"):
        import_corrections(path)
    path.write_text("article_id,field,action\n", encoding="utf-8")
    assert len(import_corrections(path)) == 0
