"""Charts as PNG, SVG and PDF, drawn by a Chrome or Chromium on this machine.

One browser serves all charts: starting it takes seconds, a chart afterwards half a second.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import plotly.graph_objects as go

from mentionstudy.dashboard.pdftext import with_ideographs

ImageFormat = Literal["png", "svg", "pdf"]
IMAGE_FORMATS: tuple[ImageFormat, ...] = get_args(ImageFormat)
WIDTH = 900  # pixels; a full text width in print at 150 dpi
_PRINT_SCALE = 2  # PNG pixels per CSS pixel
_DEADLINE = 60.0  # seconds for one chart, the browser's start included
# TrueType first: from a CFF font such as Noto's, Chromium's PDF loses the digits of its text layer.
_FONTS = (
    '"WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", '
    '"Source Sans 3", sans-serif'
)
# Nothing that the browser wants from the network gets further than this machine.
_NOWHERE = "http://127.0.0.1:9"


class ImagesUnavailable(OSError):
    """Charts cannot be drawn here; the message says why and what still works."""


@cache
def unavailable() -> str:
    """Say why charts cannot be drawn on this machine, or return an empty text."""
    try:
        found = browser()
    except ImportError:
        return "install the extra mentionstudy[export] for PNG, SVG and PDF; HTML works without"
    if not found:
        return (
            "no Chrome or Chromium is on this machine; install one, or name it in BROWSER_PATH. "
            "HTML works without, and so does the camera on each chart"
        )
    return ""


def browser() -> str:
    """Return the path of the browser that draws, or an empty text."""
    from choreographer.browsers.chromium import Chromium

    return os.environ.get("BROWSER_PATH", "") or Chromium.find_browser(skip_local=False) or ""


def page_pdf(page: str) -> bytes:
    """Print an HTML page to PDF.

    Parameters
    ----------
    page
        A self-contained page, such as the report.

    Raises
    ------
    ImagesUnavailable
        If there is no browser, or it does not print in time.
    """
    if unavailable():
        raise ImagesUnavailable(unavailable())
    with TemporaryDirectory(prefix="mentionstudy-print-") as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            browser(),
            "--headless=new",
            "--no-sandbox",  # the page is our own and carries a content policy
            "--disable-gpu",
            "--disable-background-networking",
            f"--proxy-server={_NOWHERE}",
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            "--virtual-time-budget=15000",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=2 * _DEADLINE)
            return with_ideographs(target.read_bytes())
        except (OSError, subprocess.SubprocessError) as error:
            raise ImagesUnavailable(f"the browser did not print the page: {error}") from error


class Painter:
    """A running browser that draws charts; use it as a context, or `close` it.

    Any thread may ask; the charts are drawn one after the other.

    Raises
    ------
    ImagesUnavailable
        If there is no browser, or it does not start or answer.
    """

    def __init__(self) -> None:
        reason = unavailable()
        if reason:
            raise ImagesUnavailable(reason)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="painter")
        self._thread.start()
        self._kaleido: Any = None
        try:
            self._wait(self._start())
        except Exception as error:
            self.close()
            raise ImagesUnavailable(f"the browser does not start: {error}") from error

    async def _start(self) -> None:
        import kaleido

        # without mathjax=False the page would ask a foreign host for it
        self._kaleido = kaleido.Kaleido(
            n=1, timeout=_DEADLINE, mathjax=False, proxy_server=_NOWHERE
        )
        await self._kaleido.__aenter__()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_DEADLINE)

    def draw(self, figure: go.Figure, form: ImageFormat) -> bytes:
        """Draw one chart.

        Parameters
        ----------
        figure
            Any chart; not changed.
        form
            ``png``, ``svg`` or ``pdf``.

        Raises
        ------
        ImagesUnavailable
            If the browser does not answer.
        """
        fig = go.Figure(figure)
        fig.update_layout(font_family=_FONTS, hoverlabel_font_family=_FONTS)
        height = fig.layout.height or 420
        options = {"format": form, "width": WIDTH, "height": height}
        options["scale"] = _PRINT_SCALE if form == "png" else 1
        try:
            drawn: bytes = self._wait(self._kaleido.calc_fig(fig, options))
        except Exception as error:
            raise ImagesUnavailable(f"the browser did not draw the chart: {error}") from error
        return with_ideographs(drawn) if form == "pdf" else drawn

    def close(self) -> None:
        """Stop the browser."""
        if self._kaleido is not None:
            kaleido, self._kaleido = self._kaleido, None
            self._wait(kaleido.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
