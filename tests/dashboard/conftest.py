"""Workspaces for the page tests: the sample, articles without prices, and none at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

import mentionstudy.dashboard.i18n as i18n
from mentionstudy.analysis.literature import PAPERS
from mentionstudy.data import Workspace, parse_symbol
from mentionstudy.data.ingest import ingest
from mentionstudy.data.market import SampleSource
from mentionstudy.data.sample import sample_articles_path

APP = Path(i18n.__file__).with_name("app.py")

EVIL = """---
title: '<script>alert(1)</script> ![x](http://outside.test/a.png) =cmd|calc $x^2$ :red[y]'
date: 2021-04-12 10:00:00
source: '<img src=x onerror=alert(2)>'
link: 'javascript:alert(3)'
---
<p>一段正文 &lt;script&gt;alert(4)&lt;/script&gt; ![y](http://outside.test/b.png)
&lt;img src="http://outside.test/c.png" onerror="alert(5)"&gt; [z](javascript:alert(6))</p>
<p><span id="stock_1.601328"><a href="http://quote.eastmoney.com/unify/r/1.601328"
class="keytip" data-code="1,601328">交通银行</a></span><span id="quote_1.601328"></span></p>
"""
CELL = "=cmd|' /C calc'!A0"
LONG = "长" * 5_000 + "w" * 5_000  # 10,000 characters without a place to break
_POST = """---
title: {title}
date: {date}
source: '+1+HYPERLINK("http://outside.test/","x")'
categories: ['"><svg onload=alert(8)>', '@SUM(A1)']
tags: '</title></style></script><script>alert(9)</script>'
link: 'https://outside.test/?q=<script>'
---
<p>\u202e\u200fحرب\u202c {long} $$\\int_0^1$$ \\href{{javascript:alert(10)}}{{x}}
&lt;/script&gt;&lt;script&gt;alert(11)&lt;/script&gt;
<svg><a xlink:href="javascript:alert(12)">x</a></svg>
<a href="javascript:alert(13)">x</a> <a href="http://quote.eastmoney.com/unify/r/{code}"
class="keytip" data-code="{data}" onclick="alert(14)">{name}</a></p>
"""
EVIL_POSTS = {
    "evil.md": EVIL,
    "cell.md": _POST.format(
        title=json.dumps(CELL + "\u202egnp.exe"),
        date="2022-01-06 15:11:41",
        long="",
        code="1.600718",
        data="1,600718",
        name="东软集团",
    ),
    "long.md": _POST.format(
        title=LONG,
        date="2022-06-14 22:23:32",
        long=LONG,
        code="1.600050",
        data="1,600050",
        name="中国联通",
    ),
}


def fill(path: Path, *, articles: Path | None = None, prices: bool = True) -> Path:
    """Make a workspace of the bundled articles, or of a folder, with or without prices."""
    workspace = Workspace.open(path, create=True, sample=articles is None)
    ingest(workspace, [articles or sample_articles_path()])
    source = SampleSource()
    for symbol in source.symbols if prices else ():
        security = parse_symbol(symbol)
        workspace.merge_bars(source.bars(security, date(2000, 1, 1), date(2030, 1, 1)))
        workspace.merge_factors(source.factors(security))
    return path


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundled sample as a workspace; tests only read it."""
    return fill(tmp_path_factory.mktemp("sample") / "workspace")


def fill_with_evil(folder: Path) -> Path:
    """Make a workspace of articles that try everything against their reader."""
    (folder / "posts").mkdir()
    for name, post in EVIL_POSTS.items():
        (folder / "posts" / name).write_text(post, encoding="utf-8")
    return fill(folder / "workspace", articles=folder / "posts")


@pytest.fixture(scope="session")
def evil_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with articles that try everything against their reader."""
    return fill_with_evil(tmp_path_factory.mktemp("evil"))


@pytest.fixture(scope="session")
def bare_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample's articles without any price."""
    return fill(tmp_path_factory.mktemp("bare") / "workspace", prices=False)


@pytest.fixture
def bare_copy(tmp_path: Path) -> Path:
    """Return the sample's articles as a user's own workspace without prices, to be written."""
    return fill(tmp_path / "own", articles=sample_articles_path(), prices=False)


@pytest.fixture(scope="session")
def plain_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose one article names no security."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "post.txt").write_text("一篇没有提到任何证券的短文。", encoding="utf-8")
    return fill(folder / "workspace", articles=folder / "post.txt", prices=False)


_NOT_PROSE = {"StyledHtml", "Html", "Code"}  # the style sheet and articles; commands
_READ = {"label", "body", "help", "placeholder", "text", "options", "alt", "caption", "value"}
# two words in a row, or a name of the code's; Streamlit's own ``:blue-badge[…]`` is neither
_ENGLISH = re.compile(r"(?<![\w-])[A-Za-z]{2,}[,;:]? [a-z]{2,}|\b[a-z]+_[a-z_]+\b")
# names and what is typed; the evil article's own words
_NAMES = re.compile(
    r"mentionstudy( \w+)?( --?\w+ \S+)*|:material/\w+:|Patell Z|BMP t|Welch t|_draws|t_BMP"
    r"|(BROWSER|trafilatura|\w+\.test|alert)\S*|returns_are='log'|\w+\.csv"
)


def english_in(text: str) -> str:
    """Return the English prose in a text that should be Chinese, or an empty text."""
    text = text.replace("\\", "")
    for paper in (*PAPERS, *PAPERS.values()):  # which are cited as they are named
        text = text.replace(paper, "")
    found = _ENGLISH.search(_NAMES.sub("", text))
    return found[0] if found else ""


def shown(app: AppTest) -> Iterator[str]:
    """Yield every text that a page shows: labels, prose, cells and heads of tables."""
    waiting = [app.main, app.sidebar]
    while waiting:
        node = waiting.pop()
        children = list(getattr(node, "children", {}).values())
        waiting += children
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            if type(proto).__name__ in ("Dataframe", "Arrow"):
                yield from _cells(node, proto)
            elif type(proto).__name__ not in _NOT_PROSE:
                yield from _fields(proto)


def _cells(node: object, proto: Message) -> Iterator[str]:
    settings = json.loads(proto.columns or "{}")  # type: ignore[attr-defined]
    frame = node.value  # type: ignore[attr-defined]
    for column in frame.columns:
        own = settings.get(str(column), {})
        yield own.get("label") or str(column)
        yield own.get("help") or ""
        yield from (cell for cell in frame[column] if isinstance(cell, str))


def _fields(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        for item in value if field.is_repeated else [value]:
            if isinstance(item, Message):
                yield from _fields(item)
            elif isinstance(item, str) and field.name in _READ:
                yield item


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Give a function that opens a page on a workspace, as a link would.

    Whatever a test opens in Chinese has to be Chinese when the test ends.
    """
    chinese: list[AppTest] = []

    def opened(workspace: Path | None, view: str = "", **query: str | list[str]) -> AppTest:
        if workspace is None:
            monkeypatch.delenv("MENTIONSTUDY_WORKSPACE", raising=False)
        else:
            monkeypatch.setenv("MENTIONSTUDY_WORKSPACE", str(workspace))
        monkeypatch.setenv("MENTIONSTUDY_ACCESS", "local")
        app = AppTest.from_file(str(APP), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if view:
            app.switch_page(f"views/{view}.py").run()
        if query.get("lang") == "zh":
            chinese.append(app)
        return app

    yield opened
    for app in chinese:
        left = {text[:200]: found for text in shown(app) if (found := english_in(text))}
        assert not left, f"no Chinese for: {left}"
