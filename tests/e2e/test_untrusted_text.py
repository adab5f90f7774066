"""What articles try against their readers stays text: on every page, and in every file."""

from __future__ import annotations

import csv
import io
import runpy
import zipfile
from pathlib import Path

import openpyxl
import pytest

from mentionstudy.data.articles.model import content_id

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]  # many pages in a row
POSTS = runpy.run_path(str(Path(__file__).parents[1] / "dashboard" / "conftest.py"))["EVIL_POSTS"]

# grouped by source, so that the papers' names stand in charts and tables too
PAGES = (
    "/",
    "/articles",
    "/article",
    "/review",
    "/securities?security=600718.SH",
    "/study?group=source",
    "/compare?model=market_adjusted",
    "/data",
    "/export?src=%3Cimg+src%3Dx+onerror%3Dalert(2)%3E",
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def test_no_page_runs_asks_or_breaks(tab, evil_server, pictures):
    page = tab(evil_server, locale="zh-CN")
    for path in PAGES:
        page.open(path, charts=False)
        page.picture(pictures, f"evil-{path.strip('/').partition('?')[0] or 'overview'}")
        main = page.page.locator("[data-testid=stMain]")
        assert main.locator("a[href^='javascript'], img[src*='outside.test']").count() == 0
        assert main.locator("script, svg[onload], [onerror], [onclick]").count() == 0
        # a word of 10,000 characters must not push the page aside
        assert main.evaluate("element => element.scrollWidth") <= 1280, path
    for name, wanted in SHOWN.items():
        page.open(f"/article?article={content_id(POSTS[name].encode())}", charts=False)
        shown = page.page.inner_text("[data-testid=stMain]")
        assert [text for text in wanted if text not in shown] == []
    page.check()


SHOWN = {
    "evil.md": (
        "<script>alert(1)</script> ![x](http://outside.test/a.png)",
        '<img src="http://outside.test/c.png" onerror="alert(5)">',
        "[z](javascript:alert(6))",
    ),
    "cell.md": (
        "=cmd|' /C calc'!A0",
        "$$\\int_0^1$$ \\href{javascript:alert(10)}{x}",
        "</script><script>alert(11)</script>",
    ),
}


def test_no_file_runs_asks_or_computes(tab, evil_server, tmp_path):
    page = tab(evil_server, locale="zh-CN")
    page.open("/articles", charts=False)
    articles = _fetched(page, "csv_articles")
    page.open("/export", charts=False)
    pack = zipfile.ZipFile(io.BytesIO(_fetched(page, "export_zip")))
    page.check()
    pack.extractall(tmp_path)
    pages = sorted(tmp_path.glob("*.html"))
    assert {"report", "caar", "heatmap", "calendar"} <= {path.stem for path in pages}
    reader = tab(f"file://{tmp_path}")
    for path in pages:
        reader.page.goto(path.as_uri())
        reader.page.wait_for_selector(".js-plotly-plot .main-svg")
        assert reader.page.locator("a[href^='javascript'], [onerror], svg[onload]").count() == 0
    reader.page.goto((tmp_path / "report.html").as_uri())
    report = reader.page.inner_text("body")
    assert "<script>alert(1)</script> ![x](http://outside.test/a.png)" in report
    assert "=cmd|' /C calc'!A0" in report
    reader.check()
    tables = [articles, *(path.read_bytes() for path in tmp_path.glob("*.csv"))]
    assert len(tables) > 6
    for table in tables:
        for row in csv.reader(io.StringIO(table.decode("utf-8-sig"))):
            assert not [cell for cell in row if cell.startswith(FORMULAS) and not _number(cell)]
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert len(cells) > 500
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def _fetched(page, key):
    """Press a download button; return the file's content."""
    with page.page.expect_download() as waiting:
        page.page.locator(f".st-key-{key} button").first.click()
    return Path(waiting.value.path()).read_bytes()


def _number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
