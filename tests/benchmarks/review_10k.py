"""How long an analyst waits on the Review page at 10,000 mentions, without a browser.

Run: python tests/benchmarks/review_10k.py [MENTIONS]

The workspace is made up: one article a mention, 500 securities. Times are those of the server's
script run, the part that grows with the data; the processor's beside the clock's.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

import mentionstudy.dashboard.i18n as i18n
from mentionstudy.data import Workspace


def make(path: Path, mentions: int) -> None:
    """Fill a workspace with made-up articles and mentions."""
    rng = np.random.default_rng(0)
    workspace = Workspace.open(path, create=True)
    ids = [f"{i:016x}" for i in range(mentions)]
    days = pd.to_timedelta(rng.integers(0, 1000, mentions), unit="D")
    facts = {"title": "headline", "source": "S", "text": "正文提到某公司。" * 50}
    times = {"published_precision": "second", "published_from": "meta", "zone_policy": "stated"}
    at = pd.Timestamp("2022-01-06 10:00", tz="Asia/Shanghai") + days
    workspace.merge_articles(
        pd.DataFrame({"article_id": ids, "path": ids, "published_at": at} | facts | times)
    )
    found = {"kind": "stock", "dialect": "company_name", "role": "subject", "in_title": False}
    place = {"occurrences": 1, "positions": "4", "surface": "某公司"}
    symbols = [f"{600000 + i}.SH" for i in rng.integers(0, 500, mentions)]
    confidence = rng.uniform(0.4, 1.0, mentions)
    rows = {"article_id": ids, "symbol": symbols, "confidence": confidence}
    workspace.merge_mentions(pd.DataFrame(rows | found | place))


def timed(what: str, act: Callable[[], AppTest]) -> None:
    """Do one thing and print how long it took."""
    clock, processor = time.perf_counter(), time.process_time()
    app = act()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"{what:24} {clock:6.2f} s, processor {processor:6.2f} s")
    assert not app.exception, app.exception


def main() -> None:
    """Print the table."""
    mentions = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "workspace", mentions)
        os.environ["MENTIONSTUDY_WORKSPACE"] = str(Path(folder) / "workspace")
        os.environ["MENTIONSTUDY_ACCESS"] = "local"
        script = Path(i18n.__file__).with_name("app.py")
        app = AppTest.from_file(str(script), default_timeout=120)
        print(f"{mentions:,} mentions")
        timed("overview, first", app.run)
        timed("review, first", lambda: app.switch_page("views/review.py").run())
        for _ in range(3):
            timed("a decision", lambda: app.button(key="review_accept").click().run())
        timed("undo", lambda: app.button(key="mention_undo").click().run())
        timed("a filter", lambda: app.slider(key="rconf").set_value(60).run())
        timed("dates, first", lambda: app.segmented_control(key="rmode").set_value("dates").run())
        timed("a decision on a date", lambda: app.button(key="review_accept").click().run())
        timed("overview, with them", lambda: app.switch_page("views/overview.py").run())


if __name__ == "__main__":
    main()
