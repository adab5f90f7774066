"""Feeds whose stamps do not mean what they print: a table that a user can extend."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from mentionstudy.data.errors import FileSchemaError

FeedPolicy = Literal["beijing_labelled_gmt", "stated", "date_only"]
"""What a feed's stamps mean; see ``feeds.toml``."""
_MATCH_KEYS: Final = ("source", "author", "url", "category")


class Feed(NamedTuple):
    """One feed.

    Attributes
    ----------
    name
        For messages.
    match
        Pairs of a field (``source``, ``author``, ``url``, ``category``) and its text; all hold.
    policy
        What its stamps mean.
    evidence
        Why.
    """

    name: str
    match: tuple[tuple[str, str], ...]
    policy: FeedPolicy
    evidence: str

    def matches(self, facts: dict[str, tuple[str, ...]]) -> bool:
        """Tell whether an article with these facts comes from this feed."""
        for key, wanted in self.match:
            values = facts.get(key, ())
            if wanted not in values and not (
                key == "url" and any([wanted in value for value in values])
            ):
                return False
        return True


class FeedTable(NamedTuple):
    """The feeds in the order in which they are tried.

    Attributes
    ----------
    feeds
        The first that matches is used.
    """

    feeds: tuple[Feed, ...]

    @classmethod
    def load(cls, *paths: str | Path) -> FeedTable:
        """Read a user's tables and append the packaged one.

        Parameters
        ----------
        *paths
            TOML files in the form of the packaged ``feeds.toml``; earlier files come first.

        Returns
        -------
        FeedTable
            The user's feeds, then the packaged ones.

        Raises
        ------
        FileSchemaError
            If a file is missing, is not TOML, or an entry lacks a field or has an unknown value.
        """
        feeds: list[Feed] = []
        for path in paths:
            try:
                text = Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise FileSchemaError(
                    f"{path}: the table of feeds cannot be read: {error}"
                ) from error
            feeds.extend(_parse(text, str(path)))
        return cls((*feeds, *_packaged().feeds))

    def find(self, facts: dict[str, tuple[str, ...]]) -> Feed | None:
        """Return the feed of an article with these facts, None if no entry matches."""
        for feed in self.feeds:
            if feed.matches(facts):
                return feed
        return None


@lru_cache(maxsize=1)
def _packaged() -> FeedTable:
    text = resources.files("mentionstudy.data").joinpath("feeds.toml").read_text(encoding="utf-8")
    return FeedTable(tuple(_parse(text, "feeds.toml")))


def _parse(text: str, path: str) -> list[Feed]:
    try:
        entries = tomllib.loads(text).get("feed", [])
    except tomllib.TOMLDecodeError as error:
        raise FileSchemaError(f"{path}: this is not a TOML file: {error}") from error
    return [_feed(entry, f"{path}: feed {number}") for number, entry in enumerate(entries, start=1)]


def _feed(entry: dict[str, object], place: str) -> Feed:
    match, policy = entry.get("match"), entry.get("policy")
    if not isinstance(match, dict) or not match or not set(match) <= set(_MATCH_KEYS):
        raise FileSchemaError(f"{place}: `match` needs one or more of {', '.join(_MATCH_KEYS)}")
    for known in get_args(FeedPolicy):
        if policy == known:
            pairs = tuple((str(key), str(value)) for key, value in match.items())
            return Feed(str(entry.get("name", "")), pairs, known, str(entry.get("evidence", "")))
    allowed = ", ".join(get_args(FeedPolicy))
    raise FileSchemaError(f"{place}: `policy` is {policy!r}; allowed are {allowed}")
