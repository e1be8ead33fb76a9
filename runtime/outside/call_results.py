"""What follows from a result that is certain: its transition, the next call, the next run.

Comes in: the row of a call and its answer, inside the transaction that keeps them. Goes out:
everything written; a transition that is refused is an incident, and the result stays.
"""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.connectors import Answer
from generator.model.connector import DONE
from generator.model.entity import Field
from rules.workflow import outside as rules
from runtime.errors import NotInFromState, RecordBusy, RequestError
from runtime.operations._firing import fire_inside, work_of
from runtime.operations._wanted import Wanted
from runtime.outside import incidents
from runtime.outside.call_runs import locked, made, schedule
from runtime.runtime import Runtime
from runtime.store import outside_tables as t

LONGEST = 500
"""Characters kept of what a provider says."""


def known(
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
        fire(connection, runtime, row, answer)
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
    rows = locked(connection, runtime, row.log_id)
    step = rules.following(made(rows))
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


def fire(connection: sa.Connection, runtime: Runtime, row: Any, answer: Answer) -> None:
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
