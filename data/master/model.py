"""The securities master: what is listed, under which names, since when and until when."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal, get_args

import pandas as pd

from mentionstudy.data.errors import FileSchemaError, SymbolError
from mentionstudy.data.listings import LISTING_COLUMNS
from mentionstudy.data.securities import parse_symbol
from mentionstudy.data.tables import TABLES, empty_frame

if TYPE_CHECKING:
    from mentionstudy.data.workspace import Workspace

NameKind = Literal["short", "full", "former", "alias"]
"""``short``: the exchange's short name. ``full``: the registered name. ``former``: a short name of
the past. ``alias``: what people call the firm, from a user's own file."""
NAME_KINDS: Final[tuple[NameKind, ...]] = get_args(NameKind)
SECURITY_COLUMNS: Final = TABLES["securities"].columns
NAME_COLUMNS: Final = TABLES["security_names"].columns
_SNAPSHOT: Final = "snapshot.csv"
_SNAPSHOT_SOURCE: Final = "bundled snapshot"


@dataclass(frozen=True, slots=True, eq=False)
class Master:
    """The securities that are known.

    Attributes
    ----------
    securities
        One row a security, ordered by symbol: ``symbol, code, exchange, board, kind, name,
        listed_on, delisted_on, pairs, source, fetched_at``. Dates are tz-naive, NaT where the
        source gives none; ``pairs`` joins the symbols of the same firm's other shares (A and H,
        A and B) with semicolons.
    names
        One row a (symbol, name, kind): ``symbol, name, kind, valid_from, valid_until, source,
        fetched_at``. ``valid_until`` is the first day on which it was no longer the name.
    changes
        One row a dated change of a short name: ``symbol, changed_on, before, after, source,
        fetched_at``, of the exchanges that publish them.
    """

    securities: pd.DataFrame
    names: pd.DataFrame
    changes: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["name_changes"]))

    @classmethod
    def bundled(cls) -> Master:
        """Return the snapshot that comes with the package: a few dozen securities."""
        return _bundled()

    @classmethod
    def of(cls, workspace: Workspace) -> Master:
        """Return the workspace's own master over the bundled snapshot.

        Where both know a security, the workspace's facts hold and the snapshot fills the gaps.
        """
        known = cls.bundled().updated(workspace.securities(), workspace.security_names())
        return replace(known, changes=workspace.name_changes())

    @property
    def listings(self) -> pd.DataFrame:
        """``symbol, listed_on, delisted_on``, as `find_events` takes them."""
        return self.securities[list(LISTING_COLUMNS)]

    @property
    def fetched_at(self) -> pd.Timestamp | None:
        """When the oldest part came from its source; None if all of it is bundled."""
        stamps = self.securities["fetched_at"].dropna()
        return stamps.min() if len(stamps) else None

    def age_days(self, now: datetime) -> float | None:
        """Return the age in days at `now` (time zone aware); None if all of it is bundled."""
        fetched = self.fetched_at
        return None if fetched is None else (pd.Timestamp(now) - fetched) / pd.Timedelta(days=1)

    def name_of(self, symbol: str) -> str:
        """Return the short name of a symbol, empty if it is not known."""
        return _names_by_symbol(self).get(symbol, "")

    def updated(self, securities: pd.DataFrame, names: pd.DataFrame) -> Master:
        """Return this master with newer facts over it; an empty cell never hides a known one."""
        return Master(
            merge_facts(self.securities, securities, "securities"),
            merge_facts(self.names, names, "security_names"),
            self.changes,
        )


def merge_facts(old: pd.DataFrame, new: pd.DataFrame, table: str) -> pd.DataFrame:
    """Put rows of one of the two tables over others, cell by cell.

    Parameters
    ----------
    old, new
        Rows; of several with one key the later one wins wherever it says something.
    table
        ``securities`` or ``security_names``.

    Returns
    -------
    pandas.DataFrame
        One row a key, in the order of the keys, with the table's columns and types.
    """
    layout = TABLES[table]
    parts = [part.reindex(columns=list(layout.columns)) for part in (old, new) if len(part)]
    if not parts:
        return empty_frame(layout)
    rows = pd.concat(parts, ignore_index=True)
    texts = [name for name in layout.columns if name not in _DATED]
    rows[texts] = rows[texts].astype("str").replace("", None)
    # "last" of a group is the last cell that is not missing
    merged = rows.groupby(list(layout.keys), sort=True).last().reset_index()
    return typed(merged, table)


def typed(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Give rows the columns and types of a table: texts never missing, times in Beijing's zone."""
    layout = TABLES[table]
    out = rows.reindex(columns=list(layout.columns))
    for name in layout.columns:
        if name == "fetched_at":
            stamps = pd.to_datetime(out[name], utc=True).dt.as_unit("us")
            out[name] = stamps.dt.tz_convert("Asia/Shanghai")
        elif name in _DATED:
            out[name] = pd.to_datetime(out[name]).dt.as_unit("us")
        else:
            out[name] = out[name].astype(object).where(out[name].notna(), "").astype("str")
    return out


_DATED: Final = frozenset({"listed_on", "delisted_on", "valid_from", "valid_until", "fetched_at"})


def security_row(symbol: str, **facts: object) -> dict[str, object]:
    """Return a row of the table ``securities``; what follows from the symbol is filled in.

    Raises
    ------
    SymbolError
        If the symbol cannot be.
    """
    security = parse_symbol(symbol)
    fixed = {
        "symbol": security.symbol,
        "code": security.code,
        "exchange": security.exchange,
        "board": security.board,
        "kind": security.kind,
    }
    return fixed | facts


@lru_cache(maxsize=1)
def _bundled() -> Master:
    text = files("mentionstudy.data.master").joinpath(_SNAPSHOT).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return _read_snapshot(csv.DictReader(lines))


def _read_snapshot(rows: Iterable[Mapping[str, str]]) -> Master:
    securities, names = [], []
    for row in rows:
        try:
            security = security_row(
                row["symbol"],
                name=row["name"],
                listed_on=row["listed_on"] or None,
                pairs=row["pairs"],
                source=_SNAPSHOT_SOURCE,
            )
        except (KeyError, SymbolError) as error:
            raise FileSchemaError(f"{_SNAPSHOT}: {row}: {error}") from error
        securities.append(security)
        for kind in NAME_KINDS[:3]:
            column = "name" if kind == "short" else kind
            names += [
                {"symbol": security["symbol"], "name": name, "kind": kind}
                for name in filter(None, row[column].split(";"))
            ]
    frame = pd.DataFrame(names).assign(source=_SNAPSHOT_SOURCE)
    return Master(
        merge_facts(empty_frame(TABLES["securities"]), pd.DataFrame(securities), "securities"),
        merge_facts(empty_frame(TABLES["security_names"]), frame, "security_names"),
    )


def _names_by_symbol(master: Master) -> dict[str, str]:
    frame = master.securities
    return dict(zip(frame["symbol"], frame["name"], strict=True))
