"""Calls of other systems: taken, made, settled; no transaction is open meanwhile.

A worker may die anywhere. Before the call its key and attempt are stored; after it, the result, the
transition that it fires and the next call are one transaction. Dying between means that the same
call is made again under the same key, and the provider answers as it did before. The calls of one
transition are a run: `rules/workflow/outside.py` says what comes next, also when one was refused
and those before it are taken back. The runs of one record follow each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from generator.connectors import ABSENT, UNKNOWN, Answer, Asked, ConnectorType
from generator.model.connector import DONE, REFUSED
from rules.workflow import outside as rules
from runtime.outside import incidents, settings
from runtime.outside.call_asking import ask_about, asked_of
from runtime.outside.call_results import LONGEST, fire, known
from runtime.outside.call_runs import is_behind, locked, made, postpone, schedule
from runtime.runtime import Runtime
from runtime.store import outside_tables as t
from runtime.store.engine import write

LEASE = timedelta(seconds=180)
"""Longer than any time-out: a call has one caller at a time."""


@dataclass(frozen=True)
class Taken:
    """A call that is this worker's to make."""

    row: Any
    asked: Asked
    kind: ConnectorType
    token: str
    is_undo: bool
    attempts: int

    @property
    def is_last(self) -> bool:
        """Whether there is no further try if nobody answers."""
        return self.attempts >= self.asked.operation.retry.most


def begin(
    connection: sa.Connection, runtime: Runtime, outbox_id: str, record: tuple[str, str], told: Any
) -> None:
    """Write down a call that a transition asked for, in the relay's transaction; once, ever."""
    table, now = runtime.system.call, runtime.clock()
    known = sa.select(table.c.id).where(table.c.key == told["key"])
    if connection.execute(known).first() is not None:
        return
    connection.execute(
        table.insert().values(
            id=outbox_id,
            key=told["key"],
            entity=record[0],
            record_id=record[1],
            log_id=told["log"],
            workflow=told["workflow"],
            transition=told["transition"],
            operation=told["operation"],
            values=told["values"],
            on_success=told["on_success"],
            on_failure=told["on_failure"],
            undo=told["undo"],
            status=t.WAITING,
            is_settled=False,
            attempts=0,
            next_at=now,
            created_at=now,
        )
    )
    schedule(connection, runtime, told["log"], now)


def take(runtime: Runtime, log_id: str) -> Taken | None:
    """Return the next call of a run, leased to the caller; None when there is none to make now."""
    table, now = runtime.system.call, runtime.clock()
    with write(runtime.engine) as connection:
        rows = locked(connection, runtime, log_id)
        step = rules.following(made(rows))
        # what nobody knows is not passed over: a person says it first
        if step.state not in ("running", "reverting") or any(r.status == t.STUCK for r in rows):
            return None
        row = rows[step.position]
        if row.lease_until is not None and row.lease_until > now:
            return None
        if row.next_at > now or is_behind(connection, runtime, row):
            return None
        found = asked_of(connection, runtime, row, step)
        if found is None:
            return None
        pause = settings.closed_until(runtime, connection, found.connector.name)
        if pause is not None and pause > now:
            postpone(connection, runtime, row, pause)
            return None
        is_undo = step.state == "reverting"
        fresh = is_undo and row.undo_key is None
        token, attempts = runtime.make_id(), 1 if fresh else row.attempts + 1
        connection.execute(
            table.update()
            .where(table.c.id == row.id)
            .values(
                attempts=attempts,
                lease_until=now + LEASE,
                lease_token=token,
                undo_key=found.key if is_undo else None,
            )
        )
        kind = runtime.compiled.catalogs["connectors"][found.connector.type]
        return Taken(row, found, kind, token, is_undo, attempts)


def make(taken: Taken) -> Answer:
    """Make the call, outside of any transaction; ask what became of it where that is the way."""
    asked, operation = taken.asked, taken.asked.operation
    if not operation.repeatable and taken.attempts > 1:
        known = ask_about(taken.kind, taken.asked)
        if known.outcome != ABSENT:
            return known
    answer = taken.kind.call(asked)
    if answer.outcome == ABSENT:
        return Answer(UNKNOWN, code=answer.code)
    if answer.outcome == UNKNOWN and answer.code in operation.retry.give_up_on:
        return replace(answer, outcome=REFUSED)
    if answer.outcome == UNKNOWN and taken.is_last and operation.status:
        known = ask_about(taken.kind, taken.asked)
        return Answer(UNKNOWN, code=ABSENT) if known.outcome == ABSENT else known
    return answer


