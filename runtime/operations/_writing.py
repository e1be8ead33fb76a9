"""What every writing operation has in common: one transaction, one answer, one way to refuse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
import sqlalchemy.exc

from generator.build.schemas import Fault
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest, Broken, Busy, FieldError, Invalid
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _broken, _including, _reading, _states
from runtime.operations import _outcomes as outcomes
from runtime.operations._masks import without_masks
from runtime.operations._quick import quick_load
from runtime.operations._work import Work
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch, idempotency, inserts, violations
from runtime.store.engine import write
from runtime.store.plan import Include, QueryPlan

ATTEMPTS = 3


@dataclass(frozen=True)
class WriteCall:
    """A write, its payload understood."""

    incoming: Incoming
    actor: Actor
    entity: Entity
    values: Mapping[str, Any]
    record_id: str = ""


@dataclass(frozen=True)
class WritePlan:
    """A write within its grant, and how its outcome is read back."""

    call: WriteCall
    grant: Grant
    answer: QueryPlan | None
    """What the caller may read of the record afterwards; None when nothing."""
    may_leave: bool = False
    """The record may be out of the caller's sight afterwards: the write stands all the same."""
    is_said: bool = False
    """The answer is what was written; else it must be read back."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """How somebody reads back what they wrote: worked out once for an entity and their roles."""

    query: QueryPlan
    includes: tuple[tuple[Include, bool], ...]
    """The parts, and whether a draft says everything of them."""
    is_said: bool


OF_WHOLES = frozenset({"create", "update", "delete", "restore", "bulk", "import"})
"""What is done to whole records only; their parts come along."""


def written_alone(entity: Entity) -> Entity:
    """Return an entity whose records are saved by themselves.

    Raises:
        BadRequest: they are parts, saved with their whole, whose totals and checks include them.

    """
    if entity.child_of:
        message = Label(
            {
                "en": f"These records are saved with their {entity.child_of}: send them inside it.",
                "zh": f"此类记录随 {entity.child_of} 一起保存，请在其中提交。",
            }
        )
        raise BadRequest(message)
    return entity


def load_payload(
    incoming: Incoming, runtime: Runtime, entity: Entity, actor: Actor, *, changes: bool
) -> Mapping[str, Any]:
    """Return the payload in stored form.

    Raises:
        Invalid: with every wrong value at its path.

    """
    if not isinstance(incoming.values, Mapping):
        raise invalid_shape()
    if incoming.source == "seed" and not changes and runtime.app.workflows:
        return _load_brought(incoming, runtime, entity, actor)
    return _load(incoming.values, runtime, entity, actor, changes=changes)


def _load_brought(
    incoming: Incoming, runtime: Runtime, entity: Entity, actor: Actor
) -> Mapping[str, Any]:
    """Return the payload of a record that is brought in, with the state it begins in."""
    errors: list[FieldError] = []
    values, states = _states.taken_out(runtime, entity, incoming.values, errors)
    if errors:
        raise Invalid(errors[0].message, tuple(errors))
    loaded = dict(_load(values, runtime, entity, actor, changes=False))
    _states.put_back(runtime.app.entities, entity, loaded, states)
    return loaded


def _load(
    sent: Mapping[str, Any], runtime: Runtime, entity: Entity, actor: Actor, *, changes: bool
) -> Mapping[str, Any]:
    schema = runtime.payload(entity, actor.roles, changes=changes)
    values = without_masks(sent, entity, actor, runtime)
    quickly = quick_load(schema, values, {}, partial=changes)
    if quickly is not None:
        return quickly
    try:
        loaded: Mapping[str, Any] = schema.load(dict(values), partial=changes)
    except ma.ValidationError as error:
        errors = tuple(flatten(error.messages, entity, sent))
        raise Invalid(errors[0].message if errors else "", errors) from error
    return loaded


def invalid_shape() -> Invalid:
    """Refuse a payload that is no object."""
    return Invalid(
        Label({"en": "Send an object of fields and values.", "zh": "请提交字段与值组成的对象。"})
    )


def flatten(
    messages: Any, entity: Entity, values: Mapping[str, Any], place: str = ""
) -> list[FieldError]:
    """Return marshmallow's nested messages as errors at paths such as `lines.2.quantity`."""
    found: list[FieldError] = []
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            path = place if key == "_schema" else f"{place}.{key}" if place else str(key)
            found += flatten(inner, entity, values, path)
        return found
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, (Mapping, list)):
            found += flatten(message, entity, values, place)
            continue
        code = message.code if isinstance(message, Fault) else "invalid"
        chinese = message.zh if isinstance(message, Fault) else str(message)
        if code == "unknown_field" and _is_engines(entity, place):
            code = "read_only"
        found.append(FieldError(place, code, Label({"en": str(message), "zh": chinese})))
    return found


def _is_engines(entity: Entity, place: str) -> bool:
    model = entity.fields.get(place.partition(".")[0])
    return model is not None and model.readonly


def plan_write(
    call: WriteCall, grant: Grant, runtime: Runtime, parts: Collection[str] | None = None
) -> WritePlan:
    """Return the plan of a write; its answer is read through the caller's own right to read.

    The answer holds every kind of parts, or those that are named.
    """
    readable = runtime.matrix.grant(call.actor.roles, call.entity.name, "read")
    if readable is None:
        return WritePlan(call, grant, None)
    known = ("answer", call.entity.name, call.actor.roles)
    found = runtime.remembered.get(known, lambda: _answer(call, readable, runtime))
    facts = _reading.context(runtime, call.actor)
    chosen = [one for one in found.includes if parts is None or one[0].name in parts]
    includes = tuple([each.at(facts) for each, _ in chosen])
    return WritePlan(
        call,
        grant,
        found.query.with_values(facts=facts, includes=includes),
        is_said=found.is_said and all(is_said for _, is_said in chosen),
    )


