"""`QueryPlan`: everything about reading rows that can be decided before the database is asked.

It is the one way rows are read: list, detail, count, search, choices, export, history. It is made
from a grant, so a row out of scope or a cell not to be read has no way into it. A plan holds the
values apart from the form; plans of one form share one compiled statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.store.filters import Clause
from runtime.store.paths import Path

if TYPE_CHECKING:
    from generator.expressions.compile import Expression


UNCUT = 1 << 60
"""The limit of a plan that is read to its end by one statement."""


@dataclass(frozen=True)
class Sort:
    """One key of the order."""

    path: Path
    descending: bool


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: the sort values of the row before it (or after it, when backwards)."""

    values: tuple[Any, ...]
    backwards: bool = False


@dataclass(frozen=True)
class Include:
    """Records of another entity fetched with the page: one more statement, not one a row."""

    name: str
    """The field: children or many to many."""
    plan: QueryPlan
    via: str
    """children, references or back (records that point here)."""

    def at(self, facts: Mapping[str, Any]) -> Include:
        """Return the include for a request: who asks, and when."""
        return Include(self.name, self.plan.with_values(facts=facts), self.via)


@dataclass(frozen=True)
class QueryPlan:
    """A read of one entity within one grant."""

    entity: Entity
    grant: Grant
    roles: frozenset[str]
    paths: tuple[Path, ...]
    """What is selected, in order; ids and versions included where they are needed."""
    hidden: int = 0
    """So many of the last paths are only there to find the next page; they are not shown."""
    clauses: tuple[Clause, ...] = ()
    match: str = "all"
    """all: every plain clause and one of each group; any: one plain clause or all of one group."""
    where: tuple[Expression, ...] = ()
    """Conditions in our own language: a saved view, what a reference may pick."""
    search: str = ""
    search_paths: tuple[Path, ...] = ()
    looked: tuple[Clause, ...] = ()
    """What a search finds besides: rows whose masked value is, as a whole, what was typed."""
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    cursor: Cursor | None = None
    archived: str = "no"
    """no, only or all."""
    ids: tuple[str, ...] | None = None
    """Only these records."""
    parent: tuple[str, tuple[str, ...]] | None = None
    """A reference field and the ids it must have: children of a page of records."""
    includes: tuple[Include, ...] = ()
    newest: int | None = None
    """Look only among so many records that were changed last."""
    lock: str = ""
    """share: the rows stay as they are until the transaction ends; update: they are ours alone."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """actor, now, today: what expressions in the plan may ask."""
    for_engine: bool = False
    """The cells are for rules, which see real values, and never for an answer."""
    with_lines: str = ""
    """One column more, behind the paths: which lines of the grant cover the row, a bit each.

    `rows` asks only for their rows, `writes` also for their checks."""

    @cached_property
    def veiled(self) -> frozenset[str]:
        """The paths of which some row shows a mask, or nothing."""
        if self.for_engine:
            return frozenset()
        return frozenset(
            path.text
            for path in self.paths
            if path.field.name in (path.sights[-1] if path.sights else self.grant).veiled
        )

    @property
    def look_ups(self) -> tuple[Clause, ...]:
        """The clauses that ask for what the caller sees masked."""
        return (*(one for one in self.clauses if one.through is not None), *self.looked)

    @property
    def shown(self) -> tuple[Path, ...]:
        """The paths that a caller gets to see."""
        return self.paths[: len(self.paths) - self.hidden]

    @cached_property
    def look(self) -> tuple[Any, ...]:
        """What decides how rows are written."""
        return self.entity.name, self.veiled, tuple(path.text for path in self.shown)

    @property
    def shape(self) -> tuple[Any, ...]:
        """What decides the SQL; two plans of one shape differ only in bound values."""
        cursor = self.cursor
        if cursor is None:
            return self._form
        return (*self._form, cursor.backwards, tuple([value is None for value in cursor.values]))

    def with_values(self, **values: Any) -> QueryPlan:
        """Return the same plan with other values: facts, ids, cursor, clauses of the same form.

        A plan is made once for its form and then asked for very often, so this is only a copy of
        a dictionary that keeps what was worked out about the form.
        """
        same_form = all(
            (values[name] is None) == (self.__dict__[name] is None)
            for name in ("ids", "parent")
            if name in values
        )
        plan = object.__new__(QueryPlan)
        if same_form:
            plan.__dict__.update(self.__dict__, _form=self._form, look=self.look)
            plan.__dict__.update(values)
        else:
            plan.__dict__.update(self.__dict__, **values)
            for name in ("_form", "look", "veiled"):
                plan.__dict__.pop(name, None)
        return plan

    @cached_property
    def _form(self) -> tuple[Any, ...]:
        return (
            self.entity.name,
            self.grant.key,
            tuple(path.key for path in self.paths),
            tuple(clause.shape for clause in self.clauses),
            self.match,
            tuple(expression.text for expression in self.where),
            bool(self.search) and tuple(path.key for path in self.search_paths),
            tuple(clause.shape for clause in self.looked),
            tuple((key.path.key, key.descending) for key in self.sort),
            self.archived,
            self.ids is not None,
            self.parent and self.parent[0],
            self.newest,
            self.lock,
            self.for_engine,
            self.with_lines,
        )
