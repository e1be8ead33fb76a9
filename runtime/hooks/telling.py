"""What a delivery says: the record as its subscription's owner may read it at this moment.

Comes in: a subscription, one of its deliveries, who its owner is now. Goes out: the body, or why
nothing is said (`Left`), or why nothing can be said any more (`Stopped`). The record goes through
the door that everybody uses, with the filter in the query, so it is never told what its owner could
not have read by himself; fields that are out of his reach by now are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
import sqlalchemy as sa

from rules.permissions import Grant
from runtime.errors import BadRequest, Forbidden, NotFound, RequestError
from runtime.hooks.subscriptions import ALERTS, DELETED, TOLD, TRANSITIONED, Subscription
from runtime.messages import Actor, Incoming, Result
from runtime.operations._columns import own_columns, reader
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.filters import RESERVED
from runtime.store.guard import system
from runtime.store.hook_tables import SENT
from runtime.store.rows import json_function

VERSION = 1
"""Of the form of a body; another form is another number."""
TEST = "test"
"""The event of a delivery that only shows that somebody listens."""
RIGHTS, FILTERED, GONE, UNKNOWN = "rights", "filter", "record_gone", "not_told_before"
"""Why a delivery is left."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscription."""

    id: str
    hook_id: str
    event: str
    entity: str
    record_id: str
    told: Mapping[str, Any]
    happened_at: datetime
    attempts: int

    @property
    def message_id(self) -> str:
        """The id that is told; the same at every try, so that a receiver knows it again."""
        return f"msg_{self.id}"


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """Nothing is said of it."""

    why: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The subscription cannot go on as it is."""

    why: str


def owner_of(runtime: Runtime, one: Subscription) -> Actor | None:
    """Return the owner with the rights held for good now; None when they may not sign in."""
    from runtime.web import readers  # noqa: PLC0415 (a worker that tells nobody loads no pages)

    actor = readers.reader_of(runtime, one.owner_id)
    # a role taken in an emergency is for a person who looks, not for programs
    return None if actor is None else replace(actor, roles=actor.lasting, emergency=None)


def message(
    runtime: Runtime, one: Subscription, delivery: Delivery, owner: Actor
) -> Body | Left | Stopped:
    """Return what is to be posted now."""
    if delivery.event == TEST:
        return _body(delivery, {"message": "It works."})
    if delivery.entity == ALERTS:
        return _of_alert(runtime, delivery, owner)
    grant = runtime.matrix.grant(owner.roles, delivery.entity, "read")
    if grant is None:
        return Left(RIGHTS)
    steps = _steps(runtime, delivery, grant)
    if steps is None:
        return Left(RIGHTS)
    found = _read(runtime, one, delivery, owner, grant)
    if not isinstance(found, Mapping):
        return found
    data = {"entity": delivery.entity, "id": delivery.record_id, **found, **steps}
    if delivery.event == TOLD:
        said = _said(runtime, delivery, owner)
        if said is None:
            return Left(RIGHTS)
        data["message"] = said
    return _body(delivery, {**data, "by": int(delivery.told.get("by") or 0)})


def _said(runtime: Runtime, delivery: Delivery, owner: Actor) -> Mapping[str, Any] | None:
    """Return what a message says of the record, in every language, as the owner may read it.

    None where the message is no more, or its record is out of reach.
    """
    from runtime.web.message_text import in_every_language  # noqa: PLC0415 (as above)
    from runtime.web.screens.visit import Visit  # noqa: PLC0415 (as above)

    name = str(delivery.told.get("message"))
    message = runtime.app.messages.get(name)
    if message is None or message.entity != delivery.entity:
        return None
    found = in_every_language(Visit(runtime, owner), name, delivery.record_id)
    if found is None:
        return None
    subjects = {locale: one.subject for locale, one in found.items()}
    return {
        "name": name,
        "subject": subjects,
        "text": {locale: one.mail for locale, one in found.items()},
    }


def query_of(text: str) -> dict[str, tuple[str, ...]]:
    """Return the query of a filter.

    Raises:
        ValueError: it is none, or says something else than which records.

    """
    found: dict[str, tuple[str, ...]] = {}
    given = parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
    for key, value in given:
        if key in RESERVED - {"match"}:
            raise ValueError(key)
        found[key] = (*found.get(key, ()), value)
    return found


def fields_of(runtime: Runtime, entity: str, wanted: tuple[str, ...], actor: Actor) -> list[str]:
    """Return the fields that may be told today of those that are wanted; without any, all."""
    grant = runtime.matrix.grant(actor.roles, entity, "read")
    if grant is None:
        return []
    if not wanted:
        return list(own_columns(runtime.app.entities[entity], grant, runtime))
    reads = reader(runtime, actor, grant)
    kept = []
    for name in wanted:
        try:
            reads.path(entity, name)
        except BadRequest:
            continue
        kept.append(name)
    return kept


def _read(
    runtime: Runtime, one: Subscription, delivery: Delivery, owner: Actor, grant: Grant
) -> Mapping[str, Any] | Left | Stopped:
    """Return the record under `record`; None there where it is gone for good."""
    fields = fields_of(runtime, delivery.entity, one.fields, owner)
    if one.fields and not fields:
        return Left(RIGHTS)
    try:
        query = {**query_of(one.filter), "fields": (",".join(fields),)}
    except ValueError:
        return Stopped(FILTERED)
    answer = _asked(runtime, delivery, owner, query)
    if isinstance(answer, Result):
        make = json_function(answer.plan.shown, runtime.compiled.field_types, answer.plan.veiled)
        return {"record": make(answer.row)}
    if isinstance(answer, BadRequest):
        # the filter asks for what the owner may not read any more, or what is no field any more
        return Stopped(FILTERED)
    if not isinstance(answer, NotFound):
        return Left(RIGHTS)
    if one.filter and isinstance(_asked(runtime, delivery, owner, {"fields": ("id",)}), Result):
        return Left(FILTERED)
    if _exists(runtime, delivery):
        return Left(RIGHTS)
    if delivery.event != DELETED:
        return Left(GONE)
    is_told = (grant.is_wide and not one.filter) or _was_told(runtime, delivery)
    return {"record": None} if is_told else Left(UNKNOWN)


def _asked(
    runtime: Runtime, delivery: Delivery, owner: Actor, query: Mapping[str, tuple[str, ...]]
) -> Result | RequestError:
    incoming = Incoming(
        "read", delivery.entity, owner, delivery.record_id, query=query, source="job"
    )
    answer = handle(incoming, runtime)
    return answer if isinstance(answer, (Result, RequestError)) else Forbidden()


def _steps(runtime: Runtime, delivery: Delivery, grant: Grant) -> Mapping[str, Any] | None:
    """Return the steps of workflows; None when the owner may not see where records are."""
    if delivery.event != TRANSITIONED:
        return {}
    told = delivery.told
    workflows = runtime.app.workflows.get(delivery.entity, {})
    workflow = workflows.get(str(told.get("workflow")))
    if workflow is not None and (
        workflow.field not in grant.read or workflow.field in grant.masked
    ):
        return None
    first = {key: told.get(key) for key in ("workflow", "transition", "from", "to")}
    return {"transition": first, "steps": list(told.get("steps", ()))}


def _of_alert(runtime: Runtime, delivery: Delivery, owner: Actor) -> Body | Left:
    """Return what is told of an alert to those whom it tells, of a record to who may read it."""
    from runtime.alerts import desk  # noqa: PLC0415 (alerts look through the same plans)

    alert = next(
        (each for each in desk.seen_by(runtime, owner) if each.name == delivery.told.get("alert")),
        None,
    )
    if alert is None:
        return Left(RIGHTS)
    record = str(delivery.told.get("record") or "")
    if record:
        about = replace(delivery, entity=alert.entity, record_id=record)
        if not isinstance(_asked(runtime, about, owner, {"fields": ("id",)}), Result):
            return Left(RIGHTS)
    data = {
        "alert": alert.name,
        "label": dict(alert.label.texts),
        "severity": alert.severity,
        "value": delivery.told.get("value"),
        "entity": alert.entity,
        "id": record or None,
        "occurrence": delivery.record_id,
    }
    return _body(delivery, data)


def _exists(runtime: Runtime, delivery: Delivery) -> bool:
    """Return whether the record is there, whoever may read it."""

    table = runtime.schema.tables[delivery.entity]
    asked = sa.select(table.c.id).where(table.c.id == delivery.record_id)
    with read(runtime.engine) as connection:
        return (
            connection.execute(system(asked, "whether a record that is told of is gone")).first()
            is not None
        )


def _was_told(runtime: Runtime, delivery: Delivery) -> bool:
    """Return whether the subscription heard of the record before: then it may hear of its end."""
    table = runtime.system.hook_delivery
    asked = sa.select(table.c.id).where(
        table.c.hook_id == delivery.hook_id,
        table.c.entity == delivery.entity,
        table.c.record_id == delivery.record_id,
        table.c.status == SENT,
    )
    with read(runtime.engine) as connection:
        return connection.execute(asked.limit(1)).first() is not None


def _body(delivery: Delivery, data: Mapping[str, Any]) -> Body:
    told = {
        "type": type_of(delivery.entity, delivery.event),
        "timestamp": delivery.happened_at,
        "version": VERSION,
        "data": data,
    }
    return Body(orjson.dumps(told, option=orjson.OPT_UTC_Z))


def type_of(entity: str, event: str) -> str:
    """Return what an event is called in a body: `order.created`, `alert.opened`, `webhook.test`."""
    if event == TEST:
        return "webhook.test"
    return f"{entity.removeprefix('@')}.{event}"