def _answer(call: WriteCall, readable: Grant, runtime: Runtime) -> _Answer:
    asked = replace(call.incoming, query={})
    one = _reading.parse_read(asked, readable, runtime).but(
        sort=("id",), limit=1, archived="all", ids=("",)
    )
    query = _reading.plan_read(one, readable, runtime)
    includes = tuple(
        (each, outcomes.is_said(each.plan) and each.via == "children")
        for each in _children(call, readable, runtime)
    )
    return _Answer(query, includes, outcomes.is_said(query))


def _children(call: WriteCall, readable: Grant, runtime: Runtime) -> tuple[Include, ...]:
    """Return the plans of the children that the caller may read with a record."""
    return tuple(
        _including.include_plan(
            field.name, field.target, "children", call.entity, call.actor, runtime
        )
        for field in call.entity.fields.values()
        if field.type == "children"
        and field.name in readable.read
        and runtime.matrix.grant(call.actor.roles, field.target, "read") is not None
    )


def transact(plan: WritePlan, runtime: Runtime, body: Callable[[Work], tuple[str, bool]]) -> Result:
    """Run a write in one transaction and read its outcome back.

    `body` returns the record's id and whether it was created. A request whose idempotency key was
    used before is answered as then, without running `body`. The answer is made of what was written
    where that says everything. Else a changed record is read back inside the transaction, which is
    undone if the caller may not see the outcome; a created one after it, because nothing could be
    undone any more and others wait for the counters it holds.

    A transaction that the database gave up because of another one is tried again.

    Raises:
        RequestError: the write is refused; nothing is written.

    """
    for attempt in range(ATTEMPTS):
        try:
            done = _transact_once(plan, runtime, body)
            break
        except Broken as refusal:
            _broken.note(runtime, plan.call.incoming, refusal)
            raise
        except sqlalchemy.exc.OperationalError as error:
            if not violations.is_passing(error):
                raise
            if attempt == ATTEMPTS - 1:
                raise Busy() from error
    if isinstance(done, Result):
        return done
    with fetch.connection(runtime.engine) as connection:
        return answer(connection, plan, runtime, done, created=True, replayed=False)


def _transact_once(
    plan: WritePlan, runtime: Runtime, body: Callable[[Work], tuple[str, bool]]
) -> Result | str:
    """Return the answer, or the id of the record that was created."""
    call = plan.call
    try:
        with write(runtime.engine) as connection:
            now = runtime.clock()
            table = runtime.system.idempotency
            earlier = idempotency.take(connection, table, call.incoming, now)
            if earlier is not None:
                record_id, created = str(earlier["id"]), bool(earlier["created"])
                again = answer(connection, plan, runtime, record_id, created, replayed=True)
                return _telling(again, earlier.get("told"))
            context = _reading.context(runtime, call.actor)
            work = Work(connection, runtime, call.incoming, now, context)
            # rights that depend on the record ask the database for it as it was written
            leaving = nullcontext(inserts.Batch()) if plan.grant.needs_lines else None
            with leaving or inserts.together(connection) as batch:
                record_id, created = body(work)
                outcome: dict[str, Any] = {"id": record_id, "created": created}
                if work.told:
                    outcome["told"] = work.told
                idempotency.remember(connection, table, call.incoming, outcome)
                known = None if work.saved is None else outcomes.known(plan, work.saved, created)
                batch.commits = created or known is not None
            if known is not None:
                return _telling(known, work.told)
            if created:
                return record_id
            done = answer(connection, plan, runtime, record_id, created=False, replayed=False)
            return _telling(done, work.told)
    except sqlalchemy.exc.IntegrityError as error:
        raise violations.translate(error, call.entity, runtime.engine.dialect.name) from error


def _telling(result: Result, told: Mapping[str, Any] | None) -> Result:
    """Return the answer with what it says beside the record."""
    if not told:
        return result
    return replace(result, steps=tuple(told.get("steps", ())), repeated=bool(told.get("repeated")))


def answer(
    connection: sa.Connection,
    plan: WritePlan,
    runtime: Runtime,
    record_id: str,
    created: bool,
    *,
    replayed: bool,
) -> Result:
    """Read the record as the caller may see it."""
    if plan.answer is None:
        return Result(row=(record_id,), created=created, replayed=replayed)
    query = plan.answer.with_values(ids=(record_id,))
    page = fetch.page(connection, runtime.statements, query)
    if not page.rows:
        if created or plan.may_leave:
            return Result(row=(record_id,), created=created, replayed=replayed)
        raise not_found()
    included = fetch.includes(connection, runtime.statements, query, page.rows)
    return Result(
        row=page.rows[0],
        rows=page.rows,
        plan=query,
        included=included,
        created=created,
        replayed=replayed,
    )


def parse_write(incoming: Incoming, runtime: Runtime, *, changes: bool) -> WriteCall:
    """Return the call of a write that has a payload."""
    assert incoming.actor is not None
    entity = written_alone(runtime.app.entities[incoming.entity])
    values = load_payload(incoming, runtime, entity, incoming.actor, changes=changes)
    return WriteCall(incoming, incoming.actor, entity, values, incoming.record_id)
