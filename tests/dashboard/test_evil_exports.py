"""What articles and ids try against the reader of a file stays text in every format."""

from __future__ import annotations

import csv
import io
import re
import runpy
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pypdf
import pytest
from bs4 import BeautifulSoup
from lxml import etree

from mentionstudy.analysis import EventStudy, StudySettings, export
from mentionstudy.analysis.export import harmless
from mentionstudy.dashboard import images
from mentionstudy.dashboard.export import chart_html
from mentionstudy.dashboard.pipeline import StudyRun, load_corpus, run_study
from mentionstudy.dashboard.reporting import report_html
from mentionstudy.dashboard.study_files import own_tables, study_charts, write_study
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data import Workspace
from mentionstudy.data.correction_files import corrections_csv, read_corrections
from mentionstudy.data.corrections import correction

POSTS = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
CELL, LONG = POSTS["CELL"], POSTS["LONG"]
EVIL_IDS = (
    "<script>alert(1)</script> ![x](http://outside.test/a.png)",
    '<a href="javascript:alert(2)">x</a><img src=x onerror=alert(3)>',
    CELL + "\u202egnp.exe",
    "＝cmd|calc",
    r"[-1cm] \input{/etc/passwd} $\write18{x}$ #1 50% a_b^c ~ & ^^5cend",
    r"*\\[2cm] \end{tabular}\href{javascript:alert(4)}{x}",
    LONG,
)
ACTIVE = re.compile(rb"/(JS|JavaScript|Launch|SubmitForm|ImportData|EmbeddedFile|RichMedia)\b")


@pytest.fixture(scope="module")
def of_articles(evil_workspace):
    workspace = Workspace.open(evil_workspace)
    corpus = load_corpus(workspace)
    run = run_study(corpus, load_prices(workspace, corpus.events), StudySettings())
    assert run.result.n_events == 3
    return run


@pytest.fixture(scope="module")
def of_ids():
    """A study of a user's own files whose ids and symbols are as bad."""
    days = pd.bdate_range("2022-01-03", periods=330)
    draws = np.random.default_rng(1).normal(0, 0.02, (len(days), 8))
    symbols = [f"{name}\n{name[:9]}" if i == 2 else name for i, name in enumerate(EVIL_IDS)]
    returns = pd.DataFrame(draws[:, :7], index=days, columns=symbols)
    events = pd.DataFrame({"event_id": EVIL_IDS, "symbol": symbols, "date": days[300]})
    events.loc[7] = ["@SUM(A1)", "+no prices", days[300]]
    result = EventStudy(StudySettings()).run(events, returns, pd.Series(draws[:, 7], index=days))
    assert result.n_events == 7
    return StudyRun.of_files(result, events, {"file": CELL})


@pytest.fixture(scope="module", params=["of_articles", "of_ids"])
def run(request):
    return request.getfixturevalue(request.param)


def foreign(run):
    """Return the tables of a study that hold foreign texts, as they were before any export."""
    made = {name: make() for name, make in export.tables(run.result, own_tables(run)).items()}
    return {name: frame for name, frame in made.items() if len(_texts(frame))}


def _texts(frame):
    return frame.select_dtypes(["str", "object"])


def test_cells_of_csv_xlsx_and_parquet_are_the_texts_and_no_formulas(run, tmp_path):
    write_study(run, tmp_path, table_formats=("csv", "xlsx", "parquet"), chart_formats=())
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    for name, frame in foreign(run).items():
        stored = pq.read_table(tmp_path / f"{name}.parquet")
        rows = list(csv.reader((tmp_path / f"{name}.csv").open(encoding="utf-8", newline="")))
        sheet = list(book[name.upper()].iter_rows())
        for column in _texts(frame):
            texts = [str(text) for text in frame[column].fillna("")]
            assert [text or "" for text in stored[column].to_pylist()] == texts
            at = rows[0].index(column)
            for text, row in zip(texts, rows[1:], strict=True):
                formula = text[:1] in tuple("=+-@\t\r\n＝＋－＠")
                assert row[at] == ("'" if formula and text else "") + text
            for text, cells in zip(texts, sheet[1:], strict=True):
                assert (cells[at].value or "") == _without_marks(text)[:32_767]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert any(CELL in str(cell.value) for cell in cells)


