"""From a wrong mention to a changed study result, in a real browser, by keys and by the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest

import mentionstudy.data as data

pytestmark = pytest.mark.browser
SUPPORT = Path(__file__).parent / "conftest.py"


@pytest.fixture
def own(tmp_path, request):
    """Serve the sample as a workspace that this test may write."""
    import runpy

    support = runpy.run_path(str(SUPPORT))
    path = support["SUPPORT"]["fill"](tmp_path / "workspace")
    with support["serve"](path) as url:
        yield url, path


def to_study(page, n):
    """Go to the study, wait until it uses n events, and return its first average."""
    page.page.get_by_role("link", name="Study").click()
    page.page.wait_for_function(
        "n => (document.querySelector('.st-key-windows [data-testid=stMetricDelta]')"
        " || {innerText: ''}).innerText.startsWith(`N ${n} `)",
        arg=n,
    )
    return page.page.locator(".st-key-windows [data-testid=stMetricValue]").first.inner_text()


def to_review(page, decided):
    """Go to the review and wait until so many are decided."""
    page.page.get_by_role("link", name="Review").click()
    wait_for(page, f"{decided} of 8 decided")
    page.settle()


def wait_for(page, words):
    page.page.wait_for_function("words => document.body.innerText.includes(words)", arg=words)


def test_a_wrong_mention_is_rejected_and_the_study_changes(tab, own, pictures):
    url, path = own
    page = tab(url)
    page.open("/review?lang=en&rsrc=证券时报网", charts=False)
    wait_for(page, "0 of 8 decided · 4 in this list")
    assert page.page.locator(".st-key-review_card mark").count() >= 1  # the sentence is in view
    wrong = page.page.locator(".st-key-review_card h2").inner_text().split()[0]
    page.picture(pictures, "review-en-light-1280")
    before = to_study(page, 7)
    to_review(page, 0)
    page.page.keyboard.press("x")
    wait_for(page, "1 of 8 decided")
    (kept,) = data.Workspace.open(path).corrections().itertuples()
    assert (kept.symbol, kept.action) == (wrong, "reject")
    assert to_study(page, 6) != before
    to_review(page, 1)
    # a letter that is typed is a letter and no decision
    page.page.locator(".st-key-review_other input[type=text]").last.press_sequentially("axu")
    page.page.wait_for_timeout(500)
    assert len(data.Workspace.open(path).corrections()) == 1
    page.page.locator(".st-key-review_card h2").click()
    page.settle()
    page.page.keyboard.press("u")
    wait_for(page, "0 of 8 decided")
    assert data.Workspace.open(path).corrections().empty
    page.check()
