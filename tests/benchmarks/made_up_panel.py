"""Write a made-up panel, on which nothing happened: events.csv and returns.csv.

Run with ``python tests/benchmarks/made_up_panel.py FOLDER``. 300 firms over 1,500 sessions follow
one market with betas from 0.5 to 1.5; their errors are normal, independent, of 1.5 to 3.5 % a day.
On it every test of the battery is well specified, so that

    mentionstudy validate --events FOLDER/events.csv --returns FOLDER/returns.csv --market MARKET \
        --n-events 50 --samples 2000 --effects 0,0.0025,0.005,0.01,0.02,0.03 \
        --window -5:5 --car 0:0 --car -1:1 --out FOLDER/power

measures sizes that have to lie within their Monte Carlo error, and what each test can see.
``sizes_and_powers.py`` beside this file runs that command and checks them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

FIRMS, SESSIONS = 300, 1500


def write(folder: Path) -> None:
    """Write both files."""
    rng = np.random.default_rng(20240101)
    days = pd.bdate_range("2015-01-01", periods=SESSIONS)
    market = rng.normal(0.0003, 0.011, SESSIONS)
    names = [f"F{number:03d}" for number in range(FIRMS)]
    errors = rng.normal(size=(SESSIONS, FIRMS)) * rng.uniform(0.015, 0.035, FIRMS)
    returns = market[:, None] * rng.uniform(0.5, 1.5, FIRMS) + errors
    frame = pd.DataFrame(returns, days, names).assign(MARKET=market)
    folder.mkdir(parents=True, exist_ok=True)
    frame.rename_axis("date").to_csv(folder / "returns.csv", float_format="%.8f")
    events = pd.DataFrame({"symbol": names, "date": days[-30].strftime("%Y-%m-%d")})
    events.to_csv(folder / "events.csv", index=False)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python tests/benchmarks/made_up_panel.py FOLDER")
    write(Path(sys.argv[1]))
