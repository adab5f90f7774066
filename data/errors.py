"""What can go wrong between an article's bytes and a returns panel."""

from __future__ import annotations


class DataError(Exception):
    """Base of every error that `mentionstudy.data` raises on purpose.

    The message is one sentence or two: what was given, where, and what to do.
    """


class SymbolError(DataError, ValueError):
    """A text that no symbol grammar knows.

    Parameters
    ----------
    text
        What was given.
    hint
        What is accepted instead.
    """

    def __init__(self, text: str, hint: str = "") -> None:
        self.text = text
        super().__init__(
            f"{text!r} is not a symbol; write code.EXCHANGE, for example 600718.SH, "
            f"000750.SZ, 920002.BJ or 02066.HK{'. ' + hint if hint else ''}"
        )


class UnreadableArticle(DataError):
    """One file that is not a readable article; the rest goes on.

    Parameters
    ----------
    path
        The file.
    code
        A stable code such as ``binary``, ``empty``, ``too_large``, ``encoding``.
    reason
        The same in words.
    """

    def __init__(self, path: str, code: str, reason: str) -> None:
        self.path, self.code, self.reason = path, code, reason
        super().__init__(f"{path}: {reason}")


class CalendarUnknown(DataError, LookupError):
    """A time outside the sessions that the exchange's calendar knows."""


class FileSchemaError(DataError, ValueError):
    """A user's price or event file that does not have the expected content."""


class WorkspaceError(DataError):
    """A workspace that cannot be opened, created or written."""


class SourceError(DataError):
    """A price source did not deliver.

    Parameters
    ----------
    source
        The source's name, such as ``tencent``.
    symbol
        The symbol that was asked for.
    reason
        Why, in words.
    """

    outcome = "failed"

    def __init__(self, source: str, symbol: str, reason: str) -> None:
        self.source, self.symbol, self.reason = source, symbol, reason
        super().__init__(f"{source}: {symbol}: {reason}")


class SourceRefused(SourceError):
    """The upstream refused, banned or dropped the request; asking again soon makes it worse."""

    outcome = "refused"


class SourceTimeout(SourceError):
    """No answer within the deadline."""

    outcome = "timeout"


class SourceSchemaChanged(SourceError):
    """The answer does not have the shape that this version knows."""

    outcome = "schema"


class SymbolNotFound(SourceError):
    """The source says that it does not know the symbol."""

    outcome = "not_found"


class NoData(SourceError):
    """The source knows the symbol and has no rows in the range (confirmed empty)."""

    outcome = "empty"


class NotCovered(SourceError):
    """The source never carries this kind of security; it was not asked."""

    outcome = "not_covered"
