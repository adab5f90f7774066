"""Workspaces for the page tests: the sample, articles without prices, and none at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import mentionstudy.dashboard.i18n as i18n
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


@pytest.fixture(scope="session")
def evil_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with an article that tries everything against its reader."""
    folder = tmp_path_factory.mktemp("evil")
    (folder / "posts").mkdir()
    (folder / "posts" / "evil.md").write_text(EVIL, encoding="utf-8")
    return fill(folder / "workspace", articles=folder / "posts")


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


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Return a function that opens a page on a workspace, as a link would."""

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
        return app

    return opened
