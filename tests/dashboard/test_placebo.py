"""A placebo is drawn beside the pages, tells how far it is, and can be ended."""

from __future__ import annotations

import threading
import time

import pandas as pd
import pytest

from mentionstudy.analysis import StudyResult, StudySettings
from mentionstudy.analysis.errors import InputError
from mentionstudy.analysis.settings import window_label
from mentionstudy.dashboard import jobs, services
from mentionstudy.dashboard.jobs import PlaceboJob
from mentionstudy.dashboard.parts import placebo

TABLE = pd.DataFrame({"test": ["sign"]})


class Gate:
    """Stands for `StudyResult.placebo`; each sample waits until it is let through."""

    def __init__(self, monkeypatch):
        self.real, self.steps, self.ended = StudyResult.placebo, threading.Semaphore(0), []
        monkeypatch.setattr(StudyResult, "placebo", lambda *asked, **more: self(*asked, **more))

    def __call__(self, result, *window, progress):
        def step(done, total):
            assert self.steps.acquire(timeout=60)
            progress(done, total)

        try:
            return self.real(result, *window, progress=step)
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise

    def open(self, steps=10_000):
        self.steps.release(steps)


def _wait(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def study_page(open_app, sample_workspace, monkeypatch):
    services.studies._TABLES.clear()
    monkeypatch.setattr(placebo, "_PATIENCE", 0.01)
    gate = Gate(monkeypatch)
    opened = []

    def open_study(lang="en"):
        opened.append(open_app(sample_workspace, "study", lang=lang))
        return opened[-1]

    yield open_study, gate
    gate.open()
    for app in opened:
        if "_placebo_job" in app.session_state:
            app.session_state["_placebo_job"][1].wait(60)


def at_work(app):
    """Return the placebo's job and what the page says of it."""
    bars = [bar.proto.text for bar in app.get("progress")]
    return app.session_state["_placebo_job"][1], bars


def tables(app):
    return [found.value for found in app.dataframe if "p_placebo" in found.value]


def test_the_page_does_not_wait_for_a_placebo_and_tells_how_far_it_is(study_page):
    open_study, gate = study_page
    app = open_study("zh")
    app.toggle(key="placebo").set_value(True).run()
    assert app.dataframe(key="table_events") is not None, "the rest of the page is there"
    gate.open(3)
    job, _ = at_work(app)
    _wait(lambda: job.done == 3)
    app.run()
    assert at_work(app)[1] == ["已在随机日期上重复 3 / 199 次"]
    gate.open()
    job.wait(60)
    app.run()
    assert not app.exception
    assert not app.get("progress")
    assert len(tables(app)) == 1
    again = open_study()
    again.toggle(key="placebo").set_value(True).run()
    at_work(again)[0].wait(60)
    again.run()
    assert len(tables(again)) == 1, "another session takes what was computed"
    assert at_work(again)[0].total == 0


def test_a_stopped_placebo_ends_with_its_sample_and_can_be_asked_for_again(study_page):
    open_study, gate = study_page
    app = open_study()
    app.toggle(key="placebo").set_value(True).run()
    job, _ = at_work(app)
    gate.open(2)
    _wait(lambda: job.done == 2)
    app.run()
    app.button(key="placebo_stop").click().run()
    assert not app.exception
    assert not app.toggle(key="placebo").value
    assert not app.get("progress")
    gate.open(1)
    job.wait(60)
    assert not job.running
    assert job.table is None
    assert gate.ended == ["_Stopped"]
    gate.open()
    app.toggle(key="placebo").set_value(True).run()
    at_work(app)[0].wait(60)
    app.run()
    assert len(tables(app)) == 1


def test_another_window_or_no_wish_ends_the_placebo_at_work(study_page):
    open_study, gate = study_page
    app = open_study()
    app.toggle(key="placebo").set_value(True).run()
    first, _ = at_work(app)
    other = window_label(StudySettings().car_windows[-1])
    assert app.session_state["window"] != other
    app.session_state["window"] = other
    app.run()
    second, _ = at_work(app)
    assert first.stopped
    assert not second.stopped
    app.toggle(key="placebo").set_value(False).run()
    assert second.stopped
    gate.open()
    first.wait(60)
    second.wait(60)
    assert not first.running
    assert not second.running


def test_placebos_are_drawn_one_after_another_and_one_that_waits_can_be_stopped():
    go_on, log = threading.Event(), []

    def draw(name):
        log.append(name)
        assert go_on.wait(60)
        return TABLE

    first, waiting, last = PlaceboJob(), PlaceboJob(), PlaceboJob()
    for job, name in ((first, "first"), (waiting, "waiting"), (last, "last")):
        job.start(lambda tell, job=job, name=name: job.in_turn(lambda: draw(name)))
        if name == "first":
            _wait(lambda: log == ["first"])
    waiting.stop()
    waiting.wait(60)
    assert log == ["first"]
    go_on.set()
    for job in (first, last):
        job.wait(60)
    assert log == ["first", "last"]
    assert (first.table is TABLE, waiting.table, last.table is TABLE) == (True, None, True)
    assert not jobs._TURN.locked()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("events: none"), "events: none"),
        (ZeroDivisionError(), "the computation ended early; the server's log says more"),
    ],
)
def test_an_error_is_said_on_the_page(open_app, sample_workspace, monkeypatch, error, told):
    services.studies._TABLES.clear()
    monkeypatch.setattr(placebo, "_PATIENCE", 60)

    def fails(*asked, **more):
        raise error

    monkeypatch.setattr(StudyResult, "placebo", fails)
    app = open_app(sample_workspace, "study", lang="en")
    app.toggle(key="placebo").set_value(True).run()
    assert not app.exception
    assert [box.value.replace("\\", "") for box in app.error] == [told]
