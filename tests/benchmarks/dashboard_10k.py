"""How long a person waits at 10,000 events: each page and a changed control, without a browser.

Run: python tests/benchmarks/dashboard_10k.py [EVENTS]

The workspace is made up: 500 securities with 1,500 sessions of random prices, one article an
event. Times are those of the server's script run, the part that grows with the data.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

import mentionstudy.dashboard.i18n as i18n
from mentionstudy.data import Article, Workspace, calendar_for
from mentionstudy.data.articles import articles_to_frame

SYMBOLS, SESSIONS = 500, 1500


def make(path: Path, events: int) -> None:
    """Fill a workspace with random prices and one article an event."""
    rng = np.random.default_rng(0)
    workspace = Workspace.open(path, create=True)
    sessions = calendar_for("SH").sessions
    sessions = sessions[sessions < "2025-01-01"][-SESSIONS:]
    names = [f"{600000 + i}.SH" for i in range(SYMBOLS)]
    columns = [*names, "000300.SH"]
    market = rng.normal(0, 0.01, SESSIONS)
    steps = rng.normal(0, 0.02, (SESSIONS, len(columns))) + market[:, None]
    steps[:, -1] = market
    close = 10 * np.exp(np.cumsum(steps, axis=0))
    bars = pd.DataFrame(close, index=sessions, columns=columns).rename_axis("date")
    bars = bars.melt(ignore_index=False, var_name="symbol", value_name="close").reset_index()
    for column in ("open", "high", "low"):
        bars[column] = bars["close"]
    bars = bars.assign(volume=1e6, amount=1e7, source="made up", fetched_at=pd.Timestamp.now("UTC"))
    workspace.merge_bars(bars)
    when = rng.choice(sessions[300:-30], events)
    articles = [
        Article(
            article_id=f"{i:016x}",
            path=f"{i}.md",
            title=f"article {i}",
            source=f"source {i % 7}",
            url="",
            categories=(f"c{i % 5}",),
            tags=(),
            published_at=pd.Timestamp(day).tz_localize("Asia/Shanghai") + pd.Timedelta(hours=10),
            published_precision="second",
            published_from="front_matter.date",
            zone_policy="naive_beijing",
            text="text",
            markup="",
            notes=(),
        )
        for i, day in enumerate(when)
    ]
    workspace.merge_articles(articles_to_frame(articles))
    workspace.merge_mentions(
        pd.DataFrame(
            {
                "article_id": [a.article_id for a in articles],
                "symbol": rng.choice(names, events),
                "kind": "stock",
                "dialect": "eastmoney_widget",
                "occurrences": 1,
                "positions": "-1",
                "confidence": 0.94,
                "surface": "",
                "in_title": False,
                "role": "subject",
            }
        )
    )


def measure(label: str, action: object) -> None:
    """Time one action and print it."""
    start = time.perf_counter()
    app = action()  # type: ignore[operator]
    seconds = time.perf_counter() - start
    assert not app.exception, app.exception
    print(f"{label:42s} {seconds:6.2f} s", flush=True)


def main() -> None:
    """Make the workspace and time each page, first and again, and a changed control."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        make(Path(folder) / "workspace", events)
        print(f"workspace of {events:,} events made in {time.perf_counter() - start:.1f} s")
        os.environ["MENTIONSTUDY_WORKSPACE"] = str(Path(folder) / "workspace")
        os.environ["MENTIONSTUDY_ACCESS"] = "local"
        app = AppTest.from_file(str(Path(i18n.__file__).with_name("app.py")), default_timeout=600)
        measure("overview, first (reads and computes)", app.run)
        measure("overview, again", app.run)
        for view in ("study", "articles", "article", "securities", "export"):
            measure(f"{view}, first", lambda view=view: app.switch_page(f"views/{view}.py").run())
            measure(f"{view}, again", app.run)
        app.switch_page("views/study.py").run()
        measure(
            "study, changed model",
            lambda: app.selectbox(key="model").set_value("market_adjusted").run(),
        )
        measure(
            "study, changed filter",
            lambda: app.multiselect(key="src").set_value(["source 1"]).run(),
        )
        measure("study, back to all", lambda: app.multiselect(key="src").set_value([]).run())


if __name__ == "__main__":
    main()
