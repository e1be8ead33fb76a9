"""What a definition file is read into: words, lists and mappings that know their place.

Plain values without YAML: `generator/source.py` makes them, `shape` and `places` read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from generator.model.text import Span
from generator.source_scalars import offsets


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word, number or text."""

    value: str | int | Decimal | bool | None
    span: Span
    text: str
    """As written, with its quotes."""
    quoted: bool
    """In quotes or a block (`|`, `>`): certainly a text."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in a mapping and the place of its key."""

    key: Span
    node: Node


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping, in the order written."""

    entries: Mapping[str, Entry]
    span: Span

    def get(self, name: str) -> Node | None:
        """Return the value under a key, or None when it is not there."""
        entry = self.entries.get(name)
        return None if entry is None else entry.node

    def at(self, name: str) -> Span:
        """Return the place of a key; the whole mapping when it is not there."""
        entry = self.entries.get(name)
        return self.span if entry is None else entry.key


Node: TypeAlias = Scalar | Items | Mapped


@dataclass(frozen=True, slots=True)
class Source:
    """One definition file that could be read."""

    file: str
    """Relative to the folder of definitions, with `/`: `orders/order.entity.yaml`."""
    kind: str
    name: str
    module: str
    """The first folder of the path; '' at the top."""
    node: Mapped
    text: str


def plain(node: Node) -> Any:
    """Return the node as plain Python data: str, int, Decimal, bool, None, list, dict."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Mapped():
            return {name: plain(entry.node) for name, entry in node.entries.items()}


def find(node: Node, path: Iterable[str | int]) -> Node:
    """Return the node under a path of keys and positions, as far as it goes."""
    for step in path:
        below: Node | None = None
        if isinstance(node, Mapped):
            below = node.get(str(step))
        elif isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
            below = node.items[step]
        if below is None:
            break
        node = below
    return node


def within(span: Span, value: str, written: str, start: int, end: int) -> Span:
    """Return the place in the file of the characters `start` to `end` of a text's value.

    `span` is where the text stands and `written` how: with quotes, escapes, `|` or `>`.
    """
    places = offsets(value, written)
    if not places:
        return span
    last = len(places) - 1
    first = places[min(max(start, 0), last)][0]
    after = places[min(max(end - 1, start, 0), last)][1]
    line, column = _moved(span, written, first)
    end_line, end_column = _moved(span, written, after)
    return Span(span.file, line, column, end_line, end_column)


def _moved(span: Span, written: str, offset: int) -> tuple[int, int]:
    before = written[:offset]
    breaks = before.count("\n")
    if not breaks:
        return span.line, span.column + offset
    return span.line + breaks, offset - before.rfind("\n")
