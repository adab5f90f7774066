"""Settings: what contradicts itself is refused in words, what is meant survives a round trip."""

from __future__ import annotations

import pytest

from mentionstudy.analysis import ConfigError, EventStudy, StudySettings
from mentionstudy.analysis.settings import parse_window, window_label


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": (5, -5)}, r"reversed.*\(-5, 5\)"),
        ({"estimation": (-30, -5)}, r"\[-30,-5\] overlaps the event window \[-10,10\]"),
        ({"min_obs": 241}, "only 240 sessions"),
        ({"min_obs": 2}, "at least 3"),
        ({"car_windows": ((-20, 0),)}, r"\[-20,0\] is not inside"),
        ({"window": (1, 5)}, "does not contain day 0"),
        ({"window": "ten"}, "two whole numbers"),
        ({"window": (-1.5, 2)}, "two whole numbers"),
        ({"estimation": (-10_000_000, -11)}, "100000 sessions"),
        ({"winsorize": 0.5}, "winsorize is 0.5"),
        ({"confidence": 0}, "confidence is 0"),
        ({"return_kind": "arithmetic"}, "allowed: 'simple', 'log'"),
        ({"overlap": "last"}, "'keep', 'first', 'drop'"),
        ({"cut_own_events": "yes"}, "true or false"),
        ({"model": "garch(2,2)"}, "the models are market"),
        ({"factors": "SMB"}, "list of names"),
        ({"windows": (-1, 1)}, "'windows' is no setting"),
    ],
)
def test_contradictions_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        EventStudy(**options)  # type: ignore[arg-type]


def test_toml_round_trip_reproduces_every_field() -> None:
    settings = StudySettings(
        model="factors",
        factors=("SMB", 'quote"d', "市场"),
        estimation=(-130, -21),
        window=(-5, 20),
        car_windows=((0, 0), (2, 20)),
        winsorize=0.01,
        overlap="first",
        cut_own_events=True,
        seed=7,
    )
    again = StudySettings.from_toml(settings.to_toml())
    assert again == settings
    assert again.digest() == settings.digest()
    assert StudySettings.from_dict(settings.to_dict()) == settings


def test_toml_may_stand_in_a_table_and_be_partial() -> None:
    study = EventStudy.from_toml('[study]\nmodel = "mean_adjusted"\nwindow = "-2:2"\n')
    assert study.settings.model == "mean_adjusted"
    assert study.settings.window == (-2, 2)


def test_broken_toml_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        StudySettings.from_toml("model = market")


def test_digest_differs_with_any_setting() -> None:
    digests = {
        StudySettings(**change).digest()  # type: ignore[arg-type]
        for change in ({}, {"seed": 1}, {"window": (-9, 10)}, {"bhar": "market"})
    }
    assert len(digests) == 4


@pytest.mark.parametrize("text", ["-1:1", "[-1,1]", "(-1, 1)", "-1,1"])
def test_windows_are_read_in_the_usual_spellings(text: str) -> None:
    assert parse_window(text) == (-1, 1)
    assert window_label(parse_window(text)) == "[-1,1]"


def test_default_windows_fit_a_small_event_window() -> None:
    settings = StudySettings(window=(-2, 2))
    assert settings.car_windows == ((0, 0), (-1, 1), (-2, 2))


def test_a_study_is_read_from_a_file(tmp_path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('model = "market_adjusted"\ncar_windows = ["0:1", [-1, 1]]\n', encoding="utf-8")
    study = EventStudy.from_toml(path)
    assert study.settings.model == "market_adjusted"
    assert study.settings.car_windows == ((0, 1), (-1, 1))
