"""One bounded, polite and observed call of a function that speaks HTTP through requests.

akshare's functions set no time limit, ask as fast as they can, and turn a ban page into an
``IndexError``. All three are mended at the one place that every request of theirs passes,
``requests.Session.request``, and only for calls made through `HttpCall`: other code in the
process keeps its own behaviour.

akshare evaluates Sina's factor files as Python. The same place reads them first and hands on only
plain data, so that nobody between here and the upstream can have code run.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from mentionstudy.data.market.manners import Manners, family_of

_HEAD_CHARS: Final = 600
_POLL_SECONDS: Final = 0.25


_EVALUATED: Final = ("hfq.js", "qfq.js")
"""How the paths of the files end that akshare evaluates."""


class DeadlineExceeded(Exception):
    """A call used up its time; its thread is left behind."""


class NotPlainData(Exception):
    """An answer that akshare would evaluate, and that holds more than numbers and texts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought.

    Attributes
    ----------
    host : str
        Who was asked.
    status : int
        The HTTP status.
    head : str
        The first characters of the body.
    empty : bool
        Whether the body had no content at all.
    """

    host: str
    status: int
    head: str
    empty: bool


class Turnstile:
    """Lets one request at a time through to a family of hosts, well apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at = 0.0

    @contextlib.contextmanager
    def turn(self, spacing: float) -> Iterator[float]:
        """Wait for one's turn; yields the seconds that took."""
        begin = time.monotonic()
        with self._lock:
            pause = self._free_at - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            yield time.monotonic() - begin
            gap = spacing * (1.0 + random.random())
            self._free_at = time.monotonic() + gap


class _Turnstiles:
    """The turnstiles of this process, one a family."""

    def __init__(self) -> None:
        self._by_family: dict[str, Turnstile] = {}
        self._lock = threading.Lock()

    def of(self, family: str) -> Turnstile:
        with self._lock:
            return self._by_family.setdefault(family, Turnstile())

    def replace(self, family: str) -> None:
        """Forget a turnstile that an abandoned request may hold for ever."""
        with self._lock:
            self._by_family.pop(family, None)


_turnstiles: Final = _Turnstiles()


@dataclass(slots=True)
class HttpCall:
    """One call with a deadline, whose requests are spaced, limited in time and noted down.

    Attributes
    ----------
    manners
        The limits.
    on_request
        Called with the family before each request; raises to forbid it.
    answers
        What the requests brought, in order.
    """

    manners: Manners
    on_request: Callable[[str], None] = lambda _family: None
    answers: list[Answer] = field(default_factory=list)
    _waited: float = 0.0
    _family: str = ""
    _over: bool = False

    def run(self, function: Callable[[], Any]) -> Any:
        """Call `function` and return what it returns.

        Raises
        ------
        DeadlineExceeded
            If it took longer than the deadline; the thread it runs in ends by itself later.
        """
        _install()
        outcome: dict[str, Any] = {}
        done = threading.Event()

        def work() -> None:
            token = _current.set(self)
            try:
                outcome["value"] = function()
            except BaseException as error:
                outcome["error"] = error
            finally:
                _current.reset(token)
                done.set()

        begin = time.monotonic()
        threading.Thread(target=work, name="mentionstudy-source", daemon=True).start()
        while not done.wait(_POLL_SECONDS):
            if time.monotonic() - begin - self._waited > self.manners.deadline:
                self._over = True
                _turnstiles.replace(self._family)
                raise DeadlineExceeded(f"no answer within {self.manners.deadline:g} s")
        if "error" in outcome:
            raise outcome["error"]
        return outcome["value"]

    def request(self, send: Callable[..., requests.Response], url: str) -> requests.Response:
        """Make one request of this call."""
        host = urlsplit(url).hostname or ""
        self._family = family_of(host)
        with _turnstiles.of(self._family).turn(self.manners.of(self._family).spacing) as waited:
            self._waited += waited
            if self._over:
                raise DeadlineExceeded("the call was given up before this request")
            self.on_request(self._family)
            response = send()
        content = response.content
        head = content[: 4 * _HEAD_CHARS].decode("utf-8", errors="replace")[:_HEAD_CHARS]
        self.answers.append(Answer(host, response.status_code, head, not content.strip()))
        if urlsplit(url).path.endswith(_EVALUATED):
            check_plain(response.text)
        return response


def check_plain(text: str) -> None:
    """Refuse a script whose assigned value is a Python expression other than plain data.

    akshare evaluates what follows the first ``=``: up to the end of the line, or for funds up to
    the last brace. What is no expression at all cannot be evaluated either and passes.

    Raises
    ------
    NotPlainData
        Nothing has been evaluated.
    """
    for piece in text.split("=")[1:2]:
        for value in (piece.split("\n")[0], piece.strip().rsplit("}", maxsplit=1)[0] + "}"):
            try:
                parsed = ast.parse(value.strip(), mode="eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            try:
                ast.literal_eval(parsed)
            except (ValueError, TypeError, RecursionError, MemoryError) as error:
                raise NotPlainData(
                    "the file of factors holds code where a table was expected; it was not run"
                ) from error


_current: Final[ContextVar[HttpCall | None]] = ContextVar("mentionstudy_http_call", default=None)
_install_lock: Final = threading.Lock()


def _install() -> None:
    """Put the observer around `requests.Session.request`, once a process."""
    with _install_lock:
        real = requests.Session.request
        if hasattr(real, "_mentionstudy"):
            return

        @functools.wraps(real)
        def request(
            self: requests.Session, method: str, url: str, *args: Any, **kwargs: Any
        ) -> requests.Response:
            call = _current.get()
            if call is None:
                return real(self, method, url, *args, **kwargs)
            if len(args) < 7 and kwargs.get("timeout") is None:  # timeout is the tenth argument
                kwargs["timeout"] = (call.manners.connect_timeout, call.manners.read_timeout)
            return call.request(lambda: real(self, method, url, *args, **kwargs), str(url))

        request._mentionstudy = True  # type: ignore[attr-defined]
        requests.Session.request = request  # type: ignore[assignment,method-assign]
