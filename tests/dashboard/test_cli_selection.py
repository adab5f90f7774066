"""What counts as an event, groups and corrections, as a user asks for them on the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mentionstudy.dashboard.cli import cli
from mentionstudy.data import Workspace


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def study(workspace: Path, *arguments: object) -> Result:
    return run("study", "--workspace", workspace, *arguments)


def test_a_study_of_groups_writes_them_with_the_attributes(sample_workspace, tmp_path):
    chosen = ("--group", "topic", "--anchor", "event_date")
    done = study(sample_workspace, *chosen, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "By topic:" in done.stdout
    groups = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert groups.groupby("group")["n"].first().to_dict() == {"cooperation": 6, "other": 1}
    events = pd.read_csv(tmp_path / "out" / "attributes.csv")
    assert len(events) == 8
    assert set(events["topic"]) == {"cooperation", "other"}
    record = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert record["provenance"]["event_rules"]["copies"] == "group"
    events = events.set_index("symbol")
    # the text of 6 January says the 4th; that of 9 April says the 9th, and has a time of day
    assert events.loc["600718.SH", ["day0", "anchor"]].tolist() == ["2022-01-04", "event_date"]
    assert events.loc["601328.SH", ["day0", "anchor"]].tolist() == ["2021-04-12", "published"]


def test_mentions_below_the_confidence_are_left_out_with_that_reason(sample_workspace):
    done = study(sample_workspace, "--min-confidence", 0.99)
    assert done.exit_code == 2
    assert "none of 8 mentions is an event, 8 of them for the reason low_confidence" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--roles", "hero"), "choose from subject"),
        (("--roles", "analyst"), "role_subject"),
        (("--events", "e.csv", "--returns", "r.csv", "--group", "topic"), "are for a workspace"),
    ],
)
def test_what_cannot_be_asked_is_answered_in_words(sample_workspace, arguments, words):
    done = study(sample_workspace, *arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_corrections_are_listed_exported_and_imported(bare_copy, tmp_path):
    ours, theirs = bare_copy, tmp_path / "theirs"
    article_id = Workspace.open(ours).articles()["article_id"][0]
    file = tmp_path / "c.csv"
    header = "article_id,field,symbol,action,value,note,author,created_at\n"
    row = f"{article_id},date,,set,2022-01-10,,Li,2026-01-05T09:00:00+08:00\n"
    file.write_text(header + row, encoding="utf-8")
    done = run("corrections", "--workspace", ours, "--import", file)
    assert (done.exit_code, done.stderr) == (0, "1 corrections read, 1 new or changed\n")
    listed = pd.read_csv(io.StringIO(run("corrections", "--workspace", ours).stdout))
    assert listed[["field", "value", "author"]].to_numpy().tolist() == [
        ["date", "2022-01-10", "Li"]
    ]
    assert run("corrections", "--workspace", ours, "--export", tmp_path / "o.csv").exit_code == 0
    Workspace.open(theirs, create=True)
    done = run("corrections", "--workspace", theirs, "--import", tmp_path / "o.csv")
    assert done.exit_code == 1  # kept, and told that it has no article here
    assert "not applied: no article has this id" in done.stderr
    assert len(Workspace.open(theirs).corrections()) == 1
    done = run("corrections", "--workspace", ours, "--import", tmp_path / "none.csv")
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr
