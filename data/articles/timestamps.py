"""Publication times: reading the stamps that portals print and deciding what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from mentionstudy.data.articles.feeds import FeedTable
from mentionstudy.data.articles.model import BEIJING, Precision, ZonePolicy

_DATE: Final = (
    r"(?P<y>(?:19|20)\d\d)\s*(?:[-/.]|年)\s*(?P<m>\d{1,2})\s*(?:[-/.]|月)\s*(?P<d>\d{1,2})"
)
_TIME: Final = r"(?P<H>\d{1,2})[:：](?P<M>\d\d)(?:[:：](?P<S>\d\d)(?:[.,]\d{1,9})?)?"
_ZONE: Final = r"(?P<zone>Z|UTC|GMT|CST|[+-]\d\d:?\d\d)"
_STAMP: Final = re.compile(
    rf"(?<!\d){_DATE}(?!\d)\s*日?(?:\s*T?\s*(?:星期.|周.)?\s*{_TIME}(?:\s*{_ZONE}(?![\w]))?)?",
    re.IGNORECASE,
)
_RFC_822: Final = re.compile(r"(?:[A-Za-z]{3},\s*)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d")
# What feeds and blogs print mostly; the patterns for all the rest take three times longer.
_GMT: Final = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) GMT"
)
_MONTH_NAMES: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS: Final = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:( ?\+08:?00)|( ?\+00:?00|Z| GMT)|)"
)
_COMPACT: Final = re.compile(
    r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)?)?"
)
_ADDRESS_DAY: Final = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_/]?)([01][0-9])\2([0-3][0-9])(?![0-9])"
)
_GMT_LABELS: Final = frozenset({"Z", "UTC", "GMT"})
_MAX_STAMP_CHARS: Final = 80
_BEIJING_OFFSET: Final = timedelta(hours=8)
_LAST_SUMMER_TIME: Final = 1991  # until then Beijing's offset was nine hours in summer
_EARLIEST_YEAR: Final = 1990  # the Shanghai exchange opened; an earlier stamp is a zero date


class Stamp(NamedTuple):
    """A date or time as printed.

    Attributes
    ----------
    clock
        The printed clock, naive.
    precision
        What the print gives.
    offset
        The printed offset from UTC, None if there is none.
    is_gmt
        Whether the label is GMT, UTC, Z or +00:00, which some feeds print wrongly.
    """

    clock: datetime
    precision: Precision
    offset: timedelta | None
    is_gmt: bool


class Published(NamedTuple):
    """A publication time that was decided; the fields are those of `Article`."""

    at: datetime | None = None
    precision: Precision | None = None
    origin: str = ""
    policy: ZonePolicy = "none"
    notes: tuple[str, ...] = ()


def parse_stamp(text: str) -> Stamp | None:
    """Read one stamp that is a whole field.

    Parameters
    ----------
    text
        ``2022-01-06 15:11:41 +0800``, ``Fri, 09 Apr 2021 18:10:00 GMT``, ``2019年09月11日01:53``,
        ``2021-12-08T10:19:17+08:00``, ``20190926121100`` and the like.

    Returns
    -------
    Stamp or None
        None if the text is no date.
    """
    text = text.strip()[:_MAX_STAMP_CHARS]
    if stamp := _usual(text):
        return stamp
    if match := _STAMP.match(text):
        return _stamp(match)
    if _RFC_822.match(text):
        return _rfc_822(text)
    if match := _COMPACT.fullmatch(text):
        return _stamp(match)
    return None


def find_stamps(text: str, start: int = 0, limit: int = 50) -> list[tuple[int, Stamp]]:
    """List the stamps in a text with their offsets.

    Parameters
    ----------
    text
        Any text.
    start
        Where to begin.
    limit
        At most so many are returned.

    Returns
    -------
    list of (int, Stamp)
        Offset and stamp in the order of the text; dates without a year are not stamps.
    """
    found: list[tuple[int, Stamp]] = []
    for match in _STAMP.finditer(text, start):
        stamp = _stamp(match)
        if stamp is not None:
            found.append((match.start(), stamp))
            if len(found) == limit:
                break
    return found


def stamp_in_address(address: str) -> Stamp | None:
    """Read the day in a page's address or a file's name.

    Parameters
    ----------
    address
        ``.../2020-02-24/200385308.html``, ``.../a/20160621/046573.htm``, ``.../2015/01/05/x``,
        ``2022-01-21-title.md``.

    Returns
    -------
    Stamp or None
        The first day in it; None for eight digits that are no day and for longer numbers.
    """
    for match in _ADDRESS_DAY.finditer(address):
        year, _, month, day = match.groups()
        if stamp := parse_stamp(f"{year}-{month}-{day}"):
            return stamp
    return None


def days_apart(one: Stamp, other: Stamp) -> int:
    """Return how many days lie between the printed days of two stamps."""
    return abs((one.clock.date() - other.clock.date()).days)


def decide(
    stamp: Stamp, origin: str, facts: dict[str, tuple[str, ...]], feeds: FeedTable
) -> Published:
    """Decide what a stamp means.

    Parameters
    ----------
    stamp
        As printed.
    origin
        The field it stands in.
    facts
        What the article says of its ``source``, ``author``, ``url``, ``category``.
    feeds
        The zone policies.

    Returns
    -------
    Published
        Aware time in Asia/Shanghai with its precision and policy. A stamp at midnight sharp is a
        date: portals that print ``00:00:00`` know no time of day.
    """
    feed = feeds.find(facts)
    policy = feed.policy if feed is not None else None
    at_midnight = (stamp.clock.hour, stamp.clock.minute, stamp.clock.second) == (0, 0, 0)
    if stamp.precision == "day" or at_midnight or policy == "date_only":
        day = stamp.clock.replace(hour=0, minute=0, second=0, tzinfo=BEIJING)
        notes: tuple[str, ...] = ()
        if stamp.precision != "day":
            notes = ("the stamp is midnight sharp: read as a date without a time of day",)
            if not at_midnight:
                notes = (f"the feed {feed.name!r} prints no true time of day",) if feed else ()
        return Published(day, "day", origin, "date_only", notes)
    if stamp.offset is None:
        return Published(_beijing(stamp.clock, None), stamp.precision, origin, "naive_beijing")
    if stamp.is_gmt and policy == "beijing_labelled_gmt" and feed is not None:
        note = f"the label GMT is not believed: {feed.name} prints Beijing time under it"
        at = _beijing(stamp.clock, None)
        return Published(at, stamp.precision, origin, "beijing_labelled_gmt", (note,))
    return Published(_beijing(stamp.clock, stamp.offset), stamp.precision, origin, "stated")


def _beijing(clock: datetime, offset: timedelta | None) -> datetime:
    if offset is not None and clock.year <= _LAST_SUMMER_TIME:
        return clock.replace(tzinfo=timezone(offset)).astimezone(BEIJING)
    if offset is not None and offset != _BEIJING_OFFSET:
        clock += _BEIJING_OFFSET - offset
    return clock.replace(tzinfo=BEIJING)


def _usual(text: str) -> Stamp | None:
    """Read a stamp to the second as RFC 822 and ISO 8601 write it, None for any other."""
    if match := _GMT.fullmatch(text):
        day, month, year, clock = match.groups()
        at = _clock(f"{year}-{_MONTHS.get(month)}-{day.zfill(2)} {clock}")
        return Stamp(at, "second", timedelta(0), True) if at is not None else None
    if match := _ISO.fullmatch(text):
        clock, beijing, greenwich = match.groups()
        at = _clock(clock)
        offset = _BEIJING_OFFSET if beijing else timedelta(0) if greenwich else None
        return Stamp(at, "second", offset, greenwich is not None) if at is not None else None
    return None


def _clock(text: str) -> datetime | None:
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        return None
    return clock if clock.year >= _EARLIEST_YEAR else None


def _stamp(match: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, second, *zone = match.groups()
    try:
        clock = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
        )
    except ValueError:
        return None
    if clock.year < _EARLIEST_YEAR:
        return None
    offset = _offset(zone[0].upper()) if zone and zone[0] else None
    precision: Precision = "day" if hour is None else "minute" if second is None else "second"
    return Stamp(clock, precision, offset, offset == timedelta(0))


def _offset(zone: str) -> timedelta | None:
    if zone in _GMT_LABELS:
        return timedelta(0)
    if zone == "CST":  # on Chinese pages: China Standard Time
        return _BEIJING_OFFSET
    sign = -1 if zone[0] == "-" else 1
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        return None
    return sign * timedelta(hours=hours, minutes=minutes)


def _rfc_822(text: str) -> Stamp | None:
    try:
        value = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if value.year < _EARLIEST_YEAR:
        return None
    offset = value.utcoffset()
    if offset is None and text.rstrip().endswith("-0000"):  # RFC 2822: UTC, zone unknown
        offset = UTC.utcoffset(None)
    seconds: Precision = "second" if text.count(":") >= 2 else "minute"
    return Stamp(value.replace(tzinfo=None), seconds, offset, offset == timedelta(0))
