"""Events of other systems: verified, stored, answered, and only then handled, each exactly once.

`receive` does what the one who sent it waits for. `process` does the rest in the background: the
mark that an event is handled and what it did are one transaction, and a record that it changes by
the rights of a role remembers the event's key, so an event told n times has one effect. One that
comes before what it is about is tried again; what is refused in the end is an incident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import marshmallow as ma
import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from generator.connectors import Answer
from generator.model.connector import Handling, Pick, Webhook
from generator.model.entity import Field
from runtime.connectors._paths import ask_path
from runtime.errors import RequestError
from runtime.jobs import runs
from runtime.messages import Actor, Incoming
from runtime.operations._firing import fire_inside, work_of
from runtime.operations._wanted import Wanted
from runtime.outside import call_results, calls, incidents, proving, settings
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.guard import system
from runtime.store.outside_tables import GIVEN_UP, HANDLED, IGNORED, NEW

JOB = "outside_event"
PAUSES = (5, 30, 120, 600, 1800, 7200)
"""Seconds until an event that could not be handled is tried again; after the last, a person."""
KEPT = timedelta(days=90)
"""How long the body of a settled event is kept: it may tell of people."""
LONGEST_ID, LONGEST_TYPE = 200, 100


@dataclass(frozen=True)
class Received:
    """What is answered to whoever sent an event."""

    status: int
    code: str


class _Failed(Exception):
    """An event that could not be handled now."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def receive(runtime: Runtime, path: str, headers: Mapping[str, str], body: bytes) -> Received:
    """Believe an event or not, store it, and say what to answer. Headers by lower-case name."""
    webhook = next((one for one in runtime.app.webhooks.values() if one.path == path), None)
    if webhook is None:
        return Received(404, "unknown_webhook")
    if len(body) > webhook.largest:
        return Received(413, "too_large")
    secret = _secret(runtime, webhook)
    if not secret:
        # the provider tries again; by then somebody may have entered it
        return Received(503, "not_configured")
    refused = proving.refusal(webhook.verify, secret, headers, body, runtime.clock())
    if refused:
        return Received(401, refused)
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Received(400, "not_json")
    event_id, kind = pick(webhook.id, told), pick(webhook.type, told)
    if not _is_name(event_id, LONGEST_ID) or not _is_name(kind, LONGEST_TYPE):
        return Received(400, "no_event_id")
    return store(runtime, webhook, str(event_id), str(kind), told, body)


def _secret(runtime: Runtime, webhook: Webhook) -> str:
    connector = runtime.app.connectors[webhook.connector]
    with read(runtime.engine) as connection:
        reach = settings.reach(runtime, connection, connector)
    return reach.settings.get(webhook.verify.secret, "") if reach.mode != settings.OFF else ""


def _is_name(value: Any, longest: int) -> bool:
    return isinstance(value, (str, int)) and 0 < len(str(value)) <= longest


def store(
    runtime: Runtime, webhook: Webhook, event_id: str, kind: str, told: Any, body: bytes
) -> Received:
    """Keep an event that is believed, once; a job handles it."""
    table, now = runtime.system.event, runtime.clock()
    digest = hashlib.sha256(body).hexdigest()
    with write(runtime.engine) as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = {
            "id": runtime.make_id(),
            "provider": webhook.connector,
            "webhook": webhook.name,
            "event_id": event_id,
            "event_type": kind,
            "body": told,
            "body_hash": digest,
            "received_at": now,
            "deliveries": 1,
            "status": NEW,
            "is_empty": False,
            "attempts": 0,
            "next_at": now,
        }
        stored = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
        made = connection.execute(stored).scalar()
        if made is not None:
            _schedule(connection, runtime, str(made), 0, 0)
            return Received(200, "stored")
        same = sa.and_(table.c.provider == webhook.connector, table.c.event_id == event_id)
        known = connection.execute(sa.select(table.c.body_hash).where(same)).scalar_one()
        if known != digest:
            return Received(409, "event_id_reused")
        more = table.update().where(same).values(deliveries=table.c.deliveries + 1)
        connection.execute(more)
        return Received(200, "known")


def _schedule(
    connection: sa.Connection, runtime: Runtime, row_id: str, attempt: int, seconds: int
) -> None:
    run = runs.NewRun(
        job=JOB,
        queue="critical",
        input={"event": row_id},
        unique_key=f"event-{row_id}-{attempt}",
        due_at=runtime.clock() + timedelta(seconds=seconds),
        max_attempts=20,
    )
    runs.create(connection, run, runtime.clock())


