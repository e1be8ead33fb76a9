"""What comments, attachments and follows share: they belong to a record and obey its rights.

Whoever may read a record may read what is said about it and follow it; to say something they need
`comment`, to open its files `file`, and `update` beside that to add one. The record is looked up
through the caller's own plan first, so that what cannot be reached answers as what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from generator.field_types._texts import CONTROL_IN_PARAGRAPHS
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import FieldError, Forbidden, Invalid
from runtime.messages import Actor, Incoming
from runtime.operations import _reading
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.accounts import Account
from runtime.store.plan import QueryPlan
from runtime.web.readers import reader_of

FILE = "$file"
"""Under this key an audit row names the file that was attached or taken away."""
TIMER = "$timer."
"""With the column of its state behind it, this is where an audit row tells a due time."""
COMMENT = "$comment"
"""Under this key an audit row keeps the text of a comment; no history shows it."""


def record_plan(
    entity: Entity, record_id: str, actor: Actor, grant: Grant, runtime: Runtime
) -> QueryPlan:
    """Return the plan that finds the record inside a grant, and nothing of it but its id."""
    asked = Incoming("read", entity.name, actor)
    reading = _reading.parse_read(asked, grant, runtime)
    plan = _reading.plan_read(replace(reading, fields=("id",), sort=("id",)), grant, runtime)
    return replace(plan, ids=(record_id,), limit=1, archived="all")


def require_record(connection: sa.Connection, runtime: Runtime, plan: QueryPlan) -> None:
    """Refuse a record that is not there, or not for this caller; one statement.

    Raises:
        NotFound: the same words for both.

    """
    if not fetch.page(connection, runtime.statements, plan).rows:
        raise not_found()


def readers(
    connection: sa.Connection,
    runtime: Runtime,
    entity: Entity,
    record_id: str,
    accounts: Iterable[Account],
) -> tuple[Account, ...]:
    """Return those accounts that may read a record today.

    Costs two statements an account whose right depends on the record, for what records say of them
    is asked too, such as where they work; one an account whose own roles give no right, for a role
    may be theirs for a time; none for the others.
    """
    return tuple(
        account
        for account in accounts
        if _reads_all(runtime, entity, account.roles)
        or _reads(connection, runtime, entity, record_id, account)
    )


def _reads_all(runtime: Runtime, entity: Entity, roles: frozenset[str]) -> bool:
    grant = runtime.matrix.grant(roles, entity.name, "read")
    return grant is not None and grant.is_wide


def _reads(
    connection: sa.Connection, runtime: Runtime, entity: Entity, record_id: str, account: Account
) -> bool:
    actor = reader_of(runtime, account.id)
    grant = runtime.matrix.grant(actor.roles, entity.name, "read") if actor is not None else None
    if actor is None or grant is None:
        return False
    plan = record_plan(entity, record_id, actor, grant, runtime)
    return bool(fetch.page(connection, runtime.statements, plan).rows)


def write_plan(incoming: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    """Return the plan of a write beside the record; what it answers is read by the operation.

    Raises:
        Forbidden: a token that may only read; the right to read includes following for people, not
            for programs that were given less.

    """
    actor = incoming.actor
    assert actor is not None
    entity = runtime.app.entities[incoming.entity]
    asked = getattr(runtime.operations[incoming.operation], "ALSO", ())
    if (
        not asked
        and actor.scopes is not None
        and not actor.scopes
        & {f"{action}:{name}" for action in ("update", "*") for name in (entity.name, "*")}
    ):
        raise Forbidden(
            Label(
                {
                    "en": "This token may read here, not write.",
                    "zh": "此令牌在此处只能读取，不能写入。",
                }
            )
        )
    call = WriteCall(incoming, actor, entity, {}, incoming.record_id)
    return WritePlan(call, grant, None)


def require_own_record(work: Work, plan: WritePlan) -> None:
    """Refuse a write beside a record that the caller's grant does not reach."""
    call = plan.call
    record = record_plan(call.entity, call.record_id, call.actor, plan.grant, work.runtime)
    require_record(work.connection, work.runtime, record)


def text_of(values: Any, name: str, longest: int) -> str:
    """Return a text of a payload.

    Raises:
        Invalid: it is missing, empty, too long, no text, or holds control characters.

    """
    written = values.get(name) if isinstance(values, dict) else None
    text = written.replace("\r\n", "\n").strip() if isinstance(written, str) else ""
    if not text or "\x00" in text:
        raise wrong(name, "required", "Write something.", "请填写内容。")
    if CONTROL_IN_PARAGRAPHS.search(text):
        raise wrong(name, "control", "Control characters are not allowed.", "不能包含控制字符。")
    if len(text) > longest:
        raise wrong(name, "too_long", f"At most {longest} characters.", f"最多 {longest} 个字符。")
    return text


def wrong(name: str, code: str, en: str, zh: str) -> Invalid:
    """Return the refusal of one value."""
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(name, code, message),))
