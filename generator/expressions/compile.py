"""Text of a definition → `Expression`: parsed, typed, and ready to run.

`parse` never raises for what an author wrote: the fault comes back as a `Problem` with its column
inside the expression. One expression has at most one problem; the first fault hides the others,
because what stands behind a wrong name has no type to check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.expressions import python, read
from generator.expressions.depth import BUDGET, depth
from generator.expressions.fitting import fit
from generator.expressions.grammar import READERS
from generator.expressions.hints import NOT_NULL, SPLIT
from generator.expressions.numbers import close
from generator.expressions.problems import Fault, problem
from generator.expressions.scan import syntax
from generator.expressions.scope import Scope
from generator.expressions.tree import (
    Aggregate,
    Coalesce,
    Context,
    Field,
    If,
    Literal,
    Tree,
    parts,
    walk,
)
from generator.expressions.types import Boolean, Null, Type, is_link
from generator.expressions.where import Where
from generator.model.text import Span
from generator.problems import Problem


@dataclass(frozen=True)
class Expression:
    """A typed expression."""

    text: str
    """As the author wrote it."""
    span: Span
    entity: str
    """The entity it speaks about, '' for none."""
    type: Type
    paths: tuple[tuple[str, ...], ...]
    """Every field it reads, from its entity: `('customer', 'name')`, `('lines', 'amount')`."""
    context: tuple[tuple[str, ...], ...]
    """Every value it needs from outside: `('actor', 'id')`, `('today',)`."""
    tree: Tree

    @cached_property
    def function(self) -> python.Evaluate:
        """`function(facts, context)` gives the stored value, or None for null and unknown.

        `facts` holds every field of `paths`, a missing one is a KeyError: a reference that is
        walked is a mapping or None (an id will do for one that is not), children are a sequence of
        mappings. It is made when it is first asked for: checking definitions asks for few.
        """
        return python.function(self.tree)

    @cached_property
    def _unbounded(self) -> python.Evaluate:
        return python.function(self.tree, bounded=False)

    def overflows(self, facts: Any, context: Any) -> bool:
        """Return whether the value is null only because a number is too large to be stored."""
        value = self.function(facts, context)
        return value is None and self._unbounded(facts, context) is not None

    def passes(self, facts: Any, context: Any) -> bool:
        """Return whether a condition is true; false and unknown do not pass."""
        return self.function(facts, context) is True


def parse(
    text: str, span: Span, scope: Scope, expected: Type | None = None, *, written: str = ""
) -> tuple[Expression | None, tuple[Problem, ...]]:
    """Read an expression that stands at `span`; `expected` is the type its place needs.

    `written` is the text as it stands in the file, with its quotes, escapes, `|` or `>`; empty when
    it stands there as it is.
    Returns the expression and no problem, or None and the problem. A number is given the decimals
    of the expected number; one with more decimals is a problem that asks for round().
    """
    try:
        node = syntax(text)
        where = Where(text, scope, scope.entity, READERS)
        tree = read.read(node, where)
        if isinstance(tree, Field) and is_link(tree.type):
            raise read.many(node, where)
        if isinstance(expected, Boolean):
            tree = read.condition(node, where)
        elif expected is not None:
            tree = fit(tree, expected, node, where, "D512")
        elif isinstance(tree.type, Null):
            raise where.fault("D512", node, "The expression is always null.", NOT_NULL)
        tree = close(tree)
        if depth(tree) > BUDGET:
            raise where.fault("D503", node, "The expression is nested too deeply.", SPLIT)
    except Fault as fault:
        return None, (problem(fault, text, span, written or text),)
    kind = expected if isinstance(tree.type, Null) and expected is not None else tree.type
    paths = tuple(dict.fromkeys(_paths(tree, (), ())))
    context = tuple(dict.fromkeys(node.path for node in walk(tree) if isinstance(node, Context)))
    return Expression(text, span, scope.entity, kind, paths, context, tree), ()


def first_of(
    cases: Sequence[tuple[Expression, str]], otherwise: str, span: Span, entity: str, kind: Type
) -> Expression | None:
    """Return the expression that is the value of the first case that holds, else the last value.

    Each case was read on its own, so each has the whole budget; None: together too deep to run.
    """
    # side by side and not nested, so that many cases are no deeper than one
    ways = [
        If(condition.tree, Literal(value, kind), Literal(None, Null()), kind)
        for condition, value in cases
    ]
    tree: Tree = Coalesce((*ways, Literal(otherwise, kind)), kind)
    if depth(tree) > BUDGET:
        return None
    text = "".join(f"{value!r} if {condition.text} else " for condition, value in cases)
    paths = tuple(dict.fromkeys(_paths(tree, (), ())))
    context = tuple(dict.fromkeys(node.path for node in walk(tree) if isinstance(node, Context)))
    return Expression(f"{text}{otherwise!r}", span, entity, kind, paths, context, tree)


def _paths(
    tree: Tree, prefix: tuple[str, ...], outermost: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Field):
        yield (*(outermost if tree.outer else prefix), *tree.path)
    if isinstance(tree, Aggregate):
        rows = (*(outermost if tree.rows.outer else prefix), *tree.rows.path)
        yield rows
        prefix = rows
    for part in parts(tree):
        yield from _paths(part, prefix, outermost)
