"""`delete_comment`: take one's own comment back; the audit keeps that there was one."""

from __future__ import annotations

import sqlalchemy as sa

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _comments, _talk
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit

ACTION = "read"
ALSO = ("comment",)


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        call, tables = plan.call, work.runtime.system
        before = _comments.own(work, plan)
        work.connection.execute(sa.delete(tables.comment).where(tables.comment.c.id == before.id))
        _forget_excerpts(work, before)
        told = {_talk.COMMENT: before.text}
        audit.write(work, "delete_comment", call.entity, {"id": call.record_id}, told, None)
        return before.id, False

    return transact(plan, runtime, body)


def _forget_excerpts(work: Work, before: _comments.Comment) -> None:
    """Take the notices about the comment away: they repeat what its writer wants unsaid."""
    table = work.runtime.system.notification
    work.connection.execute(
        table.delete().where(
            table.c.entity == work.incoming.entity,
            table.c.record_id == work.incoming.record_id,
            table.c.kind.in_(("mention", "comment")),
            table.c.params["comment"].as_string() == before.id,
        )
    )
