"""The event study: frames in, a result out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from mentionstudy.analysis.computed import Computed
from mentionstudy.analysis.engine import Engine
from mentionstudy.analysis.errors import ConfigError, InputError
from mentionstudy.analysis.exclusions import exclude_by_estimates, exclude_flagged
from mentionstudy.analysis.literals import (
    BharBenchmark,
    Duplicates,
    IncompleteWindow,
    Measure,
    NonSession,
    Overlap,
    PatellForm,
    ReturnKind,
    Weighting,
)
from mentionstudy.analysis.models import MODELS
from mentionstudy.analysis.panel import Panel, build_panel, conversion
from mentionstudy.analysis.results import StudyResult
from mentionstudy.analysis.sample import USED, locate, read_events
from mentionstudy.analysis.settings import StudySettings, Window
from mentionstudy.analysis.tables import Used


class StudyOptions(TypedDict, total=False):
    """The fields of :class:`StudySettings`, as keywords of :class:`EventStudy`."""

    model: str
    estimation: Window
    window: Window
    car_windows: tuple[Window, ...]
    min_obs: int
    return_kind: ReturnKind
    returns_are: ReturnKind
    measure: Measure
    factors: tuple[str, ...]
    exclude_flags: tuple[str, ...]
    extend_flags: tuple[str, ...]
    lags: int
    leads: int
    overlap: Overlap
    cut_own_events: bool
    duplicates: Duplicates
    non_session: NonSession
    max_shift_days: int
    require_day0: bool
    incomplete_window: IncompleteWindow
    weighting: Weighting
    winsorize: float
    patell: PatellForm
    bhar: BharBenchmark
    confidence: float
    bootstrap_draws: int
    permutation_draws: int
    seed: int


class EventStudy:
    """An event study, ready to run on any events and returns.

    Parameters
    ----------
    settings
        All settings at once; or give them as keywords, never both.
    **options
        The fields of :class:`StudySettings`: ``model``, ``estimation``, ``window``, ...

    Raises
    ------
    ConfigError
        If the settings contradict each other or the model is unknown.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.bdate_range("2020-01-01", periods=300)
    >>> rng = np.random.default_rng(0)
    >>> returns = pd.DataFrame(rng.normal(0, 0.01, (300, 2)), days, ["A", "MKT"])
    >>> events = pd.DataFrame({"symbol": ["A"], "date": [days[270]]})
    >>> study = EventStudy(estimation=(-130, -11), window=(-5, 5))
    >>> result = study.run(events, returns, "MKT")
    >>> result.car(-1, 1)[["window", "n"]].values.tolist()
    [['[-1,1]', 3]]
    """

    def __init__(
        self, settings: StudySettings | None = None, **options: Unpack[StudyOptions]
    ) -> None:
        if settings is not None and options:
            raise ConfigError("give either settings or keywords, not both")
        self.settings = StudySettings.from_dict(options) if settings is None else settings
        if self.settings.model not in MODELS:
            raise ConfigError(
                f"model is {self.settings.model!r}; the models are {', '.join(MODELS)}"
            )

    @classmethod
    def from_toml(cls, source: str | Path) -> EventStudy:
        """Build a study from TOML.

        Parameters
        ----------
        source
            The TOML itself as text, or the path of a file as :class:`pathlib.Path`.
        """
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        return cls(StudySettings.from_toml(text))

    def align(
        self,
        returns: pd.DataFrame,
        market: pd.Series | pd.DataFrame | str | None = None,
        *,
        spans: pd.DataFrame | None = None,
        sessions: Mapping[str, pd.DatetimeIndex] | None = None,
        factors: pd.DataFrame | None = None,
        risk_free: pd.Series | None = None,
    ) -> Panel:
        """Check and align returns once for many studies of them.

        Parameters
        ----------
        returns, market, spans, sessions, factors, risk_free
            As for :meth:`run`.

        Returns
        -------
        Panel
            Takes the place of `returns` in :meth:`run`, of this study or of any that has the same
            ``measure``, ``returns_are``, ``return_kind`` and ``factors``.

        Raises
        ------
        InputError
            If a frame cannot be used.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> days = pd.bdate_range("2020-01-01", periods=300)
        >>> rng = np.random.default_rng(0)
        >>> returns = pd.DataFrame(rng.normal(0, 0.01, (300, 2)), days, ["A", "MKT"])
        >>> events = pd.DataFrame({"symbol": ["A"], "date": [days[270]]})
        >>> panel = EventStudy().align(returns, "MKT")
        >>> models = "market", "market_adjusted", "mean_adjusted"
        >>> [EventStudy(model=one).run(events, panel).n_events for one in models]
        [1, 1, 1]
        """
        return build_panel(
            returns,
            market,
            None,
            settings=self.settings,
            sessions=sessions,
            spans=spans,
            factors=factors,
            risk_free=risk_free,
        )

    def run(
        self,
        events: pd.DataFrame,
        returns: pd.DataFrame | Panel,
        market: pd.Series | pd.DataFrame | str | None = None,
        *,
        spans: pd.DataFrame | None = None,
        sessions: Mapping[str, pd.DatetimeIndex] | None = None,
        factors: pd.DataFrame | None = None,
        risk_free: pd.Series | None = None,
        flags: pd.DataFrame | None = None,
    ) -> StudyResult:
        """Run the study.

        Parameters
        ----------
        events
            One row an event: ``symbol`` and ``date`` (or ``day0``); optional ``event_id``,
            ``group``, ``weight``, ``benchmark`` (a column of ``market``), ``calendar`` (a key of
            ``sessions``). Other columns are kept in :attr:`StudyResult.sample`.
        returns
            Wide, dates without zone × symbols, decimal; NaN on days without a return. Or what
            :meth:`align` made of all but the events and flags, which are then not given again.
        market
            Benchmark returns: a series, the name of a column of ``returns``, or a frame with one
            column a benchmark. Not needed by models without one.
        spans
            As ``returns``: how many sessions each return spans. A return over more than one never
            enters as a one-day return; the trade-to-trade model uses it.
        sessions
            Sessions per calendar; by default every row of ``returns`` is a session.
        factors
            Dates × factors, decimal, for the model ``factors``; a column ``RF`` is the risk-free
            return.
        risk_free
            One-day risk-free returns, decimal.
        flags
            Marks on single days: ``symbol, date, flag`` and, if wanted, ``detail``. Those inside
            an event window are shown beside the event, and exclude it if the settings say so.

        Returns
        -------
        StudyResult
            Events that could not be used are in its ``excluded``, each with its reason.

        Raises
        ------
        InputError
            If a frame as a whole cannot be used.
        ConfigError
            If the model needs something that was not given.
        """
        settings = self.settings
        table = read_events(events, settings)
        if isinstance(returns, Panel):
            panel = self._aligned(returns, (market, spans, sessions, factors, risk_free))
        else:
            panel = build_panel(
                returns,
                market,
                [str(symbol).strip() for symbol in table.symbol.dropna().unique()],
                settings=settings,
                sessions=sessions,
                spans=spans,
                factors=factors,
                risk_free=risk_free,
            )
        model = MODELS[settings.model](settings)
        model.check(panel)
        located = locate(table, panel, settings)
        exclude_flagged(located, flags, panel, settings)
        rows = np.flatnonzero(located.code == USED)
        places = located.places.take(rows)
        engine = Engine(panel, settings, model, places)
        estimates = engine.compute(places)
        n_est = np.zeros(len(table), dtype=np.int64)
        n_est[rows] = estimates.n_est
        keep = exclude_by_estimates(located, rows, estimates, engine.n_coef, settings)
        if not keep.all():
            rows, places = rows[keep], places.take(keep)
            estimates = estimates.take(keep)
        used = Used(rows=rows, places=places, estimates=estimates, moved=located.moved[rows])
        return StudyResult(Computed(engine, table, located, used, n_est, flags))

    def _aligned(self, panel: Panel, others: tuple[object, ...]) -> Panel:
        """Refuse a panel that this study would not have made of the same frames."""
        if any(other is not None for other in others):
            raise InputError(
                "returns: the aligned returns hold the benchmarks, spans, sessions, factors and "
                "risk-free returns already; give those to align()"
            )
        own = conversion(self.settings)
        if panel.conversion != own:
            raise ConfigError(
                "returns: they were aligned by settings with measure, returns_are, return_kind, "
                f"factors = {panel.conversion}, this study has {own}; align them again"
            )
        return panel
