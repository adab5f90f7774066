"""What a failed call means: refused, too slow, changed shape, unknown symbol, or nothing there."""

from __future__ import annotations

import re
from typing import Final

import requests

from mentionstudy.data.errors import (
    NoData,
    SourceError,
    SourceRefused,
    SourceSchemaChanged,
    SourceTimeout,
    SymbolNotFound,
)
from mentionstudy.data.market.health import NotNow
from mentionstudy.data.market.transport import Answer, DeadlineExceeded, NotPlainData

REFUSING: Final = frozenset({401, 403, 407, 418, 429, 451, 456})
PARSE_ERRORS: Final = (
    TypeError,
    KeyError,
    IndexError,
    ValueError,
    AttributeError,
    SyntaxError,
    ZeroDivisionError,
)
"""What akshare's functions raise when a body is not what they expect."""

_EMPTY_ROWS: Final = re.compile(r'"(?:klines|data|(?:[qh]fq)?day)"\s*:\s*\[\s*\]')
_NO_BARS: Final = "it has no bars in this range (not listed then, or halted?)"
_NULL: Final = re.compile(r'"data"\s*:\s*null')


class NotAsked(SourceRefused):
    """Nothing was asked: the breaker of the source is open, or its budget is used up."""


def refusal_in(answers: list[Answer]) -> str:
    """Return why the answers are a refusal, or an empty text."""
    for answer in answers:
        if answer.status in REFUSING or answer.status >= 500:
            return f"{answer.host} answered HTTP {answer.status}"
        if answer.head.lstrip("\ufeff \r\n\t").startswith("<"):
            return f"{answer.host} sent a page in place of data"
        if answer.empty:
            return f"{answer.host} sent an empty answer"
    return ""


def failure(
    error: Exception, answers: list[Answer], source: str, symbol: str
) -> tuple[SourceError, bool]:
    """Name a failed call.

    Returns
    -------
    SourceError, bool
        The error, and whether a canary has to decide: then the error is `SymbolNotFound` if a
        known-good symbol is answered, and `SourceSchemaChanged` if not even that one is.
    """
    if isinstance(error, SourceError):
        return error, False
    if isinstance(error, NotNow):
        return NotAsked(source, symbol, str(error)), False
    if isinstance(error, DeadlineExceeded):
        return SourceTimeout(source, symbol, str(error)), False
    if isinstance(error, NotPlainData):
        return SourceSchemaChanged(source, symbol, str(error)), False
    if reason := refusal_in(answers):
        return SourceRefused(source, symbol, reason), False
    if isinstance(error, requests.Timeout):
        return SourceTimeout(source, symbol, "no answer within the time limit"), False
    if isinstance(error, requests.JSONDecodeError):
        return SourceRefused(source, symbol, "the answer breaks off or is not JSON"), False
    if isinstance(error, requests.RequestException):
        text = f"the connection failed ({type(error).__name__})"
        return SourceRefused(source, symbol, text), False
    if any(answer.status == 404 for answer in answers):
        return SymbolNotFound(source, symbol, "it does not know the symbol (HTTP 404)"), True
    if isinstance(error, PARSE_ERRORS) and _said_empty(answers):
        return NoData(source, symbol, _NO_BARS), True
    if isinstance(error, PARSE_ERRORS) or type(error).__module__.startswith("py_mini_racer"):
        return SymbolNotFound(source, symbol, "it does not know the symbol"), True
    text = f"{type(error).__name__}: {error}"
    return SourceError(source, symbol, text[:300]), False


def emptiness(answers: list[Answer], source: str, symbol: str) -> tuple[SourceError, bool]:
    """Name an empty frame; as `failure`."""
    if reason := refusal_in(answers):
        return SourceRefused(source, symbol, reason), False
    if without_data(answers):
        return SymbolNotFound(source, symbol, "it does not know the symbol"), True
    return NoData(source, symbol, _NO_BARS), True


def without_data(answers: list[Answer]) -> bool:
    """Say whether an answer is well formed and holds no data at all."""
    return any(_NULL.search(a.head) for a in answers)


def _said_empty(answers: list[Answer]) -> bool:
    """Say whether the last answer is well formed and has no rows of the range."""
    if not answers:
        return False
    head = answers[-1].head
    # Tencent's first day of a series: if it is after the range, nothing else is asked.
    return bool(_EMPTY_ROWS.search(head) or (head.startswith("trend_") and "[[" in head))


def changed_shape(source: str, symbol: str, error: BaseException | str) -> SourceSchemaChanged:
    """Name an answer that this version cannot read."""
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return SourceSchemaChanged(
        source,
        symbol,
        f"the answer does not have the known shape ({text[:200]}); "
        "a newer akshare may know the new one",
    )
