from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentionstudy.data import deltastore
from mentionstudy.data.errors import FileSchemaError, WorkspaceError
from mentionstudy.data.tables import TABLES, empty_frame, to_arrow, to_frame
from mentionstudy.data.workspace import Workspace

FETCHED = pd.Timestamp("2026-01-05 09:00", tz="UTC")


def bars(symbol: str, days: int = 5, *, close: float = 10.0, start: str = "2022-01-04"):
    dates = pd.bdate_range(start, periods=days)
    return pd.DataFrame(
        {
            "symbol": symbol,
            "date": dates,
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": [close + i for i in range(days)],
            "volume": 1000.0,
            "amount": 10_000.0,
            "source": "tencent",
            "fetched_at": FETCHED,
        }
    )


def mentions(article_id: str, *symbols: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "article_id": article_id,
            "symbol": list(symbols),
            "kind": "stock",
            "dialect": "eastmoney_widget",
            "occurrences": 1,
            "confidence": 1.0,
            "in_title": False,
        }
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws", create=True)


def test_an_empty_workspace_gives_empty_frames_with_the_columns(workspace: Workspace) -> None:
    reading = {
        "articles": workspace.articles(),
        "mentions": workspace.mentions(),
        "bars": workspace.bars(),
        "factors": workspace.factors(),
        "fetch_log": workspace.fetch_log(),
        "corrections": workspace.corrections(),
        "files": workspace.files(),
    }
    for name, frame in reading.items():
        assert tuple(frame.columns) == TABLES[name].columns
        assert len(frame) == 0
        pd.testing.assert_frame_equal(frame, empty_frame(TABLES[name]))
    assert workspace.bars()["date"].dtype == "datetime64[us]"
    assert str(workspace.articles()["published_at"].dt.tz) == "Asia/Shanghai"
    assert not workspace.is_sample


def test_what_was_written_is_read_in_order_and_with_its_types(workspace: Workspace) -> None:
    later, earlier = bars("600718.SH"), bars("02066.HK")
    workspace.merge_bars(later)
    workspace.merge_bars(earlier)
    found = workspace.bars()
    assert found["symbol"].astype("str").tolist() == ["02066.HK"] * 5 + ["600718.SH"] * 5
    assert found["date"].is_monotonic_increasing or not found["date"].is_unique
    assert found["fetched_at"][0] == FETCHED
    assert found["fetched_at"][0].utcoffset() == pd.Timedelta(hours=8)
    assert found["close"].tolist() == [10.0, 11, 12, 13, 14] * 2
    some = workspace.bars(["600718.SH"], "2022-01-05", "2022-01-06", columns=["date", "close"])
    assert some["date"].dt.day.tolist() == [5, 6]
    assert list(some.columns) == ["date", "close"]
    assert workspace.bars(["600000.SH"]).empty
    found.loc[0, "close"] = 0.0  # a frame of the caller's own
    assert workspace.bars()["close"][0] == 10.0
    assert workspace.bars([]).empty


def test_a_merge_repeated_changes_nothing(workspace: Workspace) -> None:
    assert workspace.merge_bars(bars("600718.SH")) == 5
    before = workspace.versions(), workspace.digest()
    assert workspace.merge_bars(bars("600718.SH").assign(fetched_at=FETCHED.now("UTC"))) == 0
    assert (workspace.versions(), workspace.digest()) == before


@pytest.mark.parametrize("confidence", [1.0, 0.5])
def test_what_another_process_adds_meanwhile_is_not_added_twice(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, confidence: float
) -> None:
    mine = mentions("a", "600718.SH", "02066.HK")
    look = deltastore.values_there
    looks: list[int] = []

    def overtaken(*arguments: Any) -> list[str]:
        there = look(*arguments)
        looks.append(len(looks))
        if len(looks) == 1:  # between looking and writing
            theirs = mentions("a", "600718.SH").assign(confidence=confidence)
            Workspace.open(workspace.path).merge_mentions(theirs)
        return there

    monkeypatch.setattr(deltastore, "values_there", overtaken)
    workspace.merge_mentions(mine)
    assert len(looks) == 3  # mine, theirs, mine again
    found = workspace.mentions()
    assert found["symbol"].tolist() == ["02066.HK", "600718.SH"]
    assert found["confidence"].tolist() == [1.0, 1.0]


