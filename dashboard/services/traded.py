"""The prices behind the studies, read once for a state of the workspace."""

from __future__ import annotations

from mentionstudy.dashboard.pipeline import Corpus
from mentionstudy.dashboard.services.keeping import Kept
from mentionstudy.dashboard.traded import Prices, load_prices
from mentionstudy.data import Workspace

# those of 500 securities over six years take about 60 MB, aligned for studies 20 more
_PRICES: Kept[Prices] = Kept(512, grows=True, waiting=1)


def prices(workspace: Workspace, found: Corpus, benchmarks: dict[str, str]) -> Prices:
    """Return the bars and returns of every event's security and of the benchmarks."""
    return _PRICES.get(
        _key(workspace, found, benchmarks),
        lambda: load_prices(workspace, found.events, benchmarks),
    )


def prices_at_hand(
    workspace: Workspace, found: Corpus, benchmarks: dict[str, str]
) -> Prices | None:
    """Return what `prices` does if nothing has to be read for it."""
    return _PRICES.at_hand(_key(workspace, found, benchmarks))


def _key(workspace: Workspace, found: Corpus, benchmarks: dict[str, str]) -> tuple[object, ...]:
    return str(workspace.path), found.digest, tuple(sorted(benchmarks.items()))
