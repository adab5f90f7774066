"""Every public function says what goes in, what comes out, in which unit, and whose idea it is."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest

from mentionstudy.analysis.inference import TestName
from mentionstudy.analysis.models import MODELS

PACKAGES = ("", ".inference", ".models", ".charts")
# Statistics: their docstring names the paper, itself or by pointing to the function that does.
STATISTICS = (
    "adjusted_patell",
    "benjamini_hochberg",
    "bmp",
    "bootstrap",
    "calendar_time",
    "clustered_t",
    "collapse",
    "corrado_rank",
    "corrado_sign",
    "corrado_zivney",
    "cross_sectional_regression",
    "cross_sectional_t",
    "crude_dependence_t",
    "difference_of_means",
    "generalized_sign",
    "grank_t",
    "grank_z",
    "kp_bmp",
    "mean_residual_correlation",
    "patell",
    "placebo",
    "portfolio_alpha",
    "sign",
    "sign_flip",
    "skewness_adjusted_hall",
    "skewness_adjusted_johnson",
    "skewness_adjusted_t",
    "validate",
    "wilcoxon",
    "window_mean_sar",
)
ARRAY = re.compile(r"\b(?:Floats|Ints|Bools|NDArray)\b")
SHAPE = re.compile(r"\((?:\.\.\.|[A-Z]\w*|\d+)(?:, ?(?:\.\.\.|[A-Z0-9][\w +-]*))*,?\)")


def public() -> Iterator[tuple[str, Any]]:
    """Yield what the packages export, and the public methods of their classes."""
    seen: set[int] = set()
    for package in PACKAGES:
        module = importlib.import_module(f"mentionstudy.analysis{package}")
        for name in module.__all__:
            thing = getattr(module, name)
            if id(thing) in seen or not (inspect.isfunction(thing) or inspect.isclass(thing)):
                continue
            seen.add(id(thing))
            yield name, thing
            if inspect.isclass(thing):
                yield from methods(name, thing)


def methods(name: str, kind: type) -> Iterator[tuple[str, Any]]:
    own = [base for base in kind.__mro__ if base.__module__.startswith("mentionstudy")]
    for attribute, value in (item for base in own for item in vars(base).items()):
        function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        if not attribute.startswith("_") and inspect.isfunction(function):
            yield f"{name}.{attribute}", function


THINGS = dict(public())


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        one
        for one in inspect.signature(function).parameters.values()
        if one.name not in ("self", "cls") and one.kind not in kinds
    ]


def sections(text: str) -> dict[str, str]:
    """Cut a numpydoc docstring into its sections."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def described(section: str) -> dict[str, str]:
    """Return what a section says of each name: unindented lines, lists split at commas."""
    found = {}
    for head, body in re.findall(r"^(\S.*)\n((?:[ ]+.*\n?|\n)*)", section, flags=re.MULTILINE):
        found |= {name.strip(" *:"): body for name in head.split(",")}
    return found


@pytest.mark.parametrize("name", [n for n, thing in THINGS.items() if inspect.isfunction(thing)])
def test_functions_describe_their_parameters_and_what_they_return(name: str) -> None:
    function = THINGS[name]
    found = sections((inspect.getdoc(function) or "") + "\n")
    known = described(found.get("Parameters", ""))
    for one in parameters(function):
        assert one.name in known, f"{name}: {one.name} is not among the Parameters"
        if ARRAY.search(str(one.annotation)):
            text = known[one.name]
            elsewhere = re.search(r"As for :func:`|as :func:`", text)
            assert SHAPE.search(text) or elsewhere, f"{name}: which shape has {one.name}?"
    returned = str(inspect.signature(function).return_annotation)
    if returned == "None":
        return
    # One line may say it: "(N,) codes ...", "Return the ...".
    short = re.match(r"\(|Return|Build|Yield|Share|Order|One|Half", found[""])
    assert "Returns" in found or "Yields" in found or short, f"{name}: what is returned?"
    if ARRAY.search(returned):
        assert SHAPE.search(found.get("Returns", "") + found[""]), f"{name}: which shape?"


@pytest.mark.parametrize("name", [n for n, thing in THINGS.items() if inspect.isclass(thing)])
def test_classes_describe_their_fields(name: str) -> None:
    kind = THINGS[name]
    found = sections((inspect.getdoc(kind) or "") + "\n")
    assert found[""].strip(), name
    known = described(found.get("Attributes", "")) | described(found.get("Parameters", ""))
    for field in fields(kind) if is_dataclass(kind) else ():
        assert field.name in known, f"{name}: {field.name} is not described"
        if ARRAY.search(str(field.type)):
            assert SHAPE.search(known[field.name]), f"{name}: which shape has {field.name}?"


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_name_their_source(name: str) -> None:
    text = sections(inspect.getdoc(THINGS[name]) or "")
    references = text.get("References", "")
    pointed = re.findall(r":func:`(\w+)`", references)
    texts = [references, *(inspect.getdoc(THINGS[other]) or "" for other in pointed)]
    assert any(re.search(r"\b(?:18|19|20)\d\d\b", one) for one in texts), f"{name}: whose idea?"


def test_every_test_of_the_battery_is_among_the_statistics() -> None:
    stands_for = {"clustered_t_two_way": "clustered_t", "permutation": "placebo"}
    assert {stands_for.get(name, name) for name in get_args(TestName)} <= set(STATISTICS)


def test_models_name_their_source() -> None:
    for name, model in MODELS.items():
        assert re.search(r"\b(?:19|20)\d\d\b", model.source), name
        assert re.search(r"\b(?:19|20)\d\d\b", inspect.getdoc(model) or ""), name
