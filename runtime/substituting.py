"""A copy of the records for people who test: whole, related, and with nobody's data in it.

Comes in: a shop and an empty database. Goes out: the same tables there with the same records, whose
values of class `personal`, `sensitive` and `secret` are substitutes (`rules/substitutes`). Nothing
else comes along: no account, audit, message, comment, file or job, so nothing of them can. The key
of the substitutes is made for one copy and thrown away with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.model.entity import Entity, Field
from generator.model.privacy import ABOUT_PEOPLE
from rules.substitutes import EMPTIED, Substitutes
from runtime.runtime import Runtime
from runtime.store import copies
from runtime.store.engine import one_state
from runtime.store.guard import system
from runtime.store.migrate.apply import create_all

WHY = "a copy without anybody's data"
SOME = 1000
"""Rows read and written together."""
ALONG = ("sequence", "promotion")
"""Tables of the engine that come along: running numbers, and the promotions that are on."""

Cell = Callable[[Any], Any]


class NotEmpty(Exception):
    """The other database holds something already."""


@dataclass(frozen=True)
class Substituted:
    """What a copy holds."""

    rows: Mapping[str, int]
    """By table."""
    values: int
    """How many were replaced."""


def copy_for_tests(
    runtime: Runtime, target: sa.Engine, now: datetime, key: bytes | None = None
) -> Substituted:
    """Fill an empty database with the records of a shop, without anybody's data.

    Args:
        runtime: the shop, which is only read.
        target: SQLite or PostgreSQL, without tables.
        now: the clock.
        key: what the substitutes follow from; a new one if it is missing.

    Raises:
        NotEmpty: the target has tables; nothing is written.
        LookupError: a unique field has no substitutes left; no record stays written.

    """
    if copies.tables_in(target):
        raise NotEmpty(target.url.render_as_string(hide_password=True))
    create_all(target, runtime.compiled, now=now)
    substitutes, count = Substitutes(key or secrets.token_bytes(32)), _Count()
    rows: dict[str, int] = {}
    with (
        one_state(runtime.engine) as source,
        target.begin() as connection,
        copies.keys_later(connection),
    ):
        for table, cells in _tables(runtime, substitutes, count):
            rows[table.name] = _copy(source, connection, table, cells)
    return Substituted(rows, count.values)


@dataclass
class _Count:
    values: int = 0


def _tables(
    runtime: Runtime, substitutes: Substitutes, count: _Count
) -> Iterator[tuple[sa.Table, Mapping[str, Cell]]]:
    for name, table in runtime.schema.tables.items():
        entity = runtime.app.entities.get(name)
        yield table, _cells(runtime, entity, table, substitutes, count) if entity else {}
    for name in ALONG:
        yield getattr(runtime.system, name), {}


def _cells(
    runtime: Runtime, entity: Entity, table: sa.Table, substitutes: Substitutes, count: _Count
) -> dict[str, Cell]:
    """Return by column what becomes of its values, where anything does."""
    found: dict[str, Cell] = {}
    for field in entity.fields.values():
        if not has_column(field, runtime.compiled.field_types):
            continue
        empty = None if table.c[field.name].nullable else _nobody(field)
        if field.type == "user" or (field.type in EMPTIED and empty is None):
            found[field.name] = _always(empty)
        elif field.sensitivity in ABOUT_PEOPLE and not field.target:
            found[field.name] = _other(field, substitutes, count)
    return found


def _nobody(field: Field) -> Any:
    """Return what stands in a column that must have something, where an account stood."""
    return 0 if field.type == "user" else ""


def _always(value: Any) -> Cell:
    return lambda _: value


def _other(field: Field, substitutes: Substitutes, count: _Count) -> Cell:
    def other(value: Any) -> Any:
        count.values += value is not None
        return substitutes.of(field, value)

    return other


def _copy(
    source: sa.Connection,
    connection: sa.Connection,
    table: sa.Table,
    cells: Mapping[str, Cell],
) -> int:
    total = 0
    asked = system(sa.select(table), WHY).execution_options(yield_per=SOME)
    with source.execute(asked) as result:
        for some in result.mappings().partitions(SOME):
            rows = [dict(row) for row in some]
            for row in rows:
                for name, cell in cells.items():
                    row[name] = cell(row[name])
            connection.execute(table.insert(), rows)
            total += len(rows)
    return total
