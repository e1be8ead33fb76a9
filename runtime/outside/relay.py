"""What is wanted done after a commit leaves the outbox here: calls, notices, jobs, e-mails.

Each is a row in the relay's own transaction, so an event is turned into it once, whatever dies. A
job is found by its name among those there are; a name that means nothing is an incident, not an
import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from generator.model.message import MAIL
from rules.role_names import closure
from runtime.jobs import runs
from runtime.jobs.outbox import Deliver, OutboxRow, mark_done
from runtime.jobs.registry import JobKind
from runtime.mailing import outsiders
from runtime.mailing import sending as letters
from runtime.notifications import BY_MAIL, MAILED, WORKFLOW, Notice, notify
from runtime.operations import _talk
from runtime.outside import calls, incidents
from runtime.runtime import Runtime
from runtime.store import accounts

CALL, NOTIFY, ENQUEUE = "workflow.call", "workflow.notify", "workflow.enqueue"
TOPICS = (CALL, NOTIFY, ENQUEUE, MAILED)
KIND = WORKFLOW


def deliver_outside(runtime: Runtime, kinds: Mapping[str, JobKind]) -> Deliver:
    """Return the delivery of these topics."""

    def deliver(connection: sa.Connection, row: OutboxRow) -> None:
        record = (row.entity, str(row.record_id or ""))
        if row.topic == CALL:
            calls.begin(connection, runtime, row.id, record, row.payload)
        elif row.topic == NOTIFY:
            tell(connection, runtime, record, row.payload)
        elif row.topic == ENQUEUE:
            _enqueue(connection, runtime, kinds, row, record)
        elif row.topic == MAILED:
            letters.queue_notice(connection, runtime, record[1])
        mark_done(connection, row.id, runtime.clock())

    return deliver


def tell(
    connection: sa.Connection, runtime: Runtime, record: tuple[str, str], told: Mapping[str, Any]
) -> int:
    """Write a notice to everybody who holds one of the roles and may read the record."""
    if record[0] not in runtime.app.entities:
        return 0
    wanted = set(told["roles"])
    holding = sorted(
        name for name in runtime.app.roles if wanted & closure(name, runtime.app.roles)
    )
    found = accounts.holding(connection, holding)
    entity = runtime.app.entities[record[0]]
    allowed = _talk.readers(connection, runtime, entity, record[1], found)
    params = {name: told[name] for name in ("name", "workflow", "state") if name in told}
    sending = runtime.make_id()
    message = runtime.app.messages.get(str(told.get("name")))
    message = message if message is not None and message.entity == record[0] else None
    by_mail = {BY_MAIL: True} if message is not None and MAIL in message.always else {}
    kept = {**params, **by_mail}
    notices = [Notice(one.id, KIND, *record, params=kept, sending=sending) for one in allowed]
    if message is not None and message.to is not None:
        outsiders.queue(connection, runtime, sending, record, params)
    return notify(connection, runtime, notices, runtime.clock())


def _enqueue(
    connection: sa.Connection,
    runtime: Runtime,
    kinds: Mapping[str, JobKind],
    row: OutboxRow,
    record: tuple[str, str],
) -> None:
    told = row.payload
    kind = kinds.get(told["job"])
    if kind is None:
        facts = {"job": told["job"], "transition": f"{told['workflow']}.{told['transition']}"}
        about = (incidents.JOB, row.id)
        incidents.open_incident(connection, runtime, "job_unknown", about, record, facts)
        return
    given = {**told["values"], "entity": record[0], "record": record[1], "log": told["log"]}
    run = runs.NewRun(
        job=kind.name,
        queue=kind.queue,
        input=given,
        unique_key=f"{row.id}-{kind.name}",
        max_attempts=kind.attempts,
        outbox_id=row.id,
        alone=kind.alone,
        source="workflow",
    )
    runs.create(connection, run, runtime.clock())
