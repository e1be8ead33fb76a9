"""Incidents: what nobody but a person can settle, opened once, closed once.

An incident is about one thing: a call, an event, a timer, or a record whose stored state nobody
knows. Opening it again while it is open changes nothing, so whatever retries may say it each time.
It holds facts for a sentence and never a credential or a body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.outside_tables import CLOSED, OPEN

CALL, EVENT, TIMER, JOB, RECORD, HOOK = "call", "event", "timer", "job", "record", "webhook"
"""What an incident is about."""
MOST = 200


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing a person must look at.

    `kind` is call_unknown, call_not_ready, undo_failed, by_hand, answer_refused, event_refused,
    timer_refused, state_stands_still, job_unknown, webhook_dead; of a record itself
    unknown_stored_state, auto_loop, effect_failed.
    """

    id: str
    kind: str
    entity: str
    record_id: str
    about: str
    about_id: str
    facts: Mapping[str, Any]
    state: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_name: str | None = None
    outcome: str | None = None
    reason: str | None = None


def open_incident(
    connection: sa.Connection,
    runtime: Runtime,
    kind: str,
    about: tuple[str, str],
    record: tuple[str, str],
    facts: Mapping[str, Any],
) -> str:
    """Open an incident in the caller's transaction, unless the same is open already; return its id.

    Args:
        connection: inside a transaction.
        runtime: the back office.
        kind: what happened; the page words it.
        about: call, event, timer, job, record or webhook, and its id.
        record: the entity and the id of the record, which may be empty.
        facts: small values for the sentence.

    """
    table = runtime.system.incident
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {
        "id": runtime.make_id(),
        "kind": kind,
        "entity": record[0],
        "record_id": record[1] or None,
        "about": about[0],
        "about_id": about[1],
        "facts": dict(facts),
        "state": OPEN,
        "opened_at": runtime.clock(),
    }
    # the row that is open already is touched, so that its id comes back in the same statement and
    # nobody closes it in between
    made = (
        insert(table)
        .values(row)
        .on_conflict_do_update(
            index_elements=["about", "about_id", "kind"],
            index_where=table.c.state == sa.literal_column(f"'{OPEN}'"),
            set_={"kind": kind},
        )
        .returning(table.c.id)
    )
    return str(connection.execute(made).scalar_one())


def close(
    connection: sa.Connection,
    runtime: Runtime,
    incident_id: str,
    by: tuple[int, str],
    outcome: str,
    reason: str,
) -> bool:
    """Close an incident; False when it is closed already."""
    table = runtime.system.incident
    closed = (
        table.update()
        .where(table.c.id == incident_id, table.c.state == OPEN)
        .values(
            state=CLOSED,
            closed_at=runtime.clock(),
            closed_by=by[0],
            closed_name=by[1][:200],
            outcome=outcome,
            reason=reason[:2000] or None,
        )
        .returning(table.c.id)
    )
    return connection.execute(closed).first() is not None


def close_about(
    connection: sa.Connection, runtime: Runtime, about: str, about_id: str, outcome: str
) -> None:
    """Close whatever is open about a thing that settled itself after all."""
    table = runtime.system.incident
    connection.execute(
        table.update()
        .where(table.c.about == about, table.c.about_id == about_id, table.c.state == OPEN)
        .values(state=CLOSED, closed_at=runtime.clock(), closed_by=0, outcome=outcome)
    )


def find(connection: sa.Connection, runtime: Runtime, incident_id: str) -> Incident | None:
    """Return an incident, open or closed."""
    table = runtime.system.incident
    row = connection.execute(sa.select(table).where(table.c.id == incident_id)).first()
    return None if row is None else _made(row)


def listed(
    runtime: Runtime,
    entities: Sequence[str],
    *,
    state: str = OPEN,
    record_id: str = "",
    limit: int = MOST,
) -> Sequence[Incident]:
    """Return the incidents of these entities, the oldest open or the latest closed first."""
    table = runtime.system.incident
    order = table.c.id if state == OPEN else table.c.id.desc()
    asked = sa.select(table).where(table.c.entity.in_(sorted(entities)), table.c.state == state)
    if record_id:
        asked = asked.where(table.c.record_id == record_id)
    with read(runtime.engine) as connection:
        return [_made(row) for row in connection.execute(asked.order_by(order).limit(limit))]


def counted(runtime: Runtime, entities: Sequence[str]) -> sa.Select[int]:
    """Return what counts those that are open."""
    table = runtime.system.incident
    return sa.select(sa.func.count()).where(
        table.c.entity.in_(sorted(entities)), table.c.state == OPEN
    )


def _made(row: Any) -> Incident:
    return Incident(
        row.id,
        row.kind,
        row.entity,
        row.record_id or "",
        row.about,
        row.about_id or "",
        row.facts,
        row.state,
        row.opened_at,
        row.closed_at,
        row.closed_name,
        row.outcome,
        row.reason,
    )