def test_a_merge_updates_what_changed_and_keeps_the_rest(workspace: Workspace) -> None:
    workspace.merge_bars(bars("600718.SH"))
    revised = bars("600718.SH", 6)
    revised.loc[2, "close"] = 99.0
    assert workspace.merge_bars(revised) == 2
    assert workspace.bars()["close"].tolist() == [10.0, 11, 99, 13, 14, 15]
    gap = revised.assign(close=revised["close"].where(revised.index != 1))
    assert workspace.merge_bars(gap) == 1
    assert workspace.merge_bars(gap) == 0
    assert workspace.bars()["close"].isna().tolist() == [False, True, False, False, False, False]


def test_of_rows_with_one_key_the_last_one_counts(workspace: Workspace) -> None:
    twice = pd.concat([bars("600718.SH"), bars("600718.SH", close=20.0)])
    assert workspace.merge_bars(twice) == 5
    assert workspace.bars()["close"].tolist() == [20.0, 21, 22, 23, 24]


def test_mentions_of_an_article_can_be_replaced(workspace: Workspace) -> None:
    workspace.merge_mentions(mentions("a", "600718.SH", "02066.HK"))
    workspace.merge_mentions(mentions("b", "600718.SH"))
    changed = workspace.merge_mentions(mentions("a", "600718.SH", "600000.SH"), replacing=["a"])
    assert changed >= 2
    left = workspace.mentions()
    assert left["symbol"].tolist() == ["600000.SH", "600718.SH", "600718.SH"]
    assert left["article_id"].tolist() == ["a", "a", "b"]
    version = workspace.versions()
    assert workspace.merge_mentions(mentions("a", "600718.SH", "600000.SH"), replacing=["a"]) == 0
    assert workspace.versions() == version
    workspace.merge_mentions(empty_frame(TABLES["mentions"]), replacing=["a"])
    assert workspace.mentions()["article_id"].tolist() == ["b"]


def test_factors_of_a_symbol_are_replaced_as_a_whole(workspace: Workspace) -> None:
    days = pd.to_datetime(["2020-01-02", "2021-06-01"])
    rows = pd.DataFrame({"symbol": "600718.SH", "ex_date": days, "factor": [1.0, 1.1]})
    workspace.merge_factors(rows)
    workspace.merge_factors(rows.assign(symbol="000750.SZ"))
    workspace.merge_factors(rows.iloc[1:].assign(factor=1.2, cash=0.5))
    found = workspace.factors()
    assert found["symbol"].tolist() == ["000750.SZ", "000750.SZ", "600718.SH"]
    assert found["factor"].tolist() == [1.0, 1.1, 1.2]


def test_deleting_articles_takes_their_mentions_along(workspace: Workspace) -> None:
    workspace.merge_articles(pd.DataFrame({"article_id": ["a", "b'c"], "title": "t"}))
    workspace.merge_mentions(mentions("b'c", "600718.SH"))
    workspace.delete_articles(["b'c"])
    assert workspace.articles()["article_id"].tolist() == ["a"]
    assert workspace.mentions().empty


def test_times_are_stored_in_utc_and_texts_are_never_missing(workspace: Workspace) -> None:
    stamp = pd.Timestamp("2022-01-06 15:11:41", tz="Asia/Shanghai")
    naive = pd.Timestamp("2022-01-06 15:11:41")
    for column in ([stamp, None], pd.Series([naive, pd.NaT])):
        rows = pd.DataFrame({"article_id": ["a", "b"], "published_at": column, "source": None})
        workspace.merge_articles(rows)
        found = workspace.articles()
        assert found["published_at"].isna().tolist() == [False, True]
        assert found["published_at"][0] == stamp
        assert found["source"].tolist() == ["", ""]
    stored = DeltaTable(f"{workspace.path}/articles").to_pyarrow_table()
    assert str(stored.schema.field("published_at").type) == "timestamp[us, tz=UTC]"


