"""The statements of one schema, built once for each form of plan, and the values bound in them.

Comes in: a `QueryPlan`. Goes out: the `Selection` for its form, and the values of this one by name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.expressions import sql
from generator.expressions import tree as t
from runtime.store.building import Builder, is_one, page_size, search_name
from runtime.store.conditions import Conditions, contains_pattern, context_values, writes_otherwise
from runtime.store.many import Many
from runtime.store.measures import Measure
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan
from runtime.store.schema import Schema
from runtime.store.selection import Selection

APART = 1000
"""Where several plans share a statement, each numbers its clauses from a thousand of its own."""
KEPT = 2000
"""Statements kept in memory; a client that invents new forms only empties the cache."""


class Statements:
    """Builds and keeps the statements of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.conditions = Conditions(schema)
        self._pages: dict[Any, Selection] = {}
        self._counts: dict[Any, Selection] = {}
        self._asked: dict[Any, Mapping[str, t.Context]] = {}
        self._others: dict[Hashable, Any] = {}
        self.many = Many()
        """What matched too many records to count, a moment ago."""

    def page(self, plan: QueryPlan) -> Selection:
        """Return the statement that fetches a page of a plan, one row more than its limit."""
        parents = None if plan.parent is None else plan.parent[1]
        shape = (plan.shape, page_size(plan), is_one(plan.ids), is_one(parents))
        found = self._pages.get(shape)
        if found is None:
            if len(self._pages) >= KEPT:
                self._pages.clear()
            found = self._pages[shape] = Builder(self.schema, self.conditions, plan).page()
        return found

    def count(self, plan: QueryPlan, cap: int | None) -> Selection:
        """Return the statement that counts what a plan matches, up to `cap` or exactly."""
        shape = (plan.shape, cap)
        found = self._counts.get(shape)
        if found is None:
            if len(self._counts) >= KEPT:
                self._counts.clear()
            found = self._counts[shape] = Builder(self.schema, self.conditions, plan).count(cap)
        return found

    def remembered(self, form: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made of these statements before, such as a union of several."""
        found = self._others.get(form)
        if found is None:
            if len(self._others) >= KEPT // 10:
                self._others.clear()
            found = self._others[form] = make()
        return found

    def tally(self, plans: Sequence[QueryPlan], cap: int) -> Selection:
        """Return one statement that counts what each of several plans matches, up to `cap`."""
        shape = ("tally", tuple(plan.shape for plan in plans), cap)
        found = self._counts.get(shape)
        if found is None:
            if len(self._counts) >= KEPT:
                self._counts.clear()
            counts = []
            for number, plan in enumerate(plans):
                builder = Builder(self.schema, self.conditions, plan, number * APART)
                counts.append(builder.count(cap).statement.scalar_subquery())
            names = tuple(f"count_{number}" for number in range(len(plans)))
            found = self._counts[shape] = Selection(sa.select(*counts), names)
        return found

    def tally_values(self, plans: Sequence[QueryPlan]) -> dict[str, Any]:
        """Return the values of all the plans of a tally."""
        values: dict[str, Any] = {}
        for number, plan in enumerate(plans):
            values |= self.values(plan, number * APART)
        return values

    def groups(
        self, plan: QueryPlan, by: tuple[Path, ...], measures: tuple[Measure, ...], limit: int
    ) -> Selection:
        """Return the statement that groups what a plan matches, the largest groups first."""
        asked = tuple(path.key for path in by), tuple(each.name for each in measures)
        shape = ("groups", plan.shape, asked, limit)
        found = self._counts.get(shape)
        if found is None:
            if len(self._counts) >= KEPT:
                self._counts.clear()
            builder = Builder(self.schema, self.conditions, plan)
            found = self._counts[shape] = builder.groups(by, measures, limit)
        return found

    def values(
        self, plan: QueryPlan, first: int = 0, also: tuple[Path, ...] = ()
    ) -> dict[str, Any]:
        """Return the values of a plan by the names its statement binds them under.

        Args:
            plan: what is read.
            first: the number of its first clause, where several plans share a statement.
            also: paths of the statement that are not in the plan, such as groups.

        """
        values: dict[str, Any] = {}
        for number, clause in enumerate((*plan.clauses, *plan.looked), first):
            values |= self.conditions.clause_values(number, clause)
        if plan.search:
            values |= self._looked_for(plan, search_name(first))
        if plan.ids is not None:
            values |= _of_ids("record_id", plan.ids)
        if plan.parent is not None:
            values |= _of_ids("parent_id", plan.parent[1])
        if plan.cursor is not None:
            for number, value in enumerate(plan.cursor.values):
                values[f"cursor_{number}"] = value
        for name, node in self._questions(plan).items():
            values[name] = sql.context_value(node, plan.facts)
        for expression in (one for path in also for g in path.sights for one in g.expressions):
            values |= context_values(expression, plan.facts, self.schema)
        return values

    def _looked_for(self, plan: QueryPlan, bound: str) -> dict[str, str]:
        """Return the text of a search, also as types that write it otherwise hold it."""
        text = plan.search.strip()
        kinds = {
            path.field.type: self.schema.catalog[path.field.type] for path in plan.search_paths
        }
        others = {
            f"{bound}_{name}": contains_pattern(kind.within(text))
            for name, kind in kinds.items()
            if writes_otherwise(kind)
        }
        return {bound: contains_pattern(text), **others}

    def _questions(self, plan: QueryPlan) -> Mapping[str, t.Context]:
        """Return what the statement asks of the context, by name: found once for its form."""
        found = self._asked.get(plan.shape)
        if found is None:
            if len(self._asked) >= KEPT:
                self._asked.clear()
            clauses = [clause.path for clause in plan.clauses]
            sorts = [sort.path for sort in plan.sort]
            fields = [path.field for path in (*plan.paths, *clauses, *sorts, *plan.search_paths)]
            formulas = [
                field.computed
                for field in fields
                if field.computed is not None and not has_column(field, self.schema.catalog)
            ]
            every = (*plan.paths, *clauses, *sorts, *plan.search_paths)
            rights = {(g.entity, g.key): g for path in every for g in path.sights}
            through = [one.through for one in (*plan.clauses, *plan.looked) if one.through]
            scopes = [one for grant in (*rights.values(), *through) for one in grant.expressions]
            expressions = (*plan.where, *plan.grant.expressions, *scopes, *formulas)
            found = {
                name: node
                for expression in expressions
                for name, node in sql.asked_of(expression, self.schema).items()
            }
            self._asked[plan.shape] = found
        return found


def _of_ids(name: str, ids: tuple[str, ...]) -> dict[str, Any]:
    """Return ids as a statement may ask for them: as a list, and one alone by itself too."""
    values: dict[str, Any] = {f"{name}s": list(ids)}
    if is_one(ids):
        values[name] = ids[0]
    return values
