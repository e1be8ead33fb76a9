"""The runs of calls: the calls of one transition, locked together, queued, followed.

Comes in: the log row of a transition, or one call of it. Goes out: its calls as rows and as the
rules know them, and a queued run of the worker.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rules.commands import Call
from rules.workflow import outside as rules
from runtime.jobs import runs
from runtime.runtime import Runtime
from runtime.store import outside_tables as t
from runtime.store.engine import write

JOB = "outside_call"


def schedule(
    connection: sa.Connection, runtime: Runtime, log_id: str, due_at: datetime, again: str = ""
) -> None:
    """Queue the run of a transition's calls; a run that nobody needs any more finds nothing."""
    run = runs.NewRun(
        job=JOB,
        queue="critical",
        input={"log": log_id},
        unique_key=f"call-{log_id}-{again or runtime.make_id()}",
        due_at=due_at,
        max_attempts=20,
    )
    runs.create(connection, run, runtime.clock())


def wake(runtime: Runtime, late: timedelta = timedelta(minutes=2), limit: int = 200) -> int:
    """Queue runs whose calls wait although nothing is under way: a run may have been given up."""
    table, now = runtime.system.call, runtime.clock()
    with write(runtime.engine) as connection:
        waiting = sa.select(table.c.log_id).where(
            table.c.is_settled.is_(False),
            table.c.status.in_((t.WAITING, t.DONE)),
            table.c.next_at < now - late,
            sa.or_(table.c.lease_until.is_(None), table.c.lease_until < now),
        )
        logs = sorted({row.log_id for row in connection.execute(waiting.limit(limit))})
        for log_id in logs:
            slot = int(now.timestamp()) // int(max(late.total_seconds(), 1))
            schedule(connection, runtime, log_id, now, f"wake-{slot}")
    return len(logs)


def locked(connection: sa.Connection, runtime: Runtime, log_id: str) -> list[Any]:
    """Return the calls of a run in their order; whoever looks at it next waits."""
    table = runtime.system.call
    asked = sa.select(table).where(table.c.log_id == log_id).order_by(table.c.id).with_for_update()
    return list(connection.execute(asked))


def made(rows: list[Any]) -> tuple[rules.Made, ...]:
    """Return the calls as the rules know them."""
    names = {
        t.DONE: rules.DONE,
        t.FAILED: rules.FAILED,
        t.UNDONE: rules.UNDONE,
        t.KEPT: rules.UNDONE,
    }
    return tuple(
        rules.Made(
            Call(row.operation, row.key, row.values, None, None, row.undo),
            names.get(row.status, rules.WAITING),
        )
        for row in rows
        if row.status != t.SKIPPED
    )


def is_behind(connection: sa.Connection, runtime: Runtime, row: Any) -> bool:
    """Return whether an earlier run of the same record is not at its end."""
    table = runtime.system.call
    before = sa.select(table.c.id).where(
        table.c.entity == row.entity,
        table.c.record_id == row.record_id,
        table.c.log_id != row.log_id,
        table.c.id < row.id,
        table.c.is_settled.is_(False),
    )
    return connection.execute(before.limit(1)).first() is not None


def postpone(connection: sa.Connection, runtime: Runtime, row: Any, until: datetime) -> None:
    """Let a call wait, and its run with it."""
    table = runtime.system.call
    connection.execute(table.update().where(table.c.id == row.id).values(next_at=until))
    schedule(connection, runtime, row.log_id, until)
