"""The statements of a ledger: the one that posts, and those that say why it did not.

On PostgreSQL a post is a single statement: the balance changes, its guards are asked of the row as
it will be, and the entry is written from the changed row, or nothing happens at all. SQLite has no
such chain; there the same UPDATE is followed by the INSERT in the same transaction, in which nobody
else writes anyway. A statement is built once for what an entry changes and which guards it passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import visitors

from generator.expressions import sql
from generator.field_types._times import Utc
from generator.model.ledger import Guard, Ledger
from generator.resolve.ledger_records import AFTER
from runtime.store.prepared import Prepared, prepared
from runtime.store.schema import Schema

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """A row that is written if and only if an entry is."""

    table: sa.Table
    row: Row
    numbers: tuple[str, ...] | None = None
    """What is told of the balance after it under `AFTER_OF` of the column `answer`."""

    @property
    def form(self) -> tuple[Any, ...]:
        """What tells its statement from another one."""
        return (self.table.name, tuple(self.row), self.numbers)

    def insertion(self, done: sa.CTE, prefix: str) -> sa.Insert:
        """Return the statement that writes it if a balance has changed."""
        cells: dict[str, Any] = {
            name: sa.bindparam(f"{prefix}{name}", type_=self.table.c[name].type)
            for name in self.row
        }
        if self.numbers is not None:
            pairs = [
                part
                for name in self.numbers
                for part in (sa.literal_column(f"'{name}'"), done.c[name])
            ]
            told = sa.cast(cells["answer"], postgresql.JSONB)
            place: sa.ColumnElement[Any] = sa.literal_column(AFTER_OF)
            cells["answer"] = sa.func.jsonb_set(told, place, sa.func.jsonb_build_object(*pairs))
        rows = sa.select(*cells.values()).select_from(done)
        return self.table.insert().from_select(list(cells), rows, include_defaults=False)


@dataclass(frozen=True)
class Book:
    """One ledger with its tables."""

    ledger: Ledger
    schema: Schema
    known: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)
    """The ids of balances by their keys, as far as somebody asked; one may have been undone."""

    @property
    def balances(self) -> sa.Table:
        """The table of balances."""
        return self.schema.tables[self.ledger.name]

    @property
    def entries(self) -> sa.Table:
        """The table of entries."""
        return self.schema.tables[self.ledger.entries]

    @property
    def holds(self) -> sa.Table:
        """The table of holds."""
        return self.schema.tables[self.ledger.held]

    @property
    def lots(self) -> sa.Table:
        """The table of lots."""
        return self.schema.tables[self.ledger.lot]

    @property
    def draws(self) -> sa.Table:
        """The table of what entries did to lots."""
        return self.schema.tables[self.ledger.draws]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every number of a balance: its buckets, then what follows from them."""
        return (*self.ledger.buckets, *self.ledger.formulas)

    def posting(
        self,
        dialect: sa.Dialect,
        changed: Sequence[str],
        guards: Sequence[Guard],
        most: Sequence[str],
        *,
        keyed: bool,
        surely: bool = False,
    ) -> Prepared:
        """Return the statement that changes a balance and, on PostgreSQL, writes the entry.

        It gives the balance's id, version and numbers as they are after; no row when it stopped.
        Where it must post `surely`, on PostgreSQL, it fails instead, so that nothing that was sent
        behind it is done; the server's log then says so as far as a cast that fails can.
        """
        form = ("post", *changed, keyed, surely, *self._asked(guards, most))

        def make() -> Any:
            change = self._unused(self._change(changed, guards, most), keyed=keyed)
            if dialect.name != "postgresql":
                return change
            done = change.cte("done")
            found = self._surely(done) if surely else sa.select(done)
            return found.add_cte(self._written(done))

        return prepared(self.balances, form, dialect, make)

    def remember(self, key: tuple[str, ...], balance: str) -> None:
        """Keep the id of a key's balance."""
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known[key] = balance

    def _unused(self, change: Any, *, keyed: bool) -> Any:
        """Return a change that stops where the key of the post was used before."""
        if not keyed:
            return change
        column = self.entries.c.post_key
        same = sa.select(self.entries.c.id).where(column == _bind("post_key", column))
        return change.where(~same.exists())

    def _asked(self, guards: Sequence[Guard], most: Sequence[str]) -> tuple[Any, ...]:
        """Return what a statement asks, for telling one from another."""
        return ("of", *(self.ledger.guards.index(guard) for guard in guards), "most", *most)

    def _surely(self, done: sa.CTE) -> sa.Select[Any]:
        """Return the row of a changed balance; a question that fails where there is none."""
        count = sa.select(sa.func.count()).select_from(done).scalar_subquery()
        stopped = sa.cast(sa.literal(STOPPED).concat(count), sa.Integer)
        one = sa.values(sa.column("one", sa.Integer), name="once").data([(1,)])
        must = sa.case((count > 0, 1), else_=stopped).label("must")
        return sa.select(*done.c, must).select_from(one.outerjoin(done, sa.true()))

    def alone(
        self,
        dialect: sa.Dialect,
        changed: Sequence[str],
        guards: Sequence[Guard],
        most: Sequence[str],
        beside: Sequence[Beside],
    ) -> Prepared:
        """Return the statement that posts by itself, on PostgreSQL, with rows beside the entry.

        It gives what `posting` gives; where it gives no row, it has written none at all. A key that
        was used before is an error of the database. Rows beside it name the balance, which must
        then be the one they name, and their ids were made before: it must not come late.
        """
        form = ("alone", *changed, *self._asked(guards, most), *(one.form for one in beside))

        def make() -> sa.Select[Any]:
            change = self._change(changed, guards, most)
            if beside:
                balance = self.balances.c.id
                change = change.where(
                    balance == _bind("balance", balance),
                    sa.func.now() < sa.bindparam("until", type_=Utc()),
                )
            done = change.cte("done")
            rows = [
                one.insertion(done, f"p{part}_").cte(f"w{part}") for part, one in enumerate(beside)
            ]
            return sa.select(done).add_cte(self._written(done), *rows)

        return prepared(self.balances, form, dialect, make)

    def _change(self, changed: Sequence[str], guards: Sequence[Guard], most: Sequence[str]) -> Any:
        table = self.balances
        return (
            table.update()
            .where(*self._of_key(), *(self._holds(guard, changed) for guard in guards))
            .where(*(self._below(name, changed) for name in most))
            .values(
                **{name: self._new(name, changed) for name in changed},
                **{
                    name: self._after(sql.value(formula, self.schema, table), changed)
                    for name, formula in self.ledger.formulas.items()
                },
                version=table.c.version + 1,
                updated_at=_bind("at", table.c.updated_at),
                updated_by=_bind("by", table.c.updated_by),
            )
            .returning(table.c.id, table.c.version, *(table.c[name] for name in self.numbers))
        )

    def _written(self, done: sa.CTE) -> sa.CTE:
        columns, entries = self._entry(done), self.entries
        rows = sa.select(*columns.values())
        return (
            entries.insert().from_select(list(columns), rows).returning(entries.c.id).cte("written")
        )

    def writing(self, dialect: sa.Dialect) -> Prepared:
        """Return the statement that writes an entry alone, for SQLite."""
        columns = (*self._fixed(), "balance", *self._after_names())
        return prepared(
            self.entries,
            "entry",
            dialect,
            lambda: self.entries.insert().values(
                {name: _bind(_as_bound(name), self.entries.c[name]) for name in columns}
            ),
        )

    def refusing(
        self,
        dialect: sa.Dialect,
        changed: Sequence[str],
        guards: Sequence[Guard],
        most: Sequence[str],
    ) -> Prepared:
        """Return the question why nothing was posted: the balance, and by guard whether it holds.

        What is asked of `most` follows the guards.

        No row: there is no balance yet.
        """
        form = ("refuse", *changed, *self._asked(guards, most))
        table = self.balances

        def make() -> sa.Select[Any]:
            holds = [
                sa.case((self._holds(guard, changed), 1), else_=0).label(f"guard_{number}")
                for number, guard in enumerate(guards)
            ]
            holds += [
                sa.case((self._below(name, changed), 1), else_=0).label(f"most_{name}")
                for name in most
            ]
            numbers = [table.c[name] for name in self.numbers]
            return sa.select(table.c.id, *numbers, *holds).where(*self._of_key())

        return prepared(table, form, dialect, make)

    def opening(self, dialect: sa.Dialect) -> Prepared:
        """Return the statement that makes a balance of nothing, unless it is there."""
        table = self.balances
        insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        names = ("id", *self.ledger.key, *self.numbers, *_STAMPS)
        return prepared(
            table,
            "open",
            dialect,
            lambda: (
                insert(table)
                .values({name: _bind(f"new_{name}", table.c[name]) for name in names})
                .on_conflict_do_nothing(index_elements=[table.c[name] for name in self.ledger.key])
            ),
        )

    def finding(self, dialect: sa.Dialect) -> Prepared:
        """Return the question for the id of a key's balance."""
        table = self.balances
        return prepared(
            table, "find", dialect, lambda: sa.select(table.c.id).where(*self._of_key())
        )

    def _of_key(self) -> list[sa.ColumnElement[bool]]:
        table = self.balances
        return [table.c[name] == _bind(f"key_{name}", table.c[name]) for name in self.ledger.key]

    def _new(self, name: str, changed: Sequence[str]) -> Any:
        column = self.balances.c[name]
        return column + _bind(f"change_{name}", column) if name in changed else column

    def _holds(self, guard: Guard, changed: Sequence[str]) -> sa.ColumnElement[bool]:
        found: sa.ColumnElement[bool] = self._after(
            sql.condition(guard.that, self.schema, self.balances), changed
        )
        return found

    def _below(self, name: str, changed: Sequence[str]) -> sa.ColumnElement[bool]:
        column = self.balances.c[name]
        found: sa.ColumnElement[bool] = self._new(name, changed) <= _bind(f"most_{name}", column)
        return found

    def _after(self, element: sa.ColumnElement[Any], changed: Sequence[str]) -> Any:
        """Return an expression over the row as it will be: every number with its change."""
        table = self.balances

        def put(element: Any, **kw: Any) -> Any:
            if not isinstance(element, sa.Column) or element.table is not table:
                return None
            if element.name in self.ledger.formulas:
                formula = sql.value(self.ledger.formulas[element.name], self.schema, table)
                return sa.type_coerce(self._after(formula, changed), element.type).self_group()
            return (
                self._new(element.name, changed).self_group() if element.name in changed else None
            )

        return visitors.replacement_traverse(element, NO_OPTIONS, put)

    def _entry(self, done: Any) -> dict[str, Any]:
        columns = {
            name: sa.cast(_bind(_as_bound(name), self.entries.c[name]), self.entries.c[name].type)
            for name in self._fixed()
        }
        columns["balance"] = done.c.id
        for name in self.ledger.buckets:
            columns[name + AFTER] = done.c[name]
        return columns

    def _fixed(self) -> tuple[str, ...]:
        """Return the columns of an entry that are known before its balance has changed."""
        hold = ("hold",) if self.ledger.holds is not None else ()
        return ("id", *self.ledger.key, *self.ledger.buckets, *_OF_ENTRIES, *hold, *_STAMPS)

    def _after_names(self) -> tuple[str, ...]:
        return tuple(name + AFTER for name in self.ledger.buckets)


AFTER_OF = "'{entries,0,after}'"
"""Where the answer to a post of one entry tells the numbers after it, as PostgreSQL writes it."""
STOPPED = "nothing was posted, balances changed: "
"""What a statement that must post casts into a number when it stops; how many changed follows."""
MOST_KNOWN = 10_000
"""Balances whose ids are known by their keys, of one ledger."""
NO_OPTIONS: Mapping[str, Any] = {}
_OF_ENTRIES = (
    *("kind", "quantity", "cause", "cause_id", "cause_title", "reason", "transfer"),
    *("reverses", "post_key"),
)
_STAMPS = ("created_at", "created_by", "updated_at", "updated_by", "version")


def _as_bound(column: str) -> str:
    return "post_key" if column == "post_key" else f"entry_{column}"


def _bind(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)
