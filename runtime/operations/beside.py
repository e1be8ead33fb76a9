"""`beside`: what a record's page shows next to it: its files, and whether one follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _attachments, _talk
from runtime.operations._attachments import Attachment
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan
from runtime.store.prepared import prepared

ACTION = "read"


@dataclass(frozen=True)
class Plan:
    """The record must be readable."""

    record: QueryPlan
    entity: str
    record_id: str
    user_id: int
    opens: QueryPlan | None = None
    """What finds the record where its files may be opened, if that is another question."""
    with_files: bool = True


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
    files = runtime.matrix.together(call.actor.roles, call.entity, ACTION, "file")
    opens = None
    if files is not None and files.key != grant.key:
        opens = _talk.record_plan(entity, call.record_id, call.actor, files, runtime)
    asked = (record, call.entity, call.record_id, call.actor.id)
    return Plan(*asked, opens=opens, with_files=files is not None)


def execute(plan: Plan, runtime: Runtime) -> Result:
    selection = runtime.statements.page(plan.record)
    values = {
        **runtime.statements.values(plan.record),
        "beside_entity": plan.entity,
        "beside_record": plan.record_id,
        "beside_person": plan.user_id,
    }
    with fetch.connection(runtime.engine) as connection:
        statement = prepared(
            runtime.system.attachment,
            ("beside", plan.record.shape),
            connection.dialect,
            lambda: _statement(runtime, selection.statement),
        )
        rows = statement.rows(connection, values)
        may_open = plan.with_files and (
            plan.opens is None or bool(fetch.page(connection, runtime.statements, plan.opens).rows)
        )
    if not rows or not rows[0][0]:
        raise not_found()
    held = tuple(
        _attachments.attachment(row[2:]) for row in rows if may_open and row[2] is not None
    )
    return Result(row=Beside(held, bool(rows[0][1])))


def _statement(runtime: Runtime, record: sa.Select[Any]) -> sa.Select[Any]:
    """Return one statement: whether the record is there for the caller, and what is beside it."""
    entity: Any = sa.bindparam("beside_entity")
    record_id: Any = sa.bindparam("beside_record")
    follow = runtime.system.follow
    followed = sa.exists().where(
        follow.c.entity == entity,
        follow.c.record_id == record_id,
        follow.c.user_id == sa.bindparam("beside_person"),
    )
    files = _attachments.statement(runtime, entity, record_id).subquery("files")
    alone = sa.select(
        sa.exists(record.correlate(None)).label("there"), followed.label("follows")
    ).subquery("alone")
    return (
        sa.select(alone.c.there, alone.c.follows, *files.c)
        .select_from(alone.outerjoin(files, sa.true()))
        .order_by(files.c.id.desc())
    )
