"""Every sentence an author can be told has its Chinese, with the same parts in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from generator.kinds import Arg, Shape
from generator.resolve.app import SHAPES
from generator.saying import capitalized, in_language, known, say

ROOT = Path(__file__).resolve().parents[2] / "generator"
LINTS = ROOT.parent / "rules" / "lints"
SOURCES = [
    path
    for folder in (ROOT, LINTS)
    for path in sorted(folder.rglob("*.py"))
    if path.parent.name != "chinese"
]
TOLD = {"Problem": 2, "fault": 2, "Fault": 3}
"""Where the texts begin among the arguments of what makes a fault."""
SPOKEN = {"message", "hint", "why", "otherwise", "defined_in"}
"""Names and arguments that hold what an author is told."""
SYSTEM = {
    "no such file or directory",
    "permission denied",
    "is a directory",
    "input/output error",
    "too many levels of symbolic links",
}
"""What the operating system says of a file."""


def texts(node: ast.expr | None) -> Iterator[str]:
    """The written texts an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def told_in(tree: ast.AST) -> Iterator[str]:
    """What a module tells authors, as far as it is written at the place where it is told."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in SPOKEN:
                yield from texts(node.value)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "say":
                yield from texts(node.args[0])
            elif name in TOLD:
                for each in node.args[TOLD[name] : TOLD[name] + 2]:
                    yield from texts(each)
            for keyword in node.keywords:
                if keyword.arg in SPOKEN:
                    yield from texts(keyword.value)


def parts(template: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name}
    except ValueError:
        # a text without parts may hold braces of its own
        return set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT.parent).as_posix())
def test_what_a_module_tells_is_there_in_chinese(path: Path) -> None:
    assert set(told_in(ast.parse(path.read_text("utf-8")))) - known().keys() == set()


def test_both_wordings_have_the_same_parts() -> None:
    assert {en: zh for en, zh in known().items() if parts(en) != parts(zh)} == {}


def test_no_wording_is_left_over() -> None:
    written = {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    nouns = {shape.name for shape in _shapes()} | {"A list", "A mapping", "field type"}
    assert known().keys() - written - nouns - SYSTEM == set()


def test_every_shape_has_a_noun_and_every_form_its_explanation() -> None:
    shapes = list(_shapes())
    assert {shape.name for shape in shapes} - known().keys() == set()
    forms = {arg.help for shape in shapes for arg in _args(shape) if arg.pattern and arg.help}
    assert forms - known().keys() == set()


def test_what_was_said_is_said_in_chinese_with_all_that_is_in_it() -> None:
    inner = say("a list of {item}s", item=say("a date"))
    said = say("{one} and {other} do not go together.", one=capitalized(inner), other=say("null"))
    assert said == "A list of a dates and null do not go together."
    assert in_language(said, "zh_CN") == "日期列表与 null不能放在一起。"
    assert in_language(said, "en") == said


def test_an_authors_own_word_is_never_translated() -> None:
    said = say("The key '{name}' is missing in {where}.", name="field", where=say("field"))
    assert in_language(said, "zh") == "字段缺少键 'field'。"
    assert say("{not} a {template").startswith("{not}")


def _shapes() -> Iterator[Shape]:
    seen: set[str] = set()
    open_ends = list(SHAPES.values())
    while open_ends:
        shape = open_ends.pop()
        if shape.name not in seen:
            seen.add(shape.name)
            yield shape
            open_ends += [arg.shape for arg in _args(shape) if arg.shape is not None]


def _args(shape: Shape) -> Iterator[Arg]:
    for arg in shape.args.values():
        inner: Arg | None = arg
        while inner is not None:
            yield inner
            inner = inner.of