def test_the_log_keeps_every_row(workspace: Workspace) -> None:
    row = pd.DataFrame(
        {"symbol": ["x"], "kind": "bars", "source": "sina", "started_at": FETCHED, "rows": 3}
    )
    workspace.append_fetch_log(row)
    workspace.append_fetch_log(row)
    assert workspace.fetch_log()["rows"].tolist() == [3, 3]
    assert workspace.fetch_log()["first"].isna().all()


def test_earlier_versions_can_be_read_and_not_written(workspace: Workspace) -> None:
    workspace.merge_bars(bars("600718.SH"))
    versions, pinned = workspace.versions(), workspace.pinned()
    digest = workspace.digest()
    workspace.merge_bars(bars("600718.SH", close=50.0))
    workspace.compact()
    again = Workspace.open(workspace.path, as_of={"bars": versions["bars"]})
    for past in (again, pinned):
        assert past.bars()["close"].tolist() == [10.0, 11, 12, 13, 14]
        assert past.versions()["bars"] == versions["bars"]
        with pytest.raises(WorkspaceError, match="read-only"):
            past.merge_bars(bars("600718.SH"))
    assert pinned.digest() == digest != workspace.digest()
    assert workspace.bars()["close"][0] == 50.0
    for wrong in ({"bars": 99}, {"bars": -1}, {"prices": 1}):
        with pytest.raises(WorkspaceError, match=r"version|no table"):
            Workspace.open(workspace.path, as_of=wrong)


