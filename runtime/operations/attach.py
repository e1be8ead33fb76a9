"""`attach`: put a file that the caller uploaded beside a record they may change."""

from __future__ import annotations

import sqlalchemy as sa

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _attachments, _talk
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit, fetch, inserts

ACTION = "update"
ALSO = ("file",)


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    _talk.text_of(incoming.values, "file", 36)
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        return add(work, plan), True

    done = transact(plan, runtime, body)
    call = plan.call
    with fetch.connection(runtime.engine) as connection:
        found = _attachments.one(
            connection, runtime, call.entity.name, call.record_id, str(done.row[0])
        )
    return Result(row=found, created=True, replayed=done.replayed)


def add(work: Work, plan: WritePlan) -> str:
    """Attach the file; return the attachment's id.

    Raises:
        Invalid: no such file, somebody else's, or too many already.

    """
    call, system = plan.call, work.runtime.system
    _talk.require_own_record(work, plan)
    file_id = _talk.text_of(call.incoming.values, "file", 36)
    file = system.file
    name = work.connection.execute(
        sa.select(file.c.name).where(file.c.id == file_id, file.c.created_by == call.actor.id)
    ).scalar_one_or_none()
    if name is None:
        raise _talk.wrong("file", "not_found", "There is no such file.", "没有这个文件。")
    beside = system.attachment
    mine = (beside.c.entity == call.entity.name, beside.c.record_id == call.record_id)
    held = sa.select(sa.func.count()).select_from(beside).where(*mine)
    if work.connection.execute(held).scalar_one() >= _attachments.MOST:
        most = _attachments.MOST
        raise _talk.wrong(
            "file", "too_many", f"At most {most} files a record.", f"每条记录最多 {most} 个文件。"
        )
    attachment_id = work.runtime.make_id()
    row = {
        "id": attachment_id,
        "entity": call.entity.name,
        "record_id": call.record_id,
        "file_id": file_id,
        "actor_id": call.actor.id,
        "actor_name": call.actor.name,
        "created_at": work.now,
    }
    inserts.insert_many(work.connection, beside, [row])
    audit.write(
        work,
        "attach",
        call.entity,
        {"id": call.record_id},
        None,
        {_talk.FILE: name},
        {"text": name},
    )
    return attachment_id
