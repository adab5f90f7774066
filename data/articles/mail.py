"""Messages and pages in MIME: ``.eml`` newsletters, ``.mht`` and ``.mhtml`` saved pages."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
from email.message import EmailMessage
from typing import Final

from mentionstudy.data.articles.body import read_body, read_plain
from mentionstudy.data.articles.boilerplate import credit
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.encoding import clean_text, decode
from mentionstudy.data.articles.model import Article
from mentionstudy.data.articles.pages import is_page, read_page
from mentionstudy.data.articles.timestamps import parse_stamp
from mentionstudy.data.errors import UnreadableArticle

SUFFIXES: Final = frozenset({".eml", ".mht", ".mhtml"})
_SENDER_NAME: Final = re.compile(r"\s*\"?([^\"<]*?)\"?\s*<")


def read_message(data: bytes, context: Context) -> Article:
    """Read a MIME message: its HTML part, or else its plain text.

    Parameters
    ----------
    data
        The message.
    context
        Where it came from.

    Returns
    -------
    Article
        Title, sender and time are those of the header; a saved page is read as a page and keeps
        the time that it states. Attachments are not looked at.

    Raises
    ------
    UnreadableArticle
        ``no_text`` if no part of it is text.
    """
    message = email.message_from_bytes(data, policy=email.policy.default)
    part = message.get_body(preferencelist=("html", "plain"))
    if not isinstance(part, EmailMessage) or part.get_content_maintype() != "text":
        raise UnreadableArticle(context.path, "no_text", "no part of this message is text")
    text = _content(part, context.path)
    if is_page(text) and message.get_content_type() == "multipart/related":
        return _saved_page(message, text, context)
    body = read_body(text, context.options.engine) if "<" in text else read_plain(text)
    sender = _SENDER_NAME.match(_header(message, "From"))
    facts = Facts(
        title=_header(message, "Subject"),
        source=credit(body.text),
        author=sender[1] if sender else _header(message, "From"),
        url=_header(message, "Content-Location") or _header(message, "Snapshot-Content-Location"),
    )
    published = facts.published(parse_stamp(_header(message, "Date")), "mail:date", context)
    return facts.article(body, published, context)


def _saved_page(message: EmailMessage, text: str, context: Context) -> Article:
    """Read a page; the message's date is when it was saved and says nothing of the article's."""
    page = read_page(text, context)
    address = _header(message, "Snapshot-Content-Location")
    return dataclasses.replace(page, url=page.url or address)


def _content(part: EmailMessage, path: str) -> str:
    """Decode a part's text, whatever charset it declares."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if not data.strip():
        raise UnreadableArticle(path, "empty", "the text of this message is empty")
    return decode(data, path).text


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message.get(name, "")
    except (ValueError, IndexError, AttributeError):  # the parser of broken headers
        return ""
    return " ".join(clean_text(str(value)).split())
