"""Each page answers its question, in both languages, and says what is missing."""

from __future__ import annotations

import json
import re
import time

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from mentionstudy.analysis import StudySettings
from mentionstudy.dashboard.i18n import texts
from mentionstudy.dashboard.parts import averages, finder, frame, show
from mentionstudy.dashboard.pipeline import load_corpus, run_study
from mentionstudy.dashboard.services import studies
from mentionstudy.dashboard.services.places import WORKSPACE_VARIABLE
from mentionstudy.dashboard.traded import load_prices
from mentionstudy.data import Workspace

PAGES = ("", "articles", "article", "review", "securities", "study")
PAGES += ("compare", "data", "export")
WITHOUT_STUDY = {"articles", "review", "data"}
WITHOUT_CHARTS = {"articles", "review", "compare", "data", "export"}


def charts(app):
    """Return the figures on the page by the start of their title."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {spec["layout"]["title"]["text"]: spec for spec in specs}


def said(app):
    """Return all the text on the page."""
    parts = [*app.markdown, *app.caption, *app.subheader, *app.warning, *app.info, *app.error]
    parts += [*app.text, *app.code]
    return "\n".join(str(part.value) for part in parts)


@pytest.fixture(scope="module")
def run(sample_workspace):
    workspace = Workspace.open(sample_workspace)
    corpus = load_corpus(workspace)
    return run_study(corpus, load_prices(workspace, corpus.events), StudySettings())


def test_what_the_server_reads_ahead_is_what_the_first_page_asks(
    open_app, sample_workspace, monkeypatch
):
    studies._RUNS.clear()
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(sample_workspace))
    frame.read_ahead()
    monkeypatch.setattr(studies, "run_study", lambda *_, **__: pytest.fail("it was not read ahead"))
    app = open_app(sample_workspace)
    assert not app.exception
    assert charts(app)


def test_a_link_to_a_security_that_is_not_there_is_told_at_once(open_app, sample_workspace):
    app = open_app(sample_workspace, "securities", lang="en", security="999999.SH")
    assert not app.exception
    assert r"“999999\.SH” (security)" in app.warning[0].value
    assert app.selectbox(key="security").value == "000750.SZ"


@pytest.mark.parametrize("workspace", ["plain_workspace", "bare_workspace"])
def test_where_there_is_nothing_to_study_nothing_is_read_ahead(monkeypatch, request, workspace):
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(request.getfixturevalue(workspace)))
    monkeypatch.setattr(studies, "run_study", lambda *_, **__: pytest.fail("there are no prices"))
    frame.read_ahead()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("view", PAGES)
def test_every_page_opens_on_the_sample_and_says_that_it_is_one(
    open_app, sample_workspace, view, lang
):
    app = open_app(sample_workspace, view, lang=lang)
    assert not app.exception
    assert ("样例数据" if lang == "zh" else "Sample data") in said(app)
    assert bool(charts(app)) == (view not in WITHOUT_CHARTS)
    for spec in charts(app).values():
        assert ("样例数据" if lang == "zh" else "sample data") in spec["layout"]["title"][
            "subtitle"
        ]["text"]


def test_the_overview_counts_what_was_read_and_used(open_app, sample_workspace):
    app = open_app(sample_workspace, lang="en")
    assert [(m.label, m.value) for m in app.metric] == [
        ("Articles", "5"),
        ("Naming a security", "3"),
        ("Events", "8"),
        ("Used in the study", "7"),
    ]
    assert "7 of 8 events" in said(app)


def test_the_overview_names_the_largest_moves_first(open_app, sample_workspace, run):
    app = open_app(sample_workspace, lang="en")
    moves = next(d.value for d in app.dataframe if "path" in d.value)
    car = run.result.car(-1, 1).set_index("symbol")["car"]
    expected = car.abs().sort_values(ascending=False)
    assert moves["symbol"].tolist() == expected.index.tolist()
    assert moves["car"].to_numpy() == pytest.approx(car[expected.index].to_numpy() * 100)


def test_the_overview_says_why_an_event_is_left_out(open_app, sample_workspace):
    app = open_app(sample_workspace, lang="en")
    reasons = next(d.value for d in app.dataframe if "reason" in d.value)
    assert reasons["reason"].tolist() == ["No prices of this security"]
    assert reasons["count"].tolist() == [1]


def test_the_study_draws_the_numbers_of_the_study(open_app, sample_workspace, run):
    app = open_app(sample_workspace, "study", lang="en")
    caar = charts(app)["Cumulative average abnormal return"]
    line = next(t for t in caar["data"] if t.get("name") == "CAAR")
    assert _numbers(line["y"]) == pytest.approx(run.result.aar["caar"].to_numpy())


def test_the_tests_show_their_numbers_and_what_is_behind_each(open_app, sample_workspace, run):
    t = texts("en")
    app = open_app(sample_workspace, "study", lang="en")
    (table,) = [soup for soup in html_of(app) if soup.select_one("table.battery")]
    rows = [
        {cell["class"][0]: cell.text for cell in row.select("td")}
        for row in table.select("tbody tr")
    ]
    names = [name.contents[0] for name in table.select(".how")]
    tips = [table.find(id=name["aria-describedby"]).text for name in table.select(".how")]
    tests = run.result.tests(-1, 1)
    assert names == [t.code("test", name) for name in tests["test"]]
    assert tests["warning"].any()
    for tip, test in zip(tips, tests.itertuples(), strict=True):
        assert tip.startswith(test.convention)
        assert re.search(r"\((19|20)\d\d\)", tip)  # the paper
        assert tip.endswith(test.warning)
    for row, test in zip(rows, tests.itertuples(), strict=True):
        assert ("not defined" in row["reading"]) == pd.isna(test.p)
        assert test.warning in row["reading"]
        if pd.notna(test.p):
            assert float(row["statistic"]) == pytest.approx(test.statistic, abs=0.005)
            assert float(row["p"].rstrip("*")) == pytest.approx(test.p, abs=0.00005)
            assert int(row["n"]) == test.n
    assert len(rows) == len(tests)
    exact = [float(cell["title"].removeprefix("p = ")) for cell in table.select("td.p[title]")]
    assert exact == pytest.approx(tests["p"].dropna().to_list(), rel=1e-5)


def html_of(app):
    """Return what the page shows as HTML."""
    return [BeautifulSoup(part.proto.body, "html.parser") for part in app.get("html")]


def test_securities_are_shown_with_their_names(open_app, sample_workspace, run):
    app = open_app(sample_workspace, "study", lang="en")
    (events,) = [d.value for d in app.dataframe if {"n_days", "title"} <= set(d.value)]
    assert (
        dict(zip(events["symbol"], events["security_name"], strict=True))["600718.SH"] == "东软集团"
    )


def _numbers(values):
    """Decode what plotly wrote: a list, or base64 with its type."""
    if isinstance(values, list):
        return values
    import base64

    import numpy as np

    return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])


def test_a_changed_model_changes_the_result(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en")
    before = [m.value for m in app.metric]
    app.selectbox(key="model").set_value("mean_adjusted").run()
    assert not app.exception
    assert [m.value for m in app.metric] != before
    assert (
        "Mean-adjusted" in next(iter(charts(app).values()))["layout"]["title"]["subtitle"]["text"]
    )


def test_a_page_that_breaks_leaves_the_settings_that_lead_out_of_it(
    open_app, sample_workspace, monkeypatch
):
    def break_down(*_: object) -> None:
        raise RuntimeError("a chart that cannot be drawn")

    monkeypatch.setattr(averages, "bars", break_down)
    app = open_app(sample_workspace, view="study")
    assert len(app.exception) == 1
    assert app.selectbox(key="model").value == "market"


def test_the_first_chart_gets_a_moment_of_its_own_only_when_it_is_new(
    open_app, sample_workspace, monkeypatch
):
    waits: list[float] = []
    monkeypatch.setattr(show, "sleep", waits.append)
    app = open_app(sample_workspace, view="study")
    waits.clear()
    app.segmented_control(key="window").set_value("[0,0]").run()
    assert not waits
    app.selectbox(key="model").set_value("mean_adjusted").run()
    assert len(waits) == 1
    assert waits[0] < 0.1


def test_a_link_reproduces_the_view(open_app, sample_workspace):
    query = {"lang": "en", "model": "market_adjusted", "car": ["[-2,2]"], "ex": ["SH"]}
    app = open_app(sample_workspace, "study", **query)
    assert app.selectbox(key="model").value == "market_adjusted"
    assert [m.label for m in app.metric] == ["CAAR [-2,2]"]
    assert "5 of 8 events, chosen by: Exchange −3" in said(app)
    app.button(key="reset_here").click().run()
    assert "chosen by" not in said(app)
    # the box of the filters is not closed on one who has just taken the last of them away
    assert [box.proto.expanded for box in app.expander if box.label == "Which events"] == [True]
    app.button(key="undo_here").click().run()
    assert "5 of 8 events, chosen by: Exchange −3" in said(app)


def test_a_link_opens_the_part_and_the_window_that_its_author_saw(open_app, sample_workspace, run):
    app = open_app(sample_workspace, "study", lang="en", part="cross", cw="[-5,5]")
    assert not app.exception
    assert r"CAR [-5,5] and Exchange" in charts(app)
    table = next(d.value for d in app.dataframe if "coefficient" in d.value)
    expected = run.result.regress(["exchange"], window=(-5, 5))
    assert table["coefficient"].to_numpy() == pytest.approx(expected["coefficient"].to_numpy())


def test_an_old_link_to_a_part_or_window_that_is_no_more_gets_the_default(
    open_app, sample_workspace
):
    app = open_app(sample_workspace, "study", lang="en", part="violin", cw="[-7,7]")
    assert not app.exception
    assert "part" in app.warning[0].value
    assert "Abnormal return, event by day" in charts(app)
    assert "Distribution of CAR [-1,1]" in charts(app)


def test_choices_are_written_to_the_url_without_the_defaults(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en")
    app.selectbox(key="model").set_value("market_adjusted").run()
    app.multiselect(key="ex").set_value(["HK"]).run()
    assert app.query_params["model"] in ("market_adjusted", ["market_adjusted"])
    assert app.query_params["ex"] in ("HK", ["HK"])
    assert "win" not in app.query_params


def test_choices_survive_a_change_of_page(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en")
    app.selectbox(key="model").set_value("market_adjusted").run()
    app.switch_page("views/article.py").run()
    app.switch_page("views/overview.py").run()
    assert app.selectbox(key="model").value == "market_adjusted"


def test_a_tampered_link_gets_a_note_and_the_defaults(open_app, sample_workspace):
    app = open_app(
        sample_workspace, lang="en", model="<script>", win="[9,1]", sym="000001.SZ", nonsense="1"
    )
    assert not app.exception
    note = app.warning[0].value
    assert all(part in note for part in ("model", r"\<script\>", "win", "nonsense"))
    assert app.selectbox(key="model").value == "market"
    assert len(charts(app)) == 2
    app.button(key="dismiss_notes").click().run()
    assert not app.warning


def test_contradicting_settings_say_so_and_can_be_reset(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en", est="[-5,5]", minobs="5")
    assert not app.exception
    assert app.error
    assert "overlaps the event window" in said(app)
    app.button(key="reset_study").click().run()
    assert not app.error
    assert "Cumulative average abnormal return" in charts(app)


def test_an_unreadable_window_is_refused_in_words(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en")
    app.text_input(key="win").set_value("ten days").run()
    assert not app.exception
    assert "ten days" in said(app)


def test_filters_that_leave_nothing_say_which_removed_what(open_app, sample_workspace):
    app = open_app(sample_workspace, lang="en", ex=["HK"], to="2021-12-31")
    assert not app.exception
    assert "None of the 8 events" in said(app)
    removed = next(d.value for d in app.dataframe if "Removes" in d.value)
    assert dict(removed.to_numpy()) == {"Exchange": 6, "to": 4}
    app.button(key="reset_from_empty").click().run()
    assert "None of the 8 events" not in said(app)
    app.button(key="undo").click().run()
    assert "None of the 8 events" in said(app)


def test_the_article_page_marks_mentions_and_shows_each_event(open_app, sample_workspace):
    app = open_app(sample_workspace, "article", lang="en")
    article = app.selectbox(key="article")
    label = next(o for o in article.options if "2021-04-09" in o)
    article.select_index(article.options.index(label)).run()
    html = "".join(h.proto.body for h in app.get("html"))
    assert html.count("<mark") == 5
    titles = list(charts(app))
    assert [t.split(" · ")[0] for t in titles] == [titles[0].split(" · ")[0]] * 3
    assert len(app.metric) == 4


def test_an_event_without_prices_says_so_on_its_article(open_app, sample_workspace):
    app = open_app(sample_workspace, "article", lang="en", event="02066.HK@2022-01-06")
    article = app.selectbox(key="article")
    label = next(o for o in article.options if "2022-01-06" in o)
    article.select_index(article.options.index(label)).run()
    app.session_state["event"] = "02066.HK@2022-01-06"
    app.run()
    assert not app.exception
    assert "No prices in the workspace" in said(app)


def test_a_click_in_the_heat_map_leads_to_the_article(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en")
    point = {"customdata": ["600718.SH@2022-01-07", "1.0%"]}
    app.session_state["chart_heatmap"] = {"selection": {"points": [point]}}
    app.run()
    assert "600718.SH@2022-01-07" in said(app)
    assert app.button(key="open_heatmap")


@pytest.mark.parametrize(
    ("view", "part", "chart", "mark", "window"),
    [
        ("study", "events", "caar", "tau:3", (-10, 3)),
        ("study", "events", "aar", "tau:0", (0, 0)),
        ("study", "calendar", "when", "week:2022:0", (-1, 1)),
        ("study", "groups", "groups_chart", "group:2:SH", (-10, 2)),
        ("study", "cross", "cross", "cross:Shanghai", (-1, 1)),
        ("", "", "calendar", "week:2022:0", (-1, 1)),
        ("", "", "overview_caar", "tau:-10", (-10, -10)),
    ],
)
def test_a_click_lists_the_events_behind_a_point(
    open_app, sample_workspace, run, view, part, chart, mark, window
):
    query = {"part": part} if part else {}
    if part == "groups":
        query["group"] = "exchange"
    app = open_app(sample_workspace, view, lang="en", **query)
    app.session_state[f"chart_{chart}"] = {"selection": {"points": [{"customdata": [mark, 1]}]}}
    app.run()
    assert not app.exception
    car = run.result.car(*window).set_index("symbol")["car"].dropna()
    events = run.events.set_index("symbol")
    if mark.startswith("week"):
        car = car[
            [
                pd.Timestamp("2022-01-01") <= d <= pd.Timestamp("2022-01-07")
                for d in events.loc[car.index, "day0"]
            ]
        ]
    elif mark.startswith(("group", "cross")):
        car = car[car.index.str.endswith(".SH")]
    if len(car) == 1:
        assert app.button(key=f"open_{chart}")
        return
    shown = next(d.value for d in app.dataframe if d.key == f"behind_{chart}")
    assert shown.set_index("symbol")["car"].to_dict() == pytest.approx((car * 100).to_dict())
    assert shown["car"].abs().is_monotonic_decreasing
    assert f"{len(car)} events behind this point" in said(app)


def test_a_mark_of_other_settings_lists_nothing(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en", win="[-5,5]", car=["[-1,1]"])
    point = {"customdata": ["tau:9", 7]}
    app.session_state["chart_caar"] = {"selection": {"points": [point]}}
    app.run()
    assert not app.exception
    assert "No event of the present study is behind this point" in said(app)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("view", PAGES)
def test_without_a_workspace_every_page_says_how_to_begin(open_app, view, lang):
    app = open_app(None, view, lang=lang)
    assert not app.exception
    assert "mentionstudy demo" in said(app)


@pytest.mark.parametrize("view", PAGES)
def test_a_folder_that_is_no_workspace_is_named(open_app, view, tmp_path):
    app = open_app(tmp_path / "nowhere", view, lang="en")
    assert not app.exception
    assert "nowhere" in said(app)


@pytest.mark.parametrize("view", PAGES)
def test_an_empty_workspace_says_how_articles_come_in(open_app, view, tmp_path):
    Workspace.open(tmp_path / "empty", create=True)
    app = open_app(tmp_path / "empty", view, lang="en")
    assert not app.exception
    assert "mentionstudy ingest" in said(app)


@pytest.mark.parametrize("view", PAGES)
def test_without_prices_the_events_are_there_and_the_command_is_named(
    open_app, view, bare_workspace
):
    app = open_app(bare_workspace, view, lang="en")
    assert not app.exception
    if view not in WITHOUT_STUDY:
        assert "mentionstudy fetch" in said(app)
        assert "8 events were found" in said(app)


def test_articles_without_events_are_listed_with_their_reason(open_app, plain_workspace):
    app = open_app(plain_workspace, lang="en")
    assert not app.exception
    listed = next(d.value for d in app.dataframe if "status" in d.value)
    assert len(listed) == 1
    assert "none gives an event" in said(app)


@pytest.mark.parametrize("view", PAGES)
def test_an_evil_article_stays_text(open_app, evil_workspace, view):
    app = open_app(evil_workspace, view, lang="en")
    assert not app.exception
    for part in app.markdown:
        assert "](http" not in re.sub(r"\\.", "", part.value)
    table = {"table", "thead", "tbody", "tr", "th", "td", "span"}
    for block in app.get("html"):
        own = table if 'class="battery"' in block.proto.body else {"style", "div", "mark", "h2"}
        assert set(re.findall(r"<(\w+)", block.proto.body)) <= own
    assert "javascript:" not in str([b.proto.url for b in app.get("link_button")])


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"q": "东软"}, 3),
        ({"q": "东软 盛京"}, 1),
        ({"q": "600050"}, 1),
        ({"st": ["no_mention"]}, 2),
        ({"clock": ["evening"]}, 3),
        ({"clock": ["weekend"]}, 1),
        ({"clock": ["unknown"]}, 1),
    ],
)
def test_articles_are_found_by_words_state_and_time_of_day(open_app, sample_workspace, query, n):
    app = open_app(sample_workspace, "articles", lang="en", **query)
    assert not app.exception
    assert f"{n} of 5 articles" in said(app)
    assert len(app.dataframe[0].value) == n


def test_a_search_without_a_find_can_be_taken_back(open_app, sample_workspace):
    app = open_app(sample_workspace, "articles", lang="en", q="nothing like this")
    assert "No article fits" in said(app)
    app.button(key="reset_search").click().run()
    assert "5 of 5 articles" in said(app)


def test_a_security_shows_each_of_its_events(open_app, sample_workspace, run):
    app = open_app(sample_workspace, "securities", lang="en", security="600718.SH")
    assert not app.exception
    price = charts(app)["600718.SH 东软集团 · Mentions on the price"]
    marks = next(t for t in price["data"] if t.get("name") == "day 0")
    assert [row[0] for row in marks["customdata"]] == ["600718.SH@2022-01-07"]
    car = charts(app)[r"600718.SH 东软集团 · CAR [-1,1]"]
    expected = run.result.car(-1, 1).set_index("symbol")["car"]["600718.SH"]
    assert _numbers(car["data"][0]["y"]) == pytest.approx([expected])


def test_a_security_without_prices_says_so(open_app, sample_workspace):
    app = open_app(sample_workspace, "securities", lang="en", security="02066.HK")
    assert not app.exception
    assert "No prices of 02066.HK" in said(app)
    assert "None of its events is in the statistics" in said(app)


def test_groups_are_compared_when_asked_for(open_app, sample_workspace, run):
    app = open_app(sample_workspace, "study", lang="en", group="exchange")
    assert not app.exception
    table = next(d.value for d in app.dataframe if "group" in d.value)
    assert set(table["group"]) == {"Shanghai", "Shenzhen", "Hong Kong"}
    assert "Cumulative average abnormal return by group" in charts(app)


def test_the_data_page_names_what_is_missing_first(open_app, sample_workspace):
    app = open_app(sample_workspace, "data", lang="en")
    assert not app.exception
    table = next(d.value for d in app.dataframe if "share" in d.value)
    assert table["symbol"].iloc[0] == "02066.HK"
    assert app.button(key="fetch_start").disabled, "the sample brings its own prices"


def test_a_fetch_runs_in_the_background_and_reports_what_is_missing(
    open_app, bare_copy, monkeypatch
):
    from mentionstudy.data.market import SampleSource

    monkeypatch.setattr("mentionstudy.data.market.live_chain", lambda health: SampleSource())
    app = open_app(bare_copy, "data", lang="en")
    app.button(key="fetch_start").click().run()
    for _ in range(200):
        if app.success:
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    assert "still missing" in app.success[0].value
    table = next(d.value for d in app.dataframe if "share" in d.value)
    assert (table["status"] == "complete").sum() > 5
    assert Workspace.open(bare_copy).bars()["symbol"].nunique() >= 8


def test_a_placebo_and_the_small_multiples_come_when_asked_for(
    open_app, sample_workspace, monkeypatch
):
    monkeypatch.setattr("mentionstudy.dashboard.parts.placebo._PATIENCE", 60)
    app = open_app(sample_workspace, "study", lang="en")
    assert "Cumulative abnormal return, event by event" not in charts(app)
    app.toggle(key="placebo").set_value(True)
    app.session_state["part"] = "multiples"
    app.run()
    assert not app.exception
    assert "Cumulative abnormal return, event by event" in charts(app)
    tables = [d.value for d in app.dataframe if "p_placebo" in d.value]
    assert tables or "not enough other dates" in said(app)
    for table in tables:
        assert table["p_placebo"].between(0, 1).all()


def test_the_events_of_a_study_count_days_and_show_their_titles_first(open_app, sample_workspace):
    app = open_app(sample_workspace, "study", lang="en", part="calendar")
    listed = app.dataframe(key="table_events")
    assert listed.value.columns[-4:].tolist() == ["n_days", "title", "timing", "source"]
    assert set(listed.value["n_days"]) == {3}
    assert json.loads(listed.proto.columns)["n_days"]["label"] == "Days"


def test_one_search_finds_articles_securities_and_pages(open_app, sample_workspace, monkeypatch):
    corpus = load_corpus(Workspace.open(sample_workspace))
    gone = []
    for way in ("to_article", "to_security", "to_page"):
        monkeypatch.setattr(
            finder.navigate, way, lambda *where, way=way: gone.append((way, *where))
        )

    def found(words):
        offers = finder.offers(texts("en"), corpus, ("overview", "study"), words)
        gone.clear()
        for _, _, go in offers:
            go()
        return [label for _, label, _ in offers], list(gone)

    ways = found("600718")[1]
    assert ("to_security", "600718.SH") in ways
    assert any(way == "to_article" for way, _ in ways)
    assert found("盛京银行")[0][0] == r"**02066\.HK 盛京银行** · events: 1"
    assert found("stud")[1] == [("to_page", "study")]
    assert found("")[1] == [("to_page", "overview"), ("to_page", "study")]
    assert found("东软 盛京")[0][0].startswith("2022-01-06")
    assert found("nothing like this") == ([], [])


def test_the_data_page_waits_for_the_prices_only_for_its_marks(
    open_app, sample_workspace, monkeypatch
):
    from mentionstudy.dashboard import services

    workspace = Workspace.open(sample_workspace)
    marks = load_prices(workspace, load_corpus(workspace).events).panel.flags
    assert len(marks)
    seen = []
    real = services.coverage_matrix

    def watched(*given):
        seen.append(given[2] is not None)
        return real(*given)

    app = open_app(sample_workspace, "data", lang="en")  # through the overview, which reads prices
    services.traded._PRICES.clear()
    monkeypatch.setattr(services, "coverage_matrix", watched)
    app.run()
    assert not app.exception
    assert seen == [False, True], "first without the marks, then with them"
    table = app.dataframe[0].value
    assert set(table.loc[table["flags"].ne(""), "symbol"]) <= set(marks["symbol"])
    assert table["flags"].ne("").any()
