"""`QueryPlan` → one SQL statement: a page, a count, groups.

The page is cut first, on the entity's own table, and only then joined to what its rows point at:
the database looks up 25 names, not a million. Values are bound, never written into the SQL, so
that a statement is compiled once and PostgreSQL's prepared statements meet the same text again.
The size of a page is the one exception: PostgreSQL chooses a plan for good only when it knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from generator.expressions.types import Number
from generator.model.entity import Field
from rules.permissions import Grant
from runtime.store.conditions import Conditions
from runtime.store.lists import is_one_of
from runtime.store.measures import Measure
from runtime.store.ordering import Order, sort_name, value_of
from runtime.store.paths import Path
from runtime.store.plan import UNCUT, QueryPlan
from runtime.store.schema import Schema
from runtime.store.seeking import is_guesswork, leading
from runtime.store.selection import Selection
from runtime.store.veils import Veil

TESTS = "sw_tests"
LINES = "sw_lines"
"""Columns of the page that tell which conditions, or lines, of the grant hold for a row."""


class Builder:
    """One statement in the making."""

    def __init__(
        self, schema: Schema, conditions: Conditions, plan: QueryPlan, first: int = 0
    ) -> None:
        self.schema, self.conditions, self.plan = schema, conditions, plan
        self.first = first
        self.table = schema.tables[plan.entity.name]
        is_guessed = schema.dialect == "postgresql"  # SQLite keeps no statistics to guess by
        led = leading(plan, schema.catalog) if is_guessed else ()
        self.order = Order(self.table, plan, conditions, led, first)
        self.anew = is_guessed and is_guesswork(plan, schema.catalog)
        self.is_page = False

    def page(self) -> Selection:
        self.is_page = True
        inner = self._inner()
        aliases: dict[tuple[str, ...], Any] = {(): inner}
        joined: Any = inner
        columns: list[Any] = []
        for path in self.plan.paths:
            joined = self._join(path, aliases, joined)
            prefix = tuple(step.name for step in path.parents)
            source = aliases[prefix]
            value = self._outer_column(source, path)
            columns.append(value.label(path.text.replace(".", "__")))
        order = self.order.keys(inner.c)
        veils, tests = self._veils(inner, aliases)
        columns += tests
        if self.plan.with_lines:
            columns.append(inner.c[LINES])
        statement = sa.select(*columns).select_from(joined)
        if not is_one(self.plan.ids):
            statement = statement.order_by(*order)
        names = tuple(path.text for path in self.plan.paths)
        return Selection(statement, names, veils, anew=self.anew)

    def _veils(
        self, inner: Any, aliases: Mapping[tuple[str, ...], Any]
    ) -> tuple[tuple[Veil, ...], list[Any]]:
        """Return what becomes of cells that not every row shows, and the columns that tell it."""
        plan, places = self.plan, dict[tuple[str, ...], int]()
        veils: list[Veil] = []
        tests: list[Any] = []
        for number, path in enumerate(plan.paths):
            if path.text not in plan.veiled:
                continue
            grant = path.sights[-1] if path.sights else plan.grant
            prefix = tuple(step.name for step in path.parents)
            place = None
            if path.field.name in grant.by_row:
                if prefix not in places:
                    places[prefix] = len(plan.paths) + len(tests)
                    tests.append(
                        self.conditions.tests_of(grant, aliases[prefix])
                        if prefix
                        else inner.c[TESTS]
                    )
                place = places[prefix]
            veils.append(Veil(number, place, path.field, grant, self._places(path.field)))
        return tuple(veils), tests

    def _places(self, field: Field) -> int:
        kind = self.schema.catalog[field.type].expression_type(field)
        return kind.scale if isinstance(kind, Number) else 0

    def _is_named(self, column: Any, name: str, ids: tuple[str, ...]) -> Any:
        """Return "the column holds one of these ids"; a page of just one asks for it plainly."""
        if self.is_page and is_one(ids):
            return column == sa.bindparam(name, type_=column.type)
        return is_one_of(column, name + "s", self.schema.dialect)

    def count(self, cap: int | None) -> Selection:
        self._lead_by_nothing()
        one: Any = sa.literal_column("1").label("one")
        rows = sa.select(one).select_from(self.table).where(*self._where())
        if cap is not None:
            rows = rows.limit(sa.literal_column(str(cap)))
        counting = sa.select(sa.func.count()).select_from(rows.subquery())
        return Selection(counting, ("count",), anew=self.anew)

    def groups(self, by: tuple[Path, ...], measures: tuple[Measure, ...], limit: int) -> Selection:
        """Return the groups with count and measures, the latest stretch or the largest first."""
        self._lead_by_nothing()
        keys = [
            value_of(self.conditions, self.table, path).label(f"group_{number}")
            for number, path in enumerate(by)
        ]
        rows = sa.select(
            *keys,
            *(
                self._column(self.table, each.path.field).label(f"value_{number}")
                for number, each in enumerate(measures)
            ),
            sa.literal_column("1").label("one"),
        )
        inner = rows.select_from(self.table).where(*self._where()).subquery("matching")
        grouped = [inner.c[f"group_{number}"] for number in range(len(by))]
        counted = sa.func.count().label("count")
        measured = [
            each.of(inner.c[f"value_{number}"]).label(f"measure_{number}")
            for number, each in enumerate(measures)
        ]
        statement = sa.select(*grouped, counted, *measured).select_from(inner)
        if by:
            order = [key.asc().nulls_last() for key in grouped]
            spans = [
                key.desc().nulls_last()
                for key, path in zip(grouped, by, strict=True)
                if path.span is not None
            ]
            statement = statement.group_by(*grouped).order_by(*spans, counted.desc(), *order)
        names = (*(path.text for path in by), "count", *(each.name for each in measures))
        return Selection(statement.limit(sa.literal_column(str(limit + 1))), names)

    def _lead_by_nothing(self) -> None:
        """Take filters as they are: what is counted has no order that an index could serve."""
        self.order = Order(self.table, self.plan, self.conditions, (), self.first)

    def _inner(self) -> Any:
        """Return the cut page: own columns that are asked for, joined on or sorted by."""
        cursor = self.plan.cursor
        if cursor is None:
            return self._cut([]).subquery("page")
        if not self.order.crosses_nulls(cursor.values[0]):
            return self._cut(self.order.after(cursor.values)).subquery("page")
        # the rows with a value and those without are two places in an index: a page from each
        here, beyond = self._cut(self.order.after(cursor.values)), self._cut([self.order.across()])
        both = sa.union_all(
            sa.select(here.subquery("here")), sa.select(beyond.subquery("beyond"))
        ).subquery("both")
        order = self.order.keys(both.c)
        size: Any = sa.literal_column(str(page_size(self.plan)))
        return sa.select(both).order_by(*order).limit(size).subquery("page")

    def _cut(self, place: list[Any]) -> sa.Select[Any]:
        """Return the first rows after a place, in order."""
        needed: dict[str, Any] = {}
        for path in self.plan.paths:
            first = path.steps[0]
            needed[first.name] = self._seen(self.table, first, self.plan.grant)
        if any("." not in text for text in self.plan.veiled) and self.plan.grant.by_row:
            needed[TESTS] = self.conditions.tests_of(self.plan.grant, self.table)
        if self.plan.with_lines:
            checked = self.plan.with_lines == "writes"
            needed[LINES] = self.conditions.lines_of(self.plan.grant, self.table, checked=checked)
        for sort in self.order.sorts:
            needed[sort_name(sort)] = self.order.value(sort)
        columns = [value.label(name) for name, value in needed.items()]
        statement = sa.select(*columns).where(*self._where(), *place)
        size = page_size(self.plan)
        if (size is not None or self.plan.lock) and not is_one(self.plan.ids):
            statement = statement.order_by(*self.order.own_keys())
        if size is not None:
            statement = statement.limit(sa.literal_column(str(size)))
        if self.plan.lock:
            # SQLite has no row locks and leaves this out; there a writer is alone anyway. What
            # locks to write lets others refer to the row: two who do, then write, would both wait.
            read = self.plan.lock == "share"
            statement = statement.with_for_update(read=read, key_share=not read, of=self.table)
        return statement

    def _where(self) -> list[Any]:
        plan, table = self.plan, self.table
        found: list[Any] = []
        if plan.parent is not None:
            found.append(self._is_named(table.c[plan.parent[0]], "parent_id", plan.parent[1]))
        if plan.ids is not None:
            found.append(self._is_named(table.c.id, "record_id", plan.ids))
        if plan.newest is not None:
            found.append(self._among_newest(plan.newest))
        if plan.archived != "all" and plan.entity.archive:
            empty = table.c.archived_at.is_(None)
            found.append(empty if plan.archived == "no" else table.c.archived_at.is_not(None))
        scope = self.conditions.scope(plan.grant)
        if scope is not None:
            found.append(scope)
        found += [self.conditions.expression(expression) for expression in plan.where]
        found += self.order.led()
        if len(plan.clauses) > len(self.order.leading):
            found.append(self._filter())
        if plan.search:
            bound = search_name(self.first)
            few = plan.newest is not None
            told = self.conditions.search(table, plan.search_paths, plan.grant, bound, few=few)
            place = self.first + len(plan.clauses)
            besides = [
                self.conditions.clause(table, number, one, plan.grant)
                for number, one in enumerate(plan.looked, place)
            ]
            found.append(sa.or_(told, *besides))
        return found

    def _filter(self) -> Any:
        """Return what the clauses ask together: plain ones and groups, all or any of them."""
        alone: list[Any] = []
        groups: dict[int, list[Any]] = {}
        led = {number for number, _ in self.order.leading}
        for number, clause in enumerate(self.plan.clauses):
            if number in led:
                continue
            condition = self.conditions.clause(
                self.table, self.first + number, clause, self.plan.grant
            )
            (groups.setdefault(clause.group, []) if clause.group else alone).append(condition)
        if self.plan.match == "any":
            return sa.or_(*alone, *(sa.and_(*group) for group in groups.values()))
        return sa.and_(*alone, *(sa.or_(*group) for group in groups.values()))

    def _among_newest(self, count: int) -> Any:
        """Return "is one of the newest records": a bound on what a search looks through."""
        every = self.table.alias("newest")
        last = sa.select(every.c.id).order_by(every.c[self.plan.entity.newest_by].desc())
        cut = last.limit(sa.literal_column(str(count))).subquery()
        return self.table.c.id.in_(sa.select(cut.c.id))

    def _join(self, path: Path, aliases: dict[tuple[str, ...], Any], joined: Any) -> Any:
        """Join the tables a path crosses, outer, with the target's own rows in the ON clause."""
        prefix: tuple[str, ...] = ()
        for depth, step in enumerate(path.parents):
            source, before = aliases[prefix], prefix
            prefix = (*prefix, step.name)
            if prefix in aliases:
                continue
            target = self.schema.tables[step.target].alias("__".join(prefix))
            aliases[prefix] = target
            pointer = (
                self._seen(source, step, path.sights[depth - 1])
                if before and path.sights
                else source.c[step.name]
            )
            on = pointer == target.c.id
            scope = self.conditions.scope(path.sights[depth], target) if path.sights else None
            joined = joined.outerjoin(target, on if scope is None else sa.and_(on, scope))
        return joined

    def _outer_column(self, source: Any, path: Path) -> Any:
        if not path.parents:
            return source.c[path.field.name]
        if not path.sights:
            return self._column(source, path.field)
        return self._seen(source, path.field, path.sights[-1])

    def _seen(self, source: Any, field: Field, grant: Grant) -> Any:
        if self.plan.for_engine:
            return self._column(source, field)
        return self.conditions.seen(source, field, grant)

    def _column(self, source: Any, field: Field) -> Any:
        return self.conditions.column(source, field)


def search_name(first: int) -> str:
    """Return the name that the words of a search are bound under."""
    return f"search_{first}" if first else "search"


def is_one(ids: tuple[str, ...] | None) -> bool:
    """Return whether just one record is asked for: by a plain comparison, and without an order."""
    return ids is not None and len(ids) == 1


def page_size(plan: QueryPlan) -> int | None:
    """Return how many rows to fetch; None where nothing else than what is asked limits them."""
    if plan.ids is not None and plan.parent is None and len(plan.ids) <= plan.limit:
        return None
    return None if plan.limit >= UNCUT else plan.limit + 1
