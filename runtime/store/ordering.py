"""The order of a page in SQL, and where a page starts in it.

Comes in: a plan and the filters whose columns lead an index. Goes out: keys to order by, and the
conditions "comes after this row". Null counts as the largest value on every database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime.store.conditions import Conditions
from runtime.store.filters import Clause
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort
from runtime.store.seeking import Leading
from runtime.store.spans import first_day


class Order:
    """The order of one plan on its table."""

    def __init__(
        self, table: Any, plan: QueryPlan, conditions: Conditions, leading: Leading, first: int
    ) -> None:
        self.table, self.conditions, self.leading, self.first = table, conditions, leading, first
        self.cursor = plan.cursor
        self.sorts = _turned(plan)

    def value(self, sort: Sort) -> Any:
        """Return what a key sorts by."""
        return value_of(self.conditions, self.table, sort.path)

    def keys(self, columns: Any) -> list[Any]:
        """Return the order by the columns of a subquery that bear the names of the keys."""
        return [key for sort in self.sorts for key in _key(columns[sort_name(sort)], sort)]

    def own_keys(self) -> list[Any]:
        """Return the order on the table itself."""
        keys = [key for sort in self.sorts for key in _key(self.value(sort), sort)]
        return [*self._leading_keys(), *keys]

    def led(self) -> list[Any]:
        """Return the filters that lead an index, as the ranges that it is read along."""
        return [
            part
            for number, clause in self.leading
            for part in self._led(self.first + number, clause)
        ]

    def after(self, values: tuple[Any, ...]) -> list[Any]:
        """Return "comes after the row with these sort values", key by key.

        The first key is also compared alone: an OR over several keys is no place in an index, so
        without it a deep page would read every page before it. Along a leading index it is one
        comparison of rows, because there the columns before the order have no equality.
        """
        if self.leading:
            return [self._after_row(values)]
        alternatives = []
        equal: list[Any] = []
        starts: list[Any] = []
        for number, (sort, value) in enumerate(zip(self.sorts, values, strict=True)):
            column = self.value(sort)
            bound = sa.bindparam(f"cursor_{number}", type_=column.type)
            crosses = number == 0 and self.crosses_nulls(value)
            after = self._beyond(column, bound, sort, is_null=value is None, crosses=crosses)
            if after is not None:
                alternatives.append(sa.and_(*equal, after))
            equal.append(column.is_(None) if value is None else column == bound)
            if number == 0:
                starts = self._at_least(column, bound, sort, value)
        return [*starts, sa.or_(*alternatives)] if alternatives else [sa.false()]

    def across(self) -> Any:
        """Return the rows on the other side of the border between values and nulls."""
        first = self.sorts[0]
        column = self.value(first)
        return column.is_not(None) if first.descending else column.is_(None)

    def crosses_nulls(self, value: Any) -> bool:
        """Return whether the rows after a place are some with a value and some without."""
        first = self.sorts[0]
        if first.path.parents or not may_be_null(first):
            return False
        return (value is None) == first.descending

    def _leading_keys(self) -> list[Any]:
        """Return the order by columns that have one value only: it names the index to go along."""
        is_descending = self.sorts[0].descending if self.leading else False
        columns = [self.table.c[clause.path.field.name] for _, clause in self.leading]
        return [column.desc() if is_descending else column.asc() for column in columns]

    def _led(self, number: int, clause: Clause) -> list[Any]:
        """Return an equality as a range: said as an equality, the order by it would be left out.

        Where a page starts after a row, that row is the one bound: of two the database takes the
        looser.
        """
        column, value = self.table.c[clause.path.field.name], self._led_by(number, clause)
        if self.cursor is None:
            return [column >= value, column <= value]
        return [column >= value if self.sorts[0].descending else column <= value]

    def _led_by(self, number: int, clause: Clause) -> Any:
        column = self.table.c[clause.path.field.name]
        return self.conditions.operand(column, number, clause)

    def _after_row(self, values: tuple[Any, ...]) -> Any:
        sorts = self.sorts
        columns = [self.table.c[clause.path.field.name] for _, clause in self.leading]
        bounds = [self._led_by(self.first + number, clause) for number, clause in self.leading]
        for number, sort in enumerate(sorts):
            column = self.value(sort)
            columns.append(column)
            bounds.append(sa.bindparam(f"cursor_{number}", type_=column.type))
        here, there = sa.tuple_(*columns), sa.tuple_(*bounds)
        return here < there if sorts[0].descending else here > there

    def _at_least(self, column: Any, bound: Any, sort: Sort, value: Any) -> list[Any]:
        if value is None:
            return [column.is_(None)] if self.crosses_nulls(value) else []
        if sort.descending:
            return [column <= bound]
        return [column >= bound] if not sort.path.parents else []

    def _beyond(self, column: Any, bound: Any, sort: Sort, *, is_null: bool, crosses: bool) -> Any:
        if is_null:
            return column.is_not(None) if sort.descending and not crosses else None
        if sort.descending:
            return column < bound
        if may_be_null(sort) and not crosses:
            return sa.or_(column > bound, column.is_(None))
        return column > bound


def value_of(conditions: Conditions, table: Any, path: Path) -> Any:
    """Return the value of a path for a row of a table; of a span, the first day of it."""
    found = conditions.scalar(table, path) if path.parents else conditions.column(table, path.field)
    return found if path.span is None else first_day(found, path.span)


def sort_name(sort: Sort) -> str:
    """Return the name of the column in which a cut page keeps what it is sorted by."""
    return sort.path.text.replace(".", "__") if sort.path.parents else sort.path.field.name


def may_be_null(sort: Sort) -> bool:
    """Return whether some rows have nothing to be sorted by."""
    return bool(sort.path.parents) or not sort.path.field.required


def _turned(plan: QueryPlan) -> tuple[Sort, ...]:
    """Return the order asked for, turned round when the page is read backwards."""
    if plan.cursor is None or not plan.cursor.backwards:
        return plan.sort
    return tuple(Sort(sort.path, not sort.descending) for sort in plan.sort)


def _key(column: Any, sort: Sort) -> list[Any]:
    """Return the order by one key; null counts as the largest value on every database."""
    key = column.desc() if sort.descending else column.asc()
    if may_be_null(sort):
        key = key.nulls_first() if sort.descending else key.nulls_last()
    return [key]
