"""`beside`: what a record's page shows next to it: its files, and whether one follows it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _attachments, _talk
from runtime.operations._attachments import Attachment
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"


@dataclass(frozen=True)
class Plan:
    """The record must be readable."""

    record: QueryPlan
    entity: str
    record_id: str
    user_id: int


@dataclass(frozen=True)
class Beside:
    """What stands next to a record."""

    files: tuple[Attachment, ...]
    follows: bool
    """Whether the caller follows the record."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    record = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    return Plan(record, call.entity, call.record_id, call.actor.id)


def execute(plan: Plan, runtime: Runtime) -> Result:
    follow = runtime.system.follow
    followed = sa.exists().where(
        follow.c.entity == plan.entity,
        follow.c.record_id == plan.record_id,
        follow.c.user_id == plan.user_id,
    )
    files = _attachments.statement(runtime, plan.entity, plan.record_id).subquery("files")
    alone = sa.select(followed.label("follows")).subquery("alone")
    statement = (
        sa.select(alone.c.follows, *files.c)
        .select_from(alone.outerjoin(files, sa.true()))
        .order_by(files.c.id.desc())
    )
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.record)
        rows = connection.execute(statement).all()
    held = tuple(_attachments.attachment(row) for row in rows if row.id is not None)
    return Result(row=Beside(held, bool(rows[0].follows)))
