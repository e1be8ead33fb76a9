"""What happens on the stage although nobody acts: time passes, and other systems answer.

Nothing is reached: a call waits until the scenario says what came back, and timers ring when it
lets time pass, the soonest first, each at its own moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from generator.connectors import Answer
from generator.model.connector import DONE, REFUSED
from runtime.errors import RequestError
from runtime.operations._unfired import KINDS
from runtime.outside import calls, events
from runtime.outside.relay import CALL
from runtime.outside.timers import ring_due
from runtime.store.engine import read, write
from runtime.store.outside_tables import NEW
from runtime.store.workflow_tables import ARMED
from runtime.verify.stage import Stage

MOST = 500
"""So many timers ring in one step at most; more never come to an end."""


def pass_time(stage: Stage, seconds: int) -> None:
    """Let time pass, and ring what comes due on the way when it does."""
    until = stage.now + timedelta(seconds=seconds)
    for _ in range(MOST):
        due = _soonest(stage)
        if due is None or due > until:
            break
        stage.now = max(stage.now, due)
        ring_due(stage.runtime, lambda connection: stage.now)
    stage.now = until


def _soonest(stage: Stage) -> Any:
    table = stage.runtime.system.timer
    asked = sa.select(sa.func.min(table.c.next_at)).where(table.c.status == ARMED)
    with read(stage.runtime.engine) as connection:
        return connection.execute(asked).scalar()


def answer(
    stage: Stage, operation: str, output: Mapping[str, Any], refused: str | None
) -> str | None:
    """Answer the oldest call of an operation that waits; return why that cannot be."""
    runtime = stage.runtime
    with write(runtime.engine) as connection:
        _begin(connection, stage)
        table = runtime.system.call
        waiting = (
            sa.select(table.c.key)
            .where(table.c.operation == operation, table.c.is_settled.is_(False))
            .where(table.c.settled_at.is_(None))
            .order_by(table.c.id)
        )
        key = connection.execute(waiting.limit(1)).scalar()
        if key is None:
            return f"no call of {operation} waits for an answer"
        told = Answer(DONE, output) if refused is None else Answer(REFUSED, {}, refused, refused)
        calls.answered(connection, runtime, str(key), told)
    return None


def tell(
    stage: Stage, name: str, kind: str, values: Mapping[str, Any], times: int
) -> RequestError | str | None:
    """Let an event arrive and be handled at once; return why it cannot be applied now."""
    runtime = stage.runtime
    webhook = runtime.app.webhooks[name]
    handling, event_id = webhook.events[kind], runtime.make_id()
    said = {tuple(path.split(".")): value for path, value in values.items()}
    said |= {webhook.id.path: event_id, webhook.type.path: kind}
    with write(runtime.engine) as connection:
        _begin(connection, stage)
        if handling.answers is not None and handling.answers.path not in said:
            said[handling.answers.path] = _key(connection, stage, webhook.connector, kind)
    body = _nested(said)
    for _ in range(times):
        events.store(runtime, webhook, event_id, kind, body, orjson.dumps(body))
        table = runtime.system.event
        with read(runtime.engine) as connection:
            found = sa.select(table.c.id).where(table.c.event_id == event_id)
            row_id = str(connection.execute(found).scalar_one())
        events.process(runtime, row_id)
    with read(runtime.engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == row_id)).one()
    if row.status != NEW:
        return None
    code, _, why = str(row.error).partition(": ")
    return KINDS[code](why) if code in KINDS else f"event: {row.error}"


def _key(connection: sa.Connection, stage: Stage, connector: str, kind: str) -> str:
    """Return the key of the call that an event is about: the oldest that waits, else the last."""
    operations = stage.runtime.app.connectors[connector].operations
    named = {f"{connector}.{one.name}" for one in operations.values() if one.tells == kind}
    table = stage.runtime.system.call
    rows = connection.execute(sa.select(table).order_by(table.c.id)).all()
    about = [row for row in rows if row.operation in named] or [
        row for row in rows if row.operation.startswith(f"{connector}.")
    ]
    waiting = [row for row in about if row.settled_at is None]
    row = waiting[0] if waiting else about[-1] if about else None
    return str(row.key) if row is not None else "none"


def _nested(said: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return a JSON value in which each path holds its value."""
    body: dict[str, Any] = {}
    for path, value in said.items():
        place = body
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
    return body


def _begin(connection: sa.Connection, stage: Stage) -> None:
    """Note the calls that transitions asked for since."""
    table = stage.runtime.system.outbox
    asked = sa.select(table).where(table.c.topic == CALL).order_by(table.c.id)
    for row in connection.execute(asked).all():
        record = (row.entity, str(row.record_id))
        calls.begin(connection, stage.runtime, row.id, record, row.payload)


def asked_for(stage: Stage) -> list[str]:
    """Return every operation that transitions asked for, in order."""
    table = stage.runtime.system.outbox
    asked = sa.select(table.c.payload).where(table.c.topic == CALL).order_by(table.c.id)
    with read(stage.runtime.engine) as connection:
        return [str(row.payload["operation"]) for row in connection.execute(asked)]


@dataclass(frozen=True)
class Fired:
    """A transition that happened."""

    entity: str
    workflow: str
    transition: str
    source: str

    @property
    def name(self) -> str:
        """What a case calls it."""
        return f"{self.entity}.{self.transition}"


def steps(stage: Stage) -> list[Fired]:
    """Return every transition that happened, in order."""
    table = stage.runtime.system.workflow_log
    asked = (
        sa.select(table.c.entity, table.c.workflow, table.c.transition, table.c.source)
        .where(table.c.outcome == "fired", table.c.transition != "")
        .order_by(table.c.id)
    )
    with read(stage.runtime.engine) as connection:
        return [Fired(*row) for row in connection.execute(asked)]


def fired(stage: Stage) -> list[str]:
    """Return the names of every transition that happened, in order."""
    return [one.name for one in steps(stage)]
