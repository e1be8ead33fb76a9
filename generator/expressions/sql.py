"""Expression → SQLAlchemy Core for both databases: `condition` for WHERE, `value` for columns.

A condition is compiled twice over: `_true` is "p is true", `_false` is "p is false", and `not`
swaps them. SQL's NOT is never put over a subquery that may be unknown, so null cannot turn into
true (`semantics/permissions.md` §3.5). Above the leaves only AND and OR remain, and each part is
visited once, so the statement grows with the expression and no faster.

References become scalar subqueries and child rows become EXISTS or aggregates, both correlated:
the outer query needs no join and can be filtered, counted and paged as it is.

Values of the context are named binds, `ctx_actor_id`; `binds` takes their values for one run, so a
statement is built once and run for every actor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa

from generator.expressions import constructs as c
from generator.expressions import tree as t
from generator.expressions.compile import Expression
from generator.expressions.sql_functions import SQL
from generator.expressions.types import (
    TEXTUAL,
    Boolean,
    Date,
    DateTime,
    Duration,
    ListOf,
    Number,
    Reference,
    Time,
    Type,
    is_link,
)
from generator.field_types._times import Utc

Element = sa.ColumnElement[Any]
Test = sa.ColumnElement[bool]


class Tables(Protocol):
    """Where entities and their relations are stored."""

    def table(self, entity: str) -> sa.Table:
        """Return the table of an entity; a plain field is the column of its name."""
        ...

    def reference(self, entity: str, field: str) -> tuple[str, str]:
        """Return the local column of a reference and the entity it points at."""
        ...

    def children(self, entity: str, field: str) -> tuple[str, str]:
        """Return the child entity and its column that points back."""
        ...

    def links(self, entity: str, field: str) -> tuple[sa.Table, str, str]:
        """Return the link table of a many-to-many field, its column of the owner, of the target."""
        ...

    def computed(self, entity: str, field: str) -> Expression:
        """Return the expression of a computed field; asked for a field without a column."""
        ...


def condition(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[bool]:
    """Return "the expression is true" for WHERE: rows where it is false or unknown do not pass.

    `source` is the table or alias of the outer query that stands for the entity, by default its
    table. Run the statement with `binds(expression, context)`.
    """
    return _true(expression.tree, _row(expression, tables, source))


def refutation(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[bool]:
    """Return "the expression is false" for WHERE: what probes need to find offending rows."""
    return _false(expression.tree, _row(expression, tables, source))


def value(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[Any]:
    """Return the value of an expression in its stored form, for columns and sorts."""
    return _value(expression.tree, _row(expression, tables, source))


def binds(
    expression: Expression, context: Mapping[str, Any], tables: Tables | None = None
) -> dict[str, Any]:
    """Return the parameters of a statement that holds the expression, out of one context.

    With `tables`, what the computed fields it reads ask of the context is there too.
    Raises `ValueError` for a list that is None: SQL has no unknown list, so nothing is asked.
    """
    asked = asked_of(expression, tables)
    return {name: context_value(node, context) for name, node in asked.items()}


def asked_of(expression: Expression, tables: Tables | None = None) -> dict[str, t.Context]:
    """Return what an expression asks of the context, by the names its SQL binds it under."""
    trees = [expression.tree] if tables is None else _with_computed(expression.tree, tables)
    nodes = (node for tree in trees for node in t.walk(tree))
    return {_bind_name(node): node for node in nodes if isinstance(node, t.Context)}


def _with_computed(tree: t.Tree, tables: Tables) -> list[t.Tree]:
    """Return a tree and those of the computed fields it reads that have no column."""
    found, waiting = [tree], [tree]
    while waiting:
        for node in t.walk(waiting.pop()):
            if not isinstance(node, t.Field) or isinstance(node.type, Reference):
                continue
            entity, name = node.entities[-1], node.path[-1]
            if name in tables.table(entity).c or is_link(node.type):
                continue
            computed = tables.computed(entity, name).tree
            if computed not in found:
                found.append(computed)
                waiting.append(computed)
    return found


def context_value(node: t.Context, context: Mapping[str, Any]) -> Any:
    """Return the value of one question to the context, as it is bound."""
    if node.path == ("utc_offset",):
        return context.get("utc_offset", 0)
    current: Any = context
    for name in node.path:
        current = None if current is None else current[name]
    if isinstance(node.type, Reference) and isinstance(current, Mapping):
        return current["id"]
    if not isinstance(node.type, ListOf):
        return current
    if current is None:
        raise ValueError(f"'{'.'.join(node.path)}' is no list")
    return list(current)


def sql_type(kind: Type) -> sa.types.TypeEngine[Any]:
    """Return the column type of the stored form of a type."""
    match kind:
        case Number() | Duration():
            return sa.BigInteger()
        case Boolean():
            return sa.Boolean()
        case Date():
            return sa.Date()
        case DateTime():
            return Utc()
        case Time():
            return sa.Time()
    return sa.String()


@dataclass(frozen=True, slots=True)
class _Row:
    """Which rows the names of a tree are read from."""

    tables: Tables
    source: sa.FromClause
    outer: sa.FromClause


def _row(expression: Expression, tables: Tables, source: sa.FromClause | None) -> _Row:
    # An expression without an entity reads no field, so its row is never asked for a column.
    if source is None:
        source = tables.table(expression.entity) if expression.entity else sa.table("nothing")
    return _Row(tables, source, source)


def _true(node: t.Tree, row: _Row) -> Test:
    """Return SQL that is true where the node is true, and false or null elsewhere."""
    match node:
        case t.And(parts=parts):
            return sa.and_(*(_true(part, row) for part in parts))
        case t.Or(parts=parts):
            return sa.or_(*(_true(part, row) for part in parts))
        case t.Not(operand=operand):
            return _false(operand, row)
        case t.Aggregate(word="any"):
            return _exists(node, row, _true)
        case t.Aggregate(word="all"):
            return ~_exists(node, row, _not_true)
        case t.Literal():
            return sa.true() if node.value else sa.false()
    return _leaf(node, row, sure=True)


def _false(node: t.Tree, row: _Row) -> Test:
    """Return SQL that is true where the node is false, and false or null elsewhere."""
    match node:
        case t.And(parts=parts):
            return sa.or_(*(_false(part, row) for part in parts))
        case t.Or(parts=parts):
            return sa.and_(*(_false(part, row) for part in parts))
        case t.Not(operand=operand):
            return _true(operand, row)
        case t.Aggregate(word="any"):
            return ~_exists(node, row, _not_false)
        case t.Aggregate(word="all"):
            return _exists(node, row, _false)
        case t.Literal():
            return sa.true() if node.value is False else sa.false()
    return _leaf(node, row, sure=False)


def _leaf(node: t.Tree, row: _Row, *, sure: bool) -> Test:
    """Return "the node is true" (or false) for a node without parts to negate."""
    step = _common_step(node)
    if step is not None:
        return _beyond(node, step, row, sure=sure)
    match node:
        case t.Compare():
            return _compare(node, row, node.operator if sure else _OPPOSITE[node.operator])
        case t.IsNull(operand=operand):
            element = _bare(operand, row)
            return element.is_(None) if sure else element.is_not(None)
        case t.Within(list=t.Field(type=kind)) if is_link(kind):
            found, known = _linked(node, row)
            return found if sure else sa.and_(known, ~found)
        case t.Among() | t.Within(list=t.Context()):
            # Not NOT IN: that is true of an unknown value where the list is empty.
            found = _in(node, row)
            return found if sure else found == sa.false()
    return _value(node, row) == (sa.true() if sure else sa.false())


_STRICT = (
    t.Literal,
    t.Context,
    t.Arithmetic,
    t.Rescale,
    t.Limit,
    t.Round,
    t.Concat,
    t.Shift,
    t.Difference,
    t.Compare,
    t.Call,
)
"""Nodes that are unknown if a field in them is: with a missing record they are neither way."""


def _common_step(node: t.Tree) -> tuple[str, str] | None:
    """Return the entity and reference that every field of a strict leaf goes through first."""
    found = list(t.walk(node))
    steps = {_first_step(part) for part in found if isinstance(part, t.Field)}
    if len(steps) != 1 or not all(_is_strict(part) for part in found):
        return None
    return steps.pop()


def _is_strict(node: t.Tree) -> bool:
    if isinstance(node, t.Among):
        # `x in []` is false and `1 in [x, 1]` true whatever x is.
        constant = all(isinstance(item, (t.Literal, t.Context)) for item in node.items)
        return constant and bool(node.items)
    return isinstance(node, (*_STRICT, t.Field))


def _first_step(field: t.Field) -> tuple[str, str] | None:
    direct = len(field.path) == 1 or field.path[1:] == ("id",) or field.outer
    return None if direct else (field.entities[0], field.path[0])


def _beyond(node: t.Tree, step: tuple[str, str], row: _Row, *, sure: bool) -> Test:
    """Return "the referenced record exists and the leaf holds for it": the database may join."""
    local, target = row.tables.reference(*step)
    other = row.tables.table(target).alias()
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(other)
    test = _leaf(_from_there(node), replace(row, source=other), sure=sure)
    found = found.where(other.c.id == row.source.c[local], test)
    return found.correlate_except(other).exists()


def _from_there(node: t.Tree) -> t.Tree:
    """Return a leaf with the first step of every path taken."""
    if isinstance(node, t.Field):
        return replace(node, path=node.path[1:], entities=node.entities[1:])
    return t.rebuilt(node, _from_there)


def _not_true(node: t.Tree, row: _Row) -> Test:
    """Return "false or unknown", itself never unknown."""
    return sa.func.coalesce(_true(node, row), sa.false()) == sa.false()


def _not_false(node: t.Tree, row: _Row) -> Test:
    """Return "true or unknown", itself never unknown."""
    return sa.func.coalesce(_false(node, row), sa.false()) == sa.false()


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_OPERATORS: Mapping[str, Callable[[Element, Element], Test]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _compare(node: t.Compare, row: _Row, operator: str) -> Test:
    left, right = _pair(node.left, node.right, row)
    return _OPERATORS[operator](left, right)


def _pair(left: t.Tree, right: t.Tree, row: _Row) -> tuple[Element, Element]:
    """Return both sides; a constant beside a stored text or moment takes the type of its column.

    Ids are `uuid` on PostgreSQL: beside a text that is computed they are compared as text.
    """
    one, two = _bare(left, row), _bare(right, row)
    one, two = _like(left, one, two), _like(right, two, one)
    if isinstance(left.type, TEXTUAL) and _is_plain(one) != _is_plain(two):
        return _as_text(one), _as_text(two)
    return one, two


def _is_plain(element: Element) -> bool:
    return isinstance(element.type, sa.String)


def _as_text(element: Element) -> Element:
    return element if _is_plain(element) else sa.cast(element, sa.String())


def _text(node: t.Tree, row: _Row) -> Element:
    """Return a value; an id as text."""
    element = _value(node, row)
    return _as_text(element) if isinstance(node.type, TEXTUAL) else element


def _like(node: t.Tree, element: Element, other: Element) -> Element:
    if not isinstance(node, (t.Literal, t.Context)):
        return element
    if isinstance(node.type, (Number, Duration, Boolean)) or isinstance(
        other.type, sa.types.NullType
    ):
        return element
    return _constant(node, other.type)


def _constant(node: t.Literal | t.Context, kind: sa.types.TypeEngine[Any]) -> Element:
    if isinstance(node, t.Context):
        bind = sa.bindparam(_bind_name(node), type_=kind)
        # PostgreSQL is told the type of every other bind by its driver.
        return sa.cast(bind, kind) if isinstance(kind, sa.Boolean) else bind
    if node.value is None:
        return sa.null()
    if isinstance(node.value, bool):
        return sa.true() if node.value else sa.false()
    return sa.literal(node.value, kind)


def _bind_name(node: t.Context) -> str:
    return "ctx_" + "_".join(node.path)


def _in(node: t.Among | t.Within, row: _Row) -> Test:
    operand = _bare(node.operand, row)
    if isinstance(node, t.Within):
        kind = _item_type(node, operand)
        if is_link(node.list.type) and isinstance(node.list, t.Field):
            found, known = _linked(node, row)
            return sa.case((known, found), else_=None)
        if not isinstance(node.list, t.Context):
            return c.ListHas(sa.Boolean(), _as_text(operand), _value(node.list, row))
        name = _bind_name(node.list)
        return c.OneOf(sa.Boolean(), operand, sa.bindparam(name, type_=c.Many(kind)))
    if not node.items:
        return sa.false()
    if len(node.items) == 1:
        # Not IN: PostgreSQL reads `x IN ((SELECT …))` as a set, where no row is false, not null.
        return _OPERATORS["=="](*_pair(node.operand, node.items[0], row))
    items = [_like(item, _value(item, row), operand) for item in node.items]
    if isinstance(node.operand.type, TEXTUAL) and not _alike([operand, *items]):
        return _as_text(operand).in_([_as_text(item) for item in items])
    return operand.in_(items)


def _linked(node: t.Within, row: _Row) -> tuple[Test, Test]:
    """Return "a many-to-many field holds the id", and "both are known"."""
    assert isinstance(node.list, t.Field)
    path, entities = node.list.path, node.list.entities
    owner = _owner(path, entities, row, node.list.outer)
    table, own, other = row.tables.links(entities[-1], path[-1])
    link = table.alias()
    operand = _like(node.operand, _bare(node.operand, row), link.c[other])
    target: Element = link.c[other]
    if not _alike([operand, target]):
        operand, target = _as_text(operand), _as_text(target)
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(link)
    found = found.where(link.c[own] == owner, target == operand)
    known = sa.and_(operand.is_not(None), owner.is_not(None))
    return found.correlate_except(link).exists(), known


def _owner(path: tuple[str, ...], entities: tuple[str, ...], row: _Row, outer: bool) -> Element:
    """Return the id of the row that holds the rows at the end of a path."""
    source = row.outer if outer else row.source
    if len(path) == 1:
        return source.c.id
    return _column(source, path[:-1], entities[:-1], row.tables, is_reference=True)


def _alike(elements: list[Element]) -> bool:
    return len({_is_plain(element) for element in elements}) == 1


def _item_type(node: t.Within, operand: Element) -> sa.types.TypeEngine[Any]:
    item = node.list.type.item if isinstance(node.list.type, ListOf) else node.operand.type
    if isinstance(item, (Number, Duration)) or isinstance(operand.type, sa.types.NullType):
        return sql_type(item)
    return operand.type


def _value(node: t.Tree, row: _Row) -> Element:
    """Return the value of a node, null where it is unknown."""
    writer: Callable[[Any, _Row], Element] = _VALUES[type(node)]
    return writer(node, row)


def _bare(node: t.Tree, row: _Row) -> Element:
    """Return a value to compare: a field is its column as it is, so that an index serves."""
    return _field(node, row) if isinstance(node, t.Field) else _value(node, row)


def _literal_value(node: t.Literal, row: _Row) -> Element:
    return _constant(node, sql_type(node.type))


def _context_value(node: t.Context, row: _Row) -> Element:
    return _constant(node, sql_type(node.type))


def _wide_field(node: t.Field, row: _Row) -> Element:
    """Return a field to compute with: PostgreSQL would compute narrow columns in 32 bits."""
    element = _field(node, row)
    if isinstance(element.type, sa.Integer) and not isinstance(element.type, sa.BigInteger):
        return sa.cast(element, sa.BigInteger())
    return element


def _field(node: t.Field, row: _Row) -> Element:
    source = row.outer if node.outer else row.source
    path, entities = node.path, node.entities
    is_reference = isinstance(node.type, Reference)
    if len(path) > 1 and path[-1] == "id":
        path, is_reference = path[:-1], True
    return _column(source, path, entities, row.tables, is_reference=is_reference)


def _column(
    source: sa.FromClause,
    path: tuple[str, ...],
    entities: tuple[str, ...],
    tables: Tables,
    *,
    is_reference: bool,
) -> Element:
    """Return the column at the end of a path: each reference on the way is a subquery."""
    if len(path) == 1:
        if path[0] not in source.c and not is_reference:
            computed = tables.computed(entities[0], path[0])
            return _value(computed.tree, _Row(tables, source, source))
        if not is_reference or path[0] == "id":
            return source.c[path[0]]
        return source.c[tables.reference(entities[0], path[0])[0]]
    local, target = tables.reference(entities[0], path[0])
    other = tables.table(target).alias()
    end = _column(other, path[1:], entities[1:], tables, is_reference=is_reference)
    found: sa.Select[Any] = sa.select(end).select_from(other).where(other.c.id == source.c[local])
    return found.correlate_except(other).scalar_subquery()


def _children(node: t.Aggregate, row: _Row) -> tuple[sa.FromClause, Test]:
    """Return the rows of an aggregate and the test that they belong to the row at hand."""
    rows = node.rows
    owner = _owner(rows.path, rows.entities, row, rows.outer)
    if rows.linked:
        table, own, other = row.tables.links(rows.entities[-1], rows.path[-1])
        link, target = table.alias(), row.tables.table(rows.entity).alias()
        ids = sa.select(link.c[other]).where(link.c[own] == owner).correlate_except(link)
        return target, target.c.id.in_(ids)
    entity, foreign = row.tables.children(rows.entities[-1], rows.path[-1])
    child = row.tables.table(entity).alias()
    return child, child.c[foreign] == owner


def _exists(node: t.Aggregate, row: _Row, test: Callable[[t.Tree, _Row], Test]) -> Test:
    """Return "there is a child row that passes the test of the element"."""
    child, belongs = _children(node, row)
    element = node.element or t.Literal(True, Boolean())
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(child)
    found = found.where(belongs, test(element, replace(row, source=child)))
    return found.correlate_except(child).exists()


def _aggregate(node: t.Aggregate, row: _Row) -> Element:
    if node.word in ("any", "all"):
        return sa.case((_true(node, row), sa.true()), (_false(node, row), sa.false()), else_=None)
    child, belongs = _children(node, row)
    inner = replace(row, source=child)
    if node.element is None or node.word == "count":
        tests = [belongs] if node.element is None else [belongs, _true(node.element, inner)]
        number: sa.Select[Any] = sa.select(sa.func.count(type_=sa.BigInteger()))
        number = number.select_from(child).where(*tests)
        return number.correlate_except(child).scalar_subquery()
    kind = sql_type(node.type)
    values = sa.select(_value(node.element, inner).label("sw_value")).where(belongs)
    # Aggregating outside keeps an aggregate of outer values from belonging to the outer query.
    found = values.select_from(child).correlate_except(child).subquery()
    operand = found.c.sw_value
    if node.word == "sum":
        halves = sa.select(
            c.HighSum(kind, operand).label("sw_high"), c.LowSum(kind, operand).label("sw_low")
        ).subquery()
        return sa.select(c.Total(kind, halves.c.sw_high, halves.c.sw_low)).scalar_subquery()
    name = "count" if node.word == "known" else node.word
    return sa.select(getattr(sa.func, name)(operand, type_=kind)).scalar_subquery()


def _arithmetic(node: t.Arithmetic, row: _Row) -> Element:
    left, right = _value(node.left, row), _value(node.right, row)
    construct = _LIMITED.get(node.operator) if node.limited else _EXACT.get(node.operator)
    if construct is not None:
        return construct(sa.BigInteger(), left, right)
    plain: Element = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__}[node.operator](right)
    return plain


_LIMITED = {"+": c.LimitedAdd, "-": c.LimitedSubtract, "*": c.LimitedMultiply}
_EXACT = {"//": c.FloorDivide, "%": c.Modulo}


def _rescale(node: t.Rescale, row: _Row) -> Element:
    operand = _value(node.operand, row)
    factor = sa.literal(10**node.places, sa.BigInteger())
    if node.limited:
        return c.LimitedMultiply(sa.BigInteger(), operand, factor)
    return operand * factor


def _limit(node: t.Limit, row: _Row) -> Element:
    return c.Limited(sa.BigInteger(), _value(node.operand, row))


def _round(node: t.Round, row: _Row) -> Element:
    return c.RoundDivide(sa.BigInteger(), _value(node.over, row), _value(node.under, row))


def _concat(node: t.Concat, row: _Row) -> Element:
    left, right = _text(node.left, row), _text(node.right, row)
    return left.op("||", return_type=sa.String())(right)


def _shift(node: t.Shift, row: _Row) -> Element:
    operand, seconds = _value(node.operand, row), _value(node.duration, row)
    if node.sign < 0:
        seconds = sa.literal(0, sa.BigInteger()) - seconds
    if isinstance(node.type, Date):
        return c.ShiftDate(sa.Date(), operand, seconds)
    return c.ShiftMoment(operand.type, operand, seconds)


def _difference(node: t.Difference, row: _Row) -> Element:
    left, right = _pair(node.left, node.right, row)
    if isinstance(node.left.type, Date):
        return c.DaysBetween(sa.BigInteger(), left, right)
    return c.Epoch(sa.BigInteger(), left) - c.Epoch(sa.BigInteger(), right)


def _comparison(node: t.Compare, row: _Row) -> Element:
    return _compare(node, row, node.operator)


def _is_null(node: t.IsNull, row: _Row) -> Element:
    return _bare(node.operand, row).is_(None)


def _not(node: t.Not, row: _Row) -> Element:
    # Not SQL's NOT: SQLAlchemy writes `NOT a IS NULL`, which is read as NOT (a IS NULL).
    return _value(node.operand, row) == sa.false()


def _and(node: t.And, row: _Row) -> Element:
    return sa.and_(*(_value(part, row) for part in node.parts))


def _or(node: t.Or, row: _Row) -> Element:
    return sa.or_(*(_value(part, row) for part in node.parts))


def _if(node: t.If, row: _Row) -> Element:
    then, other = _text(node.then, row), _text(node.other, row)
    chosen = sa.case((_true(node.test, row), then), else_=other)
    return sa.type_coerce(chosen, sql_type(node.type))


def _coalesce(node: t.Coalesce, row: _Row) -> Element:
    operands = [_text(operand, row) for operand in node.operands]
    return sa.type_coerce(sa.func.coalesce(*operands), sql_type(node.type))


def _extreme(node: t.Extreme, row: _Row) -> Element:
    construct = c.Smallest if node.word == "min" else c.Largest
    operands = (_value(operand, row) for operand in node.operands)
    return construct(sql_type(node.type), *operands)


def _call(node: t.Call, row: _Row) -> Element:
    arguments = (_text(argument, row) for argument in node.arguments)
    return SQL[node.function](sql_type(node.type), *arguments)


_VALUES: Mapping[type, Callable[[Any, _Row], Element]] = {
    t.Literal: _literal_value,
    t.Field: _wide_field,
    t.Context: _context_value,
    t.Arithmetic: _arithmetic,
    t.Rescale: _rescale,
    t.Limit: _limit,
    t.Round: _round,
    t.Concat: _concat,
    t.Shift: _shift,
    t.Difference: _difference,
    t.Compare: _comparison,
    t.Among: _in,
    t.Within: _in,
    t.IsNull: _is_null,
    t.Not: _not,
    t.And: _and,
    t.Or: _or,
    t.If: _if,
    t.Coalesce: _coalesce,
    t.Extreme: _extreme,
    t.Call: _call,
    t.Aggregate: _aggregate,
}
