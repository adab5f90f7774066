from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.data.articles import (
    Article,
    Failure,
    ReadOptions,
    read_article,
    read_articles,
)
from mentionstudy.data.articles.document import Engine
from mentionstudy.data.articles.places import Place, read_bytes
from mentionstudy.data.errors import UnreadableArticle
from mentionstudy.data.mentions import mentions_of


def outcome(data: bytes, options: ReadOptions | None = None) -> Article | UnreadableArticle:
    """Read bytes; anything but an article or a foreseen reason fails the test."""
    try:
        return read_article(data, options)
    except UnreadableArticle as error:
        if error.code == "internal":
            raise
        return error


GOOD = "---\ntitle: 好的\ndate: 2022-01-06 15:11:41 +0800\n---\n<p>正文</p>"


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        (
            "photo.jpg",
            b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20,
            "binary",
            "binary file",
        ),
        ("page.md", os.urandom(4096), "binary", "binary file"),
        ("paper.txt", b"%PDF-1.7\n" + b"x" * 100, "binary", "binary file"),
        ("empty.md", b"", "empty", "empty"),
        ("blank.md", b" \r\n\n", "empty", "empty"),
        (
            "open.md",
            b"\n---\ntitle: x\ndate: 2022-01-01\n\nbody",
            "front_matter",
            "line 2 is never closed",
        ),
        ("keys.md", b"---\nkey:\x20\n---\n", None, ""),
        ("no.json", b"{not json}", "json", "neither JSON nor JSON lines"),
        ("number.json", b"42", "json", "holds no objects"),
        ("table.csv", b"a,b\n1,2", "no_text", "no column of texts"),
        (
            "mixed.md",
            "中文".encode("gb18030") + "中文".encode() * 40 + b"\xff\xfe\x81",
            "encoding",
            "UTF-8",
        ),
    ],
)
def test_each_bad_file_has_one_reason_and_the_rest_goes_on(
    tmp_path: Path, name: str, content: bytes, code: str | None, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.md").write_text(GOOD, encoding="utf-8")
    result = read_articles(tmp_path)
    assert "好的" in [article.title for article in result.articles]
    if code is None:
        assert result.failures == []
        return
    (failure,) = result.failures
    assert (failure.path, failure.code) == (str(tmp_path / name), code)
    assert says in failure.reason
    with pytest.raises(UnreadableArticle, match=name) as caught:
        read_article(tmp_path / name)
    assert caught.value.code == code


@pytest.mark.parametrize(("name", "size"), [("huge.html", 50), ("post.md", 100)])
def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path, name: str, size: int) -> None:
    page = tmp_path / name
    with page.open("wb") as file:
        file.truncate(size * 1024 * 1024)
    (tmp_path / "good.md").write_text(GOOD, encoding="utf-8")
    result = read_articles(tmp_path)
    assert [article.title for article in result.articles] == ["好的"]
    (failure,) = result.failures
    assert failure.code == "too_large"
    assert f"{size}.0 MiB, more than the limit of 20 MiB" in failure.reason
    if size > 60:
        return
    allowed = ReadOptions(max_bytes=60 * 1024 * 1024)
    assert read_articles(page, options=allowed).failures[0].code == "binary"


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "utf-16", "utf-8-sig"])
def test_other_charsets_are_read(tmp_path: Path, encoding: str) -> None:
    text = (
        "---\ntitle: 東方電子公司的公告\ndate: 2022-01-06\n---\n"
        + "公司今日宣布與銀行合作，將在三年內完成全部建設。\n" * 3
    )
    file = tmp_path / "post.md"
    file.write_bytes(text.encode(encoding))
    article = read_article(file)
    assert article.title == "東方電子公司的公告"
    assert article.text.startswith("公司今日宣布與銀行合作")


