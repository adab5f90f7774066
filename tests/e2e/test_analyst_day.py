"""An analyst's day: open, find, read, study, compare, correct, export.

In either language, and at each step in either theme: the address of what is on the screen is opened
again in the other one, as a colleague would, and the day goes on there.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mentionstudy.analysis.charts import labels_for
from mentionstudy.dashboard.i18n import texts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]  # many pages in a row


@pytest.mark.parametrize(
    ("language", "locale", "dark"), [("zh", "zh-CN", False), ("en", "en-US", True)]
)
def test_a_day(tab, sample_server, pictures, tmp_path, language, locale, dark):
    day = Day(tab(sample_server, locale=locale, dark=dark), texts(language), pictures)
    day.opens()
    day.finds("600050")
    day.reads()
    day.studies()
    day.compares()
    day.corrects()
    day.exports(tab, tmp_path)
    day.page.check()


# that the page has been drawn, and says the same as before
SAME = """text => document.querySelector('[data-testid=stMain]')?.innerText === text
  && document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running'"""
# that the page has as many charts as before, and is of one colour with each of them
PAPERS = """([charts, paper]) => {
  const papers = document.querySelectorAll('.js-plotly-plot .main-svg:first-of-type');
  const app = document.querySelector('[data-testid=stApp]');
  const is = element => getComputedStyle(element).backgroundColor === paper;
  return papers.length === charts && [app, ...papers].every(is);
}"""


