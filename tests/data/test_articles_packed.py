"""Articles inside of other files: archives, messages, saved pages."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from mentionstudy.data.articles import ReadOptions, read_article, read_articles
from mentionstudy.data.errors import UnreadableArticle
from mentionstudy.data.mentions import mentions_of

POST = "---\ntitle: {}\ndate: 2022-01-06 15:11:41 +0800\n---\n<p>正文</p>"


def make_zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def make_tar(path: Path, files: dict[str, str]) -> Path:
    mode = {".gz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("link.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


FILES = {
    "a.md": POST.format("甲"),
    "sub/b.md": POST.format("乙"),
    "sub/.hidden.md": POST.format("隐"),
    "../out.md": POST.format("外"),
    "/abs.md": POST.format("外"),
    "in.zip": "x",
    "c.md": "",
}


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.xz", "x.tgz"])
def test_archives_are_read_member_by_member(tmp_path: Path, name: str) -> None:
    make = make_zip if name.endswith(".zip") else make_tar
    path = make(tmp_path / name, FILES)
    result = read_articles(path)
    assert [(a.title, a.path) for a in result.articles] == [
        ("甲", f"{path}!a.md"),
        ("乙", f"{path}!sub/b.md"),
    ]
    codes = [failure.code for failure in result.failures]
    assert (
        codes
        == ["archive_path", "archive_path", "archive", "empty", "link"][: 5 - (make is make_zip)]
    )
    assert [p.name for p in tmp_path.iterdir()] == [name]  # nothing is written
    # an article has one id, packed or not
    plain = tmp_path / "a.md"
    plain.write_text(POST.format("甲"), encoding="utf-8")
    assert read_article(plain).article_id == result.articles[0].article_id


def test_bombs_and_large_members_are_refused(tmp_path: Path) -> None:
    bomb = make_zip(tmp_path / "bomb.zip", {"a.md": "0" * 10_000_000, "b.md": POST.format("好")})
    result = read_articles(bomb)
    assert [article.title for article in result.articles] == ["好"]
    assert [failure.code for failure in result.failures] == ["archive_bomb"]
    large = make_tar(tmp_path / "large.tar.gz", {"a.md": "0" * 10_000_000})
    small = ReadOptions(max_bytes=1_000_000)
    assert [item.code for item in read_articles(large, options=small).failures] == [
        "too_large",
        "link",
    ]


def test_broken_archives_keep_what_could_be_read(tmp_path: Path) -> None:
    whole = make_tar(tmp_path / "x.tar", {f"{n}.md": POST.format(n) for n in range(50)})
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole.read_bytes()[:20_000])
    result = read_articles(cut)
    assert 5 < len(result.articles) < 50
    assert result.failures[-1].code == "archive"
    not_one = tmp_path / "no.zip"
    not_one.write_bytes(b"PK\x03\x04 no")
    assert [failure.code for failure in read_articles(not_one).failures] == ["archive"]


@given(data=st.binary(max_size=200))
def test_any_bytes_called_archive_end_in_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("x.zip", "x.tar.gz", "x.warc", "x.warc.gz"):
        (folder / name).write_bytes(data)
        result = read_articles(folder / name)
        assert result.articles == []
        assert {failure.code for failure in result.failures} <= {"archive", "empty"}


PAGE = (
    "<html><head><title>某公司公告</title></head><body><p>2022-01-06 15:11 某公司(600718.SH)今日"
    "发布公告，称已签订合同，金额约一亿元，预计明年完成。</p></body></html>"
)


def make_warc(path: Path, answers: list[tuple[str, str, str, bytes]]) -> Path:
    """Write a crawl of answers: address, status, content type, body."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.suffix == ".gz")
        writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "a crawler"}))
        for address, status, kind, body in answers:
            headers = [("Content-Type", kind), ("Content-Encoding", "gzip")]
            http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
            packed = io.BytesIO(gzip.compress(body))
            writer.write_record(
                writer.create_warc_record(address, "response", payload=packed, http_headers=http)
            )
    return path


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz"])
def test_the_pages_of_a_crawl_are_articles(tmp_path: Path, name: str) -> None:
    site = "http://news.example.com/"
    crawl = make_warc(
        tmp_path / name,
        [
            (f"{site}a.html", "200 OK", "text/html; charset=utf-8", PAGE.encode()),
            (f"{site}b.html", "200 OK", "text/html", PAGE.replace("某", "甲").encode("gb18030")),
            (f"{site}gone.html", "404 Not Found", "text/html", PAGE.encode()),
            (f"{site}x.png", "200 OK", "image/png", bytes(range(256))),
            (f"{site}empty.html", "200 OK", "text/html", b""),
        ],
    )
    result = read_articles(crawl)
    assert [(a.title, a.url, a.path) for a in result.articles] == [
        ("某公司公告", f"{site}a.html", f"{crawl}!{site}a.html"),
        ("甲公司公告", f"{site}b.html", f"{crawl}!{site}b.html"),
    ]
    assert [failure[:2] for failure in result.failures] == [(f"{crawl}!{site}empty.html", "empty")]
    assert {m.symbol for a in result.articles for m in mentions_of(a)} == {"600718.SH"}
    assert [p.name for p in tmp_path.iterdir()] == [name]  # nothing is written


