"""The book of names: which words to look for in a text, and which securities they may mean."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from mentionstudy.data.errors import FileSchemaError, SymbolError
from mentionstudy.data.master.model import NAME_KINDS, Master, NameKind
from mentionstudy.data.names.forms import Strength, forms_of, long_enough
from mentionstudy.data.securities import parse_symbol

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

ALIAS_COLUMNS: Final = ("name", "symbol", "from", "until", "kind")


class NameEntry(NamedTuple):
    """One name of one security.

    Attributes
    ----------
    name, symbol
        Both as the source gives them; the symbol in its canonical form.
    kind
        One of `NameKind`.
    valid_from, valid_until
        First day of the name and first day on which it was no longer one; None if not known.
    """

    name: str
    symbol: str
    kind: NameKind = "alias"
    valid_from: date | None = None
    valid_until: date | None = None


class Meaning(NamedTuple):
    """What a form may mean.

    Attributes
    ----------
    entry
        The name it comes from.
    exact, strength
        As in `Form`.
    """

    entry: NameEntry
    exact: bool
    strength: Strength


class Match(NamedTuple):
    """A form in a text; `start` and `end` are offsets into that text."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


class NameBook:
    """Names of securities, made ready for looking them up in text.

    Parameters
    ----------
    entries
        The names.
    firms
        For each symbol the other symbols of the same firm.
    listed
        For each symbol its first day of trading, where that is known.
    """

    def __init__(
        self,
        entries: Iterable[NameEntry],
        firms: Mapping[str, frozenset[str]] | None = None,
        listed: Mapping[str, date] | None = None,
    ) -> None:
        self.entries: tuple[NameEntry, ...] = tuple(dict.fromkeys(entries))
        self.firms = dict(firms or {})
        self.listed = dict(listed or {})
        self._automaton: AhoCorasick | None = None
        self._meanings: list[tuple[Meaning, ...]] = []

    @classmethod
    def of(cls, master: Master, aliases: Iterable[NameEntry] = ()) -> NameBook:
        """Make a book of a master's names and of further ones."""
        names = master.names
        entries = [
            NameEntry(name, symbol, kind, _date(start), _date(end))
            for symbol, name, kind, start, end in zip(
                names["symbol"],
                names["name"],
                names["kind"],
                names["valid_from"],
                names["valid_until"],
                strict=True,
            )
            if kind in NAME_KINDS
        ]
        frame = master.securities
        firms = {
            symbol: frozenset(pairs.split(";"))
            for symbol, pairs in zip(frame["symbol"], frame["pairs"], strict=True)
            if pairs
        }
        listed = {
            symbol: day
            for symbol, day in zip(frame["symbol"], map(_date, frame["listed_on"]), strict=True)
            if day is not None
        }
        return cls([*entries, *aliases], firms, listed)

    @classmethod
    def bundled(cls) -> NameBook:
        """Return the book of the bundled snapshot."""
        return _bundled()

    @property
    def digest(self) -> str:
        """Name this content in 16 hexadecimal digits."""
        facts = [*map(repr, self.entries), *map(repr, sorted(self.listed.items()))]
        facts += [f"{symbol}={sorted(others)}" for symbol, others in sorted(self.firms.items())]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        symbols = len({entry.symbol for entry in self.entries})
        return f"NameBook({len(self)} names of {symbols} securities)"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made on first use, so that the book travels to other processes."""
        return self.__dict__ | {"_automaton": None, "_meanings": []}

    def matches(self, text: str) -> list[Match]:
        """Find every form in a text, overlapping ones too.

        Parameters
        ----------
        text
            In the spelling of `mentionstudy.data.names.normal.plain`.
        """
        if self._automaton is None:
            self._compile()
        if self._automaton is None:
            return []
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return [Match(start, end, self._meanings[number]) for number, start, end in found]

    def firm(self, symbol: str) -> frozenset[str]:
        """Return the symbols of the firm that a symbol belongs to, itself included."""
        return self.firms.get(symbol, frozenset()) | {symbol}

    def _compile(self) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        by_form: dict[str, dict[NameEntry, Meaning]] = defaultdict(dict)
        for entry in self.entries:
            for form in forms_of(entry.name, entry.kind):
                meaning = Meaning(entry, form.exact, form.strength)
                by_form[form.text].setdefault(entry, meaning)
        if not by_form:
            return
        self._meanings = [tuple(meanings.values()) for meanings in by_form.values()]
        self._automaton = AhoCorasick(
            list(by_form),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        )


def read_aliases(path: str | Path) -> list[NameEntry]:
    """Read a user's own names of securities.

    Parameters
    ----------
    path
        A CSV file in UTF-8 with the columns ``name,symbol`` and, if wanted, ``from``, ``until``
        (first day of the name, first day on which it is no longer one) and ``kind`` (``alias`` by
        default; ``short``, ``full`` or ``former``).

    Returns
    -------
    list of NameEntry
        In the order of the file.

    Raises
    ------
    FileSchemaError
        The file cannot be read or a line of it cannot be used: says which and why.

    Examples
    --------
    A file of two lines is enough to find a firm by what people call it::

        name,symbol
        宁王,300750.SZ
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in ALIAS_COLUMNS[:2] if name not in (reader.fieldnames or ())]
            if missing:
                raise FileSchemaError(
                    f"{path}: there is no column {missing[0]!r}; the first line must name the "
                    f"columns name,symbol and may name from,until,kind"
                )
            return [_alias(row, f"{path}, line {reader.line_num}") for row in reader]
    except OSError as error:
        raise FileSchemaError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileSchemaError(
            f"{path}: this is no CSV file in UTF-8 ({error}); save it as one"
        ) from error


def _alias(row: Mapping[str, str | None], where: str) -> NameEntry:
    name = (row["name"] or "").strip()
    if not long_enough(name):
        raise FileSchemaError(
            f"{where}: {name!r} is too short for a name; it needs two Chinese characters or four "
            "letters"
        )
    try:
        symbol = parse_symbol(row["symbol"] or "").symbol
    except SymbolError as error:
        raise FileSchemaError(f"{where}: {error}") from error
    kind = (row.get("kind") or "alias").strip()
    if kind not in NAME_KINDS:
        raise FileSchemaError(f"{where}: {kind!r} is no kind; there are {', '.join(NAME_KINDS)}")
    days = [_given_day(row.get(column), f"{where}, {column}") for column in ("from", "until")]
    if days[0] and days[1] and days[0] >= days[1]:
        raise FileSchemaError(f"{where}: the name ends ({days[1]}) before it begins ({days[0]})")
    return NameEntry(name, symbol, kind, *days)


def _given_day(text: str | None, where: str) -> date | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise FileSchemaError(f"{where}: {text!r} is no day; write 2022-06-24") from error


def _date(stamp: Any) -> date | None:
    return None if pd.isna(stamp) else pd.Timestamp(stamp).date()


@lru_cache(maxsize=1)
def _bundled() -> NameBook:
    return NameBook.of(Master.bundled())
