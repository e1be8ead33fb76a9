"""Outgoing webhooks in the OpenAPI document: how they are managed, and what is sent to receivers.

Comes in: a runtime and who asks. Goes out: paths, for who manages webhooks; and `webhooks`, for
everybody: what would be told of each entity they may read, in the form a receiver gets it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from runtime.errors import Forbidden
from runtime.hooks import deliveries, desk
from runtime.hooks.checking import MOST_FIELDS, entities_for, events_for
from runtime.hooks.subscriptions import ALERTS, OF_ALERTS, STATES, TOLD, TRANSITIONED
from runtime.hooks.telling import VERSION, type_of
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.openapi_parts import MAYBE_NUMBER, MAYBE_TEXT, TEXT, Shape, described, object_of
from runtime.web.openapi_schemas import class_name, ref
from runtime.web.urls import API
from runtime.web.wire import JSON

MOMENT: Shape = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: Shape = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Shape = {"type": "integer"}


def hook_paths(runtime: Runtime, actor: Actor) -> Shape:
    """Return the paths below `webhooks`; none for whoever does not manage them."""
    try:
        desk.require(runtime, actor)
    except Forbidden:
        return {}
    base = f"{API}webhooks"
    one, body = object_of({"data": _subscription()}), _wanted(runtime, actor)
    delivery = object_of({"data": _delivery()})
    with_secret = object_of({"data": object_of({"secret": TEXT})})
    state = object_of({"state": {"enum": [*STATES]}}, "state")
    span = object_of({"since": MOMENT, "until": MOMENT}, "since", "until")
    count = object_of({"data": object_of({"count": NUMBER})})
    statuses = {"name": "status", "in": "query", "schema": {"enum": [*deliveries.STATUSES]}}
    before = {"name": "before", "in": "query", "schema": TEXT}
    many = object_of({"data": {"type": "array", "items": _subscription()}})
    log = object_of({"data": {"type": "array", "items": _delivery()}})

    def of(*names: str, **calls: Shape) -> Shape:
        places = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
        return {
            verb: {**made, "parameters": [*places, *made.get("parameters", [])]}
            for verb, made in calls.items()
        }

    def asked(name: str, status: int, answer: Shape | None = None, **more: Any) -> Shape:
        return described(name, status, answer, tag="webhooks", **more)

    required = {**body, "required": ["name", "url", "entity", "events"]}
    return {
        base: {
            "get": asked("list_webhooks", 200, many),
            "post": asked("create_webhook", 201, with_secret, body=required),
        },
        f"{base}/{{id}}": of(
            "id",
            get=asked("read_webhook", 200, one),
            patch=asked("change_webhook", 200, one, body=body),
            delete=asked("delete_webhook", 204),
        ),
        f"{base}/{{id}}/state": of("id", post=asked("put_webhook", 200, one, body=state)),
        f"{base}/{{id}}/secret": of("id", post=asked("rotate_webhook_secret", 200, with_secret)),
        f"{base}/{{id}}/test": of("id", post=asked("test_webhook", 200, delivery)),
        f"{base}/{{id}}/replay": of("id", post=asked("replay_webhook", 202, count, body=span)),
        f"{base}/{{id}}/deliveries": of(
            "id",
            get={**asked("list_deliveries", 200, log), "parameters": [statuses, before]},
        ),
        f"{base}/{{id}}/deliveries/{{delivery}}": of(
            "id", "delivery", get=asked("read_delivery", 200, delivery)
        ),
        f"{base}/{{id}}/deliveries/{{delivery}}/again": of(
            "id", "delivery", post=asked("deliver_again", 202, delivery)
        ),
    }


def told(runtime: Runtime, actor: Actor, described: Collection[str]) -> Mapping[str, Shape]:
    """Return what is sent to receivers, by the type of the event.

    Args:
        runtime: the back office.
        actor: what they may read is described.
        described: the names of the document's schemas.

    """
    found: dict[str, Shape] = {}
    for entity in entities_for(runtime, actor):
        schema = class_name(entity.name)
        if schema not in described:
            continue
        # all fields may be chosen away, so none is required here
        record = {"anyOf": [{"type": "object", "description": f"Fields of {schema}"}, ref(schema)]}
        maybe = {"anyOf": [record, {"type": "null"}]}
        data: dict[str, Shape] = {"entity": {"const": entity.name}, "id": TEXT, "by": NUMBER}
        for event in events_for(runtime, entity.name):
            if ":" in event:
                continue
            more: dict[str, Shape] = {"record": maybe if event == "deleted" else record}
            if event == TRANSITIONED:
                names = ("workflow", "transition", "from", "to")
                more["transition"] = object_of(dict.fromkeys(names, TEXT))
                more["steps"] = {"type": "array", "items": TEXT}
            kind = type_of(entity.name, event)
            found[kind] = _message(kind, object_of({**data, **more}, "entity", "id"))
        if any(one.entity == entity.name for one in runtime.app.messages.values()):
            texts = {"type": "object", "additionalProperties": TEXT}
            message = object_of({"name": TEXT, "subject": texts, "text": texts}, "name")
            kind = type_of(entity.name, TOLD)
            said = {**data, "record": record, "message": message}
            found[kind] = _message(kind, object_of(said, "entity", "id", "message"))
    if runtime.app.alerts:
        names = ("alert", "severity", "entity", "occurrence")
        data = {**dict.fromkeys(names, TEXT), "id": MAYBE_TEXT, "value": MAYBE_TEXT}
        for event in OF_ALERTS:
            kind = type_of(ALERTS, event)
            found[kind] = _message(kind, object_of(data, "alert"))
    found["webhook.test"] = _message("webhook.test", object_of({"message": TEXT}))
    return found


def _message(kind: str, data: Shape) -> Shape:
    body = object_of(
        {"type": {"const": kind}, "timestamp": MOMENT, "version": {"const": VERSION}, "data": data},
        "type",
        "timestamp",
        "version",
        "data",
    )
    headers = [
        {"name": name, "in": "header", "required": True, "schema": TEXT, "description": text}
        for name, text in (
            ("webhook-id", "The same at every try of one message."),
            ("webhook-timestamp", "Seconds since 1970 at which it was signed."),
            ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
        )
    ]
    return {
        "post": {
            "operationId": f"receive_{kind.replace('.', '_')}",
            "tags": ["webhooks"],
            "parameters": headers,
            "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
            "responses": {"2XX": {"description": "Taken; anything else is tried again."}},
        }
    }


def _wanted(runtime: Runtime, actor: Actor) -> Shape:
    names = [*(one.name for one in entities_for(runtime, actor)), ALERTS]
    texts = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 200}}
    properties: Shape = {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "url": {"type": "string", "format": "uri", "maxLength": 2000},
        "entity": {"enum": names},
        "events": {**texts, "minItems": 1},
        "owner_id": {"type": "integer", "minimum": 1},
        "filter": {"type": "string", "maxLength": 2000},
        "fields": {**texts, "maxItems": MOST_FIELDS},
        "skips_own": {"type": "boolean"},
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _subscription() -> Shape:
    texts = {"type": "array", "items": TEXT}
    return object_of(
        {
            **dict.fromkeys(("id", "name", "url", "entity", "filter", "why"), TEXT),
            "events": texts,
            "fields": texts,
            "owner_id": NUMBER,
            "skips_own": {"type": "boolean"},
            "state": {"enum": [*STATES]},
            "failures": NUMBER,
            **dict.fromkeys(("failing_since", "hold_until", "sent_at"), MAYBE_MOMENT),
            "version": NUMBER,
        }
    )


def _delivery() -> Shape:
    return object_of(
        {
            **dict.fromkeys(("id", "webhook_id", "event", "entity", "record_id"), TEXT),
            "status": {"enum": [*deliveries.STATUSES]},
            "why": MAYBE_TEXT,
            "attempts": NUMBER,
            "happened_at": MOMENT,
            "settled_at": MAYBE_MOMENT,
            "tries": {
                "type": "array",
                "items": object_of(
                    {"number": NUMBER, "at": MOMENT, "code": TEXT, "status": MAYBE_NUMBER}
                ),
            },
        },
        "id",
        "webhook_id",
        "event",
        "status",
        "attempts",
    )
