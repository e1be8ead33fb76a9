"""The source of one function in the making: its lines, its constants, what was read already.

Every piece of code says which variables may be null (`Code.nulls`): an operation on them is one
expression behind one null test, so `a + b >= c` costs three look-ups and one test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from generator.expressions import tree as t
from generator.expressions.numbers import WORD

CONSTANT = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Code:
    """An expression of Python, right and never None if none of `nulls` is None."""

    text: str
    nulls: frozenset[str] = CONSTANT

    @property
    def known(self) -> str:
        """The test that no variable is null."""
        return " and ".join(f"{name} is not None" for name in sorted(self.nulls))

    @property
    def unknown(self) -> str:
        """The test that some variable is null."""
        return " or ".join(f"{name} is None" for name in sorted(self.nulls))


@dataclass
class Writer:
    """Collects the lines of the function; a resource that lives for one compilation."""

    writers: Mapping[type, Callable[[Writer, Any], Code]]
    """How each kind of node is written."""
    bounded: bool = True
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    indent: str = ""
    rows: list[str] = field(default_factory=lambda: ["facts"])
    loaded: list[dict[tuple[str, ...], Code]] = field(default_factory=lambda: [{}])
    """Values already read, one frame for each block that may not run."""
    count: int = 0

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write a header and indent what follows; what is read inside is forgotten after it."""
        self.line(header)
        before, self.indent = self.indent, self.indent + " "
        self.loaded.append({})
        yield
        if self.lines[-1] == before + header:
            self.line("pass")
        self.loaded.pop()
        self.indent = before

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def single(self, code: Code) -> Code:
        """Return the value in one variable or constant, None when it is unknown."""
        if code.nulls == {code.text} or (not code.nulls and code.text.isidentifier()):
            return code
        name = self.fresh()
        if not code.nulls:
            self.line(f"{name} = {code.text}")
            return Code(name)
        self.line(f"{name} = None if {code.unknown} else {code.text}")
        return Code(name, frozenset({name}))

    def nullable(self, text: str, code: Code) -> Code:
        """Return `text` in a variable: an operation that may give None by itself."""
        name = self.fresh()
        self.line(
            f"{name} = {text}" if not code.nulls else f"{name} = None if {code.unknown} else {text}"
        )
        return Code(name, frozenset({name}))

    def assign(self, name: str, code: Code) -> None:
        value = self.single(code)
        self.line(f"{name} = {value.text}")

    def code(self, tree: t.Tree) -> Code:
        return self.writers[type(tree)](self, tree)

    def load(self, key: tuple[str, ...], text: str) -> Code:
        """Return the variable that holds `text`, read once while it stays in reach."""
        for frame in self.loaded:
            if key in frame:
                return frame[key]
        name = self.fresh()
        self.line(f"{name} = {text}")
        code = Code(name, frozenset({name}))
        self.loaded[-1][key] = code
        return code

    def walk(self, root: str, path: tuple[str, ...]) -> Code:
        """Return the value at the end of a path of nested mappings; None ends it early."""
        code = self.load((root, path[0]), f"{root}[{path[0]!r}]")
        for length in range(2, len(path) + 1):
            step = f"{code.text}[{path[length - 1]!r}]"
            key = (root, *path[:length])
            code = self.load(key, f"None if {code.text} is None else {step}")
        return code


def limited(writer: Writer, code: Code, limit: int) -> Code:
    if not writer.bounded:
        return code
    value = writer.single(code)
    name = writer.fresh()
    low = "<=" if limit == WORD else "<"
    test = f"{value.text} if {-limit} {low} {value.text} < {limit} else None"
    writer.line(
        f"{name} = None if {value.unknown} else {test}" if value.nulls else f"{name} = {test}"
    )
    return Code(name, frozenset({name}))
