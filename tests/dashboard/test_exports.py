"""What leaves the dashboard: every format opens again and holds the study's numbers."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from mentionstudy.analysis import StudySettings
from mentionstudy.analysis import charts as figures
from mentionstudy.dashboard import images, services
from mentionstudy.dashboard.i18n import texts
from mentionstudy.dashboard.pipeline import load_corpus, load_prices, run_study
from mentionstudy.dashboard.reporting import plain_reading, report_html
from mentionstudy.dashboard.study_files import write_study
from mentionstudy.data import Workspace


@pytest.fixture(scope="module")
def run(sample_workspace):
    workspace = Workspace.open(sample_workspace)
    corpus = load_corpus(workspace)
    return run_study(corpus, load_prices(workspace, corpus.events), StudySettings())


def test_the_button_and_the_command_line_write_the_same_bytes(run, tmp_path):
    written = {p.name: p.read_bytes() for p in write_study(run, tmp_path, chart_formats=())}
    pack = zipfile.ZipFile(
        io.BytesIO(services.bundle(run, ("csv", "xlsx", "parquet", "tex"), (), "en"))
    )
    assert set(pack.namelist()) == {*written, "report.html"}
    for name, data in written.items():
        assert pack.read(name) == data, name


def test_the_packed_tables_open_and_agree(run):
    pack = zipfile.ZipFile(io.BytesIO(services.bundle(run, ("csv", "xlsx", "parquet"), (), "en")))
    tests = run.result.tests()
    csv = pd.read_csv(io.BytesIO(pack.read("tests.csv")))
    parquet = pd.read_parquet(io.BytesIO(pack.read("tests.parquet")))
    assert csv["statistic"].to_numpy() == pytest.approx(tests["statistic"], nan_ok=True)
    assert parquet["p"].to_numpy() == pytest.approx(tests["p"], nan_ok=True)
    book = openpyxl.load_workbook(io.BytesIO(pack.read("study.xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_names_sample_articles_and_exclusions(run, language):
    page = report_html(run, language, title="Q1", question="<b>why</b>")
    t = texts(language)
    assert "&lt;b&gt;why&lt;/b&gt;" in page
    assert plain_reading(t, run).split("。")[0].split(".")[0][:20] in page
    assert t("sample.help_short") in page
    assert "02066.HK" in page
    for title in run.events["title"]:
        assert title.replace("'", "&#x27;") in page


def test_without_a_browser_the_reason_is_said_and_the_rest_is_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(images, "browser", lambda: "")
    images.unavailable.cache_clear()
    try:
        assert "no Chrome" in images.unavailable()
        with pytest.raises(images.ImagesUnavailable, match="HTML works without"):
            write_study(run, tmp_path, table_formats=("csv",), chart_formats=("html", "png"))
        assert (tmp_path / "tests.csv").is_file()
        assert (tmp_path / "caar.html").is_file()
    finally:
        images.unavailable.cache_clear()


@pytest.mark.browser
def test_images_are_drawn_in_every_format():
    if images.unavailable():
        pytest.skip(images.unavailable())
    ar = pd.DataFrame({"event_id": ["A"] * 3, "tau": [-1, 0, 1], "ar": [0.01, -0.02, 0.03]})
    figure = figures.event_heatmap(ar, look=figures.Look(labels=figures.CHINESE))
    before = figure.to_json()
    with images.Painter() as painter:
        drawn = {form: painter.draw(figure, form) for form in images.IMAGE_FORMATS}
    assert drawn["png"].startswith(b"\x89PNG")
    assert drawn["pdf"].startswith(b"%PDF")
    assert "异常收益率" in drawn["svg"].decode("utf-8")
    assert figure.to_json() == before


@pytest.mark.browser
def test_the_report_prints_to_pdf(run):
    if images.unavailable():
        pytest.skip(images.unavailable())
    assert images.page_pdf(report_html(run, "zh")).startswith(b"%PDF")
