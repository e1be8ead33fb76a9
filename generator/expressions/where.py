"""Where a part of an expression stands: its scope, the entity of the current row, the source text.

Everything a reading function needs besides the syntax node; also the few questions all of them ask:
the words an author wrote for a node, and a `Fault` that points at it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from generator.expressions.problems import Fault
from generator.expressions.scope import Scope
from generator.expressions.tree import Tree

Readers = Mapping[type[ast.expr], Callable[..., Tree]]

MAX_NESTED = 3
"""Aggregates inside aggregates: each level multiplies the rows that are read."""


@dataclass(frozen=True, slots=True)
class Where:
    """The place of the node being read."""

    text: str
    scope: Scope
    entity: str
    readers: Readers
    """How each kind of node is read; see `grammar.py`."""
    level: int = 0
    """How many aggregates stand around the node."""

    def inside(self, entity: str) -> Where:
        """Return the place inside an aggregate over rows of `entity`."""
        return replace(self, entity=entity, level=self.level + 1)

    def written(self, node: ast.expr) -> str:
        """Return the author's own words for a node."""
        return self.text[node.col_offset : node.end_col_offset]

    def fault(self, code: str, node: ast.expr, message: str, hint: str) -> Fault:
        """Return a fault at the node."""
        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset + 1
        return Fault(code, node.col_offset, end, message, hint)

    def fault_in_path(
        self, code: str, node: ast.expr, position: int, message: str, hint: str
    ) -> Fault:
        """Return a fault at one word of the path `a.b.c`; positions count from its first word."""
        above = [node]
        while isinstance(above[-1], ast.Attribute):
            above.append(above[-1].value)
        word = above[max(len(above) - 1 - position, 0)]
        end = word.end_col_offset or word.col_offset + 1
        name = word.attr if isinstance(word, ast.Attribute) else self.written(word)
        return Fault(code, end - len(name.rpartition(".")[2]), end, message, hint)
