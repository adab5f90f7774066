from __future__ import annotations

import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import distributed
import fsspec
import pandas as pd
import pytest

from mentionstudy.data.articles import FeedTable
from mentionstudy.data.errors import WorkspaceError
from mentionstudy.data.events import article_status, find_events
from mentionstudy.data.ingest import ingest
from mentionstudy.data.workspace import Workspace

POST = """---
title: {title}
date: {date}
---
<p>On this day <span class="em_stock_key_common" data-code="{code}">the firm</span> spoke.</p>
"""


def post(folder: Path, name: str, code: str = "1,600718", **facts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    values = {"title": "A title", "date": "2022-01-06 15:11:41 +0800"} | facts
    path.write_text(POST.format(code=code, **values), encoding="utf-8")
    # Tests change files faster than some file systems' clocks tick.
    post.clock += 1_000_000_000  # type: ignore[attr-defined]
    os.utime(path, ns=(post.clock, post.clock))  # type: ignore[attr-defined]
    return path


post.clock = 1_600_000_000_000_000_000  # type: ignore[attr-defined]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws", create=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    post(folder, "a.md")
    post(folder / "deeper", "b.md", "0,000750")
    post(folder, "c.md", "1,000300", title="An index")
    return folder


def test_articles_and_mentions_arrive(workspace: Workspace, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = ingest(workspace, [folder], lambda done, total, note: seen.append((done, total)))
    assert (report.read, report.unchanged, report.articles, report.mentions) == (3, 0, 3, 3)
    assert report.mentions_by_dialect == {"eastmoney_keytip": 3}
    assert report.failed == report.vanished == []
    assert seen == [(3, 3)]
    events = find_events(workspace.articles(), workspace.mentions())
    assert events.events["event_id"].tolist() == ["000750.SZ@2022-01-07", "600718.SH@2022-01-07"]
    assert events.excluded["code"].tolist() == ["kind_index"]


def test_a_second_run_reads_nothing_and_writes_nothing(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(workspace, [folder])
    before = workspace.digest()
    monkeypatch.setattr("mentionstudy.data.articles.reading._open_place", pytest.fail)
    report = ingest(workspace, [folder, folder / "a.md"])
    assert (report.read, report.unchanged) == (0, 3)
    assert workspace.digest() == before


def test_a_file_that_was_only_touched_is_not_read_again(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(workspace, [folder])
    before = workspace.digest("articles", "mentions")
    post(folder, "a.md")
    monkeypatch.setattr("mentionstudy.data.articles.reading._open_place", pytest.fail)
    for _ in range(2):
        report = ingest(workspace, [folder])
        assert (report.read, report.unchanged) == (0, 3)
    assert workspace.digest("articles", "mentions") == before


def test_another_table_of_feeds_reads_again(workspace: Workspace, tmp_path: Path) -> None:
    folder, table = tmp_path / "posts", tmp_path / "feeds.toml"
    post(folder, "a.md", date="Fri, 09 Apr 2021 18:10:00 GMT\nauthor: 某网")
    assert ingest(workspace, [folder]).read == 1
    assert f"{workspace.articles()['published_at'][0]:%d %H:%M}" == "10 02:10"
    table.write_text(
        '[[feed]]\nmatch = { source = "某网" }\npolicy = "beijing_labelled_gmt"\n', encoding="utf-8"
    )
    feeds = FeedTable.load(table)
    assert ingest(workspace, [folder], feeds=feeds).read == 1
    assert f"{workspace.articles()['published_at'][0]:%d %H:%M}" == "09 18:10"
    assert ingest(workspace, [folder], feeds=feeds).unchanged == 1


def test_files_at_an_address(workspace: Workspace, folder: Path) -> None:
    store = fsspec.filesystem("memory")
    store.put(f"{folder}/", "/corpus/", recursive=True)
    store.pipe("/corpus/.hidden/x.md", b"x")
    report = ingest(workspace, ["memory://corpus", "memory://nowhere", "teleport://x"])
    assert (report.read, report.articles, report.mentions) == (3, 3, 3)
    assert [failure.code for failure in report.failed] == ["missing", "unreadable"]
    assert workspace.articles()["path"].tolist() == [
        "memory:///corpus/a.md",
        "memory:///corpus/c.md",
        "memory:///corpus/deeper/b.md",
    ]
    again = ingest(workspace, ["memory://corpus/"])
    assert (again.read, again.unchanged) == (0, 3)
    store.rm("/corpus/a.md")
    assert ingest(workspace, ["memory://corpus"]).vanished == ["memory:///corpus/a.md"]


def test_a_cluster_gives_the_same_tables(
    workspace: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_step.BATCH_FILES", 1)
    other = Workspace.open(tmp_path / "other", create=True)
    alone = ingest(workspace, [folder])
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        assert ingest(other, [folder], scheduler=cluster.scheduler_address) == alone
    for name in ("articles", "mentions", "files"):
        pd.testing.assert_frame_equal(getattr(workspace, name)(), getattr(other, name)())


def test_a_scheduler_that_does_not_answer_is_named(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_pool._CONNECT_SECONDS", 0.2)
    with pytest.raises(WorkspaceError, match="no Dask scheduler with a worker answers at 'tcp://1"):
        ingest(workspace, [folder], scheduler="tcp://127.0.0.1:9")


def test_a_reading_process_that_dies_is_told_and_the_next_run_goes_on(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead:
        def submit(self, *_: object) -> Future[None]:
            future: Future[None] = Future()
            future.set_exception(BrokenProcessPool("killed"))
            return future

        def shutdown(self, **_: object) -> None:
            pass

    with monkeypatch.context() as patched:
        patched.setattr(
            "mentionstudy.data.corpus_pool.ProcessPoolExecutor", lambda *_, **__: Dead()
        )
        with pytest.raises(WorkspaceError, match="a process that read articles died"):
            ingest(workspace, [folder], workers=2)
    assert ingest(workspace, [folder]).read == 3


def test_reading_all_again_changes_nothing(workspace: Workspace, folder: Path) -> None:
    ingest(workspace, [folder])
    before = workspace.digest()
    report = ingest(workspace, [folder], reread=True)
    assert (report.read, report.unchanged, report.articles) == (3, 0, 3)
    assert workspace.digest() == before


def test_a_new_program_reads_again(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(workspace, [folder])
    monkeypatch.setattr("mentionstudy.data.corpus_step.metadata.version", lambda name: "9.9")
    assert ingest(workspace, [folder]).read == 3


def test_a_changed_file_replaces_its_article(workspace: Workspace, folder: Path) -> None:
    ingest(workspace, [folder])
    post(folder, "a.md", "1,600000")
    report = ingest(workspace, [folder])
    assert (report.read, report.unchanged, report.replaced) == (1, 2, 1)
    assert len(workspace.articles()) == 3
    assert sorted(workspace.mentions()["symbol"]) == ["000300.SH", "000750.SZ", "600000.SH"]


def test_the_same_text_twice_is_one_article(workspace: Workspace, folder: Path) -> None:
    post(folder, "z.md")
    ingest(workspace, [folder])
    assert len(workspace.articles()) == 3
    paths = workspace.articles()["path"].tolist()
    assert str(folder / "a.md") in paths
    assert str(folder / "z.md") not in paths
    # As long as one file has it, it stays.
    post(folder, "a.md", "1,600000")
    assert ingest(workspace, [folder]).replaced == 0
    assert sorted(workspace.mentions()["symbol"]) == [
        "000300.SH",
        "000750.SZ",
        "600000.SH",
        "600718.SH",
    ]


def test_a_file_that_vanished_is_reported_and_its_article_stays(
    workspace: Workspace, folder: Path
) -> None:
    ingest(workspace, [folder])
    (folder / "a.md").unlink()
    report = ingest(workspace, [folder])
    assert report.vanished == [str(folder / "a.md")]
    assert len(workspace.articles()) == 3
    assert ingest(workspace, [folder / "deeper"]).vanished == []


def test_bad_files_are_listed_every_time_and_stop_nothing(
    workspace: Workspace, folder: Path, tmp_path: Path
) -> None:
    (folder / "empty.md").write_text("", encoding="utf-8")
    (folder / "image.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    bare = tmp_path / "bare"
    bare.mkdir()
    first = ingest(workspace, [folder, bare, tmp_path / "none.md"])
    codes = {Path(failure.path).name: failure.code for failure in first.failed}
    assert codes == {
        "empty.md": "empty",
        "image.md": "binary",
        "bare": "no_articles",
        "none.md": "missing",
    }
    assert first.articles == 3
    again = ingest(workspace, [folder, bare, tmp_path / "none.md"])
    assert again.failed == first.failed
    assert again.read == 0


def test_a_folder_of_bad_files_alone_has_its_reasons(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"")
    report = ingest(workspace, [tmp_path / "a.md"])
    assert [failure.code for failure in report.failed] == ["empty"]
    assert ingest(workspace, [tmp_path / "a.md"]).unchanged == 1


def test_an_article_without_a_mention_or_date_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("A page of some length that names nobody.\n" * 5)
    ingest(workspace, [tmp_path / "plain.txt"])
    articles, mentions = workspace.articles(), workspace.mentions()
    status = article_status(articles, mentions, find_events(articles, mentions))
    assert status["status"].tolist() == ["no_mention"]


def test_a_run_that_was_stopped_goes_on(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_step.BATCH_FILES", 1)

    def stop(done: int, total: int, note: str) -> None:  # as Ctrl-C does
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(workspace, [folder], stop)
    assert len(workspace.articles()) == 2
    report = ingest(workspace, [folder])
    assert (report.read, report.unchanged) == (1, 2)
    assert len(workspace.articles()) == len(workspace.mentions()) == 3


def test_stopped_between_two_tables_it_is_made_whole_by_the_next_run(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Workspace, rows: pd.DataFrame, *, replacing: object = ()) -> int:
        raise WorkspaceError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "merge_mentions", fail)
        with pytest.raises(WorkspaceError):
            ingest(workspace, [folder])
    assert len(workspace.articles()) == 3
    assert workspace.mentions().empty
    assert ingest(workspace, [folder]).read == 3
    assert len(workspace.mentions()) == 3


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_files_are_compared_part_by_part(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("mentionstudy.data.stocktaking._PART_FILES", size)
    names = ["a-b/x.md", "a/x.md", "a/y.md", "a0.md", "z.md"]  # as paths sort, not as a walk
    for number, name in enumerate(names):
        post((folder / name).parent, Path(name).name, f"1,60000{number}")
    post(folder.parent, "posts.md", "1,600036")
    given = [folder / "a", folder, folder / "a" / "y.md", folder.parent / "posts.md", folder]
    assert ingest(workspace, given).read == 9
    before = workspace.digest()
    again = ingest(workspace, given)
    assert (again.read, again.unchanged, again.vanished) == (0, 9, [])
    assert workspace.digest() == before
    (folder / "a-b" / "x.md").unlink()
    (folder / "z.md").unlink()
    post(folder / "a", "y.md", "1,600519")
    last = ingest(workspace, given)
    assert (last.read, last.unchanged, last.replaced) == (1, 6, 1)
    assert last.vanished == [str(folder / "a-b" / "x.md"), str(folder / "z.md")]
    assert ingest(workspace, [folder / "a", folder.parent / "posts.md"]).vanished == []


def test_files_that_exchange_their_texts_keep_both_articles(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_step.BATCH_FILES", 1)
    monkeypatch.setattr("mentionstudy.data.ingest._COMMIT_FILES", 1)
    ingest(workspace, [folder])
    post(folder, "a.md", "1,000300", title="An index")
    post(folder, "c.md")
    assert ingest(workspace, [folder]).read == 2
    articles = workspace.articles(columns=["path", "title"])
    assert dict(zip(articles["title"], articles["path"], strict=True))["An index"] == str(
        folder / "a.md"
    )
    assert len(articles) == len(workspace.mentions()) == 3


def test_an_article_stays_with_its_file_until_that_is_read_again(
    workspace: Workspace, folder: Path
) -> None:
    ingest(workspace, [folder])
    before = workspace.digest("articles", "mentions")
    post(folder, "0.md")  # sorts before a.md, which has the same text
    assert ingest(workspace, [folder]).articles == 0
    assert workspace.digest("articles", "mentions") == before
    assert ingest(workspace, [folder], reread=True).articles == 3
    paths = workspace.articles()["path"].tolist()
    assert paths == [str(folder / name) for name in ("0.md", "c.md", "deeper/b.md")]


def test_odd_names_of_files(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    post(folder, "no#1.md")
    (folder / os.fsdecode(b"\xff.md")).write_text("x")
    report = ingest(workspace, [folder])
    assert [failure.reason for failure in report.failed] == [
        "its name is no UTF-8 text; rename the file"
    ]
    assert workspace.articles()["path"].tolist() == [str(folder / "no#1.md")]
    assert ingest(workspace, [folder], reread=True).articles == 1


def test_large_runs_are_stored_bit_by_bit(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_step.BATCH_FILES", 1)
    monkeypatch.setattr("mentionstudy.data.ingest._COMMIT_FILES", 2)
    stored: list[int] = []
    ingest(workspace, [folder], lambda *_: stored.append(len(workspace.articles())))
    assert stored == [0, 2, 2]
    assert len(workspace.articles()) == 3


def test_several_processes_give_the_same_tables(
    workspace: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionstudy.data.corpus_step.BATCH_FILES", 2)
    other = Workspace.open(tmp_path / "other", create=True)
    assert ingest(workspace, [folder]) == ingest(other, [folder], workers=2)
    for name in ("articles", "mentions", "files"):
        pd.testing.assert_frame_equal(getattr(workspace, name)(), getattr(other, name)())
