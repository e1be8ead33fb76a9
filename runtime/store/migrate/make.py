"""Definitions and a database in, a plan out; nothing is written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from generator.compile import Compiled
from generator.model.text import Label
from runtime.store.clock import database_clock
from runtime.store.engine import deferred
from runtime.store.migrate import changes as ch
from runtime.store.migrate.convert import narrows, text_functions
from runtime.store.migrate.ddl import Work, write_sql
from runtime.store.migrate.defaults import backfill
from runtime.store.migrate.diff import find_changes
from runtime.store.migrate.drift import find_drift
from runtime.store.migrate.facts import describe
from runtime.store.migrate.formulas import recomputed
from runtime.store.migrate.plan import BACKFILLS, DROPS, NARROWS, SAFE, MigrationPlan, Step
from runtime.store.migrate.probes import Prober
from runtime.store.migrate.releases import last_release, undone_renames
from runtime.store.migrate.renames import Renames, find_renames, renamed
from runtime.store.migrate.retiming import counted, findings
from runtime.store.migrate.shapes import fingerprint, reflected, schema_json
from runtime.store.migrate.states import state_changes
from runtime.store.migrate.target import Target, build_target
from runtime.store.migrate.words import Wording


def make_plan(
    engine: sa.Engine, compiled: Compiled, *, returns_to: int | None = None
) -> MigrationPlan:
    """Return what applying these definitions to this database will do.

    Args:
        engine: from `make_engine`.
        compiled: the definitions.
        returns_to: the number of the release these definitions are taken from, for a rollback.

    """
    with deferred(engine).connect() as connection:
        return plan_on(connection, compiled, returns_to)


def plan_on(
    connection: sa.Connection, compiled: Compiled, returns_to: int | None = None
) -> MigrationPlan:
    """Return the plan, seen from inside a transaction that may hold the lock."""
    text_functions(connection)
    current = reflected(connection)
    last = last_release(connection)
    facts, shape = (last.facts, last.shape) if last else ({}, {})
    target = build_target(compiled, _writing(connection.dialect))
    undone = Renames() if returns_to is None else undone_renames(connection, returns_to)
    renames = find_renames(target, current, undone)
    after = renamed(current, renames)
    changes = find_changes(after, target, renames, facts, shape)
    wording = Wording(target, renames, facts)
    prober = Prober(connection, target, renames, current, facts, wording)
    works = write_sql(changes, target, after)
    for field, statement in recomputed(target, facts, renames, changes) if last else ():
        if prober.rows(field.entity):
            works += (Work(ch.Recompute(field.entity, field.name), (statement,)),)
    moved, told = state_changes(prober)
    works += moved
    timers = counted(prober, database_clock(connection))
    told += tuple(findings(prober, timers))
    found = (*prober.findings(changes), *(one for one in told if one.count))
    return MigrationPlan(
        dialect=connection.dialect.name,
        digest=compiled.app.digest,
        release=last.number if last else 0,
        release_digest=last.digest if last else "",
        fingerprint=fingerprint(schema_json(current)),
        steps=tuple(_step(work, prober, wording, target) for work in works),
        findings=tuple(sorted(found, key=lambda one: not one.blocking)),
        drift=find_drift(shape, schema_json(current)) if last else (),
        returns_to=returns_to,
        renames=renames,
        facts=describe(target),
        timers=timers,
    )


def what_is_left(
    connection: sa.Connection, compiled: Compiled
) -> tuple[tuple[Label, ...], dict[str, Any]]:
    """Return what still differs after a plan was carried out, and the schema as it is now."""
    target = build_target(compiled, _writing(connection.dialect))
    current = reflected(connection)
    facts = describe(target)
    wording = Wording(target, Renames(), facts)
    changes = find_changes(current, target, Renames(), facts, {})
    ours = {name: shape for name, shape in current.items() if name in target.schema}
    return tuple(wording.words(change) for change in changes), schema_json(ours)


def _writing(dialect: sa.Dialect) -> sa.Dialect:
    """Return a dialect whose SQL is run as it is written: `%` stays one character."""
    if dialect.name != "postgresql":
        return dialect
    return PGDialect_psycopg(paramstyle="named")  # type: ignore[no-untyped-call]


def _step(work: Work, prober: Prober, wording: Wording, target: Target) -> Step:
    risk = _risk(work.change, prober, target)
    return Step(work.change.table, wording.words(work.change), work.sql, risk)


def _risk(change: ch.Change, prober: Prober, target: Target) -> str:
    match change:
        case ch.DropTable() | ch.DropColumn() | ch.ReplaceColumn():
            return DROPS
        case ch.ConvertColumn():
            after = target.schema[change.table].columns[change.column].type
            loses = narrows(change.was, change.becomes, change.before.type, after)
            return NARROWS if loses and prober.rows(change.table) else SAFE
        case ch.AddColumn() | ch.SetNullable(nullable=False):
            given = backfill(target, change.table, change.column)
            return BACKFILLS if given is not None and prober.rows(change.table) else SAFE
        case _:
            return SAFE