def test_files_of_corrections_guard_the_same_signs_as_exports_and_give_the_texts_back():
    texts = [f"{chr(code)}1" for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    made = correction("a", "mention", "accept", symbol="600718.SH")
    rows = made.loc[made.index.repeat(len(texts))].assign(note=texts)
    written = [row["note"] for row in csv.DictReader(io.StringIO(corrections_csv(rows)))]
    assert written == harmless(rows)["note"].tolist()
    guarded = [text for text, cell in zip(texts, written, strict=True) if cell == f"'{text}"]
    assert "".join(text[0] for text in guarded) == "\t\n\r+-=@＋－＝＠"
    sent = [*EVIL_IDS, *guarded, *(f"'{text}" for text in guarded), CELL, f"''{CELL}"]
    many = [correction(f"a{n}", "date", "accept", note=text) for n, text in enumerate(sent)]
    data = corrections_csv(pd.concat(many)).encode()
    assert read_corrections(data, "c.csv")["note"].tolist() == sent


def _without_marks(text):
    return text.replace("\r", "\n")  # openpyxl's reader takes one for the other


SIGNS = {
    **{name: sign for name, sign in zip("&%$#_{}", "&%$#_{}", strict=True)},
    **{"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^"},
    **{"textless": "<", "textgreater": ">"},
}


def unescaped(row):
    """Read a row of a table as TeX would; fail where it would see anything but text."""
    cells, rest = [""], row.removeprefix("{}")
    while rest:
        command = re.match(r"\\(?:([a-zA-Z]+)\{\}|([&%$#_{}]))", rest)
        if command:
            cells[-1] += SIGNS[command[1] or command[2]]
            rest = rest[command.end() :]
        elif rest.startswith(" & "):
            cells.append("")
            rest = rest[3:]
        else:
            assert rest[0] not in "\\{}$&#^_~%", rest[:40]
            cells[-1] += rest[0]
            rest = rest[1:]
    return cells


@pytest.mark.parametrize("table", ["tests", "car", "events", "excluded"])
def test_latex_holds_the_texts_and_no_command(run, table):
    latex = export.to_latex(run.result, table)
    lines = latex.splitlines()
    assert re.fullmatch(r"\\begin\{tabular\}\{lr*\}", lines[0])
    assert (lines[1], lines[3]) == (r"\toprule", r"\midrule")
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [lines[2], *lines[4:-2]]
    for row in rows:
        assert row.endswith(r" \\")
        # after the end of a row, or a rule, these would be read as its argument
        assert not row.startswith(("[", "*"))
    read = [unescaped(row.removesuffix(r" \\")) for row in rows]
    assert len({len(cells) for cells in read}) == 1
    if table == "tests":
        assert [cells[0] for cells in read[1::2]] == list(run.result.tests()["window"].unique())
        return
    frame = run.result.to_frame(table)
    for column in _texts(frame):
        at = read[0].index(column)
        wanted = ["" if pd.isna(text) else str(text) for text in frame[column]]
        assert [cells[at] for cells in read[1:]] == [_printable(text) for text in wanted]


def _printable(text):
    return "".join(sign if sign.isprintable() else " " for sign in text)


def test_the_report_shows_the_texts_and_does_nothing(run):
    page = report_html(run, "en", title=EVIL_IDS[0], question=EVIL_IDS[5])
    read = BeautifulSoup(page, "lxml")
    assert _active(read) == []
    assert [tag for tag in read(["script", "link", "img", "iframe", "a"]) if _leads(tag)] == []
    for script in read("script"):  # a chart's data hold the texts, as strings that end no script
        assert not re.search(r"^\s*alert\(|<script>alert|<img src=x", script.string or "")
    shown = read.get_text()
    for text in (EVIL_IDS[0], EVIL_IDS[5], CELL, LONG):
        assert text in shown
    (policy,) = (tag["content"] for tag in read("meta") if tag.get("http-equiv"))
    assert policy.startswith("default-src 'none';")


def _active(read):
    return [
        (tag.name, name)
        for tag in read(True)
        for name, value in tag.attrs.items()
        if name.startswith("on") or "javascript:" in str(value)
    ]


def _leads(tag):
    return tag.get("src") or tag.get("href") or tag.get("xlink:href")


@pytest.mark.browser
def test_drawn_and_printed_the_texts_are_text(of_ids):
    if images.unavailable():
        pytest.skip(images.unavailable())
    chart = study_charts(of_ids)["heatmap"]  # its rows are named by the events
    with images.Painter() as painter:
        svg, pdf = (painter.draw(chart, form) for form in ("svg", "pdf"))
    drawn = etree.fromstring(svg)
    names = {etree.QName(tag).localname for tag in drawn.iter("{*}*")}
    assert names & {"script", "a", "foreignObject", "iframe", "use"} == set()
    held = [(str(name), value) for tag in drawn.iter("{*}*") for name, value in tag.items()]
    assert not [name for name, _ in held if name.startswith("on")]
    leads = [value for name, value in held if name.endswith("href") or "url(" in value]
    assert not [value for value in leads if not re.search(r"^data:image/png|url\(['\"]?#", value)]
    labels = " ".join("".join(text.itertext()) for text in drawn.iter("{*}text"))
    assert "<script>alert(1)</script> ![x](http://outside.test/a.png)" in labels
    page = chart_html(chart).decode("utf-8")
    assert _active(BeautifulSoup(page, "lxml")) == []
    report = images.page_pdf(report_html(of_ids, "en", title=EVIL_IDS[0], question=LONG))
    shown = _squeezed("".join(_text(printed) for printed in (pdf, report)))
    for wanted in (EVIL_IDS[0], CELL, EVIL_IDS[4], LONG):
        assert _squeezed(wanted) in shown


def _text(printed):
    """Return the text of a PDF that does nothing and whose texts lie on its pages."""
    assert not ACTIVE.search(printed)
    found = []
    for page in pypdf.PdfReader(io.BytesIO(printed)).pages:
        assert [_uri(note) for note in page.get("/Annots", []) if _uri(note)] == []
        assert _outside(page) == []
        found.append(page.extract_text())
    return "".join(found)


def _uri(note):
    action = note.get_object().get("/A")
    return action and action.get("/URI", action.get("/S"))


def _outside(page):
    """Return the texts that begin outside their page."""
    box, found = page.mediabox, []

    def visit(text, cm, tm, *_):
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        if text.strip() and not (box.left <= x <= box.right and box.bottom <= y <= box.top):
            found.append((text[:20], x, y))

    page.extract_text(visitor_text=visit)
    return found


def _squeezed(text):
    return "".join(text.split())
