from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentionstudy.data.articles import Document, parse_markup
from mentionstudy.data.articles.document import _OWN, Engine, _Builder

ENGINES: list[Engine] = ["soup", "lxml"]


@pytest.mark.parametrize("engine", ENGINES)
def test_visible_text_has_a_line_for_each_paragraph(engine: Engine) -> None:
    document = parse_markup(
        "<div>\n <p>　　第一段  有 空白<br/>换行</p><p>第<b>二</b>段</p>\n"
        "<table><tr><td>000001</td><td>平安银行</td></tr></table></div>",
        engine,
    )
    assert document.text == "第一段 有 空白\n换行\n第二段\n000001\t平安银行"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "block",
    [
        '<p style="display:none">x</p>',
        '<div style="color:red; DISPLAY : none !important"><ul><li>x</ul></div>',
        "<div hidden>x</div>",
        "<script>x</script>",
        "<style>x</style>",
        "<!-- x -->",
        "<template>x</template>",
        "<textarea>x</textarea>",
    ],
)
def test_what_a_reader_does_not_see_is_not_text(engine: Engine, block: str) -> None:
    assert parse_markup(f"<p>前</p>{block}<p>后</p>", engine).text == "前\n后"


@pytest.mark.parametrize("engine", ENGINES)
def test_elements_know_the_text_that_they_cover(engine: Engine) -> None:
    document = parse_markup(
        '<p>公司 <a class="k" href="/x?a=1&nid=0.1">东软 集团</a>公告<img src="i"><i>略</i></p>'
        '<div style="display:none"><a href="h">藏</a></div>',
        engine,
    )
    link, image, block, hidden = document.elements
    assert document.surface(link) == "东软 集团"
    assert document.text[: link.start] == "公司 "
    assert (link.classes, link.attrs["href"], link.hidden) == (["k"], "/x?a=1&nid=0.1", False)
    assert image.start == image.end == len("公司 东软 集团公告")
    assert (hidden.hidden, document.elements[hidden.parent]) == (True, block)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_follows_the_end_of_a_page_is_part_of_it(engine: Engine) -> None:
    document = parse_markup(
        "<html><body><p>前</p></BODY ></html>\n<p><a href='x'>后</a></p>尾", engine
    )
    assert document.text == "前\n后\n尾"
    assert [document.surface(element) for element in document.elements] == ["后"]


def test_a_text_that_was_broken_off_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    class BrokenOffError(BaseException):
        """As of a key, which would end the tests."""

    def interrupted(*_: object) -> None:
        raise BrokenOffError

    whole = parse_markup("<p>甲<b>乙</b></p>", "lxml")
    for step in ("start", "_write", "close"):
        with monkeypatch.context() as patch:
            patch.setattr(_Builder, step, interrupted)
            _OWN.renew()  # the parser looks for its target's methods once
            with pytest.raises(BrokenOffError):
                parse_markup("<p id=a>丙<i>丁</i>", "lxml")
        assert parse_markup("<p>甲<b>乙</b></p>", "lxml") == whole


@pytest.mark.parametrize("engine", ENGINES)
def test_scripts_are_kept_apart(engine: Engine) -> None:
    document = parse_markup("<p>a</p><script>push({code: '000002'})</script>", engine)
    assert document.scripts == ("push({code: '000002'})",)


def test_a_document_can_be_cut() -> None:
    document = parse_markup(
        '<div id="o"><p id="a">甲乙<img id="i"></p><p id="b">丙<a id="c">丁</a></p></div>', "lxml"
    )
    cut = document.until(2)
    assert cut.text == "甲乙"
    assert [element.attrs["id"] for element in cut.elements] == ["o", "a", "i"]
    assert cut.elements[2].parent == 1
    assert document.until(99) is document


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "markup", ["", "  \n", "<!-- nothing -->", "<", "</p>", "<?xml version='1.0'?>"]
)
def test_markup_without_content_is_an_empty_document(engine: Engine, markup: str) -> None:
    assert parse_markup(markup, engine).text in ("", "<")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "markup", [".HTM", "a/b.txt", "https://x.example/", "<?xml version='1.0'?><p>x"]
)
def test_no_parser_guesses_aloud_what_a_text_may_be(markup: str) -> None:
    assert parse_markup(markup, "soup") == parse_markup(markup, "lxml")


_MARKUP = (
    "<p>|</p>|<div>|</div>|<a href='x'>|</a>|<br>|<br/>|<span class='k l'>|</span>|<td>|<tr>|"
    "<table>|</table>|<img src=x&y=1>|<!--c-->|<script>s</script>|<p style='display:none'>|"
    "中文|600718|&amp;|&lt;|&nbsp;|<|>|<li>|<ul>|</ul>|<b>|</b>|<h1>|</h1>|<o:p>|</o:p>|"
    "<style>s</style>|<?pi x?>|<title>t|</title>|<html>|</html>|<body>|</body>|<head>|<svg>|"
    "<![CDATA[x]]>|<!DOCTYPE html>|<?xml version='1.0' encoding='gbk'?>|<meta charset=gbk>|"
    "<select>|<option>|<iframe>|</iframe>|<textarea>|&#0;|&#xd800;|<tbody>|<form>|<p id=q hidden>|"
    "<input checked>"
)
_PIECES = st.sampled_from(_MARKUP.split("|"))


@given(
    pieces=st.lists(
        st.one_of(_PIECES, st.sampled_from([" ", "\n", "\n\n", "　", "a"])), max_size=25
    )
)
@example(pieces=["a", "<!DOCTYPE html>", "\n\n", "a"])
def test_both_engines_build_the_same_document(pieces: list[str]) -> None:
    markup = "".join(pieces)
    assert parse_markup(markup, "soup") == parse_markup(markup, "lxml")


@given(markup=st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_no_markup_breaks_a_parser(markup: str) -> None:
    for engine in ENGINES:
        document = parse_markup(markup, engine)
        assert isinstance(document, Document)
        for element in document.elements:
            assert 0 <= element.start <= element.end <= len(document.text)


def test_both_engines_agree_on_real_pages(shared: Path) -> None:
    files = [*sorted((shared / "seeds").iterdir()), *sorted((shared / "articles/posts").iterdir())]
    assert len(files) >= 63
    for file in files:
        markup = file.read_text(encoding="utf-8")
        assert parse_markup(markup, "soup") == parse_markup(markup, "lxml"), file.name
