"""Expressions in a migration: rows that a new rule rejects, and formulas whose values are kept.

Both are SQL made by `generator/expressions/sql.py`. A rule is asked of the tables as they are,
under the names they will have; a formula is worked out in the tables as they have become. An
expression that needs more than the database (the time, the person who asks) is left to the next
save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.build.needs import build_needs
from generator.build.tables import build_tables, has_column
from generator.expressions import sql
from generator.model.entity import Check, Entity, Field
from runtime.store.migrate import changes as ch
from runtime.store.migrate.renames import Renames
from runtime.store.migrate.shapes import Schema as Shapes
from runtime.store.migrate.target import Target
from runtime.store.schema import Schema


def new_checks(
    target: Target, renames: Renames, facts: Mapping[str, Any]
) -> Iterator[tuple[Entity, Check]]:
    """Return the checks that the last release did not have, or had with other words."""
    for entity in target.entities.values():
        known = facts.get(renames.old_table(entity.table), {}).get("checks", {})
        for check in entity.checks:
            if known.get(check.code) != check.that.text and not check.that.context:
                yield entity, check


def rejected(
    check: Check, target: Target, current: Shapes, renames: Renames, unsettled: Sequence[ch.Change]
) -> str | None:
    """Return the SQL that counts the rows a check rejects; None when it asks for what is not there.

    Args:
        check: of an entity with a table.
        target: the tables that shall be.
        current: the tables that are, by their names now.
        renames: which of them get other names.
        unsettled: the changes; a column whose values change is not asked.

    """
    tables = _tables_now(target, current, renames, unsettled)
    try:
        table = tables.table(check.that.entity)
        refuted = sql.refutation(check.that, tables, table)
    except (LookupError, AttributeError):
        return None  # a field of the rule has no column yet
    counted = sa.select(sa.func.count()).select_from(table).where(refuted)
    return str(counted.compile(dialect=target.dialect, compile_kwargs={"literal_binds": True}))


def recomputed(
    target: Target, facts: Mapping[str, Any], renames: Renames, changes: Sequence[ch.Change]
) -> tuple[tuple[Field, str], ...]:
    """Return the kept formulas whose values must be worked out anew, and the SQL that does it.

    Parts come before the whole they are summed into; a formula after those it reads.
    """
    touched = {
        (one.table, one.column)
        for one in changes
        if isinstance(one, (ch.AddColumn, ch.ConvertColumn))
    }
    touched |= {(one.table, one.shape.name) for one in changes if isinstance(one, ch.ReplaceColumn)}
    created = {one.table for one in changes if isinstance(one, ch.CreateTable)}
    kept = [field for field in _kept_formulas(target) if field.entity not in created]
    stale = {
        (field.entity, field.name)
        for field in kept
        if (field.entity, field.name) in touched or _text(field) != _known(field, facts, renames)
    }
    while (
        more := {(field.entity, field.name) for field in kept if _reads(field, stale, target)}
        - stale
    ):
        stale |= more
    return tuple(
        (field, _update(field, target)) for field in kept if (field.entity, field.name) in stale
    )


def _kept_formulas(target: Target) -> Iterator[Field]:
    app = target.compiled.app
    needs = build_needs(app)

    def depth(entity: Entity) -> int:
        above = app.entities.get(entity.child_of)
        return 1 + depth(above) if above is not None and above is not entity else 0

    for entity in sorted(app.entities.values(), key=depth, reverse=True):
        for field in needs[entity.name].computed:
            if field.stored and field.computed is not None and not field.computed.context:
                yield field


def _text(field: Field) -> str:
    return field.computed.text if field.computed is not None else ""


def _known(field: Field, facts: Mapping[str, Any], renames: Renames) -> str | None:
    fields = facts.get(renames.old_table(field.entity), {}).get("fields", {})
    known = fields.get(renames.old_column(field.entity, field.name), {}).get("formula")
    return None if known is None else str(known)


def _reads(field: Field, stale: set[tuple[str, str]], target: Target) -> bool:
    paths = field.computed.paths if field.computed is not None else ()
    for path in paths:
        steps = target.compiled.app.walk(field.entity, ".".join(path)) or ()
        if any((step.entity, step.name) in stale for step in steps):
            return True
    return False


def _update(field: Field, target: Target) -> str:
    app, catalog = target.compiled.app, target.compiled.field_types
    plain = build_tables(app, catalog, sa.MetaData())
    tables = Schema(app, catalog, plain, target.dialect.name)
    table = plain[field.entity]
    if field.computed is None:
        raise LookupError(f"{field.entity}.{field.name} is no formula")
    worked_out = sql.value(field.computed, tables, table)
    statement = sa.update(table).values({field.name: worked_out})
    return str(statement.compile(dialect=target.dialect, compile_kwargs={"literal_binds": True}))


def _tables_now(
    target: Target, current: Shapes, renames: Renames, unsettled: Sequence[ch.Change]
) -> Schema:
    """Return the tables of the database under the names that the definitions use."""
    moving = {(one.table, one.column) for one in unsettled if isinstance(one, ch.ConvertColumn)}
    moving |= {
        (one.table, one.shape.name) for one in unsettled if isinstance(one, ch.ReplaceColumn)
    }
    app, catalog = target.compiled.app, target.compiled.field_types
    metadata = sa.MetaData()
    tables: dict[str, sa.Table] = {}
    for entity in app.entities.values():
        shape = current.get(renames.old_table(entity.table))
        if shape is None:
            continue
        columns = [
            sa.Column(renames.old_column(entity.table, field.name), kind, key=field.name)
            for field in entity.fields.values()
            if has_column(field, catalog)
            and (entity.table, field.name) not in moving
            and renames.old_column(entity.table, field.name) in shape.columns
            and (kind := catalog[field.type].column(field)) is not None
        ]
        tables[entity.name] = sa.Table(renames.old_table(entity.table), metadata, *columns)
    return Schema(app, catalog, tables, target.dialect.name)
