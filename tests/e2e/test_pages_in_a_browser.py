"""The pages in a real browser: drawn, quiet, safe, and leading to one another."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/",
    "articles": "/articles",
    "article": "/article",
    "review": "/review",
    "securities": "/securities",
    "study": "/study",
    "compare": "/compare?model=market_adjusted",
    "data": "/data",
    "export": "/export",
}
WITHOUT_CHARTS = {"articles", "review", "data", "export"}


@pytest.mark.parametrize(
    ("locale", "dark", "width", "word"),
    [
        ("zh-CN", False, 1280, "样例数据"),
        ("en-US", True, 1280, "Sample data"),
        ("zh-CN", True, 390, "样例数据"),
    ],
)
def test_every_page_is_drawn_without_an_error_or_an_outside_request(
    tab, sample_server, pictures, locale, dark, width, word
):
    page = tab(sample_server, locale=locale, dark=dark, width=width)
    for name, path in PAGES.items():
        page.open(path, charts=name not in WITHOUT_CHARTS)
        if width == 1280:  # one language each in light and in dark
            assert page.barriers() == [], name
        page.picture(pictures, f"{name}-{locale[:2]}-{'dark' if dark else 'light'}-{width}")
        assert word in page.page.inner_text("[data-testid=stMain]")
        # nothing is wider than the screen: a phone must not scroll sideways
        wide = page.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= width, name
        if name in WITHOUT_CHARTS:
            continue
        paper = "rgb(14, 17, 23)" if dark else "rgb(255, 255, 255)"
        assert paper in page.page.evaluate(
            "getComputedStyle(document.querySelector('.js-plotly-plot .main-svg')).background"
        )
    page.check()


def test_charts_follow_the_theme_of_the_system_and_of_the_menu(tab, sample_server):
    page = tab(sample_server, dark=False)
    page.open("/")

    def wait_for(colour):
        page.page.wait_for_function(
            "colour => { const chart = document.querySelector('.js-plotly-plot .main-svg');"
            " return chart && getComputedStyle(chart).background.includes(colour) }",
            arg=colour,
            timeout=30_000,
        )

    wait_for("rgb(255, 255, 255)")
    page.page.emulate_media(color_scheme="dark")
    wait_for("rgb(14, 17, 23)")
    page.page.locator("[data-testid=stMainMenuButton]").click()
    page.page.get_by_test_id("stMainMenuItem-theme-Light").click(timeout=10_000)
    wait_for("rgb(255, 255, 255)")
    page.check()


def test_a_changed_setting_changes_the_address_and_the_address_brings_it_back(tab, sample_server):
    first = tab(sample_server)
    first.open("/study?lang=en")
    first.page.locator(".st-key-win input").fill("[-5,5]")
    first.page.locator(".st-key-win input").press("Enter")
    first.settle()
    first.page.wait_for_url(re.compile("win="))
    second = tab(sample_server)
    second.open(first.page.url.removeprefix(sample_server))
    assert second.page.locator(".st-key-win input").input_value() == "[-5,5]"
    labels = second.page.locator("[data-testid=stMetricLabel]").all_inner_texts()
    assert labels == [
        text for text in first.page.locator("[data-testid=stMetricLabel]").all_inner_texts()
    ]
    assert not any("[-10,10]" in label for label in labels)
    second.check()


def test_settings_go_along_from_page_to_page(tab, sample_server):
    page = tab(sample_server)
    page.open("/?lang=zh&up=green&model=market_adjusted")
    page.page.get_by_role("link", name="研究").click()
    page.page.wait_for_url(re.compile("/study"))
    page.settle()
    assert "model=market_adjusted" in page.page.url
    assert "市场调整" in page.page.inner_text("[data-testid=stMain]")
    page.check()


def test_a_tampered_address_is_answered_in_words(tab, sample_server):
    page = tab(sample_server)
    page.open("/study?lang=en&model=%3Cscript%3Ealert(1)%3C/script%3E&win=zehn")
    assert "cannot be" in page.page.inner_text("[data-testid=stAlertContainer]")
    page.check()


def test_a_click_on_the_heat_map_opens_the_article_behind_it(tab, sample_server):
    page = tab(sample_server)
    page.open("/study?lang=en")
    cell = page.page.locator(".st-key-chart_heatmap .scatterlayer .point").first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.locator(".st-key-open_heatmap button").click(timeout=20_000)
    page.page.wait_for_url(re.compile("/article"))
    page.settle()
    assert "event=" in page.page.url
    page.check()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_convention_of_a_test_comes_on_hover_and_by_key(tab, sample_server, width):
    page = tab(sample_server, width=width)
    page.open("/study?lang=en")
    name = page.page.locator(".battery .how").filter(has_text="Corrado rank")
    tip = name.locator(".tip")
    name.scroll_into_view_if_needed()
    assert not tip.is_visible()
    name.hover()
    assert tip.is_visible()
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.page.mouse.move(0, 0)
    assert not tip.is_visible()
    name.focus()
    assert tip.is_visible()
    page.check()
