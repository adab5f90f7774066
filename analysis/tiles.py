"""The series of a study, laid out so that any event is a few look-ups away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mentionstudy.analysis.estimation import RunningSums
from mentionstudy.analysis.models.base import Design, Model, SeriesInputs
from mentionstudy.analysis.panel import CalendarPanel
from mentionstudy.analysis.places import Places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Running sums of one tile stay below a quarter of a gigabyte.
_TILE_VALUES = 32_000_000


class Tile:
    """A run of series of one calendar, padded so that every window of every session exists.

    Parameters
    ----------
    calendar
        The calendar's series.
    symbol, benchmark
        (S,) the (stock, benchmark) pairs.
    model
        Builds the design.
    pad
        Missing days to put before the first and after the last session.
    taboo
        (symbols, D) days that must not enter an estimation, or None.
    """

    def __init__(
        self,
        calendar: CalendarPanel,
        symbol: Ints,
        benchmark: Ints,
        model: Model,
        pad: tuple[int, int],
        taboo: Bools | None,
    ) -> None:
        self._calendar, self._symbol, self._benchmark = calendar, symbol, benchmark
        self._model, self._pad, self._taboo = model, pad, taboo

    @cached_property
    def design(self) -> Design:
        """The regressions of the S series over the padded sessions."""
        calendar, spanning = self._calendar, self._model.uses_spans
        returns = padded(self._own(calendar.returns if spanning else calendar.one_day), self._pad)
        if calendar.spans is None or not spanning:
            spans = np.broadcast_to(np.int64(1), returns.shape)
        else:
            spans = padded(self._own(calendar.spans), self._pad, fill=0)
        market = self._market(returns.shape)
        free = calendar.risk_free
        inputs = SeriesInputs(
            returns=returns,
            market=market,
            spans=spans,
            factors=padded(calendar.factors, self._pad),
            risk_free=np.zeros(returns.shape[1])
            if free is None
            else padded(free[None, :], self._pad)[0],
        )
        return self._model.design(inputs)

    def _own(self, values: np.ndarray) -> np.ndarray:
        """Return the rows of the S series; the values themselves where those are all."""
        if np.array_equal(self._symbol, np.arange(len(values))):
            return values
        return np.asarray(values[self._symbol])

    def _market(self, shape: tuple[int, ...]) -> Floats:
        """Benchmark of each of the S series; one row stands for all that share it."""
        calendar, benchmark = self._calendar, self._benchmark
        if not len(calendar.market):
            return np.broadcast_to(np.nan, shape)
        shared = bool((benchmark == benchmark[0]).all()) and benchmark[0] >= 0
        if shared:
            return np.broadcast_to(padded(calendar.market[benchmark[:1]], self._pad), shape)
        market: Floats = padded(calendar.market[benchmark], self._pad)
        market[benchmark < 0] = np.nan
        return market

    @cached_property
    def usable(self) -> Bools:
        """(S, D) days that may enter an estimation."""
        usable = np.isfinite(self.design.y)
        for one in self.design.x:
            usable &= np.isfinite(one)
        if self._taboo is not None:
            usable &= ~padded(self._taboo[self._symbol], self._pad, fill=False)
        return np.asarray(usable)

    @cached_property
    def masked(self) -> bool:
        """Whether an unusable day may have a response and all its predictors."""
        design = self.design
        infinite = any(np.isinf(values).any() for values in (design.y, *design.x))
        return self._taboo is not None or len(design.predict) < len(design.x) or infinite

    @cached_property
    def sums(self) -> RunningSums:
        """Running sums of the design; several times the memory of its series."""
        return RunningSums(self.design, self.usable)

    def drop_sums(self) -> None:
        """Give the memory of the running sums back; they are made again when asked for."""
        self.__dict__.pop("sums", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The events that fall into one tile.

    Attributes
    ----------
    tile
        Their series.
    rows
        The events: all of them as a slice, or (B,) indices.
    series, position
        (B,) row and column of each event's day 0 in the tile.
    """

    tile: Tile
    rows: slice | Ints
    series: Ints
    position: Ints


class Layout:
    """All tiles of a study.

    Parameters
    ----------
    calendars
        The panel's calendars.
    n_benchmarks
        Number of market series.
    model
        Builds the designs.
    pad
        Missing days before the first and after the last session.
    taboo
        Per calendar, days that must not enter an estimation, or None.
    series
        Places whose series are laid out; their positions do not matter.
    """

    def __init__(
        self,
        calendars: tuple[CalendarPanel, ...],
        n_benchmarks: int,
        model: Model,
        pad: tuple[int, int],
        taboo: list[Bools | None],
        series: Places,
    ) -> None:
        self._wide = n_benchmarks + 1
        self._pad = pad
        self._tiles: list[list[Tile]] = []
        self._tile_of: list[Ints] = []
        self._row_of: list[Ints] = []
        self.cells = 0
        for index, calendar in enumerate(calendars):
            count = len(calendar.returns) * self._wide
            used = np.zeros(count, dtype=np.bool_)
            used[self._keys(series)[series.calendar == index]] = True
            keys = np.flatnonzero(used)
            days = calendar.sessions.size + sum(pad)
            each = max(1, _TILE_VALUES // (days * model.n_sums(len(calendar.factors))))
            tile_of, row_of = np.full(count, -1), np.full(count, -1)
            tile_of[keys], row_of[keys] = np.divmod(np.arange(keys.size), each)
            self._tile_of.append(tile_of)
            self._row_of.append(row_of)
            self._tiles.append(
                [
                    Tile(
                        calendar,
                        part // self._wide,
                        part % self._wide - 1,
                        model,
                        pad,
                        taboo[index],
                    )
                    for part in (keys[low : low + each] for low in range(0, keys.size, each))
                ]
            )
            self.cells += keys.size * days

    def _keys(self, places: Places) -> Ints:
        """(N,) one number for every (stock, benchmark) pair."""
        return np.asarray(places.symbol * self._wide + places.benchmark + 1)

    def parts(self, places: Places) -> list[Part]:
        """Divide events among the tiles; one tile takes them as they stand."""
        keys, position = self._keys(places), places.position + self._pad[0]
        if len(self._tiles) == 1 and len(self._tiles[0]) == 1:
            everything = slice(0, len(places))
            series = self._row_of[0][keys]
            return [Part(tile=self._tiles[0][0], rows=everything, series=series, position=position)]
        found = []
        for index, tiles in enumerate(self._tiles):
            inside = np.flatnonzero(places.calendar == index)
            tile_of = self._tile_of[index][keys[inside]]
            for number, tile in enumerate(tiles):
                rows = inside[tile_of == number]
                if rows.size:
                    series = self._row_of[index][keys[rows]]
                    found.append(Part(tile=tile, rows=rows, series=series, position=position[rows]))
        return found


def padded(
    values: np.ndarray, pad: tuple[int, int], fill: float | int | bool = np.nan
) -> np.ndarray:
    """Put columns of ``fill`` before and after (rows, D) values."""
    rows, days = values.shape
    wide = np.full((rows, pad[0] + days + pad[1]), fill, dtype=values.dtype)
    wide[:, pad[0] : pad[0] + days] = values
    return wide