def test_a_charset_that_is_declared_wrongly_is_noted() -> None:
    page = '<html><head><meta charset="gb2312"></head><body><p>东软集团公告</p></body></html>'
    article = read_article(page.encode("utf-8"))
    assert "东软集团公告" in article.text
    assert article.notes[0] == "declares the charset gb2312 but is utf-8"
    mainland = page.encode("gb18030")
    assert not any("charset" in note for note in read_article(mainland).notes)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / ".hidden").write_text("x", encoding="utf-8")
    missing = tmp_path / "missing.md"
    fifo = tmp_path / "fifo.md"
    os.mkfifo(fifo)
    result = read_articles(missing, empty, fifo)
    assert result.articles == []
    assert [(f.path, f.code) for f in result.failures] == [
        (str(missing), "missing"),
        (str(empty), "no_articles"),
        (str(fifo), "unreadable"),
    ]
    assert "it is empty" in result.failures[1].reason
    with pytest.raises(UnreadableArticle, match="give a file"):
        read_article(empty)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")

    def refuse(place: Place, limit: int) -> bytes:  # the superuser of a container may read all
        if place.path.endswith("a.md"):
            raise PermissionError(13, "Permission denied")
        return read_bytes(place, limit)

    monkeypatch.setattr("mentionstudy.data.articles.reading.read_bytes", refuse)
    result = read_articles(tmp_path)
    assert [Path(article.path).name for article in result.articles] == ["b.md"]
    (failure,) = result.failures
    assert failure.code == "unreadable"
    assert failure.reason == "this file cannot be read: Permission denied"


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text(GOOD, encoding="utf-8")
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/real.md").write_text(GOOD, encoding="utf-8")
    (folder / "out.md").symlink_to(secret)
    (folder / "in.md").symlink_to(folder / "sub/real.md")
    (folder / "loop").symlink_to(folder)
    result = read_articles(folder)
    assert sorted(Path(a.path).name for a in result.articles) == ["in.md", "real.md"]
    assert [(Path(f.path).name, f.code) for f in result.failures] == [("out.md", "link")]


def test_a_script_in_a_title_stays_text() -> None:
    article = read_article(b"---\ntitle: '<script>alert(1)</script>'\ndate: 2022-01-01\n---\nx")
    assert article.title == "<script>alert(1)</script>"


def test_entities_that_a_page_declares_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim", encoding="utf-8")
    declared = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    page = (
        f"<!DOCTYPE html [<!ENTITY a0 'x'>{declared}<!ENTITY file SYSTEM 'file://{secret}'>]>"
        "<html><body><p>公司今日公告&a11;&file;，称项目已经完成，并将在明年投产。</p></body></html>"
    )
    for data in (page, f"---\ntitle: t\n---\n{page}", f"<?xml version='1.0'?>{page}"):
        result = outcome(data.encode())
        if isinstance(result, Article):
            assert "geheim" not in result.text
            assert len(result.text) < 2000


def test_yaml_that_grows_when_expanded_is_harmless() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    article = read_article(f"---\ntitle: t\n{bomb}tags: *a11\n---\nx".encode())
    assert article.title == "t"
    assert article.tags == ()


@pytest.mark.parametrize(
    "content",
    [
        "<div>" * 20_000 + "x",
        "<a href='" * 5_000,
        "---\ntitle: x\n---\n" + "[" * 50_000,
        "---\ntitle: x\n---\n" + "![a](" * 20_000,
        "（来源：" * 20_000,
        "2022年1月" * 20_000,
        '{"content": ' + "[" * 100_000,
        "<html><body>" + "<p>段落。</p>" * 20_000,
        "<html><head><title>" + "公司-新闻_" * 20_000,
    ],
    ids=["deep", "quotes", "brackets", "images", "credits", "dates", "json", "long", "title"],
)
def test_hostile_repetition_neither_hangs_nor_crashes(content: str) -> None:
    result = outcome(content.encode())
    if isinstance(result, Article):
        mentions_of(result)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_an_article_or_a_reason(data: bytes) -> None:
    result = outcome(data)
    if isinstance(result, Article):
        mentions_of(result)


_HEADS = [
    "",
    "---\n",
    "---\ntitle: ",
    "---\ndate: ",
    "\n---\na: b\n---\n",
    "<html><title>",
    '{"content": "',
    "[{",
    "%",
    "a,content\n",
    "<rss><item><title>",
]


@given(
    head=st.sampled_from(_HEADS),
    tail=st.text(max_size=120),
    engine=st.sampled_from(["soup", "lxml"]),
)
def test_any_text_behind_any_opening_is_an_article_or_a_reason(
    head: str, tail: str, engine: Engine
) -> None:
    data = (head + tail).encode("utf-8", "surrogatepass")
    article = outcome(data, ReadOptions(engine=engine))
    if not isinstance(article, Article):
        return
    for mention in mentions_of(article):
        for position in mention.positions:
            assert position == -1 or article.text[position:].startswith(mention.surface)


def test_failures_are_plain_tuples() -> None:
    assert Failure("p", "empty", "r")._asdict() == {"path": "p", "code": "empty", "reason": "r"}
