"""Calls of other systems: taken, made, settled; no transaction is open meanwhile.

A worker may die anywhere. Before the call its key and attempt are stored; after it, the result, the
transition that it fires and the next call are one transaction. Dying between means that the same
call is made again under the same key, and the provider answers as it did before. The calls of one
transition are a run: `rules/workflow/outside.py` says what comes next, also when one was refused
and those before it are taken back. The runs of one record follow each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.connectors import ABSENT, UNKNOWN, Answer, Asked, ConnectorType
from generator.model.connector import DONE, REFUSED, Connector
from generator.model.entity import Field
from rules.commands import Call
from rules.workflow import outside as rules
from runtime.errors import NotInFromState, RecordBusy, RequestError
from runtime.jobs import runs
from runtime.operations._firing import Wanted, fire_inside, work_of
from runtime.outside import incidents, settings
from runtime.runtime import Runtime
from runtime.store import outside_tables as t
from runtime.store.engine import write

JOB = "outside_call"
LEASE = timedelta(seconds=180)
"""Longer than any time-out: a call has one caller at a time."""
LONGEST = 500


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


def take(runtime: Runtime, log_id: str) -> Taken | None:
    """Return the next call of a run, leased to the caller; None when there is none to make now."""
    table, now = runtime.system.call, runtime.clock()
    with write(runtime.engine) as connection:
        rows = _locked(connection, runtime, log_id)
        step = rules.following(_run(rows))
        # what nobody knows is not passed over: a person says it first
        if step.state not in ("running", "reverting") or any(r.status == t.STUCK for r in rows):
            return None
        row = rows[step.position]
        if row.lease_until is not None and row.lease_until > now:
            return None
        if row.next_at > now or _is_behind(connection, runtime, row):
            return None
        found = _asked(connection, runtime, row, step)
        if found is None:
            return None
        pause = settings.closed_until(runtime, connection, found.connector.name)
        if pause is not None and pause > now:
            _postpone(connection, runtime, row, pause)
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
        known = _ask_about(taken)
        if known.outcome != ABSENT:
            return known
    answer = taken.kind.call(asked)
    if answer.outcome == ABSENT:
        return Answer(UNKNOWN, code=answer.code)
    if answer.outcome == UNKNOWN and taken.is_last and operation.status:
        known = _ask_about(taken)
        return Answer(UNKNOWN, code=ABSENT) if known.outcome == ABSENT else known
    return answer


def settle(runtime: Runtime, taken: Taken, answer: Answer) -> None:
    """Write what became of a call, fire what it fires, and queue what follows: one transaction.

    A lease that ended meanwhile changes nothing: whoever has it now asks under the same key.
    """
    table, now = runtime.system.call, runtime.clock()
    with write(runtime.engine) as connection:
        _locked(connection, runtime, taken.row.log_id)
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
            _known(connection, runtime, row, answer, is_undo=taken.is_undo)


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
    rows = {row.id: row for row in _locked(connection, runtime, found.log_id)}
    row = next(one for one in rows.values() if key in (one.key, one.undo_key))
    is_undo = row.undo_key == key
    if row.status in ((t.DONE, t.STUCK) if is_undo else (t.WAITING, t.STUCK)):
        _known(connection, runtime, row, answer, is_undo=is_undo, by_person=by_person)
    return row.entity, row.record_id


def lock_run(connection: sa.Connection, runtime: Runtime, call_id: str) -> None:
    """Lock the run of a call before its record, in the order in which workers do."""
    table = runtime.system.call
    found = connection.execute(sa.select(table.c.log_id).where(table.c.id == call_id)).scalar()
    if found is not None:
        _locked(connection, runtime, str(found))


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
    _fire(connection, runtime, row, answer)


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


def _locked(connection: sa.Connection, runtime: Runtime, log_id: str) -> list[Any]:
    """Return the calls of a run in their order; whoever looks at it next waits."""
    table = runtime.system.call
    asked = sa.select(table).where(table.c.log_id == log_id).order_by(table.c.id).with_for_update()
    return list(connection.execute(asked))


def _run(rows: list[Any]) -> tuple[rules.Made, ...]:
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


def _is_behind(connection: sa.Connection, runtime: Runtime, row: Any) -> bool:
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


def _asked(connection: sa.Connection, runtime: Runtime, row: Any, step: rules.Next) -> Asked | None:
    """Return what to ask; None, and an incident, when the connector is not ready for it."""
    name, _, operation = step.operation.rpartition(".")
    connector = runtime.app.connectors.get(name)
    model = connector.operations.get(operation) if connector is not None else None
    if connector is None or model is None:
        _not_ready(connection, runtime, row, {"operation": step.operation, "why": "unknown"})
        return None
    reach = settings.reach(runtime, connection, connector)
    if not reach.is_ready:
        why = {"connector": name, "why": reach.mode, "missing": list(reach.missing)}
        _not_ready(connection, runtime, row, {"operation": step.operation, **why})
        return None
    given = {**(row.output or {}), **_in_api_form(runtime, connector, row)}
    values = {key: given[key] for key in model.input if given.get(key) is not None}
    return Asked(connector, model, values, step.key, reach.settings)


def _not_ready(connection: sa.Connection, runtime: Runtime, row: Any, facts: Any) -> None:
    table = runtime.system.call
    incidents.open_incident(
        connection,
        runtime,
        "call_not_ready",
        (incidents.CALL, row.id),
        (row.entity, row.record_id),
        facts,
    )
    connection.execute(
        table.update().where(table.c.id == row.id).values(status=t.STUCK, lease_until=None)
    )


def _in_api_form(runtime: Runtime, connector: Connector, row: Any) -> dict[str, Any]:
    """Return the values of a call as they travel; stored numbers get their point again."""
    operation = connector.operations.get(row.operation.rpartition(".")[2])
    types = runtime.compiled.field_types
    found = {}
    for name, value in row.values.items():
        field = operation.input.get(name) if operation is not None else None
        dump = types[field.type].dump(field) if field is not None else None
        # what JSON cannot hold was written as text, in API form already
        is_stored = dump is not None and value is not None and not isinstance(value, str)
        found[name] = dump(value) if dump is not None and is_stored else value
    return found


def _postpone(connection: sa.Connection, runtime: Runtime, row: Any, until: datetime) -> None:
    table = runtime.system.call
    connection.execute(table.update().where(table.c.id == row.id).values(next_at=until))
    schedule(connection, runtime, row.log_id, until)


def _ask_about(taken: Taken) -> Answer:
    """Ask what became of a call, by its key."""
    asked = taken.asked
    status = asked.connector.operations[asked.operation.status]
    about = Asked(asked.connector, status, {}, asked.key, asked.settings, about=True)
    answer = taken.kind.call(about)
    if answer.outcome != DONE:
        return answer
    kept = {name: value for name, value in answer.output.items() if name in asked.operation.output}
    return Answer(DONE, kept)


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


def _known(
    connection: sa.Connection,
    runtime: Runtime,
    row: Any,
    answer: Answer,
    *,
    is_undo: bool,
    by_person: bool = False,
) -> None:
    """Write a result that is certain, with everything that follows from it."""
    table, now = runtime.system.call, runtime.clock()
    is_done = answer.outcome == DONE
    if is_undo and not is_done and not by_person:
        _undo_refused(connection, runtime, row, answer)
        return
    ends = (t.UNDONE, t.KEPT) if is_undo else (t.DONE, t.FAILED)
    status = ends[0] if is_done else ends[1]
    connection.execute(
        table.update()
        .where(table.c.id == row.id)
        .values(
            status=status,
            output=row.output if is_undo else dict(answer.output),
            code=answer.code[:100] or None,
            message=answer.message[:LONGEST] or None,
            settled_at=now,
            lease_until=None,
            lease_token=None,
            attempts=0,
            next_at=now,
        )
    )
    incidents.close_about(connection, runtime, incidents.CALL, row.id, answer.outcome)
    if not is_undo:
        _fire(connection, runtime, row, answer)
    _go_on(connection, runtime, row)


def _undo_refused(connection: sa.Connection, runtime: Runtime, row: Any, answer: Answer) -> None:
    table = runtime.system.call
    freed = {"lease_until": None, "lease_token": None}
    connection.execute(table.update().where(table.c.id == row.id).values(status=t.STUCK, **freed))
    facts = {"operation": row.undo, "code": answer.code, "message": answer.message[:LONGEST]}
    record = (row.entity, row.record_id)
    about = (incidents.CALL, row.id)
    incidents.open_incident(connection, runtime, "undo_failed", about, record, facts)


def _go_on(connection: sa.Connection, runtime: Runtime, row: Any) -> None:
    """Queue the next call of the run, or end it and queue the next run of the record."""
    table, now = runtime.system.call, runtime.clock()
    rows = _locked(connection, runtime, row.log_id)
    step = rules.following(_run(rows))
    if step.state in ("running", "reverting"):
        schedule(connection, runtime, row.log_id, now)
        return
    if step.state == "needs_person":
        left = rows[step.position]
        incidents.open_incident(
            connection,
            runtime,
            "by_hand",
            (incidents.CALL, left.id),
            (left.entity, left.record_id),
            {"operation": left.operation, "key": left.key},
        )
    mine = table.c.log_id == row.log_id
    connection.execute(
        table.update()
        .where(mine, table.c.status == t.WAITING)
        .values(status=t.SKIPPED, settled_at=now)
    )
    connection.execute(table.update().where(mine).values(is_settled=True))
    following = (
        sa.select(table.c.log_id)
        .where(
            table.c.entity == row.entity,
            table.c.record_id == row.record_id,
            table.c.is_settled.is_(False),
        )
        .order_by(table.c.id)
        .limit(1)
    )
    after = connection.execute(following).scalar()
    if after is not None:
        schedule(connection, runtime, str(after), now)


def _fire(connection: sa.Connection, runtime: Runtime, row: Any, answer: Answer) -> None:
    """Fire the transition of a result; one that is refused is an incident, and the result stays."""
    edge = row.on_success if answer.outcome == DONE else row.on_failure
    if not edge:
        return
    workflow, name = edge
    wanted = Wanted(
        row.entity,
        row.record_id,
        workflow,
        name,
        _answers(runtime, row, (workflow, name), answer),
        cause=row.key,
        cause_log_id=row.log_id,
    )
    savepoint = connection.begin_nested()
    try:
        fire_inside(work_of(connection, runtime, "system", row.id), wanted)
    except RecordBusy:
        # the whole result is undone and asked for again under the same key
        raise
    except RequestError as refusal:
        savepoint.rollback()
        if isinstance(refusal, NotInFromState) and _is_there(runtime, row, edge, refusal):
            return
        incidents.open_incident(
            connection,
            runtime,
            "answer_refused",
            (incidents.CALL, row.id),
            (row.entity, row.record_id),
            {
                "operation": row.operation,
                "outcome": answer.outcome,
                "transition": f"{workflow}.{name}",
                "code": str(refusal.code),
                "why": refusal.message.text("en"),
            },
        )
    else:
        savepoint.commit()


def _is_there(runtime: Runtime, row: Any, edge: Any, refusal: RequestError) -> bool:
    """Return whether the record is where the result leads: an event told us first."""
    edges = runtime.app.workflows[row.entity][edge[0]].named(edge[1])
    return refusal.params.get("current") in {target for one in edges for target in one.targets}


def _answers(runtime: Runtime, row: Any, edge: tuple[str, str], answer: Answer) -> dict[str, Any]:
    """Return what the transition asks for, out of the result.

    That is the outputs, and of a refusal its `code`, its `message` and both as `failure`.
    """
    failure = " ".join(text for text in (answer.message, f"({answer.code})") if text.strip("()"))
    told = {"code": answer.code, "message": answer.message, "failure": failure, **answer.output}
    asked: dict[str, Field] = {}
    for one in runtime.app.workflows[row.entity][edge[0]].named(edge[1]):
        asked |= {key: question.field for key, question in one.input.items()}
    return stored(runtime, {key: told[key] for key in asked if key in told}, asked)


def stored(
    runtime: Runtime, values: Mapping[str, Any], fields: Mapping[str, Field]
) -> dict[str, Any]:
    """Return values in stored form; what does not read as its field is left out."""
    found = {}
    types = runtime.compiled.field_types
    for name, value in values.items():
        field = fields[name]
        if value is None or value == "":
            continue
        read = types[field.type].schema(field)
        try:
            found[name] = read.deserialize(value)
        except ma.ValidationError:
            continue
    return found
