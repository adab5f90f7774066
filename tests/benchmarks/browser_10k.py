"""What a person waits for in Chromium at 10,000 events: a start, a page, a changed control.

Run: python tests/benchmarks/browser_10k.py [EVENTS [ROUNDS]]

The made-up workspace of dashboard_10k.py, served on loopback. Asked are: the first chart of a warm
server under 3 s, another page under 1 s, a changed control under 0.5 s; again with an event window
of 51 days, which at 10,000 events makes 510,000 abnormal returns.

Each line is the median of the rounds: seconds by the clock until the new thing is on the screen,
and until the page stands still; then the processor seconds that the server and the browser spent
until it was there. On a machine that others use too the processor says more than the clock.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard_10k import make
from served import Server, chromium, served

LONG = "?est=%5B-250%2C-31%5D&win=%5B-25%2C25%5D"
CALM = "document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running'"
CHART = "document.querySelector('.st-key-chart_{} .main-svg .trace')"
# The clock begins with the press of a key or a button; a page that is opened begins its own.
ACTED = """
for (const kind of ['pointerup', 'keydown'])
  addEventListener(kind, () => { window.acted = performance.now() }, true)
"""
_TICKS = os.sysconf("SC_CLK_TCK")
FIRST = {
    "overview": CHART.format("overview_caar"),
    "articles": "document.querySelector('.st-key-q') && "
    "document.querySelector('.st-key-table_articles canvas')",
    "article": "document.querySelector('[class*=st-key-chart_price] .main-svg .trace')",
    "securities": CHART.format("history"),
    "study": CHART.format("caar"),
    "compare": "document.querySelector('.st-key-compare_second') && "  # the same twice has no chart
    f"(document.querySelector('[data-testid=stAlert]') || {CHART.format('compare_first')})",
    "data": "document.querySelector('.st-key-csv_coverage')"  # the table itself has no name
    "?.previousElementSibling?.querySelector('canvas')",
    "export": "document.querySelector('.st-key-report_html button')",
}


@dataclass(slots=True)
class Stopwatch:
    """Times what happens in one tab and prints a line for each kind of wait.

    Attributes
    ----------
    page
        Playwright's page.
    server
        The dashboard.
    """

    page: Any
    server: Server
    _taken: dict[str, list[tuple[float, ...]]] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, action: Callable[[], object], there: str, asked: float) -> None:
        """Do something and wait until `there`, an expression, is true in the page."""
        server, browser = self.server.processor(), _browser()
        action()
        seen = self.page.wait_for_function(f"({there}) && performance.now()", timeout=60_000)
        start = self.page.evaluate("window.acted || 0")
        shown = (seen.json_value() - start) / 1000
        used = (self.server.processor() - server, _browser() - browser)
        seen = self.page.wait_for_function(f"{CALM} && performance.now()", timeout=60_000)
        calm = (seen.json_value() - start) / 1000
        self.page.wait_for_timeout(1500)
        self._taken.setdefault(name, []).append((shown, calm, *used))
        self._asked[name] = asked
        print(f"    {name}: {shown:.2f}", file=sys.stderr, flush=True)

    def report(self, head: str) -> None:
        """Print the medians and forget them."""
        print(f"{head:44s} asked   shown    calm   server  browser")
        for name, rounds in self._taken.items():
            shown, calm, server, browser = map(statistics.median, zip(*rounds, strict=True))
            best = min(each[0] for each in rounds)
            print(
                f"  {name:42s} {self._asked[name]:5.1f}  {shown:6.2f}  {calm:6.2f}   {server:6.2f}"
                f"   {browser:6.2f}   best {best:.2f}",
                flush=True,
            )
        self._taken.clear()


def _browser() -> float:
    """Return the processor seconds of the browser that this process started."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name, _, rest = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = rest.split()
            parents[int(entry.name)] = int(fields[1])
            if "chrom" in name:
                used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / _TICKS

    def ours(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return sum(seconds for pid, seconds in used.items() if ours(pid))


def pages(watch: Stopwatch) -> None:
    """Go through all pages by their links in the head."""
    for name in ("articles", "article", "securities", "study", "compare", "data", "export"):
        _to(watch, name)
    _to(watch, "overview")


def _to(watch: Stopwatch, name: str) -> None:
    link = watch.page.get_by_test_id("stTopNavLink").filter(
        has_text=re.compile(f"{name.capitalize()}$")
    )
    watch.time(f"to the page {name}", link.click, FIRST[name], 1.0)


def _subtitle(chart: str, text: str) -> str:
    # until a run is over the browser keeps the chart that was there before, out of sight
    texts = f".st-key-chart_{chart}:not([data-retained]) .infolayer text"
    return f"[...document.querySelectorAll('{texts}')].some(e => e.textContent.includes('{text}'))"


def controls(watch: Stopwatch) -> None:
    """Change what stands beside the charts of the study, and back."""
    page = watch.page
    _to(watch, "study")
    for model in ("Market-adjusted", "Market model"):
        page.locator(".st-key-model input").click()
        option = page.get_by_role("option").filter(has_text=model).first
        watch.time(f"study: model, {model}", option.click, _subtitle("caar", model), 0.5)
    box = page.locator(".st-key-src input")
    if box.is_hidden():
        page.get_by_text("Which events", exact=True).first.click()
    _still(page, box)
    box.click()
    option = page.get_by_role("option").filter(has_text="source 1").first
    few = f"{_subtitle('caar', 'N = ')} && !{_subtitle('caar', total(page))}"
    watch.time("study: filter, one source of seven", option.click, few, 0.5)
    page.keyboard.press("Escape")
    reset = page.locator(".st-key-reset button")
    watch.time("study: filter, reset", reset.click, _subtitle("caar", total(page)), 0.5)
    for window in ("[-5,5]", "[-1,1]"):
        chosen = page.locator(".st-key-window").get_by_text(window, exact=True)
        there = _subtitle("distribution", window)
        watch.time("study: CAR window", chosen.click, there, 0.5)
    page.get_by_text("More settings", exact=True).first.click()
    box = page.locator(".st-key-minobs input")
    box.fill("150")
    there = "location.search.includes('minobs=150')"
    watch.time("study: fewest days", lambda: box.press("Enter"), there, 0.5)
    box.fill("100")
    box.press("Enter")
    page.wait_for_function("!location.search.includes('minobs')")
    _to(watch, "articles")
    box = page.locator(".st-key-q input")
    box.fill("article 77")
    counts = "document.body.innerText.match(/([\\d,]+) of ([\\d,]+) articles/)"
    there = f"(found => found && found[1] !== found[2])({counts})"
    watch.time("articles: search", lambda: box.press("Enter"), there, 0.5)
    box.fill("")
    box.press("Enter")
    page.wait_for_timeout(1500)


def _still(page: Any, box: Any) -> None:
    """Bring a control into view and wait: a scroll closes a menu that has just been opened."""
    for _ in range(2):  # what unfolds moves it once more
        page.wait_for_timeout(500)
        box.scroll_into_view_if_needed()
    page.wait_for_timeout(200)


def total(page: Any) -> str:
    """Return how the first chart says its number of events, before it was filtered."""
    said: str = page.evaluate(
        "window.total = window.total || [...document.querySelectorAll("
        "'.st-key-chart_caar .infolayer text')].map(e => e.textContent).join(' ')"
    )
    found = re.search(r"N = [\d,]+ events", said)
    return found.group() if found else "?"


def start(watch: Stopwatch, query: str) -> None:
    """Open the dashboard as a new session of a browser that has been here before."""
    address = f"{watch.server.url}/{query}"
    watch.page.goto("about:blank")
    watch.time("start to the first chart", lambda: watch.page.goto(address), FIRST["overview"], 3.0)


def main() -> None:
    """Make the workspace, serve it, and look at it."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        make(workspace, events)
        with served(workspace) as server, chromium() as browser:
            tab = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
            page = tab.new_page()
            page.set_default_timeout(60_000)
            page.add_init_script(ACTED)
            watch = Stopwatch(page, server)
            for query, head in (("", f"{events:,} events"), (LONG, f"{51 * events:,} points")):
                start(watch, query)
                watch.report(f"{head}: first visit of the server")
                try:
                    for _ in range(rounds):
                        start(watch, query)
                        pages(watch)
                        controls(watch)
                finally:
                    watch.report(head)
            print(f"server memory {server.megabytes():.0f} MB; errors: {server.errors()}")


if __name__ == "__main__":
    main()
