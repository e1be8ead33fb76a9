"""`comment`: write something about a record; who is named with @ and may read it is told."""

from __future__ import annotations

from dataclasses import replace

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.notifications import Notice, excerpt, notify
from runtime.operations import _comments, _talk
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit, fetch, inserts

ACTION = "read"
ALSO = ("comment",)


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    _talk.text_of(incoming.values, "text", _comments.LONGEST)
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    unheard: list[str] = []

    def body(work: Work) -> tuple[str, bool]:
        comment_id, names = write(work, plan)
        unheard.extend(names)
        return comment_id, True

    done = transact(plan, runtime, body)
    with fetch.connection(runtime.engine) as connection:
        found = _comments.one(connection, runtime, str(done.row[0]))
    return Result(row=replace(found, unheard=tuple(unheard)), created=True, replayed=done.replayed)


def write(work: Work, plan: WritePlan) -> tuple[str, tuple[str, ...]]:
    """Write the comment, its notices, its audit row and its event; return its id."""
    call, runtime = plan.call, work.runtime
    _talk.require_own_record(work, plan)
    text = _talk.text_of(call.incoming.values, "text", _comments.LONGEST)
    told, unheard = _comments.mentioned(work, plan, text)
    comment_id = runtime.make_id()
    row = {
        "id": comment_id,
        "entity": call.entity.name,
        "record_id": call.record_id,
        "text": text,
        "mentions": _comments.named(told),
        "actor_id": call.actor.id,
        "actor_name": call.actor.name,
        "created_at": work.now,
        "edited_at": None,
        "version": 1,
    }
    inserts.insert_many(work.connection, runtime.system.comment, [row])
    said = {"comment": comment_id, "text": excerpt(text)}
    notices = [
        Notice(
            account.id,
            "mention",
            call.entity.name,
            call.record_id,
            params=said,
            actor_id=call.actor.id,
            actor_name=call.actor.name,
        )
        for account in told
    ]
    notify(work.connection, runtime, notices, work.now)
    audit.write(
        work,
        "comment",
        call.entity,
        {"id": call.record_id},
        None,
        {_talk.COMMENT: text},
        {**said, "told": [account.id for account in told]},
    )
    return comment_id, unheard
