"""Fuzzes the readers: markup, front matter, bytes under every name, archives and crawls.

Run ``python tests/fuzz/fuzz_articles.py [--engine hypothesis|atheris] [--seconds 60]``. It ends
with exit code 1 and the input in a file when one crashes a reader, takes more than 2 s of the
processor, or lets the process grow beyond 500 MB. Atheris is not among the test requirements:
``pip install atheris``.
"""

from __future__ import annotations

import argparse
import gzip
import io
import resource
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MAX_SECONDS = 2.0
NOT_IN_TEXT = -1
MAX_MIB = 500
NAMES = (
    "x.md", "x.html", "x.txt", "x.csv", "x.tsv", "x.json", "x.jsonl", "x.xml", "x.eml", "x.mht",
    "x.zip", "x.tar", "x.tar.gz", "x.warc", "x.warc.gz", "x.jsonl.gz", "x.csv.gz", "x.parquet", "x",
)  # fmt: skip
PACKED = ("x.zip", "x.tar.gz", "x.warc.gz", "x.jsonl.gz")


class Finding(Exception):
    """An input that a reader cannot stand."""


class Checker:
    """Reads one input after another as a user's file would be, and looks at what comes out."""

    def __init__(self, folder: Path) -> None:
        from mentionstudy.data.articles import Article, read_articles
        from mentionstudy.data.mentions import mentions_of

        self.article, self.read, self.mentions_of = Article, read_articles, mentions_of
        self.folder = folder
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0

    def __call__(self, name: str, data: bytes) -> None:
        """Read `data` as a file called `name`."""
        path = self.folder / name
        path.write_bytes(data)
        started = time.process_time()
        try:
            self._read(path)
        except Exception as error:
            raise self._finding(name, data, traceback.format_exc()) from error
        took = time.process_time() - started
        self.slowest = max(self.slowest, took)
        if took > MAX_SECONDS:
            raise self._finding(name, data, f"it took {took:.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if peak > MAX_MIB:
            raise self._finding(name, data, f"the process has grown to {peak} MiB")

    def _read(self, path: Path) -> None:
        result = self.read(path)
        for failure in result.failures:
            self.outcomes[failure.code] += 1
            if failure.code == "internal":
                raise Finding(failure.reason)
        for article in result.articles:
            self.outcomes["article"] += 1
            for mention in self.mentions_of(article):
                seen = mention.surface in f"{article.text}\n{article.title}"
                if mention.positions[0] != NOT_IN_TEXT and not seen:
                    raise Finding(f"the words of {mention} are nowhere")
                if not all(
                    NOT_IN_TEXT <= place <= len(article.text) for place in mention.positions
                ):
                    raise Finding(f"{mention} is outside of its article")

    def _finding(self, name: str, data: bytes, what: str) -> Finding:
        kept = Path(f"finding-{name}")
        kept.write_bytes(data)
        return Finding(f"{what}\nthe input is in {kept.absolute()}")

    def report(self) -> str:
        """Say what was read."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        total = sum(self.outcomes.values())
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.outcomes.most_common())
        timing = f"slowest {self.slowest:.2f} s, peak {peak} MiB"
        return f"{total:,} outcomes ({kinds}); {timing}; no finding"


_TAGS = (
    "<p>|</p>|<div>|</div>|<a href='//quote.eastmoney.com/sh600718.html'>|</a>|<br>|<td>|<tr>|"
    "<table>|</table>|<img src=GetPic.aspx?nid=1.600718&a=1>|<!--|-->|<script>|</script>|<style>|"
    "<p style='display:none'>|<html>|</html>|<head>|<body>|</body>|<title>|</title>|<h1>|<meta "
    "property='article:published_time' content='2022-01-06T15:11:41+08:00'>|<![CDATA[|]]>|<!DOCTYPE"
    " html>|<?xml version='1.0'?>|<!ENTITY a 'b'>|&a;|&#0;|&#x110000;|<svg>|<math>|<select>|"
    "<div id='artibody'>|<script type='application/ld+json'>{\"datePublished\":|</textarea>"
)
_LINES = (
    "---\n|title: |date: |2022-01-06 15:11:41 +0800|tags:\n|  - a\n|&a |*a |{|}|[|]|: |'|\"|\n|"
    "author: 证券时报网\n|Fri, 09 Apr 2021 18:10:00 GMT|!!python/object:os.system |? |\t|---|...\n"
)
_WORDS = (
    "600718|(000001)|$东软集团(SH600718)$|0700.HK|（HK：|代码|600718.SH|2022年1月4日|来源：|推荐阅读|"
    '{"content": "|"}|,content\n|<rss><item><title>|</title></item>|From: a\nSubject: b\n\n|'
    "Content-Type: multipart/related; boundary=x\n\n--x\n|window.__STOCK_COMPONENT__.push({code: "
    "'000002', type: 'SZ'});|WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999\r\n\r\n|"
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n|](|![|](http://x)|\x00|\ufeff|\u200b|\ud800"
)


def texts() -> st.SearchStrategy[bytes]:
    """Draw what looks like markup, front matter, rows or messages, and is broken anywhere."""
    pieces = [st.sampled_from(part.split("|")) for part in (_TAGS, _LINES, _WORDS)]
    piece = st.one_of(*pieces, st.text(max_size=8))
    repeated = st.tuples(piece, st.integers(1, 3000)).map(lambda drawn: drawn[0] * drawn[1])
    text = st.lists(st.one_of(piece, piece, piece, repeated), max_size=40).map("".join)
    return st.one_of(
        text.map(lambda drawn: drawn.encode("utf-8", "surrogatepass")),
        text.map(lambda drawn: drawn.encode("gb18030", "replace")),
        st.binary(max_size=400),
    )


def packed(name: str, data: bytes, inside: str) -> bytes:
    """Put data into an archive or crawl of the kind that a name says."""
    out = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(inside or "a", data)
    elif ".tar" in name:
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            entry = tarfile.TarInfo(inside)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    else:
        out.write(gzip.compress(data))
    return out.getvalue()


def damaged(data: bytes, cuts: list[tuple[int, int]]) -> bytes:
    """Overwrite some bytes."""
    broken = bytearray(data)
    for place, value in cuts:
        if broken:
            broken[place % len(broken)] = value
    return bytes(broken)


def by_hypothesis(check: Checker, seconds: float) -> None:
    """Draw examples until the time is over."""
    end = time.monotonic() + seconds
    cuts = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=3)
    insides = st.sampled_from(("a.md", "../a.md", "/a.md", "a.html", "a.zip", "", ".a", "a\\..\\b"))

    def plain(name: str, data: bytes) -> None:
        check(name, data)

    def archived(name: str, data: bytes, inside: str, cuts: list[tuple[int, int]]) -> None:
        check(name, damaged(packed(name, data, inside), cuts))

    targets = (
        given(name=st.sampled_from(NAMES), data=texts())(plain),
        given(name=st.sampled_from(PACKED), data=texts(), inside=insides, cuts=cuts)(archived),
    )
    limits = settings(
        max_examples=150,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    limited = [limits(target) for target in targets]
    rounds = 0
    while time.monotonic() < end:
        for target in limited:
            settled: Callable[[], None] = seed(rounds)(target)
            settled()
        rounds += 1


def by_atheris(check: Checker, seconds: float, folder: Path) -> None:
    """Let coverage lead the way, from the bundled sample and small archives of it."""
    import atheris

    from mentionstudy.data.sample import sample_articles_path

    corpus = folder / "corpus"
    corpus.mkdir()
    for file in sample_articles_path().iterdir():
        data = file.read_bytes()[:4000]
        for number, name in enumerate(NAMES):
            inside = packed(name, data, "a.md") if name in PACKED else data
            (corpus / f"{file.stem[:3]}-{number}").write_bytes(bytes([number]) + inside)

    def one(data: bytes) -> None:
        if data:
            check(NAMES[data[0] % len(NAMES)], data[1:])

    print(
        "the fuzzer ends the process; without a finding, its last line begins with Done", flush=True
    )
    options = [f"-max_total_time={int(seconds)}", "-timeout=60", "-rss_limit_mb=0", "-max_len=8000"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def main() -> int:
    """Fuzz for as long as was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["hypothesis", "atheris"], default="hypothesis")
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if asked.engine == "atheris":
            import atheris

            with atheris.instrument_imports(include=["mentionstudy"]):
                check = Checker(folder)
            by_atheris(check, asked.seconds, folder)
            return 0
        check = Checker(folder)
        try:
            by_hypothesis(check, asked.seconds)
        except Finding as finding:
            print(finding)
            return 1
        print(check.report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
