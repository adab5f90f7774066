"""What leaves the dashboard: every format opens again and holds the study's numbers."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from lxml import etree

from mentionstudy.analysis import StudySettings
from mentionstudy.analysis.export import tables
from mentionstudy.analysis.report_texts import report_texts
from mentionstudy.dashboard import images, services
from mentionstudy.dashboard.cli import cli
from mentionstudy.dashboard.export import chart_html
from mentionstudy.dashboard.i18n import texts
from mentionstudy.dashboard.pdftext import mended
from mentionstudy.dashboard.pipeline import load_corpus, run_study
from mentionstudy.dashboard.reporting import plain_reading, report_html
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.dashboard.study_files import own_tables, study_charts, write_study
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data import Workspace

RADICALS = re.compile(r"[\u2e80-\u2fdf]")  # they look like ideographs, and no search finds them


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


def test_the_command_writes_the_bytes_of_the_button(sample_workspace, tmp_path):
    arguments = ["export", "--workspace", str(sample_workspace), "--out", str(tmp_path)]
    done = CliRunner().invoke(cli, [*arguments, "--tables", "csv,xlsx,parquet,tex"])
    assert done.exit_code in (0, 1), done.output  # 1: the sample has an event without prices
    workspace = Workspace.open(sample_workspace)
    question = services.Question(settings=StudySettings(), events=EventFilter())
    run = services.study(workspace, load_corpus(workspace), question)  # as the Export page
    forms = ("csv", "xlsx", "parquet", "tex")
    pack = zipfile.ZipFile(io.BytesIO(services.bundle(run, forms, ("html",), "en")))
    written = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.name != "report.html"}
    assert {"tests.csv", "study.xlsx", "ar.parquet", "car.tex", "caar.html", "study.json"} <= set(
        written
    )
    for name, data in written.items():
        assert pack.read(name) == data, name


def test_the_packed_tables_open_and_agree(run):
    pack = zipfile.ZipFile(
        io.BytesIO(services.bundle(run, ("csv", "xlsx", "parquet", "tex"), (), "en"))
    )
    book = openpyxl.load_workbook(io.BytesIO(pack.read("study.xlsx")))
    own = {name: make() for name, make in tables(run.result, own_tables(run)).items()}
    assert {"tests", "aar", "car", "ar", "events", "diagnostics", "excluded"} <= set(own)
    for name, frame in own.items():
        sheet = list(book[name.upper()].iter_rows(values_only=True))
        readers = {
            "csv": pd.read_csv(io.BytesIO(pack.read(f"{name}.csv"))),
            "parquet": pd.read_parquet(io.BytesIO(pack.read(f"{name}.parquet"))),
            "xlsx": pd.DataFrame(sheet[1:], columns=sheet[0]),
        }
        for form, read in readers.items():
            assert list(read.columns) == list(frame.columns), (name, form)
            for column in frame.select_dtypes("number"):
                got = pd.to_numeric(read[column]).to_numpy(float)
                assert got == pytest.approx(frame[column].to_numpy(float), nan_ok=True), column
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    first = run.result.tests().set_index(["window", "test"]).loc[("[-1,1]", "kp_bmp")]
    assert f"{first['statistic']:.2f}" in pack.read("tests.tex").decode()
    assert f"({first['p']:.3f})" in pack.read("tests.tex").decode()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_names_sample_articles_and_exclusions(run, language):
    page = report_html(run, language, title="Q1", question="<b>why</b>")
    t = texts(language)
    assert "&lt;b&gt;why&lt;/b&gt;" in page
    assert plain_reading(t, run).split("。")[0].split(".")[0][:20] in page
    assert t("sample.help_short") in page
    assert "02066.HK" in page
    read = BeautifulSoup(page, "lxml")
    section = next(
        part for part in read("section") if part.h2.text == report_texts(language)["tests"]
    )
    rows = [[cell.text for cell in row("td")] for row in section("tr")[1:]]
    tests = run.result.tests()
    assert [row[0] for row in rows] == tests["window"].tolist()
    assert [row[3] for row in rows] == ["–" if s != s else f"{s:.2f}" for s in tests["statistic"]]
    assert [row[5] for row in rows] == ["–" if p != p else f"{p:.4f}" for p in tests["p"]]
    shown = read.get_text()
    assert [title for title in run.events["title"] if title not in shown] == []


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


@pytest.fixture(scope="module")
def caar(run):
    return study_charts(run, "zh")["caar"]


def test_a_chart_as_a_page_holds_the_studys_numbers(run, caar):
    page = chart_html(caar).decode("utf-8")
    assert page == chart_html(caar).decode("utf-8")
    tags = BeautifulSoup(page, "lxml")(["script", "link", "img", "iframe"])
    assert tags
    assert not [tag for tag in tags if tag.get("src") or tag.get("href")]
    at = page.index("[", page.rindex("newPlot("))
    data, _ = json.JSONDecoder().raw_decode(page, at)
    line = next(trace for trace in data if trace.get("name") == "CAAR")
    values = np.frombuffer(base64.b64decode(line["y"]["bdata"]), dtype=line["y"]["dtype"])
    assert values == pytest.approx(run.result.averages["caar"].to_numpy())


@pytest.mark.browser
def test_images_are_drawn_in_every_format(run, caar):
    if images.unavailable():
        pytest.skip(images.unavailable())
    before = caar.to_json()
    with images.Painter() as painter:
        drawn = {form: painter.draw(caar, form) for form in images.IMAGE_FORMATS}
    assert json.loads(caar.to_json()) == json.loads(before)
    assert drawn["png"].startswith(b"\x89PNG")
    assert int.from_bytes(drawn["png"][16:20], "big") == 2 * images.WIDTH
    words = {"累计平均异常收益率", "N = 7 个事件", "95 % 置信带", "相对第 0 日的交易日（τ）"}
    svg = etree.fromstring(drawn["svg"])
    written = "\n".join("".join(text.itertext()) for text in svg.iter("{*}text"))
    assert {word for word in words if word not in written} == set()
    (page,) = pypdf.PdfReader(io.BytesIO(drawn["pdf"])).pages
    # glyphs and digits are in the text layer, so that the chart can be searched and copied
    text = _squeezed(page.extract_text())
    assert not RADICALS.search(text)
    assert {word for word in words if _squeezed(word) not in text} == set()
    assert "/Type0" in _fonts(page)


@pytest.mark.browser
def test_the_report_prints_to_pdf(run):
    if images.unavailable():
        pytest.skip(images.unavailable())
    printed = images.page_pdf(report_html(run, "zh", title="问题 <b>一</b>"))
    pages = pypdf.PdfReader(io.BytesIO(printed)).pages
    text = _squeezed("".join(page.extract_text() for page in pages))
    assert not RADICALS.search(text)
    tests = run.result.tests()
    mean = tests[tests["test"] == "cross_sectional_t"]["mean"]
    wanted = ["问题<b>一</b>", "02066.HK", "全部检验", "内置样例", *(f"{m:.2%}" for m in mean)]
    wanted += [f"{p:.4f}" for p in tests["p"].dropna()]
    wanted += [str(title) for title in run.events["title"]]
    assert [word for word in wanted if _squeezed(word) not in text] == []
    assert not any("/JS" in str(page.get("/AA", "")) for page in pages)


def test_radicals_of_a_text_layer_become_ideographs():
    table = (
        "1 beginbfrange\n<0004> <0006> <2F42>\nendbfrange\n"
        "3 beginbfchar\n<01> <2F00>\n<02> <2ED3>\n<03> <0041>\nendbfchar\n"
    )
    entries = re.findall(r"<(\w+)> <(\w+)>", mended(table))
    assert [code for code, _ in entries] == ["0004", "0005", "0006", "01", "02", "03"]
    assert "".join(chr(int(sign, 16)) for _, sign in entries) == "文斗斤一长A"
    assert "bfrange" not in mended(table)


def _squeezed(text):
    """Leave out white space, which a text layer has where lines break."""
    return re.sub(r"\s", "", text)


def _fonts(page):
    return {str(font.get_object()["/Subtype"]) for font in page["/Resources"]["/Font"].values()}
