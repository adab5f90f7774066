"""Pages that were saved as plain text."""

from __future__ import annotations

import re
from typing import Final

from mentionstudy.data.articles.body import read_plain
from mentionstudy.data.articles.boilerplate import credit
from mentionstudy.data.articles.context import Context, Facts
from mentionstudy.data.articles.model import Article
from mentionstudy.data.articles.timestamps import Stamp, find_stamps

_MAX_TITLE_CHARS: Final = 100
_HEAD_CHARS: Final = 300  # a stamp with a time of day this near the top is the page's own
_SENTENCE_END: Final = re.compile(r"[。！？!?\n]")
_MAX_SENTENCE_CHARS: Final = 200
_SOURCE: Final = re.compile(r"(?:文章)?来源\s*[:：]\s*([^\s（）()|｜，。]{2,20})")


def read_text_page(text: str, context: Context) -> Article:
    """Read a plain text page: the first line is the title, the rest the body.

    Parameters
    ----------
    text
        The whole file.
    context
        Where it came from.

    Returns
    -------
    Article
        Its time is a stamp near the top, or else the date in the first sentence, which is when
        the text says that things happened.
    """
    first, _, rest = text.strip().partition("\n")
    title = " ".join(first.split()).lstrip("# ")
    if not rest.strip() or len(title) > _MAX_TITLE_CHARS or title.endswith(("。", "；", "，")):
        title, rest = "", text
    body = read_plain(rest)
    found = _SOURCE.search(body.text[:_HEAD_CHARS])
    facts = Facts(title=title, source=found[1] if found else credit(body.text))
    return facts.article(body, facts.published(stamp_in_text(body.text), "text", context), context)


def stamp_in_text(text: str) -> Stamp | None:
    """Find when a text says that it was published.

    Parameters
    ----------
    text
        A body.

    Returns
    -------
    Stamp or None
        A stamp with a time of day near the top, else the full date in the first sentence.
    """
    stamps = find_stamps(text[:_HEAD_CHARS])
    for _, stamp in stamps:
        if stamp.precision != "day":
            return stamp
    match = _SENTENCE_END.search(text)
    end = min(match.start() if match else len(text), _MAX_SENTENCE_CHARS)
    return next((stamp for place, stamp in stamps if place < end), None)
