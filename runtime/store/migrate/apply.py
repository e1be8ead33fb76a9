"""A plan carried out in one transaction: all of it is there afterwards, or nothing.

The plan is made again under the lock and must carry the same seal, so nothing that changed since
it was read can slip in; the consents and the counted rows are those of that moment. After the last
step the database is compared with the definitions once more: a plan that does not lead to them is
undone. PostgreSQL takes an advisory lock; SQLite an exclusive transaction, with foreign keys
checked at its end instead of at every step, because tables are copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import uuid_utils

from generator.compile import Compiled
from generator.model.text import Label
from runtime.store.clock import database_clock
from runtime.store.engine import BEGIN
from runtime.store.migrate.clocks import KEEP, Retiming
from runtime.store.migrate.convert import text_functions
from runtime.store.migrate.faults import (
    ApplyFailed,
    ApplyRunning,
    ConsentNeeded,
    PlanBlocked,
    PlanOutdated,
)
from runtime.store.migrate.guards import lift_guards, put_guards
from runtime.store.migrate.make import make_plan, plan_on, what_is_left
from runtime.store.migrate.plan import CONSENTS, MigrationPlan
from runtime.store.migrate.releases import APPLIED
from runtime.store.migrate.renames import renames_json
from runtime.store.migrate.render import plan_json
from runtime.store.migrate.retiming import records_after, retime
from runtime.store.migrate.target import build_target
from runtime.store.system_tables import own_tables

LOCK = 7_305_807_215_411_201
"""The advisory lock of PostgreSQL that an apply holds; any number no other program uses."""
WAIT_SECONDS = 30
KEPT = Retiming()
DEFINITIONS = "definitions"
"""The epoch that every process watches to load a new release."""


def apply(
    engine: sa.Engine,
    compiled: Compiled,
    plan: MigrationPlan,
    *,
    now: datetime,
    by: str = "",
    allow: frozenset[str] = frozenset(),
    timers: Retiming = KEPT,
) -> int:
    """Carry out a plan and return the number of the release.

    A plan that changes nothing at all leaves no release and returns the number of the last one.

    Args:
        engine: from `make_engine`.
        compiled: the definitions the plan was made for.
        plan: from `make_plan`.
        now: the time the release is kept under.
        by: who applies it.
        allow: the consents given: drop, narrow.
        timers: what becomes of the timers that are armed by clocks which change.

    Raises:
        ConsentNeeded: something is dropped or narrowed without being allowed.
        PlanBlocked: rows stand in the way.
        PlanOutdated: definitions, database or release changed since the plan was made.
        ApplyRunning: another apply did not end in time.
        ApplyFailed: a step failed; everything was undone.

    """
    _refuse(plan, allow)
    with _alone(engine) as connection:
        fresh = plan_on(connection, compiled, plan.returns_to)
        _same(plan, fresh)
        _refuse(fresh, allow)
        return _carry_out(connection, compiled, fresh, now, by, timers)


def apply_saved(
    engine: sa.Engine,
    compiled: Compiled,
    saved: Mapping[str, Any],
    *,
    now: datetime,
    by: str = "",
    allow: frozenset[str] = frozenset(),
    timers: Retiming = KEPT,
) -> int:
    """Carry out a plan that was kept as JSON, if making it again leads to the same.

    Raises:
        PlanOutdated: it does not; and all that `apply` raises.

    """
    fresh = make_plan(engine, compiled, returns_to=saved.get("returns_to"))
    if saved.get("seal") != fresh.seal:
        raise PlanOutdated(_why(saved, plan_json(fresh)))
    return apply(engine, compiled, fresh, now=now, by=by, allow=allow, timers=timers)


def create_all(engine: sa.Engine, compiled: Compiled, *, now: datetime, by: str = "") -> int:
    """Bring an empty database to these definitions and return the number of the release.

    Raises:
        MigrationError: the database is not empty and the way there needs a person.

    """
    with _alone(engine) as connection:
        plan = plan_on(connection, compiled)
        _refuse(plan, frozenset())
        return _carry_out(connection, compiled, plan, now, by)


def _carry_out(
    connection: sa.Connection,
    compiled: Compiled,
    plan: MigrationPlan,
    now: datetime,
    by: str,
    timers: Retiming = KEPT,
) -> int:
    if not plan.is_new_release:
        put_guards(connection)
        return plan.release
    lift_guards(connection)
    for step in plan.steps:
        for statement in step.sql:
            _run(connection, statement, step.words)
    put_guards(connection)
    _check_references(connection)
    shape = _verify(connection, compiled)
    moved = _retime(connection, compiled, plan, timers)
    return _record(connection, compiled, plan, shape, now, by, moved)


def _retime(
    connection: sa.Connection, compiled: Compiled, plan: MigrationPlan, how: Retiming
) -> Mapping[str, Any]:
    """Time what waits by changed clocks anew, if asked; return what the release tells of it."""
    told = {"choice": how.text}
    if how.choice == KEEP or not plan.timers:
        return told
    words = Label({"en": "moving timers", "zh": "调整计时"})
    if connection.dialect.name == "postgresql":
        # those who ring or cancel timers hold several of a record: all of them first, or none
        _run(connection, f"LOCK TABLE {own_tables().timer.name} IN EXCLUSIVE MODE", words)
    target = build_target(compiled, connection.dialect)
    clocks = [(one.clock, records_after(target, one.clock)) for one in plan.timers]
    return {**told, **retime(connection, clocks, how, database_clock(connection))}


def _refuse(plan: MigrationPlan, allow: frozenset[str]) -> None:
    if plan.obstacles:
        raise PlanBlocked(tuple(one.words for one in plan.obstacles))
    missing = plan.consents - allow
    if missing:
        steps = tuple(step.words for step in plan.steps if CONSENTS.get(step.risk) in missing)
        found = tuple(one.words for one in plan.findings if one.consent in missing)
        raise ConsentNeeded(missing, steps + found)


def _same(plan: MigrationPlan, fresh: MigrationPlan) -> None:
    if plan.seal != fresh.seal:
        raise PlanOutdated(_why(plan_json(plan), plan_json(fresh)))


def _why(old: Mapping[str, Any], new: Mapping[str, Any]) -> Label:
    reasons = {
        "dialect": ("it was made for another kind of database", "它是为另一种数据库生成的"),
        "digest": ("the definitions changed", "定义文件已更改"),
        "release": (
            f"release {new['release']} was applied meanwhile",
            f"期间已应用版本 {new['release']}",
        ),
        "fingerprint": ("the database schema was altered", "数据库结构已被更改"),
        "returns_to": ("it returns to another release", "它回退到另一个版本"),
    }
    for key, (en, zh) in reasons.items():
        if old.get(key) != new[key]:
            return Label({"en": en, "zh": zh})
    return Label({"en": "its steps changed", "zh": "其步骤已改变"})


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open the one transaction that may alter the schema; everybody else waits or is refused."""
    if engine.dialect.name == "sqlite":
        with _sqlite_alone(engine) as connection:
            yield connection
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
        try:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        except sa.exc.OperationalError as error:
            raise ApplyRunning from error
        yield connection


