"""Sizes and powers of every test on a made-up panel, checked against their Monte Carlo error.

Run with ``python tests/benchmarks/sizes_and_powers.py FOLDER``; it takes a few minutes. It writes
the panel of ``made_up_panel.py``, runs ``mentionstudy validate`` on it with 2,000 samples of 50
events, prints each size beside its bounds, and fails if one lies outside. With a Chrome or Chromium
and the extra ``export`` it also draws ``power.png``, the picture of the README.

At 2,000 samples the standard error of a size of 5 % is 0.49 points; the bounds are three of them,
about what every test attains by its own law: 5 %, and for the sign test, whose exact law has steps,
the largest attainable level below.
"""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import made_up_panel
import numpy as np
import pandas as pd
from PIL import Image
from scipy import stats

from mentionstudy.analysis.charts import power_map
from mentionstudy.dashboard.images import ImagesUnavailable, Painter

EVENTS, SAMPLES, ALPHA = 50, 2000, 0.05
EFFECTS = "0,0.0025,0.005,0.01,0.02,0.03"


def measure(folder: Path) -> pd.DataFrame:
    """Run the command on the panel and return its table."""
    made_up_panel.write(folder)
    command = ["-m", "mentionstudy.dashboard", "validate", "--market", "MARKET"]
    command += ["--events", str(folder / "events.csv"), "--returns", str(folder / "returns.csv")]
    command += ["--n-events", str(EVENTS), "--samples", str(SAMPLES), "--effects", EFFECTS]
    command += ["--window", "-5:5", "--car", "0:0", "--car", "-1:1", "--out", str(folder / "power")]
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return pd.read_csv(folder / "power" / "power.csv")


def attained() -> float:
    """Size of the exact sign test at this number of events."""
    positive = np.arange(EVENTS + 1)
    p = np.minimum(1.0, 2.0 * stats.binom.cdf(np.minimum(positive, EVENTS - positive), EVENTS, 0.5))
    return float(stats.binom.pmf(positive, EVENTS, 0.5)[p < ALPHA].sum())


def check(table: pd.DataFrame) -> int:
    """Print every size with its bounds and return how many lie outside."""
    outside = 0
    for row in table[table["effect"] == 0].itertuples():
        own = attained() if row.test == "sign" else ALPHA
        error = 3.0 * np.sqrt(own * (1.0 - own) / row.samples)
        good = abs(row.rate - own) <= error
        outside += not good
        print(
            f"{row.window:8s} {row.test:28s} {row.rate:6.2%}  bounds {own - error:5.2%} to "
            f"{own + error:5.2%}{'' if good else '  OUTSIDE'}"
        )
    return outside


def draw(table: pd.DataFrame, target: Path) -> None:
    """Draw the chart of the first window."""
    part = table[table["window"] == table["window"].iloc[0]]
    wide = part.pivot(index="test", columns="effect", values="rate")
    wide = wide.loc[list(dict.fromkeys(part["test"]))]
    subtitle = (
        f"{SAMPLES:,} samples of {EVENTS} events on a made-up panel, level {ALPHA:.0%}, day 0"
    )
    try:
        with Painter() as painter:
            drawn = painter.draw(power_map(wide, subtitle=subtitle), "png")
        # The chart has one hue: 64 colours lose nothing and take a quarter of the room.
        Image.open(BytesIO(drawn)).convert("RGB").quantize(64).save(target, optimize=True)
        print(f"{target}: {target.stat().st_size / 1000:.0f} kB")
    except ImagesUnavailable as reason:
        print(f"no picture: {reason}", file=sys.stderr)


def main() -> None:
    """Measure, check, draw."""
    if len(sys.argv) != 2:
        sys.exit("python tests/benchmarks/sizes_and_powers.py FOLDER")
    folder = Path(sys.argv[1])
    table = measure(folder)
    draw(table, folder / "power.png")
    outside = check(table)
    print(f"{outside} sizes outside their bounds")
    sys.exit(1 if outside else 0)


if __name__ == "__main__":
    main()