def settle(runtime: Runtime, taken: Taken, answer: Answer) -> None:
    """Write what became of a call, fire what it fires, and queue what follows: one transaction.

    A lease that ended meanwhile changes nothing: whoever has it now asks under the same key.
    """
    table, now = runtime.system.call, runtime.clock()
    with write(runtime.engine) as connection:
        locked(connection, runtime, taken.row.log_id)
        held = sa.select(table).where(
            table.c.id == taken.row.id, table.c.lease_token == taken.token
        )
        row = connection.execute(held).first()
        settings.note_answer(
            connection,
            runtime,
            taken.asked.connector,
            answer.code,
            now,
            reached=answer.reached,
        )
        if row is None:
            return
        if answer.outcome == UNKNOWN:
            _unknown(connection, runtime, taken, answer)
        else:
            known(connection, runtime, row, answer, is_undo=taken.is_undo)


def answered(
    connection: sa.Connection,
    runtime: Runtime,
    key: str,
    answer: Answer,
    *,
    by_person: bool = False,
) -> tuple[str, str] | None:
    """Settle a call by what an event or a person says of it, in the caller's transaction.

    Returns the record it was made for, or None when no call has that key. A call that is settled
    already stays as it is.
    """
    table = runtime.system.call
    which = sa.or_(table.c.key == key, table.c.undo_key == key)
    found = connection.execute(sa.select(table.c.log_id).where(which)).first()
    if found is None:
        return None
    rows = {row.id: row for row in locked(connection, runtime, found.log_id)}
    row = next(one for one in rows.values() if key in (one.key, one.undo_key))
    is_undo = row.undo_key == key
    if row.status in ((t.DONE, t.STUCK) if is_undo else (t.WAITING, t.STUCK)):
        known(connection, runtime, row, answer, is_undo=is_undo, by_person=by_person)
    return row.entity, row.record_id


def lock_run(connection: sa.Connection, runtime: Runtime, call_id: str) -> None:
    """Lock the run of a call before its record, in the order in which workers do."""
    table = runtime.system.call
    found = connection.execute(sa.select(table.c.log_id).where(table.c.id == call_id)).scalar()
    if found is not None:
        locked(connection, runtime, str(found))


def again(connection: sa.Connection, runtime: Runtime, call_id: str) -> None:
    """Let a call that was given up be made again, under its key."""
    table, now = runtime.system.call, runtime.clock()
    row = connection.execute(sa.select(table).where(table.c.id == call_id)).first()
    if row is None:
        return
    status = t.DONE if row.undo_key is not None else t.WAITING
    connection.execute(
        table.update()
        .where(table.c.id == call_id, table.c.status.in_((t.STUCK, t.WAITING)))
        .values(
            status=status,
            is_settled=False,
            attempts=0,
            next_at=now,
            lease_until=None,
            lease_token=None,
        )
    )
    schedule(connection, runtime, row.log_id, now)


def fire_again(connection: sa.Connection, runtime: Runtime, call_id: str) -> None:
    """Fire the transition of a result that was refused before; nobody is asked again."""
    table = runtime.system.call
    row = connection.execute(sa.select(table).where(table.c.id == call_id)).first()
    if row is None or row.status not in (t.DONE, t.FAILED):
        return
    outcome = DONE if row.status == t.DONE else REFUSED
    answer = Answer(outcome, row.output or {}, row.code or "", row.message or "")
    fire(connection, runtime, row, answer)


def _unknown(connection: sa.Connection, runtime: Runtime, taken: Taken, answer: Answer) -> None:
    """Try again later under the same key, or let a person say what became of it."""
    table, now, row = runtime.system.call, runtime.clock(), taken.row
    told = {"code": answer.code[:100] or None, "message": answer.message[:LONGEST] or None}
    freed = {"lease_until": None, "lease_token": None, **told}
    if not taken.is_last:
        due = now + timedelta(seconds=taken.asked.operation.retry.pause(taken.attempts))
        connection.execute(table.update().where(table.c.id == row.id).values(next_at=due, **freed))
        schedule(connection, runtime, row.log_id, due)
        return
    connection.execute(table.update().where(table.c.id == row.id).values(status=t.STUCK, **freed))
    incidents.open_incident(
        connection,
        runtime,
        "undo_failed" if taken.is_undo else "call_unknown",
        (incidents.CALL, row.id),
        (row.entity, row.record_id),
        {
            "operation": f"{taken.asked.connector.name}.{taken.asked.operation.name}",
            "key": taken.asked.key,
            "attempts": taken.attempts,
            "code": answer.code,
            "message": answer.message[:LONGEST],
        },
    )
