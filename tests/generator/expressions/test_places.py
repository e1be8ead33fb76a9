"""Wherever a faulty word of an expression stands in a file, the caret is under it: in the four ways
in which YAML writes a text, over as many lines as it likes, with every escape."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.expressions.compile import parse
from generator.expressions.types import Boolean
from generator.source import read_text
from generator.source_nodes import Mapped, Scalar
from tests.generator.expressions.shop import SCOPE

WRONG = "totl_xyz"
TERMS = (
    "total > 1",
    "note == 'it\\'s 中文'",
    'note != "a \\" b"',
    "note == '𝄞 '",
    "status in ['paid', 'draft']",
    "not urgent",
    "contains(note, 'a  b')",
    "(total * 2 > 3)",
    "due == '2026-01-31'",
)

Lines = list[str]
Write = Callable[[Lines, random.Random], str]


def words_of(rng: random.Random) -> Lines:
    """Return an expression with one unknown word, as parts between which a line may end."""
    terms = [rng.choice(TERMS) for _ in range(rng.randrange(6))]
    terms.insert(rng.randrange(len(terms) + 1), f"{WRONG} > {rng.randrange(9)}")
    parts: Lines = []
    for number, term in enumerate(terms):
        parts += [rng.choice(("and", "or"))] if number else []
        # a line never ends inside a text: its blanks would be others then
        parts += re.findall(r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"])+""", term)
    return parts


def laid_out(parts: Lines, rng: random.Random, end: Callable[[], str]) -> str:
    """Join parts with blanks or line ends."""
    text = parts[0]
    for part in parts[1:]:
        text += (end() if rng.random() < 0.4 else " " * rng.randrange(1, 3)) + part
    return text


def as_plain(parts: Lines, rng: random.Random) -> str:
    return laid_out(parts, rng, lambda: "\n" * rng.randrange(1, 3) + " " * rng.randrange(3, 6))


def as_single(parts: Lines, rng: random.Random) -> str:
    doubled = [part.replace("'", "''") for part in parts]
    return f"'{laid_out(doubled, rng, lambda: ' ' * rng.randrange(3) + chr(10) + '   ')}'"


def as_double(parts: Lines, rng: random.Random) -> str:
    def escaped(letter: str) -> str:
        if letter in '\\"':
            return f"\\{letter}"
        code = ord(letter)
        ways = [f"\\U{code:08x}"]
        ways += [f"\\u{code:04x}"] if code < 0x10000 else []
        ways += [f"\\x{code:02x}"] if code < 0x100 else []
        return rng.choice(ways) if rng.random() < 0.1 else letter

    def end() -> str:
        # folded, continued with an escaped blank, continued behind a blank, a line end written out
        return rng.choice(("\n   ", "\\\n   \\ ", " \\\n    ", "\\n", "\\t\\\n\n   "))

    written = ["".join(map(escaped, part)) for part in parts]
    return f'"{laid_out(written, rng, end)}"'


def as_block(mark: str) -> Write:
    def write(parts: Lines, rng: random.Random) -> str:
        indent = " " * rng.randrange(2, 5)

        def end() -> str:
            deeper = " " * rng.choice((0, 0, 0, 2))
            return "\n" * rng.randrange(1, 3) + indent + deeper

        head = f"{mark}{rng.choice(('', '-', '+'))}{rng.choice(('', '  # why'))}"
        return f"{head}\n{indent}{laid_out(parts, rng, end)}"

    return write


STYLES: dict[str, Write] = {
    "plain": as_plain,
    "single": as_single,
    "double": as_double,
    "literal": as_block("|"),
    "folded": as_block(">"),
}


def scalars(text: str) -> Iterator[Scalar]:
    """Yield the values of a file of one level."""
    node, problems = read_text(text, "order.entity.yaml")
    assert not problems, problems
    assert isinstance(node, Mapped)
    for entry in node.entries.values():
        assert isinstance(entry.node, Scalar)
        yield entry.node


@pytest.mark.parametrize("style", STYLES)
@given(seed=st.integers(0, 10**9))
def test_the_caret_is_under_the_word_however_it_is_written(style: str, seed: int) -> None:
    rng = random.Random(seed)
    parts = words_of(rng)
    before = rng.choice(("", "first: 1\n", "# 说明\n中文: 好\n"))
    text = f"{before}that: {STYLES[style](parts, rng)}\nlast: 1\n"
    *_, node, _ = scalars(text)
    assert isinstance(node.value, str)
    assert node.value.split() == " ".join(parts).split()
    found, problems = parse(node.value, node.span, SCOPE, Boolean(), written=node.text)
    assert found is None
    (problem,) = problems
    assert problem.code == "D504"
    span = problem.span
    assert span.line == span.end_line
    shown = text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]
    assert (yaml.safe_load(f'"{shown}"') if style == "double" else shown) == WRONG
