"""Nothing on a Chinese page, report or chart is left in English."""

from __future__ import annotations

import ast
import html
import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mentionstudy.analysis
import mentionstudy.dashboard.i18n as i18n
import mentionstudy.data
from mentionstudy.analysis import EventStudy, StudySettings
from mentionstudy.analysis.inference import REASONS
from mentionstudy.dashboard import sentences
from mentionstudy.dashboard.pipeline import load_corpus, run_study
from mentionstudy.dashboard.reporting import report_html
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data import Workspace
from mentionstudy.data.market.flags import FLAGS
from mentionstudy.data.mentions import dialects

SUPPORT = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
ZH = i18n.texts("zh")
CJK = re.compile(r"[\u4e00-\u9fff]")
HOME = {
    "analysis": Path(mentionstudy.analysis.__file__).parent,
    "data": Path(mentionstudy.data.__file__).parent,
    "dashboard": Path(i18n.__file__).parent,
}
# modules whose sentences reach a page, a report or a chart
SPEAKING = {
    "analysis": (
        "battery.py computed.py export.py extension.py flags.py followup.py frames.py panel.py "
        "results.py sample.py settings.py study.py tables.py inference/*.py models/*.py"
    ),
    "data": (
        "corrections.py listings.py workspace.py workspace_root.py deltastore.py deltawords.py "
        "articles/archives.py articles/encoding.py articles/front_matter.py articles/mail.py "
        "articles/reading.py "
        "articles/rows.py articles/streams.py articles/syndication.py articles/timestamps.py "
        "market/chain.py market/coverage.py market/fetching.py market/folder.py "
        "market/health.py market/live.py market/normal.py market/outcomes.py "
        "market/pricefile.py market/reconstruction.py market/samples.py market/transport.py"
    ),
    "dashboard": "images.py saved.py",
}
# sentences that only a caller in Python can meet, never the reader of a page
FOR_PROGRAMS = {
    "analysis/export.py",  # the workbook's own words
    "analysis/inference/power.py",
    "analysis/inference/multiplicity.py",
    "analysis/inference/portfolios.py",
    "analysis/models/library.py",
}
# pieces of sentences, names of columns and of models, what the operating system says
PIECES = {
    "window group n caar se statistic df p ci_low ci_high reason",
    ", times the share of common window days",
    "Market model with GARCH(1,1) variance",
    "was listed only on",
    ", as of ",
    ", the bundled sample",
    "was delisted on",
    "{} {} {}; the article is of {}",
    "Permission denied",
    "Read-only file system",
    "No space left",
}
ARGUMENTS = re.compile(r"(weight|members|group|form|patell|cluster labels|\{\} is \{\}; it)\b")
WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}")


