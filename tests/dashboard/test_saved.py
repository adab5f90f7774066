"""Saved studies come back as they were, from anywhere, and two can be held against each other."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionstudy.dashboard import saved, state
from mentionstudy.dashboard.parts import comparison
from mentionstudy.dashboard.saved import SavedStudy, SavedStudyError


def _study(name="mine", **choices):
    return SavedStudy(name, state.complete(choices), {"bars": 3})


def test_a_saved_study_comes_back_as_it_was(tmp_path):
    study = _study("七月 / 2021", model="mean_adjusted", ex=["SH"], car=["[-2,2]"])
    path = saved.save(str(tmp_path), study)
    assert path.parent.parent == tmp_path
    assert saved.all_in(str(tmp_path)) == [study]
    saved.save(str(tmp_path), _study("七月 / 2021"))
    assert len(saved.all_in(str(tmp_path))) == 1
    saved.delete(str(tmp_path), "七月 / 2021")
    assert saved.all_in(str(tmp_path)) == []


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a\x00b", "<script>", ""])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    path = saved.save(str(tmp_path), _study(name))
    assert path.resolve().parent == (tmp_path / saved.FOLDER).resolve()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"query": 1}',
        b'{"query": {"model": "x"}}',
        b"{" * 200_000,
        b"[" * 90_000,
    ],
)
def test_a_file_that_is_no_study_says_what_was_expected(data):
    with pytest.raises(SavedStudyError, match="a saved study is a JSON file"):
        saved.read(data)


def test_what_a_file_says_wrongly_falls_back_with_a_note():
    query = {"model": ["magic"], "win": ["[-5,5]"], "lang": ["zh"], "nonsense": ["1"]}
    study = saved.read(json.dumps({"name": "x", "query": query}).encode())
    assert study.choices["model"] == "market"
    assert study.choices["win"] == "[-5,5]"
    assert {note.name for note in study.notes} == {"model", "nonsense"}


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(data):
    with pytest.raises(SavedStudyError):
        saved.read(data)


def test_a_damaged_file_does_not_hide_the_others(tmp_path):
    saved.save(str(tmp_path), _study("good"))
    (tmp_path / saved.FOLDER / "broken.json").write_text("{", encoding="utf-8")
    assert [study.name for study in saved.all_in(str(tmp_path))] == ["good"]


def test_differences_name_only_what_differs():
    assert saved.differences(_study(), _study("other")) == []
    found = saved.differences(_study(model="mean_adjusted", ex=["SH", "SZ"]), _study())
    assert found == [("model", "mean_adjusted", "market"), ("ex", "SH, SZ", "–")]


def test_the_compare_page_shows_both_answers(open_app, sample_workspace):
    app = open_app(sample_workspace, "compare", lang="en", model="mean_adjusted")
    assert not app.exception
    different = next(d.value for d in app.dataframe if "first_study" in d.value)
    assert different.iloc[0].tolist() == ["Normal return", "Mean-adjusted", "Market model"]
    results = next(d.value for d in app.dataframe if "caar_1" in d.value)
    assert len(results) == 4
    assert results[["caar_1", "caar_2", "p_1", "p_2"]].notna().all(axis=None)
    assert (results["caar_1"] != results["caar_2"]).all()
    layouts = [json.loads(c.proto.spec)["layout"] for c in app.get("plotly_chart")]
    (low, high), other = (layout["yaxis"]["range"] for layout in layouts)
    assert [low, high] == other, "two curves are compared by eye on one scale"
    notes = [layout["title"]["subtitle"]["text"] for layout in layouts]
    assert [("Mean-adjusted" in n, "Market model" in n) for n in notes] == [
        (True, False),
        (False, True),
    ]


def test_the_common_scale_holds_both_bands():
    one = pd.DataFrame({"caar": [0.0, 0.01], "ci_low": [np.nan, -0.03], "ci_high": [np.nan, 0.05]})
    other = pd.DataFrame({"caar": [-0.05, 0.0], "ci_low": [np.nan] * 2, "ci_high": [np.nan] * 2})
    low, high = comparison.common_scale([one, other])
    assert (low, high) == (pytest.approx(-0.055), pytest.approx(0.055))


def test_equal_studies_are_not_compared(open_app, sample_workspace):
    app = open_app(sample_workspace, "compare", lang="en")
    assert not app.exception
    assert "ask the same" in app.info[-1].value


def test_a_study_is_saved_and_found_again(open_app, bare_copy):
    app = open_app(bare_copy, "compare", lang="en", win="[-5,5]")
    app.text_input(key="study_name").set_value("short window").run()
    app.button(key="study_save").click().run()
    assert not app.exception
    (study,) = saved.all_in(str(bare_copy))
    assert (study.name, study.choices["win"]) == ("short window", "[-5,5]")
    assert study.versions["articles"] >= 0
