"""Run the `mentionstudy` command with its upstreams replaced: run_cli.py URL ARGUMENT...

For end-to-end tests in a process of its own. The redirect and the impatience live here, in the
tests; the product has no switch for either.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from market_replay import redirect

from mentionstudy.data.market import fetching, upstreams
from mentionstudy.data.market.manners import FamilyManners, Manners

IMPATIENT = Manners(
    retry_wait=0.0,
    retry_wait_max=0.01,
    families={
        name: FamilyManners(spacing=0.0, refused_retries=1)
        for name in ("eastmoney", "tencent", "sina", "csindex")
    },
)


def main() -> None:
    from mentionstudy.dashboard.__main__ import main as cli

    for module in (upstreams, fetching):
        module.Manners = functools.partial(lambda: IMPATIENT)
    url, *sys.argv[1:] = sys.argv[1:]
    with redirect(url):
        cli()


if __name__ == "__main__":
    main()