def test_compacting_joins_files_and_keeps_the_rows(workspace: Workspace) -> None:
    for number in range(6):
        workspace.merge_bars(bars(f"60000{number}.SH"))
    before = workspace.bars()
    workspace.compact(vacuum_days=0)
    table = DeltaTable(f"{workspace.path}/bars")
    assert len(table.file_uris()) == 1
    assert len(list(Path(workspace.path, "bars").glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(workspace.bars(), before)


def test_many_small_writes_are_joined_without_being_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.deltastore._MANY_FILES", 4)
    for number in range(9):
        workspace.merge_bars(bars(f"60000{number}.SH"))
    assert len(DeltaTable(f"{workspace.path}/bars").file_uris()) <= 4
    assert len(workspace.bars()) == 45


def test_large_files_are_not_counted_when_small_ones_are_joined(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.deltastore._MANY_FILES", 4)
    monkeypatch.setattr("mentionstudy.data.deltastore._FILE_BYTES", 2)
    for number in range(6):
        workspace.merge_bars(bars(f"60000{number}.SH"))
    table = DeltaTable(f"{workspace.path}/bars")
    assert len(table.file_uris()) == 6
    assert all(entry["operation"] != "OPTIMIZE" for entry in table.history())


def test_only_one_process_compacts_at_a_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two compactions of one version would both succeed and double every row.
    monkeypatch.setattr("mentionstudy.data.deltastore._MANY_FILES", 3)
    monkeypatch.setattr("mentionstudy.data.deltastore.PATIENCE_SECONDS", 0.2)
    table = Path(workspace.path, "bars")
    (table.parent / ".locks").mkdir()
    with FileLock(table.parent / ".locks" / "bars.lock"):
        for number in range(5):
            workspace.merge_bars(bars(f"60000{number}.SH"))
        assert len(DeltaTable(table).file_uris()) == 5
        with pytest.raises(WorkspaceError, match="try again"):
            workspace.compact()
    workspace.compact()
    assert len(DeltaTable(table).file_uris()) == 1
    assert len(workspace.bars()) == 25


def test_a_digest_can_look_at_some_tables_only(workspace: Workspace) -> None:
    corpus, everything = workspace.digest("articles", "mentions"), workspace.digest()
    workspace.merge_bars(bars("600718.SH"))
    assert workspace.digest("articles", "mentions") == corpus
    assert workspace.digest("mentions", "articles") == corpus
    assert workspace.digest() != everything


def test_the_sample_is_marked(tmp_path: Path) -> None:
    Workspace.open(tmp_path / "ws", create=True, sample=True)
    assert Workspace.open(tmp_path / "ws").is_sample
    assert "sample" in repr(Workspace.open(tmp_path / "ws", create=True))


def test_unusable_folders_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="there is no workspace at"):
        Workspace.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="is a file"):
        Workspace.open(tmp_path / "file", create=True)
    with pytest.raises(WorkspaceError, match="check the path"):
        Workspace.open(tmp_path / "file" / "below", create=True)
    with pytest.raises(WorkspaceError, match=r"not empty \(it has file\)"):
        Workspace.open(tmp_path, create=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkspaceError, match="is not a workspace"):
        Workspace.open(tmp_path / "empty")


def test_addresses_may_be_urls(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    made = Workspace.open(folder.as_uri(), create=True)
    assert made.merge_bars(bars("600718.SH")) == 5
    assert len(Workspace.open(folder).bars()) == 5
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true"}
    nobody |= {"AWS_REGION": "none", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    nobody |= {"max_retries": "0", "retry_timeout": "1s"}
    with pytest.raises(WorkspaceError, match="check the address and the credentials"):
        Workspace.open("s3://bucket/prefix", storage_options=nobody)


def test_an_unwritable_folder_is_named() -> None:
    # Root may write anywhere, so the opening happens as another user.
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        folder.chmod(0o555)
        code = "import os, sys; from mentionstudy.data.workspace import Workspace\n"
        code += "os.geteuid() or os.setuid(65534)\n"
        code += "Workspace.open(sys.argv[1], create=True)"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(folder / "ws")],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert "WorkspaceError" in done.stderr
    assert "check the path and its permissions" in done.stderr


def test_a_workspace_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Workspace.open(tmp_path / "ws", create=True)
    table = DeltaTable(tmp_path / "ws" / "articles")
    table.alter.set_table_properties({"mentionstudy.format": "9"}, raise_if_not_exists=False)
    with pytest.raises(WorkspaceError, match="newer version of mentionstudy"):
        Workspace.open(tmp_path / "ws")


def test_a_table_from_before_a_column_was_added_can_be_read_and_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = TABLES["mentions"]
    early = layout.schema.remove(layout.schema.get_field_index("surface"))
    early = early.remove(early.get_field_index("occurrences"))
    uri = f"{workspace.path}/mentions"
    DeltaTable.create(uri, schema=early)
    old = to_arrow(layout, mentions("a", "600718.SH")).select(early.names)
    write_deltalake(uri, old, mode="append")
    assert workspace.mentions()["surface"].tolist() == [""]
    assert workspace.mentions()["occurrences"].isna().all()
    assert workspace.merge_mentions(mentions("b", "600718.SH").assign(surface="x")) == 1
    assert workspace.mentions()["surface"].tolist() == ["", "x"]
    assert workspace.mentions()["occurrences"].tolist()[1] == 1


def _damage(kind: str, folder: Path) -> None:
    log = folder / "_delta_log"
    if kind == "log_gone":
        shutil.rmtree(log)
    elif kind == "commit_cut":
        (log / f"{1:020d}.json").write_text('{"add": {', encoding="utf-8")
    elif kind == "commit_gone":
        (log / f"{1:020d}.json").unlink()
    elif kind == "rows_gone":
        next(folder.glob("*.parquet")).unlink()
    else:
        next(folder.glob("*.parquet")).write_bytes(b"not parquet" * 30)


@pytest.mark.parametrize(
    "kind", ["log_gone", "commit_cut", "commit_gone", "rows_gone", "rows_garbage"]
)
def test_a_table_damaged_by_hand_is_named(workspace: Workspace, kind: str) -> None:
    workspace.merge_bars(bars("600718.SH"))
    workspace.merge_bars(bars("600719.SH"))
    workspace.merge_mentions(mentions("a", "600718.SH"))
    _damage(kind, Path(workspace.path, "bars"))
    with pytest.raises(WorkspaceError, match=r"bars: the table.*(restore it from a copy)"):
        workspace.bars()
    assert len(workspace.mentions()) == 1


def test_wrong_rows_are_named(workspace: Workspace) -> None:
    with pytest.raises(FileSchemaError, match="lack the column 'date'"):
        workspace.merge_bars(bars("600718.SH").drop(columns="date"))
    with pytest.raises(FileSchemaError, match=r"'close'.*no numbers"):
        workspace.merge_bars(bars("600718.SH").assign(close="cheap"))
    with pytest.raises(FileSchemaError, match="have no date"):
        workspace.merge_bars(bars("600718.SH").assign(date=pd.NaT))
    with pytest.raises(FileSchemaError, match=r"5 of 5 rows.*have no symbol"):
        workspace.merge_bars(bars("600718.SH").assign(symbol=["", None, "", "", ""], date=FETCHED))
    with pytest.raises(WorkspaceError, match="no column 'price'"):
        workspace.bars(columns=["price"])
    assert workspace.bars().empty


def test_two_writers_and_a_reader_at_once(workspace: Workspace) -> None:
    workspace.merge_bars(bars("600000.SH"))
    errors: list[Exception] = []
    done = threading.Event()

    def write(own: str) -> None:
        try:
            mine = Workspace.open(workspace.path)
            for number in range(8):
                mine.merge_bars(bars(f"60010{number}.SH"))
                mine.merge_bars(bars(f"{own}{number}.SH"))
        except Exception as error:
            errors.append(error)

    def read() -> None:
        try:
            while not done.is_set():
                assert len(Workspace.open(workspace.path).bars()) % 5 == 0
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(own,)) for own in ("60020", "60030")]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert errors == []
    found = workspace.bars()
    assert len(found) == 5 * (1 + 3 * 8)
    assert not found.duplicated(["symbol", "date"]).any()


