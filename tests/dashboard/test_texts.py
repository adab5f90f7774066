"""Both languages are complete, and foreign text stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import mentionstudy.dashboard.i18n as i18n
from mentionstudy.analysis.literals import EXCLUSIONS
from mentionstudy.dashboard.export import csv_bytes
from mentionstudy.dashboard.parts.article_text import Span, heading, marked, spans
from mentionstudy.dashboard.state import EXCHANGES, MODELS, TIMINGS
from mentionstudy.data.events import _REASONS, _STATUS_REASONS
from mentionstudy.data.market import FLAGS

FOLDER = Path(i18n.__file__).parent
FIELDS = re.compile(r"{(\w+)}")
EN, ZH = i18n.texts("en"), i18n.texts("zh")


def test_both_languages_have_the_same_texts_with_the_same_fields():
    assert set(EN.catalogue) == set(ZH.catalogue)
    for key in EN.catalogue:
        assert set(FIELDS.findall(EN.catalogue[key])) == set(FIELDS.findall(ZH.catalogue[key])), key


def test_every_text_that_the_code_asks_for_exists():
    asked = set()
    for path in FOLDER.rglob("*.py"):
        asked |= set(re.findall(r"\bt\(\s*\"([\w.]+)\"", path.read_text(encoding="utf-8")))
    assert len(asked) > 60
    assert asked <= set(EN.catalogue)


def test_every_code_has_a_name_in_both_languages():
    wanted = {f"exclusion.{code}" for code in [*EXCLUSIONS, *_REASONS]}
    wanted |= {f"status.{code}" for code in _STATUS_REASONS}
    wanted |= {f"{family}.{name}" for name in MODELS for family in ("model", "method")}
    wanted |= {f"timing.{name}" for name in TIMINGS} | {f"exchange.{name}" for name in EXCHANGES}
    wanted |= {f"{family}.{name}" for name in FLAGS for family in ("flag", "flag_meaning")}
    assert wanted <= set(EN.catalogue)


def test_chinese_texts_are_chinese():
    latin_only = {
        key
        for key, text in ZH.catalogue.items()
        if not re.search(r"[\u4e00-\u9fff]", text) and text != EN.catalogue[key]
    }
    assert latin_only == set()


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-CN", "zh"), ("ZH", "zh"), ("en-GB", "en"), (None, "en"), ("", "en")],
)
def test_the_browsers_language_is_the_first_choice(locale, language):
    assert i18n.preferred(locale) == language


@pytest.mark.parametrize(
    "evil",
    [
        "![x](http://outside.test/a.png)",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "$\\frac{1}{2}$ :red[x] `code` **b**",
        "line\n# heading\n- item",
    ],
)
def test_foreign_text_is_no_markdown(evil):
    shown = i18n.as_markdown(evil)
    assert "\n" not in shown
    assert re.sub(r"\\(.)", r"\1", shown) == " ".join(evil.split())
    assert not re.search(r"(?<!\\)[\[\]()<>`*$!#:_]", shown)


def test_marked_text_holds_only_our_own_elements():
    text = '<script>alert(1)</script> 东软集团 <img src="http://outside.test">'
    at = text.index("东软集团")
    shown = marked(text, [Span(at, at + 4, '"><b>')])
    assert re.findall(r"<(\w+)", shown) == ["div", "mark"]
    assert "东软集团</mark>" in shown
    assert "<b>" not in shown
    assert re.findall(r"<(\w+)", heading("<i>x</i>")) == ["h2"]


def test_a_title_that_is_no_headline_is_cut():
    shown = heading("长" * 10_000)
    assert len(shown) < 600
    assert shown.endswith("长…</h2>")
    assert "…" not in heading("长" * 300)


def test_marks_stand_where_the_mentions_are():
    text = "交通银行与中信银行，交通银行"
    mentions = pd.DataFrame(
        {
            "symbol": ["601328.SH", "601998.SH", "000750.SZ"],
            "surface": ["交通银行", "中信银行", "国海证券"],
            "positions": [[0, 10], [5], [-1]],
        }
    )
    found = spans(mentions, text)
    assert [text[s.start : s.end] for s in found] == ["交通银行", "中信银行", "交通银行"]


def test_overlapping_and_impossible_positions_do_not_break_the_text():
    mentions = pd.DataFrame(
        {
            "symbol": ["A", "B", "C"],
            "surface": ["东软", "东软集团", "x"],
            "positions": ["0", "0;-1", "999"],
        }
    )
    assert spans(mentions, "东软集团") == [Span(0, 4, "B")]


def test_csv_keeps_numbers_and_chinese():
    frame = pd.DataFrame({"title": ["=x", "东软"], "car": [0.0123456789, -0.5]})
    data = csv_bytes(frame)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines() == ["title,car", "'=x,0.0123456789", "东软,-0.5"]
    assert frame["title"].tolist() == ["=x", "东软"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_exclusions_sentence_keeps_its_facts(language):
    t = i18n.texts(language)
    template = EXCLUSIONS["insufficient_estimation"]
    reason = template.format(n_est=57, estimation="[-250,-11]", min_obs=100)
    shown = i18n.explained(t, "insufficient_estimation", reason)
    assert all(fact in shown for fact in ("57", "[-250,-11]", "100"))


def test_a_sentence_that_is_not_known_is_shown_as_recorded():
    assert i18n.explained(ZH, "insufficient_estimation", "something new") == "something new"
    assert i18n.explained(ZH, "a_new_code", "something new") == "something new"


@pytest.mark.parametrize("code", sorted(EXCLUSIONS))
def test_every_exclusion_is_explained_in_chinese(code):
    fields = {name: "X1" for name in FIELDS.findall(EXCLUSIONS[code].replace("!r", ""))}
    recorded = EXCLUSIONS[code].replace("!r", "").format(**fields)
    if code == "calendar_unknown":
        pytest.skip("both stages use this code with sentences of their own")
    assert re.search(r"[\u4e00-\u9fff]", i18n.explained(ZH, code, recorded))
