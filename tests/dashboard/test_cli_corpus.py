"""``parse``, ``events`` and ``ingest`` as a user calls them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mentionstudy.dashboard.cli import cli
from mentionstudy.data import Workspace
from mentionstudy.data.sample import sample_articles_path

EVENTS = {
    ("600718.SH", "2022-01-07", "after_close"),
    ("02066.HK", "2022-01-06", "in_session"),
    ("600050.SH", "2022-06-15", "after_close"),
    ("00762.HK", "2022-06-15", "after_close"),
    ("601328.SH", "2021-04-12", "after_close"),
    ("601998.SH", "2021-04-12", "after_close"),
    ("601229.SH", "2021-04-12", "after_close"),
    ("000750.SZ", "2021-04-12", "after_close"),
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(params=["sample", "shared"])
def five_articles(request: pytest.FixtureRequest) -> Path:
    """Return the bundled articles, and the real ones that they imitate."""
    if request.param == "shared":
        folder: Path = request.getfixturevalue("shared")
        return folder / "seeds"
    return sample_articles_path()


def test_events_of_the_five_articles(five_articles: Path) -> None:
    done = run("events", five_articles, "--format", "csv")
    assert done.exit_code == 0
    table = pd.read_csv(io.StringIO(done.stdout))
    found = set(table[["symbol", "day0", "timing"]].itertuples(index=False, name=None))
    assert found == EVENTS
    stamps = dict(zip(table["symbol"], table["first_published_at"], strict=True))
    assert stamps["600718.SH"] == stamps["02066.HK"] == "2022-01-06T15:11:41+08:00"
    assert stamps["600050.SH"] == "2022-06-14T22:23:32+08:00"
    assert stamps["601328.SH"] == "2021-04-09T18:10:00+08:00"
    counts = dict(zip(table["symbol"], table["occurrences"], strict=True))
    assert counts.pop("601328.SH") == 2
    assert set(counts.values()) == {1}


def test_articles_without_a_code_are_named_with_their_time(five_articles: Path) -> None:
    told = run("events", five_articles).stderr
    assert "2010-02-28T00:00:00+08:00, day precision, from text" in told
    assert "2022-01-23T20:41:05+08:00" in told


def test_parse_lists_mentions_and_on_request_every_article(five_articles: Path) -> None:
    some = pd.read_csv(io.StringIO(run("parse", five_articles, "--format", "csv").stdout))
    every = pd.read_csv(io.StringIO(run("parse", five_articles, "--format", "csv", "--all").stdout))
    assert len(some) == 8
    assert set(some["dialect"]) == {"eastmoney_widget", "stcn_hotword"}
    assert len(every) == 10
    assert every["symbol"].isna().sum() == 2


def test_json_lines(five_articles: Path) -> None:
    done = run("parse", five_articles, "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 8
    assert rows[0]["symbol"]


def test_a_bad_file_is_named_and_the_rest_goes_on(five_articles: Path, tmp_path: Path) -> None:
    good = next(p for p in sorted(five_articles.iterdir()) if p.name.startswith("000"))
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.txt").write_bytes(good.read_bytes())
    (folder / "bad.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.txt").write_bytes(b"")
    done = run("parse", folder, "--format", "csv")
    assert done.exit_code == 1
    assert "bad.txt" in done.stderr
    assert "empty.txt" in done.stderr
    assert len(pd.read_csv(io.StringIO(done.stdout))) == 2


def test_a_folder_without_articles_is_unusable(tmp_path: Path) -> None:
    done = run("parse", tmp_path)
    assert done.exit_code == 2
    assert str(tmp_path) in done.stderr


def test_a_path_that_is_not_there_is_unusable(tmp_path: Path) -> None:
    done = run("events", tmp_path / "nowhere")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


def test_a_title_cannot_carry_a_formula(tmp_path: Path) -> None:
    body = '<span class="em_stock_key_common" data-code="1,600160">巨化股份</span>'
    text = f'---\nlayout: post\ntitle: "=cmd|calc"\ndate: 2022-01-06 10:00:00 +0800\n---\n{body}\n'
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    table = pd.read_csv(io.StringIO(run("parse", tmp_path, "--format", "csv").stdout))
    assert table["title"].tolist() == ["'=cmd|calc"]


def test_ingest_twice_changes_nothing(five_articles: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "ws"
    first = run("ingest", five_articles, "--workspace", workspace)
    second = run("ingest", five_articles, "--workspace", workspace)
    assert first.exit_code == second.exit_code == 0
    assert "5" in second.stderr
    status = run("status", "--workspace", workspace)
    assert status.exit_code == 0, status.output
    assert "8" in status.output


def test_a_workspace_that_is_not_there_is_explained(tmp_path: Path) -> None:
    done = run("study", "--workspace", tmp_path / "none")
    assert done.exit_code == 2
    assert "none" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "command",
    [
        "parse",
        "events",
        "ingest",
        "fetch",
        "status",
        "study",
        "export",
        "dashboard",
        "demo",
        "validate",
    ],
)
def test_every_command_has_help(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.output


def test_a_study_is_run_again_on_the_versions_that_it_read(tmp_path: Path) -> None:
    workspace, first, again = tmp_path / "ws", tmp_path / "first", tmp_path / "again"
    assert run("demo", "--no-serve", "--workspace", workspace).exit_code == 0
    assert run("study", "--workspace", workspace, "--out", first).exit_code == 0
    opened = Workspace.open(workspace)
    bars = opened.bars(["600718.SH"])
    opened.merge_bars(bars.assign(close=bars["close"] * 1.5))  # a vendor rewrites history
    done = run(
        *("study", "--workspace", workspace, "--as-of", first / "study.json", "--out", again)
    )
    assert done.exit_code == 0, done.output
    assert (again / "ar.csv").read_bytes() == (first / "ar.csv").read_bytes()
    assert run("study", "--workspace", workspace, "--as-of", "bars=99").exit_code == 2
    assert run("study", "--workspace", workspace, "--as-of", "yesterday").exit_code == 2


def test_the_demo_prints_the_summary_of_the_sample() -> None:
    done = run("demo", "--no-serve")
    assert done.exit_code == 0
    assert "8 events, 7 used, 1 excluded" in done.stdout
    assert "02066.HK@2022-01-06: no_prices" in done.stdout
    assert "sample" in done.stdout.splitlines()[0]
    rows = [line for line in done.stdout.splitlines() if line.strip().startswith("[")]
    assert [row.split()[0] for row in rows] == ["[0,0]", "[-1,1]", "[-5,5]", "[-10,10]"]
    assert "nan" not in done.stdout


def test_names_find_what_no_widget_names(shared: Path) -> None:
    done = run("events", shared / "seeds", "--format", "csv", "--names")
    assert done.exit_code == 0
    found = set(pd.read_csv(io.StringIO(done.stdout))["event_id"])
    assert found == {f"{symbol}@{day0}" for symbol, day0, _ in EVENTS} | {"600718.SH@2010-03-01"}
    assert "688047.SH: no event (not_listed)" in done.stderr


def test_aliases_of_ones_own(tmp_path: Path) -> None:
    head = "---\ntitle: 园区开放\ndate: 2021-04-09 10:00:00 +0800\n---\n"
    (tmp_path / "a.md").write_text(f"{head}<p>小东公司今日宣布合作。</p>\n", encoding="utf-8")
    (tmp_path / "names.csv").write_text("name,symbol\n小东公司,600718.SH\n", encoding="utf-8")
    done = run("parse", tmp_path / "a.md", "--format", "csv", "--aliases", tmp_path / "names.csv")
    table = pd.read_csv(io.StringIO(done.stdout))
    assert table[["symbol", "dialect"]].to_numpy().tolist() == [["600718.SH", "company_name"]]
    assert "role" in table.columns


def test_securities_lists_what_is_known(tmp_path: Path) -> None:
    done = run("securities", "--workspace", tmp_path / "w", "--format", "csv")
    assert done.exit_code == 0
    table = pd.read_csv(io.StringIO(done.stdout)).set_index("symbol")
    assert table.at["600718.SH", "name"] == "东软集团"
    assert table.at["601328.SH", "pairs"] == "03328.HK"


def test_a_study_takes_a_risk_free_rate_and_flags(tmp_path: Path) -> None:
    workspace, out = tmp_path / "ws", tmp_path / "out"
    assert run("demo", "--no-serve", "--workspace", workspace).exit_code == 0
    study = ("study", "--workspace", workspace, "--out", out)
    lacking = run(*study, "--risk-free", "shibor")
    assert lacking.exit_code == 2
    assert "mentionstudy fetch --risk-free shibor" in lacking.stderr
    assert "neither a file nor one of" in run(*study, "--risk-free", "libor").stderr
    days = pd.bdate_range("2020-01-01", "2022-12-30")
    rate = pd.DataFrame({"date": days, "rf": 0.0001})
    rate.to_csv(tmp_path / "rf.csv", index=False)
    done = run(*study, "--risk-free", tmp_path / "rf.csv", "--extend-flag", "limit_close")
    assert done.exit_code == 0, done.stderr
    record = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert record["provenance"]["risk_free"].endswith("rf.csv")
    assert record["provenance"]["sources"]["bars"] == {"sample": 9}
    assert "limit_up_close" in record["settings"]["extend_flags"]
    extended = pd.read_csv(out / "extended.csv")
    assert extended["extended"].sum() == 1
    fewer = run(*study, "--exclude-flag", "limit_close")
    assert "6 used, 2 excluded" in fewer.stdout
    assert run(*study, "--exclude-flag", "nonsense").exit_code == 2


# --- feeds


def test_feeds_names_the_articles_whose_day_0_depends_on_an_undecided_clock(tmp_path: Path) -> None:
    stamps = {"a": "09 Apr 2021 18:10:00 GMT", "b": "08 Apr 2021 12:30:00 GMT"}
    stamps |= {"old": "08 Apr 1901 12:30:00 GMT", "day": "08 Apr 2021 00:00:00 GMT"}
    for name, stamp in stamps.items():
        post = f"---\ntitle: {name}\nauthor: 某网\ndate: {stamp}\n---\n正文"
        (tmp_path / f"{name}.md").write_text(post, encoding="utf-8")
    done = run("feeds", tmp_path, "--format", "csv")
    table = pd.read_csv(io.StringIO(done.stdout)).set_index("source")
    assert table.loc["某网", ["suggestion", "day0_moves"]].tolist() == ["undecided", 1]
    # 20:30 in Beijing is after the close, 12:30 is not; a Friday evening is one day 0 either way
    assert f"{tmp_path / 'b.md'}: 2021-04-09 or 2021-04-08" in done.stderr
    assert not any(f"{name}.md" in done.stderr for name in ("a", "old", "day"))
    for day in range(1, 20):
        post = f"---\ntitle: {day}\nauthor: 某网\ndate: {day} Mar 2021 18:10:00 GMT\n---\n正文"
        (tmp_path / f"{day}.md").write_text(post, encoding="utf-8")
    decided = run("feeds", tmp_path, "--format", "csv")
    table = pd.read_csv(io.StringIO(decided.stdout)).set_index("source")
    assert table.loc["某网", ["suggestion", "day0_moves"]].tolist() == ["beijing_labelled_gmt", 0]
    assert decided.stderr == ""


def test_events_show_the_other_day_0_where_nothing_decides_the_clock(tmp_path: Path) -> None:
    def post(name: str, stamp: str, codes: str, source: str = "某网") -> None:
        links = "".join(
            f'<a href="http://quote.eastmoney.com/unify/r/{code}">{code}</a>'
            for code in codes.split()
        )
        text = f"---\ntitle: {name}\nauthor: {source}\ndate: {stamp}\n---\n<p>{links}</p>"
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")

    # in Beijing 15:30 or 7:30: after the close of Shanghai, in the session of Hong Kong
    post("both", "08 Apr 2021 07:30:00 GMT", "1.600718 116.02066")
    # 20:30 or 12:30, and an article of the same day 0 whose clock is known
    post("evening", "08 Apr 2021 12:30:00 GMT", "1.600050")
    post("known", "2021-04-09 10:00:00", "1.600050")
    # midnight in Beijing is but a date: the Friday itself; 16:00 on Thursday is the Friday too
    post("night", "08 Apr 2021 16:00:00 GMT", "1.601328")
    done = run("events", tmp_path, "--format", "csv")
    table = pd.read_csv(io.StringIO(done.stdout), keep_default_na=False).set_index("symbol")
    assert table[["day0", "other_day0"]].to_dict("index") == {
        "600718.SH": {"day0": "2021-04-09", "other_day0": "2021-04-08"},
        "02066.HK": {"day0": "2021-04-08", "other_day0": ""},
        "600050.SH": {"day0": "2021-04-09", "other_day0": "2021-04-08"},
        "601328.SH": {"day0": "2021-04-09", "other_day0": ""},
    }
    assert "day 0 of 2 events depends on a clock that nothing decides" in done.stderr
    late = run("events", tmp_path, "--format", "csv", "--cutoff-minutes", "200")
    table = pd.read_csv(io.StringIO(late.stdout), keep_default_na=False).set_index("symbol")
    # 15:30 comes too late for either close then, 7:30 for none
    assert table.loc["02066.HK", ["day0", "other_day0"]].tolist() == ["2021-04-09", "2021-04-08"]
    assert table.loc["600050.SH", "other_day0"] == "", "12:30 is too late for that day as well"
    for day in range(1, 20):
        post(str(day), f"{day} Mar 2021 18:10:00 GMT", "")
    decided = run("events", tmp_path, "--format", "csv")
    table = pd.read_csv(io.StringIO(decided.stdout), keep_default_na=False)
    assert set(table["other_day0"]) == {""}
    assert "that nothing decides" not in decided.stderr
