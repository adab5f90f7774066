"""Every model and every test can be cited."""

from __future__ import annotations

from typing import get_args

from mentionstudy.analysis.inference.outcome import TestName
from mentionstudy.analysis.literature import PAPERS, TESTS, references
from mentionstudy.analysis.models import MODELS


def test_every_test_and_every_model_has_a_whole_reference():
    assert set(TESTS) == set(get_args(TestName))
    named = {paper for papers in TESTS.values() for paper in papers}
    assert named | {model.source for model in MODELS.values()} == set(PAPERS)


def test_a_reference_begins_with_the_authors_and_the_year_it_is_known_by():
    for short, whole in PAPERS.items():
        first, year = short.split(" ")[0].strip(","), short[-5:-1]
        assert whole.startswith(first)
        assert f"({year})" in whole


def test_references_are_those_of_what_was_used_and_no_others():
    found = references("Dimson (1979)", ["patell", "adjusted_patell", "none_of_ours"])
    assert [paper.split(",")[0] for paper in found] == ["Dimson", "Kolari", "Patell"]
