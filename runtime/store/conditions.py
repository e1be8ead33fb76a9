"""Clauses, searches and expressions → SQL conditions, on SQLite and PostgreSQL alike.

A clause over references becomes `column IN (SELECT id …)`, never a join, so that no row is doubled
or lost. A condition that is unknown because of a null does not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.expressions import sql
from generator.field_types import FieldType
from generator.model.entity import Field
from rules.permissions import Grant, Line
from runtime.store.filters import Clause
from runtime.store.lists import is_none_of, is_one_of
from runtime.store.paths import Path
from runtime.store.schema import Schema

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

LIKE_ESCAPE = "\\"
LAST = "\uffff"
"""Sorts after every character in use, in binary order and in the collations of ICU and glibc."""


def like_text(text: str) -> str:
    """Return a text with the wildcards of LIKE made literal."""
    for sign in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(sign, LIKE_ESCAPE + sign)
    return text


def writes_otherwise(kind: FieldType) -> bool:
    """Return whether a text that is looked for is another one inside values of this type."""
    return type(kind).within is not FieldType.within


def contains_pattern(text: str) -> str:
    """Return the LIKE pattern that finds a text anywhere."""
    return f"%{like_text(text.strip())}%"


def context_values(
    expression: Expression, facts: Mapping[str, Any], schema: Schema
) -> dict[str, Any]:
    """Return what an expression asks of actor, now, today by the names its SQL binds them under."""
    return sql.binds(expression, facts, schema)


def _bits(tests: Sequence[Any]) -> Any:
    """Return a number with a bit for each test that is true."""
    bits = [sa.case((test, sa.literal_column(str(2**n))), else_=0) for n, test in enumerate(tests)]
    return sum(bits[1:], bits[0]) if bits else sa.literal_column("0")


def _everything(entity: str) -> Grant:
    return Grant(entity, "read", "system", None, frozenset(), frozenset())


class Conditions:
    """Builds conditions over the tables of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def column(self, source: Any, field: Field) -> Any:
        """Return a field's value: its column, or its formula when it is computed and not kept."""
        if has_column(field, self.schema.catalog):
            return source.c[field.name]
        if field.computed is not None:
            return sql.value(field.computed, self.schema, source)
        raise LookupError(f"{field.entity}.{field.name} is no single value")

    def scalar(self, table: Any, path: Path) -> Any:
        """Return the value at the end of a path over references, as a subquery.

        What lies behind a record that the caller may not see is null.
        """
        first, *rest = path.steps
        target = self.schema.tables[first.target].alias()
        inner = Path(path.text, tuple(rest), path.sights[1:])
        value = (
            self.column(target, inner.field) if not inner.parents else self.scalar(target, inner)
        )
        found = sa.select(value).where(target.c.id == table.c[first.name])
        scope = self.scope(path.sights[0], target) if path.sights else None
        return (found if scope is None else found.where(scope)).correlate(table).scalar_subquery()

    def scope(self, grant: Grant, source: Any = None) -> Any:
        """Return the rows that a grant opens, guardrails included; None when it opens all.

        `source` is the table or the alias that stands for the entity, by default its table.
        """
        table = self.schema.tables[grant.entity] if source is None else source
        found: list[Any] = []
        if grant.rows is not None:
            found.append(sa.or_(sa.false(), *[self.expression(one, table) for one in grant.rows]))
        found += [self.expression(one, table) for one in grant.require]
        found += [sql.refutation(one, self.schema, table) for one in grant.forbid]
        return sa.and_(*found) if found else None

    def seen(self, source: Any, field: Field, grant: Grant) -> Any:
        """Return a field's value where some line shows it in this row, else null."""
        value = self.column(source, field)
        if field.name not in grant.by_row:
            return value
        shown = [x for x in grant.lines if field.name in x.clear or field.name in x.masked]
        where = self._covered(source, shown)
        return value if where is None else sa.case((where, value), else_=None)

    def clear(self, source: Any, field: Field, grant: Grant) -> Any:
        """Return "this row shows the field in clear"; None when every row does."""
        if field.name not in grant.veiled:
            return None
        showing = [line for line in grant.lines if field.name in line.clear]
        where = self._covered(source, showing)
        return sa.false() if not showing else where

    def tests_of(self, grant: Grant, source: Any) -> Any:
        """Return which of the grant's row conditions hold, a bit each: see `Grant.tests`."""
        return _bits([self.expression(test, source) for test in grant.tests])

    def lines_of(self, grant: Grant, source: Any, *, checked: bool) -> Any:
        """Return which of the grant's lines open the row, a bit each; `checked`, if they allow it.

        A check is what a line asks of a record that is written.
        """
        found = []
        for line in grant.lines:
            asked = (line.rows, line.check if checked else None)
            tests = [self.expression(one, source) for one in asked if one is not None]
            found.append(sa.and_(sa.true(), *tests))
        return _bits(found)

    def _covered(self, source: Any, lines: Sequence[Line]) -> Any:
        """Return "one of these lines opens the row"; None when one opens every row."""
        if any(line.rows is None for line in lines):
            return None
        texts = {line.rows.text: line.rows for line in lines if line.rows is not None}
        return sa.or_(sa.false(), *[self.expression(rows, source) for rows in texts.values()])

    def expression(self, expression: Expression, source: Any = None) -> Any:
        """Return "this condition is true" of the entity's own table, or of an alias of it."""
        table = self.schema.tables[expression.entity] if source is None else source
        return sql.condition(expression, self.schema, table)

    def clause(self, table: Any, number: int, clause: Clause, grant: Grant) -> Any:
        """Return the condition of one filter; its values are bound as `f<number>_<n>`.

        It holds only in rows that show the caller what it compares.
        """
        path = clause.path
        if clause.through is not None:
            test = self._test(table, path.field, number, clause)
            return sa.and_(test, self._looked_up(table, path.field, grant, clause.through))
        return self._walk(
            table, path, grant, lambda source: self._test(source, path.field, number, clause)
        )

    def _looked_up(self, table: Any, field: Field, grant: Grant, through: Grant) -> Any:
        """Return "the row shows the field in clear, or masked where the right to look up holds"."""
        name = field.name
        shown = [one for one in grant.lines if name in one.clear or name in one.masked]
        right = [one for one in through.lines if name in one.clear or name in one.masked]
        found = [
            one
            for one in (self._covered(table, shown), self._covered(table, right))
            if one is not None
        ]
        found += [self.expression(one, table) for one in through.require]
        found += [sql.refutation(one, self.schema, table) for one in through.forbid]
        clear = self.clear(table, field, grant)
        return sa.or_(sa.false() if clear is None else clear, sa.and_(sa.true(), *found))

    def operand(self, column: Any, number: int, clause: Clause) -> Any:
        """Return the one value a filter compares with: written, or bound as `f<number>_0`."""
        if not clause.is_written:
            return sa.bindparam(f"f{number}_0", type_=column.type)
        value = clause.values[0]
        written = str(value).lower() if isinstance(value, bool) else f"'{value}'"
        return sa.literal_column(written, column.type)

    def clause_values(self, number: int, clause: Clause) -> dict[str, Any]:
        """Return the bound values of one filter."""
        if clause.operator == "empty" or clause.is_written:
            return {}
        if clause.operator in {"in", "not_in"}:
            return {f"f{number}_0": list(clause.values)}
        values = clause.values
        if clause.operator == "contains":
            values = (contains_pattern(clause.values[0]),)
        if clause.operator == "begins":
            values = (clause.values[0], clause.values[0] + LAST)
        if clause.operator == "starts_with":
            values = (like_text(clause.values[0]) + "%",)
        return {f"f{number}_{index}": value for index, value in enumerate(values)}

    def search(
        self,
        table: Any,
        paths: tuple[Path, ...],
        grant: Grant,
        bound: str = "search",
        *,
        few: bool = False,
    ) -> Any:
        """Return "one of these fields holds the text looked for, and the row shows it".

        With `few`, what a row points at is looked up for that row: asked of few rows that is cheap,
        where finding every record with such a name first reads a whole table.
        """
        found = [
            self._walk(table, path, grant, self._holds(path.field, bound), few=few)
            for path in paths
        ]
        return sa.or_(*found) if found else sa.false()

    def _holds(self, field: Field, bound: str) -> Callable[[Any], Any]:
        kind = self.schema.catalog[field.type]
        bound = f"{bound}_{field.type}" if writes_otherwise(kind) else bound

        def test(source: Any) -> Any:
            text = sa.cast(self.column(source, field), sa.Text())
            return text.ilike(sa.bindparam(bound, type_=sa.Text()), escape=LIKE_ESCAPE)

        return test

    def _walk(
        self,
        table: Any,
        path: Path,
        grant: Grant,
        test: Callable[[Any], Any],
        *,
        few: bool = False,
    ) -> Any:
        """Return a test at the end of a path, true only along what the caller sees in clear."""
        first, *rest = path.steps
        if rest:
            target = self.schema.tables[first.target].alias()
            sight = path.sights[0] if path.sights else _everything(first.target)
            inner = Path(path.text, tuple(rest), path.sights[1:])
            there = self._walk(target, inner, sight, test, few=few)
            scope = self.scope(sight, target)
            seen = there if scope is None else sa.and_(there, scope)
            if few:
                own = sa.select(seen).where(target.c.id == table.c[first.name])
                condition = own.correlate(table).scalar_subquery()
            else:
                condition = table.c[first.name].in_(sa.select(target.c.id).where(seen))
        else:
            condition = test(table)
        clear = self.clear(table, first, grant)
        return condition if clear is None else sa.and_(clear, condition)

    def _test(self, table: Any, field: Field, number: int, clause: Clause) -> Any:
        kind = self.schema.catalog[field.type]
        operator = clause.operator
        if kind.relation == "references":
            return self._linked(table, field, number, clause)
        if kind.relation == "children":
            return self._parts(table, field, clause)
        column = self.column(table, field)
        if clause.is_written:
            return column == self.operand(column, number, clause)
        if operator == "empty":
            return column.is_(None) if clause.values[0] else column.is_not(None)
        if operator in {"has", "has_any"}:
            return self._has(column, number, len(clause.values))
        if operator == "under":
            return column.in_(self._below(field, number))
        return self._compare(column, operator, number)

    def _compare(self, column: Any, operator: str, number: int) -> Any:
        bound = sa.bindparam(f"f{number}_0", type_=column.type)
        text = sa.bindparam(f"f{number}_0", type_=sa.Text())
        if operator == "in":
            return is_one_of(column, f"f{number}_0", self.schema.dialect)
        if operator == "not_in":
            return is_none_of(column, f"f{number}_0", self.schema.dialect)
        if operator == "within":
            after = sa.bindparam(f"f{number}_1", type_=column.type)
            return sa.and_(column >= bound, column < after)
        if operator == "between":
            return column.between(bound, sa.bindparam(f"f{number}_1", type_=column.type))
        if operator == "begins":
            return self._begins(column, number)
        if operator in {"contains", "starts_with"}:
            return sa.cast(column, sa.Text()).ilike(text, escape=LIKE_ESCAPE)
        tests = {
            "eq": column.__eq__,
            "ne": column.__ne__,
            "lt": column.__lt__,
            "lte": column.__le__,
            "gt": column.__gt__,
            "gte": column.__ge__,
        }
        return tests[operator](bound)

    def _begins(self, column: Any, number: int) -> Any:
        """Return "begins with this text" as a range, which any index of the column can answer.

        Letters count as they are written. The last line keeps what a collation put between.
        """
        text = sa.bindparam(f"f{number}_0", type_=column.type)
        last = sa.bindparam(f"f{number}_1", type_=column.type)
        start = sa.func.substr(column, 1, sa.func.length(text))
        return sa.and_(column >= text, column <= last, start == text)

    def _has(self, column: Any, number: int, count: int) -> Any:
        """Return "the list holds one of these texts"."""
        bound = [sa.bindparam(f"f{number}_{index}", type_=sa.Text()) for index in range(count)]
        if self.schema.dialect == "postgresql":
            json = sa.cast(column, sa.dialects.postgresql.JSONB)
            return sa.or_(*(sa.func.jsonb_exists(json, value) for value in bound))
        each = sa.func.json_each(column).table_valued("value")
        return sa.exists(sa.select(1).select_from(each).where(each.c.value.in_(bound)))

    def _parts(self, table: Any, field: Field, clause: Clause) -> Any:
        """Return "the record has parts", or that it has none."""
        part, back = self.schema.children(field.entity, field.name)
        there = self.schema.tables[part].alias()
        found = sa.exists(sa.select(1).select_from(there).where(there.c[back] == table.c.id))
        return ~found if clause.values[0] else found

    def _linked(self, table: Any, field: Field, number: int, clause: Clause) -> Any:
        """Return the condition on a many-to-many field."""
        link = self.schema.tables[f"{field.entity}.{field.name}"].alias()
        linked = sa.select(1).select_from(link).where(link.c.source_id == table.c.id)
        if clause.operator == "empty":
            return ~sa.exists(linked) if clause.values[0] else sa.exists(linked)
        bound = [
            sa.bindparam(f"f{number}_{index}", type_=link.c.target_id.type)
            for index in range(len(clause.values))
        ]
        return sa.exists(linked.where(link.c.target_id.in_(bound)))

    def _below(self, field: Field, number: int) -> Any:
        """Return the ids of a record and of everything below it in its tree."""
        target = field.target
        parent = next(
            f.name
            for f in self.schema.app.entities[target].fields.values()
            if f.type == "tree" and f.target == target
        )
        table = self.schema.tables[target]
        bound = sa.bindparam(f"f{number}_0", type_=table.c.id.type)
        tree = sa.select(table.c.id).where(table.c.id == bound).cte("below", recursive=True)
        child = table.alias()
        tree = tree.union(sa.select(child.c.id).where(child.c[parent] == tree.c.id))
        return sa.select(tree.c.id)
