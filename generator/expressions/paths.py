"""Names and dotted paths → fields, context values, child rows.

A path walks declared fields only: there is no attribute access, so nothing of Python can be
reached. `this.` reads the row of the whole expression from inside an aggregate.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator

from generator.expressions.hints import SPLIT
from generator.expressions.problems import Fault, suggestion
from generator.expressions.tree import Aggregate, Context, Field, Rows, Tree
from generator.expressions.types import (
    Children,
    ListOf,
    Number,
    Record,
    Reference,
    Type,
    describe,
    is_link,
)
from generator.expressions.where import MAX_NESTED, Where
from generator.saying import say

THIS = "this"
RESERVED = frozenset(
    {*keyword.kwlist, THIS, "actor", "input", "now", "today", "true", "false", "null"}
)
"""Names a field cannot have, because an expression could not read it."""


def steps(node: ast.expr, where: Where) -> tuple[str, ...]:
    """Return `('customer', 'name')` for the node of `customer.name`; raises `Fault` for others."""
    names: list[str] = []
    current = node
    while isinstance(current, ast.Attribute):
        names.append(current.attr)
        current = current.value
    if not isinstance(current, ast.Name):
        message = say("'{written}' has no fields.", written=where.written(current))
        raise where.fault("D502", node, message, "A dot stands between declared names only.")
    names.append(current.id)
    names.reverse()
    hidden = next((name for name in names if name.startswith("_")), None)
    if hidden is not None:
        raise where.fault(
            "D502",
            node,
            say("'{hidden}' is not allowed: names begin with a letter.", hidden=hidden),
            "Write the name of a field; none begins with _.",
        )
    return tuple(names)


def resolve(node: ast.expr, where: Where) -> Tree:
    """Return the one value a name or dotted path stands for."""
    path = steps(node, where)
    if path[0] in where.scope.names:
        return _context(path, node, where)
    rows, rest = split(path, node, where)
    if rows is None or (rows.linked and not rest):
        return _field(path, node, where)
    if rest == ("count",) or (not rest and path[-1] == "count"):
        return Aggregate("count", rows, None, Number(0))
    written = where.written(node)
    name = ".".join(rows.path)
    hint = (
        say("Write sum({written}).", written=written)
        if rest
        else say("Write count({name}) or any({name}, …).", name=name)
    )
    raise where.fault(
        "D513", node, say("'{name}' is many records, one value is needed.", name=name), hint
    )


def split(
    path: tuple[str, ...], node: ast.expr, where: Where
) -> tuple[Rows | None, tuple[str, ...]]:
    """Split a path at its first children field: the rows, and the rest read on each of them."""
    outer = path[0] == THIS and bool(where.scope.entity)
    names = path[1:] if outer else path
    entity = where.scope.entity if outer else where.entity
    entities: list[str] = []
    for position, name in enumerate(names):
        entities.append(entity)
        kind = where.scope.field(entity, name)
        linked = is_link(kind)
        if linked or isinstance(kind, Children):
            if where.level >= MAX_NESTED:
                message = say("Records are nested deeper than {most}.", most=MAX_NESTED)
                raise where.fault("D503", node, message, SPLIT)
            done = position + 1
            target = _target(kind)
            return Rows(names[:done], tuple(entities), target, outer, linked), names[done:]
        if not isinstance(kind, Reference):
            return None, ()
        entity = kind.entity
    return None, ()


def _target(kind: Type | None) -> str:
    inner = kind.item if isinstance(kind, ListOf) else kind
    return inner.entity if isinstance(inner, (Children, Reference)) else ""


def names_known(where: Where) -> Iterator[str]:
    """Yield what a first name may be."""
    yield from where.scope.names
    if where.entity:
        yield from where.scope.fields(where.entity)


def _context(path: tuple[str, ...], node: ast.expr, where: Where) -> Tree:
    kind: Type = where.scope.names[path[0]]
    for position, name in enumerate(path[1:], 1):
        so_far = ".".join(path[:position])
        if not isinstance(kind, Record):
            raise _leads_nowhere(so_far, kind, name, node, where)
        if name not in kind.parts:
            message = say("There is no '{name}' in '{so_far}'.", name=name, so_far=so_far)
            hint = suggestion(name, kind.parts)
            raise where.fault_in_path("D504", node, position, message, hint)
        kind = kind.parts[name]
    if isinstance(kind, Record):
        hint = say("Its values are: {names}.", names=", ".join(sorted(kind.parts)))
        raise where.fault(
            "D506", node, say("'{path}' is a group of values.", path=".".join(path)), hint
        )
    return Context(path, kind)


def _field(path: tuple[str, ...], node: ast.expr, where: Where) -> Field:
    outer = path[0] == THIS and bool(where.scope.entity)
    names = path[1:] if outer else path
    entity = where.scope.entity if outer else where.entity
    if not names:
        raise where.fault("D506", node, "'this' is the record.", "Write this.field or this.id.")
    entities: list[str] = []
    kind: Type = Reference(entity)
    for position, name in enumerate(names):
        if not isinstance(kind, Reference):
            so_far = ".".join(names[:position])
            raise _leads_nowhere(so_far, kind, name, node, where)
        entities.append(kind.entity)
        found = where.scope.field(kind.entity, name)
        if name == "id" and kind.entity:
            found = Reference(kind.entity)
        if found is None:
            raise _unknown(name, kind.entity, position, outer, node, where)
        kind = found
    if isinstance(kind, Children):  # pragma: no cover - split() has taken every children field
        written = ".".join(names)
        hint = say("Write count({name}) or any({name}, …).", name=written)
        raise where.fault("D513", node, say("'{names}' is many records.", names=written), hint)
    return Field(names, tuple(entities), kind, outer and where.level > 0)


def _leads_nowhere(so_far: str, kind: Type, name: str, node: ast.expr, where: Where) -> Fault:
    message = say(
        "'{so_far}' is {kind}, it has no '{name}'.", so_far=so_far, kind=describe(kind), name=name
    )
    hint = say("Write {so_far} alone; only references have fields.", so_far=so_far)
    return where.fault("D504", node, message, hint)


def _unknown(
    name: str, entity: str, position: int, outer: bool, node: ast.expr, where: Where
) -> Fault:
    known = list(where.scope.fields(entity)) if position else list(names_known(where))
    message = (
        say("There is no field '{name}' in {entity}.", name=name, entity=entity)
        if entity
        else say("'{name}' is unknown here.", name=name)
    )
    hint = suggestion(name, known)
    return where.fault_in_path("D504", node, position + outer, message, hint)