class Day:
    """One reader with one tab, who never types an address after the first."""

    def __init__(self, page, t, pictures):
        self.page, self.t, self.pictures = page, t, pictures
        self.dark = page.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")

    def looks(self, name):
        """Take a picture in either theme; the second shows the same."""
        before = self.text()
        charts = self.page.page.locator(".js-plotly-plot .main-svg:first-of-type").count()
        self.picture(name)
        self.dark = not self.dark
        self.page.page.emulate_media(color_scheme="dark" if self.dark else "light")
        self.page.page.goto(self.page.page.url)
        self.page.page.wait_for_function(SAME, arg=before)
        paper = "rgb(14, 17, 23)" if self.dark else "rgb(255, 255, 255)"
        self.page.page.wait_for_function(PAPERS, arg=[charts, paper])
        self.picture(name)

    def picture(self, name):
        theme = "dark" if self.dark else "light"
        self.page.picture(self.pictures, f"day-{name}-{self.t.language}-{theme}")

    def go(self, name):
        """Follow the link in the head of the page."""
        self.page.page.get_by_role("link", name=self.t(f"page.{name}"), exact=False).first.click()
        self.page.page.wait_for_url(re.compile(f"/{name}"))
        self.page.settle()

    def text(self):
        return self.page.page.inner_text("[data-testid=stMain]")

    def opens(self):
        """The first screen says without a click what was read and what moved."""
        self.page.open("/")
        counts = self.page.page.locator(".st-key-funnel [data-testid=stMetricValue]")
        assert counts.all_inner_texts() == ["5", "3", "8", "7"]
        assert self.t("sample.badge") in self.text()
        self.looks("1-open")

    def finds(self, words):
        """A search leaves the article that names a code; choosing its row opens it."""
        self.go("articles")
        field = self.page.page.locator(".st-key-q input")
        field.fill(words)
        field.press("Enter")
        self.page.settle()
        assert self.t("search.found", n=1, total=5) in self.text()
        self.looks("2-find")
        table = self.page.page.locator(".st-key-table_articles .dvn-scroller")
        table.click(position={"x": 15, "y": 52})  # the box of the first row
        self.page.page.wait_for_url(re.compile("/article\\b"))
        self.page.settle()

    def reads(self):
        """The article stands beside the prices of what it names."""
        self.page.page.wait_for_selector(".js-plotly-plot .main-svg")
        assert "中国联通与安徽签下合作框架" in self.text()
        numbers = self.page.page.locator(".st-key-event_metrics [data-testid=stMetricValue]")
        assert numbers.count() == 4
        assert re.fullmatch(r"[+-]\d+\.\d\d%\**", numbers.first.inner_text())
        self.looks("3-read")

    def studies(self):
        """Another model gives another result, and the address remembers it."""
        self.go("study")
        self.page.page.wait_for_selector(".st-key-chart_caar .main-svg")
        before = self.averages()
        self.page.page.locator(".st-key-model [role=combobox], .st-key-model input").first.click()
        name = self.t("model.mean_adjusted")
        self.page.page.get_by_role("option", name=name).click()
        self.page.page.wait_for_url(re.compile("model=mean_adjusted"))
        self.page.settle()
        self.shown = self.averages()
        assert self.shown != before
        assert name in self.page.page.inner_text(".st-key-chart_caar")
        # a chart, a table and the workbook are one click away
        chart = self.fetched("html_caar").decode("utf-8")
        title = json.dumps(labels_for(self.t.language)["caar_title"])
        assert title.strip('"') in chart
        assert self.fetched("csv_tests").decode("utf-8-sig").startswith("window,test,n,")
        assert "TESTS" in openpyxl.load_workbook(io.BytesIO(self.fetched("xlsx_study"))).sheetnames
        self.looks("4-study")

    def averages(self):
        """The average CAR of each window, as shown."""
        values = self.page.page.locator(".st-key-windows [data-testid=stMetricValue]")
        return [value.replace("*", "") for value in values.all_inner_texts()]

    def compares(self):
        """The present study beside the defaults: what differs, and both averages."""
        self.go("compare")
        self.page.page.wait_for_selector(".st-key-chart_compare_second .main-svg")
        assert self.page.page.locator(".js-plotly-plot .main-svg").count() >= 2
        assert self.t("compare.settings") in self.text()
        self.looks("5-compare")

    def corrects(self):
        """A mention is rejected with one key, and kept again with another."""
        self.go("review")
        self.decided(0)
        self.looks("6-correct")
        self.page.page.keyboard.press("x")
        self.decided(1)
        self.page.page.keyboard.press("u")
        self.decided(0)

    def decided(self, n):
        """Wait until so many of the eight mentions are decided."""
        words = self.t("review.progress", done=n, n=8, here="").split("·")[0].strip()
        self.page.page.wait_for_function(
            "words => document.body.innerText.includes(words)", arg=words
        )
        self.page.settle()

    def exports(self, tab, folder):
        """What leaves the page holds what the page showed."""
        self.go("export")
        self.looks("7-export")
        title, question = "Q-1 <i>", "为什么 & why?"
        for key, words in (("report_title", title), ("report_question", question)):
            self.page.page.locator(f".st-key-{key} input").fill(words)
            self.page.page.locator(f".st-key-{key} input").press("Enter")
            self.page.settle()
        self.picture("7-export-filled")
        report = folder / "report.html"
        report.write_bytes(self.fetched("report_html"))
        reader = tab(f"file://{folder}")
        reader.page.goto(report.as_uri())
        reader.page.wait_for_selector("#chart-calendar .main-svg")
        assert reader.page.inner_text("h1") == title
        cells = reader.page.locator("section table").first.locator("tbody tr td:nth-child(3)")
        assert [_signed(cell) for cell in cells.all_inner_texts()] == self.shown
        assert question in reader.page.inner_text("body")
        if self.pictures is not None:
            reader.page.screenshot(path=self.pictures / f"day-8-report-{self.t.language}.png")
        reader.check()
        self.tables(zipfile.ZipFile(io.BytesIO(self.fetched("export_zip"))))

    def tables(self, pack):
        tests = pd.read_csv(pack.open("tests.csv"))
        means = tests[tests["test"] == "cross_sectional_t"]["mean"]
        assert [f"{mean:+.2%}" for mean in means] == self.shown
        book = openpyxl.load_workbook(io.BytesIO(pack.read("study.xlsx")))
        rows = list(book["TESTS"].iter_rows(values_only=True))
        at = rows[0].index("mean")
        written = [row[at] for row in rows[1:] if row[1] == "cross_sectional_t"]
        assert written == pytest.approx(means.tolist())

    def fetched(self, key):
        """Press a download button; return the file's content."""
        with self.page.page.expect_download() as waiting:
            self.page.page.locator(f".st-key-{key} button").first.click()
        return Path(waiting.value.path()).read_bytes()


def _signed(cell):
    return cell if cell.startswith("-") else f"+{cell}"
