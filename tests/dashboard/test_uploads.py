"""Files from a browser stay in their folder and become articles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.dashboard import uploads
from mentionstudy.data import Workspace

POST = "---\ntitle: 测试\ndate: 2021-04-12 10:00:00\n---\n<p>一段正文。</p>\n".encode()


@given(st.text(max_size=300))
def test_no_name_leads_out_of_the_folder(name):
    safe = uploads.safe_name(name)
    assert "/" not in safe
    assert "\\" not in safe
    assert not safe.startswith(".")
    assert 0 < len(safe.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("新闻 1.md", "新闻 1.md"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Users\\a\\post.html", "post.html"),
        ("<script>.txt", "_script_.txt"),
    ],
)
def test_a_name_keeps_what_is_harmless(name, safe):
    assert uploads.safe_name(name) == safe


def test_uploaded_files_become_articles_and_bad_ones_are_named(tmp_path):
    workspace = Workspace.open(tmp_path / "own", create=True)
    report = uploads.take(workspace, [("post.md", POST), ("picture.txt", b"\x00\x01\x02\xff" * 50)])
    assert report.articles == 1
    assert [failure.path.rsplit("/", 1)[-1] for failure in report.failed] == ["picture.txt"]
    assert workspace.articles()["title"].tolist() == ["测试"]


def test_the_sample_takes_no_upload(open_app, sample_workspace):
    app = open_app(sample_workspace, "data", lang="en")
    assert not app.exception
    assert any("the sample stays as it is" in caption.value for caption in app.caption)


def test_an_own_workspace_offers_the_upload(open_app, bare_copy):
    app = open_app(bare_copy, "data", lang="zh")
    assert not app.exception
    assert app.get("file_uploader")
