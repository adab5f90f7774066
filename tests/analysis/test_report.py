"""The report says what the study says, to any reader, and can do nothing else."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from mentionstudy.analysis import EventStudy
from mentionstudy.analysis.report import ReportFacts, html_report, table
from mentionstudy.analysis.report_texts import report_texts

EVIL = '<script>alert(1)</script><img src="http://outside.test/x.png" onerror="alert(2)">'


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(3)
    days = pd.bdate_range("2020-01-01", periods=400)
    market = pd.Series(rng.normal(0, 0.01, 400), index=days, name="M")
    names = [f"60000{i}.SH" for i in range(6)]
    noise = pd.DataFrame(rng.normal(0, 0.02, (400, 6)), index=days, columns=names)
    returns = noise.add(market, axis=0)
    events = pd.DataFrame({"symbol": [*names, "nothing"], "date": days[300:307]})
    return EventStudy(bootstrap_draws=0, permutation_draws=0).run(events, returns, market)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_holds_the_studys_numbers(result, language):
    page = BeautifulSoup(html_report(result, ReportFacts(title="T", language=language)), "lxml")
    text = report_texts(language)
    assert page.h1.text == "T"
    sections = {s.h2.text: s for s in page.find_all("section")}
    rows = sections[text["tests"]].tbody.find_all("tr")
    tests = result.tests()
    assert len(rows) == len(tests)
    first = [cell.text for cell in rows[0].find_all("td")]
    assert first[3] == f"{tests['statistic'].iloc[0]:.2f}"
    warned = [(row, said) for row, said in zip(rows, tests["warning"], strict=True) if said]
    assert warned
    assert all(said in row.text for row, said in warned)
    cited = [item.text for item in sections[text["literature"]].find_all("li")]
    assert any("Kolari" in paper and "doi:10.1093/rfs/hhq072" in paper for paper in cited)
    assert any(paper.startswith("MacKinlay, A. C. (1997)") for paper in cited)
    assert cited == sorted(set(cited))
    events = sections[text["events"]].tbody.find_all("tr")
    shown = [row.find_all("td")[3].text for row in events]
    assert shown == [f"{v:.2%}" for v in result.car(*result.settings.car_windows[0])["car"]]
    assert "nothing" in sections[text["excluded"]].text
    assert result.settings.to_toml().splitlines()[0] in page.pre.text


def test_equal_studies_give_equal_reports(result):
    facts = ReportFacts(title="T", made_at="2026-01-01")
    assert html_report(result, facts) == html_report(result, facts)


def test_no_text_becomes_markup_and_no_host_is_named(result):
    excluded = pd.DataFrame(
        {"symbol": [EVIL], "event_id": [EVIL], "code": [EVIL], "reason": [EVIL]}
    )
    facts = ReportFacts(
        title=EVIL,
        question=EVIL,
        reading=EVIL,
        sample_note=EVIL,
        excluded=excluded,
        provenance={EVIL: EVIL},
        made_at=EVIL,
    )
    page = BeautifulSoup(html_report(result, facts), "lxml")
    assert page.find_all("img") == []
    assert not [s for s in page.find_all("script") if "alert(1)" in s.text[:200]]
    assert page.h1.text == EVIL
    assert [t for t in page.find_all(["script", "link", "iframe"]) if t.get("src")] == []
    assert "default-src 'none'" in page.find("meta", {"http-equiv": True})["content"]


def test_a_table_shows_percent_and_what_is_missing():
    frame = pd.DataFrame(
        {"car": [0.01234, float("nan")], "p": [0.04999, 1.0], "symbol": ["a", "b"]}
    )
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", table(frame, {}))
    assert cells == ["1.23%", "0.0500", "a", "–", "1.0000", "b"]


def test_both_languages_have_the_same_texts():
    english, chinese = report_texts("en"), report_texts("zh")
    assert set(english) == set(chinese)
    for key in english:
        fields = [sorted(re.findall(r"{(\w+)}", t[key])) for t in (english, chinese)]
        assert fields[0] == fields[1], key
