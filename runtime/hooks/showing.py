"""What of a delivery a person is shown: a body only to who may read what stands in it.

Comes in: who looks, a subscription, one of its deliveries, the body that was sent. Goes out: the
body, or None. An owner may read more than whoever looks after webhooks.
"""

from __future__ import annotations

from typing import Any

import orjson

from runtime.alerts import desk as alerts
from runtime.errors import BadRequest
from runtime.hooks.subscriptions import ALERTS, TOLD, Subscription
from runtime.hooks.telling import TEST
from runtime.messages import Actor, Incoming, Result
from runtime.operations._columns import reader
from runtime.pipeline import handle
from runtime.runtime import Runtime


def body_for(
    runtime: Runtime, viewer: Actor, one: Subscription, delivery: Any, body: str
) -> str | None:
    """Return a body that somebody may see; None where something in it is out of their reach."""
    if viewer.id == one.owner_id or delivery.event == TEST:
        return body
    if delivery.entity == ALERTS:
        seen = {each.name for each in alerts.seen_by(runtime, viewer)}
        return body if delivery.told.get("alert") in seen else None
    if delivery.event == TOLD:
        # its texts name more than the record's own fields, as far as its owner may read them
        return None
    grant = runtime.matrix.grant(viewer.roles, delivery.entity, "read")
    if grant is None:
        return None
    try:
        record = orjson.loads(body)["data"]["record"] or {}
    except (orjson.JSONDecodeError, KeyError):
        # it was cut, so nobody knows what stands in it
        return None
    reads = reader(runtime, viewer, grant)
    try:
        paths = [reads.path(delivery.entity, name) for name in record]
    except BadRequest:
        return None
    if not all(reads.is_ordered(path) for path in paths):
        return None
    asked = Incoming("read", delivery.entity, viewer, delivery.record_id, query={"fields": ("id",)})
    return body if isinstance(handle(asked, runtime), Result) else None