def test_a_crawl_has_the_guards_of_an_archive(tmp_path: Path) -> None:
    bomb = ("http://x.example/b", "200 OK", "text/html", b"0" * 3_000_000)
    good = ("http://x.example/g", "200 OK", "text/html", PAGE.encode())
    crawl = make_warc(tmp_path / "x.warc.gz", [bomb, good])
    small = ReadOptions(max_bytes=1_000_000)
    result = read_articles(crawl, options=small)
    assert [article.title for article in result.articles] == ["某公司公告"]
    assert [failure.code for failure in result.failures] == ["too_large"]
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(make_warc(tmp_path / "y.warc.gz", [good] * 20).read_bytes()[:-200])
    result = read_articles(cut)
    assert len(result.articles) >= 15
    assert result.failures[-1][1:] == ("archive", "this crawl ends amid this page")
    none = make_warc(tmp_path / "z.warc", [])
    assert "none of the 1 records of this crawl is a page" in read_articles(none).failures[0].reason


def test_tables_are_streamed_past_the_limit_of_one_file(tmp_path: Path) -> None:
    rows = [
        {"标题": f"第{n}条", "正文": f"万泰生物(603392)公告，{n}", "时间": "2022-01-06"}
        for n in range(300)
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    table = "标题,正文,时间\r\n" + "".join(
        f'{row["标题"]},"{row["正文"]}\r\n第二段",{row["时间"]}\r\n' for row in rows
    )
    (tmp_path / "a.jsonl").write_text(lines, encoding="gb18030")
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(lines)
    (tmp_path / "c.csv").write_bytes(b"\xef\xbb\xbf" + table.encode())
    (tmp_path / "d.tsv").write_text("title\tcontent\n甲\t乙\n", encoding="utf-8")
    pd.DataFrame(rows).assign(时间=pd.Timestamp("2022-01-06 15:11:41")).to_parquet(
        tmp_path / "e.parquet"
    )
    options = ReadOptions(engine="lxml", max_bytes=5_000)  # smaller than each file but the third
    result = read_articles(tmp_path, options=options)
    assert result.failures == []
    titles = [article.title for article in result.articles]
    assert titles == [row["标题"] for row in rows] * 3 + ["甲"] + [row["标题"] for row in rows]
    ids = [article.article_id for article in result.articles]
    assert ids[:300] == ids[300:600]  # the same rows, wherever they stand
    assert result.articles[600].text == "万泰生物(603392)公告，0\n第二段"
    last = result.articles[-1]
    assert last.published_at is not None
    assert last.published_at.isoformat() == "2022-01-06T15:11:41+08:00"


def test_bad_tables_have_reasons(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"content": "好"}\n{"content": "' + "长" * 9_000 + '"}\n{"content": "尾"}',
        encoding="utf-8",
    )
    (tmp_path / "b.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "c.parquet").write_bytes(b"no parquet")
    (tmp_path / "d.csv").write_bytes(b"")
    (tmp_path / "e.csv").write_bytes(bytes(range(256)) * 8)
    result = read_articles(tmp_path, options=ReadOptions(engine="lxml", max_bytes=5_000))
    assert [article.text for article in result.articles] == ["好", "尾"]
    assert [(Path(f.path).name, f.code) for f in result.failures] == [
        ("a.jsonl#2", "too_large"),
        ("b.csv.gz", "archive"),
        ("c.parquet", "parquet"),
        ("d.csv", "empty"),
        ("e.csv", "binary"),
    ]


def newsletter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "早报：公司公告"
    message["From"] = '"某某财经" <news@example.org>'
    message["Date"] = "Thu, 06 Jan 2022 15:11:41 +0800"
    message.set_content("纯文本")
    message.add_alternative(
        '<p>公司<a href="https://gu.qq.com/sh603890">某某</a>公告</p>',
        subtype="html",
        charset="gb18030",
    )
    return message


def test_a_newsletter(tmp_path: Path) -> None:
    file = tmp_path / "x.eml"
    file.write_bytes(bytes(newsletter()))
    article = read_article(file)
    assert (article.title, article.source, article.text) == (
        "早报：公司公告",
        "某某财经",
        "公司某某公告",
    )
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2022-01-06T15:11:41+08:00"
    assert article.published_from == "mail:date"


def test_a_saved_page_has_the_time_of_the_page_not_of_the_saving(tmp_path: Path) -> None:
    html = (
        "<html><head><title>公司与银行签约合作_某网</title></head><body><h1>公司与银行签约合作</h1>"
        "<p>2019-09-26 12:11 来源：某报</p>"
        "<div id='ContentBody'>公司与银行周四签约，双方将在三个方面合作。</div>"
        "</body></html>"
    )
    file = tmp_path / "x.mhtml"
    file.write_text(
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://news.example/1\n"
        "Subject: x\nDate: Thu, 6 Jan 2022 15:11:41 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="B"\n\n--B\n'
        "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"{html}\n--B--\n",
        encoding="utf-8",
    )
    article = read_article(file)
    assert (article.title, article.url) == ("公司与银行签约合作", "https://news.example/1")
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2019-09-26T12:11:00+08:00"
    assert article.text == "公司与银行周四签约，双方将在三个方面合作。"


@pytest.mark.parametrize(
    "content", [b"Subject: x\n\n", b"Content-Type: image/png\n\nx", b"\x00\x01"]
)
def test_a_message_without_text_has_a_reason(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.eml"
    file.write_bytes(content)
    with pytest.raises(UnreadableArticle) as caught:
        read_article(file)
    assert caught.value.code in {"empty", "no_text", "binary"}
