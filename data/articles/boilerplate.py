"""What stands around an article on its page and is no part of it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# A line that consists of one of these opens a list of other stories or the page's footer.
# It begins with the line feed, because the search for one character skips the text fastest.
_RELATED: Final = re.compile(
    r"\n[\s【\[#▶>]*(?:"
    r"推荐阅读|相关阅读|延伸阅读|扩展阅读|相关新闻|相关报道|相关文章|相关推荐|更多推荐|热门推荐|热门文章|"
    r"为你推荐|为您推荐|猜你喜欢|你可能(?:还)?(?:喜欢|感兴趣)|大家都在看|热点新闻|今日热点|最新文章|"
    r"联系我们|关于我们|免责声明|版权声明|推薦閱讀|相關新聞|相關文章|延伸閱讀|聯絡我們"
    r")[\s】\]：:]*$",
    re.MULTILINE,
)
_MIN_BODY_CHARS: Final = 40  # before that many characters such a line is a heading of the article
_AUTOLINK_LINE: Final = re.compile(r"^<\s*(https?://[^<>\s]*)?\s*>$")
_BACK_LINE: Final = re.compile(
    r"^\[返回[^\]\n]*\]\([^)\n]*\)(?:\s*[｜|]?\s*\[返回[^\]\n]*\]\([^)\n]*\))*$"
)
_CREDIT: Final = re.compile(r"[（(](?:文章)?来源\s*[:：]\s*([^（）()\n]{1,40})[）)]")
_CREDIT_WORD: Final = "来源"
_CREDIT_CHARS: Final = len("（文章")  # before that word
_CREDIT_ZONE_CHARS: Final = 300  # credits stand at the very end


class Footer(NamedTuple):
    """A body without its footer.

    Attributes
    ----------
    body
        What is left.
    url
        The address that stood in the footer, if any.
    """

    body: str
    url: str


def strip_post_footer(body: str) -> Footer:
    """Cut the lines that a blog generator puts below a post: its address and links back.

    Parameters
    ----------
    body
        The raw body of a front-matter post.

    Returns
    -------
    Footer
        The body and the address.
    """
    url = ""
    end = len(body)
    while body := body[:end].rstrip():
        start = body.rfind("\n") + 1
        line = body[start:].strip()
        link = _AUTOLINK_LINE.match(line) if line[0] == "<" else None
        if link is None and not (line[0] == "[" and _BACK_LINE.match(line)):
            break
        if link is not None and link[1]:
            url = link[1]
        end = start
    return Footer(body, url)


def body_length(text: str, min_share: float = 0.0) -> int:
    """Return how much of a text is the article, before related reading and the page's footer.

    Parameters
    ----------
    text
        A body.
    min_share
        A list of other stories above this share of the text stands within the article, as portals
        put it below the first paragraph, and ends nothing.

    Returns
    -------
    int
        Number of characters to keep.
    """
    least = max(_MIN_BODY_CHARS, min_share * len(text))
    for match in _RELATED.finditer(text):
        before = text[: match.start()].rstrip()
        if len(before) >= least:
            return len(before)
    return len(text)


def credit(text: str) -> str:
    """Return the publisher that a text credits at its end, empty if it credits none."""
    end = text[-_CREDIT_ZONE_CHARS:]
    place = end.find(_CREDIT_WORD)
    found = _CREDIT.findall(end, max(0, place - _CREDIT_CHARS)) if place >= 0 else ()
    return found[-1].strip() if found else ""