def process(runtime: Runtime, row_id: str) -> None:
    """Handle a stored event, once; what is refused is tried again, and in the end an incident."""
    table = runtime.system.event
    try:
        with write(runtime.engine) as connection:
            asked = sa.select(table).where(table.c.id == row_id).with_for_update()
            row = connection.execute(asked).first()
            if row is None or row.status != NEW:
                return
            handling = _handling(runtime, row)
            if handling is None:
                _settle(connection, runtime, row, IGNORED, ("", ""))
                return
            if handling.deed in ("answer", "transition"):
                record = _inside(connection, runtime, row, handling)
                _settle(connection, runtime, row, HANDLED, record)
                return
        # by a role's rights: the pipeline remembers the key in the transaction of the change
        record = _by_rights(runtime, row, handling)
        with write(runtime.engine) as connection:
            _settle(connection, runtime, row, HANDLED, record)
    except _Failed as failed:
        _later(runtime, row_id, failed.code, "")
    except RequestError as refusal:
        _later(runtime, row_id, str(refusal.code), refusal.message.text("en"))


def again(connection: sa.Connection, runtime: Runtime, row_id: str) -> None:
    """Let an event that was given up be handled again."""
    table = runtime.system.event
    row = connection.execute(sa.select(table).where(table.c.id == row_id)).first()
    if row is None or row.status != GIVEN_UP:
        return
    renewed = {"status": NEW, "attempts": 0, "next_at": runtime.clock()}
    connection.execute(table.update().where(table.c.id == row_id).values(renewed))
    _schedule(connection, runtime, row_id, int(runtime.clock().timestamp()), 0)


def ignore(connection: sa.Connection, runtime: Runtime, row_id: str) -> None:
    """Let an event that was given up be: a person did what it asked for."""
    table = runtime.system.event
    connection.execute(
        table.update()
        .where(table.c.id == row_id, table.c.status == GIVEN_UP)
        .values(status=IGNORED, settled_at=runtime.clock())
    )


def forget_bodies(runtime: Runtime, older_than: timedelta = KEPT) -> int:
    """Empty the bodies of events settled long ago; their ids stay, so none is handled again."""
    table, before = runtime.system.event, runtime.clock() - older_than
    with write(runtime.engine) as connection:
        emptied = (
            table.update()
            .where(table.c.settled_at < before, table.c.is_empty.is_(False))
            .values(body={}, is_empty=True)
            .returning(table.c.id)
        )
        return len(connection.execute(emptied).all())


def pick(pick: Pick, body: Any) -> Any:
    """Return a value of an event; a number is multiplied where the pick says so."""
    value = ask_path(body, pick.path)
    if pick.factor is not None and isinstance(value, (int, float)):
        product = Decimal(str(value)) * pick.factor
        return format(product.normalize(), "f")
    return value


def _handling(runtime: Runtime, row: Any) -> Handling | None:
    webhook = runtime.app.webhooks.get(row.webhook)
    return webhook.events.get(row.event_type) if webhook is not None else None


def _inside(
    connection: sa.Connection, runtime: Runtime, row: Any, handling: Handling
) -> tuple[str, str]:
    """Answer a call or fire a transition in the transaction of the event's own row."""
    if handling.deed == "answer":
        assert handling.answers is not None
        key = pick(handling.answers, row.body)
        output = {name: pick(one, row.body) for name, one in handling.output.items()}
        told = {name: value for name, value in output.items() if value is not None}
        code = str(told.pop("code", "")) if "code" not in handling.output else ""
        answer = Answer(handling.outcome, told, code or row.event_type)
        record = calls.answered(connection, runtime, str(key), answer) if key else None
        if record is None:
            # it may have come before our own commit
            raise _Failed("unknown_call")
        return record
    assert handling.transition is not None
    workflow, name = handling.transition
    record_id = _find(connection, runtime, row, handling)
    if record_id is None:
        raise _Failed("unknown_record")
    questions: dict[str, Field] = {}
    for edge in runtime.app.workflows[handling.entity][workflow].named(name):
        questions |= {key: one.field for key, one in edge.input.items()}
    values = {key: pick(one, row.body) for key, one in handling.input.items()}
    wanted = Wanted(
        handling.entity,
        record_id,
        workflow,
        name,
        _stored(runtime, values, questions),
        source="event",
        cause=f"{row.provider}:{row.event_id}"[:200],
    )
    fire_inside(work_of(connection, runtime, "event", row.id), wanted)
    return handling.entity, record_id


