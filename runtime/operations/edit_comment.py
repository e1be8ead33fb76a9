"""`edit_comment`: change one's own comment; only people it had not named before are told."""

from __future__ import annotations

from dataclasses import replace

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.notifications import Notice, excerpt, notify
from runtime.operations import _comments, _talk, _versions
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit, fetch

ACTION = "read"
ALSO = ("comment",)


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    _versions.require_version(incoming.version)
    _talk.text_of(incoming.values, "text", _comments.LONGEST)
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    unheard: list[str] = []

    def body(work: Work) -> tuple[str, bool]:
        unheard.extend(change(work, plan))
        return plan.call.incoming.part, False

    transact(plan, runtime, body)
    with fetch.connection(runtime.engine) as connection:
        found = _comments.one(connection, runtime, plan.call.incoming.part)
    return Result(row=replace(found, unheard=tuple(unheard)))


def change(work: Work, plan: WritePlan) -> tuple[str, ...]:
    """Change the comment; return the names in it that nobody was told of."""
    call, runtime, table = plan.call, work.runtime, work.runtime.system.comment
    before = _comments.own(work, plan)
    text = _talk.text_of(call.incoming.values, "text", _comments.LONGEST)
    if text == before.text:
        return ()
    told, unheard = _comments.mentioned(work, plan, text)
    work.connection.execute(
        table.update()
        .where(table.c.id == before.id)
        .values(
            text=text,
            mentions=_comments.named(told),
            edited_at=work.now,
            version=before.version + 1,
        )
    )
    params = {"comment": before.id, "text": excerpt(text)}
    notices = [
        Notice(
            account.id,
            "mention",
            call.entity.name,
            call.record_id,
            params=params,
            actor_id=call.actor.id,
            actor_name=call.actor.name,
        )
        for account in told
        if account.id not in before.mentions.values()
    ]
    notify(work.connection, runtime, notices, work.now)
    audit.write(
        work,
        "edit_comment",
        call.entity,
        {"id": call.record_id},
        {_talk.COMMENT: before.text},
        {_talk.COMMENT: text},
    )
    return unheard