KILLED = """
import os, random, signal, sys, time
import pandas as pd
from mentionstudy.data.workspace import Workspace

def writing(path, turn):
    workspace = Workspace.open(path, create=True)
    for number in range(40):
        days = pd.bdate_range("2022-01-04", periods=50)
        rows = pd.DataFrame({"symbol": f"{number:06d}.SZ", "date": days, "close": float(turn)})
        workspace.merge_bars(rows)
        workspace.append_fetch_log(rows[["symbol"]].head(1))
        if number % 10 == 9:
            workspace.compact()

path, kills = sys.argv[1], int(sys.argv[2])
chance = random.Random(7)
for turn in range(kills):
    child = os.fork()  # before this process has used the tables, so that no thread is lost
    if not child:
        writing(path, turn)
        os._exit(0)
    time.sleep(chance.uniform(0.02, 0.6))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_killed_at_any_moment_the_tables_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "ws"
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(path), "8"]
    subprocess.run(command, check=True, timeout=60)
    workspace = Workspace.open(path, create=True)
    found = workspace.bars()
    assert not found.duplicated(["symbol", "date"]).any()
    # A commit is whole or absent: every symbol has all its days, all of one turn.
    by_symbol = found.groupby("symbol", observed=True)["close"]
    assert (by_symbol.size() == 50).all()
    assert (by_symbol.nunique() == 1).all()
    for number in range(3):
        workspace.merge_bars(bars(f"{number:06d}.SZ", 50, close=1.0))
    assert len(workspace.bars(["000000.SZ"])) == 50


rows_strategy = st.lists(
    st.tuples(
        st.sampled_from(["600718.SH", "000750.SZ", "02066.HK", "o'x.SH"]),
        st.dates(pd.Timestamp("2022-01-01").date(), pd.Timestamp("2022-01-06").date()),
        st.one_of(st.none(), st.floats(0.01, 1e6)),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(rows_strategy, min_size=1, max_size=4))
def test_merging_is_a_dictionary_update(tmp_path: Path, batches) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        workspace = Workspace.open(folder, create=True)
        expected: dict[tuple[str, object], float | None] = {}
        for batch in batches:
            frame = pd.DataFrame(batch, columns=["symbol", "date", "close"])
            workspace.merge_bars(frame)
            expected.update({(symbol, day): close for symbol, day, close in batch})
        found = {
            (row.symbol, row.date.date()): None if pd.isna(row.close) else row.close
            for row in workspace.bars().itertuples()
        }
    assert found == expected


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_any_text_survives_the_way_through_arrow(texts: list[str]) -> None:
    layout = TABLES["articles"]
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    frame = pd.DataFrame({"article_id": [f"{i}" for i in range(len(clean))], "title": clean})
    assert to_frame(layout, to_arrow(layout, frame))["title"].tolist() == clean
