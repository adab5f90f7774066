"""Decisions about mentions and dates: made, remembered, taken back.

No Streamlit here: the page hands over the workspace and keeps the list of what it has done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pandas as pd

from mentionstudy.dashboard.parts.article_text import Span
from mentionstudy.data import Workspace
from mentionstudy.data.corrections import correction, without_correction
from mentionstudy.data.errors import SymbolError
from mentionstudy.data.master import Master
from mentionstudy.data.securities import parse_symbol

_AROUND = 90  # characters before and after a mention, at most
_ENDS = "。！？!?\n"
_SHOWN = 6


class Key(NamedTuple):
    """What names one correction."""

    article_id: str
    field: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision and what stood there before it.

    Attributes
    ----------
    key
        The correction that was made or taken back.
    before
        The row that it replaced; empty if there was none.
    """

    key: Key
    before: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of an article around a mention.

    Attributes
    ----------
    text
        The stretch.
    spans
        Where in it the security stands.
    """

    text: str
    spans: list[Span]


def decide(workspace: Workspace, key: Key, action: str, value: str = "", author: str = "") -> Step:
    """Keep a decision; return what takes it back.

    Raises
    ------
    ValueError
        If it makes no sense.
    WorkspaceError
        If the workspace cannot be written.
    """
    made = correction(
        key.article_id,
        key.field,
        action,
        symbol=key.symbol,
        value=value,
        author=author,
        created_at=datetime.now(UTC),
    )
    exact = Key(key.article_id, key.field, str(made["symbol"].iloc[0]))
    before = _row(workspace.corrections(), exact)
    workspace.merge_corrections(made)
    return Step(exact, before)


def withdraw(workspace: Workspace, key: Key) -> Step:
    """Take a decision back; return what makes it again."""
    corrections = workspace.corrections()
    before = _row(corrections, key)
    left = without_correction(corrections, *key)
    workspace.merge_corrections(left, replacing=[key.article_id])
    return Step(key, before)


def undo(workspace: Workspace, step: Step) -> None:
    """Bring back what stood there before a step."""
    if step.before.empty:
        withdraw(workspace, step.key)
    else:
        workspace.merge_corrections(step.before)


def _row(corrections: pd.DataFrame, key: Key) -> pd.DataFrame:
    same = pd.Series(data=True, index=corrections.index)
    for column, value in zip(Key._fields, key, strict=True):
        same &= corrections[column] == value
    return corrections[same].tail(1)


def symbol_of(text: str, master: Master) -> str:
    """Return the symbol that a user means: a code, or a name that only one security has.

    Raises
    ------
    ValueError
        If it is neither; the message says what can be typed.
    """
    wanted = text.strip()
    try:
        return parse_symbol(wanted).symbol
    except SymbolError as error:
        names = master.names
        found = sorted(set(names.loc[names["name"] == wanted, "symbol"]))
        if len(found) == 1:
            return str(found[0])
        if found:
            raise ValueError(f"{wanted}: {', '.join(found)}") from error
        raise


def passages(text: str, row: pd.Series[Any]) -> list[Passage]:
    """Cut out the sentences in which a security stands.

    Parameters
    ----------
    text
        The article's text.
    row
        Of a `mention_queue`: ``symbol, surfaces, positions``.

    Returns
    -------
    list of Passage
        In the order of the text, at most six; mentions in one sentence share it.
    """
    symbol = str(row["symbol"])
    spans = []
    pairs = zip(str(row["positions"]).split(";"), str(row["surfaces"]).split(";"), strict=False)
    for position, surface in pairs:
        start = int(position) if position.lstrip("-").isdigit() else -1
        if surface and start >= 0 and start + len(surface) <= len(text):
            spans.append(Span(start, start + len(surface), symbol))
    out: list[tuple[int, int, list[Span]]] = []
    for span in sorted(set(spans)):
        first, last = _sentence(text, span)
        if out and first < out[-1][1]:
            begin, _, inside = out[-1]
            out[-1] = (begin, max(last, out[-1][1]), [*inside, span])
        else:
            out.append((first, last, [span]))
    return [
        Passage(text[first:last], [Span(s.start - first, s.end - first, s.symbol) for s in inside])
        for first, last, inside in out[:_SHOWN]
    ]


def _sentence(text: str, span: Span) -> tuple[int, int]:
    """Return where the sentence around a span begins and ends, within reason."""
    low, high = max(0, span.start - _AROUND), min(len(text), span.end + _AROUND)
    before = max(text.rfind(end, low, span.start) for end in _ENDS)
    after = [place for end in _ENDS if (place := text.find(end, span.end, high)) >= 0]
    return (before + 1 if before >= 0 else low), (min(after) + 1 if after else high)
