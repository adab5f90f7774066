"""A study that takes minutes runs beside the pages, tells how far it is, and can be ended."""

from __future__ import annotations

import time

import pytest

from mentionstudy.analysis import StudySettings
from mentionstudy.dashboard import services, slow
from mentionstudy.dashboard.selection import EventFilter
from mentionstudy.data import Workspace


@pytest.fixture
def asked(sample_workspace):
    workspace = Workspace.open(sample_workspace)
    corpus = services.corpus(workspace)
    question = services.Question(settings=StudySettings(), events=EventFilter())
    yield workspace, corpus, question
    services.study_job(corpus, question).stop()
    services.studies._study_job.clear()


def _wait(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_only_many_events_of_a_slow_model_are_slow():
    assert slow.is_slow(StudySettings(model="garch"), 1000)
    assert not slow.is_slow(StudySettings(model="garch"), 7)
    assert not slow.is_slow(StudySettings(), 1_000_000)


def test_the_process_answers_as_the_page_would(asked):
    workspace, corpus, question = asked
    job = services.study_job(corpus, question)
    services.start_study(workspace, corpus, question)
    assert job.running
    _wait(lambda: not job.running)
    assert job.problem == ""
    assert job.expected > 0
    own = services.study(workspace, corpus, question)
    assert job.run.result.fingerprint == own.result.fingerprint
    assert job.run.result.tests().equals(own.result.tests())


def test_a_stopped_study_leaves_no_answer_and_no_process(asked):
    workspace, corpus, question = asked
    job = services.study_job(corpus, question)
    services.start_study(workspace, corpus, question)
    _wait(lambda: job._process is not None)
    process = job._process
    job.stop()
    _wait(lambda: not job.running)
    assert process.returncode is not None
    assert job.run is None
    assert job.problem == ""


def test_the_page_shows_the_progress_then_the_answer_and_offers_a_way_out(
    open_app, sample_workspace, monkeypatch
):
    monkeypatch.setattr("mentionstudy.dashboard.parts.frame.is_slow", lambda settings, n: True)
    app = open_app(sample_workspace, "study", lang="en", model="market_adjusted")
    assert app.button(key="slow_stop")
    assert not app.get("plotly_chart")
    app.button(key="slow_stop").click().run()
    assert app.selectbox(key="model").value == "market"
    for _ in range(300):
        if app.get("plotly_chart"):
            break
        time.sleep(0.2)
        app.run()
    assert not app.exception
    assert app.metric[0].value.startswith("+0.67")
    services.studies._study_job.clear()