def spoken(path: Path) -> set[str]:
    """Collect the strings of a module that are prose; ``{}`` stands for what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skip = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    skip |= {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    texts = set()
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        if id(node) not in skip and WORDS.search(text):
            texts.add(text)
    return texts


@pytest.mark.parametrize("package", sorted(SPEAKING))
def test_every_sentence_of_the_code_has_its_chinese(package):
    missing = {}
    for pattern in SPEAKING[package].split():
        for path in sorted(HOME[package].glob(pattern)):
            name = f"{package}/{path.relative_to(HOME[package])}"
            if name not in FOR_PROGRAMS:
                texts = {t for t in spoken(path) - PIECES if not ARGUMENTS.match(t)}
                unsaid = texts - set(sentences.catalogue())
                missing |= {name: unsaid} if unsaid else {}
    assert not missing


def test_the_chinese_keeps_what_is_filled_in():
    for english, chinese in sentences.catalogue().items():
        holes = {int(n) for n in re.findall(r"{(\d)}", chinese)}
        assert holes == set(range(english.count("{}"))), english
        # names of columns and settings stay as they are typed
        assert not SUPPORT["english_in"](chinese.replace("_", "")), english


def test_a_sentence_is_said_in_chinese_with_its_facts():
    told = sentences.chinese(
        "tencent: web.test answered HTTP 403; sina: the connection failed (ProxyError)"
    )
    assert told == "tencent：web.test 返回 HTTP 403；sina：连接失败（ProxyError）"
    told = sentences.chinese("mean against 999 random sign patterns, seed 0")
    assert told == "均值与 999 种随机符号组合相比，种子 0"
    assert sentences.chinese("Nothing that the code says.") == "Nothing that the code says."
    assert i18n.texts("en").told("no rows") == "no rows"


@pytest.mark.parametrize("draws", [0, 99])
@pytest.mark.parametrize("n_events", [1, 2, 12])
def test_every_convention_reason_and_note_of_a_study_is_chinese(n_events, draws):
    rng = np.random.default_rng(4)
    days = pd.bdate_range("2021-01-04", periods=260)
    returns = pd.DataFrame(rng.normal(0, 0.02, (260, 6)), index=days, columns=list("ABCDEM"))
    rows = 130 + 5 * np.arange(n_events)
    events = pd.DataFrame(
        {
            "symbol": [list("ABCDE")[i % 5] for i in range(n_events)],
            "date": days[rows],
            "group": ["x" if i % 2 else "y" for i in range(n_events)],
            "weight": 1.0,
        }
    )
    study = EventStudy(
        estimation=(-120, -11),
        winsorize=0.01,
        weighting="weight" if draws else "equal",
        bootstrap_draws=draws,
        permutation_draws=draws,
        patell="sum" if draws else "exact",
    )
    result = study.run(events, returns, "M")
    tests = result.tests()
    texts = {*tests["convention"], *tests["reason"], *tests["warning"], *result.notes}
    if n_events == 12:
        texts |= set(result.compare()["convention"])
    english = {text: found for text in texts if (found := SUPPORT["english_in"](ZH.told(text)))}
    assert not english


def test_every_code_has_a_chinese_name():
    wanted = {f"dialect.{dialect.name}" for dialect in dialects()}
    wanted |= {f"flag.{flag}" for flag in FLAGS}
    wanted |= {f"exclusion.{code}" for code in ("not_listed", "delisted")}
    assert wanted <= set(ZH.catalogue)
    assert all(sentences.chinese(text) != text for text in REASONS.values())


def test_no_text_of_the_catalogues_is_given_twice():
    def once(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), {key for key in keys if keys.count(key) > 1}
        return dict(pairs)

    for path in (HOME["dashboard"] / "locales").glob("*.json"):
        assert i18n.json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def test_the_chinese_report_is_chinese(sample_workspace):
    workspace = Workspace.open(sample_workspace)
    corpus = load_corpus(workspace)
    run = run_study(corpus, load_prices(workspace, corpus.events), StudySettings())
    page = report_html(run, "zh")
    body = page.split("<body>")[1].split("<pre>")[0]
    texts = re.findall(r">([^<>]+)<", re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL))
    english = {t: found for t in texts if (found := SUPPORT["english_in"](html.unescape(t)))}
    assert not english


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("study", {"group": "exchange", "ex": ["SH", "HK"]}),
        ("study", {"est": "[-5,5]", "minobs": "5"}),
        ("article", {"event": "02066.HK@2022-01-06"}),
    ],
)
def test_what_is_left_out_and_compared_is_chinese(
    open_app, sample_workspace, view, query, monkeypatch
):
    monkeypatch.setattr("mentionstudy.dashboard.parts.placebo._PATIENCE", 60)
    app = open_app(sample_workspace, view, lang="zh", **query)
    assert not app.exception
    if "group" in query:
        app.toggle(key="placebo").set_value(True).run()
        assert not app.exception


@pytest.mark.parametrize("view", ["", "data", "securities"])
def test_pages_without_prices_are_chinese(open_app, bare_copy, view):
    assert not open_app(bare_copy, view, lang="zh").exception


def test_a_folder_that_is_no_workspace_is_named_in_chinese(open_app, tmp_path):
    app = open_app(tmp_path / "nowhere", lang="zh")
    assert any("没有工作区" in str(code.value) for code in app.code)
