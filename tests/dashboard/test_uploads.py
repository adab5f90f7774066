"""Files from a browser stay in their folder and become articles."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.dashboard import uploads
from mentionstudy.dashboard.pipeline import load_corpus
from mentionstudy.data import Workspace
from mentionstudy.data.errors import FileSchemaError
from mentionstudy.data.market import plan_fetch
from mentionstudy.data.sample import sample_prices

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


def prices(symbol):
    return (sample_prices() / f"{symbol}.csv").read_bytes()


def plan_of(workspace):
    return plan_fetch(load_corpus(workspace).events)


def test_uploaded_prices_come_into_the_workspace(bare_copy):
    workspace = Workspace.open(bare_copy)
    factors = b"symbol,ex_date,factor\n600718.SH,2021-06-25,1.01\n"
    files = [
        ("600718.SH.csv", prices("600718.SH")),
        ("C:\\prices\\000300.SH.csv", prices("000300.SH")),
        ("factors.csv", factors),
        ("600519.SH.csv", prices("600718.SH")),
    ]
    taken = uploads.take_prices(workspace, files, plan_of(workspace), adjusted="raw")
    assert taken.unread == {}
    assert taken.unneeded == ("600519.SH",)
    assert taken.report.missing == ()
    bars = workspace.bars()
    given = pd.read_csv(io.BytesIO(prices("600718.SH")))
    own = bars[bars["symbol"] == "600718.SH"]
    assert set(bars["symbol"]) == {"600718.SH", "000300.SH"}
    assert set(own["close"]) <= set(given["close"])
    assert len(own) > 200
    assert workspace.factors()["factor"].max() == pytest.approx(1.01)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("600718.SH.csv", b"%PDF-1.7\x00\x01", "give CSV, Parquet or XLSX"),
        ("600718.SH.csv", b"date,volume\n2021-01-04,5\n", "no column is a close"),
        ("600718.SH.csv", b"x,close\na,5\n", "no column is a date"),
        ("prices.csv", b"date,close\n2021-01-04,5\n", "name it like 600718.SH.csv"),
        ("600718.SH.xlsx", b"PK\x03\x04 no workbook", "cannot be read"),
        ("600718.SH.parquet", b"", "cannot be read as parquet"),
        ("600718.SH.txt", b"", "the file is empty"),
    ],
)
def test_a_file_that_is_no_price_file_is_told_what_was_expected(bare_copy, name, content, expected):
    workspace = Workspace.open(bare_copy)
    folder = bare_copy / uploads.FOLDER / uploads.PRICE_FOLDERS["raw"]
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"as before")
    taken = uploads.take_prices(workspace, [(name, content)], plan_of(workspace), adjusted="raw")
    assert taken.report is None
    assert expected in taken.unread[name]
    assert str(folder) not in taken.unread[name]
    assert (folder / name).read_bytes() == b"as before"


def test_adjusted_prices_take_no_factors(bare_copy):
    workspace = Workspace.open(bare_copy)
    files = [("600718.SH.csv", prices("600718.SH")), ("factors.csv", b"symbol,ex_date,factor\n")]
    with pytest.raises(FileSchemaError, match="factors would count twice"):
        uploads.take_prices(workspace, files, plan_of(workspace), adjusted="adjusted")


@pytest.mark.parametrize("answer", [None, "raw"])
def test_the_page_asks_whether_prices_are_adjusted(open_app, bare_copy, answer):
    app = open_app(bare_copy, "data", lang="zh")
    app.file_uploader(key="upload_prices_files").set_value(
        [("600718.SH.csv", prices("600718.SH"), "text/csv")]
    )
    if answer:
        app.radio(key="adjusted").set_value(answer)
    button = next(b for b in app.button if b.form_id == "upload_prices")
    button.click().run()
    assert not app.exception
    if answer is None:
        assert "是否已复权" in app.warning[0].value
        assert Workspace.open(bare_copy).bars().empty
    else:
        assert "新增" in app.success[0].value
        assert set(Workspace.open(bare_copy).bars()["symbol"]) == {"600718.SH"}
        # its factors are missing, and the reason is said
        assert any("复权因子" in text.value for text in app.text)


def test_the_sample_takes_no_upload(open_app, sample_workspace):
    app = open_app(sample_workspace, "data", lang="en")
    assert not app.exception
    assert any("the sample stays as it is" in caption.value for caption in app.caption)


def test_an_own_workspace_offers_the_upload(open_app, bare_copy):
    app = open_app(bare_copy, "data", lang="zh")
    assert not app.exception
    assert app.get("file_uploader")
