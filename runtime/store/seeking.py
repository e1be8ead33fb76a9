"""Which index a page is read along, where the database would have to guess.

PostgreSQL keeps one plan for a prepared statement and guesses how its rows are spread. A page of
paid orders, newest first, can be read along (status, placed at) or along (placed at) alone, leaving
out what is not paid; the second looks as good and reads ten thousand rows when the newest happen to
be drafts. So where a declared index holds a filter's columns and then the order, the page is asked
for in the order of that index, which only it can serve. Where none does, the statement is planned
anew for its values: a tenth of a millisecond against the risk of a plan for other values.
"""

from __future__ import annotations

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from runtime.store.filters import Clause
from runtime.store.plan import QueryPlan, Sort

Leading = tuple[tuple[int, Clause], ...]
"""Filters by their numbers, in the order of an index."""


def leading(plan: QueryPlan, catalog: Catalog[FieldType]) -> Leading:
    """Return the filters whose columns stand before the order in one index; empty without any."""
    if plan.ids is not None or plan.parent is not None or plan.lock or plan.match == "any":
        return ()
    directions = {sort.descending for sort in plan.sort}
    if len(directions) != 1 or not all(_is_whole(sort, catalog) for sort in plan.sort):
        return ()
    order = tuple(sort.path.field.name for sort in plan.sort)
    orders = {order, order[:-1] if order[-1] == "id" else order} - {()}
    equal = {
        clause.path.field.name: (number, clause)
        for number, clause in enumerate(plan.clauses)
        if clause.operator == "eq"
        and not clause.group
        and not clause.path.parents
        and clause.path.field.name not in plan.grant.veiled
        and has_column(clause.path.field, catalog)
    }
    found = [
        columns[:depth]
        for columns in plan.entity.indexes
        for depth in range(1, len(columns))
        if columns[depth:] in orders and equal.keys() >= set(columns[:depth])
    ]
    names = max(found, key=len, default=())
    return tuple(equal[name] for name in names)


def is_guesswork(plan: QueryPlan, catalog: Catalog[FieldType]) -> bool:
    """Return whether the right way to the rows depends on the values that are bound."""
    if plan.ids is not None or plan.parent is not None or leading(plan, catalog):
        return False
    first = plan.sort[0].path.text if plan.sort else ""
    return bool(plan.search) or any(
        not clause.is_written and not clause.path.field.unique and clause.path.text != first
        for clause in plan.clauses
    )


def _is_whole(sort: Sort, catalog: Catalog[FieldType]) -> bool:
    """Return whether a key is an own column that always has a value."""
    field = sort.path.field
    return (
        not sort.path.parents
        and has_column(field, catalog)
        and (field.required or field.name == "id")
    )