@contextmanager
def _sqlite_alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Foreign keys can only be switched outside a transaction, so before it and after it."""
    alone = engine.execution_options(**{BEGIN: "BEGIN EXCLUSIVE"})
    with alone.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            try:
                transaction = connection.begin()
            except sa.exc.OperationalError as error:
                raise ApplyRunning from error
            with transaction:
                text_functions(connection)
                yield connection
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _run(connection: sa.Connection, statement: str, words: Label) -> None:
    try:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    except sa.exc.DBAPIError as error:
        raise ApplyFailed(words, str(error.orig).strip()) from error


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({f"{row[0]} → {row[2]}" for row in broken}))
        words = Label({"en": "checking references", "zh": "检查引用"})
        raise ApplyFailed(words, f"{len(broken)} rows point at nothing: {tables}")


def _verify(connection: sa.Connection, compiled: Compiled) -> dict[str, Any]:
    """Return the schema as it is now; undo everything when it is not what was asked for."""
    left, shape = what_is_left(connection, compiled)
    if left:
        raise ApplyFailed(left[0], "the step is still to be done after it was done")
    return shape


def _record(
    connection: sa.Connection,
    compiled: Compiled,
    plan: MigrationPlan,
    shape: Mapping[str, Any],
    now: datetime,
    by: str,
    timers: Mapping[str, Any],
) -> int:
    number = plan.release + 1
    tables = own_tables()
    connection.execute(
        tables.release.insert(),
        {
            "id": str(uuid_utils.uuid7()),
            "number": number,
            "applied_at": now,
            "applied_by": by,
            "digest": plan.digest,
            "status": APPLIED,
            "returns_to": plan.returns_to,
            "definitions": {source.file: source.text for source in compiled.sources},
            "facts": dict(plan.facts),
            "shape": dict(shape),
            "renames": renames_json(plan.renames),
            "plan": {**plan_json(plan), "retimed": dict(timers)},
        },
    )
    epoch = tables.epoch
    changed = connection.execute(
        epoch.update()
        .where(epoch.c.name == DEFINITIONS)
        .values(number=number)
        .returning(epoch.c.number)
    )
    if changed.first() is None:
        connection.execute(epoch.insert(), {"name": DEFINITIONS, "number": number})
    return number