def _by_rights(runtime: Runtime, row: Any, handling: Handling) -> tuple[str, str]:
    """Create or update a record in the name of a role; the event's key makes it once."""
    actor = Actor(0, row.webhook, frozenset({handling.role}), kind="job")
    record_id = ""
    with read(runtime.engine) as connection:
        found = _find(connection, runtime, row, handling) if handling.find else None
        version = _version(connection, runtime, handling.entity, found) if found else None
    if handling.deed == "create" and found is not None:
        return handling.entity, found
    if handling.deed == "update":
        if found is None:
            raise _Failed("unknown_record")
        record_id = found
    picks = handling.create if handling.deed == "create" else handling.update
    fields = runtime.app.entities[handling.entity].fields
    values = {name: _api(runtime, fields[name], pick(one, row.body)) for name, one in picks.items()}
    incoming = Incoming(
        handling.deed,
        handling.entity,
        actor,
        record_id,
        {name: value for name, value in values.items() if value is not None},
        version=version if record_id else None,
        idempotency_key=f"event-{row.id}",
        source="event",
        request_id=row.id,
    )
    answer = handle(incoming, runtime)
    if isinstance(answer, RequestError):
        raise answer
    return handling.entity, record_id


def _find(connection: sa.Connection, runtime: Runtime, row: Any, handling: Handling) -> str | None:
    """Return the id of the one record that an event is about; None when there is none.

    Raises:
        _Failed: there are several, or the event does not say which.

    """
    fields = runtime.app.entities[handling.entity].fields
    values = {name: pick(one, row.body) for name, one in handling.find.items()}
    wanted = _stored(runtime, values, fields)
    if set(wanted) != set(handling.find):
        raise _Failed("no_record_named")
    table = runtime.schema.tables[handling.entity]
    asked = sa.select(table.c.id).limit(2)
    for name, value in wanted.items():
        asked = asked.where(table.c[name] == value)
    if "archived_at" in table.c:
        asked = asked.where(table.c.archived_at.is_(None))
    found = connection.execute(system(asked, "which record an event is about")).all()
    if len(found) > 1:
        raise _Failed("several_records")
    return str(found[0].id) if found else None


def _version(connection: sa.Connection, runtime: Runtime, entity: str, record_id: str) -> int:
    table = runtime.schema.tables[entity]
    asked = sa.select(table.c.version).where(table.c.id == record_id)
    return int(connection.execute(system(asked, "the version an event changes")).scalar_one())


def _stored(
    runtime: Runtime, values: Mapping[str, Any], fields: Mapping[str, Field]
) -> dict[str, Any]:
    told = {name: _api(runtime, fields[name], value) for name, value in values.items()}
    return call_results.stored(runtime, told, fields)


def _api(runtime: Runtime, field: Field, value: Any) -> Any:
    """Return a value as its field takes it: a number where a text is wanted is its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            runtime.compiled.field_types[field.type].schema(field).deserialize(value)
        except ma.ValidationError:
            return str(value)
    return value


def _settle(
    connection: sa.Connection, runtime: Runtime, row: Any, status: str, record: tuple[str, str]
) -> None:
    table = runtime.system.event
    connection.execute(
        table.update()
        .where(table.c.id == row.id)
        .values(
            status=status,
            entity=record[0] or None,
            record_id=record[1] or None,
            settled_at=runtime.clock(),
            attempts=table.c.attempts + 1,
            error=None,
        )
    )
    incidents.close_about(connection, runtime, incidents.EVENT, row.id, "done")


def _later(runtime: Runtime, row_id: str, code: str, why: str) -> None:
    """Try an event again after a pause; after the last one, ask for a person."""
    table = runtime.system.event
    with write(runtime.engine) as connection:
        asked = sa.select(table).where(table.c.id == row_id).with_for_update()
        row = connection.execute(asked).first()
        if row is None or row.status != NEW:
            return
        told = {"attempts": row.attempts + 1, "error": f"{code}: {why}"[:2000]}
        if row.attempts < len(PAUSES):
            seconds = PAUSES[row.attempts]
            due = runtime.clock() + timedelta(seconds=seconds)
            connection.execute(
                table.update().where(table.c.id == row_id).values(next_at=due, **told)
            )
            _schedule(connection, runtime, row_id, row.attempts + 1, seconds)
            return
        connection.execute(
            table.update().where(table.c.id == row_id).values(status=GIVEN_UP, **told)
        )
        handling = _handling(runtime, row)
        facts = {
            "webhook": row.webhook,
            "event": row.event_id,
            "type": row.event_type,
            "code": code,
            "why": why,
        }
        entity = handling.entity if handling is not None else ""
        entity = entity or _calling(runtime, row.provider)
        about = (incidents.EVENT, row_id)
        incidents.open_incident(connection, runtime, "event_refused", about, (entity, ""), facts)


def _calling(runtime: Runtime, connector: str) -> str:
    """Return an entity whose transitions call a connector: its operators see what was refused."""
    for entity, workflows in runtime.app.workflows.items():
        for workflow in workflows.values():
            for edge in workflow.transitions:
                for effect in edge.effects:
                    if str(effect.given.get("call", "")).startswith(f"{connector}."):
                        return entity
    return ""
